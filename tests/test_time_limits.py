from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from divert.clock import written_date
from divert.law.offences import Basis, Offence, known_offences
from divert.law.time_limits import NO_LIMIT, Limit, add_months, earliest, latest_start, limit_for

SOME_DAY = date(2019, 4, 1)
days = st.dates(date(1990, 1, 1), date(2090, 12, 31))


def offence(code: str) -> Offence:
    return known_offences().find(code, SOME_DAY)


def drunk_and_disorderly(on: date) -> Limit:
    return limit_for(offence("CJ67002"), on, None)


@pytest.mark.parametrize(
    ("on", "months", "expected"),
    [
        (date(2019, 1, 2), 6, date(2019, 7, 2)),
        (date(2018, 8, 31), 6, date(2019, 2, 28)),
        (date(2019, 8, 31), 6, date(2020, 2, 29)),
        (date(2019, 3, 31), 6, date(2019, 9, 30)),
        (date(2020, 2, 29), 12, date(2021, 2, 28)),
        (date(2019, 2, 28), 6, date(2019, 8, 28)),
        (date(2019, 12, 15), 1, date(2020, 1, 15)),
        (date(2019, 1, 15), -1, date(2018, 12, 15)),
        (date(2019, 7, 31), -5, date(2019, 2, 28)),
        (date(2019, 5, 31), 0, date(2019, 5, 31)),
        (date(2019, 11, 30), -12, date(2018, 11, 30)),
    ],
)
def test_a_month_later_is_the_corresponding_day_or_the_last_of_the_month(on: date, months: int, expected: date) -> None:
    assert add_months(on, months) == expected


@given(days, st.integers(-240, 240))
def test_months_move_the_month_by_exactly_that_many_and_the_day_only_back(on: date, months: int) -> None:
    moved = add_months(on, months)
    assert (moved.year - on.year) * 12 + moved.month - on.month == months
    assert moved.day == on.day or (moved.day < on.day and (moved + timedelta(days=1)).day == 1)


@given(days, days, st.integers(-240, 240))
def test_months_never_put_a_later_day_before_an_earlier_one(one: date, other: date, months: int) -> None:
    first, second = sorted((one, other))
    assert add_months(first, months) <= add_months(second, months)


@pytest.mark.parametrize(
    ("offence_on", "last_day"),
    [
        (date(2019, 1, 1), date(2019, 7, 1)),
        (date(2019, 1, 2), date(2019, 7, 2)),
        (date(2018, 8, 31), date(2019, 2, 28)),
        (date(2019, 3, 31), date(2019, 9, 30)),
        (date(2019, 8, 30), date(2020, 2, 29)),
        (date(2020, 2, 29), date(2020, 8, 29)),
    ],
)
def test_a_summary_offence_must_be_charged_within_six_months_without_its_own_day(
    offence_on: date, last_day: date
) -> None:
    limit = drunk_and_disorderly(offence_on)
    assert (limit.last_day, limit.basis, limit.method) == (last_day, Basis.statutory, "s127")
    assert "Magistrates' Courts Act 1980 s.127(1)" in limit.authority


def test_a_limit_that_ends_on_a_saturday_is_not_moved_to_monday() -> None:
    limit = drunk_and_disorderly(date(2019, 1, 6))
    assert limit.last_day == date(2019, 7, 6)
    assert limit.last_day.strftime("%A") == "Saturday"


def test_the_reckoning_is_written_out() -> None:
    assert drunk_and_disorderly(date(2019, 1, 2)).reasoning.startswith(
        "Drunk and disorderly: 6 months after 2 January 2019 end on 2 July 2019."
    )


@pytest.mark.parametrize(
    ("code", "offence_on", "last_day"),
    [
        ("TH68050", date(2019, 4, 1), date(2019, 9, 30)),
        ("TH68050", date(2018, 8, 31), date(2019, 2, 27)),
        ("CA03005", date(2019, 1, 1), date(2019, 6, 30)),
    ],
)
def test_a_limit_beginning_with_a_day_counts_that_day(code: str, offence_on: date, last_day: date) -> None:
    limit = limit_for(offence(code), offence_on, None)
    assert (limit.last_day, limit.basis) == (last_day, Basis.precautionary)
    assert f": 6 months beginning with {written_date(offence_on)} end on {written_date(last_day)}." in limit.reasoning


@pytest.mark.parametrize("value", [None, Decimal("0"), Decimal("7.66"), Decimal("200"), Decimal("200.00")])
def test_low_value_shop_theft_has_a_precautionary_limit(value: Decimal | None) -> None:
    limit = limit_for(offence("TH68010"), SOME_DAY, value)
    assert (limit.last_day, limit.basis) == (date(2019, 10, 1), Basis.precautionary)
    assert "Candlish" in limit.authority


def test_shop_theft_above_two_hundred_pounds_has_none() -> None:
    limit = limit_for(offence("TH68010"), SOME_DAY, Decimal("200.01"))
    assert (limit.last_day, limit.basis) == (None, Basis.none)
    assert "£200.01, over £200" in limit.reasoning


@pytest.mark.parametrize("code", ["CD71039", "TH68020", "MD71530", "TH68023"])
def test_an_offence_the_crown_court_may_try_has_none(code: str) -> None:
    assert limit_for(offence(code), SOME_DAY, Decimal("10")).last_day is None


def test_the_earliest_limit_is_the_one_that_falls_first() -> None:
    shop = limit_for(offence("TH68010"), date(2019, 3, 1), None)
    drunk = drunk_and_disorderly(date(2019, 3, 9))
    drug = limit_for(offence("MD71530"), date(2019, 1, 1), None)
    assert earliest([drug, drunk, shop]) == shop
    assert earliest([drug, drunk, shop], Basis.statutory) == drunk
    assert earliest([drug]) == NO_LIMIT
    assert earliest([]).last_day is None


def test_a_four_month_contract_must_start_four_months_and_a_fortnight_before_the_limit() -> None:
    assert latest_start(drunk_and_disorderly(date(2019, 4, 1)), buffer_days=14, months=4) == date(2019, 5, 17)
    assert latest_start(NO_LIMIT, buffer_days=14, months=4) is None


@given(days, st.integers(0, 90), st.integers(1, 12), st.integers(0, 400))
def test_whoever_starts_by_the_latest_start_ends_with_the_buffer_in_hand(
    offence_on: date, buffer: int, months: int, earlier: int
) -> None:
    limit = drunk_and_disorderly(offence_on)
    start = latest_start(limit, buffer, months)
    assert start is not None
    assert limit.last_day is not None
    ends = add_months(start - timedelta(days=earlier), months)
    assert ends + timedelta(days=buffer) <= limit.last_day


@given(days, days, st.sampled_from(sorted(known_offences().codes)))
def test_a_later_offence_never_goes_out_of_time_sooner(one: date, other: date, code: str) -> None:
    first, second = (limit_for(offence(code), on, None).last_day for on in sorted((one, other)))
    assert (first is None) == (second is None)
    if first is not None and second is not None:
        assert min(one, other) < first <= second


@pytest.mark.parametrize("code", sorted(known_offences().codes))
def test_every_limit_says_why_and_on_what_authority_in_a_line_that_a_deadline_can_hold(code: str) -> None:
    limit = limit_for(offence(code), date(2019, 9, 30), Decimal("12.34"))
    assert 20 < len(limit.reasoning) <= 300
    assert 10 < len(limit.authority) <= 200
