"""The sweep: every deadline that has passed with nothing done is escalated, once, through the one writer."""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

import structlog
from sqlalchemy import select

from divert.casework import deadlines
from divert.casework.commands.deadline import EscalateDeadline
from divert.casework.workflow import Refused, perform
from divert.clock import Clock, london_date
from divert.db import Database
from divert.models import Case, Deadline
from divert.people.staff import SYSTEM
from divert.rulebook import rulebook

log = structlog.get_logger(__name__)


class Missed(NamedTuple):
    """A deadline that passed. `fault` is why it could not be escalated (the kind of error alone: no personal data)."""

    case_ref: str
    kind: str
    about: int
    due_on: date
    fault: str | None = None


def missed(database: Database, today: date) -> list[Missed]:
    """Open deadlines whose day is over and which nobody has been told of, the oldest first."""
    query = (
        select(Case.ref, Deadline.kind, Deadline.about, Deadline.due_on)
        .join(Case, Case.id == Deadline.case_id)
        .where(Deadline.status == "open", Deadline.due_on <= today, Deadline.escalated_on.is_(None))
        .order_by(Deadline.due_on, Case.id)
    )
    rules = rulebook().deadlines
    with database.reading() as session:
        due = [Missed(row.ref, row.kind, row.about, row.due_on) for row in session.execute(query)]
    return [one for one in due if deadlines.is_missed(one.kind, one.due_on, today, rules)]


def sweep(database: Database, clock: Clock) -> Iterator[Missed]:
    """Escalate each missed deadline in a transaction of its own, and answer it; one that fails is set aside.

    Two sweeps at once do no harm: the guard lets each deadline be escalated once. The next sweep tries again what
    this one set aside.
    """
    for one in missed(database, london_date(clock())):
        try:
            with database.writing() as session:
                asked = EscalateDeadline(kind=one.kind, about=one.about, due_on=one.due_on)
                perform(session, one.case_ref, asked, SYSTEM, clock())
        except Refused:  # met, moved or escalated by somebody else since it was listed
            continue
        except Exception as fault:  # whatever is wrong with one case must not stop the others
            one = one._replace(fault=type(fault).__name__)
            log.error("deadline set aside", case=one.case_ref, kind=one.kind, fault=one.fault)
        yield one
