"""What the board is shown is attacked with linear programs: by sums and differences of breakdowns, days, audiences."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from itertools import pairwise, product
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from divert.board.counting.breakdowns import ALL, BREAKDOWNS, values
from divert.board.counting.counts import Cell, Counts
from divert.board.counting.suppression import Audience, span, suppress
from divert.board.figures.definition import Period, View

DAY = date(2019, 12, 31)
PLACES = {dim: list(values(dim))[:4] for dim in BREAKDOWNS if dim != "month"} | {
    "month": ["2019-04", "2019-05", "2019-06"]
}


def populated(random: Random, size: int, skew: float) -> list[dict[str, str]]:
    """So many people, the more of them in the first place of each breakdown the greater the skew."""
    return [
        {dim: random.choices(places, [skew**-n for n in range(len(places))])[0] for dim, places in PLACES.items()}
        for _ in range(size)
    ]


def counted(people: Iterable[Mapping[str, str]], name: str = "referred", day: date = DAY) -> Counts:
    counts: Counter[Cell] = Counter()
    for person in people:
        counts[Cell(name)] += 1
        for dim, value in person.items():
            counts[Cell(name, dim, value)] += 1
    return Counts(day, dict(counts))


Seen = tuple[Cell, int]
"""A count, and the day on which it was asked for."""


class Attack:
    """What somebody who sees everything that is shown, and knows the rule, can conclude of each count."""

    def __init__(self) -> None:
        self.bounds: dict[Seen, tuple[float, float | None]] = {}
        self.sums: list[tuple[Seen, list[Seen]]] = []
        self.grows: list[tuple[Seen, Seen]] = []

    def sees(self, shown: Counts, when: int = 0) -> None:
        """A day's counts: each within its rounding, and every breakdown making up the whole, shown or withheld."""
        names = {cell.name for cell in shown.cells}
        for name in names:
            breakdowns = {cell.dim for cell in shown.cells if cell.name == name and cell.dim != ALL}
            parts = {dim: [Cell(name, dim, value) for value in PLACES[dim]] for dim in breakdowns}
            for cell in (Cell(name), *(part for cells in parts.values() for part in cells)):
                n = shown[cell]
                low, high = (0, None) if n is None else span(n, shown.base)
                before = self.bounds.get((cell, when), (0, None))
                tops = [top for top in (high, before[1]) if top is not None]
                self.bounds[cell, when] = (max(low, before[0]), min(tops) if tops else None)
            self.sums += [((Cell(name), when), [(part, when) for part in cells]) for cells in parts.values()]

    def concludes(self, target: Seen) -> tuple[float, float]:
        """The least and the most that a count can be."""
        place = {seen: number for number, seen in enumerate(self.bounds)}
        equal = np.zeros((len(self.sums), len(place)))
        for row, (whole, parts) in enumerate(self.sums):
            equal[row, place[whole]] = -1
            for part in parts:
                equal[row, place[part]] = 1
        order = np.zeros((len(self.grows), len(place)))
        for row, (earlier, later) in enumerate(self.grows):
            order[row, place[earlier]], order[row, place[later]] = 1, -1
        limits = []
        for way in (1, -1):
            aim = np.zeros(len(place))
            aim[place[target]] = way
            solved = linprog(
                aim,
                A_eq=equal if self.sums else None,
                b_eq=np.zeros(len(self.sums)) if self.sums else None,
                A_ub=order if self.grows else None,
                b_ub=np.zeros(len(self.grows)) if self.grows else None,
                bounds=list(self.bounds.values()),
                method="highs",
            )
            assert solved.status == 0, solved.message
            limits.append(way * solved.fun)
        return limits[0], limits[1]


def small(exact: Counts, base: int) -> list[Cell]:
    """The counts that must not be told: from 1 to one below the base."""
    return [cell for cell, n in exact.cells.items() if 0 < n < base]


@settings(max_examples=40)
@given(seed=st.integers(0, 10**9), size=st.integers(1, 60), skew=st.sampled_from([1.0, 2.0, 6.0]),
       audience=st.sampled_from(Audience))  # fmt: skip
def test_no_small_count_can_be_worked_out_from_everything_that_is_shown(
    seed: int, size: int, skew: float, audience: Audience
) -> None:
    """Of each, at least as many values stay possible as the base has: sums, breakdowns and rounding tell no more."""
    random = Random(seed)
    exact = counted(populated(random, size, skew))
    shown = suppress(exact, random.randbytes(32), audience)
    attack = Attack()
    attack.sees(shown)
    for cell in small(exact, audience.base):
        least, most = attack.concludes((cell, 0))
        assert least <= exact.cells[cell] <= most
        assert most - least >= audience.base - 1, (cell, least, most, shown.cells)


