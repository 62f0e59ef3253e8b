"""Meetings of the scrutiny panel: opened on a draw, packs scored by each alone, findings agreed, what they prove."""

# No `from __future__ import annotations` here: FastAPI reads each command's class from the route's signature.

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from api.panel.actions import ActionView, list_actions
from api.panel.meeting_view import MeetingView, meeting_view
from api.web import forms
from api.web.context import BySession, ByToken, RequestContext
from api.web.forms import Choice, Form
from api.web.pages import write
from api.web.problems import ProblemError, may_answer
from api.web.problems import Reason as Against
from api.web.sign_in import Posted
from divert.clock import written_date
from divert.models import Draw, Frame, Role, Staff
from divert.people.rights import Subject, may_read
from divert.people.staff import Actor
from divert.scrutiny import meeting_commands
from divert.scrutiny.actions import ANSWERS, AT_MEETINGS
from divert.scrutiny.frame import NoSuchFrame
from divert.scrutiny.meeting import Meeting, meetings
from divert.scrutiny.meeting_commands import (
    COORDINATOR,
    MEETING_COMMANDS,
    CannotBeDone,
    MeetingCommand,
    NoSuchMeeting,
    NotYours,
    OpenMeeting,
    RecordResponse,
    known_to,
    open_meeting,
    rules_of,
)
from divert.scrutiny.opening import OpenedPack, open_pack

router = APIRouter(tags=["panel"])

Number = Annotated[int, Path(ge=1, le=100_000, description="The meeting's number.", examples=[1])]
PackName = Annotated[str, Path(max_length=60, description="The pack's name.", examples=["completed-1"])]
BODY = ("malformed", "not-signed-in", "not-allowed", "not-found", "too-large", "media-type", "invalid", "refused")
READ = ("not-signed-in", "not-allowed", "not-found")


def _seen_by(session: Session, actor: Actor) -> list[Meeting]:
    everyone = meetings(session)
    return [one for one in everyone if actor.role is not Role.panel_member or actor.username in one.attending]


def found_meeting(session: Session, number: int, actor: Actor) -> Meeting:
    """A meeting that whoever asks may know of. Raises a problem for any other."""
    try:
        return known_to(session, number, actor)
    except NoSuchMeeting as none:
        raise ProblemError("not-found", str(none)) from None


def opened_pack(session: Session, told: Meeting, name: str, actor: Actor, context: RequestContext) -> OpenedPack:
    """A pack of a meeting; to a member while it is open, attending, without conflict. The opening is logged."""
    if name not in told.packs or (actor.role is Role.panel_member and not told.may_open(actor.username, name)):
        raise ProblemError("not-found", "There is no such pack that you may open at this meeting.")
    case = told.packs[name]
    return open_pack(session, case.frame, case.pack, actor, context.at, told.themes)


def _do(context: RequestContext, number: int | None, given: MeetingCommand | OpenMeeting) -> int:
    """Do it and commit; the meeting's number. Raises a problem where it may not be."""
    try:
        with context.writing(AT_MEETINGS) as (session, actor):
            if isinstance(given, OpenMeeting):
                return open_meeting(session, given, actor, context.at)
            return meeting_commands.perform(session, number or 0, given, actor, context.at).number
    except NoSuchMeeting as none:
        raise ProblemError("not-found", str(none)) from None
    except NotYours as not_yours:
        raise ProblemError("not-allowed", str(not_yours)) from None
    except CannotBeDone as refusal:
        reasons = [Against(guard="meeting", reason=why) for why in refusal.reasons]
        raise ProblemError("refused", str(refusal), reasons=reasons) from None


# For programs


@router.get("/api/panel/meetings", summary="List meetings", responses=may_answer(*READ[:2]))
def list_meetings(context: ByToken) -> list[MeetingView]:
    """Every meeting that you may know of, the first first."""
    with context.reading(Subject.meetings) as (session, actor):
        everyone = meetings(session)
        return [meeting_view(session, one, everyone, actor) for one in _seen_by(session, actor)]


@router.post("/api/panel/meetings", status_code=201, summary=OpenMeeting.title(), responses=may_answer(*BODY))
def start(given: OpenMeeting, context: ByToken) -> MeetingView:
    """Open a meeting on a draw. What the last meetings left without a conclusion comes back by itself."""
    number = _do(context, None, given)
    return read_meeting(number, context)


