"""What the scheme costs, from what was entered as spent and the counts as they may be shown. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from divert.board.counting.counts import Cell
from divert.board.figures.definition import (
    WITHHELD,
    Figure,
    Measure,
    Theme,
    View,
    count_in_words,
    months_between,
)
from divert.board.figures.estimates import FEWEST
from divert.law.rulebook import rulebook

WHERE = "/board/costs"
"""The page on which costs are entered and read."""

NONE_ENTERED = f"no costs are entered: the project manager enters them at {WHERE}"
NOT_BY_CUT = "costs are not known by this: they are entered of the whole scheme"
TOO_FEW = "too few in these months to tell a cost of each"


class Many(NamedTuple):
    """How many in some months, as shown, and what that may be at least and at most."""

    shown: int
    least: int
    most: int


def first_of(month: str) -> date:
    """The day on which a month begins."""
    return date.fromisoformat(f"{month}-01")


def last_of(month: str) -> date:
    """The day on which it ends."""
    return (first_of(month) + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def months_over(on: date) -> list[str]:
    """Every month since the scheme began that was over by the end of a day."""
    found = months_between(f"{rulebook().costs_start:%Y-%m}", f"{on:%Y-%m}")
    return [month for month in found if last_of(month) <= on]


def runs(months: Iterable[str]) -> list[tuple[str, str]]:
    """Months that follow each other, put together: the first and the last of each run."""
    found: list[tuple[str, str]] = []
    for month in sorted(months):
        if found and first_of(month) == last_of(found[-1][1]) + timedelta(days=1):
            found[-1] = (found[-1][0], month)
        else:
            found.append((month, month))
    return found


def days(months: Iterable[str]) -> list[date]:
    """The last day of each run of months, and the day before it: between their counts lies what happened in it.

    Before the scheme's first day there is nothing to count.
    """
    both = [(first_of(first) - timedelta(days=1), last_of(last)) for first, last in runs(months)]
    return [day for pair in both for day in pair if day >= rulebook().costs_start]


def spread(pence: int, over: int) -> list[int]:
    """An amount, spread evenly over so many months: none differs from another by more than a penny."""
    even, left = divmod(pence, over)
    return [even + (place < left) for place in range(over)]


def cost_per_completion(view: View) -> Figure:
    """What was spent in the months of which it is known, for each case completed in them."""
    pence = view.spent.pence if view.is_whole else {}
    completed, accepted = _in_these_months(view, "completed"), _in_these_months(view, "accepted")
    spent = sum(each for by_heading in pence.values() for each in by_heading.values())
    each = _each("Per completion", spent, completed, view.counts.base)
    headings = rulebook().cost_headings_on(view.counts.as_at)
    by_heading = [
        Measure(label=f"Spent: {one.title.lower()}", unit="pounds", value=sum(entered) / 100)
        for one in headings.values()
        if (entered := [of[one.code] for of in pence.values() if one.code in of])
    ]
    return Figure(
        id="cost-per-completion",
        theme=Theme.costs,
        title="Cost per completion",
        unit="pounds",
        definition=(
            "Pounds entered as spent in every month of which any are on record by the cut-off, shared among the cases"
            " completed in those same months. The range is what the rounding of the counts leaves open, all of it."
        ),
        numerator=None,
        denominator=completed.shown if completed else None,
        value=each.value,
        low=each.low,
        high=each.high,
        cohort="Cases completed in those months, in whatever month they were referred; the whole scheme alone.",
        cut_off=view.counts.as_at,
        authority="The scheme's own accounts, entered by the project manager, each amount with who vouches for it.",
        must_not_be_read_as=(
            "What one completion more would cost, since most of the spending would be there without it; a saving; or"
            " dearer or cheaper than a prosecution, unless that is counted alike. It bears the cost of all who did not"
            " complete."
        ),
        note=None if each.value is not None else _why_not(view, completed, accepted),
        rests_on=_rests_on(view, completed, accepted, spent),
        rounded_to=view.counts.base,
        measures=[
            _each("Per person accepted", spent, accepted, view.counts.base),
            *([Measure(label="Spent in these months", unit="pounds", value=spent / 100)] if pence else []),
            *by_heading,
        ],
        columns={},
        rows=[],
    )


def _in_these_months(view: View, name: str) -> Many | None:
    """How many of that name were added in the months of which costs are known; None where that is not known.

    Each count is within its rounding on both days of each run.
    """
    if not view.is_whole:
        return None
    shown, open_by, slack = 0, 0, view.counts.base - 1
    for first, last in runs(view.spent.pence):
        for day, way in ((first_of(first) - timedelta(days=1), -1), (last_of(last), 1)):
            if day < rulebook().costs_start:
                continue
            if (n := view.spent.counts[day][Cell(name)]) is None:
                return None
            shown, open_by = shown + way * n, open_by + slack
    return Many(shown, max(0, shown - open_by), shown + open_by)


def _each(label: str, pence: int, among: Many | None, base: int) -> Measure:
    """Pounds for each of so many, with the least and the most that it may be; None where they are too few."""
    if among is None or among.shown < (FEWEST * base if base > 1 else 1) or not among.least:
        return Measure(label=label, unit="pounds", value=None)
    value, low, high = (round(pence / 100 / n) for n in (among.shown, among.most, among.least))
    return Measure(label=label, unit="pounds", value=value, low=low, high=high)


def _why_not(view: View, completed: Many | None, accepted: Many | None) -> str:
    """Why there is no cost of each."""
    if not view.is_whole:
        return NOT_BY_CUT
    if not view.spent.pence:
        return NONE_ENTERED
    return WITHHELD if completed is None or accepted is None else TOO_FEW


def _rests_on(view: View, completed: Many | None, accepted: Many | None, spent: int) -> str | None:
    """Which months it is of, how much was spent and how many there were in them; and what is missing."""
    if not view.spent.pence or completed is None or accepted is None:
        return None
    base = view.counts.base
    of = f"{count_in_words(completed.shown, base)} completed and {count_in_words(accepted.shown, base)} were accepted"
    said = f"£{spent / 100:,.2f} was spent in {in_words(view.spent.pence)}, in which {of}."
    return said + _missing(view.spent.pence, view.counts.as_at)


def _missing(pence: Mapping[str, Mapping[str, int]], as_at: date) -> str:
    """The months of which nothing is entered, and the headings that lack in others."""
    said = ""
    if nothing := [month for month in months_over(as_at) if month not in pence]:
        said += f" Nothing is entered of {in_words(nothing)}: that is not nought, and these months are left out."
    lacking = {
        one.title: months
        for one in rulebook().cost_headings_on(as_at).values()
        if (months := [month for month, of in pence.items() if one.code not in of and _is_asked(one.code, month)])
    }
    if lacking:
        words = "; ".join(f"{title}, {in_words(months)}" for title, months in lacking.items())
        said += f" Not entered, and so not in the cost: {words}."
    return said


def _is_asked(heading: str, month: str) -> bool:
    return heading in rulebook().cost_headings_on(first_of(month))


def in_words(months: Iterable[str]) -> str:
    """Months as people read them; those that follow each other as January 2019 to March 2019. None: ""."""
    said = [
        f"{first_of(first):%B %Y}" + ("" if first == last else f" to {first_of(last):%B %Y}")
        for first, last in runs(months)
    ]
    return " and ".join(part for part in (", ".join(said[:-1]), *said[-1:]) if part)


COSTS = (cost_per_completion,)
