"""What is kept: the live rows of a case. History is the ledger's; long words stay there and are read from there.

A row that a command made carries that command's place in the case's chain (`seq`), which is also its identity: the
appointment booked by entry 11 is appointment 11. Instants are UTC, dates Europe/London.
"""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, Enum, ForeignKey, Index, MetaData, String, Text, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class State(StrEnum):
    """Where a case stands."""

    referred = "referred"
    under_decision = "under_decision"
    accepted = "accepted"
    active = "active"
    breach_review = "breach_review"
    returned = "returned"
    completed = "completed"
    prosecuted = "prosecuted"
    closed = "closed"

    @property
    def title(self) -> str:
        """As a page shows it."""
        return self.value.replace("_", " ").capitalize()


OPEN = (
    State.referred,
    State.under_decision,
    State.accepted,
    State.active,
    State.breach_review,
    State.returned,
)
FINAL = (State.completed, State.prosecuted, State.closed)


class Role(StrEnum):
    """The posts of the scheme (Commissioner's report, 13 November 2018), its readers, and the worker."""

    referring_officer = "referring_officer"
    police_team_lead = "police_team_lead"
    probation_team_lead = "probation_team_lead"
    probation_service_officer = "probation_service_officer"
    complex_needs_specialist = "complex_needs_specialist"
    project_manager = "project_manager"
    panel_coordinator = "panel_coordinator"
    panel_member = "panel_member"
    board_member = "board_member"
    auditor = "auditor"
    system = "system"

    @property
    def title(self) -> str:
        """As a page shows it."""
        return self.value.replace("_", " ").capitalize()


