"""Appointments. Whether one was held, attended, late, and whose fault are four facts; a move is a new appointment."""

from typing import Literal

from pydantic import Field, model_validator
from pydantic.config import JsonDict

from divert.answers import YesNo
from divert.casework.command import Command, Context, EntryNumber, LondonInstant, Reasons, Short, Words
from divert.models import Appointment, Case

Asker = Literal["client", "service"]
WHICH: JsonDict = {"choices": "appointments"}


class BookAppointment(
    Command,
    title="Book an appointment",
    json_schema_extra={
        "examples": [{"starts_at": "2019-05-15T10:00", "purpose": "First meeting", "place": "Community Safety Hub"}]
    },
):
    """Book a meeting with the person."""

    starts_at: LondonInstant = Field(title="Date and time")
    purpose: Short = Field(title="What for", min_length=1)
    place: Short = Field(title="Where", min_length=1)

    def apply(self, case: Case, context: Context) -> None:
        """The appointment has the number of this entry."""
        case.appointments.append(
            Appointment(seq=context.seq, at=self.starts_at, purpose=self.purpose, place=self.place, status="booked")
        )


class RescheduleAppointment(
    Command,
    title="Reschedule an appointment",
    json_schema_extra={
        "examples": [{"appointment": 10, "starts_at": "2019-05-17T10:00", "asked_by": "client", "why": "New shift."}]
    },
):
    """Move a meeting: a new appointment, linked to the old one."""

    appointment: EntryNumber = Field(title="Appointment", json_schema_extra=WHICH)
    starts_at: LondonInstant = Field(title="New date and time")
    asked_by: Asker = Field(title="Who asked")
    why: Reasons = Field(title="Why")

    def apply(self, case: Case, context: Context) -> None:
        """The old one keeps its date and says that it was moved."""
        old = appointment(case, self.appointment)
        if old is not None:
            old.status = "moved"
            case.appointments.append(
                Appointment(
                    seq=context.seq,
                    at=self.starts_at,
                    purpose=old.purpose,
                    place=old.place,
                    status="booked",
                    moved_from=old.seq,
                )
            )


class CancelAppointment(
    Command,
    title="Cancel an appointment",
    json_schema_extra={"examples": [{"appointment": 10, "asked_by": "service", "why": "Keyworker ill."}]},
):
    """Call a meeting off."""

    appointment: EntryNumber = Field(title="Appointment", json_schema_extra=WHICH)
    asked_by: Asker = Field(title="Who asked")
    why: Reasons = Field(title="Why")

    def apply(self, case: Case, context: Context) -> None:
        """It keeps its date."""
        old = appointment(case, self.appointment)
        if old is not None:
            old.status = "cancelled"


class Attendance(Command):
    """What became of a meeting."""

    appointment: EntryNumber = Field(title="Appointment", json_schema_extra=WHICH)
    held: YesNo = Field(title="Did the meeting take place")
    attended: YesNo = Field(title="Did the person come")
    late_minutes: int | None = Field(default=None, ge=0, le=600, title="Minutes late")
    fault: Literal["client", "service", "nobody"] | None = Field(default=None, title="If anything went wrong: by whom")
    acceptable: YesNo | None = Field(default=None, title="If they did not come: was the reason acceptable")
    note: Words | None = Field(default=None, title="Note")

    @model_validator(mode="after")
    def _came_or_excused(self) -> "Attendance":
        if not self.attended and self.acceptable is None and self.fault != "service":
            raise ValueError("acceptable: they did not come, so say whether the reason was acceptable (yes or no).")
        return self

    def apply(self, case: Case, context: Context) -> None:
        """The facts as now known."""
        met = appointment(case, self.appointment)
        if met is not None:
            met.status = "past"
            met.held, met.attended, met.late_minutes = self.held, self.attended, self.late_minutes
            met.fault, met.acceptable = self.fault, self.acceptable


CAME = {"appointment": 10, "held": "yes", "attended": "yes"}


class RecordAttendance(Attendance, title="Record attendance", json_schema_extra={"examples": [CAME]}):
    """Record what became of a meeting, once it is past."""


class CorrectAttendance(
    Attendance,
    title="Correct an attendance record",
    json_schema_extra={
        "examples": [{**CAME, "attended": "no", "acceptable": "yes", "reason": "Hospital letter received later."}]
    },
):
    """Put a record of attendance right. The first record stays in the history."""

    reason: Reasons = Field(title="Why, and on what evidence")


def appointment(case: Case, seq: int) -> Appointment | None:
    """The appointment that entry `seq` booked."""
    return next((one for one in case.appointments if one.seq == seq), None)
