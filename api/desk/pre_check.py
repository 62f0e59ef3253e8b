"""Would Divert take this? Asked before anybody is named, at the custody desk or by a program. Nothing is stored.

A page asks a few questions at a time, those that bar entry first, and stops as soon as one of them has decided. What
was answered travels in the form itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from pydantic import Field, ValidationError
from starlette.responses import Response

from api.case.view import JudgementView, judgement_view
from api.procedure.choices import choices_for
from api.web import forms
from api.web.context import BySession, ByToken, RequestContext
from api.web.forms import Form
from api.web.pages import write
from api.web.problems import FieldFault, invalid, may_answer
from api.web.sign_in import Posted
from divert.acts.answers import YesNo
from divert.casework.command import Context
from divert.clock import london_date
from divert.eligibility.derivation import derive
from divert.eligibility.facts import ReferralFacts, referral_field
from divert.eligibility.judge import Judgement, judge
from divert.eligibility.policies import NoPolicy, Policies
from divert.eligibility.policy import Effect, Verdict
from divert.law.rulebook import rulebook
from divert.people.rights import Subject
from divert.policies.adopted import policies_of

router = APIRouter(tags=["eligibility"])

AT_ONCE = 6
"""Questions on a page, unless all are asked for."""

ALWAYS = ("referred_on", "further_offences")
"""What most people never change."""


class PreCheck(ReferralFacts):
    """Facts before a referral: whether the person would agree stands in for an agreement that is not signed yet."""

    agrees: YesNo | None = Field(
        default=False,
        title="Would agree to be referred",
        description="The agreement itself is signed with the referral.",
        examples=[True],
    )


class AdviceView(JudgementView):
    """What the policy in force on the referral date says of these facts."""

    lines: list[str] = Field(description="The same in sentences, to be read at the desk.")


def advice(answers: PreCheck, policies: Policies) -> Judgement:
    """Judge facts by the policy of their referral date. Raises a problem where there is none."""
    try:
        policy = policies.in_force(answers.referred_on)
    except NoPolicy as none:
        raise invalid([FieldFault(pointer="#/referred_on", detail=str(none))]) from None
    facts = derive(answers, policy, rulebook().offences)
    return judge(policy, facts if facts.agreement_signed else replace(facts, agreement_signed=answers.agrees))


@router.post(
    "/api/pre-check",
    summary="Would Divert take this?",
    responses=may_answer("malformed", "not-signed-in", "too-large", "media-type", "invalid"),
)
def pre_check(facts: PreCheck, context: ByToken) -> AdviceView:
    """Judge facts, storing nothing: verdict, every rule with its authority, what to ask, what would change it."""
    with context.reading() as (session, _):
        judgement = advice(facts, policies_of(session))
        return AdviceView(**judgement_view(judgement).model_dump(), lines=judgement.lines())


@router.get("/pre-check", include_in_schema=False)
def pre_check_page(request: Request, context: BySession) -> Response:
    """The first questions."""
    answers = PreCheck(referred_on=london_date(context.at), agrees=None)
    return _page(request, context, {"referred_on": answers.referred_on}, answers=answers)


@router.post("/pre-check", include_in_schema=False)
def pre_check_answered(request: Request, form: Posted, context: BySession) -> Response:
    """The verdict so far, and the next questions that still matter."""
    data = Form(PreCheck).read(form)
    asked_names = str(form.get("asked") or "").split()
    if forms.redraws(form):
        return _page(request, context, data, asked_names=asked_names, names=asked_names[-AT_ONCE:])
    try:
        answers = PreCheck.model_validate({"agrees": None, **data})
    except ValidationError as error:
        return _page(
            request, context, data, asked_names=asked_names, names=asked_names[-AT_ONCE:], errors=forms.faults(error)
        )
    return _page(
        request,
        context,
        data,
        asked_names=asked_names,
        answers=answers,
        every=bool(form.get("every")),
        shows_verdict=True,
    )


def open_questions(judgement: Judgement, asked_names: Sequence[str] = (), *, every: bool = False) -> list[str]:
    """The questions that could still change the verdict, bars first; none once a bar decides, unless all are wanted."""
    if judgement.verdict is Verdict.ineligible and not every:
        return []
    unknown = [
        finding.rule for finding in judgement.trace if finding.holds is None and finding.rule.effect is not Effect.warn
    ]
    by_weight = sorted(unknown, key=lambda rule: rule.effect is not Effect.bar)
    names = dict.fromkeys(referral_field(rule.holds.fact) for rule in by_weight)
    return [name for name in map(_as_here, names) if name not in asked_names]


def _as_here(name: str) -> str:
    return "agrees" if name == "agreement_signed_on" else name


def _page(
    request: Request,
    context: RequestContext,
    data: Mapping[str, Any],
    *,
    answers: PreCheck | None = None,
    asked_names: Sequence[str] = (),
    names: Sequence[str] = (),
    every: bool = False,
    shows_verdict: bool = False,
    errors: Mapping[forms.Path, str] | None = None,
) -> Response:
    """`asked_names`: the questions asked so far; `names`: those to ask now, where that is settled."""
    with context.reading(Subject.cases) as (session, actor):
        form = Form(PreCheck, choices_for(PreCheck, None, Context(session, actor, context.at, 1)))
        fields = {field.name: field for field in form.questions({"agrees": None, **data}, errors)}
        for field in fields.values():
            field.required = True  # none is, and the page says so once
        judgement = advice(answers, policies_of(session)) if answers else None
        left = open_questions(judgement, asked_names, every=every) if judgement else []
        names = names or (left if every else left[:AT_ONCE])
        return write(
            request,
            "pre_check.html",
            actor=actor,
            status=422 if errors else 200,
            questions=[fields[name] for name in names if name in fields],
            asked_names=[*asked_names, *(name for name in names if name not in asked_names)],
            answered=[fields[name] for name in asked_names if name in fields and name not in names],
            always=[fields[name] for name in ALWAYS],
            errors=forms.summary(list(fields.values()), errors or {}),
            judgement=judgement_view(judgement) if judgement and shows_verdict else None,
            has_more=len(left) > len(names),
        )
