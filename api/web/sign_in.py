"""Signing in to the pages, where one is signed in, and signing out: here or everywhere."""

import math
from collections.abc import AsyncIterator, Callable
from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Depends, Query, Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from api.web.context import BySession
from api.web.pages import write
from api.web.problems import STRANGE, ProblemError, sign_in_page
from api.web.sessions import PreservedForm, WebSession, browser_of, forget, given_out, kept, visit_of
from api.web.state import app_state
from divert.people import login_attempts, sessions, staff

router = APIRouter(include_in_schema=False)

NOT_TYPED = ("form_token", "keepsake", "checked", "another", "remove", "draft", "resume")
"""What a form says that no person has typed."""

FIELDS = 2000
WRONG = "That username and password do not fit together. Check both."


async def posted(request: Request) -> FormData:
    """A form of ours, read. Raises a problem where it was given out neither to this visit nor to an earlier one.

    What was typed in a form of an earlier visit is not lost: its owner, and nobody else (`RequestContext`), is shown it
    again.
    """
    form = await request.form(max_files=0, max_fields=FIELDS)
    visit, settings, path = visit_of(request), app_state(request).settings, request.url.path
    whose = given_out(form.get("keepsake"), path, settings)
    typed = [(name, value) for name, value in form.multi_items() if isinstance(value, str) and name not in NOT_TYPED]
    if whose is not None:
        request.state.kept = PreservedForm(whose, path, typed)
    if visit is not None and visit.owns(form.get("form_token"), settings):
        return form
    if whose is None:
        raise ProblemError("not-allowed", STRANGE)
    return FormData([*typed, ("resume", "yes")])


def posted_with(files: int) -> Callable[[Request], AsyncIterator[FormData]]:
    """The same of a form with at most so many files, which lie open until the answer is made."""

    async def read(request: Request) -> AsyncIterator[FormData]:
        async with request.form(max_files=files, max_fields=FIELDS):
            yield await posted(request)

    return read


Posted = Annotated[FormData, Depends(posted)]
PostedWithFile = Annotated[FormData, Depends(posted_with(files=1))]


@router.get("/sign-in")
def sign_in_form(request: Request, then: Annotated[str, Query(max_length=200)] = "/") -> Response:
    """The form."""
    return sign_in_page(request, _within(then))


@router.post("/sign-in")
async def sign_in(request: Request, form: Posted) -> Response:
    """Begin a visit, with a new token; whatever visit this browser was on before is over."""
    username, password, then = (str(form.get(name) or "") for name in ("username", "password", "then"))
    begun = await anyio.to_thread.run_sync(
        _begun, request, username.strip(), password, limiter=app_state(request).passwords
    )
    settings = app_state(request).settings
    held = kept(form.get("kept"), settings)
    if not isinstance(begun, WebSession):
        status, fault, headers = (422, WRONG, {}) if not begun else (429, _wait(begun), {"Retry-After": str(begun)})
        return sign_in_page(request, _within(then), username, fault, held, status, headers)
    if held is not None and held.username == username.strip():
        return write(request, "kept.html", visit=begun, to=held.path, typed=held.typed)
    response = RedirectResponse(_within(then), 303)
    begun.keep(response, settings)
    return response


@router.post("/sign-out")
def sign_out(request: Request, form: Posted) -> Response:
    """End a visit: a copy of its cookie is worth nothing from now on."""
    return _out(request, everywhere=False)


@router.get("/visits")
def visits_page(request: Request, context: BySession) -> Response:
    """Where whoever asks is signed in."""
    here = visit_of(request)
    with context.reading() as (session, actor):
        found = sessions.active_sessions(session, actor.username, context.at)
        return write(
            request,
            "visits.html",
            actor=actor,
            sessions=[(one, here is not None and sessions.has_token(one, here.token)) for one in found],
            idle=sessions.IDLE_TIMEOUT,
            lasts=sessions.MAX_AGE,
        )


@router.post("/visits")
def sign_out_everywhere(request: Request, form: Posted) -> Response:
    """End every visit of whoever asks, this one with them."""
    return _out(request, everywhere=True)


def _out(request: Request, *, everywhere: bool) -> Response:
    here, at = visit_of(request), app_state(request).clock()
    with app_state(request).database.writing() as session:
        if here is not None:
            held = sessions.holder(session, here.token, at)
            sessions.end(session, here.token, at)
            if everywhere and held is not None:
                staff.sign_out_everywhere(session, held.actor.username, at)
    response = RedirectResponse("/sign-in", 303)
    forget(response, app_state(request).settings)
    return response


def _begun(request: Request, username: str, password: str) -> WebSession | int:
    """A visit; or the seconds to wait before the next guess, 0 where this one was wrong."""
    if not username or len(username) > 60 or "\x00" in username + password:
        return 0
    database, at = app_state(request).database, app_state(request).clock()
    address = request.client.host if request.client else ""
    with database.writing() as session:
        if wait := login_attempts.count_attempt(session, username, address, at):
            return wait
    with database.reading() as session:  # it takes a tenth of a second: nobody is to wait behind it
        actor = staff.by_password(session, username, password)
    if actor is None:
        return 0
    before = visit_of(request)
    with database.writing() as session:
        login_attempts.count_success(session, username, address, at)
        if before is not None:
            sessions.end(session, before.token, at)
        return WebSession(sessions.begin(session, actor.username, at, browser_of(request), address))


def _wait(seconds: int) -> str:
    minutes = math.ceil(seconds / 60)
    return f"Too many wrong passwords. Wait {minutes} minute{'s' * (minutes > 1)}, then try again."


def _within(then: str) -> str:
    """Where to go on to: only ever a page of this service."""
    plain = then.startswith("/") and not then.startswith(("//", "/\\")) and then.isprintable()
    return then if plain else "/"
