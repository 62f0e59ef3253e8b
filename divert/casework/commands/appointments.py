"""Appointments. Whether one was held, attended, late, and whose fault are four facts; a move is a new appointment."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Literal

from pydantic import Field, model_validator
from pydantic.config import JsonDict
from pydantic.json_schema import SkipJsonSchema

from divert.acts.answers import IsoDate, YesNo
from divert.acts.command import EntryNumber, LondonInstant, Reasons, Short, Words
from divert.casework.command import CaseCommand, Context
from divert.clock import LONDON, london_date
from divert.law.working_days import is_bank_holiday
from divert.models import Appointment, Case

MOST_MEETINGS = 40
Asker = Literal["client", "service"]
WHICH: JsonDict = {"choices": "appointments"}


class BookAppointment(
    CaseCommand,
    title="Book an appointment",
    json_schema_extra={
        "examples": [{"starts_at": "2019-05-15T10:00", "purpose": "First meeting", "place": "Community Safety Hub"}]
    },
):
    """Book a meeting with the person, or a series of them at the same time of day."""

    starts_at: LondonInstant = Field(title="Date and time")
    purpose: Short = Field(title="What for", min_length=1)
    place: Short = Field(title="Where", min_length=1)
    every_weeks: int | None = Field(
        default=None,
        ge=1,
        le=8,
        title="If it repeats: every how many weeks",
        description="A meeting that would fall on a bank holiday is left out.",
    )
    until_on: IsoDate | None = Field(
        default=None, title="If it repeats: until", description="The last day on which there may be a meeting."
    )

    later: SkipJsonSchema[list[LondonInstant] | None] = Field(default=None, max_length=MOST_MEETINGS)
    """The further meetings as they were booked: what is a bank holiday may be proclaimed afterwards."""

    @model_validator(mode="after")
    def _whole_series(self) -> "BookAppointment":
        if (self.every_weeks is None) != (self.until_on is None):
            missing = "until_on" if self.until_on is None else "every_weeks"
            raise ValueError(f"{missing}: a series needs both, every how many weeks and until when.")
        if self.until_on is not None and self.until_on <= london_date(self.starts_at):
            raise ValueError("until_on: a series ends after its first meeting. Leave both blank for a single one.")
        if self.later is None:
            self.later = list(islice(self._repeats(), MOST_MEETINGS))
        if len(self.later) == MOST_MEETINGS:
            raise ValueError(f"until_on: that is more than {MOST_MEETINGS} meetings. Book fewer at a time.")
        return self

    def _repeats(self) -> Iterator[datetime]:
        """When each further meeting begins: at the same wall-clock time, whatever the clocks do in between."""
        at = self.starts_at.astimezone(LONDON)
        while self.every_weeks is not None and self.until_on is not None:
            at += timedelta(weeks=self.every_weeks)
            if at.date() > self.until_on:
                return
            if not is_bank_holiday(at.date()):
                yield at

    def apply(self, case: Case, context: Context) -> None:
        """The first has the number of this entry, or the next one free."""
        for number, at in enumerate((self.starts_at, *(self.later or ())), start=_next_number(case, context)):
            case.appointments.append(
                Appointment(
                    number=number,
                    seq=context.seq,
                    at=at,
                    purpose=self.purpose,
                    place=self.place,
                    status="booked",
                )
            )


class RescheduleAppointment(
    CaseCommand,
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
                    number=_next_number(case, context),
                    seq=context.seq,
                    at=self.starts_at,
                    purpose=old.purpose,
                    place=old.place,
                    status="booked",
                    moved_from=old.number,
                )
            )


class CancelAppointment(
    CaseCommand,
    title="Cancel an appointment",
    json_schema_extra={"examples": [{"appointment": 10, "asked_by": "service", "why": "Keyworker ill."}]},
):
    """Call a meeting off, or what is left of a series."""

    appointment: EntryNumber = Field(title="Appointment", json_schema_extra=WHICH)
    asked_by: Asker = Field(title="Who asked")
    why: Reasons = Field(title="Why")
    rest_of_series: YesNo = Field(default=False, title="Call off every later meeting of its series too")

    def called_off(self, case: Case) -> list[Appointment]:
        """The meeting, and those that go with it, in order."""
        first = appointment(case, self.appointment)
        later = series(case, first) if first is not None and self.rest_of_series else []
        return [first, *(meeting for meeting in later if meeting.at > first.at)] if first is not None else []

    def apply(self, case: Case, context: Context) -> None:
        """They keep their dates."""
        for meeting in self.called_off(case):
            meeting.status = "cancelled"


class Attendance(CaseCommand):
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
        meeting = appointment(case, self.appointment)
        if meeting is not None:
            meeting.status = "past"
            meeting.held, meeting.attended, meeting.late_minutes = self.held, self.attended, self.late_minutes
            meeting.fault, meeting.acceptable = self.fault, self.acceptable


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


def appointment(case: Case, number: int) -> Appointment | None:
    """The appointment of that number."""
    return next((meeting for meeting in case.appointments if meeting.number == number), None)


def series(case: Case, meeting: Appointment) -> list[Appointment]:
    """The meetings still booked by the entry that booked this one."""
    return [other for other in case.appointments if other.seq == meeting.seq and other.status == "booked"]


def _next_number(case: Case, context: Context) -> int:
    return max([context.seq, *(meeting.number + 1 for meeting in case.appointments)])
