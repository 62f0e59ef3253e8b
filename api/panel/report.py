"""The year of scrutiny as it may be published: page, paper and JSON."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.case.documents import PDF, pdf_file
from api.web.context import BySession, ByToken, RequestContext
from api.web.pages import write
from api.web.problems import may_answer
from divert.clock import london_date
from divert.people.rights import Subject
from divert.scrutiny.report import Report, explained, report, report_paper, year_of

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
def read_report(context: ByToken, wanted: Wanted) -> Report:
    """Meetings, what was drawn and found with what it proves, agreement, learning and actions. It names nobody."""
    return _report(context, wanted)


@router.get(
    "/api/panel/report.pdf",
    summary="The year's report as a PDF",
    response_class=Response,
    responses={**PDF, **may_answer(*READ)},
)
def read_report_paper(context: ByToken, wanted: Wanted) -> Response:
    """The same on paper."""
    return _paper(context, wanted)


@router.get("/panel/report", include_in_schema=False)
def report_page(request: Request, context: BySession, wanted: Wanted) -> Response:
    """The same, to be read."""
    told = _report(context, wanted)
    with context.reading(Subject.scrutiny_report) as (_, actor):
        return write(request, "report.html", actor=actor, told=told, explained=explained(told))


@router.get("/panel/report.pdf", include_in_schema=False)
def report_paper_page(context: BySession, wanted: Wanted) -> Response:
    """The same on paper."""
    return _paper(context, wanted)


def _report(context: RequestContext, wanted: Year) -> Report:
    today = london_date(context.at)
    with context.reading(Subject.scrutiny_report) as (session, _):
        return report(session, wanted.year or year_of(today), today)


def _paper(context: RequestContext, wanted: Year) -> Response:
    told = _report(context, wanted)
    return pdf_file(report_paper(told), f"scrutiny-{told.first.year}")
