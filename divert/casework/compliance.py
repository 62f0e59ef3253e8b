"""How a contract was kept: as it is known now, and as it was known at any earlier moment.

Two times are kept apart: `recorded_at`, the instant at which something was put on record, and `effective_on`, the day
it is true of. Late evidence changes the present standing and never the earlier record, which stays in the ledger.
"""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import func, select

from divert.casework.command import Context
from divert.casework.commands.appointments import CorrectAttendance
from divert.casework.commands.conditions import CorrectCondition, MarkConditionKept, RecordProgress, WaiveCondition
from divert.clock import london_date
from divert.models import Case, Condition, LedgerEntry

STANDING = {MarkConditionKept.slug(): "kept", WaiveCondition.slug(): "waived", RecordProgress.slug(): None}
"""What each command says of a condition; None: nothing that settles it. A correction says it itself."""

EVIDENCE = (CorrectCondition.slug(), CorrectAttendance.slug())


class Statement(NamedTuple):
    """One thing recorded about a condition. `standing`: kept, waived, open; None where it is progress."""

    seq: int
    recorded_at: datetime
    by: str
    effective_on: date
    standing: str | None
    words: str


class Compliance(NamedTuple):
    """One condition: how it stands, whether that was in time (None: not kept), and everything said about it."""

    number: int
    standing: str
    settled_on: date | None
    due_on: date | None
    in_time: bool | None
    statements: list[Statement]


def compliance(case: Case, entries: Sequence[LedgerEntry]) -> list[Compliance]:
    """Each condition that is part of the contract, as now known. `entries` are the case's, first to last."""
    statements: dict[int, list[Statement]] = {}
    for entry in entries:
        if entry.body is not None and (entry.command in STANDING or entry.command == CorrectCondition.slug()):
            body = json.loads(entry.body)
            statements.setdefault(body["condition"], []).append(_statement(entry, body))
    return [
        Compliance(
            number=condition.number,
            standing=condition.status,
            settled_on=condition.settled_on,
            due_on=due(case, condition),
            in_time=_in_time(case, condition),
            statements=statements.get(condition.number, []),
        )
        for condition in case.conditions
        if condition.status != "withdrawn"
    ]


def due(case: Case, condition: Condition) -> date | None:
    """The last day to keep a condition: its own, or the contract's."""
    return condition.due_on or (case.contract.ends_on if case.contract is not None else None)


def evidence_since(case: Case, context: Context, commands: Sequence[str]) -> list[LedgerEntry]:
    """The corrections put on record since one of these commands was last carried out on the case, in order."""
    last = select(func.max(LedgerEntry.seq)).where(LedgerEntry.case_id == case.id, LedgerEntry.command.in_(commands))
    query = select(LedgerEntry).where(
        LedgerEntry.case_id == case.id, LedgerEntry.command.in_(EVIDENCE), LedgerEntry.seq > last.scalar_subquery()
    )
    return list(context.session.scalars(query.order_by(LedgerEntry.seq)))


def _statement(entry: LedgerEntry, body: dict[str, str]) -> Statement:
    standing = STANDING.get(entry.command) if entry.command in STANDING else "kept" if body["kept"] else "open"
    on = body.get("kept_on") or body.get("effective_on")
    return Statement(
        seq=entry.seq,
        recorded_at=entry.at,
        by=entry.by,
        effective_on=date.fromisoformat(on) if on else london_date(entry.at),
        standing=standing,
        words=body.get("evidence") or body["reasons"],
    )


def _in_time(case: Case, condition: Condition) -> bool | None:
    last = due(case, condition)
    return condition.settled_on <= last if condition.status == "kept" and condition.settled_on and last else None
