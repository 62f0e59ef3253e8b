"""A case that has ended is kept for a time; then somebody says whether it is kept longer, or disposes of it."""

from typing import Literal

from pydantic import Field, model_validator

from divert.acts.answers import IsoDate
from divert.acts.command import Reasons
from divert.casework.command import CaseCommand, Context
from divert.casework.upkeep.disposal import dispose_of
from divert.models import Case


class ReviewRetention(
    CaseCommand,
    title="Review how long it is kept",
    json_schema_extra={
        "examples": [{"decision": "keep", "keep_until": "2027-01-31", "reason": "A complaint is being looked into."}]
    },
):
    """Keep the case until a day, or dispose of it: then only codes and dates stay, for figures. It cannot be undone."""

    ends_a_case = True

    decision: Literal["keep", "dispose"] = Field(title="What is to become of it")
    keep_until: IsoDate | None = Field(default=None, title="Keep until", description="Where it is kept.")
    reason: Reasons = Field(title="Why", description="These words stay, whatever is decided: name nobody in them.")

    @model_validator(mode="after")
    def _says_until_when(self) -> "ReviewRetention":
        if self.decision == "keep" and self.keep_until is None:
            raise ValueError("keep_until: say until which day it is kept, like 2027-01-31.")
        if self.decision == "dispose" and self.keep_until is not None:
            raise ValueError("keep_until: leave this out. A case that is disposed of is not kept.")
        return self

    def apply(self, case: Case, context: Context) -> None:
        """Kept until that day; or gone, at once and for good."""
        case.keep_until = self.keep_until
        if self.decision == "dispose":
            dispose_of(case, context)
