"""What must be true of every case as its rows stand: statements, each with the words for the case it is not true of."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from divert.casework import deadlines
from divert.casework.commands.documents import sha256
from divert.casework.obligations import outstanding
from divert.models import FINAL, OPEN, TAKEN, Case, State
from divert.policies.adopted import judgement_stands


@dataclass(frozen=True)
class Invariant:
    """A statement that is true of every case, and what is said of a case of which it is not."""

    name: str
    breach: str
    holds: Callable[[Case], bool]


INVARIANTS: list[Invariant] = []
"""All of them, in the order in which they are proved."""


def invariant(breach: str) -> Callable[[Callable[[Case], bool]], Callable[[Case], bool]]:
    """Add a function of a case to the invariants."""

    def add(statement: Callable[[Case], bool]) -> Callable[[Case], bool]:
        INVARIANTS.append(Invariant(statement.__name__, breach, statement))
        return statement

    return add


def breaches(case: Case) -> Iterator[str]:
    """What is not as it must be."""
    return (invariant.breach for invariant in INVARIANTS if not invariant.holds(case))


@invariant("it is open and waits for nobody")
def open_cases_wait_for_somebody(case: Case) -> bool:
    return case.state not in OPEN or any(deadlines.in_somebodys_hands(case))


@invariant("it is open and is nobody's")
def open_cases_are_in_somebodys_hands(case: Case) -> bool:
    return case.state not in OPEN or case.held_by is not None


@invariant("its deadlines are not what is outstanding")
def deadlines_are_what_is_outstanding(case: Case) -> bool:
    expected = {(kind, obligation.about, obligation.since) for kind, obligation in outstanding(case)}
    return {(row.kind, row.about, row.since) for row in deadlines.standing(case)} == expected


@invariant("its keyworker is not the one allocated now")
def the_keyworker_is_the_one_allocated(case: Case) -> bool:
    allocated = [allocation.keyworker for allocation in case.allocations if allocation.to_at is None]
    return allocated == ([case.keyworker] if case.keyworker else [])


@invariant("it was taken without both sides agreeing")
def cases_are_taken_where_both_sides_agreed(case: Case) -> bool:
    decisions = [case.decision("police"), case.decision("probation")]
    return not _was_taken(case) or all(decision and decision.accept for decision in decisions)


@invariant("both sides were decided by one person")
def two_people_decided(case: Case) -> bool:
    decisions = [case.decision("police"), case.decision("probation")]
    return not _was_taken(case) or len({decision.by for decision in decisions if decision}) == 2


@invariant("it runs without a contract")
def running_cases_have_a_contract(case: Case) -> bool:
    return case.state not in (State.active, State.breach_review, State.completed) or case.contract is not None


@invariant("it is in breach review with nothing to review")
def a_breach_review_has_something_to_review(case: Case) -> bool:
    return case.state is not State.breach_review or any(report.decision is None for report in case.breaches)


@invariant("it was completed with a condition open")
def completed_cases_have_no_condition_open(case: Case) -> bool:
    return case.state is not State.completed or all(condition.status != "open" for condition in case.conditions)


@invariant("it ended without an outcome code")
def completed_and_prosecuted_cases_have_an_outcome(case: Case) -> bool:
    return case.state not in (State.completed, State.prosecuted) or case.outcome_code is not None


@invariant("it was closed without a reason")
def closed_cases_have_a_reason(case: Case) -> bool:
    return case.state is not State.closed or case.close_reason is not None


@invariant("an eligibility check comes to something else again")
def eligibility_checks_come_to_the_same_again(case: Case) -> bool:
    return all(judgement_stands(check) for check in case.checks)


@invariant("a document is not the one that was issued")
def documents_are_those_that_were_issued(case: Case) -> bool:
    return all(sha256(document.pdf) == document.sha256 for document in case.documents)


@invariant("it is ended with an appointment booked")
def ended_cases_have_no_appointment_booked(case: Case) -> bool:
    return case.state not in FINAL or all(appointment.status != "booked" for appointment in case.appointments)


def _was_taken(case: Case) -> bool:
    return case.state in (*TAKEN, State.completed)
