"""What may be shown of a day's counts: multiples of five for the board, of ten for the public, and nothing finer.

Every count is rounded up or down to a multiple of the base by an offset that is secret, and that stays the same for
its place for ever. So a shown 0 is anything from 0 to 4, a shown 5 anything from 1 to 9, whatever day one asks for; a
count that stands still never flickers, and asking often tells nothing. Rates, medians, intervals, changes and charts
are worked out from the rounded counts alone, on whichever face they stand, so there is nothing else to work back from.

What is left is sums: the places of a cut make up the whole, and each is known within a few. Where that would leave a
count that may be small with fewer possible values than the base, the whole is rounded the other way, or the cut is
withheld for that day. Since a count is cut by one thing at a time, the sums form a tree, and a check of each
whole with its parts is a check of them all (decision record 0023).
"""

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Iterable, Mapping
from enum import StrEnum
from itertools import chain
from typing import NamedTuple

from divert.board.counts import Cell, Counts
from divert.board.cuts import ALL, CUTS, values


class Audience(StrEnum):
    """For whom a count is rounded."""

    board = "board"
    public = "public"

    @property
    def base(self) -> int:
        """What counts are multiples of; a count below it is never told."""
        return {Audience.board: 5, Audience.public: 10}[self]


PARTS = ("side", "kind", "provider", "decision", "days", "post", "score", "ended", "left", "need", "harm")
"""Cuts of some counts only, which also make up the whole. Not `rule`: a case refused by two rules is under both."""

WITHIN = {"need and sex": "need"}
"""Cuts that make up each place of another."""


class Span(NamedTuple):
    """What a count may be, as far as anybody can tell: least and most."""

    least: int
    most: int


def suppressed(counts: Counts, key: bytes, audience: Audience = Audience.board) -> Counts:
    """The counts of a day as they may be shown. `key`: the secret of this database's offsets."""
    base = audience.base
    exact = counts.cells
    offsets = _Offsets(key)
    shown = {cell: offsets.rounded(cell, n, audience) for cell, n in exact.items()}
    withheld: set[Cell] = set()
    families = _families(exact)
    for whole in sorted(families, key=lambda cell: cell.dim == ALL):  # parts that are wholes themselves come first
        choices = [shown.get(whole, 0)]
        if shown.get(whole, 0) > base:
            choices += [n for n in (choices[0] - base, choices[0] + base) if abs(n - exact[whole]) < base]
        kept = max((_bearable(n, families[whole], shown, families, base) for n in choices), key=len)
        for n in choices:
            if _bearable(n, families[whole], shown, families, base) == kept:
                shown[whole] = n
                break
        withheld |= set(chain.from_iterable(parts for dim, parts in families[whole].items() if dim not in kept))
    return Counts(counts.as_at, shown, base, frozenset(withheld))


class _Offsets:
    """The secret part of rounding, once for each place."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._known: dict[tuple[str, str], int] = {}

    def rounded(self, cell: Cell, n: int, audience: Audience) -> int:
        """Up or down, so that it is right on average. The public's count follows from the board's."""
        place = cell.dim, cell.value
        if place not in self._known:
            told = hmac.digest(self._key, "\0".join(place).encode(), hashlib.sha256)
            self._known[place] = int.from_bytes(told[:8], "big")
        secret, five = self._known[place], Audience.board.base
        to_five = (n + secret % five) // five * five
        if audience is Audience.board:
            return to_five
        ten = Audience.public.base
        return (to_five + secret // five % 2 * five) // ten * ten


Families = Mapping[Cell, Mapping[str, list[Cell]]]


def _families(cells: Iterable[Cell]) -> Families:
    """Each whole, with the parts it is made up of by each cut."""
    found: dict[Cell, dict[str, set[Cell]]] = defaultdict(lambda: defaultdict(set))
    for cell in cells:
        if cell.dim in CUTS or cell.dim in PARTS:
            found[Cell(cell.name)][cell.dim].add(cell)
        elif cell.dim in WITHIN:
            found[Cell(cell.name, WITHIN[cell.dim], cell.value.split("|")[0])][cell.dim].add(cell)
    for whole, cuts in found.items():
        for dim in set(cuts) & set(CUTS):
            cuts[dim] |= {Cell(whole.name, dim, value) for value in values(dim)}
    return {whole: {dim: sorted(parts) for dim, parts in cuts.items()} for whole, cuts in found.items()}


def span(shown: int, base: int) -> Span:
    """What a shown count may be, looked at alone."""
    return Span(max(0, shown - base + 1), shown + base - 1)


def _bearable(
    whole: int, cuts: Mapping[str, list[Cell]], shown: Mapping[Cell, int], families: Families, base: int
) -> list[str]:
    """The cuts that can be shown beside a whole shown as that, and beside each other."""
    kept: list[str] = []
    could_be = span(whole, base)
    for dim in sorted(cuts, key=lambda dim: (dim not in CUTS, list(CUTS).index(dim) if dim in CUTS else 0)):
        parts = [span(shown.get(cell, 0), base) for cell in cuts[dim]]
        least, most = sum(part.least for part in parts), sum(part.most for part in parts)
        narrowed = Span(max(could_be.least, least), min(could_be.most, most))
        if whole <= base and _possible(narrowed) < base:
            continue
        if all(_wide(cell, part, least, most, narrowed, shown, families, base)
               for cell, part in zip(cuts[dim], parts, strict=True)):  # fmt: skip
            kept.append(dim)
            could_be = narrowed
    return kept


def _wide(
    cell: Cell, part: Span, least: int, most: int, whole: Span, shown: Mapping[Cell, int], families: Families, base: int
) -> bool:
    """Whether a part may still be what it looks like alone, given the whole and the other parts."""
    left = Span(max(part.least, whole.least - (most - part.most)), min(part.most, whole.most - (least - part.least)))
    if cell in families:
        return left == part
    return shown.get(cell, 0) > base or _possible(left) >= base


def _possible(one: Span) -> int:
    return one.most - one.least + 1
