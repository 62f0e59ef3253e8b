"""A document is issued: what was previewed is what is kept, letter for letter, and the ledger holds its hash."""

import hashlib
from typing import Annotated

from pydantic import Field, PrivateAttr, model_validator

from divert.acts.answers import YesNo
from divert.acts.command import EntryNumber
from divert.casework.command import CaseCommand, Context
from divert.documents.inputs import inputs
from divert.documents.kinds import KINDS, DocumentKind, Kind
from divert.documents.render import render
from divert.models import Case, Document
from divert.records import access

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class IssueDocument(
    CaseCommand,
    title="Issue a document",
    json_schema_extra={"examples": [{"kind": "contract", "large_print": "no", "sha256": hashlib.sha256().hexdigest()}]},
):
    """Issue a letter, contract or bundle, exactly as it was previewed. Whoever hands it on has read it."""

    kind: DocumentKind = Field(title="Document")
    about: EntryNumber | None = Field(
        default=None, title="About which", description="The number of the appointment, or of the report of a breach."
    )
    large_print: YesNo = Field(default=False, title="In large print")
    sha256: Sha256 = Field(title="SHA-256 of the preview", description="The preview's ETag.")

    _pdf: bytes = PrivateAttr(default=b"")

    @model_validator(mode="after")
    def _as_its_kind_asks(self) -> "IssueDocument":
        settled = self.settled
        if settled.about and self.about is None:
            raise ValueError(f"about: say which {settled.about} it is about, by its number, like 11.")
        if self.about is not None and not settled.about:
            raise ValueError(f"about: leave this out. The {settled.title.lower()} is about the case as a whole.")
        if self.large_print and not settled.has_large_print:
            raise ValueError(f"large_print: the {settled.title.lower()} has no large print. Leave this out.")
        return self

    @property
    def settled(self) -> Kind:
        """What is settled about its kind."""
        return KINDS[self.kind]

    def render_pdf(self, case: Case, context: Context) -> bytes:
        """The PDF as the case stands. LookupError where the case has nothing that it could say."""
        content = inputs(self.kind, case, context.session, context.today, self.about)
        self._pdf = render(self.kind, content, large_print=self.large_print)
        return self._pdf

    def apply(self, case: Case, context: Context) -> None:
        """Keep what the guard made and found to be what was previewed. Replay makes none: its hash stands for it."""
        case.documents.append(
            Document(
                seq=context.seq,
                kind=self.kind.value,
                about=self.about,
                large_print=self.large_print,
                sha256=self.sha256,
                pdf=self._pdf,
            )
        )
        what, reader = f"document: {self.kind}", self.settled.reader
        access.record(
            context.session, context.by, "disclosure", context.at, case_ref=case.ref, what=what, recipient=reader
        )


def sha256(pdf: bytes) -> str:
    """A document's hash, as the ledger names it."""
    return hashlib.sha256(pdf).hexdigest()
