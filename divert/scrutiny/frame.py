"""The frozen frame, the one draw on it, and what of both is published.

The frame is frozen and published under its SHA-256 before any seed exists; the seed is entered once. Nothing that was
published changes: what comes to a draw later is dated and stands beside it. What is done to draw stands in
divert.scrutiny.draw_commands.
"""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from divert.acts.refusals import NotFound, Refused
from divert.models import Draw, Frame
from divert.scrutiny import draw as sampling
from divert.scrutiny.allotment import allot
from divert.scrutiny.draw import DrawnCase, FramePublication, Publication
from divert.scrutiny.population import CERTAINTY


class NoSuchFrame(NotFound):
    """No frame with that digest was frozen."""


class FrameChanged(Refused):
    """The frame that is kept is not the one that was frozen."""

    def __init__(self) -> None:
        sentence = "The frame that is kept no longer gives its SHA-256: it was changed after it was frozen."
        super().__init__([("frame_unchanged", sentence)])


def get_frame(session: Session, digest: str) -> Frame:
    """The frame with that SHA-256. Raises NoSuchFrame."""
    frame = session.get(Frame, digest)
    if frame is None:
        raise NoSuchFrame("No frame with that SHA-256 was frozen here.")
    return frame


def frames(session: Session) -> list[tuple[Frame, Draw | None]]:
    """Every frame, the latest first, with its draw once there is one."""
    query = select(Frame, Draw).outerjoin(Draw).order_by(Frame.frozen_at.desc(), Frame.digest)
    return [(row[0], row[1]) for row in session.execute(query)]


def case_counts(frame: Frame) -> dict[str, int]:
    """How many cases each stratum of a frame holds."""
    return {stratum: len(ids) for stratum, ids in frame.strata.items()}


def sizes_for(frame: Frame, total: int | None = None, stated: Mapping[str, int] | None = None) -> dict[str, int]:
    """The sizes of a sample of `total` cases (none: as few as may be), strata of certainty whole. Raises ValueError."""
    return allot(case_counts(frame), total, certain=CERTAINTY, stated=stated)


def lock_frame(session: Session, digest: str) -> Frame:
    """The frame, held for as long as something is drawn from it. Raises NoSuchFrame, FrameChanged."""
    frame = session.scalar(select(Frame).where(Frame.digest == digest).with_for_update())
    if frame is None:
        raise NoSuchFrame("No frame with that SHA-256 was frozen here. Freeze one first.")
    if sampling.frame_digest(frame.rule, frame.cut_off, frame.strata) != frame.digest:
        raise FrameChanged
    return frame


def get_draw(session: Session, frame_digest: str) -> Draw:
    """The draw on a frame. Raises NoSuchFrame where there is none."""
    draw = session.get(Draw, frame_digest)
    if draw is None:
        raise NoSuchFrame("No frame with that SHA-256 was drawn here.")
    return draw


def drawn_cases(draw: Draw) -> dict[str, list[DrawnCase]]:
    """Every case drawn, by stratum, in the order of the tickets: those of the draw, then of each top-up."""
    cases = _drawn(draw.drawn)
    for top_up in draw.top_ups:
        for stratum, more in _drawn(top_up.drawn).items():
            cases[stratum] += more
    return dict(sorted(cases.items()))


def frame_publication(frame: Frame) -> FramePublication:
    """What is published of a frame before there is a seed."""
    return {
        "rule": frame.rule,
        "cut_off": frame.cut_off.isoformat(),
        "frame": frame.strata,
        "frame_sha256": frame.digest,
        "frozen_at": frame.frozen_at.isoformat(),
    }


def publication_of(frame: Frame, draw: Draw) -> Publication:
    """All that a stranger needs to draw again with docs/redraw.py: as it is stored, so that any change shows."""
    return {
        **frame_publication(frame),
        "seed": draw.seed,
        "at": draw.at.isoformat(),
        "sizes": draw.sizes,
        "drawn": _drawn(draw.drawn),
        "top_ups": [
            {
                "at": top_up.at.isoformat(),
                "reason": top_up.reason,
                "sizes": top_up.sizes,
                "drawn": _drawn(top_up.drawn),
            }
            for top_up in draw.top_ups
        ],
        "thematic": [{"at": pick.at.isoformat(), "id": pick.id, "theme": pick.theme} for pick in draw.picks],
    }


def _drawn(stored: Mapping[str, list[list[str]]]) -> dict[str, list[DrawnCase]]:
    """The drawn cases of a column of JSON."""
    return {stratum: [DrawnCase(id, ticket) for id, ticket in pairs] for stratum, pairs in stored.items()}
