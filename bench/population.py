"""A population of any size: the demo's year, copied within the database until there are enough cases.

Copies are whole but for their history: a copied case has its person, victim and live rows, and no ledger, for eighteen
million entries would measure the disk and not the pages. Every copy has a reference, a crime and a surname of its own.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Select, Table, func, insert, literal, select

from divert import demo
from divert.clock import system_clock
from divert.db import Database
from divert.models import Case, LedgerEntry, NameWord, OutboxMessage, Person, Row

OF_A_CASE = [
    table
    for table in Row.metadata.sorted_tables
    if "case_id" in table.columns and table not in (LedgerEntry.__table__, OutboxMessage.__table__)
]
PEOPLE: Table = Person.metadata.tables[Person.__tablename__]
WORDS: Table = NameWord.metadata.tables[NameWord.__tablename__]
CASES: Table = Case.metadata.tables[Case.__tablename__]


def populate(database: Database, cases: int, stories: int | None = None) -> int:
    """Give a staffed database that many cases, or those of the year where they are fewer; answers how many it has.

    Only the last `stories` of the year are told, where that is given.
    """
    with database.writing() as session:
        if not session.scalar(select(func.count()).select_from(Case)):
            demo.live_through(session, system_clock(), watched=lambda told: told[-(stories or len(told)) :])
    with database.engine.begin() as connection:
        while (there := _count(connection)) < cases:
            _copy(connection, cases - there)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    return there


def _count(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(CASES)) or 0


def _copy(connection: Connection, at_most: int) -> None:
    """Once more everything that is there, or as many cases of it as are wanted."""
    people = connection.scalar(select(func.max(PEOPLE.c.id))) or 0
    last = connection.scalar(select(func.max(CASES.c.id))) or 0
    wanted = connection.scalar(select(CASES.c.id).order_by(CASES.c.id).offset(at_most - 1).limit(1)) or last
    number = (CASES.c.id + last).cast(CASES.c.ref.type)
    person = (PEOPLE.c.id + people).cast(PEOPLE.c.surname.type)
    its = select(CASES.c.person_id).where(CASES.c.id <= wanted)
    other = {"id": PEOPLE.c.id + people, "surname": PEOPLE.c.surname + " " + person, "pnc_id": literal(None)}
    _insert(connection, PEOPLE, other, select(PEOPLE).where(PEOPLE.c.id.in_(its)))
    words = select(WORDS).where(WORDS.c.person_id.in_(its))
    _insert(connection, WORDS, {"person_id": WORDS.c.person_id + people}, words)
    other = {
        "id": CASES.c.id + last,
        "person_id": CASES.c.person_id + people,
        "ref": literal("D-99-") + number,
        "crime_ref": literal("CVP-99-") + number,
    }
    _insert(connection, CASES, other, select(CASES).where(CASES.c.id <= wanted))
    for table in OF_A_CASE:
        mine = select(table).where(table.c.case_id <= wanted)
        _insert(connection, table, {"case_id": table.c.case_id + last}, mine)


def _insert(connection: Connection, table: Table, other: Mapping[str, Any], rows: Select[Any]) -> None:
    """Insert rows again, some columns otherwise."""
    columns = [other.get(column.name, column) for column in table.columns]
    names = [column.name for column in table.columns]
    connection.execute(insert(table).from_select(names, rows.with_only_columns(*columns)))
