"""How each condition of a contract stands: progress, kept, waived, and what comes to light afterwards."""

from datetime import date
from typing import Annotated

from pydantic import Field

from divert.acts.answers import PastDate, YesNo
from divert.acts.command import Reasons
from divert.casework.command import CaseCommand, Context
from divert.casework.files import Files, attach
from divert.models import Case

ConditionNumber = Annotated[int, Field(ge=1, le=99, json_schema_extra={"choices": "open_conditions"})]
ConditionInForce = Annotated[int, Field(ge=1, le=99, json_schema_extra={"choices": "conditions_in_force"})]


class RecordProgress(
    CaseCommand,
    title="Record progress",
    json_schema_extra={"examples": [{"condition": 4, "evidence": "Two of four sessions attended, engaged well."}]},
):
    """Record what has been done towards a condition."""

    words_only = True

    condition: ConditionNumber = Field(title="Condition")
    evidence: Reasons = Field(title="What was done, and how it is known")
    files: Files = Field(default_factory=list)

    def apply(self, case: Case, context: Context) -> None:
        """Nothing is settled by it."""
        attach(case, self.files, context)


class MarkConditionKept(
    CaseCommand,
    title="Mark a condition as kept",
    json_schema_extra={
        "examples": [{"condition": 4, "kept_on": "2019-07-20", "evidence": "Course certificate seen by the keyworker."}]
    },
):
    """Record that a condition has been kept in full."""

    condition: ConditionNumber = Field(title="Condition")
    kept_on: PastDate = Field(title="Date it was kept")
    evidence: Reasons = Field(title="How it is known")
    files: Files = Field(default_factory=list)

    def apply(self, case: Case, context: Context) -> None:
        """Settled on the day it was kept, whenever that was recorded."""
        attach(case, self.files, context)
        settle(case, self.condition, "kept", self.kept_on)


class WaiveCondition(
    CaseCommand,
    title="Waive a condition",
    json_schema_extra={"examples": [{"condition": 5, "reasons": "The garden closed; no other place could be found."}]},
):
    """Let a condition go, for a reason that is not the person's fault."""

    condition: ConditionNumber = Field(title="Condition")
    reasons: Reasons = Field(title="Reasons")

    def apply(self, case: Case, context: Context) -> None:
        """Settled today."""
        settle(case, self.condition, "waived", context.today)


class CorrectCondition(
    CaseCommand,
    title="Correct a condition's record",
    json_schema_extra={
        "examples": [
            {
                "condition": 4,
                "kept": "yes",
                "effective_on": "2019-05-18",
                "evidence": "Attendance sheet of the service, received after the report; it shows every session.",
            }
        ]
    },
):
    """Take in what came late: evidence that a condition was kept after all, or was not. Both records stay."""

    condition: ConditionInForce = Field(title="Condition")
    kept: YesNo = Field(title="Was it kept")
    effective_on: PastDate = Field(
        title="The day it was kept, or from which it was not",
        description="Not the day on which it became known.",
    )
    evidence: Reasons = Field(title="What shows it, and why it comes only now")
    files: Files = Field(default_factory=list)

    def apply(self, case: Case, context: Context) -> None:
        """As now known; what was known before is in the history."""
        attach(case, self.files, context)
        if self.kept:
            settle(case, self.condition, "kept", self.effective_on)
        else:
            settle(case, self.condition, "open", None)


def settle(case: Case, number: int, status: str, on: date | None) -> None:
    """Give a condition its standing."""
    for condition in case.conditions:
        if condition.number == number:
            condition.status, condition.settled_on = status, on
