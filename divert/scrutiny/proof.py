"""What a sample proves: how many of a frame's cases may be inappropriate, given how many were found.

All bounds are exact for a finite frame: they invert the hypergeometric distribution, and never lean on a normal curve.
Over several strata the one-sided tests are joined by Fisher's method (R. A. Fisher, Statistical Methods for Research
Workers, 1932, section 21.1), which keeps its level where samples are independent and p-values discrete. A stratum of
which every case was seen is known; one of which none was seen may hold anything.

Pure: counts in, counts out. A case whose record is missing is counted among the found (Banuelos and Stark, "Limiting
Risk by Turning Manifest Phantoms into Evil Zombies", arXiv 1207.3413).
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from math import exp, lgamma, log
from typing import NamedTuple

CONFIDENCE = 0.95
ALTOGETHER = "altogether"
"""Stands for all strata together."""

INFINITE = float("inf")
ROUNDING = 1e-9


class Seen(NamedTuple):
    """One stratum: its cases, how many were drawn and scored, and how many of those were found inappropriate."""

    cases: int
    drawn: int
    found: int


class Estimate(NamedTuple):
    """Of `cases`, `drawn` were seen and `found` found. `rate` is weighted by strata; None where a stratum is unseen.

    `least` and `most` bound the number of such cases in the frame, both with the stated confidence together; `ceiling`
    is the one-sided upper bound, the one to state where none was found.
    """

    cases: int
    drawn: int
    found: int
    rate: float | None
    least: int
    most: int
    ceiling: int

    @property
    def says(self) -> str:
        """The sentence that the sample allows."""
        if not self.drawn:
            return "None was seen, so nothing is known."
        if self.drawn == self.cases:
            return f"All {self.cases} were seen, and {self.found} found."
        if not self.found:
            return f"None of {self.drawn} found; up to {_in_a_hundred(self.ceiling, self.cases)} in 100 could still be."
        low, high = self.least * 100 // self.cases, _in_a_hundred(self.most, self.cases)
        return f"{self.found} of {self.drawn} found; between {low} and {high} in 100 of all of them could be."


def estimate(strata: Iterable[Seen], confidence: float = CONFIDENCE) -> Estimate:
    """What was seen, put together. ValueError where a stratum's numbers cannot be."""
    each = tuple(strata)
    for one in each:
        if not 0 <= one.found <= one.drawn <= one.cases:
            raise ValueError(f"{one.found} found of {one.drawn} drawn from {one.cases} cannot be.")
    doubt = 1 - confidence
    whole = [one for one in each if one.cases]
    unseen = any(not one.drawn for one in whole)
    cases = sum(one.cases for one in each)
    weighed = sum(one.cases * one.found / one.drawn for one in whole if one.drawn)
    innocent = tuple(Seen(one.cases, one.drawn, one.drawn - one.found) for one in each)
    return Estimate(
        cases=cases,
        drawn=sum(one.drawn for one in each),
        found=sum(one.found for one in each),
        rate=None if unseen or not cases else weighed / cases,
        least=cases - _most(innocent, doubt / 2),
        most=_most(each, doubt / 2),
        ceiling=_most(each, doubt),
    )


def if_clean(cases: Mapping[str, int], sizes: Mapping[str, int], confidence: float = CONFIDENCE) -> dict[str, Estimate]:
    """What samples of these sizes would prove if nothing were found, by stratum, and last ALTOGETHER.

    ValueError where a size is over its stratum's cases or for what is no stratum.
    """
    if strangers := sorted(sizes.keys() - cases.keys()):
        raise ValueError(f"There is no stratum {strangers[0]}. Use one of: {', '.join(cases)}.")
    if over := [one for one in sizes if sizes[one] > cases[one]]:
        raise ValueError(f"Stratum {over[0]} holds {cases[over[0]]} cases, and a sample of {sizes[over[0]]} was asked.")
    seen = {stratum: Seen(count, sizes.get(stratum, 0), 0) for stratum, count in cases.items()}
    return {
        **{stratum: estimate([one], confidence) for stratum, one in seen.items()},
        ALTOGETHER: estimate(seen.values(), confidence),
    }


def would_miss(strata: Iterable[Seen], bad: int) -> float:
    """How likely (0 to 1) samples of these sizes would hold none of `bad` cases that lie where they are missed best."""
    blank = [Seen(one.cases, one.drawn, 0) for one in strata]
    placed = [0] * len(blank)
    for _ in range(bad):
        cost, place = min(
            ((_cost(one, put), place) for place, (one, put) in enumerate(zip(blank, placed, strict=True)))
        )
        if cost == INFINITE:
            return 0.0
        placed[place] += 1
    return exp(_total(blank, placed))


