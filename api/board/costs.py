"""What the scheme spent, month by month: read by whoever reads the board's figures, entered by the project manager."""

# No `from __future__ import annotations` here: FastAPI reads the command's class from the route's signature.

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field, ValidationError
from starlette.responses import RedirectResponse, Response

from api.board.figures import day_asked
from api.web import forms
from api.web.context import BySession, ByToken, RequestContext
from api.web.forms import Choice, Form
from api.web.pages import write
from api.web.problems import may_answer, unusable
from api.web.sign_in import Posted
from divert.acts.answers import IsoDate
from divert.board.figures.costs import in_words, months_over
from divert.board.figures.definition import Theme
from divert.board.spending import ENTERS, EnterCosts, enter, entries, pence, standing
from divert.clock import london_date
from divert.law.rulebook import rulebook
from divert.models import Cost, Role
from divert.people.rights import Subject

router = APIRouter(tags=["board"])

AsAt = Annotated[
    IsoDate | None, Query(description="As known at the end of this day; left out: today.", examples=["2019-06-30"])
]


class CostView(BaseModel):
    """One amount as it was entered."""

    month: str = Field(examples=["2019-03"])
    heading: str
    pence: int
    source: str = Field(description="Who vouches for it.")
    by: str
    role: Role
    at: datetime
    stands: bool = Field(description="Whether it counts: no other was entered of this month and heading since.")


def cost_views(found: Sequence[Cost]) -> list[CostView]:
    """Entries in order as JSON shows them, the latest first."""
    last = standing(found)
    return [
        CostView(
            month=one.month,
            heading=one.heading,
            pence=one.pence,
            source=one.source,
            by=one.by,
            role=one.role,
            at=one.at,
            stands=last[one.month, one.heading] is one,
        )
        for one in reversed(found)
    ]


@router.get("/api/board/costs", summary="Costs", responses=may_answer("not-signed-in", "not-allowed", "invalid"))
def read_costs(context: ByToken, as_at: AsAt = None) -> list[CostView]:
    """Every amount that had been entered as spent by a day, the latest first, with whether it still counts."""
    with context.reading(Subject.figures) as (session, _):
        return cost_views(entries(session, day_asked(context, as_at)))


@router.post(
    "/api/board/costs",
    status_code=201,
    summary="Enter costs",
    responses=may_answer("malformed", "not-signed-in", "not-allowed", "too-large", "media-type", "invalid"),
)
def enter_costs(command: EnterCosts, context: ByToken) -> list[CostView]:
    """For a month, or spread over several: an amount for each. What was entered of one before counts no more."""
    try:
        with context.writing(ENTERS) as (session, actor):
            return cost_views(enter(session, command, actor, context.at))
    except ValidationError as error:
        raise unusable(error) from None


@router.get("/board/costs", include_in_schema=False)
def costs_page(request: Request, context: BySession, as_at: AsAt = None) -> Response:
    """The same, to be read; and where they are entered."""
    return _page(request, context, {}, as_at=as_at)


@router.post("/board/costs", include_in_schema=False)
def post_costs(request: Request, form: Posted, context: BySession) -> Response:
    """Put an amount on record."""
    data = Form(EnterCosts).read(form)
    if forms.redraws(form):
        return _page(request, context, data)
    try:
        with context.writing(ENTERS) as (session, actor):
            enter(session, EnterCosts.model_validate(data), actor, context.at)
    except ValidationError as error:
        return _page(request, context, data, forms.faults(error))
    return RedirectResponse("/board/costs?done=entered", 303)


def _page(
    request: Request,
    context: RequestContext,
    data: dict[str, Any],
    errors: dict[forms.Path, str] | None = None,
    as_at: date | None = None,
) -> Response:
    with context.reading(Subject.figures) as (session, actor):
        day = day_asked(context, as_at)
        found = entries(session, day)
        spent, headings = pence(standing(found).values()), rulebook().cost_headings_on(day)
        choices: list[Choice] = [(one.code, one.title) for one in headings.values()]
        questions = Form(EnterCosts, {"cost_headings": choices}).questions(data, errors)
        return write(
            request,
            "costs.html",
            actor=actor,
            status=422 if errors else 200,
            done="It is on record." if request.query_params.get("done") == "entered" else None,
            as_at=day,
            query=f"?as_at={day}" if day != london_date(context.at) else "",
            themes=Theme.__members__,
            spent=spent,
            missing=in_words(month for month in months_over(day) if month not in spent),
            headings=headings,
            entered=cost_views(found),
            enters=actor.role in ENTERS,
            questions=questions,
            errors=forms.summary(questions, errors or {}),
        )
