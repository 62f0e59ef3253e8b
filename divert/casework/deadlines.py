"""What must happen by when, and whose it is: rows, kept in step with what is outstanding after every command.

A deadline is never recomputed in silence. It ends where what it asks for is no longer outstanding ("met"), or where the
day it counts from has moved or somebody moved it for a reason ("superseded"), and the row says by which entry.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from sqlalchemy import ColumnElement

from divert.casework.command import Context
from divert.casework.obligations import OBLIGATIONS, outstanding
from divert.law.rulebook import DeadlineRule
from divert.law.time_limits import add_months
from divert.law.working_days import add_working_days
from divert.models import Case, Deadline, Role
from divert.models.case import PRECAUTIONARY_LIMIT, STATUTORY_LIMIT

ABOUT_THE_LIMIT = frozenset(kind for kind in OBLIGATIONS if kind.startswith("limit_")) | {
    STATUTORY_LIMIT,
    PRECAUTIONARY_LIMIT,
}
"""Kinds that the law or caution sets: nobody may move them, and they leave a case in nobody's hands."""


def follow(case: Case, context: Context) -> None:
    """Bring a case's deadlines in step with what is outstanding in it now."""
    missing = {(kind, obligation.about): obligation.since for kind, obligation in outstanding(case)}
    for deadline in standing(case):
        since = missing.get((deadline.kind, deadline.about))
        if since == deadline.since:
            del missing[deadline.kind, deadline.about]
        else:
            end(deadline, "met" if since is None else "superseded", context)
    rules = context.rules.deadlines_on(context.today)
    for (kind, about), since in missing.items():
        add(case, rules[kind], about, since, due(rules[kind], since, enhanced=_enhanced(case)), context)
    earliest = next(in_somebodys_hands(case), None)
    case.due_on = earliest.due_on if earliest else None
    case.held_by = None
    if earliest:
        case.held_by = holder(earliest.kind, earliest.owner_role, earliest.escalated_on, case.keyworker, rules)


def due(rule: DeadlineRule, since: date, *, enhanced: bool = False) -> date:
    """The last day, counted from `since` in the rule's own unit."""
    days = rule.enhanced_days if enhanced and rule.enhanced_days is not None else rule.days
    if rule.unit == "working":
        return add_working_days(since, days)
    return add_months(since, days) if rule.unit == "months" else since + timedelta(days=days)


def add(case: Case, rule: DeadlineRule, about: int, since: date, due_on: date, context: Context) -> None:
    """Write a deadline down, with what it rests on as that stands today."""
    case.deadlines.append(
        Deadline(
            seq=context.seq,
            kind=rule.kind,
            about=about,
            since=since,
            due_on=due_on,
            owner_role=Role(rule.owner),
            basis=rule.basis,
            authority=rule.authority,
            status="open",
        )
    )


def end(deadline: Deadline, status: str, context: Context) -> None:
    """Close a deadline, by this entry."""
    deadline.status, deadline.until_seq = status, context.seq


def standing(case: Case) -> list[Deadline]:
    """The open deadlines, the next one first."""
    still_open = (deadline for deadline in case.deadlines if deadline.status == "open")
    return sorted(still_open, key=lambda deadline: (deadline.due_on, deadline.kind))


def find(case: Case, kind: str, about: int) -> Deadline | None:
    """The open deadline of a kind about something."""
    return next((deadline for deadline in standing(case) if (deadline.kind, deadline.about) == (kind, about)), None)


def in_somebodys_hands(case: Case) -> Iterator[Deadline]:
    """The open deadlines that are for a person to meet."""
    return (deadline for deadline in standing(case) if deadline.kind not in ABOUT_THE_LIMIT)


def is_missed(kind: str, due_on: date, today: date, rules: Mapping[str, DeadlineRule]) -> bool:
    """Whether a deadline has passed: the day after, but a reminder (one that counts back) speaks on its day."""
    return due_on <= today if rules[kind].days < 0 else due_on < today


def missed_by(today: date, rules: Mapping[str, DeadlineRule]) -> ColumnElement[bool]:
    """The same, asked of the database."""
    on_its_day = [kind for kind, rule in rules.items() if rule.days < 0]
    return (Deadline.due_on <= today) & ((Deadline.due_on < today) | Deadline.kind.in_(on_its_day))


def owner(held_by: str | None) -> str | None:
    """Who holds a case now, in words: a username, or the role it waits for; None where nothing waits."""
    return Role(held_by).label if held_by is not None and held_by in Role.__members__ else held_by


def holder(
    kind: str, role: Role, escalated_on: date | None, keyworker: str | None, rules: Mapping[str, DeadlineRule]
) -> str:
    """Whose a deadline is: the keyworker's by name where it is theirs and was not missed, else a role's."""
    theirs = rules[kind].keyworker_owns and escalated_on is None
    return keyworker if theirs and keyworker is not None else role.value


def _enhanced(case: Case) -> bool:
    return case.victim is not None and bool(case.victim.enhanced)
