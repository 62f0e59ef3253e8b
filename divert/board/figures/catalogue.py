"""Every figure of the board, in the order in which it is read, all from casework's own history.

A figure is asked for as at a day, and that day's answer stays the same for ever. Adding one is a function of a `View`
and its name here.
"""

from collections.abc import Callable

from divert.board.figures.afterwards import AFTERWARDS
from divert.board.figures.costs import COSTS
from divert.board.figures.definition import Figure, View
from divert.board.figures.flow import DECISIONS, FLOW
from divert.board.figures.outcomes import CARE, CONTRACTS

FIGURES: tuple[Callable[[View], Figure], ...] = (*FLOW, *DECISIONS, *CONTRACTS, *AFTERWARDS, *CARE, *COSTS)


def figures(view: View) -> list[Figure]:
    """Every figure of what was asked for."""
    return [figure(view) for figure in FIGURES]
