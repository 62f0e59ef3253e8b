"""The frozen frame, the one draw on it, and what of both is published.

The frame is frozen and published under its SHA-256 before any seed exists; the seed is entered once. Nothing that was
published changes: what comes to a draw later is dated and stands beside it (divert.scrutiny.additions).
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from divert.clock import london_date, written_date
from divert.models import Draw, Frame, Role
from divert.people.staff import Actor
from divert.scrutiny import draw as sampling
from divert.scrutiny import pseudonyms
from divert.scrutiny.allotment import allot
from divert.scrutiny.draw import FramePublication, Picked, Publication
from divert.scrutiny.population import CERTAINTY, FrameRule, strata_of

COORDINATES = (Role.panel_coordinator, Role.project_manager)
"""Who may freeze and draw. The manager stands for the operator at the server's own command line."""

READS = (*COORDINATES, Role.panel_member, Role.auditor)
"""Who may see frames and draws."""

OPENS = (*COORDINATES, Role.auditor)
"""Who may open any pack of a draw. A member opens those of a meeting: see divert.scrutiny.meeting_commands."""

THEMATIC = "thematic"
"""Stands where a stratum would in the name of a pack that was picked."""


class NoSuchFrame(LookupError):
    """No frame with that digest was frozen."""


class AlreadyDrawn(Exception):
    """A frame is drawn once: whoever could draw again could draw until the sample pleased."""


class FrameChanged(Exception):
    """The frame that is kept is not the one that was frozen."""


def freeze(session: Session, rule: FrameRule, by: Actor, at: datetime) -> Frame:
    """Freeze the cases that the rule chooses. Frozen again, it is the same row, with its first time and name.

    Raises ValueError, in a sentence, where the cut-off day is not over or no case fits the rule.
    """
    if rule.counts_until >= london_date(at):
        raise ValueError(
            f"The cut-off, {written_date(rule.counts_until)}, is not over. It lies before today, so that nothing can"
            " still be decided within it."
        )
    found = strata_of(session, rule)
    if not found:
        raise ValueError("No case fits this rule: nothing can be drawn. Widen the dates, or ask for more kinds.")
    ids = pseudonyms.given(session, [ref for refs in found.values() for ref in refs])
    strata = {stratum: sorted(ids[ref] for ref in refs) for stratum, refs in found.items()}
    decider = pseudonyms.given(session, [rule.decided_by])[rule.decided_by] if rule.decided_by else None
    says = rule.says(decider)
    digest = sampling.frame_digest(says, rule.counts_until, strata)
    insert = pg_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    session.execute(
        insert(Frame)
        .values(
            digest=digest,
            rule=says,
            cut_off=rule.counts_until,
            strata=strata,
            frozen_at=at,
            frozen_by=by.username,
        )
        .on_conflict_do_nothing()
    )
    return frame(session, digest)


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


def draw_sample(
    session: Session, frame_digest: str, seed: str, sizes: Mapping[str, int], by: Actor, at: datetime
) -> Draw:
    """Draw from a frozen frame, once: so many cases of each stratum. The seed is made after the frame, in the meeting.

    Raises NoSuchFrame, AlreadyDrawn, FrameChanged, and ValueError for a seed or sizes that will not do.
    """
    frozen = unchanged(session, frame_digest)
    if (earlier := session.get(Draw, frame_digest)) is not None:
        raise AlreadyDrawn(
            f"This frame was drawn on {written_date(london_date(earlier.at))}, and a frame is drawn once."
            " Top the draw up with the same seed, or freeze a new frame for another meeting."
        )
    if at < frozen.frozen_at:
        raise ValueError("The draw is dated before the frame was frozen. The frame comes first, then the seed.")
    digits = sampling.validate_seed(seed)
    made = Draw(
        frame_digest=frame_digest,
        seed=digits,
        sizes=dict(sizes),
        drawn=sampling.draw_strata(frozen.strata, digits, sizes),
        at=at,
        by=by.username,
    )
    session.add(made)
    session.flush()
    return made


def unchanged(session: Session, frame_digest: str) -> Frame:
    """The frame, held for as long as something is drawn from it. Raises NoSuchFrame, FrameChanged."""
    frozen = session.scalar(select(Frame).where(Frame.digest == frame_digest).with_for_update())
    if frozen is None:
        raise NoSuchFrame("No frame with that SHA-256 was frozen here. Freeze one first.")
    if sampling.frame_digest(frozen.rule, frozen.cut_off, frozen.strata) != frozen.digest:
        raise FrameChanged("The frame that is kept no longer gives its SHA-256: it was changed after it was frozen.")
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
