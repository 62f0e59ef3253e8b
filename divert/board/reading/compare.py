"""The same figures of the pilot and of the full scheme, or of each district, compared on one page."""

from typing import Literal, NamedTuple

from divert.board.counting import breakdowns
from divert.board.counting.counts import Cell, Counts
from divert.board.figures.afterwards import needs, reoffending
from divert.board.figures.definition import Figure, View, count_in_words, range_in_words, share_in_words
from divert.board.figures.estimates import difference
from divert.board.figures.flow import disagreement, funnel, overrides, refusals, take_up
from divert.board.figures.outcomes import (
    appointments,
    breach,
    completion_of_accepted,
    completion_of_ended,
    conditions,
    limits_expired,
    victims,
)

COMPARED = (
    funnel,
    refusals,
    overrides,
    disagreement,
    take_up,
    breach,
    completion_of_accepted,
    completion_of_ended,
    appointments,
    conditions,
    needs,
    reoffending,
    victims,
    limits_expired,
)
"""Shares that are told of any part of the scheme; each once."""

NOT_ALIKE = {
    "phase": (
        "What widening the scheme did: the pilot took one kind of offence, in other months, and its cases have had"
        " longer to end."
    ),
    "district": (
        "A league of districts: who is referred, for what and by whom differs, and a few people make a share."
    ),
}
"""What a comparison must not be read as."""


class ShareWords(NamedTuple):
    """A share in words, and the rest: of how many, and where it lies. Or why there is none."""

    share: str
    rest: str


class Line(NamedTuple):
    """One figure: what it is of, in each place; and, of two, whether they differ."""

    title: str
    definition: str
    shares: list[ShareWords]
    difference: str


class ComparisonTable(NamedTuple):
    """The figures of each place, side by side."""

    places: list[str]
    referred: list[str]
    lines: list[Line]
    must_not_be_read_as: str


def compare(counts: Counts, by: Literal["phase", "district"]) -> ComparisonTable:
    """The figures of each place of a breakdown, from counts as they may be shown."""
    places = breakdowns.values(by)
    views = [View(counts, Cell("", by, value)) for value in places]
    return ComparisonTable(
        list(places.values()),
        [count_in_words(view["referred"], counts.base) for view in views],
        [_line([figure(view) for view in views], views[0].noise) for figure in COMPARED],
        NOT_ALIKE[by],
    )


def _line(figures: list[Figure], noise: float) -> Line:
    first = figures[0]
    gap = _difference_words(first, figures[1], noise) if len(figures) == 2 else ""
    return Line(first.title.split(", by ")[0], first.definition, [_share_words(figure) for figure in figures], gap)


def _share_words(figure: Figure) -> ShareWords:
    base = figure.rounded_to
    counts = f"{count_in_words(figure.numerator, base)} of {count_in_words(figure.denominator, base)}"
    if figure.value is None or figure.low is None or figure.high is None:
        has_counts = figure.numerator is not None and figure.denominator
        return ShareWords(figure.note or "none yet", counts if has_counts else "")
    share = share_in_words(figure.value, figure.high, base)
    return ShareWords(share, f"{counts}; {range_in_words(figure.low, figure.high)}")


def _difference_words(first: Figure, second: Figure, noise: float) -> str:
    """Whether the second is otherwise than the first, beyond chance."""
    if first.value is None or second.value is None or None in (first.numerator, second.numerator):
        return "too few to compare"
    gap = difference(
        second.numerator or 0, second.denominator or 0, first.numerator or 0, first.denominator or 0, noise
    )
    if gap is None or gap.low <= 0 <= gap.high:
        return "cannot be told from chance"
    return f"{abs(100 * gap.value):.0f} points {'higher' if gap.value > 0 else 'lower'}, beyond chance"
