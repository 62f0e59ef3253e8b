"""The pages that people come to first: the worklist, and the case with everything that may be known of it."""

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from api.cases import find, standing
from api.commands import Ref
from api.deps import ByVisit
from api.page import write
from api.problems import unusable
from api.told import told
from api.view import EntryView, case_view, history
from api.worklist import Filters, cases
from divert.casework.command import Context
from divert.clock import london_date
from divert.models import Role, State
from divert.people.staff import KEYWORKERS, Actor
from divert.records import access
from divert.rulebook import rulebook

router = APIRouter(include_in_schema=False)

ELSEWHERE = {
    Role.board_member: "/board/figures",
    Role.panel_coordinator: "/panel/draws",
    Role.panel_member: "/panel/draws",
}
"""Where those begin who have no cases."""


def searched(request: Request) -> Filters:
    """What a search form asked for; what was left blank was not asked."""
    try:
        return Filters.model_validate({name: said for name, said in request.query_params.items() if said.strip()})
    except ValidationError as error:
        raise unusable(error) from None


@router.get("/")
def worklist(request: Request, wanted: Annotated[Filters, Depends(searched)], asking: ByVisit) -> Response:
    """What is due: to a keyworker their own cases, to an officer their own referrals, to others all that are open."""
    with asking.writing() as (session, actor):
        if actor.role in ELSEWHERE:
            return RedirectResponse(ELSEWHERE[actor.role], 303)
        if not request.query_params:
            own = actor.username if actor.role in KEYWORKERS else None
            wanted = Filters(open_only=True, keyworker=own, order="due")
        access.record(session, actor, "consultation", asking.at, what="worklist")
        return write(
            request,
            "worklist.html",
            actor=actor,
            page=cases(session, actor, wanted),
            wanted=wanted,
            states=State,
            today=london_date(asking.at),
            following=urlencode(wanted.model_dump(mode="json", exclude_none=True, exclude={"cursor"})),
        )


@router.get("/cases/{ref}")
def case_page(request: Request, ref: Ref, asking: ByVisit) -> Response:
    """Everything the reader may know of a case, and what they may do next."""
    with asking.writing() as (session, actor):
        case = find(session, ref, actor)
        access.record(session, actor, "consultation", asking.at, case_ref=ref, what="case page")
        now = standing(case, Context(session, actor, asking.at, case.version + 1))
        entries = history(session, case, actor)
        return write(
            request,
            "case.html",
            actor=actor,
            case=case_view(session, case, actor),
            open_now=[command for command, against in now if not against],
            closed=[(command, [why for _, why in against.reasons]) for command, against in now if against.reasons],
            history=told(reversed(entries)),
            done=done(entries, request.query_params.get("done"), actor),
            rules=rulebook(),
        )


def done(entries: Sequence[EntryView], seq: str | None, actor: Actor) -> str | None:
    """What the reader has just done, as long as it is the last that was done."""
    last = entries[-1]
    return f"{last.title}: recorded." if str(last.seq) == seq and last.by == actor.username else None
