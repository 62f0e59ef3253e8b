"""The sweep: every deadline that has passed with nothing done is escalated, once, through the one writer.

A deadline is found, its case locked and the escalation kept in one transaction, so that lock is the whole lease: a
worker that dies leaves nothing behind, and the next finds the deadline as it was (decision record 0010).
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

import structlog
from sqlalchemy import Row, Select, literal_column, or_, select, tuple_
from sqlalchemy.orm import Session

from divert.acts.refusals import Refused
from divert.casework import deadlines
from divert.casework.commands.deadline import EscalateDeadline
from divert.casework.workflow import perform
from divert.clock import Clock, london_date
from divert.db import Database
from divert.law.rulebook import rulebook
from divert.models import Case, Deadline
from divert.people.staff import SYSTEM
from divert.worker.outbox import wait

log = structlog.get_logger(__name__)

PLACE = (Deadline.due_on, Deadline.case_id, Deadline.kind, Deadline.about)
"""A deadline's place in the sweep, the oldest first: of those that are open, no two have the same."""

Place = tuple[date, int, str, int]


class Missed(NamedTuple):
    """A deadline that passed. `fault` is why it could not be escalated (the kind of error alone: no personal data)."""

    case_ref: str
    kind: str
    about: int
    due_on: date
    fault: str | None = None


def sweep(database: Database, clock: Clock) -> Iterator[Missed]:
    """Escalate each missed deadline in a transaction of its own, and answer it.

    One that fails is set aside and tried again later, further and further apart. A case that somebody is busy with is
    passed by, and left to whoever holds it or to the next sweep.
    """
    place: Place | None = None
    while True:
        found: Missed | None = None
        try:
            with database.writing() as session:
                row = session.execute(_next(clock(), place)).first()
                if row is None:
                    return
                place, found = (row.due_on, row.case_id, row.kind, row.about), _missed(row)
                asked = EscalateDeadline(kind=row.kind, about=row.about, due_on=row.due_on)
                perform(session, row.ref, asked, SYSTEM, clock())
        except Refused:  # met, moved or escalated by somebody else in the moment before its case was locked
            continue
        except Exception as fault:  # whatever is wrong with one case must not stop the others
            if found is None or place is None:
                raise
            found = found._replace(fault=type(fault).__name__)
            log.error("deadline set aside", case=found.case_ref, kind=found.kind, fault=found.fault)
            with database.writing() as session:
                _put_aside(session, place, type(fault).__name__, clock())
        yield found


def set_aside(session: Session) -> list[tuple[str, Deadline]]:
    """The missed deadlines that could not be escalated, with their cases' references, the oldest first."""
    query = select(Case.ref, Deadline).join(Case, Case.id == Deadline.case_id)
    query = query.where(WAITS, Deadline.attempts > literal_column("0")).order_by(*PLACE)
    return [(ref, one) for ref, one in session.execute(query)]


WAITS = (Deadline.status == literal_column("'open'")) & Deadline.escalated_on.is_(None)
"""As the index has it, word for word, so that a prepared statement can use it."""


def _next(now: datetime, after: Place | None) -> Select[str, date, int, str, int]:
    """The first missed deadline after a place whose case nobody holds; and its case, held."""
    missed = deadlines.missed_by(london_date(now), rulebook().deadlines)
    query = select(Case.ref, *PLACE).join(Case, Case.id == Deadline.case_id)
    query = query.where(WAITS, missed, or_(Deadline.retry_at.is_(None), Deadline.retry_at <= now))
    if after is not None:
        query = query.where(tuple_(*PLACE) > after)
    return query.order_by(*PLACE).limit(1).with_for_update(of=Case, skip_locked=True)


def _missed(row: Row[str, date, int, str, int]) -> Missed:
    return Missed(row.ref, row.kind, row.about, row.due_on)


def _put_aside(session: Session, place: Place, fault: str, now: datetime) -> None:
    """Keep what went wrong where a person can see it, and when it is tried again."""
    due_on, case_id, kind, about = place
    this = (Deadline.due_on == due_on, Deadline.case_id == case_id, Deadline.kind == kind, Deadline.about == about)
    row = session.scalars(select(Deadline).where(WAITS, *this).with_for_update()).one_or_none()
    if row is not None:
        row.attempts += 1
        row.fault, row.retry_at = fault[:60], now + wait(row.attempts)
