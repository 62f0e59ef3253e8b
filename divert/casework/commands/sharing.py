"""A person says what may be shared; and it is shared, with a disclosure on record."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from divert.acts.answers import IsoDate, PastDate
from divert.acts.command import Words
from divert.casework.command import CaseCommand, Context
from divert.casework.commands.documents import Sha256
from divert.exchange.consent import Part, in_order
from divert.exchange.format import Spelling, sha256, shared_case, to_bytes
from divert.models import Case, Consent
from divert.records import access

Organisation = Annotated[str, Field(min_length=1, max_length=120, pattern=r"\S", examples=["Harbour Housing"])]


class Recipient(BaseModel):
    """One organisation."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: Organisation = Field(title="Organisation")


class RecordConsent(
    CaseCommand,
    title="Record consent to share",
    json_schema_extra={
        "examples": [
            {
                "answer": "given",
                "said_on": "2019-05-06",
                "how": "signed",
                "recipients": [{"name": "Harbour Housing"}],
                "parts": ["who", "contract", "appointments"],
                "until_on": "2019-08-05",
            }
        ]
    },
):
    """Record what the person agrees to have shared, with whom and until when; or that they take it back."""

    words_only = True

    answer: Literal["given", "withdrawn"] = Field(title="Consent")
    said_on: PastDate = Field(title="Date they said so")
    how: Literal["signed", "spoken"] = Field(title="How")
    recipients: list[Recipient] = Field(
        default=[],
        title="Organisations",
        description="A withdrawal that names none is from all.",
        max_length=20,
        json_schema_extra={"one": "organisation"},
    )
    parts: list[Part] = Field(
        default=[],
        title="Which parts of the case",
        description="A withdrawal that names none is of all.",
        max_length=len(Part),
    )
    until_on: IsoDate | None = Field(
        default=None, title="Last day it holds", description="Left out: until it is withdrawn."
    )
    note: Words | None = Field(default=None, title="Note")

    @model_validator(mode="after")
    def _says_enough(self) -> "RecordConsent":
        if self.answer == "given" and not self.recipients:
            raise ValueError("recipients: name each organisation that they agree to, like Harbour Housing.")
        if self.answer == "given" and not self.parts:
            raise ValueError(f"parts: say which parts they agree to: {', '.join(Part)}.")
        if self.answer == "withdrawn" and self.until_on is not None:
            raise ValueError("until_on: leave this out. What is withdrawn is withdrawn until it is given again.")
        if self.until_on is not None and self.until_on < self.said_on:
            raise ValueError("until_on: this is before the day they said so. Give that day or a later one.")
        return self

    def apply(self, case: Case, context: Context) -> None:
        """One statement more; the last on each organisation and part counts."""
        case.consents.append(
            Consent(
                seq=context.seq,
                given=self.answer == "given",
                said_on=self.said_on,
                how=self.how,
                recipients=[recipient.name for recipient in self.recipients],
                parts=[part.value for part in in_order(self.parts)],
                until_on=self.until_on,
            )
        )


class ShareCase(
    CaseCommand,
    title="Share with another organisation",
    json_schema_extra={
        "examples": [
            {"recipient": "Harbour Housing", "parts": ["who", "contract"], "format": "json", "sha256": sha256(b"")}
        ]
    },
):
    """Give parts of the case to an organisation that the person agreed to, as the file that was made for it."""

    words_only = True

    recipient: Organisation = Field(title="Organisation")
    parts: list[Part] = Field(title="Which parts of the case", min_length=1, max_length=len(Part))
    format: Spelling = Field(title="Format")
    sha256: Sha256 = Field(
        title="SHA-256 of the file",
        description="Of the very bytes that leave: the ETag of the file as it was looked at.",
    )

    def write_file(self, case: Case, context: Context) -> bytes:
        """The file as it may leave today. LookupError where consent does not cover it."""
        return to_bytes(shared_case(case, self.recipient, self.parts, context.today), self.format)

    def apply(self, case: Case, context: Context) -> None:
        """No row changes. That it left, and to whom, is on record."""
        what = f"shared: {', '.join(in_order(self.parts))}"
        access.record(
            context.session,
            context.by,
            "disclosure",
            context.at,
            case_ref=case.ref,
            what=what,
            recipient=self.recipient,
        )
