"""Whether people of one group fare otherwise than those of another, and whether that can be told from chance. Pure.

Rates are of those who came to the stage before (Office of Juvenile Justice and Delinquency Prevention: relative rate
index; Uhrig 2016 for the Ministry of Justice). "Offered" and "not offered" can point apart, so both are told, and the
gap in people beside them.
"""

import math
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from divert.board.figures.estimates import Interval, Z, difference, share

EXACT_STEPS = 60


class Finding(StrEnum):
    """What a comparison comes to, in words."""

    same = "cannot be told from chance"
    less = "less often, beyond chance"
    more = "more often, beyond chance"
    few = "too few to compare"


class Comparison(NamedTuple):
    """One group beside the reference group, at one stage: ratios of having and of not having come to it."""

    group: str
    reached: int
    total: int
    rate: Interval | None
    ratio: Interval | None
    ratio_not: Interval | None
    gap: Interval | None
    finding: Finding

    @property
    def words(self) -> str:
        """A sentence's worth."""
        return str(self.finding.value)


def relative_rate(a: int, n1: int, c: int, n2: int, noise: float = 0) -> Interval | None:
    """(a of n1) over (c of n2) with its interval: Katz's logarithms, or an exact one where a cell is nought.

    None where either group has nobody, or the reference nothing to be compared with. An interval without an end is
    infinite. Katz, Baptista, Azen and Pike 1978.
    """
    if n1 <= 0 or n2 <= 0 or (a == 0 and c == 0):
        return None
    if a == 0 or c == 0:
        low, high = _exact(a, n1, c, n2)
        return Interval(math.inf if c == 0 else 0.0, low, high)
    ratio = (a / n1) / (c / n2)
    variance = 1 / a - 1 / n1 + 1 / c - 1 / n2
    variance += noise * (1 / a**2 + 1 / n1**2 + 1 / c**2 + 1 / n2**2)
    half = Z * math.sqrt(max(variance, 0.0))
    return Interval(ratio, ratio * math.exp(-half), ratio * math.exp(half))


def fall(count: int, total: int, count_before: int, total_before: int, noise: float = 0) -> Interval | None:
    """By how much a share is lower than another, as a part of that other, with its interval; below 0 it is higher.

    It is never over 1: no rate can fall by more than all of itself. None where there is nobody or nothing to fall from.
    """
    ratio = relative_rate(count, total, count_before, total_before, noise)
    if ratio is None or math.isinf(ratio.value):
        return None
    return Interval(1 - ratio.value, 1 - ratio.high, 1 - ratio.low)


def _exact(a: int, n1: int, c: int, n2: int) -> tuple[float, float]:
    """Limits of the ratio where a cell is nought, from the exact (Clopper-Pearson) limits of each rate.

    Each at 97.5 in 100, so that both hold together at least 95 times in 100: it is never too narrow.
    """
    low1, high1 = clopper_pearson(a, n1)
    low2, high2 = clopper_pearson(c, n2)
    return low1 / high2, (high1 / low2 if low2 else math.inf)


def clopper_pearson(x: int, n: int, miss: float = 0.025) -> tuple[float, float]:
    """The exact interval of a rate that misses the truth at most so often, half of it on either side."""

    def at_most(p: float, most: int) -> float:  # the chance of no more than so many
        ways = math.lgamma(n + 1)
        return math.fsum(
            math.exp(ways - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * math.log(p) + (n - k) * math.log1p(-p))
            for k in range(most + 1)
        )

    def solve(most: int, chance: float) -> float:
        low, high = 0.0, 1.0
        for _ in range(EXACT_STEPS):
            middle = (low + high) / 2
            low, high = (middle, high) if at_most(middle, most) > chance else (low, middle)
        return (low + high) / 2

    return (0.0 if x == 0 else solve(x - 1, 1 - miss / 2)), (1.0 if x == n else solve(x, miss / 2))


def compare_groups(groups: Mapping[str, tuple[int, int]], fewest: int = 1, noise: float = 0) -> list[Comparison]:
    """Each group (how many came to a stage, of how many) beside the largest, which is the first in the answer.

    A group with fewer than `fewest` at the stage before is shown and not compared. Those of whom nothing is stated are
    a group like any other, and stay visible.
    """
    if not groups:
        return []
    reference = max(groups, key=lambda name: (groups[name][1], name))
    c, n2 = groups[reference]
    comparisons = []
    for name in sorted(groups, key=lambda name: (name != reference, -groups[name][1], name)):
        a, n1 = groups[name]
        a = min(a, n1)
        if name == reference or n1 < fewest or n2 < fewest:
            rate = share(a, n1, noise) if n1 >= fewest else None
            finding = Finding.same if name == reference else Finding.few
            comparisons.append(Comparison(name, a, n1, rate, None, None, None, finding))
            continue
        reached = relative_rate(a, n1, c, n2, noise)
        missed = relative_rate(n1 - a, n1, n2 - c, n2, noise)
        gap = difference(a, n1, c, n2, noise)
        comparisons.append(
            Comparison(name, a, n1, share(a, n1, noise), reached, missed, gap, _finding(reached, missed, gap))
        )
    return comparisons


def _finding(reached: Interval | None, missed: Interval | None, gap: Interval | None) -> Finding:
    """Beyond chance only where the ratios of reaching and of missing, and the gap, all say so."""
    signs = []
    if reached is not None:
        signs.append((reached.low > 1) - (reached.high < 1))
    if missed is not None:
        signs.append((missed.high < 1) - (missed.low > 1))
    if gap is not None:
        signs.append((gap.low > 0) - (gap.high < 0))
    if signs and all(sign == 1 for sign in signs):
        return Finding.more
    if signs and all(sign == -1 for sign in signs):
        return Finding.less
    return Finding.same