class Sensitivity(StrEnum):
    """Who of the team may open a case: everyone; everyone, marked; its keyworker, the leads and the manager."""

    standard = "standard"
    sensitive = "sensitive"
    restricted = "restricted"


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant on both databases (SQLite keeps no zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive instant; keep the rest as UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant without a time zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Always aware, always UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Row(DeclarativeBase):
    """All tables share one set of constraint names, so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads this name
        datetime: Instant,
        dict[str, Any]: JSON,
        State: Enum(State, native_enum=False, length=20, create_constraint=False),
        Role: Enum(Role, native_enum=False, length=30, create_constraint=False),
        Sensitivity: Enum(Sensitivity, native_enum=False, length=12, create_constraint=False),
    }


class Staff(Row):
    """A person who may act, or the worker. One post each; a leaver is made inactive, never removed."""

    __tablename__ = "staff"

    username: Mapped[str] = mapped_column(String(60), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    role: Mapped[Role]
    password_hash: Mapped[str | None] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(default=True)


class Token(Row):
    """A bearer token, kept only as its SHA-256."""

    __tablename__ = "tokens"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    username: Mapped[str] = mapped_column(ForeignKey("staff.username"), index=True)
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class Person(Row):
    """A referred person: the only place, beside the ledger's bodies, that holds who they are."""

    __tablename__ = "people"

    id: Mapped[int] = mapped_column(primary_key=True)
    surname: Mapped[str] = mapped_column(String(80), index=True)
    forenames: Mapped[str | None] = mapped_column(String(120))
    date_of_birth: Mapped[date | None] = mapped_column(index=True)
    sex: Mapped[str | None] = mapped_column(String(2))
    ethnicity: Mapped[str | None] = mapped_column(String(2))
    pnc_id: Mapped[str | None] = mapped_column(String(13), index=True)
    cro_no: Mapped[str | None] = mapped_column(String(14))
    postcode: Mapped[str | None] = mapped_column(String(8))
    phone: Mapped[str | None] = mapped_column(String(20))
    email: Mapped[str | None] = mapped_column(String(254))
    interpreter: Mapped[str | None] = mapped_column(String(40))

    @property
    def full_name(self) -> str:
        """Forenames, then surname."""
        return " ".join(part for part in (self.forenames, self.surname) if part)


class Case(Row):
    """One person's path for one crime. `version` is the number of its ledger entries, `head` the hash of the last."""

    __tablename__ = "cases"
    __table_args__ = (
        Index("ix_cases_state_id", "state", "id"),
        Index("ix_cases_keyworker_state", "keyworker", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(16), unique=True)
    state: Mapped[State]
    version: Mapped[int] = mapped_column()
    head: Mapped[str] = mapped_column(String(64))
    sensitivity: Mapped[Sensitivity] = mapped_column(default=Sensitivity.standard)

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    crime_ref: Mapped[str] = mapped_column(String(40), index=True)
    custody_ref: Mapped[str | None] = mapped_column(String(40))
    asn: Mapped[str | None] = mapped_column(String(21))
    urn: Mapped[str | None] = mapped_column(String(11))
    referred_on: Mapped[date] = mapped_column(index=True)
    referred_by: Mapped[str] = mapped_column(String(60), index=True)
    officer: Mapped[str | None] = mapped_column(String(80))
    officer_unit: Mapped[str | None] = mapped_column(String(80))
    complex_needs: Mapped[bool | None]
    district: Mapped[str | None] = mapped_column(String(9), index=True)
    offence_code: Mapped[str] = mapped_column(String(10), index=True)
    facts: Mapped[dict[str, Any]]
    """What was said at referral that bears on eligibility, but for the date of birth, which stands with the person."""

    agreement_signed_on: Mapped[date | None]
    verdict: Mapped[str | None] = mapped_column(String(14))
    verdict_out_of_date: Mapped[bool] = mapped_column(default=False)
    limit_on: Mapped[date | None] = mapped_column(index=True)
    limit_basis: Mapped[str] = mapped_column(String(14), default="none")
    keyworker: Mapped[str | None] = mapped_column(String(60))
    return_reason: Mapped[str | None] = mapped_column(String(30))
    close_reason: Mapped[str | None] = mapped_column(String(30))
    closed_from: Mapped[State | None]
    outcome_code: Mapped[int | None]
    opened_at: Mapped[datetime] = mapped_column(index=True)
    state_since: Mapped[datetime]

    person: Mapped[Person] = relationship()
    victim: Mapped["Victim | None"] = relationship(back_populates="case")
    checks: Mapped[list["Check"]] = relationship(order_by="Check.seq")
    decisions: Mapped[list["Decision"]] = relationship(order_by="Decision.seq")
    allocations: Mapped[list["Allocation"]] = relationship(order_by="Allocation.seq")
    need_scores: Mapped[list["NeedScore"]] = relationship(order_by="NeedScore.seq, NeedScore.need")
    contracts: Mapped[list["Contract"]] = relationship(order_by="Contract.seq")
    conditions: Mapped[list["Condition"]] = relationship(order_by="Condition.number")
    pauses: Mapped[list["Pause"]] = relationship(order_by="Pause.seq")
    appointments: Mapped[list["Appointment"]] = relationship(order_by="Appointment.seq")
    breaches: Mapped[list["Breach"]] = relationship(order_by="Breach.seq")
    deadlines: Mapped[list["Deadline"]] = relationship(order_by="Deadline.seq, Deadline.kind")
    links: Mapped[list["CaseLink"]] = relationship(order_by="CaseLink.seq")

    __mapper_args__ = {  # noqa: RUF012 - SQLAlchemy reads this name
        "version_id_col": version,
        "version_id_generator": False,
    }

    @property
    def contract(self) -> "Contract | None":
        """The contract in force: the version signed last."""
        return self.contracts[-1] if self.contracts else None

    @property
    def check(self) -> "Check | None":
        """The eligibility check made last."""
        return self.checks[-1] if self.checks else None

    def decision(self, side: str) -> "Decision | None":
        """What `police` or `probation` last decided."""
        return next((one for one in reversed(self.decisions) if one.side == side), None)


def part_of_a_case() -> Mapped[int]:
    """The case a row belongs to; with `seq` it is the row's key."""
    return mapped_column(ForeignKey("cases.id"), primary_key=True)


def made_by_entry() -> Mapped[int]:
    """The ledger entry that made a row."""
    return mapped_column(primary_key=True, autoincrement=False)


class Victim(Row):
    """Who was harmed, and whether they have been asked. Their words are in the ledger."""

    __tablename__ = "victims"

    case_id: Mapped[int] = part_of_a_case()
    kind: Mapped[str | None] = mapped_column(String(10))
    name: Mapped[str | None] = mapped_column(String(120))
    contact: Mapped[str | None] = mapped_column(String(120))
    contact_name: Mapped[str | None] = mapped_column(String(120))
    enhanced: Mapped[bool | None]
    views: Mapped[str | None] = mapped_column(String(12))
    attempts: Mapped[int] = mapped_column(default=0)
    told_on: Mapped[date | None]
    case: Mapped[Case] = relationship(back_populates="victim")


class Check(Row):
    """One eligibility check: the facts and the pack's digest, so that it re-runs byte for byte; the trace is derived."""

    __tablename__ = "checks"

    case_id: Mapped[int] = part_of_a_case()
    seq: Mapped[int] = made_by_entry()
    pack_id: Mapped[str] = mapped_column(String(40))
    pack_digest: Mapped[str] = mapped_column(String(64))
    facts: Mapped[str] = mapped_column(Text)
    verdict: Mapped[str] = mapped_column(String(14))
    because: Mapped[str] = mapped_column(String(300))
    at: Mapped[datetime]


class Decision(Row):
    """Yes or no by one side. A later one by the same side replaces it; both stay."""

    __tablename__ = "decisions"

    case_id: Mapped[int] = part_of_a_case()
    seq: Mapped[int] = made_by_entry()
    side: Mapped[str] = mapped_column(String(10))
    accept: Mapped[bool]
    override: Mapped[bool]
    by: Mapped[str] = mapped_column(String(60), index=True)
    at: Mapped[datetime]


class Allocation(Row):
    """Who held the case, from when, until when."""

    __tablename__ = "allocations"

    case_id: Mapped[int] = part_of_a_case()
    seq: Mapped[int] = made_by_entry()
    keyworker: Mapped[str] = mapped_column(String(60))
    from_at: Mapped[datetime]
    to_at: Mapped[datetime | None]


class NeedScore(Row):
    """One need, 0 (none) to 10, at entry, review or exit."""

    __tablename__ = "need_scores"

    case_id: Mapped[int] = part_of_a_case()
    seq: Mapped[int] = made_by_entry()
    need: Mapped[str] = mapped_column(String(40), primary_key=True)
    stage: Mapped[str] = mapped_column(String(8))
    score: Mapped[int]
    linked: Mapped[bool]


class Contract(Row):
    """One signed version. Dates inclusive."""

    __tablename__ = "contracts"

    case_id: Mapped[int] = part_of_a_case()
    seq: Mapped[int] = made_by_entry()
    signed_on: Mapped[date]
    ends_on: Mapped[date]


class Condition(Row):
    """One thing promised. Its words were copied from the catalogue when the contract was signed."""

    __tablename__ = "conditions"

    case_id: Mapped[int] = part_of_a_case()
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int]
    code: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(10))
    text: Mapped[str] = mapped_column(Text)
    provider: Mapped[str | None] = mapped_column(String(120))
    status: Mapped[str] = mapped_column(String(10), default="open")
    settled_on: Mapped[date | None]


