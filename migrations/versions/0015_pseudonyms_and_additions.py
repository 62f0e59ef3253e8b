"""random ids under which the panel knows cases, top-ups of a draw, and thematic picks"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLES = ("pseudonyms", "top_ups", "thematic_picks")
REFUSAL = "this record is append-only"


def upgrade() -> None:
    """What this changes."""
    op.create_table(
        "pseudonyms",
        sa.Column("of", sa.String(length=60), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("of", name=op.f("pk_pseudonyms")),
        sa.UniqueConstraint("id", name=op.f("uq_pseudonyms_id")),
    )
    added_to_a_draw(
        "top_ups",
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("sizes", sa.JSON(), nullable=False),
        sa.Column("drawn", sa.JSON(), nullable=False),
    )
    added_to_a_draw(
        "thematic_picks",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("theme", sa.String(length=300), nullable=False),
    )
    for table in TABLES:
        protect(table)


def added_to_a_draw(table: str, *columns: sa.Column[object]) -> None:
    """A numbered table of what was added to a draw, when and by whom."""
    op.create_table(
        table,
        sa.Column("frame_digest", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        *columns,
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["frame_digest"], ["draws.frame_digest"], name=op.f(f"fk_{table}_frame_digest")),
        sa.PrimaryKeyConstraint("frame_digest", "number", name=op.f(f"pk_{table}")),
    )


def protect(table: str) -> None:
    """The database itself refuses to change what is there."""
    if op.get_bind().dialect.name == "postgresql":
        for kind, each in (("change BEFORE UPDATE OR DELETE", "ROW"), ("truncate BEFORE TRUNCATE", "STATEMENT")):
            op.execute(f"CREATE TRIGGER {table}_no_{kind} ON {table} FOR EACH {each} EXECUTE FUNCTION refuse_change()")
    else:
        for kind in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{kind.lower()} BEFORE {kind} ON {table}"
                f" BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            )


def downgrade() -> None:
    """Back to before."""
    for table in reversed(TABLES):
        op.drop_table(table)
