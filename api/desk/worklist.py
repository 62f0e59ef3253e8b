"""The worklist: what is due, to whom, in lists that each role begins from; searched, narrowed, and kept for later.

What a list was narrowed by stands in the address, and may be kept under a name. What was searched for does not: it is
posted, and the answer is the page itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from api.case.listing import Filters, PageView, Plain, Search, cases, counted, risky
from api.web.context import BySession, RequestContext
from api.web.pages import write
from api.web.problems import unusable
from api.web.sign_in import Posted
from divert.casework.visibility import may_see
from divert.clock import london_date
from divert.law.rulebook import rulebook
from divert.models import Case, SavedFilter, Staff, State
from divert.people.identifiers import DISTRICTS
from divert.people.rights import KEYWORKERS, TEAM, Rows, Subject, may_read, rows_for
from divert.people.staff import Actor
from divert.records import access

router = APIRouter(include_in_schema=False)

HOMES = (("/board", Subject.figures), ("/panel/draws", Subject.drawn_packs), ("/panel/meetings", Subject.meetings))
"""Where those begin who have no cases: at the first that is theirs."""

COUNTED_TO = 100
SHOWN_AT_RISK = 5
SAVED_AT_MOST = 20
HELD_BY = select(Staff.username, Staff.name).where(Staff.role.in_(KEYWORKERS)).order_by(Staff.name)
SAVED = (
    select(SavedFilter.name, SavedFilter.query)
    .where(SavedFilter.username == bindparam("who"))
    .order_by(SavedFilter.name)
)
DUE = {"overdue": ("Overdue", 0), "today": ("Today or overdue", 1), "week": ("Within 7 days or overdue", 8)}
"""What may be asked of deadlines: in words, and how many days ahead of today it ends."""

ORDERS = {"due": "Nearest deadline", "limit": "Nearest time limit", "latest": "Latest referral"}


class Asked(BaseModel):
    """A list as its address says it: nothing of it is personal data."""

    model_config = ConfigDict(extra="forbid")

    view: Literal["mine", "team", "unallocated", "risk", "ended", "all"] = "mine"
    state: State | None = None
    keyworker: Plain | None = None
    district: Plain | None = None
    offence: Plain | None = None
    due: Literal["overdue", "today", "week"] | None = None
    order: Literal["due", "limit", "latest"] | None = None
    cursor: Annotated[str, Field(max_length=60, pattern="^[A-Za-z0-9_-]*$")] | None = None

    @property
    def narrowed(self) -> dict[str, Any]:
        """What it was narrowed by."""
        said = self.model_dump(mode="json", exclude_none=True)
        return {name: value for name, value in said.items() if name not in ("view", "order", "cursor")}

    def address(self, **changes: str | None) -> str:
        """The same list with changes, from its beginning."""
        said = self.model_dump(mode="json", exclude_none=True, exclude={"cursor"}) | changes
        return "/?" + urlencode({name: value for name, value in said.items() if value is not None})


@dataclass(frozen=True)
class View:
    """A list to begin from."""

    title: str
    cases: Filters


class Question(NamedTuple):
    """One thing to narrow a list by, with what may be chosen and what was."""

    name: str
    title: str
    choices: Sequence[tuple[str, str]]
    chosen: str | None


@lru_cache
def views(actor: Actor, today: date) -> Mapping[str, View]:
    """The lists that `actor` may begin from, theirs first."""
    near = Filters(limit_before=risky(today), order="limit")
    soon = today + timedelta(days=DUE["week"][1])
    if rows_for(actor.role, Subject.cases) is Rows.own:
        return {
            "mine": View("Your referrals", Filters(open_only=True, order="due")),
            "risk": View("Time limit near", near),
            "all": View("Ended too", Filters()),
        }
    if actor.role in KEYWORKERS:
        mine = {"mine": View("Yours", Filters(open_only=True, keyworker=actor.username, order="due"))}
    elif actor.role in TEAM:
        mine = {"mine": View("Waiting for you", Filters(open_only=True, held_by=actor.role.value, order="due"))}
    else:
        mine = {}
    return {
        **mine,
        "team": View("All open", Filters(open_only=True, order="due")),
        "unallocated": View("No keyworker", Filters(unallocated=True, order="due")),
        "risk": View("Time limit near", near),
        "ended": View("Ended, due this week", Filters(still_due=True, due_before=soon, order="due")),
        "all": View("Everything", Filters()),
    }


def asked(said: Mapping[str, str]) -> Asked:
    """What an address asks for; what was left blank was not asked. Raises the problem of what cannot be used."""
    try:
        return Asked.model_validate({name: value for name, value in said.items() if value.strip()})
    except ValidationError as error:
        raise unusable(error) from None


def by_address(request: Request) -> Asked:
    """What this request's own address asks for."""
    return asked(request.query_params)


@router.get("/")
def worklist(request: Request, wanted: Annotated[Asked, Depends(by_address)], context: BySession) -> Response:
    """What is due: to each their own first."""
    with context.writing() as (session, actor):
        if not may_read(actor.role, Subject.cases):
            return RedirectResponse(next(home for home, subject in HOMES if may_read(actor.role, subject)), 303)
        access.record(session, actor, "consultation", context.at, what="worklist")
        return _list(request, session, actor, context, wanted)