@router.get("/api/panel/meetings/{number}", summary="Read a meeting", responses=may_answer(*READ))
def read_meeting(number: Number, context: ByToken) -> MeetingView:
    """A meeting, its packs and findings, and what they prove."""
    with context.reading(Subject.meetings) as (session, actor):
        return meeting_view(session, found_meeting(session, number, actor), meetings(session), actor)


@router.get(
    "/api/panel/meetings/{number}/packs/{name}", summary="Read a pack of a meeting", responses=may_answer(*READ)
)
def read_meeting_pack(number: Number, name: PackName, context: ByToken) -> OpenedPack:
    """A case as it was known when it left the scheme's hands, and nobody's name. Every opening is logged."""
    with context.writing(Subject.meetings) as (session, actor):
        return opened_pack(session, found_meeting(session, number, actor), name, actor, context)


def _route(command: type[MeetingCommand]) -> Callable[..., Any]:
    """The force answers from outside the meeting: it is told what is asked of it, and not who scored what."""
    from_outside = command is RecordResponse

    def act(number: Number, given: MeetingCommand, context: ByToken) -> Any:
        _do(context, number, given)
        return list_actions(context) if from_outside else read_meeting(number, context)

    act.__annotations__ |= {"given": command, "return": list[ActionView] if from_outside else MeetingView}
    act.__name__ = command.slug().replace("-", "_")
    act.__doc__ = command.__doc__
    return act


for slug, each in MEETING_COMMANDS.items():
    router.post(f"/api/panel/meetings/{{number}}/{slug}", summary=each.title(), responses=may_answer(*BODY))(
        _route(each)
    )


# For people


@router.get("/panel/meetings", include_in_schema=False)
def meetings_page(request: Request, context: BySession) -> Response:
    """Every meeting, and how the panel's findings go from one to the next."""
    with context.reading(Subject.meetings) as (session, actor):
        everyone = meetings(session)
        found = [meeting_view(session, one, everyone, actor) for one in _seen_by(session, actor)]
        return write(
            request,
            "meetings.html",
            actor=actor,
            found=found,
            opens=actor.role in COORDINATOR,
            compares=may_read(actor.role, Subject.comparisons),
        )


@router.get("/panel/meetings/open", include_in_schema=False)
def opening_form(request: Request, context: BySession) -> Response:
    """The form that opens a meeting."""
    return _form(request, context, None, OpenMeeting, {})


@router.post("/panel/meetings/open", include_in_schema=False)
def opening_answered(request: Request, form: Posted, context: BySession) -> Response:
    """Open it."""
    return _answered(request, context, None, OpenMeeting, form)


@router.get("/panel/meetings/{number}", include_in_schema=False)
def meeting_page(request: Request, number: Number, context: BySession) -> Response:
    """A meeting, its packs and findings, and what they prove."""
    with context.reading(Subject.meetings) as (session, actor):
        told = found_meeting(session, number, actor)
        view = meeting_view(session, told, meetings(session), actor)
        offers = [
            one for one in MEETING_COMMANDS.values() if actor.role in one.by and (told.is_open or not one.while_open)
        ]
        return write(request, "meeting.html", actor=actor, meeting=view, scale=told.scale, offers=offers)


@router.get("/panel/meetings/{number}/packs/{name}", include_in_schema=False)
def meeting_pack_page(request: Request, number: Number, name: PackName, context: BySession) -> Response:
    """One pack of a meeting."""
    with context.writing(Subject.meetings) as (session, actor):
        told = found_meeting(session, number, actor)
        try:
            pack = opened_pack(session, told, name, actor, context)
        except NoSuchFrame as none:
            raise ProblemError("not-found", str(none)) from None
        return write(
            request,
            "meeting_pack.html",
            actor=actor,
            number=number,
            name=name,
            place=[*told.packs].index(name) + 1,
            one=pack,
            asked_for=told.packs[name].asked_for,
            scores=told.is_open and actor.role is Role.panel_member,
            on=session.get_one(Frame, told.packs[name].frame).cut_off,
        )


