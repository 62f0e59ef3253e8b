"""What a count of few people can be taken to say: shares with intervals, differences, medians, falls. Pure.

`noise` is the variance that rounding adds to each count: (base² - 1) / 6 where it goes up or down by chance.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

Z = 1.959963984540054
"""95 in 100."""

FEWEST = 4
"""A share is told of at least so many times the base: of fewer, rounding alone could make it anything."""


class Interval(NamedTuple):
    """A figure, and the range in which the truth behind it lies 95 times in 100."""

    value: float
    low: float
    high: float


def rounding_noise(base: int) -> float:
    """The variance that rounding to multiples of a base adds to a count; none where counts are exact."""
    return (base * base - 1) / 6


def share(count: int, total: int, noise: float = 0) -> Interval | None:
    """A share from 0 to 1 with its interval (Wilson); None of nobody.

    The rounding of both counts makes it wider.
    """
    if total <= 0:
        return None
    p, n = min(count, total) / total, total
    middle = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
    blur = noise * (1 + p * p) / (n * n)
    low, high = p - math.sqrt((p - middle + half) ** 2 + blur), p + math.sqrt((middle + half - p) ** 2 + blur)
    return Interval(p, max(0.0, low), min(1.0, high))


def difference(count: int, total: int, count_before: int, total_before: int, noise: float = 0) -> Interval | None:
    """How much one share is above another, from -1 to 1 (Newcombe's interval); None where either is of nobody."""
    now, then = share(count, total, noise), share(count_before, total_before, noise)
    if now is None or then is None:
        return None
    gap = now.value - then.value
    return Interval(
        gap,
        gap - math.hypot(now.value - now.low, then.high - then.value),
        gap + math.hypot(now.high - now.value, then.value - then.low),
    )


def quantile(bands: Sequence[tuple[int, int | None, int]], at: float) -> float | None:
    """The value below which a share `at` lies, from counts in bands (first, last or None, count), in order.

    Within its band it is taken to lie evenly; in the last, open band only its beginning is known. None of nobody.
    """
    total = sum(count for _, _, count in bands)
    if not total:
        return None
    wanted, below = at * total, 0.0
    for first, last, count in bands:
        if count and below + count >= wanted:
            return float(first) if last is None else first + (wanted - below) / count * (last + 1 - first)
        below += count
    return float(bands[-1][0])
