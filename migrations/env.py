"""Runs migrations on the database that DIVERT_DATABASE_URL names, or on the connection it is handed."""

from alembic import context
from sqlalchemy import Connection

from divert.config import settings
from divert.db import Database
from divert.models import Model


def run(connection: Connection) -> None:
    """Migrate over one connection, in one transaction. SQLite changes a table by copying it (batch mode)."""
    context.configure(
        connection=connection,
        target_metadata=Model.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    database = Database(settings().database_url)
    with database.engine.begin() as opened:
        run(opened)
    database.dispose()
