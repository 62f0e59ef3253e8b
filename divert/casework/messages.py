"""What a command has told to others, written in its own transaction: an event for subscribers, words for people.

The worker delivers it. An event holds no personal data; words to a person hold no offence (`rules/messages.toml`).
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert

from divert.casework.command import CaseCommand, Context
from divert.casework.commands.appointments import (
    BookAppointment,
    CancelAppointment,
    RescheduleAppointment,
    appointment,
    series,
)
from divert.casework.commands.deadline import EscalateDeadline
from divert.clock import LONDON, london_date, london_time, written_date
from divert.law.message_rules import PERSON, MessageRule
from divert.models import Appointment, Case, OutboxMessage, State

SUBSCRIBERS = "subscribers"
SEND = insert(OutboxMessage)
Wording = dict[str, str]


def send(case: Case, command: CaseCommand, before: State | None, context: Context) -> None:
    """Write down what is to be told of a command that was just carried out, as the entry at the case's head."""
    messages = [*_events(case, command, before), *_words(case, command, context)]
    if messages:
        common = {"case_id": case.id, "seq": context.seq, "made_at": context.at, "due_at": context.at}
        context.session.connection().execute(SEND, [common | message for message in messages])


def _events(case: Case, command: CaseCommand, before: State | None) -> Iterator[dict[str, Any]]:
    """One event where the case moved, or a deadline of it was missed."""
    kind, more = f"case.{case.state}", {}
    if isinstance(command, EscalateDeadline):
        kind, more = "deadline.escalated", {"deadline": command.kind, "due_on": command.due_on.isoformat()}
    elif case.state == before:
        return
    body = {"command": command.slug(), "from": before, "state": case.state, "version": case.version}
    yield {
        "channel": "event",
        "kind": kind,
        "recipient": SUBSCRIBERS,
        "body": body | {"receipt": case.head} | more,
    }


def _words(case: Case, command: CaseCommand, context: Context) -> Iterator[dict[str, Any]]:
    """The messages that the rules have for this command, to whoever can be reached."""
    for rule in context.rules.messages.caused_by(command.slug()):
        recipient = _recipient(rule, case, command, context)
        channel = _channel(rule, case) if recipient == PERSON else rule.by[0]
        if recipient is None or channel is None:
            continue
        for wording, more in _occasions(rule, case, command, context):
            words = {"subject": rule.subject.format(**wording), "words": rule.words.format(**wording)}
            message = {"channel": channel, "kind": rule.kind, "recipient": recipient, "about": 0, "due_at": context.at}
            yield message | more | {"body": words | more.get("body", {})}


def _occasions(
    rule: MessageRule, case: Case, command: CaseCommand, context: Context
) -> Iterator[tuple[Wording, dict[str, Any]]]:
    """What fills a rule's words, and what goes with them: once, or for a reminder once for each meeting of a series."""
    wording = {"ref": case.ref}
    if isinstance(command, EscalateDeadline):
        missed = context.rules.deadlines_on(context.today)[command.kind]
        wording |= {"title": missed.title, "due": written_date(command.due_on)}
    first = _appointment(case, command, context)
    if first is None:
        yield wording, {}
        return
    others = _others(case, command, first)
    for meeting in (first,) if rule.days_before is None else (first, *others):
        due_at = context.at
        if rule.days_before is not None:
            morning = london_date(meeting.at) - timedelta(days=rule.days_before)
            due_at = datetime.combine(morning, context.rules.messages.reminder_at, LONDON)
        if not context.at <= due_at < meeting.at:
            continue  # it has begun, or the time for reminding is past
        place = context.rules.messages.place(meeting.place)
        words = wording | {"day": _day(meeting.at), "time": _time(meeting.at), "place": place}
        if rule.days_before is not None:
            body = {"appointment": _calendar(case, meeting, place), "reminder": True}
            yield words, {"about": meeting.number, "due_at": due_at, "body": body}
            continue
        words |= {"again": _again(others), "none_after": " Nor will those after it." if others else ""}
        calendar = _calendar(case, meeting, place) | {"others": _calendars(others)}
        yield words, {"body": {"appointment": calendar, "reminder": False}}


def _recipient(rule: MessageRule, case: Case, command: CaseCommand, context: Context) -> str | None:
    if rule.to == "keyworker":
        return case.keyworker
    if rule.to == "owner":
        rules = context.rules.deadlines_on(context.today)
        return rules[command.kind].escalate_to if isinstance(command, EscalateDeadline) else None
    return rule.to


def _channel(rule: MessageRule, case: Case) -> str | None:
    """The first way of the rule's by which the person can be reached now."""
    reached = {"text": case.person.phone, "email": case.person.email}
    return next((channel for channel in rule.by if reached[channel]), None)


def _appointment(case: Case, command: CaseCommand, context: Context) -> Appointment | None:
    """The meeting that a command is about: of a series, the first."""
    if isinstance(command, BookAppointment | RescheduleAppointment):
        return next((meeting for meeting in case.appointments if meeting.seq == context.seq), None)
    return appointment(case, command.appointment) if isinstance(command, CancelAppointment) else None


def _others(case: Case, command: CaseCommand, first: Appointment) -> list[Appointment]:
    """The rest of a series that is told of together with its first."""
    if isinstance(command, CancelAppointment):
        return command.called_off(case)[1:]
    booked = series(case, first) if isinstance(command, BookAppointment) else []
    return [meeting for meeting in booked if meeting is not first]


def _again(others: list[Appointment]) -> str:
    if not others:
        return ""
    return f" There are {len(others)} more at the same time, the last on {_day(others[-1].at)}."


def _calendars(others: list[Appointment]) -> list[dict[str, Any]]:
    return [{"number": meeting.number, "at": meeting.at.astimezone(UTC).isoformat()} for meeting in others]


def _calendar(case: Case, meeting: Appointment, place: str) -> dict[str, Any]:
    """What a calendar needs to keep one entry for an appointment, however often it is moved."""
    first, moves = meeting, 0
    while first.moved_from is not None and (earlier := appointment(case, first.moved_from)) is not None:
        first, moves = earlier, moves + 1
    off, at = meeting.status == "cancelled", meeting.at.astimezone(UTC).isoformat()
    return {"number": first.number, "revision": moves + off, "at": at, "place": place, "off": off}


def _day(at: datetime) -> str:
    local = at.astimezone(LONDON)
    return f"{local:%A} {written_date(local.date())}"


def _time(at: datetime) -> str:
    """The time in Cleveland, short, for a text: 10am, 2:30pm, midday."""
    return london_time(at).replace(":00", "")
