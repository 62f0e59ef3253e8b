"""Working days in England: Monday to Friday without bank holidays.

All days are Europe/London dates (`divert.clock.london_date`). Bank holidays are those of the Banking and Financial
Dealings Act 1971 with Good Friday and Christmas Day, from the `holidays` package and `rules/proclaimed_days.toml`.
"""

from bisect import bisect_right
from datetime import date, datetime, timedelta
from functools import cache

from holidays import country_holidays

from divert.law.rule_files import Strict, read, rules_folder


class ProclaimedDay(Strict):
    """One extra bank holiday, and the proclamation that made it."""

    on: date
    says: str
    cites: str


class ProclaimedDays(Strict):
    """The whole file; it may hold no day at all."""

    day: tuple[ProclaimedDay, ...] = ()


def is_working_day(on: date) -> bool:
    """Whether offices are open: not a Saturday, a Sunday or a bank holiday."""
    return on.weekday() < 5 and not is_bank_holiday(on)


def is_bank_holiday(on: date) -> bool:
    """Whether it is a bank holiday, on whatever day of the week."""
    _refuse_instants(on)
    return on in _bank_holidays(on.year)


def add_working_days(on: date, count: int) -> date:
    """The `count`-th working day after `on` (before it, where negative); with 0, `on` itself, open or not."""
    _refuse_instants(on)
    step = timedelta(days=1 if count > 0 else -1)
    for _ in range(abs(count)):
        on += step
        while not is_working_day(on):
            on += step
    return on


def working_days_between(start: date, end: date) -> int:
    """How many working days come after `start`, up to and including `end`; as many, negative, if `end` is earlier."""
    _refuse_instants(start, end)
    if end < start:
        return -working_days_between(end, start)
    whole_years = sum(len(_working_days(year)) for year in range(start.year, end.year))
    return whole_years + bisect_right(_working_days(end.year), end) - bisect_right(_working_days(start.year), start)


@cache
def _bank_holidays(year: int) -> frozenset[date]:
    proclaimed = read(rules_folder() / "proclaimed_days.toml", ProclaimedDays)
    return frozenset(country_holidays("GB", subdiv="ENG", years=year)) | {
        day.on for day in proclaimed.day if day.on.year == year
    }


@cache
def _working_days(year: int) -> tuple[date, ...]:
    days = (date(year, 1, 1) + timedelta(days=n) for n in range(366))
    return tuple(on for on in days if on.year == year and is_working_day(on))


def _refuse_instants(*days: date) -> None:
    # A datetime is a date to Python, but never equal to one: every bank holiday would silently be a working day.
    for on in days:
        if isinstance(on, datetime):
            raise TypeError("working days are counted in dates: give london_date(moment), not the moment itself")
