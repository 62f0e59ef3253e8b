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
from divert.worker.outbox import backoff

log = structlog.get_logger(__name__)

PLACE = (Deadline.due_on, Deadline.case_id, Deadline.kind, Deadline.about)
"""A deadline's place in the sweep, the oldest first: of those that are open, no two have the same."""

Place = tuple[date, int, str, int]


class MissedDeadline(NamedTuple):
    """A deadline that passed. `fault` is why it could not be escalated (the kind of error alone: no personal data)."""

    case_ref: str
    kind: str
    about: int
    due_on: date
    fault: str | None = None


def sweep(database: Database, clock: Clock) -> Iterator[MissedDeadline]:
    """Escalate each missed deadline in a transaction of its own, and answer it.

    One that fails is set aside and tried again later, further and further apart. A case that somebody is busy with is
    passed by, and left to whoever holds it or to the next sweep.
    """
    place: Place | None = None
    while True:
        missed: MissedDeadline | None = None
        try:
            with database.writing() as session:
                row = session.execute(_next_missed(clock(), place)).first()
                if row is None:
                    return
                place, missed = (row.due_on, row.case_id, row.kind, row.about), _missed_deadline(row)
                command = EscalateDeadline(kind=row.kind, about=row.about, due_on=row.due_on)
                perform(session, row.ref, command, SYSTEM, clock())
        except Refused:  # met, moved or escalated by somebody else in the moment before its case was locked
            continue
        except Exception as error:  # whatever is wrong with one case must not stop the others
            if missed is None or place is None:
                raise
            missed = missed._replace(fault=type(error).__name__)
            log.error("deadline set aside", case=missed.case_ref, kind=missed.kind, fault=missed.fault)
            with database.writing() as session:
                _set_aside(session, place, type(error).__name__, clock())
        yield missed


def deadlines_set_aside(session: Session) -> list[tuple[str, Deadline]]:
    """The missed deadlines that could not be escalated, with their cases' references, the oldest first."""
    query = select(Case.ref, Deadline).join(Case, Case.id == Deadline.case_id)
    query = query.where(UNESCALATED, Deadline.attempts > literal_column("0")).order_by(*PLACE)
    return [(ref, deadline) for ref, deadline in session.execute(query)]


UNESCALATED = (Deadline.status == literal_column("'open'")) & Deadline.escalated_on.is_(None)
"""As the index has it, word for word, so that a prepared statement can use it."""


def _next_missed(now: datetime, after: Place | None) -> Select[str, date, int, str, int]:
    """The first missed deadline after a place whose case nobody holds; and its case, held."""
    missed = deadlines.missed_by(london_date(now), rulebook().deadlines)
    query = select(Case.ref, *PLACE).join(Case, Case.id == Deadline.case_id)
    query = query.where(UNESCALATED, missed, or_(Deadline.retry_at.is_(None), Deadline.retry_at <= now))
    if after is not None:
        query = query.where(tuple_(*PLACE) > after)
    return query.order_by(*PLACE).limit(1).with_for_update(of=Case, skip_locked=True)


def _missed_deadline(row: Row[str, date, int, str, int]) -> MissedDeadline:
    return MissedDeadline(row.ref, row.kind, row.about, row.due_on)


def _set_aside(session: Session, place: Place, fault: str, now: datetime) -> None:
    """Keep what went wrong where a person can see it, and when it is tried again."""
    due_on, case_id, kind, about = place
    key = (Deadline.due_on == due_on, Deadline.case_id == case_id, Deadline.kind == kind, Deadline.about == about)
    deadline = session.scalars(select(Deadline).where(UNESCALATED, *key).with_for_update()).one_or_none()
    if deadline is not None:
        deadline.attempts += 1
        deadline.fault, deadline.retry_at = fault[:60], now + backoff(deadline.attempts)
