"""The cast, and a fresh database on each of the two kinds for whoever asks."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from divert.db import Database
from divert.migrate import migrate
from divert.models import Staff
from tests.databases import drop_postgres, fresh_postgres
from tests.office import CAST, Office

IN_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of tests' own is made in it
if IN_MEMORY.is_dir() and shutil.disk_usage(IN_MEMORY).free > 4_000_000_000:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(IN_MEMORY))  # thousands of synchronous commits wait for no disk

DATA = Path(__file__).parent / "data"


def _with_the_cast(url: str) -> None:
    """A migrated database in which everyone of the cast is employed."""
    database = Database(url)
    migrate(database)
    with database.writing() as session:
        session.add_all(
            Staff(username=one.username, name=one.username.replace(".", " ").title(), role=one.role) for one in CAST
        )
    database.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    file = tmp_path_factory.mktemp("template") / "template.db"
    _with_the_cast(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def postgres_template(postgres_admin_url: str) -> Iterator[str]:
    """A migrated PostgreSQL database to copy, one for each worker."""
    url = fresh_postgres(postgres_admin_url)
    _with_the_cast(url)
    yield url
    drop_postgres(postgres_admin_url, url)


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh SQLite database with the cast."""
    shutil.copy(sqlite_template, tmp_path / "divert.db")
    return f"sqlite:///{tmp_path / 'divert.db'}"


@pytest.fixture
def postgres_url(postgres_template: str, postgres_admin_url: str) -> Iterator[str]:
    """A fresh PostgreSQL database with the cast."""
    url = fresh_postgres(postgres_admin_url, postgres_template)
    yield url
    drop_postgres(postgres_admin_url, url)


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database of either kind: the test runs on both."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """That database, opened."""
    opened = Database(database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Database]:
    """A SQLite database alone, for what does not depend on the kind."""
    opened = Database(sqlite_url)
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
