"""A population of any size: the demo's year, copied within the database until there are enough cases.

The first copies are the same year of other offices, open cases and all. Three offices share their keyworkers, who thus
hold some thirty-six open cases each, which one can carry. Later copies are past years: what has ended, moved back by
whole years to no earlier than 2019, with nothing left to do. So a million cases are nearly all old, two thousand are
open with sixty keyworkers, and one in seventy people bears each surname, which is commoner than Smith.

A copy has a reference, crime, PNC identifier and surname of its own, and its whole ledger: who did what, when, from
which state to which. Past years keep no words, neither of the ledger, as after disposal, nor of deadlines, and no
documents, which saves half of the disk. Nobody verifies a copy: its hashes, and the dates within its facts, are those
of what it was copied from.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import count
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Date,
    Insert,
    Integer,
    Interval,
    Select,
    Table,
    bindparam,
    case,
    cast,
    create_engine,
    func,
    insert,
    literal,
    null,
    select,
    type_coerce,
)
from sqlalchemy import String as Text
from sqlalchemy.schema import AddConstraint, CreateIndex, DDLElement, DropConstraint, DropIndex

from divert import demo
from divert.clock import london_date, system_clock
from divert.db import Database
from divert.demo.people import FIRST_REFERRALS
from divert.models import FINAL, Case, Instant, Model, NameWord, OutboxMessage, Person, Staff
from tests.office import KEYWORKER, OTHER_KEYWORKER, SPECIALIST

OFFICES = 60
SHARING = 3
KEYWORKERS = (KEYWORKER, OTHER_KEYWORKER, SPECIALIST)
YEAR_DAYS = 52 * 7
"""What is moved by years stays on its day of the week."""

PEOPLE, WORDS, CASES = (Model.metadata.tables[model.__tablename__] for model in (Person, NameWord, Case))
OF_A_CASE = [
    table
    for table in Model.metadata.sorted_tables
    if "case_id" in table.c and table.name != OutboxMessage.__tablename__
]
FILLED = (PEOPLE, WORDS, CASES, *OF_A_CASE)
COPIED = "D-99-"
"""How the reference of a copy begins."""

NUMBER, LAST, LAST_PERSON, UNTIL = (bindparam(name, type_=Integer) for name in ("number", "last", "person", "until"))
GROUP, BACK = (bindparam(name, type_=Text) for name in ("group", "back"))


def populate(database: Database, cases: int, stories: int | None = None) -> int:
    """Give a staffed database that many cases, or those of the year where they are fewer; answers how many it has.

    Only the last `stories` of the year are told, where that is given.
    """
    with database.writing() as session:
        if not session.scalar(select(func.count()).select_from(Case)):
            demo.tell_year(session, system_clock(), progress=lambda planned: planned[-(stories or len(planned)) :])
    database.dispose()  # for SQLite, which must have no other connection to go without its journal
    engine = create_engine(database.url)
    with engine.connect() as connection:
        there = connection.scalar(select(func.count()).select_from(CASES)) or 0
        connection.commit()
        if there < cases:
            with _unguarded(connection):
                there += _copied(connection, cases - there)
    if not database.is_sqlite:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")  # PostgreSQL does so by itself, some time
    engine.dispose()
    return there


@contextmanager
def _unguarded(connection: Connection) -> Iterator[None]:
    """Without the indices and checks that are quicker made afterwards, all at once. SQLite's need no making."""
    is_sqlite = connection.dialect.name == "sqlite"
    for setting in ("foreign_keys=OFF", "journal_mode=OFF", "synchronous=OFF") if is_sqlite else ():
        connection.exec_driver_sql(f"PRAGMA {setting}")
    if not is_sqlite:
        connection.exec_driver_sql("SET maintenance_work_mem = '1GB'")
        connection.exec_driver_sql("SET synchronous_commit = off")
    indices = [index for table in FILLED if table is not WORDS for index in table.indexes]  # whose it is read by
    foreign = [] if is_sqlite else [key for table in FILLED for key in table.foreign_key_constraints]
    dropped: list[DDLElement] = [*map(DropConstraint, foreign), *map(DropIndex, indices)]
    added: list[DDLElement] = [*map(CreateIndex, indices), *map(AddConstraint, foreign)]
    for statement in dropped:
        connection.execute(statement)
    connection.commit()
    yield
    for statement in added:
        connection.execute(statement)
    connection.commit()
    if is_sqlite:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")


