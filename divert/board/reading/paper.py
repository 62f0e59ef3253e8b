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
    counts: Counts, scope: str, glances: Sequence[Glance], figures: Sequence[Figure], fairness: Sequence[Fairness]
) -> bytes:
    """The PDF. `scope`: of whom and as at which day, in words. `glances` and `fairness`: of the whole scheme alone."""
    base = counts.base
    content = {
        "office": letterhead(),
        "ref": f"board paper {counts.as_at}",
        "title": "Cleveland Divert: figures for the project board",
        "marking": f"Counts rounded to {base}",
        "scope": scope,
        "rounding_note": rounding_note(base),
        "glances": [glance._asdict() for glance in glances],
        "figures": [_figure(figure) for figure in figures],
        "meaning": DEFINITION,
        "lesson": LESSON,
        "fairness": [
            {"title": stage.title, "by": stage.by, "rows": [_fairness_row(stage, row, base) for row in stage.rows]}
            for stage in fairness
        ],
    }
    return render("board_paper", content)


def rounding_note(base: int) -> str:
    """What every number rests on, in words."""
    return (
        f"Counts are rounded up or down to multiples of {base} by a secret rule that never changes, so that nobody can"
        f" be told from them; “under {base}” can be none. Shares, ranges and changes follow from the rounded counts."
        " Likely: where the truth lies 95 times in 100."
    )


def _figure(figure: Figure) -> dict[str, Any]:
    spec = chart.chart(figure)
    measures = [measure for measure in figure.measures if measure.value is not None]
    shares = any(row.value is not None for row in figure.rows)
    return {
        "title": figure.title,
        "headline": headline(figure),
        "definition": f"{figure.rests_on} {figure.definition}" if figure.rests_on else figure.definition,
        "measures": [measure_in_words(measure, figure.rounded_to) for measure in measures],
        "chart": None if spec is None else chart.svg(spec),
        "description": chart.describe(figure),
        "by": figure.by,
        "columns": [*figure.columns.values(), *([figure.share_of] if shares else [])],
        "rows": [_row(figure, row, shares=shares) for row in figure.rows],
        "must_not_be_read_as": figure.must_not_be_read_as,
        "cohort": figure.cohort,
        "authority": figure.authority,
    }


def headline(figure: Figure) -> str:
    """A figure's first number, in words."""
    counts = (figure.numerator, figure.denominator)
    has_counts = None not in counts and counts[1]
    counts_words = " of ".join(count_in_words(n, figure.rounded_to) for n in counts) if has_counts else ""
    if figure.value is None:
        why = figure.note or "none yet"
        return why[:1].upper() + why[1:] + (f" ({counts_words})." if counts_words else ".")
    return _number(figure, figure.rounded_to, counts_words) + "."


def measure_in_words(measure: Measure, base: int) -> str:
    """A number beside a figure's first, in words."""
    return f"{measure.label}: {_number(measure, base)}"


def _number(number: Measure | Figure, base: int, counts: str = "") -> str:
    """A number in words: with how many of how many it is a share, and its range."""
    if number.unit == "per cent":
        likely = "" if number.low is None or number.high is None else f"; {range_in_words(number.low, number.high)}"
        return share_in_words(number.value or 0, number.high, base) + (f": {counts}" if counts else "") + likely
    value, low, high = (
        "" if n is None else f"{n:,.2f}".removesuffix(".00") if number.unit == "pounds" else f"{n:,.10g}"
        for n in (number.value, number.low, number.high)
    )
    return f"{value} {number.unit}" + (f", likely {low} to {high}" if low else "")


def _row(figure: Figure, row: FigureRow, *, shares: bool) -> list[str]:
    counts = [count_in_words(row.counts.get(key), figure.rounded_to) for key in figure.columns]
    return [row.label, *counts, *([] if not shares else ["–" if row.value is None else f"{row.value:.0f}%"])]


def _fairness_row(stage: Fairness, row: Any, base: int) -> list[str]:
    finding = "compared with" if row.group == stage.reference else row.finding
    return [
        row.group,
        count_in_words(row.reached, base),
        count_in_words(row.of, base),
        _range_in_words(row.rate),
        _range_in_words(row.ratio),
        _range_in_words(row.ratio_not),
        _range_in_words(row.gap),
        finding,
    ]


def _range_in_words(value: Range | None) -> str:
    if value is None or value.value is None:
        return "–"
    return f"{value.value} ({value.low} to {'no end' if value.high is None else value.high})"
