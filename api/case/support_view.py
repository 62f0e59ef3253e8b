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


class Shown(BaseModel):
    """Read from a stored row, field by field."""

    model_config = ConfigDict(from_attributes=True)


class ContractView(Shown):
    """One signed version; the last is in force."""

    seq: int
    signed_on: date
    ends_on: date


class StatementView(Shown):
    """What was recorded about a condition. It was put on record at one instant and is true of another day."""

    seq: int
    recorded_at: datetime
    by: str
    effective_on: date
    standing: str | None = Field(description="kept, waived or open; null: progress.")
    words: str


class ConditionView(Shown):
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


class AppointmentView(Shown):
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


class NeedView(Shown):
    """One need, scored 0 to 10 at entry, review or exit."""

    seq: int
    need: str
    stage: str
    score: int
    linked: bool


class BreachView(Shown):
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


class PauseView(Shown):
    """An interval in which the contract stood still."""

    seq: int
    from_on: date
    until_on: date
    resumed_on: date | None
    stops: list[str] = Field(description="The clocks that stood still. The time limit never does.")


class ConsentView(Shown):
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


def _condition_view(one: Condition, kept: Compliance | None) -> ConditionView:
    shown = ConditionView.model_validate(one)
    if kept is None:
        return shown
    statements = [StatementView.model_validate(said) for said in kept.statements]
    return shown.model_copy(update={"due_on": kept.due_on, "in_time": kept.in_time, "statements": statements})


def support_view(
    case: Case, entries: Sequence[LedgerEntry], said: dict[int, dict[str, Any]], actor: Actor
) -> SupportView:
    """All of it, as `actor` may know it. `said`: the words of the case's entries, by number."""
    kept = {one.number: one for one in compliance(case, entries)}
    return SupportView(
        consents=[ConsentView.model_validate(one) for one in case.consents],
        needs=[
            NeedView.model_validate(one)
            for one in case.need_scores
            if may_read(actor.role, Subject.restricted_need) or not is_restricted(one.need)
        ],
        contracts=[ContractView.model_validate(one) for one in case.contracts],
        conditions=[_condition_view(one, kept.get(one.number)) for one in case.conditions],
        appointments=[AppointmentView.model_validate(one) for one in sorted(case.appointments, key=lambda one: one.at)],
        pauses=[PauseView.model_validate(one) for one in case.pauses],
        breaches=[with_words(BreachView.model_validate(one), said) for one in case.breaches],
    )


def with_words(view: Any, said: dict[int, dict[str, Any]]) -> Any:
    """Add to a row's view the words of the entry that made it."""
    words = {name: value for name, value in said.get(view.seq, {}).items() if name in type(view).model_fields}
    return view.model_copy(update={name: value for name, value in words.items() if getattr(view, name) is None})


def is_restricted(need: str) -> bool:
    """Whether a need's score is not for everyone; one that the rules no longer know is not."""
    known = rulebook().needs.get(need)
    return known is None or known.restricted
