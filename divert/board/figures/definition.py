"""A figure as it is shown: what it says, of whom, up to when, on what authority, and what it must not be read as.

Every number in it follows from counts as they may be shown (`divert.board.counting.suppression`), so no face need
suppress.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property

from pydantic import BaseModel, ConfigDict, Field

from divert.board.counting import breakdowns
from divert.board.counting.counts import WHOLE, Cell, Counts, Spent
from divert.board.figures.estimates import FEWEST, Interval, rounding_noise, share

WITHHELD = "withheld: beside the other counts of this day it could be worked out"
FEW = "too few to tell a share"
WHOLE_SCHEME = "told of the whole scheme only"
WHOLE_ONLY = frozenset({"near_statutory_limit", "near_precautionary_limit", "findings", "inappropriate"})
"""Counts that are broken down by nothing but their own figure's rows."""
BY_MONTH = "Every case, by the month in which its referral was recorded."


class Theme(StrEnum):
    """The pages of the board's figures, in order."""

    flow = "From referral to outcome"
    decisions = "Decisions"
    contracts = "Contracts"
    afterwards = "Needs and what came afterwards"
    care = "Victims, deadlines and scrutiny"
    costs = "Costs"


class Measure(BaseModel):
    """One number of a figure beside its first, with the range in which the truth lies 95 times in 100."""

    model_config = ConfigDict(frozen=True)

    label: str
    unit: str
    value: float | None
    low: float | None = None
    high: float | None = None


class FigureRow(BaseModel):
    """One line of a figure's table. No count, with the note beside it: withheld.

    `value`: its own share; none of too few, and where what is counted is too small to be told from nought.
    """

    model_config = ConfigDict(frozen=True)

    label: str
    counts: dict[str, int | None]
    value: float | None = None
    note: str | None = None


class Figure(BaseModel):
    """One figure. `value` is the numerator as a share of the denominator in per cent, unless `unit` says otherwise."""

    model_config = ConfigDict(frozen=True)

    id: str
    theme: Theme
    title: str
    unit: str = "per cent"
    definition: str = Field(description="What exactly is counted, and out of what.")
    numerator: int | None
    denominator: int | None
    value: float | None
    low: float | None = Field(
        default=None,
        description="With `high`, where the truth lies 95 times in 100; of costs, all that rounding leaves.",
    )
    high: float | None = None
    cohort: str
    cut_off: date = Field(description="Only what was recorded up to the end of this day counts.")
    authority: str
    must_not_be_read_as: str
    note: str | None = Field(default=None, description="Why there is no number.")
    rests_on: str | None = Field(default=None, description="What the number rests on, where that differs by the day.")
    rounded_to: int = Field(description="Counts are multiples of this; 0 stands for anything below it.")
    measures: list[Measure] = Field(default=[], description="What else follows from the counts.")
    columns: dict[str, str] = Field(description="The heading of each count in the rows.")
    charted: tuple[str, ...] = Field(default=(), description="The counts that its chart shows; else the first of them.")
    rows: list[FigureRow]
    by: str = Field(default="", description="What the rows are.")

    @property
    def share_of(self) -> str:
        """The heading of each row's share."""
        headings = [self.columns[key] for key in self.charted]
        return f"{headings[1]}, of {headings[0].lower()}" if len(headings) > 1 else "Share"


@dataclass(frozen=True)
class Period:
    """Referrals recorded from one month to another, both included; None: from the first, or to the last."""

    first: str | None = None
    last: str | None = None

    def __contains__(self, month: str) -> bool:
        return (self.first is None or month >= self.first) and (self.last is None or month <= self.last)


