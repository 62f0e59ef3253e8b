"""The last day on which a prosecution may start, and so the last on which a contract may."""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from divert.clock import written_date
from divert.law.offences import Basis, Offence


@dataclass(frozen=True, slots=True)
class Limit:
    """The last day for one offence (None: no limit runs), how far it binds, and how it was reckoned."""

    last_day: date | None
    basis: Basis
    method: str
    reasoning: str
    authority: str


NO_LIMIT = Limit(
    None, Basis.none, "none", "No time limit of this kind runs.", "Magistrates' Courts Act 1980 s.127(2)(a)"
)


def add_months(on: date, months: int) -> date:
    """The corresponding day that many months later (earlier where negative), or the month's last where it has none.

    Corresponding date: Dodds v Walker [1981] 1 WLR 1027. No day is moved for a weekend or holiday.
    """
    year, month = divmod(on.year * 12 + on.month - 1 + months, 12)
    return date(year, month + 1, min(on.day, monthrange(year, month + 1)[1]))


def limit_for(offence: Offence, on: date, value_gbp: Decimal | None) -> Limit:
    """The time limit of an offence committed that day; the value (pounds) matters to shop theft alone.

    Where the law counts from the day the prosecutor had enough evidence, that day is not known here: the offence day,
    the earliest it can be, stands in, and the limit is precautionary.
    """
    method = offence.limit
    if method.months is None:
        return Limit(None, Basis.none, method.id, f"{offence.title}: {method.says}", method.authority)
    if method.at_most_gbp is not None and value_gbp is not None and value_gbp > method.at_most_gbp:
        reasoning = f"{offence.title}: worth £{value_gbp}, over £{method.at_most_gbp}, so no time limit runs."
        return Limit(None, Basis.none, method.id, reasoning, method.authority)
    last_day = add_months(on, method.months) - timedelta(days=method.first_day_counts)
    counting_from = "beginning with" if method.first_day_counts else "after"
    reasoning = (
        f"{offence.title}: {method.months} months {counting_from} {written_date(on)} "
        f"end on {written_date(last_day)}. {method.says}"
    )
    return Limit(last_day, method.basis, method.id, reasoning, method.authority)


def earliest(limits: Iterable[Limit], basis: Basis | None = None) -> Limit:
    """The limit that falls first, of one basis if named; NO_LIMIT (no last day) where none runs."""
    running = [limit for limit in limits if limit.last_day is not None and basis in (None, limit.basis)]
    return min(running, key=lambda limit: limit.last_day or date.max, default=NO_LIMIT)


def latest_start(limit: Limit, buffer_days: int, months: int) -> date | None:
    """The last day a contract of that many months may start and leave the buffer before the limit. None: any day.

    Where the day so found is a month's end it may be up to three days too early, never too late.
    """
    if limit.last_day is None:
        return None
    return add_months(limit.last_day - timedelta(days=buffer_days), -months)
