"""Staff: who may act, in which post, with how many open cases; taken on, moved, let go."""

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from api.web.context import BySession, RequestContext
from api.web.pages import write
from api.web.problems import ProblemError
from api.web.sign_in import Posted
from divert.models import OPEN, Case, Role, Staff
from divert.models.case import in_states
from divert.people import staff
from divert.people.rights import KEYWORKERS, Subject
from divert.people.staff import Actor
from divert.records import access

router = APIRouter(include_in_schema=False)

POSTS = [role for role in Role if role is not Role.system]
DONE = {"added": "was taken on", "moved": "has another post", "left": "has left", "back": "is back"}
ASKED = ("username", "name", "role", "password")


@router.get("/staff")
def staff_page(request: Request, context: BySession) -> Response:
    """Everyone, and the cases of those who can no longer see to them."""
    with context.reading(Subject.staff) as (session, actor):
        said, who = request.query_params.get("done", ""), request.query_params.get("who", "")
        known = session.get(Staff, who) is not None
        done = f"{who} {DONE[said]}." if known and said in DONE else None
        return _page(request, session, actor, done=done)


@router.post("/staff")
def take_on(request: Request, form: Posted, context: BySession) -> Response:
    """Somebody new."""
    typed = {name: str(form.get(name) or "").strip() for name in ASKED}
    wrong = {} if typed["name"] else {"name": "Give the person's name."}
    if typed["role"] not in POSTS:
        wrong["role"] = "Choose a post."
    with context.writing(Subject.staff) as (session, actor):
        try:
            if not wrong:
                staff.add(session, typed["username"], typed["name"], Role(typed["role"]), typed["password"] or None)
                access.record(session, actor, "alteration", context.at, what="staff: added")
                return RedirectResponse(f"/staff?done=added&who={typed['username']}", 303)
        except ValueError as fault:
            field, _, words = str(fault).partition(": ")
            wrong[field] = words.capitalize() + "."
        return _page(request, session, actor, typed=typed, wrong=wrong)


@router.post("/staff/{username}/post")
def move(username: str, form: Posted, context: BySession) -> Response:
    """Another post."""
    with context.writing(Subject.staff) as (session, actor):
        _somebody_else(username, actor)
        try:
            staff.give_post(session, username, Role(str(form.get("role"))), context.at)
        except (KeyError, ValueError):
            raise ProblemError("not-found", "There is no such person here, or no such post.") from None
        access.record(session, actor, "alteration", context.at, what="staff: another post")
    return RedirectResponse(f"/staff?done=moved&who={username}", 303)


@router.get("/staff/{username}/leave")
def leave_form(request: Request, username: str, context: BySession) -> Response:
    """What letting somebody go leaves behind, before it is done."""
    with context.reading(Subject.staff) as (session, actor):
        one = session.get(Staff, username)
        if one is None or not one.active:
            raise ProblemError("not-found", "There is no such person here.")
        _somebody_else(username, actor)
        return write(request, "leave.html", actor=actor, one=one, held=_held(session, username))


@router.post("/staff/{username}/leave")
def leave(username: str, form: Posted, context: BySession) -> Response:
    """End their access, at once."""
    return _changed(username, context, "left")


@router.post("/staff/{username}/return")
def come_back(username: str, form: Posted, context: BySession) -> Response:
    """Somebody who had left is here again."""
    return _changed(username, context, "back")


def _changed(username: str, context: RequestContext, how: str) -> Response:
    with context.writing(Subject.staff) as (session, actor):
        _somebody_else(username, actor)
        try:
            if how == "left":
                staff.let_go(session, username, context.at)
            else:
                staff.take_back(session, username)
        except KeyError:
            raise ProblemError("not-found", "There is no such person here.") from None
        access.record(session, actor, "alteration", context.at, what=f"staff: {DONE[how]}")
    return RedirectResponse(f"/staff?done={how}&who={username}", 303)


def _somebody_else(username: str, actor: Actor) -> None:
    """Nobody shuts themselves out, so that there is always somebody who keeps staff."""
    if username == actor.username:
        raise ProblemError("refused", "Another project manager changes your own post or lets you go.")


def _page(
    request: Request,
    session: Session,
    actor: Actor,
    *,
    done: str | None = None,
    typed: dict[str, str] | None = None,
    wrong: dict[str, str] | None = None,
) -> Response:
    everyone = session.scalars(
        select(Staff).where(Staff.role != Role.system).order_by(Staff.name, Staff.username)
    ).all()
    load = _load(session)
    stranded = [one for one in everyone if one.username in load and not (one.active and one.role in KEYWORKERS)]
    return write(
        request,
        "staff.html",
        actor=actor,
        status=422 if wrong else 200,
        done=done,
        here=[one for one in everyone if one.active],
        left=[one for one in everyone if not one.active],
        load=load,
        stranded=[(one, _held(session, one.username)) for one in stranded],
        posts=POSTS,
        keyworkers=KEYWORKERS,
        typed=typed or dict.fromkeys(ASKED, ""),
        wrong=wrong or {},
        errors=list((wrong or {}).items()),
    )


def _load(session: Session) -> dict[str, int]:
    """How many open cases each keyworker holds."""
    query = select(Case.keyworker, func.count()).where(text(in_states(OPEN)), Case.keyworker.is_not(None))
    return {str(username): count for username, count in session.execute(query.group_by(Case.keyworker))}


def _held(session: Session, username: str) -> list[Any]:
    """The open cases that somebody holds, the nearest deadline first."""
    query = select(Case.ref, Case.state, Case.due_on).where(text(in_states(OPEN)), Case.keyworker == username)
    return list(session.execute(query.order_by(Case.due_on, Case.id)).all())
