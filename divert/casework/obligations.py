"""What is outstanding in a case: one function a kind, true of the case as it stands, with the day it counts from.

The dated files of `rules/deadlines/` say how long each may take, whose it is and to whom it goes when missed; a kind
stands in both places. Nothing here is stored: `deadlines.follow` keeps the rows in step with it.
"""

from collections.abc import Callable, Iterator
from datetime import date
from typing import NamedTuple

from divert.clock import london_date
from divert.law.rulebook import ConditionKind, rulebook
from divert.law.time_limits import add_months
from divert.models import ANSWERED, FINAL, OPEN, Case, Condition, State


class Outstanding(NamedTuple):
    """Something that must still happen. `about`: the condition or appointment by number; 0, the case."""

    about: int
    since: date


Obligation = Callable[[Case], Iterator[Outstanding]]


def agreement(case: Case) -> Iterator[Outstanding]:
    """The agreement is not signed."""
    if case.state is State.referred and case.agreement_signed_on is None:
        yield Outstanding(0, entered(case))


def facts(case: Case) -> Iterator[Outstanding]:
    """Eligibility was checked and turned on what nobody knew."""
    if case.state is State.referred and case.check is not None and not case.verdict_out_of_date:
        yield Outstanding(0, london_date(case.check.at))


def eligibility_check(case: Case) -> Iterator[Outstanding]:
    """It can be checked and has not been, or the facts have changed since."""
    unchecked = case.verdict is None or case.verdict_out_of_date
    if case.state is State.referred and case.agreement_signed_on is not None and unchecked:
        yield Outstanding(0, max(entered(case), case.agreement_signed_on))
    if case.state is State.under_decision and case.verdict_out_of_date:
        yield Outstanding(0, entered(case))


def victim_views(case: Case) -> Iterator[Outstanding]:
    """There is a victim, and no answer."""
    waiting = case.state in (State.referred, State.under_decision) and _has_victim(case)
    if waiting and case.victim is not None and case.victim.views not in ANSWERED:
        yield Outstanding(0, london_date(case.opened_at))


def police_decision(case: Case) -> Iterator[Outstanding]:
    """The police have not decided."""
    if case.state is State.under_decision and case.decision("police") is None:
        yield Outstanding(0, entered(case))


def probation_decision(case: Case) -> Iterator[Outstanding]:
    """Probation has not decided."""
    if case.state is State.under_decision and case.decision("probation") is None:
        yield Outstanding(0, entered(case))


def disagreement(case: Case) -> Iterator[Outstanding]:
    """One side said yes and the other no."""
    if case.state is State.under_decision:
        decisions = [case.decision("police"), case.decision("probation")]
        if {decision.accept for decision in decisions if decision is not None} == {True, False}:
            yield Outstanding(0, london_date(case.decisions[-1].at))


def return_(case: Case) -> Iterator[Outstanding]:
    """Both sides said no."""
    if case.state is State.under_decision:
        decisions = [case.decision("police"), case.decision("probation")]
        if all(decision is not None and not decision.accept for decision in decisions):
            yield Outstanding(0, london_date(case.decisions[-1].at))


def allocation(case: Case) -> Iterator[Outstanding]:
    """Nobody is the keyworker."""
    if case.state is State.accepted and case.keyworker is None:
        yield Outstanding(0, entered(case))


def first_contact(case: Case) -> Iterator[Outstanding]:
    """A keyworker is named and has not met the person."""
    if case.state is State.accepted and case.keyworker is not None and not case.need_scores:
        yield Outstanding(0, london_date(case.allocations[-1].from_at))


def needs_assessment(case: Case) -> Iterator[Outstanding]:
    """Needs are not assessed."""
    if case.state is State.accepted and case.keyworker is not None and not case.need_scores:
        yield Outstanding(0, london_date(case.allocations[0].from_at))


def contract_signature(case: Case) -> Iterator[Outstanding]:
    """The contract is neither signed nor declined."""
    if case.state is State.accepted:
        yield Outstanding(0, entered(case))


def condition(case: Case) -> Iterator[Outstanding]:
    """Each condition that must be shown to be kept, by the end of the contract or its own day."""
    if case.state in (State.active, State.breach_review) and case.contract is not None:
        for waiting in to_be_shown(case):
            yield Outstanding(waiting.number, waiting.due_on or case.contract.ends_on)


