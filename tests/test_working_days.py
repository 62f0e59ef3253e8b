"""Working days follow England's bank holidays, on whatever notice they were proclaimed."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from govuk_bank_holidays.bank_holidays import BankHolidays  # type: ignore[import-untyped]  # it ships no types
from holidays import country_holidays
from hypothesis import given
from hypothesis import strategies as st

from divert.law import working_days
from divert.law.rule_files import RulesError, read, rules_folder
from divert.law.working_days import ProclaimedDays, add_working_days, is_working_day, working_days_between

DAYS = st.dates(date(2012, 1, 1), date(2060, 12, 31))


@pytest.mark.parametrize(
    "on",
    [
        date(2019, 1, 1),
        date(2019, 4, 19),  # Good Friday
        date(2019, 4, 22),  # Easter Monday
        date(2019, 5, 4),  # a Saturday
        date(2020, 5, 8),  # the early May holiday, moved for the VE Day anniversary
        date(2021, 12, 28),  # Boxing Day fell on a Sunday
        date(2022, 9, 19),  # the State Funeral, nine days after its proclamation
        date(2023, 5, 8),  # the Coronation
    ],
)
def test_these_days_are_closed(on: date) -> None:
    assert not is_working_day(on)


@pytest.mark.parametrize(
    "on",
    [
        date(2019, 1, 2),  # closed in Scotland
        date(2019, 7, 12),  # closed in Northern Ireland
        date(2020, 5, 4),  # the early May holiday was moved away from here
        date(2019, 12, 24),
    ],
)
def test_these_days_are_open(on: date) -> None:
    assert is_working_day(on)


def test_five_working_days_over_easter_2019_are_eleven_calendar_days() -> None:
    assert add_working_days(date(2019, 4, 17), 5) == date(2019, 4, 26)
    assert add_working_days(date(2019, 4, 26), -5) == date(2019, 4, 17)
    assert working_days_between(date(2019, 4, 17), date(2019, 4, 26)) == 5


def test_counting_starts_the_day_after() -> None:
    saturday, monday = date(2019, 6, 1), date(2019, 6, 3)
    assert add_working_days(saturday, 0) == saturday
    assert add_working_days(saturday, 1) == monday
    assert working_days_between(monday, monday) == 0


def test_every_day_agrees_with_the_list_the_government_publishes() -> None:
    published = BankHolidays(use_cached_holidays=True)
    division = BankHolidays.ENGLAND_AND_WALES
    known = [holiday["date"] for holiday in published.get_holidays(division=division)]
    first, last = date(min(known).year, 1, 1), date(max(known).year, 12, 31)
    assert (last - first).days > 3650, "the list covers years enough to be worth asking"
    for n in range((last - first).days + 1):
        on = first + timedelta(days=n)
        assert is_working_day(on) == published.is_work_day(on, division=division), on


@given(DAYS, st.integers(1, 300))
def test_adding_lands_on_the_working_day_that_many_on(on: date, n: int) -> None:
    landed = add_working_days(on, n)
    assert is_working_day(landed)
    assert working_days_between(on, landed) == n
    assert add_working_days(add_working_days(on, n - 1), 1) == landed


@given(DAYS, st.integers(1, 300))
def test_going_back_undoes_going_forward_from_a_working_day(on: date, n: int) -> None:
    start = add_working_days(on, 1)
    assert add_working_days(add_working_days(start, n), -n) == start


@given(DAYS, st.integers(-800, 800))
def test_between_counts_each_working_day_once(a: date, days: int) -> None:
    b = a + timedelta(days=days)
    early, late = min(a, b), max(a, b)
    one_by_one = sum(is_working_day(early + timedelta(days=n + 1)) for n in range((late - early).days))
    assert working_days_between(early, late) == one_by_one
    assert working_days_between(late, early) == -one_by_one


@given(DAYS, DAYS, DAYS)
def test_two_stretches_add_up_to_the_whole(a: date, b: date, c: date) -> None:
    assert working_days_between(a, b) + working_days_between(b, c) == working_days_between(a, c)


def test_a_moment_is_refused_since_its_date_depends_on_the_zone() -> None:
    christmas = datetime(2019, 12, 25, 9, 30, tzinfo=UTC)
    with pytest.raises(TypeError, match="london_date"):
        is_working_day(christmas)
    with pytest.raises(TypeError, match="london_date"):
        add_working_days(christmas, 0)
    with pytest.raises(TypeError, match="london_date"):
        working_days_between(date(2019, 1, 1), christmas)


@pytest.fixture
def proclaimed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A rules folder of its own, whose proclaimed days count until the test is over."""

    def forget() -> None:
        working_days._bank_holidays.cache_clear()
        working_days._working_days.cache_clear()

    monkeypatch.setenv("DIVERT_RULES", str(tmp_path))
    forget()
    yield tmp_path / "proclaimed_days.toml"
    forget()


def test_a_day_proclaimed_since_is_closed_by_one_row(proclaimed: Path) -> None:
    proclaimed.write_text(
        '[[day]]\non = 2031-06-04\nsays = "An invented jubilee"\ncites = "An invented proclamation"\n'
    )
    assert not is_working_day(date(2031, 6, 4))
    assert add_working_days(date(2031, 6, 3), 1) == date(2031, 6, 5)
    assert working_days_between(date(2031, 6, 3), date(2031, 6, 5)) == 1


def test_a_proclaimed_day_without_authority_is_refused(proclaimed: Path) -> None:
    proclaimed.write_text('[[day]]\non = 2031-06-04\nsays = "An invented jubilee"\n')
    with pytest.raises(RulesError, match=r"proclaimed_days\.toml.*cites"):
        is_working_day(date(2031, 6, 4))


def test_the_rules_hold_only_days_that_the_package_does_not_know() -> None:
    for day in read(rules_folder() / "proclaimed_days.toml", ProclaimedDays).day:
        known = country_holidays("GB", subdiv="ENG", years=day.on.year)
        assert day.on not in known, f"{day.says}: the package has it now, take the row out"
