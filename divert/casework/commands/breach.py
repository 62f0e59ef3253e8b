"""A breach is reported by one person and decided by another. It may, never must, end the case."""

from typing import Literal

from pydantic import Field

from divert.acts.answers import PastDate, YesNo
from divert.acts.command import Reasons, Short, Words
from divert.casework.command import CaseCommand, Context
from divert.casework.commands.conditions import ConditionNumber
from divert.casework.commands.ending import cancel_appointments
from divert.casework.files import Files, attach
from divert.models import Breach, Case


class ReportBreach(
    CaseCommand,
    title="Report a breach",
    json_schema_extra={
        "examples": [
            {
                "conditions": [3],
                "occurred_on": "2019-06-03",
                "what": "Missed two meetings running; three calls and a letter unanswered.",
                "excuse_asked": "yes",
                "excuse": "None given.",
            }
        ]
    },
):
    """Report that a condition was not kept. Ask first whether there was a reasonable excuse, and record the answer."""

    conditions: list[ConditionNumber] = Field(title="Conditions not kept", min_length=1, max_length=12)
    occurred_on: PastDate = Field(title="Date it happened")
    what: Reasons = Field(title="What happened, and what was tried before")
    excuse_asked: YesNo = Field(title="Was the person asked for a reasonable excuse")
    excuse: Reasons = Field(
        title="What they said, or why they could not be asked",
        description="Ask whether they knew of it, and about illness, caring, work, travel, money and safety.",
    )
    files: Files = Field(default_factory=list)

    def apply(self, case: Case, context: Context) -> None:
        """One report."""
        attach(case, self.files, context)
        case.breaches.append(
            Breach(seq=context.seq, kind="breach", occurred_on=self.occurred_on, reported_by=context.by.username)
        )


class RecordNewOffence(
    CaseCommand,
    title="Record a new offence",
    json_schema_extra={
        "examples": [{"occurred_on": "2019-06-12", "crime_ref": "CVP-19-100777", "what": "Arrested for shop theft."}]
    },
):
    """Record an offence alleged in the contract's term. What it means for this case is then decided by a person."""

    occurred_on: PastDate = Field(title="Date of the new offence")
    crime_ref: Short = Field(title="Crime reference", min_length=1)
    what: Reasons = Field(title="What is alleged")
    excuse: Words | None = Field(default=None, title="What the person says about it")

    def apply(self, case: Case, context: Context) -> None:
        """One report."""
        case.breaches.append(
            Breach(seq=context.seq, kind="new_offence", occurred_on=self.occurred_on, reported_by=context.by.username)
        )


class DecideBreach(
    CaseCommand,
    title="Decide what follows",
    json_schema_extra={
        "examples": [
            {
                "decision": "warn",
                "probation_view": "Has turned up since and apologised; would go on.",
                "reasons": "First lapse, real progress before it.",
            }
        ]
    },
):
    """Decide whether the case goes on, with or without a warning or a changed contract, or ends."""

    ends_a_case = True
    decision: Literal["continue", "warn", "vary", "end"] = Field(title="Decision")
    probation_view: Reasons = Field(title="Probation's view")
    reasons: Reasons = Field(title="Reasons")

    def apply(self, case: Case, context: Context) -> None:
        """The report last made is decided."""
        report = open_breach(case)
        if report is not None:
            report.decision, report.decided_by = self.decision, context.by.username
            report.decided_on = context.today
            if self.decision == "end":
                case.return_reason = "breached" if report.kind == "breach" else "new_offence"
                cancel_appointments(case)


class ReviewBreach(
    CaseCommand,
    title="Review the breach decision",
    json_schema_extra={"examples": [{"reasons": "The attendance sheet has come in: every session was kept."}]},
):
    """Take a case back from the force because evidence has come in since it was ended. The breach is decided afresh."""

    reasons: Reasons = Field(title="What has come in, and why it might change the decision")

    def apply(self, case: Case, context: Context) -> None:
        """The same report, undecided again. What was decided is in the history."""
        case.return_reason = None
        ended = case.breaches[-1]
        ended.decision = ended.decided_by = ended.decided_on = None


def open_breach(case: Case) -> Breach | None:
    """The report that waits for a decision."""
    return next((report for report in reversed(case.breaches) if report.decision is None), None)
