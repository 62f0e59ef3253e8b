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

from api.case.listing import Filters, PageView, Plain, Search, cases, count_cases, near_limit
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
KEYWORKER_NAMES = select(Staff.username, Staff.name).where(Staff.role.in_(KEYWORKERS)).order_by(Staff.name)
SAVED_FILTERS = (
    select(SavedFilter.name, SavedFilter.query)
    .where(SavedFilter.username == bindparam("who"))
    .order_by(SavedFilter.name)
)
DUE = {"overdue": ("Overdue", 0), "today": ("Today or overdue", 1), "week": ("Within 7 days or overdue", 8)}
"""What may be asked of deadlines: in words, and how many days ahead of today it ends."""

ORDERS = {"due": "Nearest deadline", "limit": "Nearest time limit", "latest": "Latest referral"}


class ListQuery(BaseModel):
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
        values = self.model_dump(mode="json", exclude_none=True)
        return {name: value for name, value in values.items() if name not in ("view", "order", "cursor")}

    def address(self, **changes: str | None) -> str:
        """The same list with changes, from its beginning."""
        values = self.model_dump(mode="json", exclude_none=True, exclude={"cursor"}) | changes
        return "/?" + urlencode({name: value for name, value in values.items() if value is not None})


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
    near = Filters(limit_before=near_limit(today), order="limit")
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


def read_query(values: Mapping[str, str]) -> ListQuery:
    """What an address asks for; what was left blank was not asked. Raises the problem of what cannot be used."""
    try:
        return ListQuery.model_validate({name: value for name, value in values.items() if value.strip()})
    except ValidationError as error:
        raise unusable(error) from None


def query_of(request: Request) -> ListQuery:
    """What this request's own address asks for."""
    return read_query(request.query_params)


@router.get("/")
def worklist(request: Request, query: Annotated[ListQuery, Depends(query_of)], context: BySession) -> Response:
    """What is due: to each their own first."""
    with context.writing() as (session, actor):
        if not may_read(actor.role, Subject.cases):
            return RedirectResponse(next(home for home, subject in HOMES if may_read(actor.role, subject)), 303)
        access.record(session, actor, "consultation", context.at, what="worklist")
        return _list(request, session, actor, context, query)


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
            filters = Search(q=words, cursor=form.get("cursor") or None)  # type: ignore[arg-type]  # read as it came
        except ValidationError as error:
            raise unusable(error) from None
        return write(
            request,
            "search_results.html",
            actor=actor,
            q=words,
            page=cases(session, actor, filters),
            today=london_date(context.at),
            near=near_limit(london_date(context.at)),
            rules=rulebook(),
        )


@router.post("/saved-filters")
def save(request: Request, form: Posted, context: BySession) -> Response:
    """Keep a list under a name: again under the same name replaces it."""
    name, query = str(form.get("name") or "").strip(), read_query(dict(parse_qsl(str(form.get("query") or ""))))
    with context.writing(Subject.cases) as (session, actor):
        count = session.scalar(select(func.count()).where(SavedFilter.username == actor.username)) or 0
        error = None
        if not name or len(name) > 60 or not name.isprintable():
            error = "Give it a name of 1 to 60 letters, like Overdue in Hartlepool."
        elif count >= SAVED_AT_MOST:
            error = f"You keep {SAVED_AT_MOST} lists already. Remove one first."
        if error:
            return _list(request, session, actor, context, query, error)
        session.merge(SavedFilter(username=actor.username, name=name, query=query.address().removeprefix("/?")))
    return RedirectResponse(query.address(), 303)


@router.post("/saved-filters/remove")
def remove(form: Posted, context: BySession) -> Response:
    """Keep it no longer."""
    with context.writing(Subject.cases) as (session, actor):
        named = (SavedFilter.username == actor.username, SavedFilter.name == str(form.get("name") or ""))
        session.execute(delete(SavedFilter).where(*named))
    return RedirectResponse("/", 303)


def _list(
    request: Request,
    session: Session,
    actor: Actor,
    context: RequestContext,
    query: ListQuery,
    error: str | None = None,
) -> Response:
    today = london_date(context.at)
    lists = views(actor, today)
    if query.view not in lists:
        query = query.model_copy(update={"view": next(iter(lists))})
    view = lists[query.view]
    narrowed = _narrow(view.cases, query, today)
    tallies = [name for name in lists if name != "all"]
    numbers = count_cases(session, actor, [lists[name].cases for name in tallies], COUNTED_TO)
    counts = {
        name: str(number) if number < COUNTED_TO else f"{COUNTED_TO - 1}+"
        for name, number in zip(tallies, numbers, strict=True)
    }
    return write(
        request,
        "worklist.html",
        status=422 if error else 200,
        errors=[("name", error)] if error else (),
        actor=actor,
        page=cases(session, actor, narrowed),
        query=query,
        view=view,
        views=lists,
        counts=counts,
        at_risk=_at_risk(session, actor, query, view.cases, today),
        order=narrowed.order,
        orders=_orders(view.cases),
        questions=_questions(session, actor, query, today),
        saved=session.connection().execute(SAVED_FILTERS, {"who": actor.username}).all(),
        today=today,
        near=near_limit(today),
        rules=rulebook(),
    )


def _narrow(view: Filters, query: ListQuery, today: date) -> Filters:
    """A view, narrowed as its address says."""
    changes: dict[str, Any] = {
        name: value for name, value in query if value is not None and name in Filters.model_fields
    }
    if changes.get("order") not in _orders(view):
        changes.pop("order", None)
    if query.due is not None:
        changes["due_before"] = today + timedelta(days=DUE[query.due][1])
    return view.model_copy(update=changes)


def _orders(view: Filters) -> dict[str, str]:
    """How a view may be ordered: what has ended has no time limit, and may have nothing due."""
    if view.order == "latest":
        return {}
    return {name: words for name, words in ORDERS.items() if not (view.still_due and name == "limit")}


def _at_risk(session: Session, actor: Actor, query: ListQuery, view: Filters, today: date) -> PageView | None:
    """The cases of a view whose time limit is near, shown before all else; None where the list itself shows them."""
    if query.view not in ("mine", "team") or query.cursor is not None or query.narrowed:
        return None
    near = {"limit_before": near_limit(today), "order": "limit", "limit": SHOWN_AT_RISK}
    return cases(session, actor, view.model_copy(update=near))


def _questions(session: Session, actor: Actor, query: ListQuery, today: date) -> list[Question]:
    """What a list may be narrowed by."""
    keyworkers: Sequence[Any] = ()
    if rows_for(actor.role, Subject.cases) is not Rows.own:
        keyworkers = session.connection().execute(KEYWORKER_NAMES).all()
    questions = [
        Question("state", "Where it stands", [(state.value, state.label) for state in State], query.state),
        Question("keyworker", "Keyworker", keyworkers, query.keyworker),
        Question("district", "District", list(DISTRICTS.items()), query.district),
        Question("offence", "Offence", _offences(today), query.offence),
        Question("due", "Deadline", [(name, words) for name, (words, _) in DUE.items()], query.due),
    ]
    return [question for question in questions if question.choices]


@lru_cache
def _offences(today: date) -> list[tuple[str, str]]:
    choices = [(offence.code, offence.title) for offence in rulebook().offences.in_force(today).values()]
    return sorted(choices, key=lambda choice: choice[1])
