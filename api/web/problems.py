"""Everything that can go wrong, in one form: problem details (RFC 9457) over JSON, one plain page for people.

A problem names what is wrong and what a right answer looks like. It never repeats what was sent, and never an
exception's own text: both may hold personal data.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Match

from api.web.pages import wants_page, write
from api.web.sessions import PreservedForm
from api.web.state import app_state
from divert.acts.refusals import NotAllowed, NotFound, Refused, Stale, Unusable
from divert.board.counting.count_store import StillCounting

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True)
class Kind:
    """One way for a request to fail."""

    status: int
    title: str
    meaning: str


KINDS = {
    "malformed": Kind(400, "Malformed request", "The body is not JSON in UTF-8, or the request itself cannot be read."),
    "not-signed-in": Kind(401, "Not signed in", "A valid bearer token is needed, of somebody who still works here."),
    "not-allowed": Kind(403, "Not allowed", "This is not for the caller's role, whatever the case."),
    "not-found": Kind(
        404, "Not found", "There is no such thing, or the caller may not know of it: the two read alike."
    ),
    "method": Kind(405, "Method not allowed", "The address takes other methods; Allow names them."),
    "refused": Kind(409, "Refused", "It may not be done as the case stands. `reasons` holds every reason."),
    "overtaken": Kind(409, "Overtaken", "Somebody else changed the case in the same moment. `version` is the new one."),
    "stale": Kind(
        412, "Stale", "The case is no longer at the version that If-Match names. `version` is the present one."
    ),
    "too-large": Kind(413, "Too large", "The body is larger than this service takes."),
    "media-type": Kind(415, "Unsupported media type", "The body must be sent as application/json."),
    "invalid": Kind(
        422, "Invalid", "An answer cannot be used. `errors` says which, why, and what a right one looks like."
    ),
    "key-reused": Kind(422, "Idempotency key used before", "This key came before with another request. Use a new one."),
    "too-many": Kind(429, "Too many requests", "Wait for as many seconds as Retry-After says."),
    "failed": Kind(500, "Failed", "The fault is here. Nothing was changed, unless an earlier answer said so."),
    "still-counting": Kind(
        503, "Still counting", "The board's figures are being counted for the first time. Retry-After says when to ask."
    ),
    "not-ready": Kind(503, "Not ready", "The database is out of reach or not at the newest schema."),
}


STRANGE_FORM = (
    "This form has grown too old, or did not come from here. Nothing of it was recorded. Go back, copy what you typed, "
    "and open the form again. If this keeps happening, your browser is not keeping the cookie of this service."
)

SESSION_ENDED = "Your visit has ended. Sign in again: what you typed is kept."


class FieldFault(BaseModel):
    """What is wrong with one answer."""

    pointer: str | None = Field(
        default=None, description="Where in the body, as a JSON pointer.", examples=["#/signed_on"]
    )
    parameter: str | None = Field(default=None, description="Or which query parameter or header.", examples=["limit"])
    detail: str = Field(description="What is wrong, and what a right answer looks like.")


class Reason(BaseModel):
    """One guard that says no."""

    guard: str = Field(description="Its name in the lifecycle.", examples=["victim_heard_before_a_yes"])
    reason: str = Field(description="Why, in a sentence.")


class Problem(BaseModel):
    """Problem details (RFC 9457)."""

    type: str = Field(description="Which kind of problem: an address that explains it.", examples=["/help#refused"])
    title: str
    status: int = Field(ge=400, le=599)
    detail: str = Field(description="What happened, for a person.")
    errors: list[FieldFault] | None = Field(default=None, description="Each answer that cannot be used.")
    reasons: list[Reason] | None = Field(default=None, description="Every reason why it was refused.")
    version: int | None = Field(default=None, description="The case's present version.")


class ProblemError(Exception):
    """Raised to answer with a problem of a kind."""

    def __init__(self, kind: str, detail: str = "", headers: Mapping[str, str] | None = None, **more: Any) -> None:
        self.headers = dict(headers or {})
        meant = KINDS[kind]
        text = detail or meant.meaning.replace("`", "")
        self.problem = Problem(type=f"/help#{kind}", title=meant.title, status=meant.status, detail=text, **more)
        super().__init__(kind)


class NotSignedIn(ProblemError):
    """Nobody has proved who they are."""

    def __init__(self, detail: str = "") -> None:
        super().__init__("not-signed-in", detail, {"WWW-Authenticate": 'Bearer realm="Cleveland Divert"'})


def invalid(faults: Sequence[FieldFault]) -> ProblemError:
    """The problem that these answers make."""
    count = "One answer" if len(faults) == 1 else f"{len(faults)} answers"
    return ProblemError("invalid", f"{count} cannot be used.", errors=list(faults))


def unusable(error: ValidationError) -> ProblemError:
    """The problem of a body whose faults showed only beside what is known already."""
    return invalid([_fault("body", detail["loc"], detail) for detail in error.errors()])


def problem_of(error: Exception) -> ProblemError:
    """The problem that an exception means; an exception that nobody foresaw is the service's own failure."""
    match error:
        case ProblemError():
            return error
        case NotFound():
            return ProblemError("not-found", str(error))
        case NotAllowed():
            return ProblemError("not-allowed", str(error))
        case Stale():
            return ProblemError("stale", str(error), version=error.version)
        case Refused():
            reasons = [Reason(guard=name, reason=sentence) for name, sentence in error.reasons]
            return ProblemError("refused", str(error), reasons=reasons)
        case Unusable():
            return invalid([_body_fault(place, sentence) for place, sentence in error.faults.items()])
        case StillCounting():
            progress = (
                f"The figures are being counted for the first time: {error.done:,} of {error.cases:,} cases so far. "
                "This takes some minutes, once; the worker must be running. Come back soon."
            )
            return ProblemError("still-counting", progress, {"Retry-After": "60"})
        case RequestValidationError():
            return _request_problem(error)
        case HTTPException():
            return _http_problem(error)
        case _:
            return ProblemError("failed")


