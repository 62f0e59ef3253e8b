"""A deadline is moved for a reason, or missed and put before the next person up."""

from pydantic import Field

from divert.acts.answers import IsoDate
from divert.acts.command import Reasons
from divert.casework import deadlines
from divert.casework.command import CaseCommand, Context
from divert.models import Case, Role


class OneDeadline(CaseCommand):
    """An open deadline of a case."""

    kind: str = Field(title="Deadline", max_length=30, json_schema_extra={"choices": "deadlines"})
    about: int = Field(
        default=0, ge=0, le=1_000_000, title="About", description="The condition or appointment; 0 is the case itself."
    )


class MoveDeadline(
    OneDeadline,
    title="Move a deadline",
    json_schema_extra={
        "examples": [{"kind": "agreement", "due_on": "2019-05-20", "reason": "In hospital until then."}]
    },
):
    """Give more time, or less, for a reason. The old day stays on record. A time limit set by law cannot be moved."""

    due_on: IsoDate = Field(title="New day")
    reason: Reasons = Field(title="Reason")

    def apply(self, case: Case, context: Context) -> None:
        """The old row is superseded; the new one counts from the same day, so that it is not moved back."""
        row = deadlines.find(case, self.kind, self.about)
        if row is not None:
            deadlines.end(row, "superseded", context)
            rule = context.rules.deadlines_on(context.today)[self.kind]
            deadlines.add(case, rule, self.about, row.since, self.due_on, context)


class EscalateDeadline(
    OneDeadline,
    title="Escalate a missed deadline",
    json_schema_extra={"examples": [{"kind": "police_decision", "due_on": "2019-05-09"}]},
):
    """The worker's own: a deadline passed with nothing done, and is put before the next person up."""

    due_on: IsoDate = Field(title="It was due")

    def apply(self, case: Case, context: Context) -> None:
        """Escalated once, and from then on that person's."""
        row = deadlines.find(case, self.kind, self.about)
        if row is not None:
            row.escalated_on = context.today
            row.owner_role = Role(context.rules.deadlines_on(context.today)[self.kind].escalate_to)
