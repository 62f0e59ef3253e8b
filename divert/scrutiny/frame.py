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
from divert.scrutiny.draw import FramePublication, Picked, Publication
from divert.scrutiny.population import CERTAINTY


class NoSuchFrame(NotFound):
    """No frame with that digest was frozen."""


class FrameChanged(Refused):
    """The frame that is kept is not the one that was frozen."""

    def __init__(self) -> None:
        sentence = "The frame that is kept no longer gives its SHA-256: it was changed after it was frozen."
        super().__init__([("frame_unchanged", sentence)])


def frame(session: Session, digest: str) -> Frame:
    """The frame with that SHA-256. Raises NoSuchFrame."""
    found = session.get(Frame, digest)
    if found is None:
        raise NoSuchFrame("No frame with that SHA-256 was frozen here.")
    return found


def frames(session: Session) -> list[tuple[Frame, Draw | None]]:
    """Every frame, the latest first, with its draw once there is one."""
    query = select(Frame, Draw).outerjoin(Draw).order_by(Frame.frozen_at.desc(), Frame.digest)
    return [(row[0], row[1]) for row in session.execute(query)]


def cases_in(frozen: Frame) -> dict[str, int]:
    """How many cases each stratum of a frame holds."""
    return {stratum: len(ids) for stratum, ids in frozen.strata.items()}


def sizes_for(frozen: Frame, total: int | None = None, stated: Mapping[str, int] | None = None) -> dict[str, int]:
    """The sizes of a sample of `total` cases (none: as few as may be), strata of certainty whole. Raises ValueError."""
    return allot(cases_in(frozen), total, certain=CERTAINTY, stated=stated)


def unchanged(session: Session, frame_digest: str) -> Frame:
    """The frame, held for as long as something is drawn from it. Raises NoSuchFrame, FrameChanged."""
    frozen = session.scalar(select(Frame).where(Frame.digest == frame_digest).with_for_update())
    if frozen is None:
        raise NoSuchFrame("No frame with that SHA-256 was frozen here. Freeze one first.")
    if sampling.frame_digest(frozen.rule, frozen.cut_off, frozen.strata) != frozen.digest:
        raise FrameChanged
    return frozen


def drawn_from(session: Session, frame_digest: str) -> Draw:
    """The draw on a frame. Raises NoSuchFrame where there is none."""
    made = session.get(Draw, frame_digest)
    if made is None:
        raise NoSuchFrame("No frame with that SHA-256 was drawn here.")
    return made


def drawn_in_all(made: Draw) -> dict[str, list[Picked]]:
    """Every case drawn, by stratum, in the order of the tickets: those of the draw, then of each top-up."""
    rounds = [made.drawn, *(one.drawn for one in made.top_ups)]
    return {stratum: [Picked(*each) for one in rounds for each in one[stratum]] for stratum in sorted(made.drawn)}


def frame_publication(frozen: Frame) -> FramePublication:
    """What is published of a frame before there is a seed."""
    return {
        "rule": frozen.rule,
        "cut_off": frozen.cut_off.isoformat(),
        "frame": frozen.strata,
        "frame_sha256": frozen.digest,
        "frozen_at": frozen.frozen_at.isoformat(),
    }


def publication_of(frozen: Frame, made: Draw) -> Publication:
    """All that a stranger needs to draw again with docs/redraw.py: as it is stored, so that any change shows."""
    return {
        **frame_publication(frozen),
        "seed": made.seed,
        "at": made.at.isoformat(),
        "sizes": made.sizes,
        "drawn": _pairs(made.drawn),
        "top_ups": [
            {"at": one.at.isoformat(), "reason": one.reason, "sizes": one.sizes, "drawn": _pairs(one.drawn)}
            for one in made.top_ups
        ],
        "thematic": [{"at": one.at.isoformat(), "id": one.id, "theme": one.theme} for one in made.picks],
    }


def _pairs(drawn: Mapping[str, list[list[str]]]) -> dict[str, list[Picked]]:
    return {stratum: [Picked(*each) for each in picked] for stratum, picked in drawn.items()}
