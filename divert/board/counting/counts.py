"""How many, as at the end of a day: of what, and in which place of one breakdown. Exact, or as it may be shown.

And what was spent meanwhile, as it was entered: that is of the whole scheme, and of no person.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from divert.board.counting.breakdowns import ALL


class Cell(NamedTuple):
    """One count: what is counted, by which breakdown (`all`: none), in which of its places."""

    name: str
    dim: str = ALL
    value: str = ""

    def with_name(self, name: str) -> "Cell":
        """Another count of the same place."""
        return self._replace(name=name)


WHOLE = Cell("", ALL, "")
"""The place of everyone."""


@dataclass(frozen=True)
class Counts:
    """The counts of a day. `base` is what they are rounded to (1: exact); `withheld` what is not told at all."""

    as_at: date
    cells: Mapping[Cell, int]
    base: int = 1
    withheld: frozenset[Cell] = field(default=frozenset())

    def __getitem__(self, cell: Cell) -> int | None:
        """How many; None where it is withheld."""
        return None if cell in self.withheld else self.cells.get(cell, 0)

    def values(self, name: str, dim: str) -> list[str]:
        """The places of a breakdown in which anything of that name is counted, in order."""
        return sorted(cell.value for cell, n in self.cells.items() if cell.name == name and cell.dim == dim and n)


@dataclass(frozen=True)
class Spent:
    """What had been entered by the end of a day as spent, in pence by month and heading: what stands of it.

    `counts`: those of the days between which these months lie (`divert.board.figures.costs.days`).
    """

    pence: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    counts: Mapping[date, Counts] = field(default_factory=dict)
