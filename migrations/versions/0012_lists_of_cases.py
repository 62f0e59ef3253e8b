"""what lists of cases are read off: the next deadline on the case, the words of names, saved filters, and indices"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from divert.models.names import words_of

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

OPEN = "state NOT IN ('completed', 'prosecuted', 'closed')"
TAKEN = "state NOT IN ('referred', 'under_decision', 'returned', 'completed', 'prosecuted', 'closed')"
ENDED = "state NOT IN ('referred', 'under_decision', 'accepted', 'active', 'breach_review', 'returned')"
LISTS = {
    "ix_cases_open": (["id"], OPEN),
    "ix_cases_open_due": (["due_on", "id"], OPEN),
    "ix_cases_open_limit": (["limit_on", "id"], OPEN),
    "ix_cases_keyworker_due": (["keyworker", "due_on", "id"], OPEN),
    "ix_cases_held_by_due": (["held_by", "due_on", "id"], OPEN),
    "ix_cases_unallocated": (["due_on", "id"], f"{TAKEN} AND keyworker IS NULL"),
    "ix_cases_ended_due": (["due_on", "id"], f"{ENDED} AND due_on IS NOT NULL"),
}
PARTS = {
    "ix_outbox_dead": ("outbox", ["id"], "dead_at IS NOT NULL"),
    "ix_deadlines_aside": (
        "deadlines",
        ["due_on", "case_id", "kind", "about"],
        "status = 'open' AND escalated_on IS NULL AND attempts > 0",
    ),
}

NEXT = """
    SELECT {what} FROM deadlines d
    WHERE d.case_id = cases.id AND d.status = 'open'
      AND d.kind NOT IN ('statutory_limit', 'precautionary_limit') AND d.kind NOT LIKE 'limit\\_%' ESCAPE '\\'
    ORDER BY d.due_on, d.kind LIMIT 1
"""
HELD_BY = """
    CASE WHEN cases.keyworker IS NOT NULL AND d.escalated_on IS NULL AND d.kind IN
      ('first_contact', 'needs_assessment', 'contract_signature', 'condition', 'appointment', 'contract_end')
    THEN cases.keyworker ELSE d.owner_role END
"""


def upgrade() -> None:
    """What this changes."""
    op.add_column("cases", sa.Column("due_on", sa.Date(), nullable=True))
    op.add_column("cases", sa.Column("held_by", sa.String(length=60), nullable=True))
    op.execute(f"UPDATE cases SET due_on = ({NEXT.format(what='d.due_on')}), held_by = ({NEXT.format(what=HELD_BY)})")
    op.drop_index("ix_cases_keyworker_state", table_name="cases")
    op.drop_index("ix_cases_limit_on", table_name="cases")
    for name, (columns, where) in LISTS.items():
        op.create_index(name, "cases", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    for name, (table, columns, where) in PARTS.items():
        op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    word = sa.String(length=240).with_variant(sa.String(length=240, collation="C"), "postgresql")
    words = op.create_table(
        "name_words",
        sa.Column("word", word, nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_name_words_person_id")),
        sa.PrimaryKeyConstraint("word", "person_id", name=op.f("pk_name_words")),
    )
    op.create_index("ix_name_words_person_id", "name_words", ["person_id"])
    people = op.get_bind().execute(sa.text("SELECT id, surname, forenames FROM people ORDER BY id"))
    for lot in people.partitions(10_000):
        op.bulk_insert(
            words, [{"word": word, "person_id": one.id} for one in lot for word in words_of(one.surname, one.forenames)]
        )
    op.create_table(
        "saved_filters",
        sa.Column("username", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("query", sa.String(length=400), nullable=False),
        sa.ForeignKeyConstraint(["username"], ["staff.username"], name=op.f("fk_saved_filters_username")),
        sa.PrimaryKeyConstraint("username", "name", name=op.f("pk_saved_filters")),
    )


def downgrade() -> None:
    """Back to before."""
    op.drop_table("saved_filters")
    op.drop_table("name_words")
    for name, (table, _, _) in PARTS.items():
        op.drop_index(name, table_name=table)
    for name in LISTS:
        op.drop_index(name, table_name="cases")
    op.create_index("ix_cases_limit_on", "cases", ["limit_on"])
    op.create_index("ix_cases_keyworker_state", "cases", ["keyworker", "state"])
    op.drop_column("cases", "held_by")
    op.drop_column("cases", "due_on")
