"""The board's figures: aggregates only, suppressed already where they could point at a person."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.deps import Asking, ByToken, ByVisit
from api.page import write
from api.problems import FieldFault, invalid, may_answer
from divert.answers import IsoDate
from divert.board.figure import Figure
from divert.board.figures import BOARD_READS, figures
from divert.clock import london_date

router = APIRouter(tags=["board"])


class Day(BaseModel):
    """Up to when."""

    model_config = ConfigDict(extra="forbid")

    as_at: IsoDate | None = Field(
        default=None, description="As things stood at the end of this day; left out: today.", examples=["2019-06-30"]
    )


AsAt = Annotated[Day, Query()]


@router.get("/api/board/figures", summary="Figures", responses=may_answer("not-signed-in", "not-allowed", "invalid"))
def read_figures(asking: ByToken, day: AsAt) -> list[Figure]:
    """Funnel, completion, breach, overrides, deadlines: each with its definition, and how it must not be read."""
    with asking.reading(*BOARD_READS) as (session, _):
        return figures(session, _cut_off(day, asking))


@router.get("/board/figures", include_in_schema=False)
def figures_page(request: Request, asking: ByVisit, day: AsAt) -> Response:
    """The same, to be read."""
    with asking.reading(*BOARD_READS) as (session, actor):
        as_at = _cut_off(day, asking)
        return write(request, "figures.html", actor=actor, figures=figures(session, as_at), as_at=as_at)


def _cut_off(day: Day, asking: Asking) -> date:
    """The day asked for, else today. Raises a problem for one to come."""
    today = london_date(asking.at)
    if day.as_at is not None and day.as_at > today:
        raise invalid([FieldFault(parameter="as_at", detail=f"This day is yet to come. Give one up to {today}.")])
    return day.as_at or today
