"""indices of the open deadlines of each case and of each person's cases, in place of two that lists did not serve

Lists of cases ask what is next in each: without statistics, which nobody gathers there, SQLite read every open deadline
of all cases for it. A search for a name asks for the cases of many people: with the case's number in the index
PostgreSQL reads no case that it does not show.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

OPEN = sa.text("status = 'open'")


def upgrade() -> None:
    """What this changes."""
    op.drop_index("ix_deadlines_status_due_on", table_name="deadlines")
    op.create_index(
        "ix_deadlines_open", "deadlines", ["case_id", "due_on", "kind"], sqlite_where=OPEN, postgresql_where=OPEN
    )
    op.drop_index("ix_cases_person_id", table_name="cases")
    op.create_index("ix_cases_person_id_id", "cases", ["person_id", "id"])


def downgrade() -> None:
    """Back to before."""
    op.drop_index("ix_cases_person_id_id", table_name="cases")
    op.create_index("ix_cases_person_id", "cases", ["person_id"])
    op.drop_index("ix_deadlines_open", table_name="deadlines")
    op.create_index("ix_deadlines_status_due_on", "deadlines", ["status", "due_on"])
