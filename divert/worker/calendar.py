"""A calendar file (RFC 5545, RFC 5546) for appointments: one that is moved or called off is still one entry there."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from icalendar import STATUS, Calendar, Event

from divert.worker.outbox import Message


def calendar_file(message: Message) -> bytes:
    """The file that a message about an appointment or a series carries: when and where, never what for or with whom.

    No end is given, since none is agreed: RFC 5545 then takes the event to end when it starts.
    """
    appointment = message.body["appointment"]
    events = [_event(message, appointment | changes) for changes in ({}, *appointment.get("others", ()))]
    method = "CANCEL" if appointment["off"] else "PUBLISH"
    content: bytes = Calendar.new(
        prodid="-//Cleveland Divert//EN", method=method, uid=message.key, subcomponents=events
    ).to_ical()
    return content


def _event(message: Message, appointment: Mapping[str, Any]) -> Event:
    return Event.new(
        uid=f"{message.case_ref}.{appointment['number']}@cleveland-divert",
        sequence=appointment["revision"],
        stamp=message.made_at,
        start=datetime.fromisoformat(appointment["at"]).astimezone(UTC),
        summary="Appointment",
        location=appointment["place"],
        status=STATUS.CANCELLED if appointment["off"] else STATUS.CONFIRMED,
    )
