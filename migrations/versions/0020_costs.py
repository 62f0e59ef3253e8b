"""what the scheme spent, month by month, as it was entered for the board"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0020"
down_revision: str | None = "0019"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

REFUSAL = "this record is append-only"


def upgrade() -> None:
    """What this changes."""
    op.create_table(
        "costs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("heading", sa.String(length=40), nullable=False),
        sa.Column("pence", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=60), nullable=False),
        sa.Column("role", sa.String(length=30), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_costs")),
    )
    if op.get_bind().dialect.name == "postgresql":
        for kind, each in (("change BEFORE UPDATE OR DELETE", "ROW"), ("truncate BEFORE TRUNCATE", "STATEMENT")):
            op.execute(f"CREATE TRIGGER costs_no_{kind} ON costs FOR EACH {each} EXECUTE FUNCTION refuse_change()")
    else:
        for kind in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER costs_no_{kind} BEFORE {kind.upper()} ON costs"
                f" BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            )


def downgrade() -> None:
    """Back to before."""
    op.drop_table("costs")