def test_of_two_parts_and_their_whole_neither_gives_the_other_away() -> None:
    """The tightest sum there is. Unchecked, 12 shown as 15 and 9 of them as 5 would leave 2 to 4 for the rest."""
    moved = 0
    for few, many in product(range(1, 5), range(7, 12)):
        exact = counted([{"phase": "pilot"}] * few + [{"phase": "full"}] * many)
        for key in range(60):
            shown = suppress(exact, bytes([key]) * 32)
            attack = Attack()
            attack.sees(shown)
            least, most = attack.concludes((Cell("referred", "phase", "pilot"), 0))
            assert most - least >= 4, (few, many, shown.cells)
            moved += bool(shown.withheld)
    assert 0 < moved < 60, "of 1,200 only a few are withheld"


@settings(max_examples=25)
@given(seed=st.integers(0, 10**9), size=st.integers(4, 30), skew=st.sampled_from([1.0, 3.0]))
def test_nor_by_asking_for_one_day_after_another_nor_as_the_board_and_the_public_at_once(
    seed: int, size: int, skew: float
) -> None:
    """People come one by one, and each day is shown, for both audiences: no small count is ever pinned to one value."""
    random = Random(seed)
    people, key = populated(random, size, skew), random.randbytes(32)
    days = sorted(random.sample(range(1, size + 1), 3))
    attack = Attack()
    for day in days:
        exact = counted(people[:day], day=DAY + timedelta(days=day))
        for audience in Audience:
            attack.sees(suppress(exact, key, audience), day)
    for earlier, later in pairwise(days):
        cells = {cell for cell, when in attack.bounds if when == earlier}
        attack.grows += [((cell, earlier), (cell, later)) for cell in cells]
    for day in days:
        for cell in small(counted(people[:day]), Audience.board.base):
            least, most = attack.concludes((cell, day))
            assert most - least >= 1, (cell, day, least, most)


@given(st.integers(0, 10**6), st.binary(min_size=32, max_size=32), st.sampled_from(Audience))
def test_a_count_is_shown_as_the_multiple_above_or_below_it_and_nought_as_nought(
    n: int, key: bytes, audience: Audience
) -> None:
    shown = suppress(Counts(DAY, {Cell("referred"): n}), key, audience)[Cell("referred")]
    assert shown is not None
    assert shown % audience.base == 0
    assert abs(shown - n) < audience.base
    assert n or not shown


def test_rounding_is_right_on_average() -> None:
    keys = [bytes([number]) * 32 for number in range(256)]
    shown = [suppress(Counts(DAY, {Cell("referred"): 13}), key)[Cell("referred")] or 0 for key in keys]
    assert sum(shown) / len(shown) == pytest.approx(13, abs=0.6)


def test_a_count_that_stands_still_never_flickers_and_one_that_grows_never_falls() -> None:
    """Whatever else happens around it, and however often one asks: averaging many answers gives nothing."""
    random = Random(5)
    people, key = populated(random, 200, 1.5), random.randbytes(32)
    last: dict[Cell, tuple[int, int]] = {}
    for size in range(1, 200):
        exact = counted(people[:size])
        shown = suppress(exact, key)
        for cell, n in exact.cells.items():
            n_shown = shown[cell]
            if cell.dim == ALL or n_shown is None:  # the whole may be rounded either way, so that its parts stay hidden
                continue
            was, then = last.get(cell, (0, 0))
            assert n_shown >= then
            assert n != was or n_shown == then
            last[cell] = (n, n_shown)


def test_the_counts_of_one_place_are_rounded_alike_so_no_part_is_more_than_what_it_is_part_of() -> None:
    random = Random(11)
    people = populated(random, 80, 2)
    for _ in range(50):
        both = {**counted(people).cells, **counted(people[:70], "judged").cells}
        shown = suppress(Counts(DAY, both), random.randbytes(32))
        for cell in counted(people[:70], "judged").cells:
            judged, referred = shown[cell], shown[cell.with_name("referred")]
            if cell.dim != ALL and judged is not None and referred is not None:
                assert judged <= referred


def test_a_period_is_the_sum_of_its_months_as_shown() -> None:
    random = Random(2)
    shown = suppress(counted(populated(random, 90, 1.2)), random.randbytes(32))
    months = [shown[Cell("referred", "month", month)] or 0 for month in ("2019-04", "2019-05")]
    assert View(shown, Period("2019-04", "2019-05"))["referred"] == sum(months)


def test_without_the_check_of_sums_the_attack_finds_what_it_looks_for() -> None:
    """The attack is one that can succeed: against counts told exactly but for the small ones, it finds them."""
    exact = counted([{"sex": "F"}] * 3 + [{"sex": "M"}] * 40)
    attack = Attack()
    women, nobody = Cell("referred", "sex", "F"), Cell("referred", "sex", "not stated")
    attack.sees(Counts(DAY, exact.cells, 1, frozenset({women, nobody})))
    assert attack.concludes((women, 0)) == (0, 3)
    attack.bounds[nobody, 0] = (0, 0)
    assert attack.concludes((women, 0)) == (3, 3)
