"""How a case ends: completed, charged or not, closed for a coded reason; and how a mistake is undone."""

from typing import Annotated

from pydantic import Field, field_validator

from divert.acts.answers import PastDate
from divert.acts.command import Reasons, Words
from divert.casework.command import CaseCommand, Context
from divert.law.rulebook import ConditionKind, rulebook
from divert.models import Case

OutcomeCode = Annotated[int, Field(ge=1, le=99, json_schema_extra={"choices": "outcomes"})]
CHARGED = 1
TIME_EXPIRED = 17
DIVERTED = 22


class Outcome(CaseCommand):
    """A crime outcome code, chosen and explained."""

    outcome_code: OutcomeCode = Field(title="Crime outcome code")
    explanation: Words | None = Field(default=None, title="Explanation")

    @field_validator("outcome_code")
    @classmethod
    def _in_the_list(cls, value: int) -> int:
        if value not in rulebook().outcomes:
            raise ValueError(f"{value} is not a crime outcome code. Use one from 1 to {max(rulebook().outcomes)}.")
        return value

    def apply(self, case: Case, context: Context) -> None:
        """The crime's outcome."""
        case.outcome_code = self.outcome_code


class CompleteCase(
    Outcome,
    title="Complete the case",
    json_schema_extra={"examples": [{"outcome_code": 22, "explanation": "All conditions kept."}]},
):
    """Close the case as completed: no prosecution. Outcome 22 from 1 April 2019; before that, choose and explain."""

    ends_a_case = True

    def apply(self, case: Case, context: Context) -> None:
        """What was to be refrained from has been, as nobody has shown otherwise: the term is over."""
        super().apply(case, context)
        cancel_appointments(case)
        for condition in case.conditions:
            if condition.status == "open" and not ConditionKind(condition.kind).must_be_shown:
                condition.status, condition.settled_on = "kept", context.today


class RecordChargingDecision(
    Outcome,
    title="Record the charging decision",
    json_schema_extra={"examples": [{"outcome_code": 1, "decided_on": "2019-07-02", "explanation": "Charged."}]},
):
    """Record what became of the original offence. Past the limit a summary offence can only be recorded as expired."""

    ends_a_case = True
    decided_on: PastDate = Field(title="Date the charge was issued, or the decision made")

    def apply(self, case: Case, context: Context) -> None:
        """A charge prosecutes; anything else closes, and not by a reason that could be taken back."""
        super().apply(case, context)
        case.closed_from = None
        if self.outcome_code != CHARGED:
            case.close_reason = "time_expired" if self.outcome_code == TIME_EXPIRED else "no_further_action"


class CloseCase(
    CaseCommand,
    title="Close the case",
    json_schema_extra={"examples": [{"reason_code": "duplicate", "explanation": "Same crime as D-19-0001."}]},
):
    """Close a case for a coded reason. What is outstanding is cancelled."""

    ends_a_case = True
    reason_code: str = Field(title="Reason", json_schema_extra={"choices": "close_reasons"})
    explanation: Reasons = Field(title="In words")

    @field_validator("reason_code")
    @classmethod
    def _in_the_list(cls, value: str) -> str:
        if value not in rulebook().close_reasons:
            raise ValueError(f"There is no reason {value!r}. Use one of: {', '.join(rulebook().close_reasons)}.")
        return value

    def apply(self, case: Case, context: Context) -> None:
        """The reason, the outcome it fixes (a death is outcome 5), and where the case stood."""
        reason = rulebook().close_reasons[self.reason_code]
        case.close_reason, case.outcome_code, case.closed_from = self.reason_code, reason.outcome, case.state
        cancel_appointments(case)


class Reinstate(
    CaseCommand,
    title="Reinstate the case",
    json_schema_extra={"examples": [{"reason": "Wrong case: two Smiths."}]},
):
    """Take back a closing made in error: the case goes on where it was."""

    reason: Reasons = Field(title="Reason")

    def apply(self, case: Case, context: Context) -> None:
        """Forget the closing; the history keeps it."""
        case.close_reason = case.outcome_code = None


def cancel_appointments(case: Case) -> None:
    """Nothing that was booked will take place: the person is no longer with the scheme."""
    for appointment in case.appointments:
        if appointment.status == "booked":
            appointment.status = "cancelled"
