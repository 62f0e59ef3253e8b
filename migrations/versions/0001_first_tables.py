"""first tables"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """What this changes."""
    op.create_table(
        "access_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=60), nullable=False),
        sa.Column("role", sa.String(length=30), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("case_ref", sa.String(length=16), nullable=True),
        sa.Column("what", sa.String(length=120), nullable=False),
        sa.Column("recipient", sa.String(length=120), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_log")),
    )
    op.create_index(op.f("ix_access_log_at"), "access_log", ["at"], unique=False)
    op.create_index(op.f("ix_access_log_by"), "access_log", ["by"], unique=False)
    op.create_index(op.f("ix_access_log_case_ref"), "access_log", ["case_ref"], unique=False)

    op.create_table(
        "counters",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counters")),
    )
    op.create_table(
        "frames",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("rule", sa.String(length=300), nullable=False),
        sa.Column("cut_off", sa.Date(), nullable=False),
        sa.Column("strata", sa.JSON(), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("frozen_by", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_frames")),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("by", sa.String(length=60), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("request_digest", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("by", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("surname", sa.String(length=80), nullable=False),
        sa.Column("forenames", sa.String(length=120), nullable=True),
        sa.Column("date_of_birth", sa.Date(), nullable=True),
        sa.Column("sex", sa.String(length=2), nullable=True),
        sa.Column("ethnicity", sa.String(length=2), nullable=True),
        sa.Column("pnc_id", sa.String(length=13), nullable=True),
        sa.Column("cro_no", sa.String(length=14), nullable=True),
        sa.Column("postcode", sa.String(length=8), nullable=True),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("interpreter", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
    )
    op.create_index(op.f("ix_people_date_of_birth"), "people", ["date_of_birth"], unique=False)
    op.create_index(op.f("ix_people_pnc_id"), "people", ["pnc_id"], unique=False)
    op.create_index(op.f("ix_people_surname"), "people", ["surname"], unique=False)

    op.create_table(
        "seals",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("heads", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_seals")),
    )
    op.create_table(
        "staff",
        sa.Column("username", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("role", sa.String(length=30), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("username", name=op.f("pk_staff")),
    )
    op.create_table(
        "cases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("sensitivity", sa.String(length=12), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("crime_ref", sa.String(length=40), nullable=False),
        sa.Column("custody_ref", sa.String(length=40), nullable=True),
        sa.Column("asn", sa.String(length=21), nullable=True),
        sa.Column("urn", sa.String(length=11), nullable=True),
        sa.Column("referred_on", sa.Date(), nullable=False),
        sa.Column("referred_by", sa.String(length=60), nullable=False),
        sa.Column("officer", sa.String(length=80), nullable=True),
        sa.Column("officer_unit", sa.String(length=80), nullable=True),
        sa.Column("complex_needs", sa.Boolean(), nullable=True),
        sa.Column("district", sa.String(length=9), nullable=True),
        sa.Column("offence_code", sa.String(length=10), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("agreement_signed_on", sa.Date(), nullable=True),
        sa.Column("verdict", sa.String(length=14), nullable=True),
        sa.Column("verdict_out_of_date", sa.Boolean(), nullable=False),
        sa.Column("limit_on", sa.Date(), nullable=True),
        sa.Column("limit_basis", sa.String(length=14), nullable=False),
        sa.Column("keyworker", sa.String(length=60), nullable=True),
        sa.Column("return_reason", sa.String(length=30), nullable=True),
        sa.Column("close_reason", sa.String(length=30), nullable=True),
        sa.Column("closed_from", sa.String(length=20), nullable=True),
        sa.Column("outcome_code", sa.Integer(), nullable=True),
        sa.Column("followed_up_on", sa.Date(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_cases_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint("ref", name=op.f("uq_cases_ref")),
    )
    op.create_index(op.f("ix_cases_crime_ref"), "cases", ["crime_ref"], unique=False)
    op.create_index(op.f("ix_cases_district"), "cases", ["district"], unique=False)
    op.create_index("ix_cases_keyworker_state", "cases", ["keyworker", "state"], unique=False)
    op.create_index(op.f("ix_cases_limit_on"), "cases", ["limit_on"], unique=False)
    op.create_index(op.f("ix_cases_offence_code"), "cases", ["offence_code"], unique=False)
    op.create_index(op.f("ix_cases_opened_at"), "cases", ["opened_at"], unique=False)
    op.create_index(op.f("ix_cases_person_id"), "cases", ["person_id"], unique=False)
    op.create_index(op.f("ix_cases_referred_by"), "cases", ["referred_by"], unique=False)
    op.create_index(op.f("ix_cases_referred_on"), "cases", ["referred_on"], unique=False)
    op.create_index("ix_cases_state_id", "cases", ["state", "id"], unique=False)

    op.create_table(
        "draws",
        sa.Column("frame_digest", sa.String(length=64), nullable=False),
        sa.Column("seed", sa.String(length=200), nullable=False),
        sa.Column("sizes", sa.JSON(), nullable=False),
        sa.Column("drawn", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["frame_digest"], ["frames.digest"], name=op.f("fk_draws_frame_digest")),
        sa.PrimaryKeyConstraint("frame_digest", name=op.f("pk_draws")),
    )
    op.create_table(
        "tokens",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("username", sa.String(length=60), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["username"], ["staff.username"], name=op.f("fk_tokens_username")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_tokens")),
    )
    op.create_index(op.f("ix_tokens_username"), "tokens", ["username"], unique=False)

    op.create_table(
        "allocations",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("keyworker", sa.String(length=60), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("to_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_allocations_case_id")),
        sa.PrimaryKeyConstraint("case_id", "seq", name=op.f("pk_allocations")),
    )
    op.create_table(
        "appointments",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("purpose", sa.String(length=120), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("moved_from", sa.Integer(), nullable=True),
        sa.Column("held", sa.Boolean(), nullable=True),
        sa.Column("attended", sa.Boolean(), nullable=True),
        sa.Column("late_minutes", sa.Integer(), nullable=True),
        sa.Column("fault", sa.String(length=10), nullable=True),
        sa.Column("acceptable", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_appointments_case_id")),
        sa.PrimaryKeyConstraint("case_id", "seq", name=op.f("pk_appointments")),
    )
    op.create_table(
        "breaches",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("reported_by", sa.String(length=60), nullable=False),
        sa.Column("decision", sa.String(length=10), nullable=True),
        sa.Column("decided_by", sa.String(length=60), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_breaches_case_id")),
        sa.PrimaryKeyConstraint("case_id", "seq", name=op.f("pk_breaches")),
    )
    op.create_table(
        "case_links",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("other_ref", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_links_case_id")),
        sa.PrimaryKeyConstraint("case_id", "seq", name=op.f("pk_case_links")),
    )
    op.create_table(
        "checks",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("pack_id", sa.String(length=40), nullable=False),
        sa.Column("pack_digest", sa.String(length=64), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("verdict", sa.String(length=14), nullable=False),
        sa.Column("because", sa.String(length=300), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_checks_case_id")),
        sa.PrimaryKeyConstraint("case_id", "seq", name=op.f("pk_checks")),
    )
    op.create_table(
        "conditions",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("provider", sa.String(length=120), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_conditions_case_id")),
        sa.PrimaryKeyConstraint("case_id", "number", name=op.f("pk_conditions")),
    )
    op.create_table(
        "contracts",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_contracts_case_id")),
        sa.PrimaryKeyConstraint("case_id", "seq", name=op.f("pk_contracts")),
    )
    op.create_table(
        "deadlines",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("about", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("owner_role", sa.String(length=30), nullable=False),
        sa.Column("basis", sa.String(length=300), nullable=False),
        sa.Column("authority", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("until_seq", sa.Integer(), nullable=True),
        sa.Column("escalated_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_deadlines_case_id")),
        sa.PrimaryKeyConstraint("case_id", "seq", "kind", "about", name=op.f("pk_deadlines")),
    )
    op.create_index("ix_deadlines_status_due_on", "deadlines", ["status", "due_on"], unique=False)

    op.create_table(
        "decisions",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("side", sa.String(length=10), nullable=False),
        sa.Column("accept", sa.Boolean(), nullable=False),
        sa.Column("override", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(length=60), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_decisions_case_id")),
        sa.PrimaryKeyConstraint("case_id", "seq", name=op.f("pk_decisions")),
    )
    op.create_index(op.f("ix_decisions_by"), "decisions", ["by"], unique=False)

    op.create_table(
        "ledger",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=60), nullable=False),
        sa.Column("role", sa.String(length=30), nullable=False),
        sa.Column("command", sa.String(length=40), nullable=False),
        sa.Column("from_state", sa.String(length=20), nullable=True),
        sa.Column("to_state", sa.String(length=20), nullable=False),
        sa.Column("commitment", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("salt", sa.String(length=64), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_ledger_case_id")),
        sa.PrimaryKeyConstraint("case_id", "seq", name=op.f("pk_ledger")),
    )
    op.create_index(op.f("ix_ledger_at"), "ledger", ["at"], unique=False)
    op.create_index(op.f("ix_ledger_command"), "ledger", ["command"], unique=False)

    op.create_table(
        "need_scores",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("need", sa.String(length=40), nullable=False),
        sa.Column("stage", sa.String(length=8), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("linked", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_need_scores_case_id")),
        sa.PrimaryKeyConstraint("case_id", "seq", "need", name=op.f("pk_need_scores")),
    )
    op.create_table(
        "pauses",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("resumed_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_pauses_case_id")),
        sa.PrimaryKeyConstraint("case_id", "seq", name=op.f("pk_pauses")),
    )
    op.create_table(
        "victims",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=True),
        sa.Column("contact", sa.String(length=120), nullable=True),
        sa.Column("contact_name", sa.String(length=120), nullable=True),
        sa.Column("enhanced", sa.Boolean(), nullable=True),
        sa.Column("views", sa.String(length=12), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("told_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_victims_case_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_victims")),
    )
    protect_records()


FINAL_TABLES = ("access_log", "draws", "frames", "seals")
LEDGER_COLUMNS = ("case_id", "seq", "at", "by", "role", "command", "from_state", "to_state", "commitment", "hash")
REFUSAL = "this record is append-only"


def protect_records() -> None:
    """The database itself refuses to change a record; in the ledger, body and salt alone may go, together."""
    if op.get_bind().dialect.name == "postgresql":
        protect_postgresql()
    else:
        protect_sqlite()


def protect_sqlite() -> None:
    same = " AND ".join(f'NEW."{name}" IS OLD."{name}"' for name in LEDGER_COLUMNS)
    lawful = f"NEW.body IS NULL AND NEW.salt IS NULL AND {same}"
    raising = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    op.execute(f"CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger WHEN NOT ({lawful}) {raising}")
    op.execute(f"CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger {raising}")
    for table in FINAL_TABLES:
        op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {raising}")
        op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {raising}")


def protect_postgresql() -> None:
    changed = " OR ".join(f'NEW."{name}" IS DISTINCT FROM OLD."{name}"' for name in LEDGER_COLUMNS)
    unlawful = f"NEW.body IS NOT NULL OR NEW.salt IS NOT NULL OR {changed}"
    raising = f"RAISE EXCEPTION '{REFUSAL}'"
    op.execute(f"CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {raising}; END$$")
    op.execute(
        "CREATE FUNCTION refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$"
        f"BEGIN IF TG_OP <> 'UPDATE' THEN {raising}; ELSIF {unlawful} THEN {raising}; END IF; RETURN NEW; END$$"
    )
    op.execute(
        "CREATE TRIGGER ledger_no_change BEFORE UPDATE OR DELETE ON ledger"
        " FOR EACH ROW EXECUTE FUNCTION refuse_ledger_change()"
    )
    for table in FINAL_TABLES:
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    for table in ("ledger", *FINAL_TABLES):
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    """How it is taken back."""
    op.drop_table("victims")
    op.drop_table("pauses")
    op.drop_table("need_scores")

    op.drop_table("ledger")

    op.drop_table("decisions")

    op.drop_table("deadlines")
    op.drop_table("contracts")
    op.drop_table("conditions")
    op.drop_table("checks")
    op.drop_table("case_links")
    op.drop_table("breaches")
    op.drop_table("appointments")
    op.drop_table("allocations")

    op.drop_table("tokens")
    op.drop_table("draws")

    op.drop_table("cases")
    op.drop_table("staff")
    op.drop_table("seals")

    op.drop_table("people")
    op.drop_table("idempotency_keys")
    op.drop_table("frames")
    op.drop_table("counters")

    op.drop_table("access_log")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change")
        op.execute("DROP FUNCTION refuse_ledger_change")
