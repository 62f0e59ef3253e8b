"""The command line as tests call it: the real app, on a database of theirs, its answers and its words kept apart."""

import json
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

from divert.cli import app
from divert.config import settings
from divert.db import Database
from divert.models import Access, Case, LedgerEntry, Person
from tests.service import EVIDENCE


class Said(NamedTuple):
    """What a call came to: exit code, answer (stdout), words for a person (stderr)."""

    code: int
    answer: str
    words: str

    @property
    def json(self) -> Any:
        """The answer, read as a program would."""
        return json.loads(self.answer)


def divert(*words: object, url: str, stdin: str | bytes | None = None) -> Said:
    """`divert WORDS` on the database at `url`. Whatever happens, no traceback is shown."""
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        patch.setenv("DIVERT_DATABASE_URL", url)
        patch.setenv("DIVERT_OUTBOX_FOLDER", folder)
        patch.setenv("DIVERT_EVIDENCE_FOLDER", EVIDENCE.name)
        settings.cache_clear()
        try:
            result = CliRunner().invoke(app, [str(word) for word in words], input=stdin)
        finally:
            settings.cache_clear()
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output
    return Said(result.exit_code, result.stdout, result.stderr)


def counts(database: Database) -> dict[str, int]:
    """How many rows there are of everything an import could write."""
    with database.reading() as session:
        tables = (Case, Person, LedgerEntry, Access)
        return {table.__name__: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}
