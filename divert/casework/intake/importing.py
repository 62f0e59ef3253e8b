"""A referral file taken in the background: what it came to so far stands in the database, for any page to read.

What a batch came to is noted in the transaction that takes it: a run that was cut short goes on where it stopped.
"""

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from io import BytesIO
from itertools import islice

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from divert.casework.intake.referral_file import Outcome, check_shape, rows, take_in_batches
from divert.clock import Clock
from divert.db import Database
from divert.models import Import, ImportedRow
from divert.people.staff import active

KEPT = timedelta(days=7)
"""How long a file and what became of it can be read."""

SILENT = timedelta(minutes=2)
"""A run that has not come on for so long was cut short."""


def purge(session: Session, at: datetime) -> None:
    """Delete what is too old, whosever it is."""
    session.execute(delete(Import).where(Import.begun_at <= at - KEPT))


def begin(session: Session, username: str, file: bytes, at: datetime, *, dry_run: bool) -> str:
    """A new run of a whole file. Raises FileRefused for one that is not."""
    count = check_shape(BytesIO(file))
    run = Import(
        id=secrets.token_urlsafe(32),
        username=username,
        begun_at=at,
        beat_at=at,
        dry_run=dry_run,
        rows=count,
        file=file,
    )
    session.add(run)
    return run.id


def find(session: Session, ref: str, username: str) -> Import | None:
    """The run with this reference, if it is this person's."""
    run = session.get(Import, ref)
    return run if run is not None and run.username == username else None


def begun_by(session: Session, username: str) -> list[Import]:
    """Everything this person has lately begun, the latest first."""
    return list(session.scalars(select(Import).where(Import.username == username).order_by(Import.begun_at.desc())))


def results(session: Session, run: Import) -> dict[str, int]:
    """How many rows came to what so far."""
    query = select(ImportedRow.result, func.count()).where(ImportedRow.import_id == run.id).group_by(ImportedRow.result)
    return {str(result): int(count) for result, count in session.execute(query.order_by(ImportedRow.result))}


def outcomes(session: Session, run: Import, result: str | None = None) -> list[ImportedRow]:
    """What each row came to, in the file's order; only those that came to `result`, if one is named."""
    query = select(ImportedRow).where(ImportedRow.import_id == run.id).order_by(ImportedRow.row)
    return list(session.scalars(query if result is None else query.where(ImportedRow.result == result)))


def was_cut_short(run: Import, at: datetime) -> bool:
    """Whether nobody is at work on it any more."""
    return run.ended_at is None and run.beat_at < at - SILENT


def run(database: Database, ref: str, clock: Clock, stopping: Callable[[], bool]) -> None:
    """Take the rest of a file, batch by batch, until it is done or the service stops."""
    with database.reading() as session:
        started = session.get_one(Import, ref)
        by = active(session, started.username)
        noted = session.scalar(select(func.max(ImportedRow.row)).where(ImportedRow.import_id == ref)) or 0
    if by is None:
        return

    def note(session: Session, outcomes: Sequence[Outcome]) -> None:
        session.add_all(_noted(ref, outcome) for outcome in outcomes if outcome.row > noted)
        session.execute(update(Import).where(Import.id == ref).values(beat_at=clock()))

    # a trial begins again at the first row: what it had come to is nowhere
    waiting = islice(rows(BytesIO(started.file)), 0 if started.dry_run else noted, None)
    for _ in take_in_batches(database, waiting, by, clock, dry_run=started.dry_run, note=note):
        if stopping():
            return
    with database.writing() as session:
        session.execute(update(Import).where(Import.id == ref).values(ended_at=clock()))


def _noted(ref: str, outcome: Outcome) -> ImportedRow:
    return ImportedRow(
        import_id=ref,
        row=outcome.row,
        crime_ref=outcome.crime_ref,
        result=outcome.result,
        because=" ".join(outcome.because),
        why=" ".join(outcome.why),
    )
