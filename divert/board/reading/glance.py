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
    detail: str
    change: str
    warning: str | None = None


class Line(NamedTuple):
    """A share that stands on the first page, and when it calls for a look."""

    title: str
    figure: str
    numerator: str
    denominator: str
    denominator_words: str
    warning: Callable[[Interval], str | None] = lambda _: None


def _any_lost(share: Interval) -> str | None:
    return "Every one is a failure of the scheme." if share.value > 0 else None


def _under_nine_in_ten(share: Interval) -> str | None:
    return "Of one victim in ten or more, no wishes are on record." if share.high < 0.9 else None


LINES = (
    Line("Accepted, of those judged", "funnel", "accepted", "judged", "judged"),
    Line("Signed, of those accepted", "take-up", "signed", "accepted", "accepted"),
    Line("Completed, of contracts that are over", "completion-of-ended", "completed", "contract_over", "contracts"),
    Line("Breach reported, of those signed", "breach", "breached", "signed", "signed"),
    Line("Victims whose wishes are on record", "victims", "victims_answered", "victims", "victims", _under_nine_in_ten),
    Line("Returned cases whose time limit expired", "limits-expired", "expired", "returned_ended",
         "returned cases that ended", _any_lost),
)  # fmt: skip


def months_before(day: date) -> date:
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
    near, total = view["near_statutory_limit"], view["statutory_limit"]
    warning = "Look at these first: a limit that has passed cannot be had back." if near else None
    detail = f"of {count_in_words(total, view.counts.base)} open cases with a limit set by statute"
    value = count_in_words(near, view.counts.base)
    return Glance(
        "Open cases near or past a time limit", "limits-at-risk", value, detail, "As at the day itself.", warning
    )


def _glance(line: Line, now: View, before: View) -> Glance:
    base, share = now.counts.base, now.share(line.numerator, line.denominator)
    total = f"{count_in_words(now[line.denominator], base)} {line.denominator_words}"
    if share is None:
        return Glance(line.title, line.figure, "too few to say", total, "", None)
    count = count_in_words(now[line.numerator], base)
    value = _share_words(share, now[line.numerator], base)
    detail = f"{count} of {total}; {likely_range(share)}"
    if line.warning is _any_lost:  # each one counts: a share of few would hide it
        value, detail = count, f"of {total}: {value}"
    return Glance(line.title, line.figure, value, detail, _change(line, now, before), line.warning(share))


def _change(line: Line, now: View, before: View) -> str:
    """In words: only a change that can be told from chance is called one."""
    share_before = before.share(line.numerator, line.denominator)
    if share_before is None:
        return f"Too few {EARLIER} months before to compare."
    # There is a share of both days, so that no count is withheld.
    count, total = now[line.numerator] or 0, now[line.denominator] or 0
    count_before, total_before = before[line.numerator] or 0, before[line.denominator] or 0
    gap = difference(count, total, count_before, total_before, now.noise)
    if gap is None or gap.low <= 0 <= gap.high:
        words = _share_words(share_before, count_before, now.counts.base).capitalize()
        return f"{words} {EARLIER} months before: no change beyond chance."
    way = "Up" if gap.value > 0 else "Down"
    return f"{way} {abs(100 * gap.value):.0f} points in {EARLIER} months, beyond chance."


def likely_range(share: Interval) -> str:
    """The range of a share, in words."""
    return range_in_words(100 * share.low, 100 * share.high)


def _share_words(share: Interval, count: int | None, base: int) -> str:
    return share_in_words(100 * share.value if count else 0, 100 * share.high, base)
