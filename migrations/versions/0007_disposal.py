"""how long a case is kept, and when it was disposed of"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """What this changes."""
    op.add_column("cases", sa.Column("keep_until", sa.Date(), nullable=True))
    op.add_column("cases", sa.Column("disposed_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Back to before."""
    op.drop_column("cases", "disposed_at")
    op.drop_column("cases", "keep_until")
