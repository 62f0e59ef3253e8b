"""What is added to a draw after it was made: more cases by the same tickets, and cases that were chosen.

A top-up continues the tickets with the same seed, so that it can be drawn again like the draw itself. A thematic pick
was not drawn, is named so wherever it stands, and counts in no rate. Both are dated, with a reason, and published. They
come before the meeting that is open, or else the next.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from divert.clock import written_date
from divert.models import Case, ThematicPick, TopUp
from divert.people.staff import Actor
from divert.scrutiny import draw as sampling
from divert.scrutiny import pseudonyms
from divert.scrutiny.frame import drawn_from, drawn_in_all, unchanged
from divert.scrutiny.meeting_commands import take_additions
from divert.scrutiny.population import left_by


def top_up(session: Session, frame_digest: str, more: Mapping[str, int], reason: str, by: Actor, at: datetime) -> TopUp:
    """Draw more cases of some strata by the same seed, from where the draw and earlier top-ups stopped.

    Raises NoSuchFrame where nothing was drawn, FrameChanged, and ValueError for sizes that will not do.
    """
    frozen = unchanged(session, frame_digest)
    made = drawn_from(session, frame_digest)
    sizes = dict.fromkeys(frozen.strata, 0) | dict(more)
    had = {stratum: len(picked) for stratum, picked in drawn_in_all(made).items()}
    added = TopUp(
        frame_digest=frame_digest,
        number=1 + len(made.top_ups),
        reason=reason,
        sizes=sizes,
        drawn=sampling.draw_strata(frozen.strata, made.seed, sizes, skip=had),
        at=at,
        by=by.username,
    )
    _put(session, added, by, at)
    return added


def pick(session: Session, frame_digest: str, case_ref: str, theme: str, by: Actor, at: datetime) -> ThematicPick:
    """Choose a case to be read beside a draw: one that had ended by the cut-off.

    Raises NoSuchFrame where nothing was drawn, FrameChanged, and ValueError where the case will not do.
    """
    frozen = unchanged(session, frame_digest)
    made = drawn_from(session, frame_digest)
    case = session.scalar(select(Case).where(Case.ref == case_ref))
    if case is None or left_by(session, case, frozen.cut_off) is None:
        raise ValueError(f"No case of that reference had left the scheme by {written_date(frozen.cut_off)}.")
    id = pseudonyms.given(session, [case_ref])[case_ref]
    before_the_panel = {one.id for each in drawn_in_all(made).values() for one in each} | {one.id for one in made.picks}
    if before_the_panel & {id, case_ref}:
        raise ValueError("This case is before the panel already, drawn or picked.")
    chosen = ThematicPick(
        frame_digest=frame_digest, number=1 + len(made.picks), id=id, theme=theme, at=at, by=by.username
    )
    _put(session, chosen, by, at)
    return chosen


def _put(session: Session, added: TopUp | ThematicPick, by: Actor, at: datetime) -> None:
    session.add(added)
    session.flush()
    session.expire(drawn_from(session, added.frame_digest))  # what it was added to is read again
    take_additions(session, by, at)
