"""what a person agreed to have shared, and what came back"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """What this changes."""
    op.create_table(
        "consents",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("said_on", sa.Date(), nullable=False),
        sa.Column("how", sa.String(length=10), nullable=False),
        sa.Column("recipients", sa.JSON(), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_consents_case_id")),
        sa.PrimaryKeyConstraint("case_id", "seq", name=op.f("pk_consents")),
    )
    op.create_table(
        "received_items",
        sa.Column("organisation", sa.String(length=400), nullable=False),
        sa.Column("external_id", sa.String(length=80), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("case_ref", sa.String(length=16), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("organisation", "external_id", name=op.f("pk_received_items")),
    )
    op.create_index(op.f("ix_received_items_case_ref"), "received_items", ["case_ref"])


def downgrade() -> None:
    """Back to before."""
    op.drop_table("received_items")
    op.drop_table("consents")
