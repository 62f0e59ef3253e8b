"""The board's figures: aggregates only, suppressed already where they could point at a person."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.deps import Asking, ByToken, ByVisit
from api.page import write
from api.problems import FieldFault, invalid, may_answer
from divert.answers import IsoDate
from divert.board.figure import Figure
from divert.board.figures import BOARD_READS, figures
from divert.clock import london_date

router = APIRouter(tags=["board"])


AsAt = Annotated[IsoDate | None, Query(description="As things stood at the end of this day; left out: today.")]


@router.get("/api/board/figures", summary="Figures", responses=may_answer("not-signed-in", "not-allowed", "invalid"))
def read_figures(asking: ByToken, as_at: AsAt = None) -> list[Figure]:
    """Funnel, completion, breach, overrides, deadlines: each with its definition, and how it must not be read."""
    return figures_as_at(asking, as_at)


@router.get("/board/figures", include_in_schema=False)
def figures_page(request: Request, asking: ByVisit, as_at: AsAt = None) -> Response:
    """The same, to be read."""
    found = figures_as_at(asking, as_at)
    with asking.reading(*BOARD_READS) as (_, actor):
        return write(request, "figures.html", actor=actor, figures=found, as_at=as_at or london_date(asking.at))


def figures_as_at(asking: Asking, as_at: date | None) -> list[Figure]:
    """The figures as they stood on a day. Raises a problem for a day to come."""
    today = london_date(asking.at)
    if as_at is not None and as_at > today:
        raise invalid([FieldFault(parameter="as_at", detail=f"This day is yet to come. Give one up to {today}.")])
    with asking.reading(*BOARD_READS) as (session, _):
        return figures(session, as_at or today)
