"""What the board's counts are made of, read from casework's own history: never names, never words, never who looked.

Rows are read a batch of cases at a time, as columns. Instants come as text of UTC from both databases, and PostgreSQL
sends by COPY, which is several times as fast as rows.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, Select, String, case, func, select, type_coerce
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from divert.models import (
    Allocation,
    Appointment,
    Breach,
    Case,
    Check,
    Condition,
    Deadline,
    Decision,
    EarlierPost,
    LedgerEntry,
    NeedScore,
    PanelEntry,
    Person,
    Staff,
    Victim,
)
from divert.models.case import PRECAUTIONARY_LIMIT, STATUTORY_LIMIT

SPEAK = (
    "close-case",
    "correct-attendance",
    "correct-condition",
    "correct-facts",
    "decide-breach",
    "record-attendance",
    "record-charging-decision",
    "record-follow-up",
    "record-victim-views",
)
"""The commands whose bodies say something that is counted."""

CHANGE_PLACES = ("correct-facts", "merge-person")
"""The commands after which a case may stand at another place of a cut."""

Chosen = Callable[[InstrumentedAttribute[int]], ColumnElement[bool]]
"""Which cases: a condition on a column that holds their ids."""


@dataclass(frozen=True)
class History:
    """The rows of some cases, a frame a table. `at` is the instant at which a row was recorded."""

    cases: pl.DataFrame
    ledger: pl.DataFrame
    checks: pl.DataFrame
    decisions: pl.DataFrame
    allocations: pl.DataFrame
    needs: pl.DataFrame
    conditions: pl.DataFrame
    appointments: pl.DataFrame
    breaches: pl.DataFrame
    limits: pl.DataFrame


TEXT, NUMBER, FLAG, DAY, INSTANT = pl.String(), pl.Int64(), pl.Boolean(), pl.Date(), pl.Datetime("us", "UTC")
Columns = dict[str, tuple[Any, pl.DataType]]


def read(session: Session, chosen: Chosen) -> History:
    """Everything that is counted about the chosen cases."""
    frames = {name: fetched(session, *query(chosen)) for name, query in QUERIES.items()}
    return History(**frames)


def touched_since(session: Session, at: datetime | None) -> list[int]:
    """The cases to which anything was done after an instant; None: ever."""
    if at is None:
        return list(session.scalars(select(Case.id).order_by(Case.id)))
    return sorted(set(session.scalars(select(LedgerEntry.case_id).where(LedgerEntry.at > at))))


def findings(session: Session) -> pl.DataFrame:
    """What the scrutiny panel agreed, entry by entry; and the meetings at which it did, with the packs before each."""
    columns: Columns = {
        "meeting": (PanelEntry.meeting, NUMBER),
        "seq": (PanelEntry.seq, NUMBER),
        "at": (PanelEntry.at, INSTANT),
        "command": (PanelEntry.command, TEXT),
        "body": (PanelEntry.body, TEXT),
    }
    return fetched(
        session, _of(columns, PanelEntry.command.in_(("open-meeting", "take-additions", "agree-finding"))), columns
    )


def _cases(chosen: Chosen) -> tuple[Select[Any], Columns]:
    born = Person.date_of_birth
    last = select(Check.facts).where(Check.case_id == Case.id).order_by(Check.seq.desc()).limit(1)
    facts = last.correlate(Case).scalar_subquery()
    columns: Columns = {
        "case": (Case.id, NUMBER),
        "opened_at": (Case.opened_at, INSTANT),
        "referred_on": (Case.referred_on, DAY),
        "district": (Case.district, TEXT),
        "offence": (Case.offence_code, TEXT),
        "sex": (Person.sex, TEXT),
        "ethnicity": (Person.ethnicity, TEXT),
        "born_on": (born, DAY),
        "facts": (case((born.is_(None), facts)), TEXT),  # an age outlives the date of birth in them
        "outcome": (Case.outcome_code, NUMBER),
        "victim": (Victim.kind, TEXT),
        "views": (Victim.views, TEXT),
    }
    return _of(columns, chosen(Case.id), lambda query: query.join(Person).outerjoin(Victim)), columns


def _ledger(chosen: Chosen) -> tuple[Select[Any], Columns]:
    one = LedgerEntry
    moved = one.from_state.is_(None) | (one.from_state != one.to_state)
    later, other, same = aliased(LedgerEntry), aliased(Case), aliased(Case)
    changed = select(later.case_id).where(chosen(later.case_id), later.command.in_(CHANGE_PLACES))
    again = select(other.id).join(same, (same.person_id == other.person_id) & (same.id != other.id))
    # Only then can what was said at referral differ from what stands.
    differs = one.case_id.in_(changed.union(again.where(chosen(other.id))))
    columns: Columns = {
        "case": (one.case_id, NUMBER),
        "seq": (one.seq, NUMBER),
        "at": (one.at, INSTANT),
        "command": (one.command, TEXT),
        "before": (type_coerce(one.from_state, String), TEXT),
        "after": (type_coerce(one.to_state, String), TEXT),
        "body": (case((one.command.in_(SPEAK), one.body), ((one.command == "refer") & differs, one.body)), TEXT),
    }
    return _of(columns, chosen(one.case_id), lambda query: query.where(moved | one.command.in_(SPEAK))), columns


def _checks(chosen: Chosen) -> tuple[Select[Any], Columns]:
    columns: Columns = {
        "case": (Check.case_id, NUMBER),
        "seq": (Check.seq, NUMBER),
        "at": (Check.at, INSTANT),
        "verdict": (Check.verdict, TEXT),
        "because": (Check.because, TEXT),
    }
    return _of(columns, chosen(Check.case_id)), columns


def _decisions(chosen: Chosen) -> tuple[Select[Any], Columns]:
    columns: Columns = {
        "case": (Decision.case_id, NUMBER),
        "seq": (Decision.seq, NUMBER),
        "at": (Decision.at, INSTANT),
        "side": (Decision.side, TEXT),
        "accept": (Decision.accept, FLAG),
        "override": (Decision.override, FLAG),
    }
    return _of(columns, chosen(Decision.case_id)), columns


def _allocations(chosen: Chosen) -> tuple[Select[Any], Columns]:
    left = (EarlierPost.username == Allocation.keyworker) & (EarlierPost.until > Allocation.from_at)
    then = select(type_coerce(EarlierPost.role, String)).where(left).order_by(EarlierPost.until).limit(1)
    columns: Columns = {
        "case": (Allocation.case_id, NUMBER),
        "seq": (Allocation.seq, NUMBER),
        "at": (Allocation.from_at, INSTANT),
        "post": (func.coalesce(then.scalar_subquery(), type_coerce(Staff.role, String)), TEXT),
    }
    posts = Staff.username == Allocation.keyworker
    return _of(columns, chosen(Allocation.case_id), lambda query: query.outerjoin(Staff, posts)), columns


def _needs(chosen: Chosen) -> tuple[Select[Any], Columns]:
    made = aliased(LedgerEntry)
    columns: Columns = {
        "case": (NeedScore.case_id, NUMBER),
        "seq": (NeedScore.seq, NUMBER),
        "at": (made.at, INSTANT),
        "need": (NeedScore.need, TEXT),
        "stage": (NeedScore.stage, TEXT),
        "score": (NeedScore.score, NUMBER),
    }
    by = (made.case_id == NeedScore.case_id) & (made.seq == NeedScore.seq)
    compared = NeedScore.stage.in_(("entry", "exit"))
    return _of(columns, chosen(NeedScore.case_id), lambda query: query.join(made, by).where(compared)), columns


def _conditions(chosen: Chosen) -> tuple[Select[Any], Columns]:
    columns: Columns = {
        "case": (Condition.case_id, NUMBER),
        "number": (Condition.number, NUMBER),
        "kind": (Condition.kind, TEXT),
        "provider": (Condition.provider, TEXT),
        "status": (Condition.status, TEXT),
    }
    return _of(columns, chosen(Condition.case_id)), columns


def _appointments(chosen: Chosen) -> tuple[Select[Any], Columns]:
    columns: Columns = {
        "case": (Appointment.case_id, NUMBER),
        "number": (Appointment.number, NUMBER),
        "at": (Appointment.at, INSTANT),
        "attended": (Appointment.attended, FLAG),
        "fault": (Appointment.fault, TEXT),
    }
    past = Appointment.status == "past"
    return _of(columns, chosen(Appointment.case_id), lambda query: query.where(past)), columns


def _breaches(chosen: Chosen) -> tuple[Select[Any], Columns]:
    made = aliased(LedgerEntry)
    columns: Columns = {
        "case": (Breach.case_id, NUMBER),
        "seq": (Breach.seq, NUMBER),
        "at": (made.at, INSTANT),
        "kind": (Breach.kind, TEXT),
    }
    by = (made.case_id == Breach.case_id) & (made.seq == Breach.seq)
    return _of(columns, chosen(Breach.case_id), lambda query: query.join(made, by)), columns


def _limits(chosen: Chosen) -> tuple[Select[Any], Columns]:
    set_by, ended_by = aliased(LedgerEntry), aliased(LedgerEntry)
    columns: Columns = {
        "case": (Deadline.case_id, NUMBER),
        "kind": (Deadline.kind, TEXT),
        "due_on": (Deadline.due_on, DAY),
        "at": (set_by.at, INSTANT),
        "until": (ended_by.at, INSTANT),
        "until_seq": (Deadline.until_seq, NUMBER),
    }
    began = (set_by.case_id == Deadline.case_id) & (set_by.seq == Deadline.seq)
    ended = (ended_by.case_id == Deadline.case_id) & (ended_by.seq == Deadline.until_seq)

    def joined(query: Select[Any]) -> Select[Any]:
        kinds = Deadline.kind.in_((STATUTORY_LIMIT, PRECAUTIONARY_LIMIT))
        return query.join(set_by, began).outerjoin(ended_by, ended).where(kinds)

    return _of(columns, chosen(Deadline.case_id), joined), columns


QUERIES: dict[str, Callable[[Chosen], tuple[Select[Any], Columns]]] = {
    "cases": _cases,
    "ledger": _ledger,
    "checks": _checks,
    "decisions": _decisions,
    "allocations": _allocations,
    "needs": _needs,
    "conditions": _conditions,
    "appointments": _appointments,
    "breaches": _breaches,
    "limits": _limits,
}


def _of(
    columns: Columns, where: ColumnElement[bool], also: Callable[[Select[Any]], Select[Any]] = lambda query: query
) -> Select[Any]:
    """The columns, instants as the database writes them."""
    written = (
        (type_coerce(column, String) if kind == INSTANT else column).label(name)
        for name, (column, kind) in columns.items()
    )
    return also(select(*written)).where(where)


def fetched(session: Session, query: Select[Any], columns: Columns) -> pl.DataFrame:
    """What a query answers, as columns."""
    bind = session.connection()
    said = str(query.compile(bind, compile_kwargs={"literal_binds": True}))
    names = list(columns)
    driver: Any = bind.connection.driver_connection
    if bind.dialect.name == "sqlite":
        rows = driver.execute(said).fetchall()
        written = {name: pl.Int64 if kind in (NUMBER, FLAG) else pl.String for name, (_, kind) in columns.items()}
        return pl.DataFrame(rows, schema=written, orient="row").with_columns(*_typed(columns))
    with driver.cursor() as cursor:
        cursor.execute("SET LOCAL timezone TO 'UTC'")
        with cursor.copy(f"COPY ({said}) TO STDOUT (FORMAT csv)") as copied:
            sent = b"".join(copied)
    if not sent:
        return pl.DataFrame(schema={name: kind for name, (_, kind) in columns.items()})
    written = {name: pl.Int64 if kind == NUMBER else pl.String for name, (_, kind) in columns.items()}
    frame = pl.read_csv(io.BytesIO(sent), has_header=False, new_columns=names, schema_overrides=[*written.values()])
    return frame.with_columns(*_typed(columns))


def _typed(columns: Columns) -> list[pl.Expr]:
    """Text as what it is: a day, an instant, a yes or no."""
    typed = []
    for name, (_, kind) in columns.items():
        column = pl.col(name)
        if kind == DAY:
            typed.append(column.str.to_date("%Y-%m-%d"))
        elif kind == INSTANT:
            plain = column.str.strip_suffix("+00")
            typed.append(plain.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", time_zone="UTC"))
        elif kind == FLAG:
            typed.append(column.cast(pl.String).is_in(["1", "t"]).alias(name))
    return typed
