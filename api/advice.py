"""What a policy would say, and the policies themselves. Nothing is stored."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field, ValidationError
from starlette.responses import Response

from api import forms
from api.choices import offered
from api.deps import Asking, ByToken, ByVisit
from api.forms import Form, faults, redraws, summary
from api.page import READS_CASES, write
from api.problems import FieldFault, ProblemError, invalid, may_answer
from api.sign_in import Posted
from api.view import JudgementView, judgement_view
from divert.casework.command import Context
from divert.clock import london_date
from divert.eligibility.facts import ReferralFacts, derive
from divert.eligibility.judge import Judgement, judge
from divert.eligibility.pack import Effect, Pack
from divert.eligibility.policy import NoPolicy
from divert.rulebook import rulebook

router = APIRouter(tags=["eligibility"])


class AdviceView(JudgementView):
    """What the policy in force on the referral date says of these facts."""

    lines: list[str] = Field(description="The same in sentences, to be read at the desk.")


class RuleView(BaseModel):
    """One rule: the sentence that is true of whoever meets it, and what follows if it is not met."""

    id: str
    says: str
    cites: str
    provenance: str
    effect: Effect
    fact: str
    op: str
    value: Any
    ask: str


class PolicyView(BaseModel):
    """One policy, whole."""

    id: str
    title: str
    starts: str = Field(examples=["2019-04-01"])
    ends: str | None = Field(description="Its last day; null: in force until another follows.")
    extends: str | None
    digest: str = Field(description="SHA-256 of its content; stored with every decision made under it.")
    max_months: int
    conditions_max: int
    mandatory: list[str]
    buffer_days: int
    outcome_22_available: bool
    rules: list[RuleView]


def advice(facts: ReferralFacts) -> Judgement:
    """Judge facts by the policy of their referral date. Raises a problem where there is none."""
    book = rulebook()
    try:
        pack = book.packs.in_force(facts.referred_on)
    except NoPolicy as none:
        raise invalid([FieldFault(pointer="#/referred_on", detail=str(none))]) from None
    return judge(pack, derive(facts, pack, book.offences))


@router.post(
    "/api/pre-check",
    summary="Would Divert take this?",
    responses=may_answer("malformed", "not-signed-in", "too-large", "media-type", "invalid"),
)
def pre_check(facts: ReferralFacts, asking: ByToken) -> AdviceView:
    """Judge facts without storing anything: verdict, every rule with its authority, and what to ask next."""
    with asking.reading():
        judged = advice(facts)
        return AdviceView(**judgement_view(judged).model_dump(), lines=judged.lines())


@router.get("/pre-check", include_in_schema=False)
def pre_check_page(request: Request, asking: ByVisit) -> Response:
    """The form of the pre-check."""
    return _page(request, asking, {"referred_on": london_date(asking.at)})


@router.post("/pre-check", include_in_schema=False)
def pre_check_answered(request: Request, form: Posted, asking: ByVisit) -> Response:
    """The same form, with the advice above it. Nothing is stored."""
    data = Form(ReferralFacts).read(form)
    if redraws(form):
        return _page(request, asking, data)
    try:
        return _page(request, asking, data, judged=advice(ReferralFacts.model_validate(data)))
    except ValidationError as error:
        return _page(request, asking, data, errors=faults(error))


def _page(
    request: Request,
    asking: Asking,
    data: Mapping[str, Any],
    errors: Mapping[forms.Path, str] | None = None,
    judged: Judgement | None = None,
) -> Response:
    with asking.reading(*READS_CASES) as (session, actor):
        form = Form(ReferralFacts, offered(ReferralFacts, None, Context(session, actor, asking.at, 1)))
        questions = form.questions(data, errors)
        return write(
            request,
            "pre_check.html",
            actor=actor,
            status=422 if errors else 200,
            questions=questions,
            errors=summary(questions, errors or {}),
            judged=judgement_view(judged) if judged else None,
        )


@router.get("/api/policies", summary="Every eligibility policy", responses=may_answer())
def policies() -> list[PolicyView]:
    """In order of the day each starts. Open to all."""
    return [_policy_view(pack) for pack in rulebook().packs]


@router.get("/api/policies/{policy}", summary="One eligibility policy", responses=may_answer("not-found"))
def policy(policy: Annotated[str, Path(max_length=80, examples=["2019-04-01-full"])]) -> PolicyView:
    """By its id. Open to all."""
    try:
        return _policy_view(rulebook().packs.get(policy))
    except NoPolicy:
        known = ", ".join(pack.id for pack in rulebook().packs)
        raise ProblemError("not-found", f"There is no policy of that name; there are {known}.") from None


def _policy_view(pack: Pack) -> PolicyView:
    last = rulebook().packs.last_day(pack)
    return PolicyView(
        id=pack.id,
        title=pack.title,
        starts=pack.starts.isoformat(),
        ends=last.isoformat() if last else None,
        extends=pack.extends,
        digest=pack.digest,
        max_months=pack.contract.max_months,
        conditions_max=pack.contract.conditions_max,
        mandatory=list(pack.contract.mandatory),
        buffer_days=pack.time_limit.buffer_days,
        outcome_22_available=pack.outcome_22_available,
        rules=[
            RuleView(
                id=rule.id,
                says=rule.says,
                cites=rule.cites,
                provenance=rule.provenance,
                effect=rule.effect,
                fact=rule.holds.fact,
                op=rule.holds.op.value,
                value=rule.holds.value,
                ask=rule.ask,
            )
            for rule in pack.rules
        ],
    )
