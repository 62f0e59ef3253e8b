"""What people type and paste is taken for what it says: clean, in one form; and what nobody could mean is asked for."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from api.web.date_input import fault, join
from divert.acts.answers import Money, OffenceCode
from divert.acts.command import LondonInstant
from divert.casework.commands.record import AddNote
from divert.casework.commands.referral import Refer
from divert.clock import london_text, london_time
from divert.models import State
from divert.people.identifiers import check_letter, email, phone, pnc_id, postcode
from divert.people.text import clean
from tests.office import DALE, INSPECTOR, OFFICER, Office

MONEY: TypeAdapter[Decimal] = TypeAdapter(Money)
INSTANT: TypeAdapter[datetime] = TypeAdapter(LondonInstant)


def refers(**answers: Any) -> Refer:
    return Refer.model_validate({**DALE, **answers})


@pytest.mark.parametrize(
    ("read", "typed", "taken"),
    [
        (phone, "\u202a07700 900123\u202c", "07700900123"),
        (phone, "07700–900123", "07700900123"),
        (phone, "+48 512 345 678", "+48512345678"),
        (phone, "0048 512 345 678", "+48512345678"),
        (phone, "7700900123", "07700900123"),
        (phone, "+44 (0)7700 900123", "07700900123"),
        (postcode, "TS1 1AA\u200b", "TS1 1AA"),
        (email, "sam.reed@example.com\u200b", "sam.reed@example.com"),
    ],
    ids=[
        "pasted from a contacts list",
        "with a dash",
        "from abroad",
        "from abroad, dialled",
        "its zero lost in a spreadsheet",
        "with both",
        "a postcode with a space of no width",
        "an address with one",
    ],
)
def test_contacts_are_taken_clean(read: Any, typed: str, taken: str) -> None:
    assert read(typed) == taken


@pytest.mark.parametrize("typed", ["unknown", "0770090012", "+44 1", "+1", "12345678901234567890", "+04812345678"])
def test_what_is_no_telephone_number_is_not_taken(typed: str) -> None:
    with pytest.raises(ValueError, match="begins with \\+ and its country"):
        phone(typed)


@pytest.mark.parametrize(
    ("typed", "taken"),
    [("£24.50", "24.50"), ("1,250.00", "1250.00"), ("£ 1,250", "1250"), ("24.50", "24.50"), (24.5, "24.5")],
)
def test_an_amount_may_have_its_pound_sign_and_commas(typed: Any, taken: str) -> None:
    assert MONEY.validate_python(typed) == Decimal(taken)


@pytest.mark.parametrize("typed", ["12,50", "1,25.00", "££5", "$5", "1,250,00", "-£5", "5.123", ""])
def test_an_amount_that_could_mean_two_things_is_asked_for(typed: str) -> None:
    with pytest.raises(ValidationError):
        MONEY.validate_python(typed)


def test_what_nobody_sees_is_gone_before_anything_is_judged() -> None:
    seen = refers(surname="Test\u200bford\u202e", forenames="Ga\u0301bor", notes="\ufeffFrom the desk.")
    assert (seen.surname, seen.forenames, seen.notes) == ("Testford", "Gábor", "From the desk.")
    assert refers(email="\u200b").email is None
    assert AddNote(text="\u202aHello\u202c").text == "Hello"
    with pytest.raises(ValidationError):
        AddNote(text="\u200b\u200d")


@given(st.text(max_size=20))
def test_clean_text_is_clean_already_and_says_the_same(typed: str) -> None:
    once = clean(typed)
    assert clean(once) == once
    assert clean(f"\u200b{typed}\u202c") == once


def test_an_entry_on_record_is_read_again_as_it_was_written(desk: Office) -> None:
    """What is refused or cleaned today may have been taken then: a case replays to what stands."""
    written = refers().body() | {"surname": "Test\u200bford", "pnc_id": "2031/0012345Y", "notes": "e\u0301"}
    again = Refer.model_validate(written, context={"on_record": True})
    assert (again.surname, again.pnc_id, again.notes) == ("Test\u200bford", "2031/0012345Y", "e\u0301")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("2026-12-08", "This has no time"),
        ("2026-W50-4", "not a date and time"),
        ("20261208T1000", "not a date and time"),
        ("2027-03-28T01:30", "The nearest are 2027-03-28T00:59 and 2027-03-28T02:00"),
        ("2027-10-31T01:30", "2027-10-31T01:30\\+01:00 or, an hour later, 2027-10-31T01:30\\+00:00"),
    ],
    ids=["a day", "a week", "without strokes", "an hour that is left out", "an hour that comes twice"],
)
def test_an_instant_is_one(typed: str, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        INSTANT.validate_python(typed)


def test_of_an_hour_that_comes_twice_either_can_be_meant() -> None:
    first, second = (INSTANT.validate_python(f"2027-10-31T01:30{offset}") for offset in ("+01:00", "+00:00"))
    assert (second - first).total_seconds() == 3600
    assert INSTANT.validate_python("2027-03-28T00:59").astimezone(UTC) == datetime(2027, 3, 28, 0, 59, tzinfo=UTC)
    assert INSTANT.validate_python("2027-03-28T02:00").astimezone(UTC) == datetime(2027, 3, 28, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hour", "minute", "text"),
    [
        (12, 0, "midday"),
        (0, 0, "midnight"),
        (12, 5, "12:05pm"),
        (0, 30, "12:30am"),
        (14, 5, "2:05pm"),
        (9, 0, "9:00am"),
    ],
)
def test_midday_and_midnight_are_called_so(hour: int, minute: int, text: str) -> None:
    at = datetime(2019, 1, 3, hour, minute, tzinfo=UTC)
    assert london_time(at) == text
    assert london_text(at) == f"3 January 2019, {text}"


def test_a_pnc_id_is_taken_without_its_stroke_and_never_of_a_year_to_come() -> None:
    assert pnc_id("20190012345G", 2019) == "2019/0012345G"
    later = f"2020/0012345{check_letter(200012345)}"
    with pytest.raises(ValueError, match="after the referral"):
        pnc_id(later, 2019)
    assert pnc_id("2019/0012345G", 2019) == "2019/0012345G"
    with pytest.raises(ValidationError, match="after the referral"):
        refers(pnc_id=later)


def test_the_mental_health_act_is_what_mental_health_says() -> None:
    assert refers(detained="Mental Health Act").detained == refers(detained="mental health").detained == "mental health"


def test_a_code_of_common_law_is_a_code_though_not_one_of_the_scheme_s() -> None:
    assert TypeAdapter(OffenceCode).validate_python("coml030") == "COML030"
    with pytest.raises(ValidationError, match="No offence this scheme knows"):
        refers(offence_code="COML030")


def test_a_referral_pasted_with_what_nobody_sees_is_the_same_person_and_crime(desk: Office) -> None:
    first = desk.refers()
    desk.does(INSPECTOR, AddNote(text="Seen."), first)
    with pytest.raises(Exception, match=first):
        desk.does(OFFICER, refers(surname=f"{DALE['surname']}\u200b", crime_ref=f"\u202a{DALE['crime_ref']}"))
    assert desk.case_in(State.referred, crime_ref="CVP-19-2", surname="Other", date_of_birth=date(1980, 1, 1))


@pytest.mark.parametrize(
    ("typed", "taken"),
    [
        ("2pm", "14:00"),
        ("2 pm", "14:00"),
        ("14.00", "14:00"),
        ("2:30PM", "14:30"),
        ("12pm", "12:00"),
        ("12am", "00:00"),
        ("midday", "12:00"),
        ("9:05", "09:05"),
        ("1:30 BST", "01:30+01:00"),
        ("1:30am GMT", "01:30+00:00"),
    ],
)
def test_a_time_box_takes_a_time_as_pages_show_it(typed: str, taken: str) -> None:
    assert join({"day": "1", "month": "5", "year": "2019", "time": typed}) == f"2019-05-01T{taken}"


@pytest.mark.parametrize("typed", ["2", "13pm", "0am", "24:00", "12:60", "2:3", "two", "pm"])
def test_a_time_that_could_be_another_is_asked_for(typed: str) -> None:
    boxes = {"day": "1", "month": "5", "year": "2019", "time": typed}
    assert join(boxes) == boxes
    assert fault(boxes) == ("Write the time like 2:30pm or 14:30.", "time")
