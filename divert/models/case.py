"""A case and its live rows. History is the ledger's; long words stay there and are read from there.

A row that a command made carries that command's place in the case's chain (`seq`), which is also its identity: the
appointment booked by entry 11 is appointment 11.
"""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from divert.models.people import Person
from divert.models.states import FINAL, OPEN, TAKEN, Role, Sensitivity, State
from divert.models.tables import Model, case_key, entry_key

if TYPE_CHECKING:
    from divert.models.evidence import Evidence
    from divert.models.sharing import Consent


def in_states(states: tuple[State, ...]) -> str:
    """That a case is in one of these states, as the indices say it and every query must, so that they serve.

    Said by the states it is not in: SQLite would rather look up each that it is in, and then sort all it found.
    """
    return f"cases.state NOT IN ({', '.join(repr(state.value) for state in State if state not in states)})"


def _list_index(name: str, *columns: str, states: tuple[State, ...], extra_condition: str = "") -> Index:
    """An index of the cases in some states, in the order in which a list shows them."""
    where = text(in_states(states).removeprefix("cases.") + extra_condition)
    return Index(name, *columns, "id", sqlite_where=where, postgresql_where=where)


class Case(Model):
    """One person's path for one crime. `version` is the number of its ledger entries, `head` the hash of the last.

    `due_on` and `held_by` are those of the next open deadline that is in somebody's hands: its day, and the username
    or role that must meet it. They stand here so that a list of cases is read off an index (decision record 0018).
    """

    __tablename__ = "cases"
    __table_args__ = (
        Index("ix_cases_state_id", "state", "id"),
        Index("ix_cases_person_id_id", "person_id", "id"),
        _list_index("ix_cases_open", states=OPEN),
        _list_index("ix_cases_open_due", "due_on", states=OPEN),
        _list_index("ix_cases_open_limit", "limit_on", states=OPEN),
        _list_index("ix_cases_keyworker_due", "keyworker", "due_on", states=OPEN),
        _list_index("ix_cases_held_by_due", "held_by", "due_on", states=OPEN),
        _list_index("ix_cases_unallocated", "due_on", states=TAKEN, extra_condition=" AND keyworker IS NULL"),
        _list_index("ix_cases_ended_due", "due_on", states=FINAL, extra_condition=" AND due_on IS NOT NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(16), unique=True)
    state: Mapped[State]
    version: Mapped[int] = mapped_column()
    head: Mapped[str] = mapped_column(String(64))
    sensitivity: Mapped[Sensitivity] = mapped_column(default=Sensitivity.standard)

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
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
    limit_on: Mapped[date | None]
    limit_basis: Mapped[str] = mapped_column(String(14), default="none")
    keyworker: Mapped[str | None] = mapped_column(String(60))
    due_on: Mapped[date | None]
    held_by: Mapped[str | None] = mapped_column(String(60))
    return_reason: Mapped[str | None] = mapped_column(String(30))
    close_reason: Mapped[str | None] = mapped_column(String(30))
    closed_from: Mapped[State | None]
    outcome_code: Mapped[int | None]
    followed_up_on: Mapped[date | None]
    keep_until: Mapped[date | None]
    disposed_at: Mapped[datetime | None]
    """When what says who it was about was erased. Codes and dates stay; nothing can be done to it any more."""

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
    appointments: Mapped[list["Appointment"]] = relationship(order_by="Appointment.number")
    breaches: Mapped[list["Breach"]] = relationship(order_by="Breach.seq")
    deadlines: Mapped[list["Deadline"]] = relationship(order_by="Deadline.seq, Deadline.kind, Deadline.about")
    links: Mapped[list["CaseLink"]] = relationship(order_by="CaseLink.seq")
    documents: Mapped[list["Document"]] = relationship(order_by="Document.seq")
    consents: Mapped[list["Consent"]] = relationship(order_by="Consent.seq")
    evidence: Mapped[list["Evidence"]] = relationship(order_by="Evidence.seq, Evidence.sha256")

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
        return next((decision for decision in reversed(self.decisions) if decision.side == side), None)


class Victim(Model):
    """Who was harmed, and whether they have been asked. Their words are in the ledger."""

    __tablename__ = "victims"

    case_id: Mapped[int] = case_key()
    kind: Mapped[str | None] = mapped_column(String(10))
    name: Mapped[str | None] = mapped_column(String(120))
    contact: Mapped[str | None] = mapped_column(String(120))
    contact_name: Mapped[str | None] = mapped_column(String(120))
    enhanced: Mapped[bool | None]
    views: Mapped[str | None] = mapped_column(String(12))
    attempts: Mapped[int] = mapped_column(default=0)
    told_on: Mapped[date | None]
    case: Mapped[Case] = relationship(back_populates="victim")


class Check(Model):
    """One eligibility check: facts and pack digest, so that it re-runs byte for byte; the trace is derived."""

    __tablename__ = "checks"

    case_id: Mapped[int] = case_key()
    seq: Mapped[int] = entry_key()
    pack_id: Mapped[str] = mapped_column(String(40))
    pack_digest: Mapped[str] = mapped_column(String(64))
    facts: Mapped[str] = mapped_column(Text)
    verdict: Mapped[str] = mapped_column(String(14))
    because: Mapped[str] = mapped_column(String(300))
    at: Mapped[datetime]


class Decision(Model):
    """Yes or no by one side. A later one by the same side replaces it; both stay."""

    __tablename__ = "decisions"

    case_id: Mapped[int] = case_key()
    seq: Mapped[int] = entry_key()
    side: Mapped[str] = mapped_column(String(10))
    accept: Mapped[bool]
    override: Mapped[bool]
    by: Mapped[str] = mapped_column(String(60), index=True)
    at: Mapped[datetime]


class Allocation(Model):
    """Who held the case, from when, until when."""

    __tablename__ = "allocations"

    case_id: Mapped[int] = case_key()
    seq: Mapped[int] = entry_key()
    keyworker: Mapped[str] = mapped_column(String(60))
    from_at: Mapped[datetime]
    to_at: Mapped[datetime | None]


class NeedScore(Model):
    """One need, 0 (none) to 10, at entry, review or exit."""

    __tablename__ = "need_scores"

    case_id: Mapped[int] = case_key()
    seq: Mapped[int] = entry_key()
    need: Mapped[str] = mapped_column(String(40), primary_key=True)
    stage: Mapped[str] = mapped_column(String(8))
    score: Mapped[int]
    linked: Mapped[bool]


class Contract(Model):
    """One signed version. Dates inclusive."""

    __tablename__ = "contracts"

    case_id: Mapped[int] = case_key()
    seq: Mapped[int] = entry_key()
    signed_on: Mapped[date]
    ends_on: Mapped[date]


class Condition(Model):
    """One thing promised. Its words were copied from the catalogue when the contract was signed."""

    __tablename__ = "conditions"

    case_id: Mapped[int] = case_key()
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int]
    code: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(10))
    text: Mapped[str] = mapped_column(Text)
    provider: Mapped[str | None] = mapped_column(String(120))
    status: Mapped[str] = mapped_column(String(10), default="open")
    due_on: Mapped[date | None]
    settled_on: Mapped[date | None]


