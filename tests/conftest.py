"""The cast, and a fresh database on each of the two kinds for whoever asks."""

import gc
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from divert.db import Database
from divert.migrate import migrate
from divert.models import Staff
from tests.databases import drop_postgres, fresh_postgres
from tests.office import CAST, Office

IN_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of tests' own is made in it
if IN_MEMORY.is_dir() and shutil.disk_usage(IN_MEMORY).free > 4_000_000_000:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(IN_MEMORY))  # thousands of synchronous commits wait for no disk

settings.register_profile("untimed", deadline=None)  # a busy machine is slow, and right
settings.load_profile("untimed")

LONGEST = ("test_year", "test_hostile_packs", "test_demo", "test_journeys", "test_pages_seen")

DATA = Path(__file__).parent / "data"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, so that at the end no worker sits alone at one that it has just begun."""
    items.sort(key=lambda item: item.path.stem not in LONGEST)


def pytest_collection() -> None:
    """While everything is imported nothing is thrown away: to look for it took a quarter of that time."""
    gc.disable()


def pytest_collection_finish() -> None:
    """What was imported stays to the end: the collector need not go through it again with every test."""
    gc.freeze()
    gc.enable()


def _with_the_cast(url: str) -> Database:
    """A migrated database in which everyone of the cast is employed, closed again: to copy."""
    database = Database(url)
    migrate(database)
    with database.writing() as session:
        session.add_all(
            Staff(username=one.username, name=one.username.replace(".", " ").title(), role=one.role) for one in CAST
        )
    database.dispose()
    return database


def opened_as(template: Database, url: str) -> Database:
    """A database opened with the dialect of its template, for which SQLAlchemy keeps what it made of each statement.

    With one of its own every test would have each statement compiled anew: a third of the processor time of them all.
    """
    database = Database(url)
    for engine in (database.engine, database._writing_engine):
        engine.dialect, engine._compiled_cache = template.engine.dialect, template.engine._compiled_cache
    return database


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Database:
    """A migrated SQLite database to copy, one for each worker."""
    return _with_the_cast(f"sqlite:///{tmp_path_factory.mktemp('template') / 'template.db'}")


@pytest.fixture(scope="session")
def postgres_template(postgres_admin_url: str) -> Iterator[Database]:
    """A migrated PostgreSQL database to copy, one for each worker."""
    url = fresh_postgres(postgres_admin_url)
    yield _with_the_cast(url)
    drop_postgres(postgres_admin_url, url)


@pytest.fixture
def sqlite_url(sqlite_template: Database, tmp_path: Path) -> str:
    """A fresh SQLite database with the cast."""
    assert sqlite_template.file
    shutil.copy(sqlite_template.file, tmp_path / "divert.db")
    return f"sqlite:///{tmp_path / 'divert.db'}"


@pytest.fixture
def postgres_url(postgres_template: Database, postgres_admin_url: str) -> Iterator[str]:
    """A fresh PostgreSQL database with the cast."""
    url = fresh_postgres(postgres_admin_url, postgres_template.url)
    yield url
    drop_postgres(postgres_admin_url, url)


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database of either kind: the test runs on both."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def database(database_url: str, request: pytest.FixtureRequest) -> Iterator[Database]:
    """That database, opened."""
    kind = "sqlite" if database_url.startswith("sqlite") else "postgres"
    opened = opened_as(request.getfixturevalue(f"{kind}_template"), database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def sqlite(sqlite_url: str, sqlite_template: Database) -> Iterator[Database]:
    """A SQLite database alone, for what does not depend on the kind."""
    opened = opened_as(sqlite_template, sqlite_url)
    yield opened
    opened.dispose()


@pytest.fixture
def office(database: Database) -> Office:
    """The office, on both kinds of database."""
    return Office(database)


@pytest.fixture
def desk(sqlite: Database) -> Office:
    """The office on SQLite alone."""
    return Office(sqlite)


@pytest.fixture
def postgres(postgres_url: str, postgres_template: Database) -> Iterator[Office]:
    """The office on PostgreSQL alone, for what only rows that lock can show."""
    opened = opened_as(postgres_template, postgres_url)
    yield Office(opened)
    opened.dispose()
