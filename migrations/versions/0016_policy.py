"""what is done to the scheme's policy"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

REFUSAL = "this record is append-only"


def upgrade() -> None:
    """What this changes."""
    op.create_table(
        "policy_entries",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=60), nullable=False),
        sa.Column("role", sa.String(length=30), nullable=False),
        sa.Column("command", sa.String(length=40), nullable=False),
        sa.Column("policy", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_policy_entries")),
    )
    if op.get_bind().dialect.name == "postgresql":
        for kind, each in (("change BEFORE UPDATE OR DELETE", "ROW"), ("truncate BEFORE TRUNCATE", "STATEMENT")):
            op.execute(
                f"CREATE TRIGGER policy_entries_no_{kind} ON policy_entries"
                f" FOR EACH {each} EXECUTE FUNCTION refuse_change()"
            )
    else:
        for kind in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER policy_entries_no_{kind} BEFORE {kind.upper()} ON policy_entries"
                f" BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            )


def downgrade() -> None:
    """Back to before."""
    op.drop_table("policy_entries")
