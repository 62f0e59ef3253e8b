"""Notes, who may open the case, what it belongs with, and what became of the person afterwards."""

from typing import Annotated

from pydantic import Field, model_validator

from divert.acts.answers import PastDate, YesNo
from divert.acts.command import EntryNumber, Reasons, Words
from divert.casework.command import CaseCommand, Context
from divert.models import Case, CaseLink, Sensitivity

CASE_REF = r"^D-\d{2}-\d{4,}$"
HarmDays = Annotated[int, Field(ge=0, le=100_000)]
"""Days by sentencing guidelines, added up over offences; more than two hundred and seventy years is a slip."""


class AddNote(
    CaseCommand, title="Add a note", json_schema_extra={"examples": [{"text": "Rang; will come on Tuesday."}]}
):
    """Write something down. Facts apart from opinions, please: the person may read it one day."""

    words_only = True

    text: Reasons = Field(title="Note")


class CorrectNote(
    CaseCommand,
    title="Correct a note",
    json_schema_extra={"examples": [{"note": 6, "text": "Rang; will come on Wednesday.", "reason": "Wrong day."}]},
):
    """Put a note right. Both stay in the history."""

    words_only = True

    note: EntryNumber = Field(title="Note", json_schema_extra={"choices": "notes"})
    text: Reasons = Field(title="What it should say")
    reason: Reasons = Field(title="Why")


NOTES = (AddNote.slug(), CorrectNote.slug())
"""What an entry that holds a note is of."""


class Sensitive(CaseCommand):
    """Who may open the case."""

    level: Sensitivity = Field(title="Sensitivity", json_schema_extra={"choices": "levels"})
    reason: Reasons = Field(title="Reason")

    def apply(self, case: Case, context: Context) -> None:
        """From now on."""
        case.sensitivity = self.level


class SetSensitivity(
    Sensitive,
    title="Raise the sensitivity",
    json_schema_extra={"examples": [{"level": "restricted", "reason": "Known to a member of staff."}]},
):
    """Narrow who may open the case."""


class LiftSensitivity(
    Sensitive,
    title="Lift the sensitivity",
    json_schema_extra={"examples": [{"level": "standard", "reason": "That member of staff has left."}]},
):
    """Widen again who may open the case."""


class LinkCases(
    CaseCommand,
    title="Link another case",
    json_schema_extra={"examples": [{"other_ref": "D-19-0002", "why": "Arrested together."}]},
):
    """Say that another case belongs with this one."""

    other_ref: str = Field(title="The other case", pattern=CASE_REF, examples=["D-19-0002"])
    why: Reasons = Field(title="Why")

    def apply(self, case: Case, context: Context) -> None:
        """Seen from this case."""
        case.links.append(CaseLink(seq=context.seq, other_ref=self.other_ref))


class MergePerson(
    CaseCommand,
    title="Say that two records are one person",
    json_schema_extra={"examples": [{"other_ref": "D-19-0002", "why": "Same fingerprints; the name was misspelt."}]},
):
    """Let this case point at the person of another case. The record it pointed at, and all history, stay."""

    other_ref: str = Field(title="A case of the same person", pattern=CASE_REF, examples=["D-19-0002"])
    why: Reasons = Field(title="How it is known")

    def apply(self, case: Case, context: Context) -> None:
        """From now on one person."""
        other = context.case(self.other_ref)
        if other is not None:
            case.person = other.person


class RecordFollowUp(
    CaseCommand,
    title="Record a follow-up",
    json_schema_extra={
        "examples": [
            {
                "checked_on": "2023-08-09",
                "reoffended": "yes",
                "offence_on": "2020-02-14",
                "harm_days": 20,
                "harm_table": "cchi-2023-05",
            }
        ]
    },
):
    """Record whether a proven offence followed, from a check of the record."""

    checked_on: PastDate = Field(title="Date the record was checked")
    reoffended: YesNo = Field(title="A proven offence since the case ended")
    offence_on: PastDate | None = Field(default=None, title="Date of the first such offence")
    harm_days: HarmDays | None = Field(
        default=None,
        title="Harm score of the new offences, in days",
        description="Added up over the proven offences of the twelve months after the case ended.",
    )
    harm_table: str | None = Field(
        default=None,
        title="Table of the harm score",
        description="The index and version from which it was taken.",
        max_length=20,
        json_schema_extra={"choices": "harm_tables"},
    )
    note: Words | None = Field(default=None, title="Note")

    @model_validator(mode="after")
    def _a_score_is_whole(self) -> "RecordFollowUp":
        """A score is of an offence, and means nothing without the table that it was taken from."""
        if self.harm_days is not None and self.harm_table is None:
            raise ValueError("harm_table: from which table was the score taken? Say so, or leave the score out.")
        if self.harm_table is not None and self.harm_days is None:
            raise ValueError("harm_days: give the score in days, or leave the table out.")
        if self.harm_days is not None and not self.reoffended:
            raise ValueError("harm_days: only a proven offence has a score. Leave it out where there is none.")
        return self

    def apply(self, case: Case, context: Context) -> None:
        """When the record was last looked at."""
        case.followed_up_on = self.checked_on
