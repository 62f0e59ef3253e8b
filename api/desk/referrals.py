"""A referral step by step: a few questions a page, kept on the server from page to page, left and taken up at will.

What is asked, in which words, and what is a right answer, is `Refer`'s affair; this file only says what stands on which
page. What is not known is left blank. An answer that cannot be used is kept as it was typed, and told.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Path, Request
from pydantic import ValidationError
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from api.case.view import judgement_view
from api.procedure.choices import choices_for
from api.procedure.commands import Overtaken, carry_out
from api.web import forms
from api.web.context import BySession, RequestContext
from api.web.forms import Field, Form
from api.web.pages import write
from api.web.problems import ProblemError
from api.web.sign_in import Posted
from divert.acts.refusals import Refused
from divert.casework.command import Context
from divert.casework.commands.referral import Refer
from divert.casework.intake import drafts
from divert.casework.lifecycle import able
from divert.clock import london_date, written_date
from divert.eligibility.derivation import derive
from divert.eligibility.facts import ReferralFacts
from divert.eligibility.judge import Judgement, judge
from divert.eligibility.policies import NoPolicy, Policies
from divert.law.rulebook import rulebook
from divert.models import Draft
from divert.people.staff import Actor
from divert.policies.adopted import policies_of

router = APIRouter(include_in_schema=False)


class Step(NamedTuple):
    """One page: its address, its title, what it asks."""

    slug: str
    title: str
    asks: tuple[str, ...]


STEPS = (
    Step("person", "The person", (
        "surname", "forenames", "date_of_birth", "sex", "ethnicity", "district", "postcode", "phone", "email",
        "interpreter", "complex_needs", "pnc_id", "cro_no", "asn",
    )),
    Step("offence", "The offence", (
        "crime_ref", "custody_ref", "urn", "offence_code", "offence_on", "offence_place", "offence_force", "value_gbp",
        "further_offences", "co_accused", "hate_crime", "domestic_abuse", "gravity", "gravity_matrix",
    )),
    Step("account", "What they say", ("admission", "remorse", "sufficient_evidence", "agreement_signed_on")),
    Step("history", "History and orders", (
        "previous_convictions", "previous_divert", "current_order", "on_bail", "detained", "custody_likely",
    )),
    Step("victim", "The victim", (
        "victim_kind", "victim_name", "victim_contact", "victim_views", "victim_enhanced",
    )),
    Step("officer", "About this referral", ("referred_on", "officer", "officer_unit", "notes")),
)  # fmt: skip

REFERRERS = able(Refer)

Ref = Annotated[str, Path(max_length=43)]
Slug = Annotated[str, Path(max_length=20)]


@router.get("/referrals")
def referrals_page(request: Request, context: BySession) -> Response:
    """What whoever asks has begun, and a way to begin another."""
    with context.reading(REFERRERS) as (session, actor):
        own_drafts = drafts.begun_by(session, actor.username, context.at)
        return write(request, "referrals.html", actor=actor, drafts=own_drafts, kept=drafts.KEPT, first=STEPS[0])


@router.post("/referrals")
def begin(form: Posted, context: BySession) -> Response:
    """Begin one."""
    with context.writing(REFERRERS) as (session, actor):
        ref = drafts.begin(session, actor.username, context.at)
    return RedirectResponse(f"/referrals/{ref}/{STEPS[0].slug}", 303)


@router.post("/referrals/{ref}/give-up")
def give_up(ref: Ref, form: Posted, context: BySession) -> Response:
    """Delete one."""
    with context.writing(REFERRERS) as (session, actor):
        session.delete(_draft(session, ref, actor, context))
    return RedirectResponse("/referrals", 303)


@router.get("/referrals/{ref}/check")
def check(request: Request, ref: Ref, context: BySession) -> Response:
    """Every answer, what is still needed, and what the scheme would say today."""
    return _check(request, ref, context)


@router.post("/referrals/{ref}/check")
def refer(request: Request, ref: Ref, form: Posted, context: BySession) -> Response:
    """Refer the person."""
    with context.reading(REFERRERS) as (session, actor):
        body = _body(_draft(session, ref, actor, context), context)
    try:
        receipt, _ = carry_out(context, None, Refer.model_validate(body), None)
    except ValidationError:
        return _check(request, ref, context, status=422)
    except Refused as refusal:
        return _check(request, ref, context, status=409, reasons=[reason for _, reason in refusal.reasons])
    except Overtaken as moved:
        return _check(request, ref, context, status=409, reasons=[str(moved)])
    with context.writing() as (session, actor):
        session.delete(_draft(session, ref, actor, context))
    return RedirectResponse(f"/cases/{receipt.ref}?done={receipt.version}", 303)


@router.get("/referrals/{ref}/{slug}")
def step_page(request: Request, ref: Ref, slug: Slug, context: BySession) -> Response:
    """One page of questions, with what was answered."""
    return _step(request, ref, _find_step(slug), context)


@router.post("/referrals/{ref}/{slug}")
def step_answered(request: Request, ref: Ref, slug: Slug, form: Posted, context: BySession) -> Response:
    """Keep the answers of one page, right or wrong, and go on to the next; or say what is wrong with them."""
    step = _find_step(slug)
    answers = {name: answer for name, answer in Form(Refer).read(form).items() if name in step.asks}
    with context.writing(REFERRERS) as (session, actor):
        draft = _draft(session, ref, actor, context)
        draft.body = {name: answer for name, answer in draft.body.items() if name not in step.asks} | answers
        draft.saved_at = context.at
        faults = _faults(_body(draft, context), [name for name in step.asks if name in answers])
    if form.get("leave"):
        return RedirectResponse("/referrals", 303)
    if faults or forms.redraws(form):
        return _step(request, ref, step, context, {} if forms.redraws(form) else faults)
    following = STEPS[STEPS.index(step) + 1 :]
    return RedirectResponse(f"/referrals/{ref}/{following[0].slug if following else 'check'}", 303)


def _find_step(slug: str) -> Step:
    for step in STEPS:
        if step.slug == slug:
            return step
    raise ProblemError("not-found")


def _draft(session: Session, ref: str, actor: Actor, context: RequestContext) -> Draft:
    draft = drafts.find(session, ref, actor.username, context.at)
    if draft is None:
        days = drafts.KEPT.days
        raise ProblemError("not-found", f"There is no such referral of yours: it was sent, or is {days} days old.")
    return draft


def _body(draft: Draft, context: RequestContext) -> dict[str, Any]:
    return {"referred_on": london_date(context.at).isoformat(), **draft.body}


def _faults(body: Mapping[str, Any], names: Sequence[str]) -> dict[forms.Path, str]:
    """What is wrong with the answers of these names."""
    try:
        Refer.model_validate(body)
    except ValidationError as error:
        return {path: words for path, words in forms.faults(error).items() if path and path[0] in names}
    return {}


def _questions(session: Session, actor: Actor, context: RequestContext, body: Mapping[str, Any],
               errors: Mapping[forms.Path, str]) -> dict[str, Field]:  # fmt: skip
    form = Form(Refer, choices_for(Refer, None, Context(session, actor, context.at, 1)))
    return {field.name: field for field in form.questions(body, errors)}


def _step(
    request: Request, ref: str, step: Step, context: RequestContext, errors: Mapping[forms.Path, str] | None = None
) -> Response:
    with context.reading(REFERRERS) as (session, actor):
        body = _body(_draft(session, ref, actor, context), context)
        fields = _questions(session, actor, context, body, errors or {})
        index = STEPS.index(step)
        return write(
            request,
            "referral_step.html",
            actor=actor,
            status=422 if errors else 200,
            ref=ref,
            step=step,
            place=index + 1,
            steps=STEPS,
            back=STEPS[index - 1] if index else None,
            questions=[fields[name] for name in step.asks],
            errors=forms.summary([fields[name] for name in step.asks], errors or {}),
        )


def _check(
    request: Request, ref: str, context: RequestContext, *, status: int = 200, reasons: Sequence[str] = ()
) -> Response:
    with context.reading(REFERRERS) as (session, actor):
        body = _body(_draft(session, ref, actor, context), context)
        faults = _faults(body, list(Refer.model_fields))
        fields = _questions(session, actor, context, body, faults)
        judgement = judge_so_far(body, policies_of(session))
        lines = forms.summary(list(fields.values()), faults)
        return write(
            request,
            "referral_check.html",
            actor=actor,
            status=status,
            ref=ref,
            steps=[(step, [(fields[name], answer_in_words(fields[name])) for name in step.asks]) for step in STEPS],
            wrong=bool(faults),
            judgement=judgement_view(judgement) if judgement else None,
            errors=[("", reason) for reason in reasons] or (lines if status == 422 else []),
        )


def answer_in_words(field: Field) -> str:
    """An answer in words."""
    if field.rows:
        rows = []
        for row in field.rows:
            cells = [answer_in_words(cell) for cell in row]
            rows.append("; ".join(cell for cell in cells if cell))
        return "\n".join(row for row in rows if row)
    if field.kind == "date":
        if re.fullmatch(r"\d{4}-\d\d-\d\d", field.text):
            return written_date(date.fromisoformat(field.text))
        return " ".join(field.date_parts.values()).strip()
    chosen = [words for value, words in field.choices if value != "" and field.is_chosen(value)]
    return ", ".join(chosen) or field.text


def judge_so_far(body: Mapping[str, Any], policies: Policies) -> Judgement | None:
    """What the scheme would say: what cannot be used is not known, and an agreement may yet be signed."""
    unusable = {str(path[0]) for path in _faults(body, list(ReferralFacts.model_fields))}
    usable = {name: body[name] for name in ReferralFacts.model_fields if name in body and name not in unusable}
    try:
        answers = ReferralFacts.model_validate(usable)
        policy = policies.in_force(answers.referred_on)
    except (ValidationError, NoPolicy):
        return None
    facts = derive(answers, policy, rulebook().offences)
    return judge(policy, facts if facts.agreement_signed else replace(facts, agreement_signed=None))