@router.post("/search")
def search(request: Request, form: Posted, context: BySession) -> Response:
    """Cases by name, reference or PNC identifier. A whole reference leads straight to its case."""
    words = str(form.get("q") or "").strip()
    if not words:
        return RedirectResponse("/", 303)
    with context.writing(Subject.cases) as (session, actor):
        access.record(session, actor, "consultation", context.at, what="search of cases")
        if ref := session.scalar(select(Case.ref).where(Case.ref == words.upper(), may_see(actor))):
            return RedirectResponse(f"/cases/{ref}", 303)
        try:
            wanted = Search(q=words, cursor=form.get("cursor") or None)  # type: ignore[arg-type]  # read as it came
        except ValidationError as error:
            raise unusable(error) from None
        return write(
            request,
            "found.html",
            actor=actor,
            q=words,
            page=cases(session, actor, wanted),
            today=london_date(context.at),
            near=risky(london_date(context.at)),
            rules=rulebook(),
        )


@router.post("/saved-filters")
def save(request: Request, form: Posted, context: BySession) -> Response:
    """Keep a list under a name: again under the same name replaces it."""
    name, wanted = str(form.get("name") or "").strip(), asked(dict(parse_qsl(str(form.get("query") or ""))))
    with context.writing(Subject.cases) as (session, actor):
        kept = session.scalar(select(func.count()).where(SavedFilter.username == actor.username)) or 0
        error = None
        if not name or len(name) > 60 or not name.isprintable():
            error = "Give it a name of 1 to 60 letters, like Overdue in Hartlepool."
        elif kept >= SAVED_AT_MOST:
            error = f"You keep {SAVED_AT_MOST} lists already. Remove one first."
        if error:
            return _list(request, session, actor, context, wanted, error)
        session.merge(SavedFilter(username=actor.username, name=name, query=wanted.address().removeprefix("/?")))
    return RedirectResponse(wanted.address(), 303)


@router.post("/saved-filters/remove")
def remove(form: Posted, context: BySession) -> Response:
    """Keep it no longer."""
    with context.writing(Subject.cases) as (session, actor):
        one = (SavedFilter.username == actor.username, SavedFilter.name == str(form.get("name") or ""))
        session.execute(delete(SavedFilter).where(*one))
    return RedirectResponse("/", 303)


def _list(
    request: Request, session: Session, actor: Actor, context: RequestContext, wanted: Asked, error: str | None = None
) -> Response:
    today = london_date(context.at)
    offered = views(actor, today)
    if wanted.view not in offered:
        wanted = wanted.model_copy(update={"view": next(iter(offered))})
    view = offered[wanted.view]
    narrowed = _narrowed(view.cases, wanted, today)
    tallies = [name for name in offered if name != "all"]
    found = counted(session, actor, [offered[name].cases for name in tallies], COUNTED_TO)
    counts = dict(zip(tallies, [str(one) if one < COUNTED_TO else f"{COUNTED_TO - 1}+" for one in found], strict=True))
    return write(
        request,
        "worklist.html",
        status=422 if error else 200,
        errors=[("name", error)] if error else (),
        actor=actor,
        page=cases(session, actor, narrowed),
        wanted=wanted,
        view=view,
        views=offered,
        counts=counts,
        at_risk=_at_risk(session, actor, wanted, view.cases, today),
        order=narrowed.order,
        orders=_orders(view.cases),
        questions=_questions(session, actor, wanted, today),
        saved=session.connection().execute(SAVED, {"who": actor.username}).all(),
        today=today,
        near=risky(today),
        rules=rulebook(),
    )


def _narrowed(view: Filters, wanted: Asked, today: date) -> Filters:
    """A view, narrowed as its address says."""
    said: dict[str, Any] = {name: value for name, value in wanted if value is not None and name in Filters.model_fields}
    if said.get("order") not in _orders(view):
        said.pop("order", None)
    if wanted.due is not None:
        said["due_before"] = today + timedelta(days=DUE[wanted.due][1])
    return view.model_copy(update=said)


def _orders(view: Filters) -> dict[str, str]:
    """How a view may be ordered: what has ended has no time limit, and may have nothing due."""
    if view.order == "latest":
        return {}
    return {name: words for name, words in ORDERS.items() if not (view.still_due and name == "limit")}


def _at_risk(session: Session, actor: Actor, wanted: Asked, view: Filters, today: date) -> PageView | None:
    """The cases of a view whose time limit is near, shown before all else; None where the list itself shows them."""
    if wanted.view not in ("mine", "team") or wanted.cursor is not None or wanted.narrowed:
        return None
    near = {"limit_before": risky(today), "order": "limit", "limit": SHOWN_AT_RISK}
    return cases(session, actor, view.model_copy(update=near))


def _questions(session: Session, actor: Actor, wanted: Asked, today: date) -> list[Question]:
    """What a list may be narrowed by."""
    keyworkers: Sequence[Any] = ()
    if rows_for(actor.role, Subject.cases) is not Rows.own:
        keyworkers = session.connection().execute(HELD_BY).all()
    found = [
        Question("state", "Where it stands", [(one.value, one.label) for one in State], wanted.state),
        Question("keyworker", "Keyworker", keyworkers, wanted.keyworker),
        Question("district", "District", list(DISTRICTS.items()), wanted.district),
        Question("offence", "Offence", _offences(today), wanted.offence),
        Question("due", "Deadline", [(name, words) for name, (words, _) in DUE.items()], wanted.due),
    ]
    return [one for one in found if one.choices]


@lru_cache
def _offences(today: date) -> list[tuple[str, str]]:
    found = [(one.code, one.title) for one in rulebook().offences.in_force(today).values()]
    return sorted(found, key=lambda one: one[1])
