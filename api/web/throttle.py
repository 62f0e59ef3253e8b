"""How often one caller may ask: a bucket each, full at first, refilled evenly; who finds it empty must wait."""

import math
from collections import OrderedDict
from typing import Any

REMEMBERED = 10_000
"""Callers kept in mind, the latest first: a flood of strangers cannot fill the memory."""


class Throttle:
    """The buckets of one process. Each process has its own: with several, the limit is that many times as high."""

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._proved: OrderedDict[str, None] = OrderedDict()

    def wait(self, caller: str, now: float, cost: int = 1) -> int:
        """Take `cost` from the caller's bucket at `now` (seconds, any beginning); or the seconds to wait before."""
        left, then = self._buckets.pop(caller, (float(self.per_minute), now))
        left = min(float(self.per_minute), left + (now - then) * self.per_minute / 60)
        enough = left >= min(cost, self.per_minute)
        self._buckets[caller] = (left - cost if enough else left, now)
        _keep_latest(self._buckets)
        return 0 if enough else math.ceil((min(cost, self.per_minute) - left) * 60 / self.per_minute)

    def trust(self, credential: str) -> None:
        """This credential proved good: from now on it has a bucket of its own."""
        self._proved.pop(credential, None)
        self._proved[credential] = None
        _keep_latest(self._proved)

    def trusts(self, credential: str) -> bool:
        """Whether it has."""
        return credential in self._proved


def _keep_latest(entries: OrderedDict[str, Any]) -> None:
    while len(entries) > REMEMBERED:
        entries.popitem(last=False)
