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

from divert.casework.commands.appointments import CorrectAttendance, RecordAttendance
from divert.casework.commands.breach import DecideBreach
from divert.casework.commands.conditions import CorrectCondition
from divert.casework.commands.ending import CloseCase, RecordChargingDecision
from divert.casework.commands.record import MergePerson, RecordFollowUp
from divert.casework.commands.referral import CorrectFacts, Refer
from divert.casework.commands.victim import RecordVictimViews
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
    Person,
    Staff,
    Victim,
)
from divert.models.case import PRECAUTIONARY_LIMIT, STATUTORY_LIMIT

COUNTED_COMMANDS = tuple(
    command.slug()
    for command in (
        CloseCase,
        CorrectAttendance,
        CorrectCondition,
        CorrectFacts,
        DecideBreach,
        RecordAttendance,
        RecordChargingDecision,
        RecordFollowUp,
        RecordVictimViews,
    )
)
"""The commands whose bodies say something that is counted."""

MOVING_COMMANDS = (CorrectFacts.slug(), MergePerson.slug())
"""The commands after which a case may stand at another place of a breakdown."""

CaseFilter = Callable[[InstrumentedAttribute[int]], ColumnElement[bool]]
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


def read(session: Session, of_cases: CaseFilter) -> History:
    """Everything that is counted about the chosen cases."""
    frames = {name: fetch(session, *query(of_cases)) for name, query in QUERIES.items()}
    return History(**frames)


def changed_since(session: Session, at: datetime | None) -> list[int]:
    """The cases to which anything was done after an instant; None: ever."""
    if at is None:
        return list(session.scalars(select(Case.id).order_by(Case.id)))
    return sorted(set(session.scalars(select(LedgerEntry.case_id).where(LedgerEntry.at > at))))


def _cases(of_cases: CaseFilter) -> tuple[Select[Any], Columns]:
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
    return _select(columns, of_cases(Case.id), lambda query: query.join(Person).outerjoin(Victim)), columns


def _ledger(of_cases: CaseFilter) -> tuple[Select[Any], Columns]:
    entry = LedgerEntry
    is_move = entry.from_state.is_(None) | (entry.from_state != entry.to_state)
    is_counted = entry.command.in_(COUNTED_COMMANDS)
    later, case_, same_person = aliased(LedgerEntry), aliased(Case), aliased(Case)
    moved = select(later.case_id).where(of_cases(later.case_id), later.command.in_(MOVING_COMMANDS))
    of_one_person = (same_person.person_id == case_.person_id) & (same_person.id != case_.id)
    referred_again = select(case_.id).join(same_person, of_one_person).where(of_cases(case_.id))
    # Only then can what was said at referral differ from what stands.
    may_differ = entry.case_id.in_(moved.union(referred_again))
    columns: Columns = {
        "case": (entry.case_id, NUMBER),
        "seq": (entry.seq, NUMBER),
        "at": (entry.at, INSTANT),
        "command": (entry.command, TEXT),
        "before": (type_coerce(entry.from_state, String), TEXT),
        "after": (type_coerce(entry.to_state, String), TEXT),
        "body": (case((is_counted, entry.body), ((entry.command == Refer.slug()) & may_differ, entry.body)), TEXT),
    }
    return _select(columns, of_cases(entry.case_id), lambda query: query.where(is_move | is_counted)), columns


def _checks(of_cases: CaseFilter) -> tuple[Select[Any], Columns]:
    columns: Columns = {
        "case": (Check.case_id, NUMBER),
        "seq": (Check.seq, NUMBER),
        "at": (Check.at, INSTANT),
        "verdict": (Check.verdict, TEXT),
        "because": (Check.because, TEXT),
    }
    return _select(columns, of_cases(Check.case_id)), columns


def _decisions(of_cases: CaseFilter) -> tuple[Select[Any], Columns]:
    columns: Columns = {
        "case": (Decision.case_id, NUMBER),
        "seq": (Decision.seq, NUMBER),
        "at": (Decision.at, INSTANT),
        "side": (Decision.side, TEXT),
        "accept": (Decision.accept, FLAG),
        "override": (Decision.override, FLAG),
    }
    return _select(columns, of_cases(Decision.case_id)), columns


def _allocations(of_cases: CaseFilter) -> tuple[Select[Any], Columns]:
    held_then = (EarlierPost.username == Allocation.keyworker) & (EarlierPost.until > Allocation.from_at)
    post = select(type_coerce(EarlierPost.role, String)).where(held_then).order_by(EarlierPost.until).limit(1)
    columns: Columns = {
        "case": (Allocation.case_id, NUMBER),
        "seq": (Allocation.seq, NUMBER),
        "at": (Allocation.from_at, INSTANT),
        "post": (func.coalesce(post.scalar_subquery(), type_coerce(Staff.role, String)), TEXT),
    }
    keyworker = Staff.username == Allocation.keyworker
    return _select(columns, of_cases(Allocation.case_id), lambda query: query.outerjoin(Staff, keyworker)), columns


