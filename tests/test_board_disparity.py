"""Ratios, intervals and words, against published numbers and a second library."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from scipy.stats.contingency import relative_risk

from divert.board.figures.disparity import Finding, clopper_pearson, compare_groups, fall, relative_rate
from divert.board.figures.estimates import difference, quantile, rounding_noise, share

COUNTS = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
REACHED = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(1, n), st.just(n)))


def test_the_example_that_the_field_quotes() -> None:
    """12 of 40 against 90 of 200: 0.67, 0.41 to 1.10, so nothing can be said."""
    ratio = relative_rate(12, 40, 90, 200)
    assert ratio is not None
    assert [round(number, 2) for number in ratio] == [0.67, 0.41, 1.10]
    first, second = compare_groups({"White": (90, 200), "Asian": (12, 40)})
    assert (first.group, second.group, second.finding) == ("White", "Asian", Finding.same)
    assert second.words == "cannot be told from chance"


@given(REACHED, REACHED)
def test_ratios_are_those_of_scipy(group: tuple[int, int], other: tuple[int, int]) -> None:
    ratio, theirs = relative_rate(*group, *other), relative_risk(*group, *other)
    interval = theirs.confidence_interval(0.95)
    assert ratio is not None
    assert ratio == pytest.approx((theirs.relative_risk, interval.low, interval.high))


@given(COUNTS)
def test_intervals_of_a_share_are_those_of_scipy(counts: tuple[int, int]) -> None:
    interval, wilson = share(*counts), binomtest(*counts).proportion_ci(method="wilson")
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((wilson.low, wilson.high), abs=1e-9)
    exact = binomtest(*counts).proportion_ci(0.975, method="exact")
    assert clopper_pearson(*counts) == pytest.approx((exact.low, exact.high), abs=1e-9)


@given(COUNTS, COUNTS)
def test_a_ratio_lies_within_its_interval_and_so_does_a_gap(group: tuple[int, int], other: tuple[int, int]) -> None:
    ratio = relative_rate(*group, *other)
    assert (ratio is None) == (group[0] == other[0] == 0)
    if ratio is not None:
        assert ratio.low <= ratio.value <= ratio.high
    gap = difference(*group, *other)
    assert gap is not None
    assert -1 <= gap.low <= gap.value <= gap.high <= 1


def test_where_a_count_is_nought_the_interval_is_exact_and_not_refused() -> None:
    ratio = relative_rate(0, 20, 30, 60)
    assert ratio is not None
    assert ratio.value == ratio.low == 0
    assert 0.2 < ratio.high < 0.8
    other_way = relative_rate(30, 60, 0, 20)
    assert other_way is not None
    assert math.isinf(other_way.value)
    assert math.isinf(other_way.high)
    assert other_way.low == pytest.approx(1 / ratio.high)


def test_offered_and_not_offered_are_both_told_and_so_is_the_gap_in_people() -> None:
    """95 against 90 of 100 is almost the same of being offered, and half of not being offered."""
    _, other = compare_groups({"A": (9500, 10000), "B": (9000, 10000 - 1)})
    assert other.ratio is not None
    assert other.ratio_not is not None
    assert other.gap is not None
    assert round(other.ratio.value, 2) == 0.95
    assert round(other.ratio_not.value, 1) == 2.0
    assert round(100 * other.gap.value) == -5
    assert other.finding is Finding.less


def test_people_of_whom_nothing_is_stated_stay_visible_and_too_few_are_not_compared() -> None:
    comparisons = compare_groups({"White": (80, 200), "not stated": (3, 6), "Black": (10, 30)}, fewest=20)
    assert [comparison.group for comparison in comparisons] == ["White", "Black", "not stated"]
    assert comparisons[2].finding is Finding.few
    assert comparisons[2].ratio is None


def test_rounding_makes_an_interval_wider_and_never_moves_what_is_told() -> None:
    noise = rounding_noise(5)
    assert noise == 4
    plain, rounded = share(30, 60), share(30, 60, noise)
    assert plain is not None
    assert rounded is not None
    assert rounded.value == plain.value
    assert rounded.low < plain.low < plain.high < rounded.high
    narrow, wide = relative_rate(12, 40, 90, 200), relative_rate(12, 40, 90, 200, noise)
    assert narrow is not None
    assert wide is not None
    assert wide.low < narrow.low < narrow.high < wide.high


@given(REACHED, REACHED)
def test_no_rate_falls_by_more_than_all_of_itself(group: tuple[int, int], other: tuple[int, int]) -> None:
    reduction = fall(*group, *other)
    assert reduction is not None
    assert reduction.value <= 1
    assert reduction.high <= 1


def test_from_five_point_eight_of_thirty_six_point_seven_the_fall_is_84_and_not_195_per_cent() -> None:
    reduction = fall(58, 1000, 367, 1000)
    assert reduction is not None
    assert round(100 * reduction.value) == 84


def test_checkpoint_s_published_trial_gives_its_published_reductions() -> None:
    """521 people randomised: 10.3 points lower, a risk 30 per cent lower. Its award paper: 35 against 48 of 100, 356.

    The sources that we have do not give the size of each arm: they are taken as equal, and the rates as what the two
    reductions together say: 24.0 against 34.3 of 100.
    """
    treated, control = round(0.240 * 260), round(0.343 * 261)
    gap, less = difference(treated, 260, control, 261), fall(treated, 260, control, 261)
    assert gap is not None
    assert less is not None
    assert 100 * gap.value == pytest.approx(-10.3, abs=0.4)
    assert 100 * less.value == pytest.approx(30, abs=1.5)
    assert -0.19 < gap.low < -0.17 < -0.03 < gap.high < 0  # beyond chance, and not by much
    assert 0.03 < less.low < less.value < less.high < 0.5

    award = difference(round(0.35 * 178), 178, round(0.48 * 178), 178)
    assert award is not None
    assert 100 * award.value == pytest.approx(-13, abs=0.6)
    assert award.high < 0
    relative = fall(round(0.35 * 178), 178, round(0.48 * 178), 178)
    assert relative is not None
    assert round(100 * relative.value) in (26, 27, 28)


def test_half_and_nine_in_ten_are_read_off_bands() -> None:
    bands = [(0, 3, 10), (4, 7, 10), (8, None, 0)]
    assert quantile(bands, 0.5) == 4
    assert quantile(bands, 0.9) == pytest.approx(7.2)
    assert quantile([(0, 3, 0), (4, None, 5)], 0.5) == 4
    assert quantile([(0, 3, 0)], 0.5) is None
