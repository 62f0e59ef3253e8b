"""The sweep: every deadline that has passed with nothing done is escalated, once, through the one writer."""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

import structlog
from sqlalchemy import select

from divert.casework.commands.ending import EscalateDeadline
from divert.casework.workflow import perform
from divert.clock import Clock, london_date
from divert.db import Database
from divert.models import OPEN, Case, Deadline
from divert.people.staff import SYSTEM

log = structlog.get_logger(__name__)


class Missed(NamedTuple):
    """A deadline that passed. `fault` is why it could not be escalated (the kind of error alone: no personal data)."""

    case_ref: str
    kind: str
    due_on: date
    fault: str | None = None


def missed(database: Database, today: date) -> list[Missed]:
    """Open deadlines of open cases whose day is over and which nobody has been told of, the oldest first."""
    query = (
        select(Case.ref, Deadline.kind, Deadline.due_on)
        .join(Case, Case.id == Deadline.case_id)
        .where(
            Deadline.status == "open",
            Deadline.due_on < today,
            Deadline.escalated_on.is_(None),
            Case.state.in_(OPEN),
        )
        .order_by(Deadline.due_on, Case.id)
    )
    with database.reading() as session:
        return [Missed(row.ref, row.kind, row.due_on) for row in session.execute(query)]


def sweep(database: Database, clock: Clock) -> Iterator[Missed]:
    """Escalate each missed deadline in a transaction of its own, and answer it; one that fails is set aside.

    Two sweeps at once do no harm: the guard lets each deadline be escalated once. The next sweep tries again what
    this one set aside.
    """
    for one in missed(database, london_date(clock())):
        try:
            with database.writing() as session:
                perform(session, one.case_ref, EscalateDeadline(kind=one.kind, due_on=one.due_on), SYSTEM, clock())
        except Exception as fault:  # whatever is wrong with one case must not stop the others
            one = one._replace(fault=type(fault).__name__)
            log.error("deadline set aside", case=one.case_ref, kind=one.kind, fault=one.fault)
        yield one
