"""Which documents could be issued now, and what one would look like."""

from divert.casework.command import Context
from divert.casework.commands.documents import IssueDocument
from divert.casework.guards.documents import CAN_BE_MADE
from divert.casework.workflow import NotAllowed, Refused, objections
from divert.documents.kinds import KINDS, DocumentKind
from divert.models import Case

NOT_YET = "0" * 64


def preview(case: Case, context: Context, kind: DocumentKind, about: int | None, *, large_print: bool) -> bytes:
    """The PDF, made but not issued.

    Raises NotAllowed and Refused as issuing it would, and ValidationError where the kind asks for another `about`.
    """
    wanted = IssueDocument(kind=kind, about=about, large_print=large_print, sha256=NOT_YET)
    against = objections(case, IssueDocument, context)
    if against.role:
        raise NotAllowed(against.role)
    failing = [one for one in CAN_BE_MADE if not one.holds(case, context, wanted)]
    if failing:
        raise Refused([(one.name, one.sentence(case, context, wanted)) for one in failing])
    return wanted.made(case, context)


def possible(case: Case, context: Context) -> list[tuple[DocumentKind, int | None]]:
    """Every document that `context.by` could issue now, with the number of what it would be about."""
    if objections(case, IssueDocument, context):
        return []
    found: list[tuple[DocumentKind, int | None]] = []
    for kind, settled in KINDS.items():
        numbers: dict[str | None, list[int | None]] = {
            "appointment": [one.seq for one in case.appointments],
            "breach": [one.seq for one in case.breaches],
            None: [None],
        }
        for about in numbers[settled.about]:
            wanted = IssueDocument(kind=kind, about=about, sha256=NOT_YET)
            if all(one.holds(case, context, wanted) for one in CAN_BE_MADE):
                found.append((kind, about))
    return found
