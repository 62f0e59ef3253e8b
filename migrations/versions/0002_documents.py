"""documents as they were issued"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """What this changes."""
    op.create_table(
        "documents",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("about", sa.Integer(), nullable=True),
        sa.Column("large_print", sa.Boolean(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("pdf", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_documents_case_id")),
        sa.PrimaryKeyConstraint("case_id", "seq", name=op.f("pk_documents")),
    )
    # What was sent can be disposed of lawfully, with the rest of a case; it can never be changed.
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER documents_no_change BEFORE UPDATE ON documents"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    else:
        refuse = "BEGIN SELECT RAISE(ABORT, 'a document that was issued cannot be changed'); END"
        op.execute(f"CREATE TRIGGER documents_no_update BEFORE UPDATE ON documents {refuse}")


def downgrade() -> None:
    """Back to before."""
    op.drop_table("documents")
