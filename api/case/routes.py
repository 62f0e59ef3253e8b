"""Reading cases: the list, one case, what may be done to it, and its history. Every reading is in the access log."""

from functools import lru_cache
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field
from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session, joinedload

from api.case.listing import PageView, Search, cases
from api.case.view import CaseView, EntryView, case_view, history
from api.procedure.choices import schema_with_choices
from api.procedure.commands import Ref
from api.procedure.lifecycle import purpose
from api.web.context import ByToken
from api.web.problems import Reason, may_answer
from divert.acts.refusals import NotAllowed
from divert.casework.command import CaseCommand, Context
from divert.casework.commands.referral import Refer
from divert.casework.lifecycle import FOR_PEOPLE
from divert.casework.visibility import may_see
from divert.casework.workflow import NoSuchCase, Objections, objections
from divert.models import Case
from divert.models.loading import load_all
from divert.people.rights import Subject, may_read
from divert.people.staff import Actor
from divert.records import access
from divert.records.ledger import entries_of

router = APIRouter(tags=["cases"])

ETAG: dict[int | str, dict[str, Any]] = {
    200: {"headers": {"ETag": {"description": "The case's version, for If-Match.", "schema": {"type": "string"}}}}
}


class OfferView(BaseModel):
    """A command, and whether the caller may carry it out now."""

    command: str
    title: str
    description: str
    href: str = Field(description="Where to POST it.")
    open: bool
    reasons: list[Reason] = Field(description="Why not; empty where it is open.")
    body: dict[str, Any] | None = Field(
        description="Where it is open: the JSON Schema (2020-12) of its body, with the choices that this case offers."
    )


class OffersView(BaseModel):
    """Everything in the lifecycle, for this case and this caller."""

    ref: str
    version: int
    commands: list[OfferView]


class LedgerView(BaseModel):
    """A case's history, first to last."""

    ref: str
    version: int
    entries: list[EntryView]


def find(session: Session, ref: str, actor: Actor) -> Case:
    """The case, where `actor` may know of it. Raises NoSuchCase."""
    case = session.scalar(_query_for(actor), {"ref": ref})
    if case is None:
        raise NoSuchCase(f"There is no case {ref} that you may open.")
    return case


@lru_cache
def _query_for(actor: Actor) -> Select[Case]:
    """The query for one case that `actor` may open, with whom it is about: composed once."""
    query = select(Case).where(Case.ref == bindparam("ref"), may_see(actor))
    return query.options(joinedload(Case.person), joinedload(Case.victim))


def commands_with_objections(case: Case, case_context: Context) -> list[tuple[type[CaseCommand], Objections]]:
    """Every command for people but the one that opens a case, with what stands against it now."""
    return [
        (command, objections(case, command, case_context)) for command in FOR_PEOPLE.values() if command is not Refer
    ]


def _offer(command: type[CaseCommand], against: Objections, case: Case, case_context: Context) -> OfferView:
    reasons = [("role", against.role)] if against.role else against.reasons
    return OfferView(
        command=command.slug(),
        title=command.title(),
        description=purpose(command),
        href=f"/api/cases/{case.ref}/commands/{command.slug()}",
        open=not against,
        reasons=[Reason(guard=name, reason=sentence) for name, sentence in reasons],
        body=None if against else schema_with_choices(command, case, case_context),
    )


@router.get("/api/cases", summary="List cases", responses=may_answer("not-signed-in", "not-allowed", "invalid"))
def list_cases(filters: Annotated[Search, Query()], context: ByToken) -> PageView:
    """The cases that the caller may know of, the latest first."""
    with context.writing(Subject.cases) as (session, actor):
        access.record(session, actor, "consultation", context.at, what="list of cases")
        return cases(session, actor, filters)


@router.get("/api/cases/{ref}", summary="Read a case", responses={**ETAG, **may_answer("not-signed-in", "not-found")})
def read_case(ref: Ref, context: ByToken, response: Response) -> CaseView:
    """Everything the caller may know of a case."""
    with context.writing() as (session, actor):
        case = find(session, ref, actor)
        access.record(session, actor, "consultation", context.at, case_ref=ref, what="case")
        response.headers["ETag"] = f'"{case.version}"'
        load_all(session, case)
        return case_view(case, actor, entries_of(session, case))


@router.get(
    "/api/cases/{ref}/commands",
    summary="What may be done to a case",
    responses={**ETAG, **may_answer("not-signed-in", "not-found")},
)
def read_commands(ref: Ref, context: ByToken, response: Response) -> OffersView:
    """Each command: open to the caller now, with the JSON Schema of its body; or closed, with every reason."""
    with context.writing() as (session, actor):
        case = find(session, ref, actor)
        access.record(session, actor, "consultation", context.at, case_ref=ref, what="commands")
        response.headers["ETag"] = f'"{case.version}"'
        load_all(session, case)
        case_context = Context(session, actor, context.at, case.version + 1)
        offers = [
            _offer(command, against, case, case_context)
            for command, against in commands_with_objections(case, case_context)
        ]
        return OffersView(ref=ref, version=case.version, commands=offers)


@router.get(
    "/api/cases/{ref}/ledger",
    summary="A case's history",
    responses={**ETAG, **may_answer("not-signed-in", "not-allowed", "not-found")},
)
def read_ledger(ref: Ref, context: ByToken, response: Response) -> LedgerView:
    """Every entry, for the team and the auditor. Salt, body and commitment together let anyone prove an entry again."""
    with context.writing() as (session, actor):
        case = find(session, ref, actor)
        if not may_read(actor.role, Subject.support):
            raise NotAllowed("The history is for the Divert team and the auditor.")
        access.record(session, actor, "consultation", context.at, case_ref=ref, what="ledger")
        response.headers["ETag"] = f'"{case.version}"'
        return LedgerView(ref=ref, version=case.version, entries=history(entries_of(session, case), actor))
