"""the board's counts, kept by day; and the post in which a case was held, which decides where it counts"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """What this changes."""
    op.create_table(
        "tallied",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("way", sa.Integer(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cases_to", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_tallied")),
    )
    op.create_table(
        "tallies",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("dim", sa.String(length=20), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", "dim", "value", "day", name=op.f("pk_tallies")),
    )
    op.create_index(op.f("ix_tallies_day"), "tallies", ["day"])
    op.add_column("allocations", sa.Column("post", sa.String(length=30), nullable=True))
    op.execute("UPDATE allocations SET post = (SELECT role FROM staff WHERE username = allocations.keyworker)")


def downgrade() -> None:
    """Back to before."""
    op.drop_column("allocations", "post")
    op.drop_table("tallies")
    op.drop_table("tallied")
