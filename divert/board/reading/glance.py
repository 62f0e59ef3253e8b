"""What a chair reads in a minute: a few numbers, each beside what it was three months before, and what to look at."""

from calendar import monthrange
from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from divert.board.counting.counts import Counts
from divert.board.figures.definition import View, count_in_words, range_in_words, share_in_words
from divert.board.figures.estimates import Interval, difference

EARLIER = 3
"""Months before, against which a change is told."""


class Glance(NamedTuple):
    """One number: its words, the figure it is of, and whether somebody should look."""

    title: str
    figure: str
    value: str
    of: str
    change: str
    warning: str | None = None


class Line(NamedTuple):
    """A share that stands on the first page, and when it calls for a look."""

    title: str
    figure: str
    counted: str
    of: str
    of_words: str
    calls: Callable[[Interval], str | None] = lambda _: None


def _any_lost(told: Interval) -> str | None:
    return "Every one is a failure of the scheme." if told.value > 0 else None


def _under_nine_in_ten(told: Interval) -> str | None:
    return "Of one victim in ten or more, no wishes are on record." if told.high < 0.9 else None


LINES = (
    Line("Accepted, of those judged", "funnel", "accepted", "judged", "judged"),
    Line("Signed, of those accepted", "take-up", "signed", "accepted", "accepted"),
    Line("Completed, of contracts that are over", "completion-of-ended", "completed", "contract_over", "contracts"),
    Line("Breach reported, of those signed", "breach", "breached", "signed", "signed"),
    Line("Victims whose wishes are on record", "victims", "victims_answered", "victims", "victims", _under_nine_in_ten),
    Line("Returned cases whose time limit expired", "limits-expired", "expired", "returned_ended",
         "returned cases that ended", _any_lost),
)  # fmt: skip


def earlier(day: date) -> date:
    """The day some months before, or the last of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 - EARLIER, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def glances(now: Counts, before: Counts) -> list[Glance]:
    """The few numbers, from the counts of a day and of some months before it."""
    return [_referred(now, before), *(_glance(line, View(now), View(before)) for line in LINES), _near(View(now))]


def _referred(now: Counts, before: Counts) -> Glance:
    here, then = View(now)["referred"], View(before)["referred"]
    more = None if here is None or then is None else count_in_words(max(here - then, 0), now.base)
    change = "" if more is None else f"{more} of them in the last {EARLIER} months."
    return Glance("Cases referred", "funnel", count_in_words(here, now.base), "since the scheme began", change)


def _near(view: View) -> Glance:
    near, of = view["near_statutory_limit"], view["statutory_limit"]
    warning = "Look at these first: a limit that has passed cannot be had back." if near else None
    words = f"of {count_in_words(of, view.counts.base)} open cases with a limit set by statute"
    value = count_in_words(near, view.counts.base)
    return Glance(
        "Open cases near or past a time limit", "limits-at-risk", value, words, "As at the day itself.", warning
    )


def _glance(line: Line, now: View, before: View) -> Glance:
    told = now.share(line.counted, line.of)
    of = now[line.of]
    if told is None:
        few = f"{count_in_words(of, now.counts.base)} {line.of_words}"
        return Glance(line.title, line.figure, "too few to say", few, "", None)
    counted = count_in_words(now[line.counted], now.counts.base)
    said = f"{counted} of {count_in_words(of, now.counts.base)} {line.of_words}; {between(told)}"
    shown = _share(told, now[line.counted], now.counts.base)
    if line.calls is _any_lost:  # each one counts: a share of few would hide it
        shown, said = counted, f"of {count_in_words(of, now.counts.base)} {line.of_words}: {shown}"
    return Glance(
        line.title,
        line.figure,
        shown,
        said,
        _change(line, now, before),
        line.calls(told),
    )


def _change(line: Line, now: View, before: View) -> str:
    """In words: only a change that can be told from chance is called one."""
    if before.share(line.counted, line.of) is None:
        return f"Too few {EARLIER} months before to compare."
    counted, of, was, was_of = now[line.counted], now[line.of], before[line.counted], before[line.of]
    assert counted is not None and of is not None and was is not None and was_of is not None  # noqa: S101,PT018 - there is a share
    gap = difference(counted, of, was, was_of, now.noise)
    if gap is None or gap.low <= 0 <= gap.high:
        then = before.told(was, was_of)
        said = _share(then, was, now.counts.base).capitalize() if then else ""
        return f"{said} {EARLIER} months before: no change beyond chance." if then else ""
    way = "Up" if gap.value > 0 else "Down"
    return f"{way} {abs(100 * gap.value):.0f} points in {EARLIER} months, beyond chance."


def between(told: Interval) -> str:
    """The range of a share, in words."""
    return range_in_words(100 * told.low, 100 * told.high)


def _share(told: Interval, counted: int | None, base: int) -> str:
    return share_in_words(100 * told.value if counted else 0, 100 * told.high, base)
