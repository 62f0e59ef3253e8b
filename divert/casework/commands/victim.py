"""The victim: asked for their views before anyone decides, and told what became of it."""

from typing import Literal

from pydantic import Field

from divert.acts.answers import PastDate
from divert.acts.command import Reasons, Short, Words
from divert.casework.command import CaseCommand, Context
from divert.casework.files import Files, attach
from divert.models import Case, Victim


class RecordVictimViews(
    CaseCommand,
    title="Record the victim's views",
    json_schema_extra={
        "examples": [
            {
                "views": "obtained",
                "attempts": 1,
                "contact_name": "Ms Farrow, store manager",
                "words": "Wants the goods paid for and no more visits.",
            }
        ]
    },
):
    """Record what the victim wants, or that they were sought, declined, or could not be reached. It is not a veto."""

    views: Literal["sought", "obtained", "declined", "unreachable"] = Field(title="Where it stands")
    attempts: int = Field(default=1, ge=1, le=50, title="How many times contact was tried")
    contact_name: Short | None = Field(
        default=None, title="Who spoke", description="For a business, the named contact: without one it has no rights."
    )
    words: Words | None = Field(default=None, title="What they said, in their own words")
    files: Files = Field(default_factory=list)

    def apply(self, case: Case, context: Context) -> None:
        """The latest standing; earlier ones stay in the history."""
        attach(case, self.files, context)
        victim = case.victim or Victim()
        case.victim = victim
        victim.views, victim.attempts = self.views, self.attempts
        victim.contact_name = self.contact_name or victim.contact_name


class RecordVictimUpdate(
    CaseCommand,
    title="Record an update to the victim",
    json_schema_extra={"examples": [{"told_on": "2019-05-08", "how": "telephone", "what": "Told of the decision."}]},
):
    """Record that the victim was told where things stand."""

    told_on: PastDate = Field(title="Date")
    how: Literal["telephone", "e-mail", "letter", "in person"] = Field(title="How")
    what: Reasons = Field(title="What they were told")

    def apply(self, case: Case, context: Context) -> None:
        """The last time they were told."""
        if case.victim is not None:
            case.victim.told_on = self.told_on
