"""A sample of cases that anyone can draw again from what was published.

First the frame is frozen: the rule that chose the cases, the cut-off date and every case id by stratum, under one
SHA-256. Only then is the seed made, of digits from several people. Each case's ticket is a hash of seed and id, and the
lowest tickets are drawn: Rivest, "Consistent Sampling with Replacement", arXiv 1808.10016, first generation tickets.
A case keeps its ticket whatever else is in the frame, so a larger sample only continues a smaller one.

Pure: no session, no clock, no randomness of its own. `docs/redraw.py` does the same for a stranger, without this
package.
"""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from hashlib import sha256
from heapq import nsmallest
from typing import NamedTuple

from typing_extensions import TypedDict  # Pydantic asks for this one below Python 3.12

SEED_DIGITS = 20
"""The fewest digits of a seed: too many cases to try in advance, as for the ten-sided dice of Colorado's audits."""

Frame = Mapping[str, Sequence[str]]
"""Case ids by stratum; each stratum sorted, and no id anywhere twice."""


class DrawnCase(NamedTuple):
    """A case drawn, and the ticket that drew it."""

    id: str
    ticket: str


class TopUpPublication(TypedDict):
    """A top-up, as it is published: more of each stratum, by the same tickets, from where the draw had stopped."""

    at: str
    reason: str
    sizes: dict[str, int]
    drawn: dict[str, list[DrawnCase]]


class PickPublication(TypedDict):
    """A thematic pick, as it is published: chosen, not drawn, and in no rate."""

    at: str
    id: str
    theme: str


class FramePublication(TypedDict):
    """What is published of a frame before there is a seed. Dates and instants are ISO."""

    rule: str
    cut_off: str
    frame: dict[str, list[str]]
    frame_sha256: str
    frozen_at: str


class Publication(FramePublication):
    """All that a stranger needs to draw again, as `divert draw --json` prints it."""

    seed: str
    at: str
    sizes: dict[str, int]
    drawn: dict[str, list[DrawnCase]]  # in JSON, pairs of id and ticket
    top_ups: list[TopUpPublication]
    thematic: list[PickPublication]


def validate_seed(text: str) -> str:
    """The seed as digits alone. Raises ValueError unless it is at least 20 digits, spaces apart."""
    seed = "".join(text.split())
    if not (seed.isascii() and seed.isdigit()):
        raise ValueError(
            "The seed holds more than digits. Write them as they were thrown, like 31415 92653 58979 32384."
        )
    if len(seed) < SEED_DIGITS:
        raise ValueError(f"The seed has {len(seed)} digits and needs at least {SEED_DIGITS}, from several people.")
    return seed


def ticket(seed: str, id: str) -> str:
    """The case's place in the draw: a decimal fraction as text, compared as text."""
    return _ticket(_sha256(seed), id)


def draw(ids: Collection[str], seed: str, size: int, skip: int = 0) -> tuple[DrawnCase, ...]:
    """The `size` cases with the lowest tickets, lowest first, in whatever order the ids come.

    `skip` leaves out that many already drawn: a top-up continues the same tickets. Raises ValueError where an id stands
    twice, or where the frame holds fewer cases than are asked for.
    """
    if size < 0 or skip < 0:
        raise ValueError("A sample cannot be smaller than nothing: size and skip are 0 or more.")
    if skip + size > len(ids):
        already = f" after the {skip} already drawn" if skip else ""
        raise ValueError(f"A sample of {size} is asked for{already}, and the cases number {len(ids)}.")
    _refuse_repeats(ids)
    hashed_seed = _sha256(seed)
    lowest = nsmallest(skip + size, ((_ticket(hashed_seed, id), id) for id in ids))
    return tuple(DrawnCase(id, ticket) for ticket, id in lowest[skip:])


def draw_strata(
    frame: Mapping[str, Collection[str]], seed: str, sizes: Mapping[str, int], skip: Mapping[str, int] | None = None
) -> dict[str, tuple[DrawnCase, ...]]:
    """A sample from each stratum, after as many as are to be skipped.

    Raises ValueError as `draw` does, unless every stratum has a size, if only 0, and where every size is 0.
    """
    if frame.keys() != sizes.keys():
        mismatched = ", ".join(sorted(frame.keys() ^ sizes.keys()))
        raise ValueError(f"Give every stratum of the frame one size, 0 if none, and no other: {mismatched}.")
    if not any(sizes.values()):
        raise ValueError("Every size is 0: nothing would be drawn. Ask for at least one case.")
    _refuse_repeats([id for ids in frame.values() for id in ids])
    drawn = {}
    for stratum in sorted(frame):
        try:
            drawn[stratum] = draw(frame[stratum], seed, sizes[stratum], (skip or {}).get(stratum, 0))
        except ValueError as error:
            raise ValueError(f"Stratum {stratum}: {error}") from None
    return drawn


def frame_text(rule: str, cut_off: date, frame: Frame) -> str:
    """The frame as the one text that is hashed: JSON in ASCII, keys sorted, no spaces between.

    Raises ValueError where there is no rule or no case, a stratum is not sorted, or an id stands twice.
    """
    if not rule.strip():
        raise ValueError("The frame has no rule: say in words which cases it holds.")
    if not any(frame.values()):
        raise ValueError("The frame holds no case: nothing can be drawn from it.")
    for stratum, ids in frame.items():
        if list(ids) != sorted(ids):
            raise ValueError(f"Stratum {stratum}: the ids are not sorted.")
    _refuse_repeats([id for ids in frame.values() for id in ids])
    strata = {stratum: list(ids) for stratum, ids in frame.items()}
    content = {"rule": rule, "cut_off": cut_off.isoformat(), "frame": strata}
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


def frame_digest(rule: str, cut_off: date, frame: Frame) -> str:
    """SHA-256 of the frame's text, in hexadecimal; published before any seed exists, the frame cannot move."""
    return _sha256(frame_text(rule, cut_off, frame))


def _ticket(hashed_seed: str, id: str) -> str:
    # Reversed, as the last digits of a hash are evenly spread and the first are not.
    return "0." + f"{int(_sha256(hashed_seed + id), 16):064}"[::-1]


def _sha256(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _refuse_repeats(ids: Collection[str]) -> None:
    if len(set(ids)) != len(ids):
        repeated = next(id for id, times in Counter(ids).items() if times > 1)
        raise ValueError(f"{repeated} stands twice in the frame: each case has one ticket.")
