"""A whole database proved: its ledger, the invariants of every case, and every case by replay."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from divert.acts.chain import Fault
from divert.casework.commands.record import MergePerson
from divert.casework.upkeep.disposal import tables_left
from divert.casework.upkeep.invariants import breaches
from divert.casework.upkeep.replay import replay, scratch
from divert.models import Case, File, LedgerEntry, Model, OutboxMessage, Person
from divert.records import ledger

OF_A_CASE = [
    mapper.class_
    for mapper in Model.registry.mappers
    if "case_id" in mapper.columns and mapper.class_ not in (LedgerEntry, OutboxMessage, File)
]
NOT_REPLAYED = {"id", "case_id", "person_id", "head", "version", "pdf", "attempts", "fault", "retry_at"}


def check(session: Session) -> Iterator[Fault]:
    """Every breach of an invariant. Nothing yielded: each case has a history that verifies, replays to what is stored,
    and, while open, an owner and a deadline."""
    yield from ledger.verify(session)
    with scratch(session) as other:
        for case_id in session.scalars(select(Case.id).order_by(Case.id)).all():
            case = session.get_one(Case, case_id)
            yield from (Fault(case.ref, None, breach) for breach in breaches(case))
            if case.disposed_at is not None:
                left = tables_left(session, case)
                yield from (Fault(case.ref, None, f"disposed of, but not its {table}") for table in left)
            yield from replayed(session, case, other)
            session.expunge_all()


def replayed(session: Session, case: Case, other: Session) -> Iterator[Fault]:
    """Where carrying out a case's entries again, in an empty database, comes to other rows than are stored."""
    entries = ledger.entries_of(session, case)
    if any(entry.body is None for entry in entries):
        return  # disposed of lawfully: what it said is gone, and with it the way to say it again
    for entry, again in replay(other, case.ref, entries):
        if again.state != entry.to_state:
            yield Fault(case.ref, entry.seq, f"replayed, it comes to {again.state}, not {entry.to_state}")
            break
    else:
        for table, stored, replayed_rows in _rows(session, case, other, again):
            if stored != replayed_rows:
                yield Fault(case.ref, None, f"its {table} are not what its history comes to")
    other.rollback()


def _rows(session: Session, case: Case, other: Session, again: Case) -> Iterator[tuple[str, Any, Any]]:
    yield "case row", _values(case), _values(again)
    alone = session.scalar(select(func.count()).where(Case.person_id == case.person_id)) == 1
    merged = any(entry.command == MergePerson.slug() for entry in ledger.entries_of(session, case))
    if alone and not merged:
        yield "person", _values(case.person), _values(again.person)
    for table in OF_A_CASE:
        yield table.__tablename__, _all(session, table, case.id), _all(other, table, again.id)


def _all(session: Session, table: Any, case_id: int) -> list[dict[str, Any]]:
    rows = session.scalars(select(table).where(table.case_id == case_id)).all()
    return sorted((_values(row) for row in rows), key=str)


def _values(row: Case | Person | Any) -> dict[str, Any]:
    return {
        column.key: getattr(row, column.key)
        for column in type(row).__mapper__.column_attrs
        if column.key not in NOT_REPLAYED
    }