@dataclass(frozen=True)
class View:
    """What was asked for: a day's counts, of everyone, or of one place of one breakdown, or of some months.

    `spent` is of the whole scheme, whatever the place.
    """

    counts: Counts
    place: Cell | Period = WHOLE
    spent: Spent = field(default_factory=Spent)

    @property
    def noise(self) -> float:
        """The variance of each count's rounding."""
        return rounding_noise(self.counts.base)

    @property
    def is_whole(self) -> bool:
        """Whether of everyone: only then is there a table, as counts are broken down by one thing at a time."""
        return self.place == WHOLE

    def __getitem__(self, name: str) -> int | None:
        """How many of that name, in the place asked for; None where that is not told."""
        if not self.is_whole and name in WHOLE_ONLY:
            return None
        if isinstance(self.place, Cell):
            return self.counts[self.place.with_name(name)]
        counts = [self.counts[Cell(name, "month", month)] for month in self.months if month in self.place]
        return None if None in counts else sum(n for n in counts if n)

    @cached_property
    def months(self) -> list[str]:
        """From the first to the last in which a referral is shown."""
        shown = [
            month for month in self.counts.values("referred", "month") if self.counts[Cell("referred", "month", month)]
        ]
        return months_between(shown[0], shown[-1]) if shown else []

    def share(self, numerator: str, denominator: str) -> Interval | None:
        """A share in the place asked for; None where there are too few, or a count is withheld."""
        return self.share_of(self[numerator], self[denominator])

    def share_of(self, numerator: int | None, denominator: int | None) -> Interval | None:
        """A share of two counts as shown."""
        fewest = FEWEST * self.counts.base if self.counts.base > 1 else 1
        if numerator is None or denominator is None or denominator < fewest:
            return None
        return share(min(numerator, denominator), denominator, self.noise)

    def lines(self, dim: str, names: Sequence[str], labels: Mapping[str, str] | None = None) -> list[FigureRow]:
        """A line for each place of a breakdown, but for those in which all counts are 0, whatever hides behind that."""
        if not (self.is_whole or (dim == "month" and isinstance(self.place, Period))):
            return []
        if dim == "month":
            places = {month: month for month in self.months if self.is_whole or month in self.place}
        else:
            places = dict(labels) if labels is not None else breakdowns.values(dim)
        lines = []
        for value, label in places.items():
            counts = {name: self.counts[Cell(name, dim, value)] for name in names}
            if dim == "month" or any(count != 0 for count in counts.values()):
                note = WITHHELD if None in counts.values() else None
                lines.append(FigureRow(label=label, counts=counts, note=note))
        return lines


def share_in_words(value: float, high: float | None, base: int) -> str:
    """A share in per cent as a page shows it. What is shown as 0 may be some: then how many in a hundred at most."""
    return f"under {math.ceil(high)}%" if base > 1 and high and not value else f"{value:.0f}%"


def range_in_words(low: float, high: float) -> str:
    """Where a share lies, likely."""
    return f"likely {math.floor(low)} to {math.ceil(high)}%"


def count_in_words(n: int | None, base: int) -> str:
    """A count as a page shows it."""
    return "withheld" if n is None else f"under {base}" if 0 <= n < base and base > 1 else f"{n:,}"


def months_between(first: str, last: str) -> list[str]:
    """Every month from one to another, like 2019-04."""
    year, month = int(first[:4]), int(first[5:])
    months = []
    while (name := f"{year:04}-{month:02}") <= last:
        months.append(name)
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return months


def share_figure(
    view: View,
    *,
    numerator: str,
    denominator: str,
    columns: Mapping[str, str],
    by: str = "month",
    labels: Mapping[str, str] | None = None,
    theme: Theme,
    measures: Sequence[Measure] = (),
    **words: str,
) -> Figure:
    """A share, with a line for each place of a breakdown. `words`: id, title, definition, cohort, authority ..."""
    interval = view.share(numerator, denominator)
    blank = None if view.counts.base > 1 else 0  # a count shown as 0 may be some: it makes no share
    rows = [
        row.model_copy(
            update={"value": percent(view.share_of(row.counts.get(numerator) or blank, row.counts.get(denominator)))}
        )
        for row in view.lines(by, list(columns), labels)
    ]
    low, high = (None, None) if interval is None else (round(100 * interval.low, 1), round(100 * interval.high, 1))
    return Figure.model_validate(
        {
            "theme": theme,
            "numerator": view[numerator],
            "denominator": view[denominator],
            "value": percent(interval),
            "low": low,
            "high": high,
            "note": note_on(view, numerator, denominator),
            "cut_off": view.counts.as_at,
            "rounded_to": view.counts.base,
            "measures": list(measures),
            "columns": dict(columns),
            "charted": [name for name in (denominator, numerator) if name in columns],
            "rows": rows,
            "by": breakdowns.BREAKDOWNS.get(by, by.capitalize()),
            **words,
        }
    )


def note_on(view: View, numerator: str, denominator: str) -> str | None:
    """Why there is no share; None where there is one."""
    if not view.is_whole and {numerator, denominator} & WHOLE_ONLY:
        return WHOLE_SCHEME
    if view[numerator] is None or view[denominator] is None:
        return WITHHELD
    if view.share(numerator, denominator) is None:
        return FEW if view[denominator] or view.counts.base > 1 else "none yet"
    return None


def percent(interval: Interval | None) -> float | None:
    """A share in per cent, to one place."""
    return None if interval is None else round(100 * interval.value, 1)


def measure(label: str, interval: Interval | None) -> Measure:
    """A further share, in per cent."""
    if interval is None:
        return Measure(label=label, unit="per cent", value=None)
    return Measure(
        label=label,
        unit="per cent",
        value=round(100 * interval.value, 1),
        low=round(100 * interval.low, 1),
        high=round(100 * interval.high, 1),
    )