class Pause(Model):
    """An interval in which the clocks in `stops` stood still. The statutory limit never does."""

    __tablename__ = "pauses"

    case_id: Mapped[int] = case_key()
    seq: Mapped[int] = entry_key()
    from_on: Mapped[date]
    until_on: Mapped[date]
    resumed_on: Mapped[date | None]
    stops: Mapped[list[str]] = mapped_column(JSON)


class Appointment(Model):
    """One meeting. Whether it was held, attended, late, and whose fault are separate facts.

    Its number is that of the entry that booked it or, in a series, the next that is free; meetings of one entry are
    one series.
    """

    __tablename__ = "appointments"

    case_id: Mapped[int] = case_key()
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int]
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


class Breach(Model):
    """A report that a condition was broken or a new offence committed, and what was decided."""

    __tablename__ = "breaches"

    case_id: Mapped[int] = case_key()
    seq: Mapped[int] = entry_key()
    kind: Mapped[str] = mapped_column(String(12))
    occurred_on: Mapped[date]
    reported_by: Mapped[str] = mapped_column(String(60))
    decision: Mapped[str | None] = mapped_column(String(10))
    decided_by: Mapped[str | None] = mapped_column(String(60))
    decided_on: Mapped[date | None]


STATUTORY_LIMIT = "statutory_limit"
PRECAUTIONARY_LIMIT = "precautionary_limit"
"""The kinds of deadline that limit charging: set by statute, or kept where none is on current authority."""

OUTSTANDING = text("status = 'open'")
UNESCALATED = text("status = 'open' AND escalated_on IS NULL")
SET_ASIDE = text("status = 'open' AND escalated_on IS NULL AND attempts > 0")


class Deadline(Model):
    """What must have happened by a date, whose it is, and why. Open until entry `until_seq` met or superseded it.

    `about` is the condition or appointment by number (0: the case), `since` the day from which the rule counts.
    `attempts`, `fault` and `retry_at` are the worker's own: it could not be escalated, why, and when it tries again.
    """

    __tablename__ = "deadlines"
    __table_args__ = (
        Index("ix_deadlines_open", "case_id", "due_on", "kind", sqlite_where=OUTSTANDING, postgresql_where=OUTSTANDING),
        Index(
            "ix_deadlines_sweep",
            "due_on",
            "case_id",
            "kind",
            "about",
            sqlite_where=UNESCALATED,
            postgresql_where=UNESCALATED,
        ),
        Index(
            "ix_deadlines_aside",
            "due_on",
            "case_id",
            "kind",
            "about",
            sqlite_where=SET_ASIDE,
            postgresql_where=SET_ASIDE,
        ),
    )

    case_id: Mapped[int] = case_key()
    seq: Mapped[int] = entry_key()
    kind: Mapped[str] = mapped_column(String(30), primary_key=True)
    about: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    since: Mapped[date]
    due_on: Mapped[date]
    owner_role: Mapped[Role]
    basis: Mapped[str] = mapped_column(String(300))
    authority: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(12), default="open")
    until_seq: Mapped[int | None]
    escalated_on: Mapped[date | None]
    attempts: Mapped[int] = mapped_column(default=0)
    fault: Mapped[str | None] = mapped_column(String(60))
    retry_at: Mapped[datetime | None]


class CaseLink(Model):
    """Two cases that belong together, seen from this one."""

    __tablename__ = "case_links"

    case_id: Mapped[int] = case_key()
    seq: Mapped[int] = entry_key()
    other_ref: Mapped[str] = mapped_column(String(16))


class Document(Model):
    """One document as it was issued: its very bytes, which the ledger's entry names by their SHA-256.

    The bytes are kept, not made again: the words of a template change, and what was sent does not.
    """

    __tablename__ = "documents"

    case_id: Mapped[int] = case_key()
    seq: Mapped[int] = entry_key()
    kind: Mapped[str] = mapped_column(String(30))
    about: Mapped[int | None]
    large_print: Mapped[bool]
    sha256: Mapped[str] = mapped_column(String(64))
    pdf: Mapped[bytes] = mapped_column(deferred=True)
