"""What the panel's findings ask of others: for the coordinator to follow, and the force to answer."""

from datetime import date

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.web.context import BySession, ByToken
from api.web.pages import write
from api.web.problems import may_answer
from divert.clock import london_date
from divert.people.rights import Subject, may_read
from divert.records.meetings import meetings
from divert.scrutiny.actions import actions
from divert.scrutiny.meeting_commands import RecordResponse
from divert.scrutiny.opening import policy_of

router = APIRouter(tags=["panel"])


class ActionView(BaseModel):
    """A finding that asks for something: the case is never named, and never changes by it."""

    meeting: int
    pack: str
    score: int
    doubts: str | None = Field(description="The rule that it doubts.")
    doubted_in: str | None = Field(description="The policy of that rule.")
    learning: str | None
    learning_for: str | None = Field(description="person, team or organisation.")
    owner: str | None = Field(description="A post.")
    due_on: date | None
    overdue: bool
    response: str | None = Field(description="What the force answered last.")
    closed: bool


def action_views(session: Session, today: date) -> list[ActionView]:
    """Every one, the open ones first, by their day."""
    return [
        ActionView(
            meeting=one.meeting,
            pack=one.pack,
            score=one.score,
            doubts=one.doubts,
            doubted_in=policy_of(session, one.frame, one.drawn_as) if one.doubts else None,
            learning=one.learning,
            learning_for=one.learning_for,
            owner=one.owner,
            due_on=one.due_on,
            overdue=one.overdue(today),
            response=one.response,
            closed=one.closed,
        )
        for one in actions(meetings(session))
    ]


@router.get("/api/panel/actions", summary="List actions", responses=may_answer("not-signed-in", "not-allowed"))
def list_actions(context: ByToken) -> list[ActionView]:
    """What the panel's findings ask for, and what was answered: the open ones first, by their day."""
    with context.reading(Subject.findings) as (session, _):
        return action_views(session, london_date(context.at))


@router.get("/panel/actions", include_in_schema=False)
def actions_page(request: Request, context: BySession) -> Response:
    """The same, to be read; the force answers from here."""
    with context.reading(Subject.findings) as (session, actor):
        found = action_views(session, london_date(context.at))
        return write(
            request,
            "actions.html",
            actor=actor,
            found=found,
            answers=actor.role in RecordResponse.by,
            rehearses=may_read(actor.role, Subject.proposals),
        )
