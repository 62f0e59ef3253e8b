"""Time limits for a charge, as at a day: what was left of them in open cases, and how the returned ones ended."""

import json
from collections import Counter
from datetime import date
from typing import Literal, NamedTuple

from sqlalchemy import Subquery, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from divert.board.as_at import AsAt, moves
from divert.clock import london_date
from divert.models import OPEN, Case, Deadline, LedgerEntry, State
from divert.rulebook import rulebook

Basis = Literal["statutory", "precautionary"]

LIMIT = "statutory_limit"
PRECAUTION = "Kept as a precaution."
"""How casework names a limit among deadlines, and the basis of one that no statute sets."""

TIME_EXPIRED = 17
PASSED = "passed"


class Ended(NamedTuple):
    """How one returned case ended: on what day, and the limit it then had (None: no limit of a statute)."""

    charged: bool
    expired: bool
    on: date
    limit_on: date | None


def bands() -> dict[str, range]:
    """The last four weeks before a limit, in days left, by the days on which its owner is reminded; and after it."""
    found, least = {PASSED: range(-1_000_000, 0)}, 0
    for most in sorted({1, *rulebook().limit_alert_days}):
        found[f"{least} to {most} days left"] = range(least, most + 1)
        least = most + 1
    return found


def band(days_left: int) -> str | None:
    """The band of a number of days left; None where there is no hurry."""
    return next((name for name, days in bands().items() if days_left in days), None)


def open_cases(as_at: AsAt) -> Counter[tuple[Basis, date]]:
    """How many open cases have a limit of each basis on each day."""
    limit, stands = _limits(as_at), moves(as_at.ends)
    query = (
        select(limit.c.due_on, limit.c.basis, func.count().label("cases"))
        .join(stands, stands.c.case_id == limit.c.case_id)
        .where(stands.c.to_state.in_(OPEN))
        .group_by(limit.c.due_on, limit.c.basis)
    )
    found: Counter[tuple[Basis, date]] = Counter()
    for row in as_at.session.execute(query):
        found["precautionary" if row.basis == PRECAUTION else "statutory", row.due_on] += row.cases
    return found


def ended_cases(as_at: AsAt) -> list[Ended]:
    """Every case that went back to the force and whose end was recorded: charged, expired, or neither."""
    limit, last = _limits(as_at), moves(as_at.ends)
    query = (
        select(last.c.to_state, last.c.body, last.c.at, limit.c.due_on, limit.c.basis, Case.outcome_code)
        .join(Case, Case.id == last.c.case_id)
        .outerjoin(limit, limit.c.case_id == last.c.case_id)
        .where(last.c.from_state == State.returned, last.c.to_state.in_((State.prosecuted, State.closed)))
    )
    found = []
    for row in as_at.session.execute(query):
        # A body that was disposed of leaves the outcome with the case and the day with the entry.
        said = json.loads(row.body) if row.body is not None else {"outcome_code": row.outcome_code}
        found.append(
            Ended(
                charged=row.to_state is State.prosecuted,
                expired=said.get("outcome_code") == TIME_EXPIRED or said.get("reason_code") == "time_expired",
                on=date.fromisoformat(said["decided_on"]) if "decided_on" in said else london_date(row.at),
                limit_on=None if row.basis == PRECAUTION else row.due_on,
            )
        )
    return found


def _limits(as_at: AsAt) -> Subquery:
    """The limit that each case had: the last one set by then, unless the facts were corrected so that none runs."""
    last = (
        select(Deadline.case_id, func.max(Deadline.seq).label("seq"))
        .join(LedgerEntry, and_(LedgerEntry.case_id == Deadline.case_id, LedgerEntry.seq == Deadline.seq))
        .where(Deadline.kind == LIMIT, LedgerEntry.at < as_at.ends)
        .group_by(Deadline.case_id)
        .subquery()
    )
    later, corrected = aliased(Deadline), aliased(LedgerEntry)
    replaced = exists().where(later.case_id == Deadline.case_id, later.kind == LIMIT, later.seq > Deadline.seq)
    corrected_by_then = exists().where(
        corrected.case_id == Deadline.case_id,
        corrected.seq > Deadline.seq,
        corrected.command == "correct-facts",
        corrected.at < as_at.ends,
    )
    return (
        select(Deadline.case_id, Deadline.due_on, Deadline.basis)
        .join(last, and_(last.c.case_id == Deadline.case_id, last.c.seq == Deadline.seq))
        .where(Deadline.kind == LIMIT, or_(Deadline.status != "superseded", replaced, ~corrected_by_then))
        .subquery()
    )
