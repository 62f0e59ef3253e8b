"""One schema on two databases: SQLite embedded (WAL, fully synchronous, one writer at a time), PostgreSQL for a force.

A session is one transaction: `writing()` commits at its end or rolls everything back. Domain code never commits.
SELECT ... FOR UPDATE does nothing on SQLite, and its own busy wait is unfair: writers there queue at one lock
(a thread lock, and a file lock across processes) and begin IMMEDIATE. The case row's version is the guarantee on both.
"""

import fcntl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum, unique
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool


@unique
class Turn(IntEnum):
    """What is done by one transaction at a time, each under an advisory lock of its own."""

    opening_cases = 19_010_100
    """So that two referrals of one person and crime cannot both find none open."""
    evidence = 19_010_101
    """So that no file goes while it is given again."""
    policy = 19_010_102
    meetings = 19_010_103
    staff = 19_010_104
    """So that two managers cannot both let the other go, and two people are not taken on under one username."""


def take_turn(session: Session, turn: Turn) -> None:
    """Wait until nobody else has this turn, and have it until the transaction ends. On SQLite writers queue anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(turn.value)))


class Database:
    """Opens sessions on one database. `url` as SQLAlchemy writes them; sqlite:// alone is a private one in memory."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.file = Path(self.url.database) if self.is_sqlite and self.url.database else None
        self._thread_lock = threading.Lock()
        self.engine = self._sqlite_engine() if self.is_sqlite else create_engine(self.url, pool_size=8, max_overflow=8)
        self._writing_engine = self.engine.execution_options(divert_write=True)

    def _sqlite_engine(self) -> Engine:
        if self.file is None:
            engine = create_engine(self.url, poolclass=StaticPool, connect_args={"check_same_thread": False})
        else:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            engine = create_engine(self.url, connect_args={"check_same_thread": False})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one moment of the database and writes nothing."""
        with Session(self.engine, autoflush=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session whose work is kept whole when the block ends, or not at all when it raises."""
        with self._one_writer(), self._writer() as session, session.begin():
            yield session

    def _writer(self) -> Session:
        return Session(self._writing_engine, expire_on_commit=False, autoflush=False)

    @contextmanager
    def _one_writer(self) -> Iterator[None]:
        if not self.is_sqlite:
            yield
            return
        with self._thread_lock:
            if self.file is None:
                yield
                return
            with self.file.with_name(self.file.name + ".lock").open("w") as lock_file:
                fcntl.flock(lock_file, fcntl.LOCK_EX)
                yield

    def dispose(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the begin event below decides how a transaction begins
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    kind = "IMMEDIATE" if connection.get_execution_options().get("divert_write") else "DEFERRED"
    connection.exec_driver_sql(f"BEGIN {kind}")