def _http_problem(error: HTTPException) -> ProblemError:
    kinds = {400: "malformed", 404: "not-found", 405: "method", 413: "too-large"}
    return ProblemError(kinds.get(error.status_code, "failed"), headers=error.headers)


def _request_problem(error: RequestValidationError) -> ProblemError:
    details = error.errors()
    if any(detail["type"] == "json_invalid" for detail in details):
        return ProblemError("malformed", 'The body is not JSON. Send an object, like {"reasons": "..."}.')
    if any(detail["loc"][0] == "path" for detail in details):
        return ProblemError("not-found")
    if isinstance(error.body, bytes):
        return ProblemError("media-type")
    return invalid([_fault(str(detail["loc"][0]), detail["loc"][1:], detail) for detail in details])


def _fault(where: str, loc: Sequence[Any], error: Mapping[str, Any]) -> FieldFault:
    path, text = located(loc, error)
    if where != "body":
        return FieldFault(parameter=".".join(str(part) for part in path), detail=text)
    return _body_fault(path, text)


def _body_fault(path: Sequence[Any], detail: str) -> FieldFault:
    steps = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
    return FieldFault(pointer=f"#{steps}", detail=detail)


def located(loc: Sequence[Any], error: Mapping[str, Any]) -> tuple[tuple[Any, ...], str]:
    """Where a fault is and what it says. One about several answers names, before a colon, the one to look at first."""
    text = sentence(error)
    named = re.match(r"([a-z]+(?:_[a-z]+)*): (.)(.*)", text, re.DOTALL) if not loc else None
    return ((named[1],), named[2].upper() + named[3]) if named else (tuple(loc), text)


