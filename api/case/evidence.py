"""Files of evidence: given to a case before a command names them, and read again by whoever may read what named them.

A file is handed out only to be saved, never shown: it came from outside, and nothing in it may run here.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from api.case.routes import find
from api.case.view import files_in, history
from api.procedure.commands import Ref
from api.web.context import BySession, ByToken, RequestContext
from api.web.forms import flat
from api.web.problems import ProblemError, may_answer
from divert.acts.refusals import Refused
from divert.casework.command import CaseCommand, Context
from divert.casework.files import StoredFile
from divert.casework.giving import NAMES_FILES, give
from divert.records import access, evidence
from divert.records.evidence import EXTENSIONS, MEDIA_TYPES, PLAIN, FileRefused
from divert.records.ledger import entries_of

router = APIRouter(tags=["evidence"])

BYTES: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
SANDBOX = "sandbox; default-src 'none'; frame-ancestors 'none'"
Digest = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="The file's SHA-256.", examples=["0" * 64])]


async def request_body(request: Request) -> bytes:
    """The body, as it came."""
    return await request.body()


@router.post(
    "/api/cases/{ref}/evidence",
    status_code=201,
    summary="Give a file of evidence",
    openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": BYTES}}},
    responses=may_answer("not-signed-in", "not-allowed", "not-found", "refused", "too-large", "media-type"),
)
def give_file(ref: Ref, content: Annotated[bytes, Depends(request_body)], context: ByToken) -> StoredFile:
    """Send a file's bytes as the body. What it is, its bytes say: PDF, JPEG, PNG, Word (docx) or plain text in UTF-8.

    Then name it in a command that takes `files`, within a day, with a title of your own:
    `{"files": [{"title": "Certificate of the course", "file": <this answer>}]}`. A file that no entry comes to name is
    deleted.
    """
    limit = context.app_state.settings.max_file_bytes
    if len(content) > limit:
        raise ProblemError("too-large", f"The most is {evidence.size_in_words(limit)}.")
    try:
        return _store(context, ref, content)
    except FileRefused as fault:
        raise ProblemError("media-type", str(fault)) from None


@router.get(
    "/api/cases/{ref}/evidence/{sha256}",
    summary="Read a file of evidence",
    response_class=Response,
    responses={
        200: {
            "content": dict.fromkeys(MEDIA_TYPES, BYTES),
            "description": "The bytes as they were given, to be saved.",
        },
        **may_answer("not-signed-in", "not-found"),
    },
)
def read_file(ref: Ref, sha256: Digest, context: ByToken) -> Response:
    """The file, to whoever may read an entry of the case that names it."""
    return _read(context, ref, sha256)


@router.get("/cases/{ref}/evidence/{sha256}", include_in_schema=False)
def file_page(ref: Ref, sha256: Digest, context: BySession) -> Response:
    """The same, from a page."""
    return _read(context, ref, sha256)


def store_files(context: RequestContext, command: type[CaseCommand], ref: str, form: FormData) -> FormData:
    """A form with each file in it kept, and named as what it was kept under; or with what is wrong with it instead."""
    fields: list[tuple[str, str | UploadFile]] = []
    for name, value in form.multi_items():
        if isinstance(value, str):
            fields.append((name, value))
        elif value.filename and command in NAMES_FILES:
            fields += _stored_fields(context, ref, name, value)
    return FormData(fields)


def _stored_fields(context: RequestContext, ref: str, name: str, upload: UploadFile) -> list[tuple[str, str]]:
    try:
        return flat(_store(context, ref, upload.file.read()).model_dump(), f"{name}-")
    except FileRefused as fault:
        return [(f"{name}-fault", str(fault))]
    except Refused:  # the command itself will be, with every reason
        return []


def _store(context: RequestContext, ref: str, content: bytes) -> StoredFile:
    settings = context.app_state.settings
    with context.writing() as (session, actor):
        case = find(session, ref, actor)
        case_context = Context(session, actor, context.at, case.version + 1)
        return give(case, case_context, settings.evidence_folder, content, settings.max_file_bytes)


def _read(context: RequestContext, ref: str, sha256: str) -> Response:
    with context.writing() as (session, actor):
        case = find(session, ref, actor)
        files = files_in(ref, history(entries_of(session, case), actor))
        file = next((file for file in files if file.sha256 == sha256), None)
        if file is None:
            raise ProblemError("not-found", f"{ref} has no such file that you may read.")
        access.record(session, actor, "consultation", context.at, case_ref=ref, what=f"file of entry {file.seq}")
    try:
        content = evidence.read(context.app_state.settings.evidence_folder, sha256)
    except LookupError as gone:
        raise ProblemError("failed", f"What is kept is not what was given: {gone}. Tell the auditor.") from None
    name = f"{ref}-entry-{file.seq}.{EXTENSIONS[file.media_type]}"
    return Response(
        content,
        media_type=f"{PLAIN}; charset=utf-8" if file.media_type == PLAIN else file.media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Content-Security-Policy": SANDBOX},
    )
