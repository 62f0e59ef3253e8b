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
from divert.records.meetings import all_meetings
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
            meeting=action.meeting,
            pack=action.pack,
            score=action.score,
            doubts=action.doubts,
            doubted_in=policy_of(session, action.frame, action.drawn_as) if action.doubts else None,
            learning=action.learning,
            learning_for=action.learning_for,
            owner=action.owner,
            due_on=action.due_on,
            overdue=action.overdue(today),
            response=action.response,
            closed=action.closed,
        )
        for action in actions(all_meetings(session))
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
        return write(
            request,
            "actions.html",
            actor=actor,
            actions=action_views(session, london_date(context.at)),
            answers=actor.role in RecordResponse.by,
            rehearses=may_read(actor.role, Subject.proposals),
        )
