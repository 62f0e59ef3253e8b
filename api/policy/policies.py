"""The rules that the scheme runs by, to be read: policies and what each changed, offences, conditions, periods."""

from collections.abc import Collection, Iterable
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from api.web.context import BySession, RequestContext
from api.web.pages import in_words, write
from api.web.problems import ProblemError, may_answer
from api.web.state import app_state
from divert.clock import london_date, written_date
from divert.eligibility.changes import changes
from divert.eligibility.policies import NoPolicy, Policies
from divert.eligibility.policy import COMPARE, Effect, Operator, Policy, Rule
from divert.law.offences import Offence
from divert.law.rulebook import ConditionType, DeadlineRule, rulebook
from divert.people.rights import Subject, may_read
from divert.policies.adopted import policies_of
from divert.policies.commands import ProposePolicy

router = APIRouter(tags=["eligibility"])

Name = Annotated[str, Path(max_length=80, examples=["2019-04-01-full"])]


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


@router.get("/api/policies", summary="Every eligibility policy", responses=may_answer())
def policies(request: Request) -> list[PolicyView]:
    """In order of the day each starts. Open to all."""
    policies = _policies(request)
    return [policy_view(policy, policies) for policy in policies]


@router.get("/api/policies/{policy}", summary="One eligibility policy", responses=may_answer("not-found"))
def policy(request: Request, policy: Name) -> PolicyView:
    """By its id. Open to all."""
    policies = _policies(request)
    return policy_view(_policy(policy, policies), policies)


def _policies(request: Request) -> Policies:
    """Those of the rules, and those adopted."""
    with app_state(request).database.reading() as session:
        return policies_of(session)


def _policy(name: str, policies: Policies) -> Policy:
    try:
        return policies.get(name)
    except NoPolicy:
        known = ", ".join(policy.id for policy in policies)
        raise ProblemError("not-found", f"There is no policy of that name; there are {known}.") from None


def policy_view(policy: Policy, policies: Policies) -> PolicyView:
    """A policy as JSON shows it. `policies`: those among which its last day is looked for."""
    last = policies.last_day(policy)
    return PolicyView(
        id=policy.id,
        title=policy.title,
        starts=policy.starts.isoformat(),
        ends=last.isoformat() if last else None,
        extends=policy.extends,
        digest=policy.digest,
        max_months=policy.contract.max_months,
        conditions_max=policy.contract.conditions_max,
        mandatory=list(policy.contract.mandatory),
        buffer_days=policy.time_limit.buffer_days,
        outcome_22_available=policy.outcome_22_available,
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
            for rule in policy.rules
        ],
    )


# The pages


@router.get("/policies", include_in_schema=False)
def policies_page(request: Request, context: BySession) -> Response:
    """Every policy, and which is in force."""
    today = london_date(context.at)
    with context.reading() as (session, actor):
        policies = policies_of(session)
        return write(
            request,
            "policies.html",
            actor=actor,
            proposals=may_read(actor.role, Subject.proposals),
            policies=[(policy, policies.last_day(policy), _status(policy.starts, policies.last_day(policy), today))
                   for policy in reversed(list(policies))],
        )  # fmt: skip


@router.get("/policies/offences", include_in_schema=False)
def offences_page(request: Request, context: BySession) -> Response:
    """Every offence that the scheme knows, and which of them the policy takes."""
    book, today = rulebook(), london_date(context.at)
    policy = _policies(request).in_force(today)
    rows = [_offence_row(offence, policy) for offence in book.offences.in_force(today).values()]
    return _catalogue(
        request,
        context,
        "Offences",
        "What the scheme knows, by the list in force today. Each keeps its own time limit, counted from the offence.",
        ("Offence", "Code", f"Taken by “{policy.title}”", "Tried", "Time limit", "Authority"),
        rows,
    )


def _offence_row(offence: Offence, policy: Policy) -> tuple[object, ...]:
    rules = [rule for rule in policy.rules if rule.effect is Effect.bar and rule.holds.fact == "offence_codes"]
    taken = all(COMPARE[rule.holds.op]((offence.code,), rule.holds.value) for rule in rules)
    months = f"{offence.limit.months} months, {offence.limit.basis.value}" if offence.limit.months else "none"
    return offence.title, offence.code, taken, offence.mode, months, offence.limit.authority


