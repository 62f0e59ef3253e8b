"""What is on record and never changes, and what makes requests and numbers unrepeatable."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from divert.models.states import Role, State
from divert.models.tables import Model, case_key, entry_key


class LedgerEntry(Model):
    """One command as it was carried out. Body and salt can lawfully go; the rest can never change."""

    __tablename__ = "ledger"

    case_id: Mapped[int] = case_key()
    seq: Mapped[int] = entry_key()
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


class Seal(Model):
    """The heads of all chains at one instant; its digest stands in the board's minutes."""

    __tablename__ = "seals"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime]
    cases: Mapped[int]
    entries: Mapped[int]
    heads: Mapped[str] = mapped_column(Text)


WAITING = text("delivered_at IS NULL AND dead_at IS NULL")
DEAD = text("dead_at IS NOT NULL")


class OutboxMessage(Model):
    """Something to be told because of entry `seq`: an event to subscribers, or words to a person.

    `recipient` is `subscribers`, `person`, a post or a username, never an address: that is looked up when it is sent.
    `about` is the appointment that a reminder is of (0: the entry as a whole). It waits until it is delivered or,
    after the last try, dead; `fault` is why the last try failed.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("case_id", "seq", "channel", "kind", "recipient", "about"),
        Index("ix_outbox_due", "due_at", "id", sqlite_where=WAITING, postgresql_where=WAITING),
        Index("ix_outbox_dead", "id", sqlite_where=DEAD, postgresql_where=DEAD),
        Index("ix_outbox_queue", "case_id", "channel", "id", sqlite_where=WAITING, postgresql_where=WAITING),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    seq: Mapped[int]
    channel: Mapped[str] = mapped_column(String(8))
    kind: Mapped[str] = mapped_column(String(40))
    recipient: Mapped[str] = mapped_column(String(60))
    about: Mapped[int] = mapped_column(default=0)
    body: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None]
    leased_by: Mapped[str | None] = mapped_column(String(80))
    delivered_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]
    fault: Mapped[str | None] = mapped_column(String(120))


class Access(Model):
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


class IdempotencyKey(Model):
    """What was answered to a key, so that the same request sent twice is done once."""

    __tablename__ = "idempotency_keys"

    by: Mapped[str] = mapped_column(String(60), primary_key=True)
    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    request_digest: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    answer: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(index=True)


class PolicyEntry(Model):
    """One thing done to the scheme's policy. It never changes, and its hash holds that of the entry before.

    `policy` is the digest of the pack that it is about.
    """

    __tablename__ = "policy_entries"

    seq: Mapped[int] = entry_key()
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(60))
    role: Mapped[Role]
    command: Mapped[str] = mapped_column(String(40))
    policy: Mapped[str] = mapped_column(String(64))
    body: Mapped[str] = mapped_column(Text)
    hash: Mapped[str] = mapped_column(String(64))


class Counter(Model):
    """The last number given out under a name: case references run per year."""

    __tablename__ = "counters"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    value: Mapped[int]
