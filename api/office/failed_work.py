"""What the worker could not do: messages not delivered, and missed deadlines set aside. No words and no addresses."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from api.procedure.acts import NUMBER, Offer, make_routes
from api.web.context import BySession
from api.web.pages import write
from divert.law.rulebook import rulebook
from divert.office.messages import RetryMessage
from divert.people.rights import Subject
from divert.worker import outbox
from divert.worker.sweep import deadlines_set_aside

router = APIRouter(tags=["staff"])

SHOWN = 100
"""Messages of each kind on the page; the command line lists all."""


@router.get("/undone", include_in_schema=False)
def undone_page(
    request: Request,
    context: BySession,
    retried: Annotated[int | None, Query(ge=0, lt=2**31)] = None,
) -> Response:
    """Everything that waits for the worker, or has been given up."""
    with context.reading(Subject.failed_work) as (session, actor):
        return write(
            request,
            "failed_work.html",
            actor=actor,
            dead=outbox.undelivered_messages(session, dead=True, at_most=SHOWN),
            waiting=outbox.undelivered_messages(session, at_most=SHOWN),
            shown=SHOWN,
            aside=deadlines_set_aside(session),
            standing=outbox.status_in_words,
            may_retry=actor.role in RetryMessage.by,
            rules=rulebook(),
            done=f"Message {retried} will be tried again in the worker's next round." if retried else None,
        )


class RetryView(BaseModel):
    """A message that will be tried again in the worker's next round."""

    case: str | None = Field(description="What it is about.")


make_routes(
    router,
    Offer(
        RetryMessage,
        "/api/messages/{message}/retry",
        "/undone/messages/{message}/retry",
        response_model=RetryView,
        view=lambda _session, case, _context, _actor: RetryView(case=case),
        next_page=lambda message, _case: f"/undone?retried={message}",
        parameter=NUMBER,
        own_page=False,
    ),
)
