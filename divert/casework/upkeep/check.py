"""The invariants of a whole database: what must be true of every case, proved row by row and by replay."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from divert.acts.chain import Fault
from divert.casework import deadlines
from divert.casework.commands.documents import sha256
from divert.casework.obligations import outstanding
from divert.casework.upkeep.disposal import left_of
from divert.casework.upkeep.replay import replay, scratch
from divert.models import FINAL, OPEN, Case, File, LedgerEntry, Model, OutboxMessage, Person, State
from divert.policies.adopted import judgement_stands
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
            yield from _invariants(case)
            if case.disposed_at is not None:
                yield from (Fault(case.ref, None, f"disposed of, but not its {one}") for one in left_of(session, case))
            yield from replayed(session, case, other)
            session.expunge_all()


def _invariants(case: Case) -> Iterator[Fault]:
    for true, what in _statements(case):
        if not true:
            yield Fault(case.ref, None, what)


def _statements(case: Case) -> Iterator[tuple[bool, str]]:
    waiting = [one for one in case.deadlines if one.status == "open"]
    held = [one.keyworker for one in case.allocations if one.to_at is None]
    wanted = {(kind, one.about, one.since) for kind, one in outstanding(case)}
    if case.state in OPEN:
        yield any(deadlines.in_somebodys_hands(case)), "it is open and waits for nobody"
        yield case.held_by is not None, "it is open and is nobody's"
    yield {(one.kind, one.about, one.since) for one in waiting} == wanted, "its deadlines are not what is outstanding"
    yield held == ([case.keyworker] if case.keyworker else []), "its keyworker is not the one allocated now"
    if case.state in (State.accepted, State.active, State.breach_review, State.completed):
        decided = [case.decision("police"), case.decision("probation")]
        yield all(one and one.accept for one in decided), "it was taken without both sides agreeing"
        yield len({one.by for one in decided if one}) == 2, "both sides were decided by one person"
    if case.state in (State.active, State.breach_review, State.completed):
        yield case.contract is not None, "it runs without a contract"
    if case.state is State.breach_review:
        yield any(one.decision is None for one in case.breaches), "it is in breach review with nothing to review"
    if case.state is State.completed:
        yield all(one.status != "open" for one in case.conditions), "it was completed with a condition open"
    if case.state in (State.completed, State.prosecuted):
        yield case.outcome_code is not None, "it ended without an outcome code"
    if case.state is State.closed:
        yield case.close_reason is not None, "it was closed without a reason"
    yield all(judgement_stands(one) for one in case.checks), "an eligibility check comes to something else again"
    yield all(sha256(one.pdf) == one.sha256 for one in case.documents), "a document is not the one that was issued"
    if case.state in FINAL:
        yield all(one.status != "booked" for one in case.appointments), "it is ended with an appointment booked"


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
        for table, mine, replayed_rows in _rows(session, case, other, again):
            if mine != replayed_rows:
                yield Fault(case.ref, None, f"its {table} are not what its history comes to")
    other.rollback()


def _rows(session: Session, case: Case, other: Session, again: Case) -> Iterator[tuple[str, Any, Any]]:
    yield "case row", _values(case), _values(again)
    alone = session.scalar(select(func.count()).where(Case.person_id == case.person_id)) == 1
    merged = any(entry.command == "merge-person" for entry in ledger.entries_of(session, case))
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
