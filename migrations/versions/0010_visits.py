"""visits that the server can end, and how often a password was guessed"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """What this changes."""
    op.create_table(
        "visits",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("username", sa.String(length=60), nullable=False),
        sa.Column("stamp", sa.String(length=64), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("browser", sa.String(length=60), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.ForeignKeyConstraint(["username"], ["staff.username"], name=op.f("fk_visits_username")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_visits")),
    )
    op.create_index(op.f("ix_visits_username"), "visits", ["username"])
    op.create_table(
        "guesses",
        sa.Column("of", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Double(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("of", name=op.f("pk_guesses")),
    )
    op.create_index(op.f("ix_guesses_at"), "guesses", ["at"])


def downgrade() -> None:
    """Back to before."""
    op.drop_table("guesses")
    op.drop_table("visits")
