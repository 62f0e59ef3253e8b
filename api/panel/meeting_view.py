"""A meeting of the panel as it leaves the house: to each reader, what that reader may know of it."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from divert.people.rights import Rows, Subject, rows_for
from divert.people.staff import Actor
from divert.records.meetings import Meeting
from divert.scrutiny.meeting import meeting_result
from divert.scrutiny.opening import policy_of
from divert.scrutiny.proof import Estimate


class ScoreView(BaseModel):
    """What one member thought of a pack, before anybody had spoken."""

    member: str
    score: int
    reason: str


class PackView(BaseModel):
    """A pack before a meeting, as whoever asks may know of it."""

    name: str
    came_back: bool
    asked_for: str | None = Field(description="What the last meeting asked for, where the pack came back.")
    may_open: bool
    conflicts: list[str]
    waits_for: list[str] = Field(description="Whose own score is still to come.")
    scores: list[ScoreView] = Field(description="All, once all are in; until then one's own.")
    finding: dict[str, Any] | None
    doubted_in: str | None = Field(description="The policy whose rule the finding doubts.")
    response: dict[str, Any] | None


class EstimateView(BaseModel):
    """What was seen of so many cases, and what it proves."""

    cases: int
    drawn: int
    found: int
    rate: float | None
    says: str


class MeetingView(BaseModel):
    """A meeting of the panel."""

    number: int
    held_on: date
    frame: str
    theme: str | None
    is_open: bool
    attending: list[str]
    packs: list[PackView]
    strata: dict[str, EstimateView]
    altogether: EstimateView
    kappa: float | None = Field(description="How far members agreed before they spoke (Fleiss); 1 is fully.")
    unsettled: int = Field(description="Cases without a conclusion: they count as inappropriate until they have one.")


def pack_view(session: Session, meeting: Meeting, name: str, actor: Actor) -> PackView:
    """A pack, with the scores that may be seen: all when revealed, else one's own; nothing to whom a conflict bars."""
    member = rows_for(actor.role, Subject.meetings) is Rows.attended
    barred = member and (actor.username, name) in meeting.conflicts
    scores = meeting.scores.get(name, {})
    if barred:
        scores = {}
    elif not meeting.revealed(name):
        scores = {username: score for username, score in scores.items() if username == actor.username}
    pack = meeting.packs[name]
    finding = None if barred else meeting.findings.get(name)
    return PackView(
        name=name,
        came_back=pack.asked_for is not None,
        asked_for=None if barred else pack.asked_for,
        may_open=meeting.may_open(actor.username, name) if member else True,
        conflicts=sorted(username for username, conflicted in meeting.conflicts if conflicted == name),
        waits_for=sorted(meeting.waits_for(name)),
        scores=[
            ScoreView(member=username, score=score["score"], reason=score["reason"])
            for username, score in sorted(scores.items())
        ],
        finding=finding,
        doubted_in=policy_of(session, pack.frame, pack.pack) if finding and finding["doubts"] else None,
        response=None if barred else meeting.responses.get(name),
    )


def meeting_view(session: Session, meeting: Meeting, meetings: Sequence[Meeting], actor: Actor) -> MeetingView:
    """A meeting, as whoever asks may know of it."""
    result = meeting_result(session, meeting, meetings)
    return MeetingView(
        number=meeting.number,
        held_on=meeting.held_on,
        frame=meeting.frame,
        theme=meeting.theme,
        is_open=meeting.is_open,
        attending=sorted(meeting.attending),
        packs=[pack_view(session, meeting, name, actor) for name in meeting.packs],
        strata={stratum: estimate_view(estimate) for stratum, estimate in result.strata.items()},
        altogether=estimate_view(result.altogether),
        kappa=result.kappa,
        unsettled=result.unsettled,
    )


def estimate_view(estimate: Estimate) -> EstimateView:
    """An estimate, to be shown."""
    return EstimateView(
        cases=estimate.cases, drawn=estimate.drawn, found=estimate.found, rate=estimate.rate, says=estimate.says
    )
