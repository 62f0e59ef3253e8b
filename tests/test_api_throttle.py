"""How often one may ask."""

from hypothesis import given
from hypothesis import strategies as st

from api.web.throttle import REMEMBERED, Throttle


def test_a_full_bucket_is_emptied_then_refilled_evenly() -> None:
    throttle = Throttle(per_minute=6)
    assert [throttle.wait("a", 0) for _ in range(7)] == [0] * 6 + [10]
    assert throttle.wait("a", 9.9) == 1
    assert throttle.wait("a", 10) == 0
    assert throttle.wait("b", 10) == 0


def test_what_costs_more_than_the_bucket_holds_is_let_through_by_a_full_one() -> None:
    throttle = Throttle(per_minute=6)
    assert throttle.wait("a", 0, cost=60) == 0
    assert throttle.wait("a", 0) > 0


@given(
    st.integers(1, 1000),
    st.lists(st.floats(0, 30, allow_nan=False), min_size=1, max_size=200),
)
def test_never_more_pass_in_a_stretch_than_a_bucket_and_what_flowed_in(per_minute: int, pauses: list[float]) -> None:
    throttle, now, passed = Throttle(per_minute), 0.0, 0
    for pause in pauses:
        now += pause
        passed += throttle.wait("a", now) == 0
    assert passed <= per_minute + now * per_minute / 60 + 1e-6


@given(st.integers(1, 1000), st.integers(0, 2000))
def test_whoever_waits_as_long_as_they_are_told_is_let_in(per_minute: int, more: int) -> None:
    throttle = Throttle(per_minute)
    for _ in range(per_minute + more):
        throttle.wait("a", 0)
    told = throttle.wait("a", 0)
    assert told > 0
    assert throttle.wait("a", told) == 0


def test_a_flood_of_strangers_does_not_fill_the_memory() -> None:
    throttle = Throttle(per_minute=6)
    for stranger in range(REMEMBERED + 10):
        throttle.wait(str(stranger), 0)
        throttle.trust(str(stranger))
    assert not throttle.trusts("0")
    assert throttle.trusts(str(REMEMBERED + 9))
