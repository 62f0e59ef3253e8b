"""Meetings of the scrutiny panel: opened on a draw, packs scored by each alone, findings agreed, what they prove."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Request
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.panel.actions import ActionView, action_views
from api.panel.meeting_view import MeetingView, meeting_view
from api.procedure.acts import NUMBER, Data, Offer, make_routes
from api.web.context import BySession, ByToken, RequestContext
from api.web.forms import Choice
from api.web.pages import write
from api.web.problems import ProblemError, may_answer
from divert.clock import london_date, written_date
from divert.models import Draw, Frame, Staff
from divert.people.rights import Rows, Subject, may_read, rows_for
from divert.people.staff import Actor
from divert.records.meetings import Meeting, all_meetings
from divert.scrutiny.meeting_commands import (
    MEETING_COMMANDS,
    OpenMeeting,
    RecordResponse,
    ScorePack,
    find_meeting,
    may_know,
    rules_of,
)
from divert.scrutiny.opening import OpenedPack, open_pack

router = APIRouter(tags=["panel"])

Number = Annotated[int, Path(ge=1, le=100_000, description="The meeting's number.", examples=[1])]
PackName = Annotated[str, Path(max_length=60, description="The pack's name.", examples=["completed-1"])]
READ = ("not-signed-in", "not-allowed", "not-found")


def open_meeting_pack(
    session: Session, meeting: Meeting, name: str, actor: Actor, context: RequestContext
) -> OpenedPack:
    """A pack of a meeting; to a member while it is open, attending, without conflict. The opening is logged."""
    if name not in meeting.packs or not may_open(meeting, name, actor):
        raise ProblemError("not-found", "There is no such pack that you may open at this meeting.")
    pack = meeting.packs[name]
    return open_pack(session, pack.frame, pack.pack, actor, context.at, meeting.themes)


def may_open(meeting: Meeting, name: str, actor: Actor) -> bool:
    """Whether a pack of a meeting is open to somebody who may know of the meeting."""
    attends = rows_for(actor.role, Subject.meetings) is Rows.attended
    return not attends or meeting.may_open(actor.username, name)


# For programs


@router.get("/api/panel/meetings", summary="List meetings", responses=may_answer(*READ[:2]))
def list_meetings(context: ByToken) -> list[MeetingView]:
    """Every meeting that you may know of, the first first."""
    with context.reading(Subject.meetings) as (session, actor):
        return _known_meetings(session, actor)


@router.get("/api/panel/meetings/{number}", summary="Read a meeting", responses=may_answer(*READ))
def read_meeting(number: Number, context: ByToken) -> MeetingView:
    """A meeting, its packs and findings, and what they prove."""
    with context.reading(Subject.meetings) as (session, actor):
        return meeting_view(session, find_meeting(session, number, actor), all_meetings(session), actor)


@router.get(
    "/api/panel/meetings/{number}/packs/{name}", summary="Read a pack of a meeting", responses=may_answer(*READ)
)
def read_meeting_pack(number: Number, name: PackName, context: ByToken) -> OpenedPack:
    """A case as it was known when it left the scheme's hands, and nobody's name. Every opening is logged."""
    with context.writing(Subject.meetings) as (session, actor):
        return open_meeting_pack(session, find_meeting(session, number, actor), name, actor, context)


# For people


@router.get("/panel/meetings", include_in_schema=False)
def meetings_page(request: Request, context: BySession) -> Response:
    """Every meeting, and how the panel's findings go from one to the next."""
    with context.reading(Subject.meetings) as (session, actor):
        return write(
            request,
            "meetings.html",
            actor=actor,
            meetings=_known_meetings(session, actor),
            opens=actor.role in OpenMeeting.by,
            compares=may_read(actor.role, Subject.comparisons),
        )


def _known_meetings(session: Session, actor: Actor) -> list[MeetingView]:
    meetings = all_meetings(session)
    return [meeting_view(session, meeting, meetings, actor) for meeting in meetings if may_know(meeting, actor)]


# What is done at them


def _shown(session: Session, meeting: Meeting, _context: RequestContext, actor: Actor) -> MeetingView:
    return meeting_view(session, meeting, all_meetings(session), actor)


def _actions(session: Session, _meeting: Meeting, context: RequestContext, _actor: Actor) -> list[ActionView]:
    """The force answers from outside the meeting: it is told what is asked of it, and not who scored what."""
    return action_views(session, london_date(context.at))


