"""The file that another organisation would get, to be looked at before it is shared."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.case.routes import find
from api.procedure.commands import Ref
from api.web.context import ByToken
from api.web.problems import may_answer
from divert.casework.command import Context
from divert.casework.sharing import preview
from divert.exchange.consent import Part
from divert.exchange.format import SharedCase, Spelling, sha256
from divert.records import access

router = APIRouter(tags=["exchange"])

MEDIA_TYPES = {"json": "application/json", "csv": "text/csv"}
FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "model": SharedCase,
        "content": {"text/csv": {"schema": {"type": "string"}}},
        "description": "The file, to the byte, as `docs/exchange.md` describes it.",
        "headers": {"ETag": {"description": "The file's SHA-256, in quotes.", "schema": {"type": "string"}}},
    }
}


class SharedFileQuery(BaseModel):
    """For whom, what of it, and how."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    to: str = Field(
        min_length=1,
        max_length=120,
        pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$",
        description="The organisation, as the consent names it.",
        examples=["Harbour Housing"],
    )
    part: list[Part] = Field(default=[], max_length=len(Part), description="None: all that consent covers.")
    format: Spelling = Field(default="json")


@router.get(
    "/api/cases/{ref}/shared",
    summary="Look at the file that would be shared",
    response_class=Response,
    responses={**FILE, **may_answer("not-signed-in", "not-allowed", "not-found", "refused", "invalid")},
)
def read_shared(ref: Ref, query: Annotated[SharedFileQuery, Query()], context: ByToken) -> Response:
    """The file as it would leave today. To share it, send its ETag as the `sha256` of `share-case`; until then it may
    not be handed on."""
    with context.writing() as (session, actor):
        case = find(session, ref, actor)
        case_context = Context(session, actor, context.at, case.version + 1)
        file = preview(case, case_context, query.to, query.part, query.format)
        access.record(session, actor, "consultation", context.at, case_ref=ref, what="file to be shared")
    return Response(file, media_type=MEDIA_TYPES[query.format], headers={"ETag": f'"{sha256(file)}"'})
