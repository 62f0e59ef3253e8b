"""What a sample proves: how many of a frame's cases may be inappropriate, given how many were found.

All bounds are exact for a finite frame: they invert the hypergeometric distribution, and never lean on a normal curve.
Over several strata the one-sided tests are joined by Fisher's method (R. A. Fisher, Statistical Methods for Research
Workers, 1932, section 21.1), which keeps its level where samples are independent and p-values discrete. A stratum of
which every case was seen is known; one of which none was seen may hold anything.

Pure: counts in, counts out. A case whose record is missing is counted among the found (Banuelos and Stark, "Limiting
Risk by Turning Manifest Phantoms into Evil Zombies", arXiv 1207.3413).
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from math import exp, lgamma, log
from typing import NamedTuple

CONFIDENCE = 0.95
ALTOGETHER = "altogether"
"""Stands for all strata together."""

INFINITE = float("inf")
ROUNDING = 1e-9


class Sample(NamedTuple):
    """One stratum: its cases, how many were drawn and scored, and how many of those were found inappropriate."""

    cases: int
    drawn: int
    found: int

    @property
    def most(self) -> int:
        """How many of its cases could be inappropriate: all but those that were seen not to be."""
        return self.cases - (self.drawn - self.found)


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


def estimate(strata: Iterable[Sample], confidence: float = CONFIDENCE) -> Estimate:
    """What was seen, put together. ValueError where a stratum's numbers cannot be."""
    samples = tuple(strata)
    for sample in samples:
        if not 0 <= sample.found <= sample.drawn <= sample.cases:
            raise ValueError(f"{sample.found} found of {sample.drawn} drawn from {sample.cases} cannot be.")
    doubt = 1 - confidence
    unseen = any(sample.cases and not sample.drawn for sample in samples)
    cases = sum(sample.cases for sample in samples)
    weighted = sum(sample.cases * sample.found / sample.drawn for sample in samples if sample.drawn)
    innocent = tuple(Sample(sample.cases, sample.drawn, sample.drawn - sample.found) for sample in samples)
    return Estimate(
        cases=cases,
        drawn=sum(sample.drawn for sample in samples),
        found=sum(sample.found for sample in samples),
        rate=None if unseen or not cases else weighted / cases,
        least=cases - _most(innocent, doubt / 2),
        most=_most(samples, doubt / 2),
        ceiling=_most(samples, doubt),
    )


def if_clean(cases: Mapping[str, int], sizes: Mapping[str, int], confidence: float = CONFIDENCE) -> dict[str, Estimate]:
    """What samples of these sizes would prove if nothing were found, by stratum, and last ALTOGETHER.

    ValueError where a size is over its stratum's cases or for what is no stratum.
    """
    if strangers := sorted(sizes.keys() - cases.keys()):
        raise ValueError(f"There is no stratum {strangers[0]}. Use one of: {', '.join(cases)}.")
    for stratum, size in sizes.items():
        if size > cases[stratum]:
            raise ValueError(f"Stratum {stratum} holds {cases[stratum]} cases, and a sample of {size} was asked.")
    samples = {stratum: Sample(count, sizes.get(stratum, 0), 0) for stratum, count in cases.items()}
    return {
        **{stratum: estimate([sample], confidence) for stratum, sample in samples.items()},
        ALTOGETHER: estimate(samples.values(), confidence),
    }


def miss_probability(strata: Iterable[Sample], bad: int) -> float:
    """How likely (0 to 1) samples of these sizes would hold none of `bad` cases that lie where they are missed best."""
    clean = [Sample(sample.cases, sample.drawn, 0) for sample in strata]
    placed = [0] * len(clean)
    for _ in range(bad):
        costs = [_cost(sample, count) for sample, count in zip(clean, placed, strict=True)]
        cheapest = min(costs)
        if cheapest == INFINITE:
            return 0.0
        placed[costs.index(cheapest)] += 1
    return exp(_total(clean, placed))


def least_sample(cases: int, bad: int, confidence: float = CONFIDENCE) -> int:
    """The smallest sample that holds at least one of `bad` cases among `cases` with that confidence."""
    if not 0 < bad <= cases:
        raise ValueError("Say how many of the cases would be inappropriate: at least 1, at most all.")
    enough = log(1 - confidence)
    return 1 + bisect_left(range(1, cases + 1), True, key=lambda size: _log_at_most(0, cases, bad, size) <= enough)


def _in_a_hundred(count: int, cases: int) -> int:
    """Rounded up: a bound is never stated tighter than it is."""
    return -(-count * 100 // cases)


def _most(strata: Sequence[Sample], doubt: float) -> int:
    """The largest number of bad cases that the findings do not refute at the level `doubt`."""
    known = sum(sample.found for sample in strata if sample.drawn == sample.cases)
    unseen = sum(sample.cases for sample in strata if not sample.drawn)
    sampled = tuple(sample for sample in strata if 0 < sample.drawn < sample.cases)
    if not sampled:
        return known + unseen
    allowed = -_fisher(doubt, len(sampled)) - ROUNDING  # what is just not refuted stays possible
    return known + unseen + _spread(sampled, allowed)


def _spread(sampled: Sequence[Sample], allowed: float) -> int:
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
            (_cost(sample, bad), place)
            for place, (sample, bad) in enumerate(zip(sampled, placed, strict=True))
            if bad < sample.most
        ]
        if not steps:
            break
        cost, place = min(steps)
        if _total(sampled, placed) - cost <= allowed:
            break
        placed[place] += 1
    return sum(placed)


def _placed(sampled: Sequence[Sample], price: float) -> list[int]:
    """In each stratum as many bad cases as come at steps no dearer than the price."""
    return [_affordable(sample, price) for sample in sampled]


def _affordable(sample: Sample, price: float) -> int:
    """How many bad cases come at steps no dearer than the price; dearer steps follow cheaper ones."""
    steps = range(sample.found, sample.most)
    return sample.found + bisect_left(steps, True, key=lambda bad: _cost(sample, bad) > price)


def _cost(sample: Sample, bad: int) -> float:
    """By how much one more bad case lowers the log probability."""
    after = _log_at_most(sample.found, sample.cases, bad + 1, sample.drawn)
    return INFINITE if after == -INFINITE else _log_at_most(sample.found, sample.cases, bad, sample.drawn) - after


def _total(sampled: Sequence[Sample], placed: Sequence[int]) -> float:
    return sum(
        _log_at_most(sample.found, sample.cases, bad, sample.drawn) for sample, bad in zip(sampled, placed, strict=True)
    )


@lru_cache(maxsize=65_536)
def _log_at_most(found: int, cases: int, bad: int, drawn: int) -> float:
    """The log of the probability that `drawn` of `cases`, of which `bad` are bad, hold `found` of those at most."""
    least, most = max(0, drawn - (cases - bad)), min(found, bad, drawn)
    if most >= min(bad, drawn):
        return 0.0
    if most < least:
        return -INFINITE
    terms = [_log_choose(bad, k) + _log_choose(cases - bad, drawn - k) for k in range(least, most + 1)]
    highest = max(terms)
    total = highest + log(sum(exp(term - highest) for term in terms))
    return min(0.0, total - _log_choose(cases, drawn))


def _log_choose(n: int, k: int) -> float:
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