def _after(number: str | None, meeting: Meeting | None) -> str:
    number = number or (str(meeting.number) if meeting else None)
    return f"/panel/meetings/{number}" if number else "/panel/meetings"


def _after_response(_number: str | None, _meeting: Meeting | None) -> str:
    return "/panel/actions"


def _choices(
    session: Session, subject: Meeting | list[Meeting], actor: Actor, data: Data, _context: RequestContext
) -> dict[str, Sequence[Choice]]:
    """What may be chosen: packs and scores of the meeting, rules that judged `pack` (any pack, where none is chosen
    yet), members, and draws that no meeting has had.
    """
    members = select(Staff).where(Staff.role.in_(ScorePack.by), Staff.active.is_(True)).order_by(Staff.name)
    choices: dict[str, Sequence[Choice]] = {
        "members": [(member.username, member.name) for member in session.scalars(members)]
    }
    if isinstance(subject, list):
        met_on = {meeting.frame for meeting in subject}
        drawn_frames = session.scalars(select(Frame).join(Draw).order_by(Frame.cut_off.desc()))
        choices["frames"] = [
            (frame.digest, f"Cut-off {written_date(frame.cut_off)}: {frame.digest[:12]}")
            for frame in drawn_frames
            if frame.digest not in met_on
        ]
        return choices
    names = [name for name in subject.packs if _may_choose(subject, name, actor)]
    chosen = data.get("pack")
    packs = [subject.packs[name] for name in names if chosen not in names or name == chosen]
    rules = {rule.id: (rule.id, rule.says) for pack in packs for rule in rules_of(session, pack)}
    return choices | {
        "packs": [(name, name) for name in names],
        "scores": [(code, f"{code}: {score.title}") for code, score in subject.scale.items()],
        "rules": list(rules.values()),
    }


def _may_choose(meeting: Meeting, pack: str, actor: Actor) -> bool:
    """A member, what they may open; who answers for the force, what there is a finding on."""
    if actor.role in RecordResponse.by:
        return pack in meeting.findings
    return may_open(meeting, pack, actor)


make_routes(
    router,
    Offer(
        OpenMeeting,
        "/api/panel/meetings",
        "/panel/meetings/open",
        response_model=MeetingView,
        view=_shown,
        next_page=_after,
        status=201,
        choices=_choices,
    ),
    *(
        Offer(
            command,
            f"/api/panel/meetings/{{number}}/{slug}",
            f"/panel/meetings/{{number}}/{slug}",
            response_model=list[ActionView] if command is RecordResponse else MeetingView,
            view=_actions if command is RecordResponse else _shown,
            next_page=_after_response if command is RecordResponse else _after,
            parameter=NUMBER,
            choices=_choices,
            prefills=("pack",) if "pack" in command.model_fields else (),
        )
        for slug, command in MEETING_COMMANDS.items()
    ),
)


@router.get("/panel/meetings/{number}", include_in_schema=False)
def meeting_page(request: Request, number: Number, context: BySession) -> Response:
    """A meeting, its packs and findings, and what they prove."""
    with context.reading(Subject.meetings) as (session, actor):
        meeting = find_meeting(session, number, actor)
        return write(
            request,
            "meeting.html",
            actor=actor,
            meeting=meeting_view(session, meeting, all_meetings(session), actor),
            scale=meeting.scale,
            offers=[
                command
                for command in MEETING_COMMANDS.values()
                if actor.role in command.by and (meeting.is_open or not command.while_open)
            ],
        )


@router.get("/panel/meetings/{number}/packs/{name}", include_in_schema=False)
def meeting_pack_page(request: Request, number: Number, name: PackName, context: BySession) -> Response:
    """One pack of a meeting."""
    with context.writing(Subject.meetings) as (session, actor):
        meeting = find_meeting(session, number, actor)
        pack = open_meeting_pack(session, meeting, name, actor, context)
        return write(
            request,
            "meeting_pack.html",
            actor=actor,
            number=number,
            name=name,
            place=[*meeting.packs].index(name) + 1,
            pack=pack,
            asked_for=meeting.packs[name].asked_for,
            scores=meeting.is_open and actor.role in ScorePack.by,
            on=session.get_one(Frame, meeting.packs[name].frame).cut_off,
        )
