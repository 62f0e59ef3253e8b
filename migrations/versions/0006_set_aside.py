"""what the sweep set aside, and the index that it goes by"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

UNTOLD = sa.text("status = 'open' AND escalated_on IS NULL")


def upgrade() -> None:
    """What this changes."""
    op.add_column("deadlines", sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("deadlines", sa.Column("fault", sa.String(length=60), nullable=True))
    op.add_column("deadlines", sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_deadlines_sweep",
        "deadlines",
        ["due_on", "case_id", "kind", "about"],
        sqlite_where=UNTOLD,
        postgresql_where=UNTOLD,
    )


def downgrade() -> None:
    """Back to before."""
    op.drop_index("ix_deadlines_sweep", table_name="deadlines")
    for column in ("retry_at", "fault", "attempts"):
        op.drop_column("deadlines", column)