SENTENCES = {
    "missing": "This is needed and was left out.",
    "extra_forbidden": "There is no answer of this name here. Take it out.",
    "string_type": "This must be text.",
    "string_unicode": "This holds a character that cannot be kept. Use plain text.",
    "string_too_long": "This is too long. Use at most {max_length} characters.",
    "string_too_short": "This is too short. Use at least {min_length} characters.",
    "too_short": "Give at least {min_length}.",
    "too_long": "Give at most {max_length}.",
    "int_type": "This must be a whole number, like 3.",
    "int_parsing": "This must be a whole number, like 3.",
    "int_from_float": "This must be a whole number, like 3.",
    "int_parsing_size": "This number is too large.",
    "greater_than_equal": "This must be {ge} or more.",
    "less_than_equal": "This must be {le} or less.",
    "literal_error": "Choose one of: {expected}.",
    "enum": "Choose one of: {expected}.",
    "list_type": "This must be a list.",
    "model_attributes_type": "This must be a JSON object.",
    "model_type": "This must be a JSON object.",
    "dict_type": "This must be a JSON object.",
    "string_pattern_mismatch": "This is not written as it should be. It must match {pattern}",
    "date_from_datetime_parsing": "This is not written as a date. Write year-month-day, like 2019-04-30.",
}


def sentence(error: Mapping[str, Any]) -> str:
    """One of Pydantic's errors as a person reads it. It never holds what was typed."""
    template = SENTENCES.get(error["type"])
    if template:
        return template.format_map({key: str(value).replace("'", "") for key, value in error.get("ctx", {}).items()})
    text = str(error["msg"]).removeprefix("Value error, ")
    return text if text.endswith((".", "!", "?")) else f"{text}."


def error_response(request: Request, error: Exception) -> Response:
    """The response that an exception means: a page for a person, JSON for a program."""
    raised = problem_of(error)
    problem = raised.problem
    if wants_page(request):
        form: PreservedForm | None = getattr(request.state, "preserved_form", None)
        if isinstance(raised, NotSignedIn) and form is not None:
            return sign_in_page(request, form.path, form.username, SESSION_ENDED, form, problem.status, raised.headers)
        if isinstance(raised, NotSignedIn):
            query = f"?then={quote(request.url.path)}" if request.method == "GET" and request.url.path != "/" else ""
            return RedirectResponse(f"/sign-in{query}", 303)
        return write(request, "problem.html", status=problem.status, headers=raised.headers, problem=problem)
    body = problem.model_dump(mode="json", exclude_none=True)
    return JSONResponse(body, problem.status, raised.headers, media_type=MEDIA_TYPE)


def sign_in_page(
    request: Request,
    then: str,
    username: str = "",
    fault: str = "",
    form: PreservedForm | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The form of signing in, with what is wrong, and what was typed before the visit ended."""
    return write(
        request,
        "sign_in.html",
        status=status,
        headers=headers,
        then=then,
        username=username,
        errors=[("username", fault)] if fault else [],
        preserved_form=form.sealed(app_state(request).settings) if form else "",
    )


async def _handle(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException) and error.status_code == 405:
        error.headers = {"Allow": ", ".join(sorted(_methods(request)))}
    return error_response(request, error)


def _methods(request: Request) -> set[str]:
    """Every method that an address takes. The framework names those of the first route that fits alone."""
    scopes = {method: {**request.scope, "method": method} for method in ("DELETE", "GET", "PATCH", "POST", "PUT")}
    return {
        method
        for method, scope in scopes.items()
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)
    }


def install(app: FastAPI) -> None:
    """Answer every foreseen exception with its problem. What nobody foresaw, `api.web.middleware` catches."""
    foreseen = (
        ProblemError,
        NotFound,
        StillCounting,
        NotAllowed,
        Stale,
        Refused,
        Unusable,
        RequestValidationError,
        HTTPException,
    )
    for exception_type in foreseen:
        app.add_exception_handler(exception_type, _handle)


def may_answer(*kinds: str) -> dict[int | str, dict[str, Any]]:
    """For OpenAPI: the problems an operation may answer with, beside those that any may (too many, failed)."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for name in (*kinds, "too-many", "failed"):
        kind = KINDS[name]
        earlier = by_status.get(kind.status)
        text = f"{kind.title}. {kind.meaning}"
        by_status[kind.status] = {
            "description": f"{earlier['description']} Or: {text}" if earlier else text,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    return by_status
