"""what is done at a meeting of the panel stands in a hash chain of its own, what was done before too"""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision: str = "0021"
down_revision: str | None = "0020"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

REFUSAL = "this record is append-only"
BEGINNING = "0" * 64
ENTRIES = sa.table(
    "panel_entries",
    sa.column("meeting", sa.Integer()),
    sa.column("seq", sa.Integer()),
    sa.column("at", sa.DateTime(timezone=True)),
    sa.column("by", sa.String()),
    sa.column("role", sa.String()),
    sa.column("command", sa.String()),
    sa.column("body", sa.Text()),
    sa.column("hash", sa.String()),
)


def upgrade() -> None:
    """What this changes."""
    _let_change()
    op.add_column("panel_entries", sa.Column("hash", sa.String(length=64), nullable=True))
    connection = op.get_bind()
    heads: dict[int, str] = {}
    columns = [column for column in ENTRIES.c if column.name != "hash"]
    for entry in connection.execute(sa.select(*columns).order_by(ENTRIES.c.meeting, ENTRIES.c.seq)).all():
        header = json.dumps(
            {
                "meeting": entry.meeting,
                "seq": entry.seq,
                "at": _utc(entry.at).isoformat(timespec="microseconds"),
                "by": entry.by,
                "role": entry.role,
                "command": entry.command,
                "body": entry.body,
            },
            sort_keys=True,
            separators=(",", ":"),
            ensure_ascii=False,
        )
        digest = hashlib.sha256((heads.get(entry.meeting, BEGINNING) + header).encode()).hexdigest()
        heads[entry.meeting] = digest
        this = (ENTRIES.c.meeting == entry.meeting, ENTRIES.c.seq == entry.seq)
        connection.execute(sa.update(ENTRIES).where(*this).values(hash=digest))
    with op.batch_alter_table("panel_entries") as table:
        table.alter_column("hash", existing_type=sa.String(length=64), nullable=False)
    _refuse_change()


def downgrade() -> None:
    """Back to before."""
    _let_change()
    with op.batch_alter_table("panel_entries") as table:
        table.drop_column("hash")
    _refuse_change()


def _utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _let_change() -> None:
    on = " ON panel_entries" if op.get_bind().dialect.name == "postgresql" else ""
    for kind in ("change", "truncate") if on else ("update", "delete"):
        op.execute(f"DROP TRIGGER IF EXISTS panel_entries_no_{kind}{on}")


def _refuse_change() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for kind, each in (("change BEFORE UPDATE OR DELETE", "ROW"), ("truncate BEFORE TRUNCATE", "STATEMENT")):
            op.execute(
                f"CREATE TRIGGER panel_entries_no_{kind} ON panel_entries"
                f" FOR EACH {each} EXECUTE FUNCTION refuse_change()"
            )
    else:
        for kind in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER panel_entries_no_{kind} BEFORE {kind.upper()} ON panel_entries"
                f" BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            )
