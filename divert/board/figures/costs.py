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

COSTS_PAGE = "/board/costs"
"""The page on which costs are entered and read."""

NONE_ENTERED = f"no costs are entered: the project manager enters them at {COSTS_PAGE}"
NOT_BY_BREAKDOWN = "costs are not known by this: they are entered of the whole scheme"
TOO_FEW = "too few in these months to tell a cost of each"


class CountRange(NamedTuple):
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
    months = months_between(f"{rulebook().costs_start:%Y-%m}", f"{on:%Y-%m}")
    return [month for month in months if last_of(month) <= on]


def runs(months: Iterable[str]) -> list[tuple[str, str]]:
    """Months that follow each other, put together: the first and the last of each run."""
    runs: list[tuple[str, str]] = []
    for month in sorted(months):
        if runs and first_of(month) == last_of(runs[-1][1]) + timedelta(days=1):
            runs[-1] = (runs[-1][0], month)
        else:
            runs.append((month, month))
    return runs


def days(months: Iterable[str]) -> list[date]:
    """The last day of each run of months, and the day before it: between their counts lies what happened in it.

    Before the scheme's first day there is nothing to count.
    """
    pairs = [(first_of(first) - timedelta(days=1), last_of(last)) for first, last in runs(months)]
    return [day for pair in pairs for day in pair if day >= rulebook().costs_start]


def spread(pence: int, months: int) -> list[int]:
    """An amount, spread evenly over so many months: none differs from another by more than a penny."""
    even, left = divmod(pence, months)
    return [even + (place < left) for place in range(months)]


def cost_per_completion(view: View) -> Figure:
    """What was spent in the months of which it is known, for each case completed in them."""
    pence = view.spent.pence if view.is_whole else {}
    completed, accepted = _count_in_these_months(view, "completed"), _count_in_these_months(view, "accepted")
    spent = sum(amount for by_heading in pence.values() for amount in by_heading.values())
    per_completion = _cost_per("Per completion", spent, completed, view.counts.base)
    headings = rulebook().cost_headings_on(view.counts.as_at)
    measures_by_heading = [
        Measure(label=f"Spent: {heading.title.lower()}", unit="pounds", value=sum(amounts) / 100)
        for heading in headings.values()
        if (amounts := [by_heading[heading.code] for by_heading in pence.values() if heading.code in by_heading])
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
        value=per_completion.value,
        low=per_completion.low,
        high=per_completion.high,
        cohort="Cases completed in those months, in whatever month they were referred; the whole scheme alone.",
        cut_off=view.counts.as_at,
        authority="The scheme's own accounts, entered by the project manager, each amount with who vouches for it.",
        must_not_be_read_as=(
            "What one completion more would cost, since most of the spending would be there without it; a saving; or"
            " dearer or cheaper than a prosecution, unless that is counted alike. It bears the cost of all who did not"
            " complete."
        ),
        note=None if per_completion.value is not None else _why_not(view, completed, accepted),
        rests_on=_rests_on(view, completed, accepted, spent),
        rounded_to=view.counts.base,
        measures=[
            _cost_per("Per person accepted", spent, accepted, view.counts.base),
            *([Measure(label="Spent in these months", unit="pounds", value=spent / 100)] if pence else []),
            *measures_by_heading,
        ],
        columns={},
        rows=[],
    )


def _count_in_these_months(view: View, name: str) -> CountRange | None:
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
    return CountRange(shown, max(0, shown - open_by), shown + open_by)


def _cost_per(label: str, pence: int, count: CountRange | None, base: int) -> Measure:
    """Pounds for each of so many, with the least and the most that it may be; None where they are too few."""
    if count is None or count.shown < (FEWEST * base if base > 1 else 1) or not count.least:
        return Measure(label=label, unit="pounds", value=None)
    value, low, high = (round(pence / 100 / n) for n in (count.shown, count.most, count.least))
    return Measure(label=label, unit="pounds", value=value, low=low, high=high)


def _why_not(view: View, completed: CountRange | None, accepted: CountRange | None) -> str:
    """Why there is no cost of each."""
    if not view.is_whole:
        return NOT_BY_BREAKDOWN
    if not view.spent.pence:
        return NONE_ENTERED
    return WITHHELD if completed is None or accepted is None else TOO_FEW


def _rests_on(view: View, completed: CountRange | None, accepted: CountRange | None, spent: int) -> str | None:
    """Which months it is of, how much was spent and how many there were in them; and what is missing."""
    if not view.spent.pence or completed is None or accepted is None:
        return None
    base = view.counts.base
    counts = (
        f"{count_in_words(completed.shown, base)} completed and {count_in_words(accepted.shown, base)} were accepted"
    )
    words = f"£{spent / 100:,.2f} was spent in {in_words(view.spent.pence)}, in which {counts}."
    return words + _missing(view.spent.pence, view.counts.as_at)


def _missing(pence: Mapping[str, Mapping[str, int]], as_at: date) -> str:
    """The months of which nothing is entered, and the headings that lack in others."""
    words = ""
    if nothing := [month for month in months_over(as_at) if month not in pence]:
        words += f" Nothing is entered of {in_words(nothing)}: that is not nought, and these months are left out."
    lacking = {
        heading.title: months
        for heading in rulebook().cost_headings_on(as_at).values()
        if (months := [month for month in pence if heading.code not in pence[month] and _is_asked(heading.code, month)])
    }
    if lacking:
        titles = "; ".join(f"{title}, {in_words(months)}" for title, months in lacking.items())
        words += f" Not entered, and so not in the cost: {titles}."
    return words


def _is_asked(heading: str, month: str) -> bool:
    return heading in rulebook().cost_headings_on(first_of(month))


def in_words(months: Iterable[str]) -> str:
    """Months as people read them; those that follow each other as January 2019 to March 2019. None: ""."""
    names = [
        f"{first_of(first):%B %Y}" + ("" if first == last else f" to {first_of(last):%B %Y}")
        for first, last in runs(months)
    ]
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


COSTS = (cost_per_completion,)
