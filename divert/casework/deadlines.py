"""What must happen by when, and whose it is. A case in an open state always has an open deadline and an owner."""

from datetime import date, timedelta

from divert.casework.command import Context
from divert.models import OPEN, Case, Deadline, Role
from divert.models.case import PRECAUTIONARY_LIMIT, STATUTORY_LIMIT
from divert.rulebook import DeadlineRule, rulebook
from divert.working_days import add_working_days

LIMIT_BASES = {
    STATUTORY_LIMIT: "The last day on which a charge can be issued.",
    PRECAUTIONARY_LIMIT: "Kept as a precaution: no statute sets it on current authority.",
}


def follow(case: Case, *, moved: bool, context: Context) -> None:
    """Bring a case's deadlines in step after a command: what is met closes, what is new opens, what moved moves."""
    rule = context.rules.deadline_for(case.state)
    if moved:
        for one in case.deadlines:
            if one.status == "open" and one.kind not in LIMIT_BASES:
                _end(one, "met", context)
    if rule is not None and (moved or rule.counts_from == "contract_end"):
        _follow_rule(case, rule, context)
    _follow_limit(case, context)


def due(rule: DeadlineRule, starts: date) -> date:
    """The last day, counted from `starts` in the rule's own days."""
    return add_working_days(starts, rule.days) if rule.unit == "working" else starts + timedelta(days=rule.days)


def _follow_rule(case: Case, rule: DeadlineRule, context: Context) -> None:
    """What the state asks for. A varied or paused contract ends on another day: then the old one is superseded."""
    starts = case.contract.ends_on if rule.counts_from == "contract_end" and case.contract else context.today
    current, due_on = standing(case, rule.kind), due(rule, starts)
    if current is not None and current.due_on == due_on:
        return
    if current is not None:
        _end(current, "superseded", context)
    _add(case, context, rule.kind, due_on, Role(rule.owner), rule.basis, rule.authority)


def _follow_limit(case: Case, context: Context) -> None:
    """The last day for a charge runs from referral until the case ends, through every state."""
    ended = case.state not in OPEN
    asked = None if ended or case.limit_on is None else (f"{case.limit_basis}_limit", case.limit_on)
    for one in case.deadlines:
        if one.status == "open" and one.kind in LIMIT_BASES:
            if (one.kind, one.due_on) == asked:
                return
            _end(one, "met" if ended else "superseded", context)
    if asked is not None:
        kind, due_on = asked
        _add(
            case, context, kind, due_on, Role.police_team_lead, LIMIT_BASES[kind], "Magistrates' Courts Act 1980 s.127"
        )


def _end(deadline: Deadline, status: str, context: Context) -> None:
    deadline.status, deadline.until_seq = status, context.seq


def standing(case: Case, kind: str) -> Deadline | None:
    """The open deadline of a kind."""
    return next((one for one in reversed(case.deadlines) if one.kind == kind and one.status == "open"), None)


def _add(case: Case, context: Context, kind: str, due_on: date, owner: Role, basis: str, authority: str) -> None:
    case.deadlines.append(
        Deadline(
            seq=context.seq,
            kind=kind,
            due_on=due_on,
            owner_role=owner,
            basis=basis,
            authority=authority,
            status="open",
        )
    )


def owner(case: Case) -> str | None:
    """Who holds a case now: its keyworker by name where that is theirs, else the role it waits for; None once ended."""
    rule = rulebook().deadline_for(case.state)
    if rule is None:
        return None
    if rule.keyworker_owns and case.keyworker is not None:
        return case.keyworker
    waiting = standing(case, rule.kind)
    return waiting.owner_role.label if waiting else None
