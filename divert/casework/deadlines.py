"""What must happen by when, and whose it is. A case in an open state always has an open deadline and an owner."""

from datetime import date, timedelta

from divert.casework.command import Context
from divert.models import OPEN, Case, Deadline, Role
from divert.rulebook import DeadlineRule
from divert.working_days import add_working_days

STATUTORY = "statutory_limit"


def follow(case: Case, *, moved: bool, context: Context) -> None:
    """Bring a case's deadlines in step after a command: met ones close, those of the new state open, moved ends move."""
    if moved:
        for one in case.deadlines:
            if one.status == "open" and one.kind != STATUTORY:
                one.status = "met"
        if case.state in OPEN:
            _open(case, context.rules.deadline_for(case.state), context)
    _follow_contract_end(case, context)
    _follow_limit(case, context)


def _open(case: Case, rule: DeadlineRule, context: Context) -> None:
    starts = case.contract.ends_on if rule.counts_from == "contract_end" and case.contract else context.today
    _add(case, context, rule.kind, due(rule, starts), rule.owner, rule.basis, rule.authority)


def due(rule: DeadlineRule, starts: date) -> date:
    """The last day, counted from `starts` in the rule's own days."""
    return add_working_days(starts, rule.days) if rule.unit == "working" else starts + timedelta(days=rule.days)


def _follow_contract_end(case: Case, context: Context) -> None:
    """A varied or paused contract ends on another day: the old deadline is superseded, never overwritten."""
    if case.state not in OPEN or case.contract is None:
        return
    rule = context.rules.deadline_for(case.state)
    if rule.counts_from != "contract_end":
        return
    current = standing(case, rule.kind)
    new_due = due(rule, case.contract.ends_on)
    if current is None or current.due_on != new_due:
        if current is not None:
            current.status = "superseded"
        _add(case, context, rule.kind, new_due, rule.owner, rule.basis, rule.authority)


def _follow_limit(case: Case, context: Context) -> None:
    """The last day for a charge runs from referral until the case ends, through every state."""
    current = standing(case, STATUTORY)
    if case.state not in OPEN:
        if current is not None:
            current.status = "met"
        return
    if current is not None and current.due_on != case.limit_on:
        current.status, current = "superseded", None
    if current is None and case.limit_on is not None:
        basis = "last day on which a charge can be issued" if case.limit_basis == "statutory" else "kept as a precaution"
        _add(
            case,
            context,
            STATUTORY,
            case.limit_on,
            Role.police_team_lead,
            basis,
            "Magistrates' Courts Act 1980 s.127",
        )


def standing(case: Case, kind: str) -> Deadline | None:
    """The open deadline of a kind."""
    return next((one for one in reversed(case.deadlines) if one.kind == kind and one.status == "open"), None)


def _add(
    case: Case, context: Context, kind: str, due_on: date, owner: Role, basis: str, authority: str
) -> None:
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


def owner(case: Case) -> str:
    """Who holds a case now: its keyworker by name once allocated and while theirs, else the role it waits for."""
    open_now = [one for one in case.deadlines if one.status == "open" and one.kind != STATUTORY]
    if case.keyworker is not None and case.state.value in ("accepted", "active"):
        return case.keyworker
    return open_now[0].owner_role.title if open_now else "nobody"