def appointment(case: Case) -> Iterator[Outstanding]:
    """Each appointment of which nobody has said what became."""
    for meeting in case.appointments if case.state in (State.active, State.breach_review) else ():
        if meeting.status == "booked":
            yield Outstanding(meeting.number, london_date(meeting.at))


def contract_end(case: Case) -> Iterator[Outstanding]:
    """The contract runs."""
    if case.state is State.active and case.contract is not None:
        yield Outstanding(0, case.contract.ends_on)


def breach_decision(case: Case) -> Iterator[Outstanding]:
    """A breach waits for its decision."""
    if case.state is State.breach_review:
        yield Outstanding(0, entered(case))


def charging_decision(case: Case) -> Iterator[Outstanding]:
    """The force has the case back."""
    if case.state is State.returned:
        yield Outstanding(0, entered(case))


TELLS = (State.accepted, State.returned, State.completed, State.prosecuted, State.closed)


def victim_update(case: Case) -> Iterator[Outstanding]:
    """Something was decided that the victim has not been told since."""
    told_on = case.victim.told_on if case.victim is not None else None
    if case.state in TELLS and _has_victim(case) and (told_on is None or told_on < entered(case)):
        yield Outstanding(0, entered(case))


def limit(case: Case) -> Iterator[Outstanding]:
    """A charge is still possible, and one day will not be."""
    if case.state in OPEN and case.limit_on is not None and case.limit_basis == "statutory":
        yield Outstanding(0, case.limit_on)


def precaution(case: Case) -> Iterator[Outstanding]:
    """The same, for a limit that is kept although no statute sets it."""
    if case.state in OPEN and case.limit_on is not None and case.limit_basis == "precautionary":
        yield Outstanding(0, case.limit_on)


def follow_up(case: Case) -> Iterator[Outstanding]:
    """The case was completed, and nobody has looked what came after."""
    if case.state is State.completed and case.followed_up_on is None:
        yield Outstanding(0, entered(case))


def retention_review(case: Case) -> Iterator[Outstanding]:
    """The case has ended, and will one day have been kept for long enough."""
    if case.state in FINAL:
        yield Outstanding(0, kept_until(case))


OBLIGATIONS: dict[str, Obligation] = {
    "agreement": agreement,
    "facts": facts,
    "eligibility_check": eligibility_check,
    "victim_views": victim_views,
    "police_decision": police_decision,
    "probation_decision": probation_decision,
    "disagreement": disagreement,
    "return": return_,
    "allocation": allocation,
    "first_contact": first_contact,
    "needs_assessment": needs_assessment,
    "contract_signature": contract_signature,
    "condition": condition,
    "appointment": appointment,
    "contract_end": contract_end,
    "breach_decision": breach_decision,
    "charging_decision": charging_decision,
    "victim_update": victim_update,
    "limit_in_28_days": limit,
    "limit_in_14_days": limit,
    "limit_in_7_days": limit,
    "limit_in_1_day": limit,
    "statutory_limit": limit,
    "precautionary_limit": precaution,
    "follow_up": follow_up,
    "retention_review": retention_review,
}
"""Every kind of deadline, and when something of it is outstanding."""


def outstanding(case: Case) -> Iterator[tuple[str, Outstanding]]:
    """Everything that must still happen in a case, by kind: nothing, once it was disposed of."""
    if case.disposed_at is None:
        yield from ((kind, obligation) for kind, arises in OBLIGATIONS.items() for obligation in arises(case))


def kept_until(case: Case) -> date:
    """The last day on which an ended case is kept without anybody's saying so again."""
    period = rulebook().retention_on(entered(case))[case.state]
    return case.keep_until or add_months(entered(case), period.months)


def to_be_shown(case: Case) -> list[Condition]:
    """The open conditions that must be shown to be kept."""
    return [
        condition
        for condition in case.conditions
        if condition.status == "open" and ConditionKind(condition.kind).must_be_shown
    ]


def entered(case: Case) -> date:
    """The day on which the case came to where it stands."""
    return london_date(case.state_since)


def _has_victim(case: Case) -> bool:
    return case.victim is not None and case.victim.kind not in (None, "none")
