"""What a bench answers, and how time is taken: works that are compared take turns, so that noise falls on both."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from time import perf_counter


@dataclass(frozen=True)
class Limit:
    """What the same machine does without us, in the unit of the figure it stands beside."""

    name: str
    value: float


@dataclass(frozen=True)
class Figure:
    """One number: a duration (µs, ms) or a rate (a unit that ends in /s), and the limit it is measured against."""

    what: str
    value: float
    unit: str
    limit: Limit | None = None

    @property
    def times(self) -> float | None:
        """How many times longer than the limit it takes: 1 is the limit itself. None without one."""
        if self.limit is None:
            return None
        ours, theirs = self.value, self.limit.value
        return theirs / ours if self.unit.endswith("/s") else ours / theirs


def in_turn(
    rounds: int,
    works: Mapping[str, Callable[[], object]],
    summary: Callable[[Sequence[float]], float] = median,
) -> dict[str, float]:
    """The seconds of each work (`summary` of all rounds), every round doing each once; a first round is not counted."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds + 1):
        for name, work in works.items():
            seconds = timed(work)
            if number:
                taken[name].append(seconds)
    return {name: summary(seconds) for name, seconds in taken.items()}


def timed(work: Callable[[], object]) -> float:
    """The seconds that one call takes."""
    begun = perf_counter()
    work()
    return perf_counter() - begun


def slowest(seconds: Sequence[float]) -> float:
    """The duration that one in twenty exceeds: p95."""
    return quantiles(seconds, n=20, method="inclusive")[-1]
