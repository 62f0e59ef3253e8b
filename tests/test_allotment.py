"""A sample is allotted to strata by one rule: certainty whole, a least number of each, the rest in proportion."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from divert.scrutiny.allotment import allot

JUNE = {"override": 3, "completed": 60, "refused": 20, "declined": 1}


def test_certainty_is_whole_each_has_its_least_and_the_rest_goes_by_size() -> None:
    assert allot(JUNE, 20, certain=["override"]) == {"override": 3, "completed": 12, "refused": 4, "declined": 1}
    assert allot(JUNE, 20, certain=["override"], stated={"override": 1, "refused": 8}) == {
        "override": 1, "completed": 10, "refused": 8, "declined": 1,
    }  # fmt: skip
    assert allot(JUNE, 8, certain=["override"]) == {"override": 3, "completed": 2, "refused": 2, "declined": 1}


@pytest.mark.parametrize(
    ("total", "stated", "says"),
    [
        (7, {}, "at least 8; and at most 84"),
        (85, {}, "at most 84"),
        (20, {"completed": 61}, "61 is stated for completed, which holds 60"),
        (20, {"elsewhere": 0}, "stated for elsewhere, which holds 0"),
        (20, {"completed": -1}, "-1 is stated"),
    ],
)
def test_what_cannot_be_allotted_says_what_could(total: int, stated: dict[str, int], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        allot(JUNE, total, certain=["override"], stated=stated)


FRAMES = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 60), min_size=1)


@given(FRAMES, st.integers(0, 4), st.data())
def test_every_total_that_can_be_met_is_and_a_larger_one_only_adds(
    cases: dict[str, int], least: int, data: st.DataObject
) -> None:
    fewest = sum(min(least, count) for count in cases.values())
    total = data.draw(st.integers(fewest, sum(cases.values())))
    sizes = allot(cases, total, least=least)
    assert sum(sizes.values()) == total
    assert all(min(least, cases[one]) <= size <= cases[one] for one, size in sizes.items())
    if total < sum(cases.values()):
        more = allot(cases, total + 1, least=least)
        assert all(more[one] >= size for one, size in sizes.items())


@given(FRAMES, st.data())
def test_without_a_least_it_is_websters_method(cases: dict[str, int], data: st.DataObject) -> None:
    """The one divisor that, rounding each quotient to the nearest, gives the total: no swap of two seats is fairer."""
    total = data.draw(st.integers(0, sum(cases.values())))
    sizes = allot(cases, total, least=0)
    for gives, gave in sizes.items():
        for takes, took in sizes.items():
            if gives != takes and gave and took < cases[takes]:
                assert cases[gives] / (2 * gave - 1) >= cases[takes] / (2 * took + 1)
