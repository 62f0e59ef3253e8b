"""the secret by which the board's counts are rounded, the same for ever"""

import secrets
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

REFUSAL = "this record is append-only"


def upgrade() -> None:
    """What this changes."""
    keys = op.create_table(
        "rounding_keys",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_rounding_keys")),
    )
    op.bulk_insert(keys, [{"key": secrets.token_hex(32)}])
    if op.get_bind().dialect.name == "postgresql":
        for kind, each in (("change BEFORE UPDATE OR DELETE", "ROW"), ("truncate BEFORE TRUNCATE", "STATEMENT")):
            op.execute(
                f"CREATE TRIGGER rounding_keys_no_{kind} ON rounding_keys"
                f" FOR EACH {each} EXECUTE FUNCTION refuse_change()"
            )
    else:
        for kind in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER rounding_keys_no_{kind} BEFORE {kind.upper()} ON rounding_keys"
                f" BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            )


def downgrade() -> None:
    """Back to before."""
    op.drop_table("rounding_keys")
