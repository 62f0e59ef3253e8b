"""referrals half written, and referral files being taken"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """What this changes."""
    op.create_table(
        "drafts",
        sa.Column("id", sa.String(length=43), nullable=False),
        sa.Column("username", sa.String(length=60), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["username"], ["staff.username"], name=op.f("fk_drafts_username")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drafts")),
    )
    op.create_table(
        "imports",
        sa.Column("id", sa.String(length=43), nullable=False),
        sa.Column("username", sa.String(length=60), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("file", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["username"], ["staff.username"], name=op.f("fk_imports_username")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )
    for table, last in (("drafts", "saved_at"), ("imports", "begun_at")):
        for column in ("username", last):
            op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    op.create_table(
        "imported_rows",
        sa.Column("import_id", sa.String(length=43), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("crime_ref", sa.Text(), nullable=False),
        sa.Column("result", sa.String(length=20), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_imported_rows_import_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_id", "row", name=op.f("pk_imported_rows")),
    )


def downgrade() -> None:
    """Back to before."""
    for table in ("imported_rows", "imports", "drafts"):
        op.drop_table(table)
