"""Meetings in a series: one entry books them, each is moved, missed or called off by itself, or the rest together."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import select

from divert.casework.commands.appointments import (
    MOST_MEETINGS,
    BookAppointment,
    CancelAppointment,
    RecordAttendance,
    RescheduleAppointment,
)
from divert.casework.upkeep.check import check
from divert.clock import LONDON, london_date
from divert.law.working_days import is_bank_holiday
from divert.models import OutboxMessage, State
from divert.worker.calendar import calendar_file
from divert.worker.outbox import take
from tests.office import KEYWORKER, Office

WEEKLY: dict[str, Any] = {
    "starts_at": "2019-05-13T10:00",
    "purpose": "Progress",
    "place": "Safety Hub",
    "every_weeks": 1,
    "until_on": "2019-06-10",
}


def weekly(**otherwise: Any) -> BookAppointment:
    return BookAppointment.model_validate({**WEEKLY, **otherwise})


def booked(office: Office, ref: str) -> list[tuple[int, str, str]]:
    """Number, London time and standing of each meeting."""
    with office.open(ref) as case:
        return [(one.number, f"{one.at.astimezone(LONDON):%d %b %H:%M}", one.status) for one in case.appointments]


def test_mondays_until_june_leave_out_the_bank_holiday(office: Office) -> None:
    ref = office.case_in(State.active)
    first = office.does(KEYWORKER, weekly(), ref).version
    assert booked(office, ref) == [
        (first, "13 May 10:00", "booked"),
        (first + 1, "20 May 10:00", "booked"),
        (first + 2, "03 Jun 10:00", "booked"),
        (first + 3, "10 Jun 10:00", "booked"),
    ]
    with office.open(ref) as case:
        assert sum(one.kind == "appointment" and one.status == "open" for one in case.deadlines) == 4


def test_what_is_booked_after_a_series_has_a_number_of_its_own(office: Office) -> None:
    ref = office.case_in(State.active)
    first = office.does(KEYWORKER, weekly(), ref).version
    move = {"appointment": first + 1, "starts_at": "2019-05-21T10:00", "asked_by": "client", "why": "New shift."}
    office.does(KEYWORKER, RescheduleAppointment.model_validate(move), ref)
    office.does(KEYWORKER, BookAppointment(starts_at=office.now + timedelta(1), purpose="Review", place="Hub"), ref)
    numbers = [number for number, _, _ in booked(office, ref)]
    assert numbers == [first, first + 1, first + 2, first + 3, first + 4, first + 5]
    office.on("2019-05-21").minutes = 60
    office.does(KEYWORKER, RecordAttendance(appointment=first + 4, held=True, attended=True), ref)
    with office.database.reading() as session:
        assert not list(check(session))


def test_the_rest_of_a_series_is_called_off_together(office: Office) -> None:
    ref = office.case_in(State.active)
    first = office.does(KEYWORKER, weekly(), ref).version
    off = {"appointment": first + 1, "asked_by": "service", "why": "Keyworker ill.", "rest_of_series": "yes"}
    office.does(KEYWORKER, CancelAppointment.model_validate(off), ref)
    assert [how for _, _, how in booked(office, ref)] == ["booked", "cancelled", "cancelled", "cancelled"]


def test_one_meeting_is_called_off_and_the_others_stand(office: Office) -> None:
    ref = office.case_in(State.active)
    first = office.does(KEYWORKER, weekly(), ref).version
    off = {"appointment": first + 1, "asked_by": "service", "why": "Keyworker ill."}
    office.does(KEYWORKER, CancelAppointment.model_validate(off), ref)
    assert [how for _, _, how in booked(office, ref)] == ["booked", "cancelled", "booked", "booked"]


def test_the_person_is_told_once_of_all_and_one_calendar_file_holds_them(office: Office) -> None:
    ref = office.case_in(State.active, phone="07700 900312")
    office.does(KEYWORKER, weekly(), ref)
    with office.database.writing() as session:
        told = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "appointment_booked")).one()
        assert told.body["words"] == (
            "You have an appointment on Monday 13 May 2019 at 10am, at Safety Hub. There are 3 more at the same time, "
            "the last on Monday 10 June 2019. If you cannot come, ring your keyworker before then."
        )
        message = take(session, office.now, "worker", ["text"])
        assert message is not None
        events = calendar_file(message).decode()
    assert re.findall(r"DTSTART:(\d{8}T\d{6})Z", events) == [
        "20190513T090000", "20190520T090000", "20190603T090000", "20190610T090000",
    ]  # fmt: skip
    assert len(set(re.findall(r"UID:(\S+\.\d+@\S+)", events))) == 4


def test_each_meeting_has_its_own_reminder_the_day_before(office: Office) -> None:
    ref = office.case_in(State.active, phone="07700 900312")
    first = office.does(KEYWORKER, weekly(), ref).version
    query = select(OutboxMessage).where(OutboxMessage.kind == "appointment_reminder").order_by(OutboxMessage.due_at)
    with office.database.reading() as session:
        waiting = [(one.about, f"{one.due_at.astimezone(LONDON):%d %b %H:%M}") for one in session.scalars(query)]
    assert waiting == [
        (first, "12 May 10:00"), (first + 1, "19 May 10:00"), (first + 2, "02 Jun 10:00"), (first + 3, "09 Jun 10:00"),
    ]  # fmt: skip


def test_a_series_keeps_its_hour_when_the_clocks_change() -> None:
    autumn = weekly(starts_at="2019-10-21T10:00", until_on="2019-11-04")
    assert [f"{one.astimezone(LONDON):%H:%M}" for one in autumn.later or ()] == ["10:00", "10:00"]
    assert [one.utcoffset() for one in autumn.later or ()] == [timedelta(0), timedelta(0)]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"until_on": None}, "until_on"),
        ({"every_weeks": None}, "every_weeks"),
        ({"until_on": "2019-05-13"}, "until_on"),
        ({"until_on": "2021-05-13"}, "until_on"),
    ],
)
def test_half_a_series_or_one_without_end_is_refused(said: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        weekly(**said)


@given(
    first=st.dates(date(2019, 1, 1), date(2021, 12, 31)),
    weeks=st.integers(1, 8),
    days=st.integers(1, 250),
)
def test_a_series_keeps_its_weekday_and_leaves_out_bank_holidays(first: date, weeks: int, days: int) -> None:
    until = first + timedelta(days=days)
    later = weekly(starts_at=f"{first}T09:30", every_weeks=weeks, until_on=until).later or []
    assert len(later) < MOST_MEETINGS
    steps = {(london_date(one) - first).days % (7 * weeks) for one in later}
    assert steps <= {0}
    assert all(first < london_date(one) <= until and not is_bank_holiday(london_date(one)) for one in later)
    possible = [first + timedelta(weeks=weeks * n) for n in range(1, days // (7 * weeks) + 1)]
    assert [london_date(one) for one in later] == [day for day in possible if not is_bank_holiday(day)]
