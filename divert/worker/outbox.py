"""The outbox: what is to be told is taken by one worker at a time, and delivered at least once, in order per case.

A message is taken under a lease, delivered outside any transaction, and then marked. A worker that dies in between
leaves the lease to run out; the next delivers under the same id, by which receivers know it again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, or_, select, update
from sqlalchemy.orm import Session, aliased

from divert.casework.messages import SUBSCRIBERS
from divert.law.message_rules import PERSON
from divert.models import Appointment, Case, OutboxMessage, Person

CHANNELS = ("event", "text", "email")
LEASE = timedelta(minutes=5)
"""How long a worker may take over one message; far beyond any sink's own patience."""

FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
TRIES = 30
"""Waits double from the first to the longest, so the last try comes a day after the first."""


@dataclass(frozen=True)
class Message:
    """One message as a sink is handed it. `address` is the person's own; None where it goes to anyone else."""

    id: int
    case_ref: str
    seq: int
    channel: str
    kind: str
    recipient: str
    about: int
    body: dict[str, Any]
    made_at: datetime
    attempt: int
    address: str | None = None

    @property
    def key(self) -> str:
        """The same at every attempt, and no other message's: by it a receiver knows one that it had already."""
        entry = f"{self.case_ref}.{self.seq}"
        if self.recipient == SUBSCRIBERS:
            return entry
        about = f".{self.about}" if self.about else ""
        return f"{entry}.{self.channel}.{self.kind}.{self.recipient}{about}"


class Undeliverable(Exception):
    """Raised by a sink: trying again would not help. Its text holds no personal data."""


def take(session: Session, now: datetime, worker: str, channels: Sequence[str] = CHANNELS) -> Message | None:
    """The next message that is due, leased to `worker` (a name nobody else uses), or None. The caller commits.

    It is its case's first undelivered one in its channel. One that killed every worker that took it is dead, and so is
    one about an appointment that has begun. A reminder of an appointment that was moved or called off is dropped.
    """
    while (message := session.scalar(_next_message(now, channels))) is not None:
        if message.body.get("reminder") and not _still_booked(session, message):
            session.delete(message)
        elif (appointment_at := _appointment_at(message)) is not None and appointment_at <= now:
            message.dead_at, message.fault = now, "the appointment it tells of has begun"
        elif message.attempts >= TRIES:
            message.dead_at, message.fault = now, "no worker came back from it"
        else:
            message.attempts, message.leased_until, message.leased_by = message.attempts + 1, now + LEASE, worker
            return _message(session, message)
        session.flush()
    return None


def mark_delivered(session: Session, message: Message, worker: str, now: datetime) -> None:
    """Mark a message that its sink took, unless its lease ran out and somebody else has it."""
    session.execute(
        _update_leased(message, worker).values(delivered_at=now, leased_until=None, leased_by=None, fault=None)
    )


def postpone(session: Session, message: Message, worker: str, now: datetime, fault: str, *, for_good: bool) -> None:
    """Let a message wait for its next try, longer each time; dead after the last, or where it is `for_good`."""
    dead = for_good or message.attempt >= TRIES
    values = {"dead_at": now} if dead else {"due_at": now + backoff(message.attempt)}
    session.execute(
        _update_leased(message, worker).values(leased_until=None, leased_by=None, fault=fault[:120], **values)
    )


def backoff(attempt: int) -> timedelta:
    """How long after a failed attempt (1: the first) the next one comes."""
    return min(FIRST_WAIT * (1 << min(attempt - 1, 20)), LONGEST_WAIT)


def undelivered_messages(
    session: Session, *, dead: bool = False, at_most: int | None = None
) -> list[tuple[str, OutboxMessage]]:
    """What waits, the next due first, or else what is dead, the oldest first; each with its case's reference."""
    query = select(Case.ref, OutboxMessage).join(Case, Case.id == OutboxMessage.case_id).limit(at_most)
    if dead:
        query = query.where(OutboxMessage.dead_at.is_not(None)).order_by(OutboxMessage.id)
    else:
        query = query.where(_is_waiting(OutboxMessage)).order_by(OutboxMessage.due_at, OutboxMessage.id)
    return [(ref, message) for ref, message in session.execute(query)]