def _needs(of_cases: CaseFilter) -> tuple[Select[Any], Columns]:
    entry = aliased(LedgerEntry)
    columns: Columns = {
        "case": (NeedScore.case_id, NUMBER),
        "seq": (NeedScore.seq, NUMBER),
        "at": (entry.at, INSTANT),
        "need": (NeedScore.need, TEXT),
        "stage": (NeedScore.stage, TEXT),
        "score": (NeedScore.score, NUMBER),
    }
    made_by = (entry.case_id == NeedScore.case_id) & (entry.seq == NeedScore.seq)
    stages = NeedScore.stage.in_(("entry", "exit"))
    return _select(
        columns, of_cases(NeedScore.case_id), lambda query: query.join(entry, made_by).where(stages)
    ), columns


def _conditions(of_cases: CaseFilter) -> tuple[Select[Any], Columns]:
    columns: Columns = {
        "case": (Condition.case_id, NUMBER),
        "number": (Condition.number, NUMBER),
        "kind": (Condition.kind, TEXT),
        "provider": (Condition.provider, TEXT),
        "status": (Condition.status, TEXT),
    }
    return _select(columns, of_cases(Condition.case_id)), columns


def _appointments(of_cases: CaseFilter) -> tuple[Select[Any], Columns]:
    columns: Columns = {
        "case": (Appointment.case_id, NUMBER),
        "number": (Appointment.number, NUMBER),
        "at": (Appointment.at, INSTANT),
        "attended": (Appointment.attended, FLAG),
        "fault": (Appointment.fault, TEXT),
    }
    past = Appointment.status == "past"
    return _select(columns, of_cases(Appointment.case_id), lambda query: query.where(past)), columns


def _breaches(of_cases: CaseFilter) -> tuple[Select[Any], Columns]:
    entry = aliased(LedgerEntry)
    columns: Columns = {
        "case": (Breach.case_id, NUMBER),
        "seq": (Breach.seq, NUMBER),
        "at": (entry.at, INSTANT),
        "kind": (Breach.kind, TEXT),
    }
    made_by = (entry.case_id == Breach.case_id) & (entry.seq == Breach.seq)
    return _select(columns, of_cases(Breach.case_id), lambda query: query.join(entry, made_by)), columns


def _limits(of_cases: CaseFilter) -> tuple[Select[Any], Columns]:
    set_by, ended_by = aliased(LedgerEntry), aliased(LedgerEntry)
    columns: Columns = {
        "case": (Deadline.case_id, NUMBER),
        "kind": (Deadline.kind, TEXT),
        "due_on": (Deadline.due_on, DAY),
        "at": (set_by.at, INSTANT),
        "until": (ended_by.at, INSTANT),
        "until_seq": (Deadline.until_seq, NUMBER),
    }
    begins = (set_by.case_id == Deadline.case_id) & (set_by.seq == Deadline.seq)
    ends = (ended_by.case_id == Deadline.case_id) & (ended_by.seq == Deadline.until_seq)

    def with_entries(query: Select[Any]) -> Select[Any]:
        kinds = Deadline.kind.in_((STATUTORY_LIMIT, PRECAUTIONARY_LIMIT))
        return query.join(set_by, begins).outerjoin(ended_by, ends).where(kinds)

    return _select(columns, of_cases(Deadline.case_id), with_entries), columns


QUERIES: dict[str, Callable[[CaseFilter], tuple[Select[Any], Columns]]] = {
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


def _select(
    columns: Columns, where: ColumnElement[bool], extend: Callable[[Select[Any]], Select[Any]] = lambda query: query
) -> Select[Any]:
    """The columns, instants as the database writes them."""
    selected = (
        (type_coerce(column, String) if kind == INSTANT else column).label(name)
        for name, (column, kind) in columns.items()
    )
    return extend(select(*selected)).where(where)


def fetch(session: Session, query: Select[Any], columns: Columns) -> pl.DataFrame:
    """What a query answers, as columns."""
    bind = session.connection()
    sql = str(query.compile(bind, compile_kwargs={"literal_binds": True}))
    names = list(columns)
    driver: Any = bind.connection.driver_connection
    if bind.dialect.name == "sqlite":
        rows = driver.execute(sql).fetchall()
        types = {name: pl.Int64 if kind in (NUMBER, FLAG) else pl.String for name, (_, kind) in columns.items()}
        return pl.DataFrame(rows, schema=types, orient="row").with_columns(*_typed(columns))
    with driver.cursor() as cursor:
        cursor.execute("SET LOCAL timezone TO 'UTC'")
        with cursor.copy(f"COPY ({sql}) TO STDOUT (FORMAT csv)") as copy:
            text = b"".join(copy)
    if not text:
        return pl.DataFrame(schema={name: kind for name, (_, kind) in columns.items()})
    types = {name: pl.Int64 if kind == NUMBER else pl.String for name, (_, kind) in columns.items()}
    frame = pl.read_csv(io.BytesIO(text), has_header=False, new_columns=names, schema_overrides=[*types.values()])
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
