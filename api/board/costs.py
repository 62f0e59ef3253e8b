"""What the scheme spent, month by month: read by whoever reads the board's figures, entered by the project manager."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.board.figures import day_asked
from api.procedure.acts import Data, Errors, Offer, make_routes
from api.web import forms
from api.web.context import BySession, ByToken, RequestContext
from api.web.forms import Choice, Form
from api.web.pages import write
from api.web.problems import may_answer
from divert.acts.answers import IsoDate
from divert.board.figures.costs import in_words, months_over
from divert.board.figures.definition import Theme
from divert.board.spending import EnterCosts, entries, latest, pence_by_month
from divert.clock import london_date
from divert.law.rulebook import rulebook
from divert.models import Cost, Role
from divert.people.rights import Subject
from divert.people.staff import Actor

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


def cost_views(costs: Sequence[Cost]) -> list[CostView]:
    """Entries in order as JSON shows them, the latest first."""
    standing = latest(costs)
    return [
        CostView(
            month=cost.month,
            heading=cost.heading,
            pence=cost.pence,
            source=cost.source,
            by=cost.by,
            role=cost.role,
            at=cost.at,
            stands=standing[cost.month, cost.heading] is cost,
        )
        for cost in reversed(costs)
    ]


@router.get("/api/board/costs", summary="Costs", responses=may_answer("not-signed-in", "not-allowed", "invalid"))
def read_costs(context: ByToken, as_at: AsAt = None) -> list[CostView]:
    """Every amount that had been entered as spent by a day, the latest first, with whether it still counts."""
    with context.reading(Subject.figures) as (session, _):
        return cost_views(entries(session, day_asked(context, as_at)))


def _shown(_session: Session, costs: list[Cost], _context: RequestContext, _actor: Actor) -> list[CostView]:
    return cost_views(costs)


def _after(_on: str | None, costs: list[Cost] | None) -> str:
    return "/board/costs?done=entered" if costs else "/board/costs"


def _page(
    request: Request,
    context: RequestContext,
    offer: Offer,
    _on: str | None,
    data: Data,
    errors: Errors | None = None,
    reasons: Sequence[str] = (),
    status: int = 422,
    as_at: date | None = None,
) -> Response:
    """What was spent, to be read; and where it is entered."""
    with context.reading(Subject.figures) as (session, actor):
        day = day_asked(context, as_at)
        costs = entries(session, day)
        spent, headings = pence_by_month(latest(costs).values()), rulebook().cost_headings_on(day)
        choices: list[Choice] = [(heading.code, heading.title) for heading in headings.values()]
        questions = Form(EnterCosts, {"cost_headings": choices}).questions(data, errors)
        return write(
            request,
            "costs.html",
            actor=actor,
            status=status if errors or reasons else 200,
            done="It is on record." if request.query_params.get("done") == "entered" else None,
            as_at=day,
            query=f"?as_at={day}" if day != london_date(context.at) else "",
            themes=Theme.__members__,
            spent=spent,
            missing=in_words(month for month in months_over(day) if month not in spent),
            headings=headings,
            costs=cost_views(costs),
            enters=actor.role in offer.act.by,
            questions=questions,
            errors=[*forms.summary(questions, errors or {}), *(("", reason) for reason in reasons)],
        )


ENTER_COSTS = Offer(
    EnterCosts,
    "/api/board/costs",
    "/board/costs",
    response_model=list[CostView],
    view=_shown,
    next_page=_after,
    status=201,
    form_page=_page,
    own_page=False,
)
make_routes(router, ENTER_COSTS)


@router.get("/board/costs", include_in_schema=False)
def costs_page(request: Request, context: BySession, as_at: AsAt = None) -> Response:
    """What was spent, to be read; and where it is entered."""
    return _page(request, context, ENTER_COSTS, None, {}, as_at=as_at)
