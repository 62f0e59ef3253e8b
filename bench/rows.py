"""The rows that the steps of a case write, recorded once as SQL, to be written again by a bare driver.

What the limit writes is thus always what `perform` writes, on the same database, in as many transactions of the same
durability; but it reads nothing, decides nothing, and validates nothing. Ids and references are told apart from every
other value by being numbers that nothing else uses.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import psycopg
from sqlalchemy import event
from sqlalchemy.engine import URL

from bench.place import Place
from bench.steps import Step, path
from divert.casework.workflow import perform
from divert.clock import system_clock
from divert.db import Database
from divert.models import Case, Person

CASE, PERSON = 87_654_321, 76_543_210
"""The ids under which the recorded case and person are written."""

CRIME = 4_813
"""The number of the recorded case among invented ones."""


class Write(NamedTuple):
    """One statement with its parameters, or with several sets of them."""

    statement: str
    parameters: Any
    many: bool


class Recorded(NamedTuple):
    """What each step writes, the reference of the case for which it was recorded, and the reads it took."""

    steps: tuple[tuple[Write, ...], ...]
    ref: str
    reads: int

    def named(self, number: int) -> dict[Any, Any]:
        """What to write in place of the recorded ids, so that it is another case."""
        return {CASE: number, PERSON: number, self.ref: f"B-{number}", f"BENCH-{CRIME}": f"BENCH-{number}"}


def recorded(place: Place, kind: str, steps: Iterable[Step] | None = None) -> Recorded:
    """Perform one case's steps (else the seventeen) on a database of that kind, and keep what they write."""
    written, reads = [], 0
    with place.database(kind) as database, _under_known_ids(), statements(database) as log:
        ref: str | None = None
        for step in steps or path(CRIME, place.today):
            with database.writing() as session:
                ref = perform(session, ref, step.given(), step.who, system_clock()).ref
            written.append(tuple(write for write in log if write.statement.startswith(("INSERT", "UPDATE"))))
            reads += sum(write.statement.startswith("SELECT") for write in log)
            log.clear()
    return Recorded(tuple(written), ref or "", reads)


@contextmanager
def statements(database: Database) -> Iterator[list[Write]]:
    """Every statement, as it is handed to the driver."""
    log: list[Write] = []

    def keep(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        log.append(Write(statement, parameters, many))

    event.listen(database.engine, "before_cursor_execute", keep)
    yield log
    event.remove(database.engine, "before_cursor_execute", keep)


@contextmanager
def _under_known_ids() -> Iterator[None]:
    def give(_mapper: Any, _connection: Any, row: Case | Person) -> None:
        row.id = CASE if isinstance(row, Case) else PERSON

    for table in (Case, Person):
        event.listen(table, "before_insert", give)
    yield
    for table in (Case, Person):
        event.remove(table, "before_insert", give)


class Driver:
    """A bare connection of the database's own driver, as durable as ours, and one transaction a call."""

    def __init__(self, url: URL) -> None:
        self._connection: Any
        if url.get_backend_name() == "sqlite":
            self._connection = sqlite3.connect(url.database or "", isolation_level=None, check_same_thread=False)
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
                self._connection.execute(f"PRAGMA {pragma}")
            self._begin = "BEGIN IMMEDIATE"
        else:
            plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
            self._connection, self._begin = psycopg.connect(plain, autocommit=True), "BEGIN"
        self._cursor = self._connection.cursor()

    def write(self, batch: Iterable[tuple[Iterable[Write], Mapping[Any, Any]]]) -> None:
        """Write rows, each lot with its names in place of those recorded, and commit."""
        self._cursor.execute(self._begin)
        for writes, names in batch:
            for statement, parameters, many in writes:
                if many:
                    self._cursor.executemany(statement, [renamed(values, names) for values in parameters])
                else:
                    self._cursor.execute(statement, renamed(parameters, names))
        self._cursor.execute("COMMIT")

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()


def renamed(parameters: Any, names: Mapping[Any, Any]) -> Any:
    """One statement's parameters with the recorded names replaced."""
    if isinstance(parameters, Mapping):
        return {key: _other(value, names) for key, value in parameters.items()}
    return [_other(value, names) for value in parameters]


def _other(value: Any, names: Mapping[Any, Any]) -> Any:
    return names.get(value, value) if isinstance(value, int | str) else value
