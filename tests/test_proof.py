"""What a sample proves, and how far members agree: against published tables, and against counting everything."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import product
from math import comb, exp, log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, hypergeom

from divert.scrutiny.agreement import kappa
from divert.scrutiny.proof import Estimate, Sample, estimate, least_sample

TABLE = {2: (78, 105, 124, 138), 5: (45, 51, 55, 57), 10: (25, 27, 28, 29), 20: (13, 13, 14, 14)}
"""The smallest samples that show one of so many in a hundred, for 100, 200, 400 and 1,000 cases, at 95 %."""


@pytest.mark.parametrize("rate", TABLE)
def test_the_smallest_samples_are_those_of_the_table(rate: int) -> None:
    assert tuple(least_sample(cases, cases * rate // 100) for cases in (100, 200, 400, 1000)) == TABLE[rate]


@pytest.mark.parametrize(("drawn", "percent"), [(10, 25), (12, 21), (20, 13), (30, 8.5), (46, 5.5)])
def test_none_found_of_two_hundred_leaves_what_the_table_says(drawn: int, percent: float) -> None:
    assert estimate([Sample(200, drawn, 0)]).ceiling / 2 == percent


def test_the_sentence_says_what_the_sample_allows_and_no_more() -> None:
    assert estimate([Sample(200, 12, 0)]).says == "None of 12 found; up to 21 in 100 could still be."
    assert estimate([Sample(200, 12, 2)]).says == "2 of 12 found; between 2 and 48 in 100 of all of them could be."
    assert estimate([Sample(7, 7, 1)]).says == "All 7 were seen, and 1 found."
    assert estimate([Sample(7, 0, 0)]).says == "None was seen, so nothing is known."


def test_a_stratum_nobody_looked_at_may_hold_anything() -> None:
    seen = estimate([Sample(100, 100, 0), Sample(20, 0, 0)])
    assert (seen.least, seen.most, seen.ceiling, seen.rate) == (0, 20, 20, None)


def test_strata_are_weighted_by_their_size() -> None:
    """One of two in a stratum of ten, none of two in one of ninety: five in a hundred, not one in four."""
    assert estimate([Sample(10, 2, 1), Sample(90, 2, 0)]).rate == pytest.approx(0.05)


@pytest.mark.parametrize("wrong", [Sample(5, 6, 0), Sample(5, 2, 3), Sample(5, 2, -1)])
def test_what_cannot_be_is_refused(wrong: Sample) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        estimate([wrong])


def strata(most: int) -> st.SearchStrategy[list[Sample]]:
    one = st.integers(1, most).flatmap(
        lambda cases: st.integers(0, cases).flatmap(
            lambda drawn: st.integers(0, drawn).map(lambda found: Sample(cases, drawn, found))
        )
    )
    return st.lists(one, min_size=1, max_size=3)


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n))), st.data())
def test_one_stratums_bounds_are_scipys(sizes: tuple[int, int], data: st.DataObject) -> None:
    cases, drawn = sizes
    found = data.draw(st.integers(0, drawn))
    one = estimate([Sample(cases, drawn, found)])
    possible = range(found, cases - (drawn - found) + 1)
    at_most = [bad for bad in possible if hypergeom.cdf(found, cases, bad, drawn) >= 0.025 - 1e-12]
    at_least = [bad for bad in possible if hypergeom.sf(found - 1, cases, bad, drawn) >= 0.025 - 1e-12]
    assert (one.least, one.most) == (min(at_least), max(at_most))


@settings(max_examples=60)
@given(strata(9))
def test_over_strata_the_most_is_what_trying_every_allocation_finds(seen: list[Sample]) -> None:
    """By brute force, with scipy's distributions: the largest total that Fisher's test does not refute."""
    one = estimate(seen)
    assert one.ceiling == max(sum(each) for each in not_refuted(seen, 0.05))
    assert one.most == max(sum(each) for each in not_refuted(seen, 0.025))


def not_refuted(seen: Sequence[Sample], doubt: float) -> Iterator[tuple[int, ...]]:
    sampled = [one for one in seen if 0 < one.drawn < one.cases]
    least = chi2.isf(doubt, 2 * len(sampled)) / -2 if sampled else 0
    for each in product(*(range(one.found, one.cases - (one.drawn - one.found) + 1) for one in seen)):
        p = [hypergeom.cdf(one.found, one.cases, bad, one.drawn) for one, bad in zip(seen, each, strict=True)]
        known = all(bad == one.found for one, bad in zip(seen, each, strict=True) if one.drawn == one.cases)
        partly = [value for one, value in zip(seen, p, strict=True) if 0 < one.drawn < one.cases]
        if known and (not sampled or sum(map(log, partly)) > least - 1e-9):
            yield each


@settings(max_examples=30)
@given(strata(6), st.data())
def test_the_bounds_hold_the_truth_as_often_as_they_say(shapes: list[Sample], data: st.DataObject) -> None:
    """Every sample that could be drawn, weighed by how often it is: the truth lies within at least 95 in 100 times."""
    bad = [data.draw(st.integers(0, one.cases)) for one in shapes]
    within = Fraction(0)
    for found in product(*(range(one.drawn + 1) for one in shapes)):
        chance = Fraction(1)
        for one, wrong, seen in zip(shapes, bad, found, strict=True):
            ways = comb(wrong, seen) * comb(one.cases - wrong, one.drawn - seen)
            chance *= Fraction(ways, comb(one.cases, one.drawn))
        if chance:
            said = estimate([Sample(one.cases, one.drawn, seen) for one, seen in zip(shapes, found, strict=True)])
            within += chance * (said.least <= sum(bad) <= said.most)
    assert within >= Fraction(95, 100)


def test_the_larger_the_frame_the_nearer_three_over_n() -> None:
    """The rule of three (Hanley and Lippman-Hand, JAMA 249, 1983): none of 300 found, at most one in a hundred."""
    said: Estimate = estimate([Sample(1_000_000, 300, 0)])
    assert said.ceiling / 1_000_000 == pytest.approx(1 - exp(log(0.05) / 300), rel=1e-3)


def test_kappa_is_the_published_one() -> None:
    """Fourteen raters, ten subjects, five categories: the worked example of Fleiss' kappa, 0.210."""
    table = [
        (0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1),
        (7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7),
    ]  # fmt: skip
    ratings = [[score for score, count in enumerate(row) for _ in range(count)] for row in table]
    assert kappa(ratings) == pytest.approx(0.210, abs=5e-4)


def test_full_agreement_is_one_and_a_single_score_everywhere_is_nothing() -> None:
    assert kappa([[1, 1, 1], [3, 3]]) == 1
    assert kappa([[1, 1], [1, 1, 1]]) is None
    assert kappa([[1], []]) is None
