"""What the worker could not do: messages not delivered, and missed deadlines set aside. No words and no addresses."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from sqlalchemy import select
from starlette.responses import RedirectResponse, Response

from api.web.context import BySession
from api.web.pages import SEES_WORK, write
from api.web.problems import ProblemError
from api.web.sign_in import Posted
from divert.law.rulebook import rulebook
from divert.models import Case, OutboxMessage, Role
from divert.records import access
from divert.worker import outbox
from divert.worker.sweep import deadlines_set_aside

router = APIRouter(include_in_schema=False)

RETRIES = (Role.project_manager,)
"""Who may have a dead message tried again: it may reach a person."""

SHOWN = 100
"""Messages of each kind on the page; the command line lists all."""


@router.get("/undone")
def undone_page(
    request: Request,
    context: BySession,
    retried: Annotated[int | None, Query(ge=0, lt=2**31)] = None,
) -> Response:
    """Everything that waits for the worker, or has been given up."""
    with context.reading(*SEES_WORK) as (session, actor):
        return write(
            request,
            "undone.html",
            actor=actor,
            dead=outbox.undelivered_messages(session, dead=True, at_most=SHOWN),
            waiting=outbox.undelivered_messages(session, at_most=SHOWN),
            shown=SHOWN,
            aside=deadlines_set_aside(session),
            standing=outbox.status_in_words,
            may_retry=actor.role in RETRIES,
            rules=rulebook(),
            done=f"Message {retried} will be tried again in the worker's next round." if retried else None,
        )


@router.post("/undone/messages/{message}/retry")
def retry(message: int, form: Posted, context: BySession) -> Response:
    """Give a dead message all its tries again."""
    with context.writing(*RETRIES) as (session, actor):
        if not 0 < message < 2**31 or not outbox.retry(session, message, context.at):
            raise ProblemError("not-found", "There is no such dead message: it may have been retried already.")
        about = select(Case.ref).join(OutboxMessage, OutboxMessage.case_id == Case.id)
        ref = session.scalar(about.where(OutboxMessage.id == message))
        access.record(session, actor, "alteration", context.at, case_ref=ref, what="message retried")
    return RedirectResponse(f"/undone?retried={message}", 303)
