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
from divert.scrutiny.report import Report, explanations, report, report_paper, year_of

router = APIRouter(tags=["panel"])

READ = ("not-signed-in", "not-allowed", "invalid")


class ReportYear(BaseModel):
    """Which year."""

    model_config = ConfigDict(extra="forbid")

    year: int | None = Field(
        default=None, ge=2019, le=2100, description="2019 is April 2019 to March 2020; left out: that of today."
    )


Year = Annotated[ReportYear, Query()]


@router.get("/api/panel/report", summary="The year's report", responses=may_answer(*READ))
def read_report(context: ByToken, query: Year) -> Report:
    """Meetings, what was drawn and found with what it proves, agreement, learning and actions. It names nobody."""
    return _report(context, query)


@router.get(
    "/api/panel/report.pdf",
    summary="The year's report as a PDF",
    response_class=Response,
    responses={**PDF, **may_answer(*READ)},
)
def read_report_paper(context: ByToken, query: Year) -> Response:
    """The same on paper."""
    return _paper(context, query)


@router.get("/panel/report", include_in_schema=False)
def report_page(request: Request, context: BySession, query: Year) -> Response:
    """The same, to be read."""
    published = _report(context, query)
    with context.reading(Subject.scrutiny_report) as (_, actor):
        return write(request, "report.html", actor=actor, report=published, explanations=explanations(published))


@router.get("/panel/report.pdf", include_in_schema=False)
def report_paper_page(context: BySession, query: Year) -> Response:
    """The same on paper."""
    return _paper(context, query)


def _report(context: RequestContext, query: ReportYear) -> Report:
    today = london_date(context.at)
    with context.reading(Subject.scrutiny_report) as (session, _):
        return report(session, query.year or year_of(today), today)


def _paper(context: RequestContext, query: ReportYear) -> Response:
    published = _report(context, query)
    return pdf_file(report_paper(published), f"scrutiny-{published.first.year}")