def least_sample(cases: int, bad: int, confidence: float = CONFIDENCE) -> int:
    """The smallest sample that holds at least one of `bad` cases among `cases` with that confidence."""
    if not 0 < bad <= cases:
        raise ValueError("Say how many of the cases would be inappropriate: at least 1, at most all.")
    enough = log(1 - confidence)
    return 1 + bisect_left(range(1, cases + 1), True, key=lambda size: _at_most(0, cases, bad, size) <= enough)


def _in_a_hundred(count: int, cases: int) -> int:
    """Rounded up: a bound is never stated tighter than it is."""
    return -(-count * 100 // cases)


def _most(strata: Sequence[Seen], doubt: float) -> int:
    """The largest number of bad cases that the findings do not refute at the level `doubt`."""
    known = sum(one.found for one in strata if one.drawn == one.cases)
    unseen = sum(one.cases for one in strata if not one.drawn)
    sampled = tuple(one for one in strata if 0 < one.drawn < one.cases)
    if not sampled:
        return known + unseen
    allowed = -_fisher(doubt, len(sampled)) - ROUNDING  # what is just not refuted stays possible
    return known + unseen + _spread(sampled, allowed)


def _spread(sampled: Sequence[Seen], allowed: float) -> int:
    """The most bad cases over the strata whose log probabilities sum to more than `allowed`.

    The log probability of seeing no more than was found falls ever faster as a stratum's bad cases grow, so they are
    placed where they cost least: all whose own step costs less than a price, then one by one at that price.
    """
    low, high = 0.0, -allowed
    for _ in range(60):
        price = (low + high) / 2
        if _total(sampled, _placed(sampled, price)) > allowed:
            low = price
        else:
            high = price
    placed = _placed(sampled, low)
    while True:
        steps = [
            (_cost(one, bad), place)
            for place, (one, bad) in enumerate(zip(sampled, placed, strict=True))
            if bad < one.cases - (one.drawn - one.found)
        ]
        if not steps:
            break
        cost, place = min(steps)
        if _total(sampled, placed) - cost <= allowed:
            break
        placed[place] += 1
    return sum(placed)


def _placed(sampled: Sequence[Seen], price: float) -> list[int]:
    """In each stratum as many bad cases as come at steps no dearer than the price."""
    return [
        _last(one.found, one.cases - (one.drawn - one.found), lambda bad, one=one: _cost(one, bad) <= price)  # type: ignore[misc]  # mypy types no default of a lambda
        for one in sampled
    ]


def _last(low: int, high: int, affordable: Callable[[int], bool]) -> int:
    """The number reached from `low` by steps that are affordable, at most `high`; dearer steps follow cheaper ones."""
    while low < high:
        middle = (low + high) // 2
        if affordable(middle):
            low = middle + 1
        else:
            high = middle
    return low


def _cost(one: Seen, bad: int) -> float:
    """By how much one more bad case lowers the log probability."""
    after = _at_most(one.found, one.cases, bad + 1, one.drawn)
    return INFINITE if after == -INFINITE else _at_most(one.found, one.cases, bad, one.drawn) - after


def _total(sampled: Sequence[Seen], placed: Sequence[int]) -> float:
    return sum(_at_most(one.found, one.cases, bad, one.drawn) for one, bad in zip(sampled, placed, strict=True))


@lru_cache(maxsize=65_536)
def _at_most(found: int, cases: int, bad: int, drawn: int) -> float:
    """The log of the probability that `drawn` of `cases`, of which `bad` are bad, hold `found` of those at most."""
    least, most = max(0, drawn - (cases - bad)), min(found, bad, drawn)
    if most >= min(bad, drawn):
        return 0.0
    if most < least:
        return -INFINITE
    terms = [_choose(bad, k) + _choose(cases - bad, drawn - k) for k in range(least, most + 1)]
    highest = max(terms)
    summed = highest + log(sum(exp(term - highest) for term in terms))
    return min(0.0, summed - _choose(cases, drawn))


def _choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def _fisher(doubt: float, tests: int) -> float:
    """Half the chi-squared quantile with 2 x `tests` degrees: the product of p-values may be as small as exp(-this)."""
    low, high = 0.0, 1000.0
    for _ in range(200):
        middle = (low + high) / 2
        term = total = 1.0
        for k in range(1, tests):
            term *= middle / k
            total += term
        if exp(-middle) * total > doubt:
            low = middle
        else:
            high = middle
    return low