def status_in_words(message: OutboxMessage) -> str:
    """How a message stands that was not delivered, in words."""
    if message.dead_at is not None:
        return "dead"
    if message.fault is not None:
        return "will be tried again"
    return "waits" if message.due_at <= message.made_at else "waits for its day"


def retry(session: Session, message_id: int, now: datetime) -> bool:
    """Give a dead message all its tries again, from now; False where there is no such dead message."""
    dead = (OutboxMessage.id == message_id, OutboxMessage.dead_at.is_not(None))
    values = {"dead_at": None, "due_at": now, "attempts": 0, "leased_until": None, "leased_by": None}
    return session.scalar(update(OutboxMessage).where(*dead).values(values).returning(OutboxMessage.id)) is not None


def _appointment_at(message: OutboxMessage) -> datetime | None:
    appointment = message.body.get("appointment")
    return datetime.fromisoformat(appointment["at"]) if appointment else None


def _still_booked(session: Session, reminder: OutboxMessage) -> bool:
    """Whether its case has an appointment booked at the very instant that a reminder tells of."""
    booked = (Appointment.case_id == reminder.case_id, Appointment.status == "booked")
    return bool(session.scalar(select(exists().where(*booked, Appointment.at == _appointment_at(reminder)))))


def _next_message(now: datetime, channels: Sequence[str]) -> Select[OutboxMessage]:
    """The first due message that nobody holds and none of its case and channel stands before.

    A reminder takes its place when its time comes: until then it lets those after it go.
    """
    earlier = aliased(OutboxMessage)
    before_it = and_(
        earlier.case_id == OutboxMessage.case_id,
        earlier.channel == OutboxMessage.channel,
        earlier.id < OutboxMessage.id,
        _is_waiting(earlier),
        or_(earlier.due_at <= now, earlier.due_at == earlier.made_at, earlier.attempts > 0),
    )
    return (
        select(OutboxMessage)
        .where(
            _is_waiting(OutboxMessage),
            OutboxMessage.due_at <= now,
            or_(OutboxMessage.leased_until.is_(None), OutboxMessage.leased_until <= now),
            OutboxMessage.channel.in_(channels),
            ~select(earlier.id).where(before_it).exists(),
        )
        .order_by(OutboxMessage.due_at, OutboxMessage.id)
        .limit(1)
        .with_for_update(of=OutboxMessage, skip_locked=True)
        .execution_options(populate_existing=True)
    )


def _is_waiting(message: Any) -> ColumnElement[bool]:
    return and_(message.delivered_at.is_(None), message.dead_at.is_(None))


def _update_leased(message: Message, worker: str) -> Any:
    return update(OutboxMessage).where(
        OutboxMessage.id == message.id, OutboxMessage.leased_by == worker, _is_waiting(OutboxMessage)
    )


ADDRESSEE = (
    select(Case.ref, Person.phone, Person.email)
    .join(Person, Person.id == Case.person_id)
    .where(Case.id == bindparam("case_id"))
)
"""Whose message it is and where they are reached: asked once the message is held, so that a correction counts."""


def _message(session: Session, message: OutboxMessage) -> Message:
    addressee = session.execute(ADDRESSEE, {"case_id": message.case_id}).one()
    addresses = {"text": addressee.phone, "email": addressee.email} if message.recipient == PERSON else {}
    return Message(
        id=message.id,
        case_ref=addressee.ref,
        seq=message.seq,
        channel=message.channel,
        kind=message.kind,
        recipient=message.recipient,
        about=message.about,
        body=message.body,
        made_at=message.made_at,
        attempt=message.attempts,
        address=addresses.get(message.channel),
    )
