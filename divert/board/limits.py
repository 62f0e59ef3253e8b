"""Time limits for a charge, as at a day: what was left of them in open cases, and how the returned ones ended."""

import json
from collections import Counter
from datetime import date
from typing import Literal, NamedTuple

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import aliased

from divert.board.as_at import AsAt, moves
from divert.clock import london_date
from divert.models import OPEN, Case, Deadline, LedgerEntry, State
from divert.models.case import PRECAUTIONARY_LIMIT, STATUTORY_LIMIT
from divert.rulebook import rulebook

Basis = Literal["statutory", "precautionary"]
BASES: dict[str, Basis] = {STATUTORY_LIMIT: "statutory", PRECAUTIONARY_LIMIT: "precautionary"}

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
    set_by, ended_by, stands = aliased(LedgerEntry), aliased(LedgerEntry), moves(as_at.ends)
    query = (
        select(Deadline.kind, Deadline.due_on, func.count().label("cases"))
        .join(set_by, and_(set_by.case_id == Deadline.case_id, set_by.seq == Deadline.seq))
        .outerjoin(ended_by, and_(ended_by.case_id == Deadline.case_id, ended_by.seq == Deadline.until_seq))
        .join(stands, stands.c.case_id == Deadline.case_id)
        .where(
            Deadline.kind.in_(BASES),
            set_by.at < as_at.ends,
            or_(ended_by.at.is_(None), ended_by.at >= as_at.ends),
            stands.c.to_state.in_(OPEN),
        )
        .group_by(Deadline.kind, Deadline.due_on)
    )
    return Counter({(BASES[row.kind], row.due_on): row.cases for row in as_at.session.execute(query)})


def ended_cases(as_at: AsAt) -> list[Ended]:
    """Every case that went back to the force and whose end was recorded: charged, expired, or neither."""
    last = moves(as_at.ends)
    limit = and_(Deadline.case_id == last.c.case_id, Deadline.until_seq == last.c.seq, Deadline.kind == STATUTORY_LIMIT)
    query = (
        select(last.c.to_state, last.c.body, last.c.at, Deadline.due_on, Case.outcome_code)
        .join(Case, Case.id == last.c.case_id)
        .outerjoin(Deadline, limit)
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
                limit_on=row.due_on,
            )
        )
    return found