@router.get("/panel/meetings/{number}/{slug}", include_in_schema=False)
def business_form(
    request: Request,
    number: Number,
    slug: Annotated[str, Path(max_length=40)],
    context: BySession,
    pack: Annotated[str | None, Query(max_length=60)] = None,
) -> Response:
    """The form of something done at a meeting."""
    return _form(request, context, number, _of(slug), {"pack": pack} if pack else {})


@router.post("/panel/meetings/{number}/{slug}", include_in_schema=False)
def business_done(
    request: Request, number: Number, slug: Annotated[str, Path(max_length=40)], form: Posted, context: BySession
) -> Response:
    """Do it."""
    return _answered(request, context, number, _of(slug), form)


def _of(slug: str) -> type[MeetingCommand]:
    if slug not in MEETING_COMMANDS:
        raise ProblemError("not-found")
    return MEETING_COMMANDS[slug]


def _answered(
    request: Request,
    context: RequestContext,
    number: int | None,
    command: type[MeetingCommand] | type[OpenMeeting],
    posted: Any,
) -> Response:
    data = Form(command).read(posted)
    if forms.redraws(posted):
        return _form(request, context, number, command, data)
    if wrong := forms.contradictions(data, posted):
        return _form(request, context, number, command, data, status=422, errors=wrong)
    try:
        done = _do(context, number, command.model_validate(data))
    except ValidationError as error:
        return _form(request, context, number, command, data, status=422, errors=forms.faults(error))
    except ProblemError as refusal:
        if refusal.problem.reasons is None:
            raise
        reasons = [one.reason for one in refusal.problem.reasons]
        return _form(request, context, number, command, data, status=409, reasons=reasons)
    return RedirectResponse(_after(command, done), 303)


def _after(command: type[MeetingCommand] | type[OpenMeeting], number: int | None) -> str:
    """Where one goes on from a form."""
    if command is RecordResponse:
        return "/panel/actions"
    return f"/panel/meetings/{number}" if number else "/panel/meetings"


def _form(
    request: Request,
    context: RequestContext,
    number: int | None,
    command: type[MeetingCommand] | type[OpenMeeting],
    data: dict[str, Any],
    *,
    status: int = 200,
    errors: dict[forms.Path, str] | None = None,
    reasons: Sequence[str] = (),
) -> Response:
    """The form, with what was typed and what is wrong with it."""
    with context.reading(command.by if issubclass(command, MeetingCommand) else COORDINATOR) as (session, actor):
        told = found_meeting(session, number, actor) if number is not None else None
        questions = Form(command, _choices(session, told, actor, data.get("pack"))).questions(data, errors)
        return write(
            request,
            "business.html",
            actor=actor,
            status=status,
            title=command.title(),
            purpose=(command.__doc__ or "").partition("\n")[0],
            back=_after(command, number),
            questions=questions,
            errors=[*forms.summary(questions, errors or {}), *(("", why) for why in reasons)],
        )


def _choices(session: Session, told: Meeting | None, actor: Actor, pack: Any) -> dict[str, Sequence[Choice]]:
    """What may be chosen: packs and scores of the meeting, rules that judged `pack` (any pack, where none is chosen
    yet), members, and draws that no meeting has had.
    """
    members = select(Staff).where(Staff.role == Role.panel_member, Staff.active.is_(True)).order_by(Staff.name)
    had = {one.frame for one in meetings(session)}
    drawn = session.execute(select(Frame).join(Draw).order_by(Frame.cut_off.desc()))
    mine = [name for name in told.packs if _may_choose(told, name, actor)] if told else []
    judged = [told.packs[name] for name in mine if pack not in mine or name == pack] if told else []
    return {
        "packs": [(name, name) for name in mine],
        "rules": list({rule.id: (rule.id, rule.says) for one in judged for rule in rules_of(session, one)}.values()),
        "scores": [(code, f"{code}: {one.title}") for code, one in (told.scale if told else {}).items()],
        "members": [(one.username, one.name) for one in session.scalars(members)],
        "frames": [
            (one.digest, f"Cut-off {written_date(one.cut_off)}: {one.digest[:12]}")
            for (one,) in drawn
            if one.digest not in had
        ],
    }


def _may_choose(told: Meeting, pack: str, actor: Actor) -> bool:
    """A member, what they may open; who answers for the force, what there is a finding on."""
    if actor.role in ANSWERS:
        return pack in told.findings
    return actor.role is not Role.panel_member or told.may_open(actor.username, pack)
