"""The page of a case: everything the reader may know of it, what they may do next, and all that happened."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request
from sqlalchemy import select
from starlette.responses import JSONResponse, Response

from api.case import words
from api.case.documents import issued_documents
from api.case.history_text import entries_in_words
from api.case.routes import commands_with_objections, find
from api.case.view import EntryView, case_view, history
from api.procedure.commands import Ref
from api.web.context import ByPolling, BySession
from api.web.pages import write
from api.web.problems import ProblemError
from divert.casework.command import CaseCommand, Context
from divert.casework.guards.term import latest_end
from divert.casework.lifecycle import row_for
from divert.casework.visibility import may_see
from divert.casework.workflow import Objections
from divert.clock import london_date
from divert.law.rulebook import rulebook
from divert.models import Case, LedgerEntry
from divert.models.loading import load_all
from divert.people.staff import Actor
from divert.records import access
from divert.records.ledger import entries_of

router = APIRouter(include_in_schema=False)

LATEST = 20
"""Entries that the page tells; the rest has pages of its own."""

A_PAGE = 50


@router.get("/cases/{ref}")
def case_page(request: Request, ref: Ref, context: BySession) -> Response:
    """Everything the reader may know of a case, and what they may do next."""
    with context.writing() as (session, actor):
        case = find(session, ref, actor)
        access.record(session, actor, "consultation", context.at, case_ref=ref, what="case page")
        load_all(session, case)
        case_context = Context(session, actor, context.at, case.version + 1)
        commands = commands_with_objections(case, case_context)
        entries = entries_of(session, case)
        view = case_view(case, actor, entries)
        latest = history(entries[-LATEST:], actor)
        return write(
            request,
            "case.html",
            actor=actor,
            case=view,
            clock=words.clock(view, latest_end(case, case_context), case_context.today),
            open_now=[(command, _moves_the_case(command, case)) for command, against in commands if not against],
            closed=[(command.title(), reasons_in_words(against)) for command, against in commands if against.reasons],
            who=words.who(view),
            due=words.due_deadlines(view),
            over=words.past_deadlines(view),
            appointments=words.appointments(view.support, context.at) if view.support else None,
            needs=words.needs(view.support.needs, rulebook().needs) if view.support else [],
            may_share=words.may_share(case, case_context.today),
            issued=issued_documents(case, case_context),
            history=entries_in_words(reversed(latest)),
            done=done_message(latest, request.query_params.get("done"), actor),
            rules=rulebook(),
            today=case_context.today,
            london=london_date,
        )


def reasons_in_words(against: Objections) -> str:
    """Every reason, as sentences."""
    return " ".join(sentence for _, sentence in against.reasons)


def _moves_the_case(command: type[CaseCommand], case: Case) -> bool:
    """Whether a command can lead a case elsewhere than where it stands."""
    row = row_for(command, case.state)
    return row is not None and row.to is not None


@router.get("/cases/{ref}/version")
def version(request: Request, ref: Ref, context: ByPolling) -> Response:
    """Which version a case is at, for a page that watches it. It says nothing of the case, so it is not logged."""
    with context.reading() as (session, actor):
        current = session.scalar(select(Case.version).where(Case.ref == ref, may_see(actor)))
    if current is None:
        raise ProblemError("not-found")
    headers = {"ETag": f'"{current}"'}
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return JSONResponse({"version": current}, headers=headers)


@router.get("/cases/{ref}/history")
def history_page(
    request: Request, ref: Ref, context: BySession, before: Annotated[int | None, Query(ge=1, le=1_000_000)] = None
) -> Response:
    """All that happened, the latest first, a page at a time."""
    with context.writing() as (session, actor):
        case = find(session, ref, actor)
        access.record(session, actor, "consultation", context.at, case_ref=ref, what="history")
        query = select(LedgerEntry).where(LedgerEntry.case_id == case.id).order_by(LedgerEntry.seq.desc())
        entries = session.scalars(query.where(LedgerEntry.seq < (before or case.version + 1)).limit(A_PAGE)).all()
        rows = entries_in_words(history(entries, actor))
        return write(request, "history.html", actor=actor, ref=ref, version=case.version, history=rows)


def done_message(entries: Sequence[EntryView], seq: str | None, actor: Actor) -> str | None:
    """What the reader has just done, as long as it is the last that was done."""
    last = entries[-1]
    return f"{last.title}: recorded." if str(last.seq) == seq and last.by == actor.username else None
