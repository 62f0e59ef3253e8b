"""the board's counts, kept by day; and which post somebody had before, so that a caseload stays where it counted"""

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
    op.create_table(
        "earlier_posts",
        sa.Column("username", sa.String(length=60), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("role", sa.String(length=30), nullable=False),
        sa.ForeignKeyConstraint(["username"], ["staff.username"], name=op.f("fk_earlier_posts_username_staff")),
        sa.PrimaryKeyConstraint("username", "until", name=op.f("pk_earlier_posts")),
    )


def downgrade() -> None:
    """Back to before."""
    op.drop_table("earlier_posts")
    op.drop_table("tallies")
    op.drop_table("tallied")
