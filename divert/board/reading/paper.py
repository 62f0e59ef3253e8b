"""The board paper: what stands on the pages, as one tagged PDF. The same bytes for ever, once the day is over."""

from collections.abc import Sequence
from typing import Any

from divert.board.counting.counts import Counts
from divert.board.figures.definition import (
    Figure,
    FigureRow,
    Measure,
    count_in_words,
    range_in_words,
    share_in_words,
)
from divert.board.figures.fairness import DEFINITION, LESSON, Fairness, Range
from divert.board.reading import chart
from divert.board.reading.glance import Glance
from divert.documents.letterhead import letterhead
from divert.documents.render import render


def paper(
    counts: Counts, of: str, glances: Sequence[Glance], figures: Sequence[Figure], fairness: Sequence[Fairness]
) -> bytes:
    """The PDF. `of`: of whom and as at which day, in words. `glances` and `fairness` are of the whole scheme alone."""
    base = counts.base
    said = {
        "office": letterhead(),
        "ref": f"board paper {counts.as_at}",
        "title": "Cleveland Divert: figures for the project board",
        "marking": f"Counts rounded to {base}",
        "of": of,
        "ground": ground(base),
        "glances": [one._asdict() for one in glances],
        "figures": [_figure(one) for one in figures],
        "meaning": DEFINITION,
        "lesson": LESSON,
        "fairness": [
            {"title": one.title, "by": one.by, "rows": [_compared(one, row, base) for row in one.rows]}
            for one in fairness
        ],
    }
    return render("board_paper", said)


def ground(base: int) -> str:
    """What every number rests on, in words."""
    return (
        f"Counts are rounded up or down to multiples of {base} by a secret rule that never changes, so that nobody can"
        f" be told from them; “under {base}” can be none. Shares, ranges and changes follow from the rounded counts."
        " Likely: where the truth lies 95 times in 100."
    )


def _figure(one: Figure) -> dict[str, Any]:
    spec = chart.chart(one)
    told = [each for each in one.measures if each.value is not None]
    shares = any(row.value is not None for row in one.rows)
    return {
        "title": one.title,
        "says": says(one),
        "definition": f"{one.rests_on} {one.definition}" if one.rests_on else one.definition,
        "measures": [further(each, one.rounded_to) for each in told],
        "chart": None if spec is None else chart.svg(spec),
        "described": chart.described(one),
        "by": one.by,
        "columns": [*one.columns.values(), *([one.share_of] if shares else [])],
        "rows": [_row(one, row, shares=shares) for row in one.rows],
        "must_not_be_read_as": one.must_not_be_read_as,
        "cohort": one.cohort,
        "authority": one.authority,
    }


def says(one: Figure) -> str:
    """A figure's first number, in words."""
    counts = (one.numerator, one.denominator)
    of = " of ".join(count_in_words(n, one.rounded_to) for n in counts) if None not in counts and counts[1] else ""
    if one.value is None:
        why = one.note or "none yet"
        return why[:1].upper() + why[1:] + (f" ({of})." if of else ".")
    return _number(one, one.rounded_to, of) + "."


def further(one: Measure, base: int) -> str:
    """A number beside a figure's first, in words."""
    return f"{one.label}: {_number(one, base)}"


def _number(one: Measure | Figure, base: int, of: str = "") -> str:
    """A number in words: with how many of how many it is a share, and its range."""
    if one.unit == "per cent":
        likely = "" if one.low is None or one.high is None else f"; {range_in_words(one.low, one.high)}"
        return share_in_words(one.value or 0, one.high, base) + (f": {of}" if of else "") + likely
    value, low, high = (
        "" if each is None else f"{each:,.2f}".removesuffix(".00") if one.unit == "pounds" else f"{each:,.10g}"
        for each in (one.value, one.low, one.high)
    )
    return f"{value} {one.unit}" + (f", likely {low} to {high}" if low else "")


def _row(one: Figure, row: FigureRow, *, shares: bool) -> list[str]:
    counts = [count_in_words(row.counts.get(key), one.rounded_to) for key in one.columns]
    return [row.label, *counts, *([] if not shares else ["–" if row.value is None else f"{row.value:.0f}%"])]


def _compared(one: Fairness, row: Any, base: int) -> list[str]:
    finding = "compared with" if row.group == one.reference else row.finding
    return [
        row.group,
        count_in_words(row.reached, base),
        count_in_words(row.of, base),
        _of(row.rate),
        _of(row.ratio),
        _of(row.ratio_not),
        _of(row.gap),
        finding,
    ]


def _of(told: Range | None) -> str:
    if told is None or told.value is None:
        return "–"
    return f"{told.value} ({told.low} to {'no end' if told.high is None else told.high})"
