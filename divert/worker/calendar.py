"""A calendar file (RFC 5545, RFC 5546) for an appointment: moved or called off, it is still one entry in a calendar."""

from datetime import UTC, datetime

from icalendar import STATUS, Calendar, Event

from divert.worker.outbox import Message


def calendar(message: Message) -> bytes:
    """The file that a message about an appointment carries. It says when and where, never what for or with whom.

    No end is given, since none is agreed: RFC 5545 then takes the event to end when it starts.
    """
    about = message.body["appointment"]
    event = Event.new(
        uid=f"{message.case_ref}.{about['number']}@cleveland-divert",
        sequence=about["revision"],
        stamp=message.made_at,
        start=datetime.fromisoformat(about["at"]).astimezone(UTC),
        summary="Appointment",
        location=about["place"],
        status=STATUS.CANCELLED if about["off"] else STATUS.CONFIRMED,
    )
    method = "CANCEL" if about["off"] else "PUBLISH"
    made: bytes = Calendar.new(prodid="-//Cleveland Divert//EN", method=method, subcomponents=[event]).to_ical()
    return made
