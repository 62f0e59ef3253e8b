"""Which documents could be issued now, and what one would look like; and a contract before it is signed."""

from divert.acts.refusals import NotAllowed, Refused
from divert.casework.command import Context
from divert.casework.commands.contract import Terms
from divert.casework.commands.documents import IssueDocument
from divert.casework.guards.dates import not_in_the_future
from divert.casework.guards.documents import CAN_BE_MADE
from divert.casework.workflow import objections
from divert.documents.inputs import inputs
from divert.documents.kinds import KINDS, DocumentKind
from divert.documents.render import render
from divert.models import Case

NOT_YET = "0" * 64


def preview(case: Case, context: Context, kind: DocumentKind, about: int | None, *, large_print: bool) -> bytes:
    """The PDF, made but not issued.

    Raises NotAllowed and Refused as issuing it would, and ValidationError where the kind asks for another `about`.
    """
    command = IssueDocument(kind=kind, about=about, large_print=large_print, sha256=NOT_YET)
    against = objections(case, IssueDocument, context)
    if against.role:
        raise NotAllowed(against.role)
    if against.reasons:
        raise Refused(against.reasons)
    failing = [guard for guard in CAN_BE_MADE if not guard.holds(case, context, command)]
    if failing:
        raise Refused([(guard.name, guard.sentence(case, context, command)) for guard in failing])
    return command.render_pdf(case, context)


def draft(case: Case, context: Context, terms: Terms, *, large_print: bool) -> bytes:
    """The contract as it would be signed on these terms, marked as a draft, to read and print. Nothing is kept.

    Raises NotAllowed and Refused as signing would; but the day of signing is left open, so it may be one to come.
    """
    against = objections(case, type(terms), context, terms)
    if against.role:
        raise NotAllowed(against.role)
    if reasons := [why for why in against.reasons if why[0] != not_in_the_future.name]:
        raise Refused(reasons)
    if_signed = context.session.begin_nested()
    try:
        terms.apply(case, context)
        content = inputs(DocumentKind.contract, case, context.session, context.today, None)
    finally:
        if_signed.rollback()
    return render(DocumentKind.contract, {**content, "draft": True}, large_print=large_print)


def possible_documents(case: Case, context: Context) -> list[tuple[DocumentKind, int | None]]:
    """Every document that `context.by` could issue now, with the number of what it would be about."""
    if objections(case, IssueDocument, context):
        return []
    documents: list[tuple[DocumentKind, int | None]] = []
    for kind, settled in KINDS.items():
        numbers: dict[str | None, list[int | None]] = {
            "appointment": [appointment.number for appointment in case.appointments],
            "breach": [report.seq for report in case.breaches],
            None: [None],
        }
        for about in numbers[settled.about]:
            command = IssueDocument(kind=kind, about=about, sha256=NOT_YET)
            if all(guard.holds(case, context, command) for guard in CAN_BE_MADE):
                documents.append((kind, about))
    return documents
