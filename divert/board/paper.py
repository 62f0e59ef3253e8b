"""The board paper: what stands on the pages, as one tagged PDF to take away. The same bytes whenever it is made."""

from collections.abc import Sequence
from typing import Any

from divert.board import chart
from divert.board.counts import Counts
from divert.board.fairness import LESSON, Fairness, Range
from divert.board.figure import Figure, FigureRow, Measure, count_in_words
from divert.board.glance import Glance
from divert.clock import written_date
from divert.documents.letterhead import letterhead
from divert.documents.render import render


def paper(
    counts: Counts, of: str, glances: Sequence[Glance], figures: Sequence[Figure], fairness: Sequence[Fairness]
) -> bytes:
    """The PDF. `of`: of whom, in words. `glances` and `fairness` are of the whole scheme alone."""
    base = counts.base
    said = {
        "office": letterhead(),
        "ref": f"board paper {counts.as_at}",
        "title": "Cleveland Divert: figures for the project board",
        "marking": f"Counts rounded to {base}",
        "of": of,
        "as_at": written_date(counts.as_at),
        "ground": ground(base),
        "glances": [one._asdict() for one in glances],
        "figures": [_figure(one) for one in figures],
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
    )


def _figure(one: Figure) -> dict[str, Any]:
    spec = chart.chart(one)
    told = [each for each in one.measures if each.value is not None]
    return {
        "title": one.title,
        "says": says(one),
        "definition": f"{one.rests_on} {one.definition}" if one.rests_on else one.definition,
        "measures": [f"{each.label}: {ranged(each)}" for each in told],
        "chart": None if spec is None else chart.svg(spec),
        "described": chart.described(one),
        "by": one.by,
        "columns": list(one.columns.values()),
        "rows": [_row(one, row) for row in one.rows],
        "must_not_be_read_as": one.must_not_be_read_as,
        "cohort": one.cohort,
        "authority": one.authority,
    }


def says(one: Figure) -> str:
    """A figure's first number, in words."""
    of = f" ({count_in_words(one.numerator, one.rounded_to)} of {count_in_words(one.denominator, one.rounded_to)})"
    if one.value is None:
        why = one.note or "none yet"
        return why[:1].upper() + why[1:] + (of if one.numerator is not None and one.denominator else "") + "."
    return f"{ranged(one)}{of if one.numerator is not None else ''}."


def ranged(one: Measure | Figure) -> str:
    """A number with its range, in words."""
    value, low, high = (
        "" if each is None else f"{each:,.2f}".removesuffix(".00") if one.unit == "pounds" else f"{each:,.10g}"
        for each in (one.value, one.low, one.high)
    )
    return f"{value} {one.unit}" + (f", likely {low} to {high}" if low else "")


def _row(one: Figure, row: FigureRow) -> list[str]:
    return [row.label, *(count_in_words(row.counts.get(key), one.rounded_to) for key in one.columns)]


def _compared(one: Fairness, row: Any, base: int) -> list[str]:
    finding = "compared with" if row.group == one.reference else row.finding
    return [
        row.group,
        count_in_words(row.reached, base),
        count_in_words(row.of, base),
        _of(row.ratio),
        _of(row.ratio_not),
        finding,
    ]


def _of(told: Range | None) -> str:
    if told is None or told.value is None:
        return "–"
    return f"{told.value} ({told.low} to {'no end' if told.high is None else told.high})"
