"""an index of the open deadlines of each case, in place of one of all deadlines by day

Lists of cases ask what is next in each. Without statistics, which nobody gathers there, SQLite read every open deadline
of all cases for it.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0015"
down_revision: str | None = "0016"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

OPEN = sa.text("status = 'open'")


def upgrade() -> None:
    """What this changes."""
    op.drop_index("ix_deadlines_status_due_on", table_name="deadlines")
    op.create_index(
        "ix_deadlines_open", "deadlines", ["case_id", "due_on", "kind"], sqlite_where=OPEN, postgresql_where=OPEN
    )


def downgrade() -> None:
    """Back to before."""
    op.drop_index("ix_deadlines_open", table_name="deadlines")
    op.create_index("ix_deadlines_status_due_on", "deadlines", ["status", "due_on"])
