"""What the panel takes to the table: one pack as a PDF, and every pack of a meeting in one file."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.case.documents import PDF, pdf_file
from api.panel.meetings import READ, Number, PackName, may_open, open_meeting_pack
from api.web.context import BySession, ByToken, RequestContext
from api.web.problems import ProblemError, may_answer
from divert.acts.answers import YesNo
from divert.models import Frame
from divert.people.rights import Subject
from divert.people.staff import Actor
from divert.records.meetings import Meeting
from divert.scrutiny.meeting_commands import find_meeting
from divert.scrutiny.papers import NumberedPack, meeting_paper, pack_paper

router = APIRouter(tags=["panel"])


class PaperOptions(BaseModel):
    """With or without what came later."""

    model_config = ConfigDict(extra="forbid")

    alone: YesNo = Field(
        default=False,
        description="Without the sheet that says what came later: then the bytes are the same whenever it is made.",
    )


Options = Annotated[PaperOptions, Query()]


@router.get(
    "/api/panel/meetings/{number}/packs.pdf",
    summary="Every pack of a meeting in one file",
    response_class=Response,
    responses={**PDF, **may_answer(*READ)},
)
def read_packs_paper(number: Number, context: ByToken) -> Response:
    """Those that you may open: a member's file leaves out what they have a conflict in, and says so."""
    return _packs(number, context)


@router.get(
    "/api/panel/meetings/{number}/packs/{name}.pdf",
    summary="One pack of a meeting as a PDF",
    response_class=Response,
    responses={**PDF, **may_answer(*READ, "invalid")},
)
def read_pack_paper(number: Number, name: PackName, options: Options, context: ByToken) -> Response:
    """As its page is: blind, and as known when the case left the scheme's hands."""
    return _pack(number, name, options, context)


@router.get("/panel/meetings/{number}/packs.pdf", include_in_schema=False)
def packs_paper(number: Number, context: BySession) -> Response:
    """The same, from its page."""
    return _packs(number, context)


@router.get("/panel/meetings/{number}/packs/{name}.pdf", include_in_schema=False)
def pack_paper_of(number: Number, name: PackName, options: Options, context: BySession) -> Response:
    """The same, from its page."""
    return _pack(number, name, options, context)


def _packs(number: int, context: RequestContext) -> Response:
    with context.writing(Subject.meetings) as (session, actor):
        meeting = find_meeting(session, number, actor)
        names = [name for name in meeting.packs if may_open(meeting, name, actor)]
        if not names:
            raise ProblemError("not-found", "There is no pack that you may open at this meeting.")
        packs = [_open(session, meeting, name, actor, context) for name in names]
    return pdf_file(meeting_paper(meeting, packs, len(meeting.packs) - len(names)), f"meeting-{number}-packs")


def _pack(number: int, name: str, options: PaperOptions, context: RequestContext) -> Response:
    with context.writing(Subject.meetings) as (session, actor):
        meeting = find_meeting(session, number, actor)
        pack = _open(session, meeting, name, actor, context)
    return pdf_file(pack_paper(meeting, pack, alone=options.alone), f"meeting-{number}-pack-{pack.number}")


def _open(session: Session, meeting: Meeting, name: str, actor: Actor, context: RequestContext) -> NumberedPack:
    """A pack, opened: who opens it may, and that they did is logged."""
    pack = open_meeting_pack(session, meeting, name, actor, context)
    cut_off = session.get_one(Frame, meeting.packs[name].frame).cut_off
    return NumberedPack([*meeting.packs].index(name) + 1, name, pack, cut_off)
