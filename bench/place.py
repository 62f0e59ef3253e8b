"""Where a bench works: a folder and a PostgreSQL of its own, both gone afterwards, and as durable as in service."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from divert.clock import london_date, system_clock
from divert.db import Database
from divert.migrate import migrate
from divert.models import Staff
from tests.databases import drop_postgres, fresh_postgres, postgres_server
from tests.office import CAST

KINDS = ("SQLite", "PostgreSQL")


@dataclass
class Place:
    """One run's place: which databases, and what part of a whole run's work (1, a tenth, hardly any) is to be done."""

    folder: Path
    part: float
    kinds: Sequence[str]
    opened: ExitStack

    def count(self, full: int, least: int = 1) -> int:
        """How often to do something that is done `full` times in a whole run."""
        return max(least, int(full * self.part))

    @cached_property
    def today(self) -> date:
        """The day of the run, in Cleveland."""
        return london_date(system_clock())

    @cached_property
    def server(self) -> str:
        """A PostgreSQL with fsync, started when first asked for. LookupError or RuntimeError says what is missing."""
        return self.opened.enter_context(postgres_server(durable=True))

    @contextmanager
    def database(self, kind: str) -> Iterator[Database]:
        """A fresh database with the schema and the staff, opened."""
        if kind == "SQLite":
            with (
                tempfile.TemporaryDirectory(dir=self.folder) as folder,
                _staffed(f"sqlite:///{folder}/divert.db") as opened,
            ):
                yield opened
            return
        url = fresh_postgres(self.server)
        try:
            with _staffed(url) as opened:
                yield opened
        finally:
            drop_postgres(self.server, url)


@contextmanager
def place(part: float = 1, kinds: Sequence[str] = KINDS) -> Iterator[Place]:
    """A place for one run."""
    with tempfile.TemporaryDirectory(prefix="divert-bench-") as folder, ExitStack() as opened:
        yield Place(Path(folder), part, kinds, opened)


@contextmanager
def _staffed(url: str) -> Iterator[Database]:
    database = Database(url)
    try:
        migrate(database)
        with database.writing() as session:
            session.add_all(Staff(username=actor.username, name=actor.username, role=actor.role) for actor in CAST)
        yield database
    finally:
        database.dispose()
