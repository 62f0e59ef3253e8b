"""appointments in series, each with a number and a reminder; pauses that name the clocks they stop"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

KEY = ["case_id", "seq", "channel", "kind", "recipient"]


def upgrade() -> None:
    """An appointment booked so far has the number of its entry; a pause so far stopped the contract's end."""
    op.add_column("appointments", sa.Column("number", sa.Integer(), autoincrement=False, nullable=True))
    op.execute("UPDATE appointments SET number = seq")
    _key("number")
    op.add_column("pauses", sa.Column("stops", sa.JSON(), nullable=True))
    op.execute("""UPDATE pauses SET stops = '["contract_end"]'""")
    with op.batch_alter_table("pauses") as pauses:
        pauses.alter_column("stops", existing_type=sa.JSON(), nullable=False)
    with op.batch_alter_table("outbox") as outbox:
        outbox.add_column(sa.Column("about", sa.Integer(), nullable=False, server_default="0"))
        outbox.drop_constraint(op.f(f"uq_outbox_{'_'.join(KEY)}"), type_="unique")
        outbox.create_unique_constraint(op.f(f"uq_outbox_{'_'.join(KEY)}_about"), [*KEY, "about"])


def downgrade() -> None:
    """Back to before. Only the first of a series has a place there."""
    op.execute("DELETE FROM outbox WHERE about <> 0")
    with op.batch_alter_table("outbox") as outbox:
        outbox.drop_constraint(op.f(f"uq_outbox_{'_'.join(KEY)}_about"), type_="unique")
        outbox.create_unique_constraint(op.f(f"uq_outbox_{'_'.join(KEY)}"), KEY)
        outbox.drop_column("about")
    op.execute("DELETE FROM appointments WHERE number <> seq")
    _key("seq")
    with op.batch_alter_table("appointments") as appointments:
        appointments.drop_column("number")
    with op.batch_alter_table("pauses") as pauses:
        pauses.drop_column("stops")


def _key(column: str) -> None:
    """Know an appointment of a case by this column."""
    with op.batch_alter_table("appointments") as appointments:
        appointments.alter_column(column, existing_type=sa.Integer(), nullable=False)
        appointments.drop_constraint(op.f("pk_appointments"), type_="primary")
        appointments.create_primary_key(op.f("pk_appointments"), ["case_id", column])