class Pause(Row):
    """An interval in which the contract's own clock stood still. The statutory limit never does."""

    __tablename__ = "pauses"

    case_id: Mapped[int] = part_of_a_case()
    seq: Mapped[int] = made_by_entry()
    from_on: Mapped[date]
    until_on: Mapped[date]
    resumed_on: Mapped[date | None]


class Appointment(Row):
    """One meeting. Whether it was held, attended, late, and whose fault are separate facts."""

    __tablename__ = "appointments"

    case_id: Mapped[int] = part_of_a_case()
    seq: Mapped[int] = made_by_entry()
    at: Mapped[datetime]
    purpose: Mapped[str] = mapped_column(String(120))
    place: Mapped[str] = mapped_column(String(120))
    status: Mapped[str] = mapped_column(String(12), default="booked")
    moved_from: Mapped[int | None]
    held: Mapped[bool | None]
    attended: Mapped[bool | None]
    late_minutes: Mapped[int | None]
    fault: Mapped[str | None] = mapped_column(String(10))
    acceptable: Mapped[bool | None]


class Breach(Row):
    """A report that a condition was broken or a new offence committed, and what was decided."""

    __tablename__ = "breaches"

    case_id: Mapped[int] = part_of_a_case()
    seq: Mapped[int] = made_by_entry()
    kind: Mapped[str] = mapped_column(String(12))
    occurred_on: Mapped[date]
    reported_by: Mapped[str] = mapped_column(String(60))
    decision: Mapped[str | None] = mapped_column(String(10))
    decided_by: Mapped[str | None] = mapped_column(String(60))
    decided_on: Mapped[date | None]


