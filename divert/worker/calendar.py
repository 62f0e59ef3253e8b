"""A calendar file (RFC 5545, RFC 5546) for appointments: one that is moved or called off is still one entry there."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from icalendar import STATUS, Calendar, Event

from divert.worker.outbox import Message


def calendar(message: Message) -> bytes:
    """The file that a message about an appointment or a series carries: when and where, never what for or with whom.

    No end is given, since none is agreed: RFC 5545 then takes the event to end when it starts.
    """
    about = message.body["appointment"]
    events = [_event(message, about | other) for other in ({}, *about.get("others", ()))]
    method = "CANCEL" if about["off"] else "PUBLISH"
    made: bytes = Calendar.new(
        prodid="-//Cleveland Divert//EN", method=method, uid=message.key, subcomponents=events
    ).to_ical()
    return made


def _event(message: Message, about: Mapping[str, Any]) -> Event:
    return Event.new(
        uid=f"{message.case_ref}.{about['number']}@cleveland-divert",
        sequence=about["revision"],
        stamp=message.made_at,
        start=datetime.fromisoformat(about["at"]).astimezone(UTC),
        summary="Appointment",
        location=about["place"],
        status=STATUS.CANCELLED if about["off"] else STATUS.CONFIRMED,
    )
