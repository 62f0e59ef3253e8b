"""How a page is written: one strict environment, one frame around every page, one cookie.

To make a page: an endpoint that takes `context: BySession` (`api.web.context`), reads in `with context.reading(...)`,
and returns `write(request, "page.html", actor=actor, ...)`; and `templates/page.html`, which extends `layout.html` (its
blocks are described there). Markup is GOV.UK's: headings are `govuk-heading-xl|l|m|s`, text `govuk-body`, links
`govuk-link`. Any component of the GOV.UK design system is there as a macro (`api.web.components`); `parts.html` has
what stands on a page many times (`pairs`, `table`, `cases`, `state` ...), and `question.html` a form's questions
(`api.web.forms` makes them from a model; `Posted` of `api.web.sign_in` guards what comes back). To be offered to
everyone of a role, a page has a line in NAVIGATION. No style and no script in a page itself: the security policy
refuses both. After a command, redirect to the case with `?done=` and the entry's number, and the case says what was
done.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from api.web import assets
from api.web.codes import code_in_words
from api.web.components import components
from api.web.sessions import WebSession, origin_token, web_session_of
from api.web.state import app_state
from divert.casework.commands.referral import Refer
from divert.casework.lifecycle import able
from divert.clock import london_text, written_date
from divert.models import Role
from divert.people.rights import Subject, readers
from divert.people.staff import Actor
from divert.records import evidence
from divert.records.evidence import EXTENSIONS, MEDIA_TYPES
from divert.scrutiny import wording

FOLDER = Path(__file__).parents[1]
FOR_PROGRAMS = ("/api/", "/healthz", "/readyz", "/metrics", "/openapi.json")

NAVIGATION = (
    ("/", "Cases", readers(Subject.cases)),
    ("/referrals", "Refer a person", able(Refer)),
    ("/pre-check", "Pre-check", readers(Subject.cases)),
    ("/import", "Referral files", readers(Subject.referral_files)),
    ("/board", "Board", readers(Subject.figures)),
    ("/panel/draws", "Draws", readers(Subject.draws)),
    ("/panel/meetings", "Meetings", readers(Subject.meetings)),
    ("/panel/actions", "Actions", readers(Subject.findings)),
    ("/panel/report", "Report", readers(Subject.scrutiny_report)),
    ("/undone", "Undone work", readers(Subject.failed_work)),
    ("/staff", "Staff", readers(Subject.staff)),
    ("/policies", "Policies", readers(Subject.policies)),
    ("/help", "Help", tuple(Role)),
)
REFRESH_S = 3
"""After how many seconds a page that waits for long work asks again by itself."""
NAVIGATION_PATHS = frozenset(path for path, _, _ in NAVIGATION)


def wants_page(request: Request) -> bool:
    """Whether a person is at the other end, by the address alone."""
    return not request.url.path.startswith(FOR_PROGRAMS)


def in_words(value: Any, name: str = "") -> str:
    """A value as people read it; `name` is that of the answer, for what is kept as a code."""
    if words := code_in_words(name, value):
        return words
    match value:
        case None | "":
            return "not known"
        case bool():
            return "yes" if value else "no"
        case str() if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            return written_date(date.fromisoformat(value))
        case datetime():
            return london_text(value)
        case date():
            return written_date(value)
        case Enum():
            return str(value.value).replace("_", " ")
        case Decimal():
            return f"{value:f}"
        case list() | tuple() | set() | frozenset():
            between = "\n" if any(isinstance(item, Mapping) for item in value) else ", "
            return between.join(in_words(item, name) for item in value) or "none"
        case Mapping():
            parts = {part: answer for part, answer in value.items() if answer is not None}
            return "; ".join(f"{part.replace('_', ' ')}: {in_words(answer, part)}" for part, answer in parts.items())
        case _:
            return str(value)


def file_in_words(media_type: str, size: int | str) -> str:
    """A file as it is kept: PDF, 120 KB."""
    return f"{MEDIA_TYPES.get(media_type, media_type)}, {evidence.size_in_words(int(size))}"


_environment = Environment(
    loader=FileSystemLoader(FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
)
_components = components()
_environment.globals |= _components
_environment.globals["asset"] = lambda name: f"{assets.root()}/{name}"
_environment.globals |= {"errors": (), "done": None}  # of most pages
_environment.globals["long_list"] = 15  # choices: where there are more, typing finds one, if scripts run
_environment.globals |= {"pack_lines": wording.lines, "pack_rules": wording.rules, "pack_since": wording.later_notes}
_environment.globals["file_in_words"] = file_in_words
_environment.globals["accepts"] = ",".join((*MEDIA_TYPES, *(f".{extension}" for extension in EXTENSIONS.values())))
_environment.filters["words"] = in_words
_environment.filters["day"] = lambda text: written_date(date.fromisoformat(text))
_environment.filters["spaced"] = lambda text: str(text).replace("_", " ")


def render_question(field: Any) -> str:
    """One question of a form by itself, as a page holds it."""
    macro = getattr(_environment.get_template("question.html").module, "question")  # noqa: B009  mypy knows no macro of a template
    return str(macro(field))


@lru_cache
def _navigation(role: Role, current: str | None) -> Markup:
    """What everyone of a role is offered on every page, as markup: written once."""
    links = [
        {"href": href, "text": text, "current": href == current} for href, text, roles in NAVIGATION if role in roles
    ]
    return _components["govukServiceNavigation"]({"navigation": links})


def write(
    request: Request,
    template: str,
    *,
    actor: Actor | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    web_session: WebSession | None = None,
    **values: Any,
) -> HTMLResponse:
    """A page from its template, with the frame for `actor`. `web_session` begins one; so does coming without any."""
    settings, path = app_state(request).settings, request.url.path
    current = web_session_of(request) if web_session is None else None
    web_session = web_session or current or WebSession()
    html = _environment.get_template(template).render(
        actor=actor,
        navigation=_navigation(actor.role, path if path in NAVIGATION_PATHS else None) if actor else "",
        form_token=web_session.form_token(settings),
        nonce=request.state.nonce,
        origin_token=origin_token(actor.username, path, settings) if actor else "",
        **values,
    )
    response = HTMLResponse(html, status, dict(headers or {}))
    if current is None:
        web_session.set_cookie(response, settings)
    return response