def _copied(connection: Connection, wanted: int) -> int:
    """Copy so many cases; answers how many they were."""
    year = select(func.max(CASES.c.id), func.max(CASES.c.person_id)).where(CASES.c.ref.not_like(f"{COPIED}%"))
    last, person = connection.execute(year).one()
    before = ((connection.scalar(select(func.max(CASES.c.id))) or 1) - 1) // last
    years = max(1, (london_date(system_clock()) - FIRST_REFERRALS).days // YEAR_DAYS - 1)
    done = 0
    for number in count(before + 1):
        past, shared = number >= OFFICES, number // SHARING
        given = {"number": number, "last": last, "person": person, "until": last}
        given |= {"group": f".{shared}" if shared else "", "back": f"-{YEAR_DAYS * (1 + number % years)} days"}
        chosen = connection.scalars(
            _of_the_year(CASES.c.id, past).order_by(CASES.c.id).limit(wanted - done), given
        ).all()
        if not past and number % SHARING == 0:
            new = [
                {"username": f"{keyworker.username}{given['group']}", "role": keyworker.role}
                for keyworker in KEYWORKERS
            ]
            connection.execute(insert(Staff), [{**row, "name": row["username"]} for row in new])
        for copy in _copies(past, connection.dialect.name):
            connection.execute(copy, given | {"until": chosen[-1]})
        connection.commit()
        done += len(chosen)
        if done == wanted:
            break
    return done


def _of_the_year(what: Column[Any], past: bool) -> Select[Any]:
    """Of each case of the year that is to be copied."""
    query = select(what).where(CASES.c.id.between(1, UNTIL))
    return query.where(CASES.c.state.in_(FINAL)) if past else query


@lru_cache
def _copies(past: bool, dialect: str) -> tuple[Insert, ...]:
    """The statements that write a copy. Composed once: they are sent some thousands of times."""
    return tuple(_again(table, past, dialect) for table in FILLED)


def _again(table: Table, past: bool, dialect: str) -> Insert:
    whose = CASES.c.id if "case_id" in table.c or table is CASES else CASES.c.person_id
    key = table.c["case_id" if "case_id" in table.c else "person_id" if table is WORDS else "id"]
    columns = [_otherwise(column, past, dialect).label(column.name) for column in table.c]
    rows = select(*columns).where(key.between(1, UNTIL if whose is CASES.c.id else LAST_PERSON))
    rows = rows.where(key.in_(_of_the_year(whose, past))).order_by(*table.primary_key)
    return insert(table).from_select([column.name for column in table.c], rows)


def _otherwise(column: Column[Any], past: bool, dialect: str) -> ColumnElement[Any]:
    """A column of a copy."""
    person = cast(NUMBER * LAST_PERSON + (PEOPLE.c.id), Text)
    number = cast(NUMBER * LAST + CASES.c.id + 1_000_000, Text)
    match column.table.name, column.name:
        case ("cases", "id") | (_, "case_id"):
            return column + NUMBER * LAST
        case ("people", "id") | (_, "person_id"):
            return column + NUMBER * LAST_PERSON
        case "cases", "ref":
            return literal(COPIED) + number
        case "cases", "crime_ref":
            return literal("CVP-99-") + number
        case "people", "surname":
            return column + " " + person
        case "people", "pnc_id":
            return literal("99/") + person
        case (_, "keyworker" | "held_by") if not past:
            return case((column.in_([keyworker.username for keyworker in KEYWORKERS]), column + GROUP), else_=column)
        case ("deadlines", "basis" | "authority") if past:
            return literal("")
        case ("documents", "pdf") if past:
            return literal(b"")
        case ("ledger", "body" | "salt") | ("cases", "held_by" | "due_on") if past:
            return null()
        case ("deadlines", "status") if past:
            return case((column == "open", "met"), else_=column)
    if past and isinstance(column.type, Date | Instant):
        return _moved_back(column, dialect)
    return column


def _moved_back(column: Column[Any], dialect: str) -> ColumnElement[Any]:
    if dialect == "sqlite":
        text = type_coerce(column, Text)
        return func.date(text, BACK, type_=Text) + func.substr(text, 11, type_=Text)
    return type_coerce(column, column.type) + cast(BACK, Interval)