@router.get("/policies/conditions", include_in_schema=False)
def conditions_page(request: Request, context: BySession) -> Response:
    """What a contract may ask of a person."""
    today = london_date(context.at)
    mandatory = _policies(request).in_force(today).contract.mandatory
    rows = [
        (
            condition.title,
            condition.text,
            _offered(condition, mandatory, today),
            _between(condition.starts, condition.ends),
            ", ".join(condition.providers) or "whoever is named",
            condition.authority,
        )
        for condition in rulebook().conditions.values()
    ]
    return _catalogue(
        request,
        context,
        "Conditions",
        "What a person may promise. The words are those that are signed.",
        ("Condition", "What is signed", "Today", "May be signed", "Offered by", "Authority"),
        rows,
    )


def _offered(condition: ConditionType, mandatory: Collection[str], today: date) -> str:
    if condition.code in mandatory:
        return "every contract"
    return "offered" if condition.is_offered_on(today) else "not offered now"


@router.get("/policies/deadlines", include_in_schema=False)
def deadlines_page(request: Request, context: BySession) -> Response:
    """How long something may be outstanding, and whose it is."""
    book, today = rulebook(), london_date(context.at)
    later = [written_date(starts) for starts in book.deadline_editions if starts > today]
    coming = f" They change on {' and on '.join(later)}." if later else ""
    rows = [
        (rule.title, _period(rule), rule.owner.replace("_", " "), rule.escalate_to.replace("_", " "), rule.authority)
        for rule in book.deadlines_on(today).values()
    ]
    return _catalogue(
        request,
        context,
        "Periods",
        f"How long each thing may be outstanding before it is escalated, for what arises today.{coming}",
        ("What is due", "Within", "Whose it is", "Goes to when missed", "Authority"),
        rows,
    )


@router.get("/policies/{policy_id}", include_in_schema=False)
def policy_page(request: Request, policy_id: Name, context: BySession) -> Response:
    """One policy: its rules, what it changed, its examples."""
    with context.reading() as (session, actor):
        policies = policies_of(session)
        policy = _policy(policy_id, policies)
        before = predecessor(policy, policies)
        last = policies.last_day(policy)
        return write(
            request,
            "policy.html",
            actor=actor,
            rehearses=actor.role in ProposePolicy.by,
            policy=policy,
            last=last,
            stands=_status(policy.starts, last, london_date(context.at)),
            before=before,
            changed=changes(before, policy) if before else None,
            comparison_in_words=comparison_in_words,
            mandatory=[rulebook().conditions[code].title for code in policy.contract.mandatory],
        )


def _catalogue(
    request: Request,
    context: RequestContext,
    title: str,
    says: str,
    columns: Iterable[str],
    rows: Iterable[Iterable[object]],
) -> Response:
    with context.reading() as (_, actor):
        cells = [[in_words(cell) for cell in row] for row in rows]
        return write(request, "catalogue.html", actor=actor, title=title, says=says, columns=list(columns), rows=cells)


def predecessor(policy: Policy, policies: Iterable[Policy]) -> Policy | None:
    """The last of the policies, in order of their first days, that started before a policy does."""
    earlier = [other for other in policies if other.starts < policy.starts]
    return earlier[-1] if earlier else None


def comparison_in_words(rule: Rule) -> str:
    """The comparison that a rule makes, in words; offences by their titles."""
    titles = {offence.code: offence.title for offence in rulebook().offences.all}
    values = rule.holds.value if isinstance(rule.holds.value, tuple) else (rule.holds.value,)
    words = ", ".join(titles.get(str(value), in_words(value)).replace("_", " ") for value in values)
    comparison = {
        Operator.equals: "is",
        Operator.at_least: "is at least",
        Operator.at_most: "is at most",
        Operator.one_of: "is one of",
        Operator.all_in: "are all among",
    }
    return f"{rule.holds.fact.replace('_', ' ')} {comparison[rule.holds.op]}: {words}"


def _status(starts: date, last: date | None, today: date) -> str:
    if today < starts:
        return "to come"
    return "in force" if last is None or today <= last else "over"


def _between(starts: date | None, ends: date | None) -> str:
    since = f"from {written_date(starts)}" if starts else ""
    until = f"until {written_date(ends)}" if ends else ""
    return f"{since} {until}".strip() or "always"


def _period(rule: DeadlineRule) -> str:
    unit = {"working": "working day", "calendar": "day", "months": "month"}[rule.unit]
    days = abs(rule.days)
    plural = "" if days == 1 else "s"
    before = " before" if rule.days < 0 else ""
    enhanced = f" ({rule.enhanced_days} with enhanced rights)" if rule.enhanced_days is not None else ""
    return f"{days} {unit}{plural}{before}{enhanced}"
