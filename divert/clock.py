"""Time: instants are UTC, dates are Europe/London, and whoever needs either is handed it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")

Clock = Callable[[], datetime]
"""Answers the present instant, aware and in UTC."""


def system_clock() -> datetime:
    """The machine's own clock, UTC. Only the faces (api, cli, worker) hand it on."""
    return datetime.now(UTC)


def london_date(at: datetime) -> date:
    """The calendar date in Cleveland at an instant."""
    return at.astimezone(LONDON).date()


def midnight(on: date) -> datetime:
    """The instant at which a day begins in Cleveland."""
    return datetime.combine(on, time(), LONDON)


def london_text(at: datetime) -> str:
    """An instant as people there read it: 3 January 2019, 2:05pm."""
    return f"{written_date(london_date(at))}, {london_time(at)}"


def london_time(at: datetime) -> str:
    """The time of day there: 2:05pm, 10:00am; midday and midnight by name, since 12pm is read as either."""
    local = at.astimezone(LONDON)
    if local.minute == 0 and local.hour in (0, 12):
        return "midday" if local.hour else "midnight"
    return f"{local.hour % 12 or 12}:{local:%M}{'pm' if local.hour >= 12 else 'am'}"


def written_date(on: date) -> str:
    """A date as people read it: 3 January 2019."""
    return f"{on.day} {on:%B %Y}"
