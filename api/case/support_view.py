"""What the scheme works on with a person, as the service shows it: needs, contract, appointments, breaches.

A score of the restricted need is for the specialist and the auditor.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from divert.casework.compliance import Compliance, compliance
from divert.law.rulebook import rulebook
from divert.models import Case, Condition, LedgerEntry
from divert.people.rights import Subject, may_read
from divert.people.staff import Actor


class StoredView(BaseModel):
    """Read from a stored row, field by field."""

    model_config = ConfigDict(from_attributes=True)


class ContractView(StoredView):
    """One signed version; the last is in force."""

    seq: int
    signed_on: date
    ends_on: date


class StatementView(StoredView):
    """What was recorded about a condition. It was put on record at one instant and is true of another day."""

    seq: int
    recorded_at: datetime
    by: str
    effective_on: date
    standing: str | None = Field(description="kept, waived or open; null: progress.")
    words: str


class ConditionView(StoredView):
    """One thing promised, how it stands, and everything that was recorded about it."""

    number: int
    code: str
    kind: str
    text: str
    provider: str | None
    status: str
    settled_on: date | None
    due_on: date | None = Field(description="The last day to keep it: its own, or the contract's.")
    in_time: bool | None = Field(default=None, description="Whether it was kept by then; null: it is not kept.")
    statements: list[StatementView] = []


class AppointmentView(StoredView):
    """One meeting. Those of one entry (`seq`) are a series."""

    number: int
    seq: int
    at: datetime
    purpose: str
    place: str
    status: str
    moved_from: int | None
    held: bool | None
    attended: bool | None
    late_minutes: int | None
    fault: str | None
    acceptable: bool | None


class NeedView(StoredView):
    """One need, scored 0 to 10 at entry, review or exit."""

    seq: int
    need: str
    stage: str
    score: int
    linked: bool


class BreachView(StoredView):
    """A report, and what was decided."""

    seq: int
    kind: str
    occurred_on: date
    reported_by: str
    decision: str | None
    decided_by: str | None
    decided_on: date | None
    what: str | None = None
    excuse: str | None = None


class PauseView(StoredView):
    """An interval in which the contract stood still."""

    seq: int
    from_on: date
    until_on: date
    resumed_on: date | None
    stops: list[str] = Field(description="The clocks that stood still. The time limit never does.")


class ConsentView(StoredView):
    """What the person said once about having their case shared. Of everything said, the last counts."""

    seq: int
    given: bool
    said_on: date
    how: str
    recipients: list[str] = Field(description="None: all, where it is a withdrawal.")
    parts: list[str] = Field(description="None: all, where it is a withdrawal.")
    until_on: date | None


class SupportView(BaseModel):
    """What the scheme works on with the person."""

    consents: list[ConsentView]

    needs: list[NeedView]
    contracts: list[ContractView]
    conditions: list[ConditionView]
    appointments: list[AppointmentView]
    pauses: list[PauseView]
    breaches: list[BreachView]


def _condition_view(condition: Condition, record: Compliance | None) -> ConditionView:
    view = ConditionView.model_validate(condition)
    if record is None:
        return view
    statements = [StatementView.model_validate(statement) for statement in record.statements]
    return view.model_copy(update={"due_on": record.due_on, "in_time": record.in_time, "statements": statements})


def support_view(
    case: Case, entries: Sequence[LedgerEntry], bodies: dict[int, dict[str, Any]], actor: Actor
) -> SupportView:
    """All of it, as `actor` may know it. `bodies`: those of the case's entries, by number."""
    records = {record.number: record for record in compliance(case, entries)}
    return SupportView(
        consents=[ConsentView.model_validate(consent) for consent in case.consents],
        needs=[
            NeedView.model_validate(score)
            for score in case.need_scores
            if may_read(actor.role, Subject.restricted_need) or not is_restricted(score.need)
        ],
        contracts=[ContractView.model_validate(contract) for contract in case.contracts],
        conditions=[_condition_view(condition, records.get(condition.number)) for condition in case.conditions],
        appointments=[
            AppointmentView.model_validate(appointment)
            for appointment in sorted(case.appointments, key=lambda appointment: appointment.at)
        ],
        pauses=[PauseView.model_validate(pause) for pause in case.pauses],
        breaches=[with_words(BreachView.model_validate(breach), bodies) for breach in case.breaches],
    )


def with_words(view: Any, bodies: dict[int, dict[str, Any]]) -> Any:
    """Add to a row's view the words of the entry that made it."""
    texts = {name: value for name, value in bodies.get(view.seq, {}).items() if name in type(view).model_fields}
    return view.model_copy(update={name: value for name, value in texts.items() if getattr(view, name) is None})


def is_restricted(need: str) -> bool:
    """Whether a need's score is not for everyone; one that the rules no longer know is not."""
    need_type = rulebook().needs.get(need)
    return need_type is None or need_type.restricted
