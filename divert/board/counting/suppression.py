"""What may be shown of a day's counts: multiples of five for the board, of ten for the public, and nothing finer.

Every count is rounded up or down to a multiple of the base by an offset that is secret, and that stays the same for
its place for ever. So a shown 0 is anything from 0 to 4, a shown 5 anything from 1 to 9, whatever day one asks for; a
count that stands still never flickers, and asking often tells nothing. Rates, medians, intervals, changes and charts
are worked out from the rounded counts alone, on whichever face they stand, so there is nothing else to work back from.

What is left is sums: the places of a breakdown make up the whole, and each is known within a few. Where that would
leave a count that may be small with fewer possible values than the base, the whole is rounded the other way, or the
breakdown is withheld for that day. Since a count is broken down by one thing at a time, the sums form a tree, and a
check of each whole with its parts is a check of them all (decision record 0023).
"""

import hashlib
import hmac
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from functools import cache, lru_cache
from typing import NamedTuple

from divert.board.counting.breakdowns import ALL, BREAKDOWNS, values
from divert.board.counting.counts import Cell, Counts


class Audience(StrEnum):
    """For whom a count is rounded."""

    board = "board"
    public = "public"

    @property
    def base(self) -> int:
        """What counts are multiples of; a count below it is never told."""
        return {Audience.board: 5, Audience.public: 10}[self]


PARTS = ("side", "kind", "provider", "decision", "days", "post", "score", "ended", "left", "need", "harm")
"""Breakdowns of some counts only, which also make up the whole. Not `rule`: a case can be refused by two."""

WITHIN = {"need and sex": "need"}
"""Breakdowns that make up each place of another."""


ORDER = {dim: place for place, dim in enumerate(BREAKDOWNS)}
"""Which breakdown is shown rather than another, where not all can be."""


class Span(NamedTuple):
    """What a count may be, as far as anybody can tell: least and most."""

    least: int
    most: int


def suppress(counts: Counts, key: bytes, audience: Audience = Audience.board) -> Counts:
    """The counts of a day as they may be shown. `key`: the secret of this database's offsets."""
    base = audience.base
    exact = counts.cells
    shown = {cell: round_count(n, _offset(key, cell.dim, cell.value), audience) for cell, n in exact.items()}
    withheld: set[Cell] = set()
    families = _families(exact)
    for whole in sorted(families, key=lambda cell: cell.dim == ALL):  # parts that are wholes themselves come first
        choices = [shown.get(whole, 0)]
        if shown.get(whole, 0) > base:
            choices += [n for n in (choices[0] - base, choices[0] + base) if abs(n - exact[whole]) < base]
        parts = {dim: _part_counts(cells, dim, shown, families) for dim, cells in families[whole].items()}
        showable = {n: _showable(n, parts, base) for n in choices}
        shown[whole] = max(choices, key=lambda n: len(showable[n]))
        for dim in set(parts) - set(showable[shown[whole]]):
            withheld |= {Cell(whole.name, dim, value) for value in _values(dim)} | set(families[whole][dim])
    return Counts(counts.as_at, shown, base, frozenset(withheld))


@lru_cache(maxsize=10_000)
def _offset(key: bytes, dim: str, value: str) -> int:
    """The secret part of rounding, once for each place."""
    digest = hmac.digest(key, f"{dim}\0{value}".encode(), hashlib.sha256)
    return int.from_bytes(digest[:8], "big")


def round_count(n: int, offset: int, audience: Audience) -> int:
    """Up or down, so that it is right on average. The public's count follows from the board's."""
    five = Audience.board.base
    to_five = (n + offset % five) // five * five
    if audience is Audience.board:
        return to_five
    ten = Audience.public.base
    return (to_five + offset // five % 2 * five) // ten * ten


Families = Mapping[Cell, Mapping[str, list[Cell]]]


def _families(cells: Iterable[Cell]) -> Families:
    """Each whole, with the parts it is made up of by each breakdown."""
    families: dict[Cell, dict[str, list[Cell]]] = defaultdict(lambda: defaultdict(list))
    whole = cache(Cell)
    for cell in cells:
        if cell.dim in BREAKDOWNS or cell.dim in PARTS:
            families[whole(cell.name)][cell.dim].append(cell)
        elif cell.dim in WITHIN:
            families[whole(cell.name, WITHIN[cell.dim], cell.value.split("|")[0])][cell.dim].append(cell)
    return families


@cache
def _values(dim: str) -> frozenset[str]:
    """The places of a breakdown that are known beforehand."""
    return frozenset(values(dim)) if dim in BREAKDOWNS else frozenset()


PartCounts = Counter[tuple[int, bool]]
"""How many parts are shown as that, and are or are not wholes themselves: with these it is for all as for one."""


def _part_counts(cells: Sequence[Cell], dim: str, shown: Mapping[Cell, int], families: Families) -> PartCounts:
    counts = Counter((shown.get(cell, 0), cell in families) for cell in cells)
    counts[0, False] += len(_values(dim).difference(cell.value for cell in cells))
    return +counts


def span(shown: int, base: int) -> Span:
    """What a shown count may be, looked at alone."""
    return Span(max(0, shown - base + 1), shown + base - 1)


def _showable(whole: int, breakdowns: Mapping[str, PartCounts], base: int) -> list[str]:
    """The breakdowns that can be shown beside a whole shown as that, and beside each other."""
    showable: list[str] = []
    could_be = span(whole, base)
    for dim in sorted(breakdowns, key=lambda dim: (ORDER.get(dim, len(ORDER)), dim)):
        parts = {part: span(part[0], base) for part in breakdowns[dim]}
        least = sum(parts[part].least * times for part, times in breakdowns[dim].items())
        most = sum(parts[part].most * times for part, times in breakdowns[dim].items())
        narrowed = Span(max(could_be.least, least), min(could_be.most, most))
        if whole <= base and _width(narrowed) < base:
            continue
        if all(_stays_wide(part, alone, least, most, narrowed, base) for part, alone in parts.items()):
            showable.append(dim)
            could_be = narrowed
    return showable


def _stays_wide(part: tuple[int, bool], alone: Span, least: int, most: int, whole: Span, base: int) -> bool:
    """Whether a part may still be what it looks like alone, given the whole and the other parts."""
    shown, is_whole = part
    left = Span(
        max(alone.least, whole.least - (most - alone.most)), min(alone.most, whole.most - (least - alone.least))
    )
    return left == alone if is_whole else shown > base or _width(left) >= base


def _width(span: Span) -> int:
    return span.most - span.least + 1
