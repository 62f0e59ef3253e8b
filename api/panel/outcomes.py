"""What the panel found over all its meetings, by decision maker and by group; for those who coordinate it."""

from datetime import date

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.panel.meeting_view import EstimateView, estimate_view
from api.web.context import BySession, ByToken
from api.web.pages import write
from api.web.problems import may_answer
from divert.people.rights import Subject
from divert.records.meetings import all_meetings
from divert.scrutiny.meeting import meeting_result
from divert.scrutiny.outcomes import outcomes

router = APIRouter(tags=["panel"])


class GroupView(BaseModel):
    """A group of cases; what is None is withheld, because it is small or would give a small number away."""

    label: str
    cases: int | None
    drawn: int | None
    found: int | None
    says: str


class TrendView(BaseModel):
    """One meeting, with what its own draw proves."""

    meeting: int
    held_on: date
    proves: EstimateView


class OutcomesView(BaseModel):
    """From meeting to meeting, all together, and by group."""

    trend: list[TrendView]
    altogether: EstimateView
    by: dict[str, list[GroupView]] = Field(description="By what cases are compared: the groups.")


def _view(session: Session) -> OutcomesView:
    meetings = all_meetings(session)
    compared = outcomes(session, meetings)
    return OutcomesView(
        trend=[
            TrendView(
                meeting=meeting.number,
                held_on=meeting.held_on,
                proves=estimate_view(meeting_result(session, meeting, meetings).altogether),
            )
            for meeting in meetings
        ],
        altogether=estimate_view(compared.altogether),
        by={name: [GroupView(**group._asdict()) for group in groups] for name, groups in compared.by.items()},
    )


@router.get("/api/panel/outcomes", summary="Read outcomes", responses=may_answer("not-signed-in", "not-allowed"))
def read_outcomes(context: ByToken) -> OutcomesView:
    """What the panel found over all its meetings, by decision maker and by group, small numbers withheld."""
    with context.reading(Subject.comparisons) as (session, _):
        return _view(session)


@router.get("/panel/outcomes", include_in_schema=False)
def outcomes_page(request: Request, context: BySession) -> Response:
    """The same, to be read."""
    with context.reading(Subject.comparisons) as (session, actor):
        return write(request, "outcomes.html", actor=actor, outcomes=_view(session))