class Deadline(Row):
    """What must have happened by a date, whose it is, and why then. Open until met, or superseded by a later one."""

    __tablename__ = "deadlines"
    __table_args__ = (Index("ix_deadlines_status_due_on", "status", "due_on"),)

    case_id: Mapped[int] = part_of_a_case()
    seq: Mapped[int] = made_by_entry()
    kind: Mapped[str] = mapped_column(String(30), primary_key=True)
    due_on: Mapped[date]
    owner_role: Mapped[Role]
    basis: Mapped[str] = mapped_column(String(300))
    authority: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(12), default="open")
    escalated_on: Mapped[date | None]


class CaseLink(Row):
    """Two cases that belong together, seen from this one."""

    __tablename__ = "case_links"

    case_id: Mapped[int] = part_of_a_case()
    seq: Mapped[int] = made_by_entry()
    other_ref: Mapped[str] = mapped_column(String(16))


class LedgerEntry(Row):
    """One command as it was carried out. Body and salt can lawfully go; the rest can never change."""

    __tablename__ = "ledger"

    case_id: Mapped[int] = part_of_a_case()
    seq: Mapped[int] = made_by_entry()
    at: Mapped[datetime] = mapped_column(index=True)
    by: Mapped[str] = mapped_column(String(60))
    role: Mapped[Role]
    command: Mapped[str] = mapped_column(String(40), index=True)
    from_state: Mapped[State | None]
    to_state: Mapped[State]
    commitment: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    salt: Mapped[str | None] = mapped_column(String(64))
    body: Mapped[str | None] = mapped_column(Text)


class Seal(Row):
    """The heads of all chains at one instant; its digest stands in the board's minutes."""

    __tablename__ = "seals"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime]
    cases: Mapped[int]
    entries: Mapped[int]
    heads: Mapped[str] = mapped_column(Text)


class Access(Row):
    """Who looked at, changed or passed on what (Data Protection Act 2018 s.62). Never a source of figures."""

    __tablename__ = "access_log"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    by: Mapped[str] = mapped_column(String(60), index=True)
    role: Mapped[Role]
    kind: Mapped[str] = mapped_column(String(12))
    case_ref: Mapped[str | None] = mapped_column(String(16), index=True)
    what: Mapped[str] = mapped_column(String(120))
    recipient: Mapped[str | None] = mapped_column(String(120))


class IdempotencyKey(Row):
    """What was answered to a key, so that the same request sent twice is done once."""

    __tablename__ = "idempotency_keys"

    by: Mapped[str] = mapped_column(String(60), primary_key=True)
    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    request_digest: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    answer: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]


class Frame(Row):
    """A frozen population of cases to draw from, published before any seed."""

    __tablename__ = "frames"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    rule: Mapped[str] = mapped_column(String(300))
    cut_off: Mapped[date]
    strata: Mapped[dict[str, Any]]
    frozen_at: Mapped[datetime]
    frozen_by: Mapped[str] = mapped_column(String(60))


class Draw(Row):
    """The one draw on a frame."""

    __tablename__ = "draws"

    frame_digest: Mapped[str] = mapped_column(ForeignKey("frames.digest"), primary_key=True)
    seed: Mapped[str] = mapped_column(String(200))
    sizes: Mapped[dict[str, Any]]
    drawn: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(60))


class Counter(Row):
    """The last number given out under a name: case references run per year."""

    __tablename__ = "counters"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    value: Mapped[int]
