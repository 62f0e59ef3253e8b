"""Bring a database to the newest schema, or back."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import divert
from divert.db import Database

FOLDER = Path(divert.__file__).parent.parent / "migrations"


def configuration() -> Config:
    """Where the migrations are, for Alembic."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "os")
    return config


def migrate(database: Database, to: str = "head") -> None:
    """Upgrade to a revision (`head`: the newest), in one transaction."""
    config = configuration()
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, to)


def downgrade(database: Database, to: str = "base") -> None:
    """Go back to a revision (`base`: nothing at all)."""
    config = configuration()
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, to)


def is_current(database: Database) -> bool:
    """Whether the database is at the newest revision."""
    with database.engine.connect() as connection:
        now = MigrationContext.configure(connection).get_current_revision()
    return now == ScriptDirectory.from_config(configuration()).get_current_head()
