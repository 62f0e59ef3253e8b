"""The year of scrutiny as it may be published: page, paper and JSON."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.case.documents import PDF, pdf_file
from api.web.context import Asking, ByToken, ByVisit
from api.web.pages import write
from api.web.problems import may_answer
from divert.clock import london_date
from divert.scrutiny.report import REPORTS, Report, explained, report, report_paper, year_of

router = APIRouter(tags=["panel"])

READ = ("not-signed-in", "not-allowed", "invalid")


class Year(BaseModel):
    """Which year."""

    model_config = ConfigDict(extra="forbid")

    year: int | None = Field(
        default=None, ge=2019, le=2100, description="2019 is April 2019 to March 2020; left out: that of today."
    )


Wanted = Annotated[Year, Query()]


@router.get("/api/panel/report", summary="The year's report", responses=may_answer(*READ))
def read_report(asking: ByToken, wanted: Wanted) -> Report:
    """Meetings, what was drawn and found with what it proves, agreement, learning and actions. It names nobody."""
    return _report(asking, wanted)


@router.get(
    "/api/panel/report.pdf",
    summary="The year's report as a PDF",
    response_class=Response,
    responses={**PDF, **may_answer(*READ)},
)
def read_report_paper(asking: ByToken, wanted: Wanted) -> Response:
    """The same on paper."""
    return _paper(asking, wanted)


@router.get("/panel/report", include_in_schema=False)
def report_page(request: Request, asking: ByVisit, wanted: Wanted) -> Response:
    """The same, to be read."""
    told = _report(asking, wanted)
    with asking.reading(*REPORTS) as (_, actor):
        return write(request, "report.html", actor=actor, told=told, explained=explained(told))


@router.get("/panel/report.pdf", include_in_schema=False)
def report_paper_page(asking: ByVisit, wanted: Wanted) -> Response:
    """The same on paper."""
    return _paper(asking, wanted)


def _report(asking: Asking, wanted: Year) -> Report:
    today = london_date(asking.at)
    with asking.reading(*REPORTS) as (session, _):
        return report(session, wanted.year or year_of(today), today)


def _paper(asking: Asking, wanted: Year) -> Response:
    told = _report(asking, wanted)
    return pdf_file(report_paper(told), f"scrutiny-{told.first.year}")
