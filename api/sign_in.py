"""Signing in and out of the pages."""

from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Depends, Query, Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from api.house import house
from api.page import write
from api.problems import ProblemError
from api.visit import COOKIE, Visit, visit_of
from divert.people.staff import Actor, by_password

router = APIRouter(include_in_schema=False)


async def posted(request: Request) -> FormData:
    """A form of ours, read. Raises a problem where it was not given out to this visit."""
    form = await request.form(max_files=0, max_fields=2000)
    visit = visit_of(request)
    if visit is None or not visit.owns(form.get("form_token"), house(request).settings):
        raise ProblemError("not-allowed", "This form has grown too old, or did not come from here. Open it again.")
    return form


Posted = Annotated[FormData, Depends(posted)]


@router.get("/sign-in")
def sign_in_page(request: Request, then: Annotated[str, Query(max_length=200)] = "/") -> Response:
    """The form."""
    return write(request, "sign_in.html", then=_within(then), username="", errors=[])


@router.post("/sign-in")
async def sign_in(request: Request, form: Posted) -> Response:
    """Begin a visit."""
    username, password, then = (str(form.get(name) or "") for name in ("username", "password", "then"))
    actor = await anyio.to_thread.run_sync(
        _checked, request, username.strip(), password, limiter=house(request).passwords
    )
    if actor is None:
        errors = [("username", "That username and password do not fit together. Check both.")]
        return write(request, "sign_in.html", status=422, then=_within(then), username=username, errors=errors)
    response = RedirectResponse(_within(then), 303)
    Visit(actor.username).keep(response, house(request).settings)
    return response


@router.post("/sign-out")
def sign_out(form: Posted) -> Response:
    """End a visit."""
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(COOKIE, path="/")
    return response


def _checked(request: Request, username: str, password: str) -> Actor | None:
    if not username or "\x00" in username + password:
        return None
    with house(request).database.reading() as session:
        return by_password(session, username, password)


def _within(then: str) -> str:
    """Where to go on to: only ever a page of this service."""
    plain = then.startswith("/") and not then.startswith(("//", "/\\")) and then.isprintable()
    return then if plain else "/"
