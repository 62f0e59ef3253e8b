"""Documents of a case: which can be made, one looked at before it is issued, and those that were issued."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from api.case.routes import find
from api.procedure.commands import COMMON_PROBLEMS, Ref
from api.web.context import BySession, ByToken, RequestContext
from api.web.pages import write
from api.web.problems import FieldFault, ProblemError, invalid, located, may_answer
from divert.acts.answers import YesNo
from divert.acts.command import EntryNumber
from divert.acts.refusals import NotAllowed
from divert.casework.command import Context
from divert.casework.commands.contract import SignContract, Terms, VaryContract
from divert.casework.commands.documents import sha256
from divert.casework.preview import draft, possible_documents, preview
from divert.clock import london_text, written_date
from divert.documents.kinds import KINDS, DocumentKind
from divert.models import Case, Document, LedgerEntry
from divert.people.rights import may_read
from divert.people.staff import Actor
from divert.records import access

router = APIRouter(tags=["documents"])


class DocumentOptions(BaseModel):
    """How a document is wanted."""

    model_config = ConfigDict(extra="forbid")

    about: EntryNumber | None = Field(
        default=None, description="The number of the appointment, or of the report of a breach, where it is about one."
    )
    large_print: YesNo = Field(default=False, description="In 18 point.")


class PossibleView(BaseModel):
    """A document that the caller could issue now."""

    kind: DocumentKind
    title: str
    reader: str = Field(description="Whom it is for.")
    about: int | None
    about_words: str | None
    has_large_print: bool
    href: str = Field(description="Where to look at it.")


class IssuedView(BaseModel):
    """A document that was issued."""

    seq: int = Field(description="The ledger entry that holds its hash.")
    kind: DocumentKind
    title: str
    reader: str
    about: int | None
    large_print: bool
    sha256: str
    at: datetime
    by: str
    href: str = Field(description="Where to read it.")


class DocumentsView(BaseModel):
    """What could be issued, and what was."""

    ref: str
    version: int
    possible: list[PossibleView]
    issued: list[IssuedView]


PDF: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
        "description": "A tagged PDF (PDF/UA-1).",
        "headers": {"ETag": {"description": "The document's SHA-256, in quotes.", "schema": {"type": "string"}}},
    }
}
Number = Annotated[int, Path(ge=1, le=1_000_000, description="The ledger entry that issued it.", examples=[12])]
Options = Annotated[DocumentOptions, Query()]


@router.get(
    "/api/cases/{ref}/documents",
    summary="A case's documents",
    responses=may_answer("not-signed-in", "not-found"),
)
def read_documents(ref: Ref, context: ByToken) -> DocumentsView:
    """Those that the caller could issue now, and those issued that the caller may read."""
    with context.writing() as (session, actor):
        return _documents_view(session, actor, context, ref)


@router.get(
    "/api/cases/{ref}/documents/{kind}/preview",
    summary="Look at a document before it is issued",
    response_class=Response,
    responses={**PDF, **may_answer("not-signed-in", "not-allowed", "not-found", "refused", "invalid")},
)
def read_preview(ref: Ref, kind: DocumentKind, options: Options, context: ByToken) -> Response:
    """The document as it would go out now. To issue it, send its ETag as the `sha256` of `issue-document`."""
    return pdf_file(_preview_pdf(context, ref, kind, options), f"{kind}-{ref}-preview")


@router.post(
    "/api/cases/{ref}/contract-draft",
    summary="Read a contract before it is signed",
    response_class=Response,
    responses={**PDF, **may_answer(*COMMON_PROBLEMS, "not-found")},
)
def draft_contract(
    ref: Ref, terms: SignContract | VaryContract, context: ByToken, large_print: Annotated[YesNo, Query()] = False
) -> Response:
    """The contract on these terms, each page marked as a draft, with room to sign. Nothing is stored."""
    return draft_response(context, ref, terms, large_print=large_print)


@router.get(
    "/api/cases/{ref}/documents/{seq}",
    summary="Read a document that was issued",
    response_class=Response,
    responses={**PDF, **may_answer("not-signed-in", "not-allowed", "not-found")},
)
def read_document(ref: Ref, seq: Number, context: ByToken) -> Response:
    """As it went out, to the byte."""
    return pdf_file(_issued_pdf(context, ref, seq), f"{ref}-{seq}")


@router.get("/cases/{ref}/documents", include_in_schema=False)
def documents_page(request: Request, ref: Ref, context: BySession) -> Response:
    """The same, to be read."""
    with context.writing() as (session, actor):
        documents = _documents_view(session, actor, context, ref)
        return write(request, "documents.html", actor=actor, documents=documents)


@router.get("/cases/{ref}/issue-document", include_in_schema=False)
def issue_form(ref: Ref) -> Response:
    """Nobody types a hash: a document is chosen, looked at, and issued from the page that shows it."""
    return RedirectResponse(f"/cases/{ref}/documents", 303)


@router.get("/cases/{ref}/documents/issued/{seq}", include_in_schema=False)
def document_page(ref: Ref, seq: Number, context: BySession) -> Response:
    """One that was issued."""
    return pdf_file(_issued_pdf(context, ref, seq), f"{ref}-{seq}")


@router.get("/cases/{ref}/documents/{kind}/preview", include_in_schema=False)
def preview_pdf(ref: Ref, kind: DocumentKind, options: Options, context: BySession) -> Response:
    """One that was not."""
    return pdf_file(_preview_pdf(context, ref, kind, options), f"{kind}-{ref}-preview")


@router.get("/cases/{ref}/documents/{kind}", include_in_schema=False)
def preview_page(request: Request, ref: Ref, kind: DocumentKind, options: Options, context: BySession) -> Response:
    """Where a document is opened, looked at, and issued as it is."""
    digest = sha256(_preview_pdf(context, ref, kind, options))
    with context.reading() as (session, actor):
        case = find(session, ref, actor)
        return write(
            request,
            "preview.html",
            actor=actor,
            ref=ref,
            version=case.version,
            person=case.person.full_name,
            kind=kind,
            description=KINDS[kind],
            options=options,
            sha256=digest,
        )


def _documents_view(session: Session, actor: Actor, context: RequestContext, ref: str) -> DocumentsView:
    case = find(session, ref, actor)
    access.record(session, actor, "consultation", context.at, case_ref=ref, what="documents")
    case_context = Context(session, actor, context.at, case.version + 1)
    return DocumentsView(
        ref=ref,
        version=case.version,
        possible=[_possible_view(case, kind, about) for kind, about in possible_documents(case, case_context)],
        issued=issued_documents(case, case_context),
    )


def issued_documents(case: Case, case_context: Context) -> list[IssuedView]:
    """What was issued of a case and the reader may have."""
    readable = [
        document
        for document in case.documents
        if may_read(case_context.by.role, KINDS[DocumentKind(document.kind)].subject)
    ]
    return [_issued_view(case, document, case_context) for document in readable]


def _possible_view(case: Case, kind: DocumentKind, about: int | None) -> PossibleView:
    description = KINDS[kind]
    appointment = next((row for row in case.appointments if row.number == about), None)
    breach = next((row for row in case.breaches if row.seq == about), None)
    words = f"{appointment.purpose}, {london_text(appointment.at)}" if appointment else None
    words = f"reported for {written_date(breach.occurred_on)}" if breach else words
    query = f"?about={about}" if about is not None else ""
    return PossibleView(
        kind=kind,
        title=description.title,
        reader=description.reader,
        about=about,
        about_words=words,
        has_large_print=description.has_large_print,
        href=f"/api/cases/{case.ref}/documents/{kind}/preview{query}",
    )


def _issued_view(case: Case, document: Document, case_context: Context) -> IssuedView:
    entry = case_context.session.get_one(LedgerEntry, (case.id, document.seq))
    description = KINDS[DocumentKind(document.kind)]
    return IssuedView(
        seq=document.seq,
        kind=DocumentKind(document.kind),
        title=description.title,
        reader=description.reader,
        about=document.about,
        large_print=document.large_print,
        sha256=document.sha256,
        at=entry.at,
        by=entry.by,
        href=f"/api/cases/{case.ref}/documents/{document.seq}",
    )


def _preview_pdf(context: RequestContext, ref: str, kind: DocumentKind, options: DocumentOptions) -> bytes:
    with context.writing() as (session, actor):
        case = find(session, ref, actor)
        case_context = Context(session, actor, context.at, case.version + 1)
        try:
            pdf = preview(case, case_context, kind, options.about, large_print=options.large_print)
        except ValidationError as error:
            faults = [located(detail["loc"], detail) for detail in error.errors()]
            raise invalid([FieldFault(parameter=str(path[0]), detail=text) for path, text in faults]) from None
        access.record(session, actor, "consultation", context.at, case_ref=ref, what=f"preview: {kind}")
        return pdf


def draft_response(context: RequestContext, ref: str, terms: Terms, *, large_print: bool) -> Response:
    """The draft of a contract, and on record that it was looked at. Raises what `draft` does."""
    with context.writing() as (session, actor):
        case = find(session, ref, actor)
        pdf = draft(case, Context(session, actor, context.at, case.version + 1), terms, large_print=large_print)
        access.record(session, actor, "consultation", context.at, case_ref=ref, what="draft: contract")
        return pdf_file(pdf, f"contract-{ref}-draft")


def _issued_pdf(context: RequestContext, ref: str, seq: int) -> bytes:
    with context.writing() as (session, actor):
        case = find(session, ref, actor)
        document = session.get(Document, (case.id, seq))
        if document is None:
            raise ProblemError("not-found", f"Entry {seq} of {ref} issued no document.")
        if not may_read(actor.role, KINDS[DocumentKind(document.kind)].subject):
            raise NotAllowed(f"The {KINDS[DocumentKind(document.kind)].title.lower()} is not for your role.")
        if sha256(document.pdf) != document.sha256:
            raise ProblemError(
                "failed", "What is kept is not what was issued. Tell the auditor: divert check says more."
            )
        access.record(session, actor, "consultation", context.at, case_ref=ref, what=f"document {seq}")
        return document.pdf


def pdf_file(pdf: bytes, name: str) -> Response:
    """Opened in the browser. The file's name never names a person."""
    headers = {"ETag": f'"{sha256(pdf)}"', "Content-Disposition": f'inline; filename="{name}.pdf"'}
    return Response(pdf, media_type="application/pdf", headers=headers)
