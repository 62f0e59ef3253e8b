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
from api.web.problems import STRANGE_FORM, ProblemError, sign_in_page
from api.web.sessions import PreservedForm, WebSession, browser_of, clear_cookie, origin_owner, unseal, web_session_of
from api.web.state import app_state
from divert.people import login_attempts, sessions, staff

router = APIRouter(include_in_schema=False)

NOT_TYPED = ("form_token", "keepsake", "checked", "another", "remove", "draft", "resume")
"""What a form says that no person has typed."""

MAX_FIELDS = 2000
BAD_CREDENTIALS = "That username and password do not fit together. Check both."


async def posted_form(request: Request) -> FormData:
    """A form of ours, read. Raises a problem where it was given out neither to this visit nor to an earlier one.

    What was typed in a form of an earlier visit is not lost: its owner, and nobody else (`RequestContext`), is shown it
    again.
    """
    form = await request.form(max_files=0, max_fields=MAX_FIELDS)
    web_session, settings, path = web_session_of(request), app_state(request).settings, request.url.path
    owner = origin_owner(form.get("keepsake"), path, settings)
    fields = [(name, value) for name, value in form.multi_items() if isinstance(value, str) and name not in NOT_TYPED]
    if owner is not None:
        request.state.preserved_form = PreservedForm(owner, path, fields)
    if web_session is not None and web_session.owns(form.get("form_token"), settings):
        return form
    if owner is None:
        raise ProblemError("not-allowed", STRANGE_FORM)
    return FormData([*fields, ("resume", "yes")])


def posted_form_with(files: int) -> Callable[[Request], AsyncIterator[FormData]]:
    """The same of a form with at most so many files, which lie open until the answer is made."""

    async def read(request: Request) -> AsyncIterator[FormData]:
        async with request.form(max_files=files, max_fields=MAX_FIELDS):
            yield await posted_form(request)

    return read


Posted = Annotated[FormData, Depends(posted_form)]
PostedWithFile = Annotated[FormData, Depends(posted_form_with(files=1))]


@router.get("/sign-in")
def sign_in_form(request: Request, then: Annotated[str, Query(max_length=200)] = "/") -> Response:
    """The form."""
    return sign_in_page(request, _local_path(then))


@router.post("/sign-in")
async def sign_in(request: Request, form: Posted) -> Response:
    """Begin a visit, with a new token; whatever visit this browser was on before is over."""
    username, password, then = (str(form.get(name) or "") for name in ("username", "password", "then"))
    result = await anyio.to_thread.run_sync(
        _begin, request, username.strip(), password, limiter=app_state(request).passwords
    )
    settings = app_state(request).settings
    preserved = unseal(form.get("kept"), settings)
    if result == 0:
        return sign_in_page(request, _local_path(then), username, BAD_CREDENTIALS, preserved, 422)
    if isinstance(result, int):
        headers = {"Retry-After": str(result)}
        return sign_in_page(request, _local_path(then), username, _wait_text(result), preserved, 429, headers)
    if preserved is not None and preserved.username == username.strip():
        return write(request, "preserved_form.html", web_session=result, to=preserved.path, fields=preserved.fields)
    response = RedirectResponse(_local_path(then), 303)
    result.set_cookie(response, settings)
    return response


@router.post("/sign-out")
def sign_out(request: Request, form: Posted) -> Response:
    """End a visit: a copy of its cookie is worth nothing from now on."""
    return _end_session(request, everywhere=False)


@router.get("/visits")
def visits_page(request: Request, context: BySession) -> Response:
    """Where whoever asks is signed in."""
    web_session = web_session_of(request)
    with context.reading() as (session, actor):
        active = sessions.active_sessions(session, actor.username, context.at)
        return write(
            request,
            "visits.html",
            actor=actor,
            sessions=[(row, web_session is not None and sessions.has_token(row, web_session.token)) for row in active],
            idle=sessions.IDLE_TIMEOUT,
            lasts=sessions.MAX_AGE,
        )


@router.post("/visits")
def sign_out_everywhere(request: Request, form: Posted) -> Response:
    """End every visit of whoever asks, this one with them."""
    return _end_session(request, everywhere=True)


def _end_session(request: Request, *, everywhere: bool) -> Response:
    web_session, at = web_session_of(request), app_state(request).clock()
    with app_state(request).database.writing() as session:
        if web_session is not None:
            holder = sessions.holder(session, web_session.token, at)
            sessions.end(session, web_session.token, at)
            if everywhere and holder is not None:
                staff.sign_out_everywhere(session, holder.actor.username, at)
    response = RedirectResponse("/sign-in", 303)
    clear_cookie(response, app_state(request).settings)
    return response


def _begin(request: Request, username: str, password: str) -> WebSession | int:
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
    previous = web_session_of(request)
    with database.writing() as session:
        login_attempts.count_success(session, username, address, at)
        if previous is not None:
            sessions.end(session, previous.token, at)
        return WebSession(sessions.begin(session, actor.username, at, browser_of(request), address))


def _wait_text(seconds: int) -> str:
    minutes = math.ceil(seconds / 60)
    return f"Too many wrong passwords. Wait {minutes} minute{'s' * (minutes > 1)}, then try again."


def _local_path(then: str) -> str:
    """Where to go on to: only ever a page of this service."""
    plain = then.startswith("/") and not then.startswith(("//", "/\\")) and then.isprintable()
    return then if plain else "/"
