"""What happens without being due: people fall ill, move, die, offend again, change their minds; staff make mistakes."""

from collections.abc import Callable
from datetime import timedelta

from divert.casework.commands.appointments import CancelAppointment, RescheduleAppointment
from divert.casework.commands.breach import RecordNewOffence
from divert.casework.commands.contract import PauseContract, ResumeContract, VaryContract
from divert.casework.commands.deadline import MoveDeadline
from divert.casework.commands.ending import CloseCase, Reinstate
from divert.casework.commands.record import AddNote, SetSensitivity
from divert.casework.commands.referral import CorrectFacts
from divert.casework.commands.support import Allocate
from divert.law.working_days import add_working_days
from divert.models import Case, Role, State
from tests.year.office import Office, example, moment
from tests.year.steps import B, M, P, Todo, completed

BEFORE = (State.referred, State.under_decision, State.accepted)
WITH_US = (State.active,)
ANY = (*BEFORE, *WITH_US, State.breach_review, State.returned)


def closed(reason: str) -> Callable[[Office, Case], Todo]:
    def gone(office: Office, _case: Case) -> Todo:
        return [(office.anyone(P), CloseCase(reason_code=reason, explanation="Told by the family; checked."))]

    return gone


def closed_by_mistake(office: Office, _case: Case) -> Todo:
    """The wrong row is picked; the manager takes it back."""
    mistake = CloseCase(reason_code="opened_in_error", explanation="Wrong person picked.")
    return [(office.anyone(P), mistake), (office.anyone(M), Reinstate(reason="It was meant for another case."))]


def offends_again(office: Office, case: Case) -> Todo:
    if case.contract is None or office.today > case.contract.ends_on:
        return []
    return [(office.anyone(P), example(RecordNewOffence, occurred_on=office.today))]


def is_in_hospital(office: Office, case: Case) -> Todo:
    """The contract is paused; half of the pauses end early."""
    until = office.today + timedelta(days=office.random.randrange(5, 21))
    return [(office.anyone(B), example(PauseContract, from_on=office.today, until_on=until))]


def is_back(office: Office, case: Case) -> Todo:
    running = [one for one in case.pauses if one.resumed_on is None and one.from_on < office.today <= one.until_on]
    return [(office.anyone(B), ResumeContract(resumed_on=office.today))] if running else []


def needs_other_conditions(office: Office, case: Case) -> Todo:
    if case.contract is None:
        return []
    kept = [{"code": one.code} for one in case.conditions if one.status != "withdrawn"]
    terms = {"signed_on": office.today, "ends_on": case.contract.ends_on + timedelta(days=7), "conditions": kept}
    lead = office.anyone(B)
    return [(office.in_today(case.keyworker), example(VaryContract, **terms, agreed_by=lead.username))] if lead else []


def does_well(office: Office, case: Case) -> Todo:
    """Everything is kept before the end: completed early."""
    unmet = any(one.status == "open" and one.kind != "refrain" for one in case.conditions)
    return [] if unmet else completed(office, case)


def gets_another_keyworker(office: Office, case: Case) -> Todo:
    there = office.rota.on_duty(Role.probation_service_officer, office.today)
    others = [one.username for one in there if one.username != case.keyworker]
    return [(office.anyone(B), Allocate(keyworker=others[0], why="The first is away."))] if others else []


def keyworker_is_ill(office: Office, case: Case) -> Todo:
    """Somebody takes over whoever's keyworker is away today."""
    return [] if office.in_today(case.keyworker) else gets_another_keyworker(office, case)


def appointment_changes(office: Office, case: Case) -> Todo:
    """One that lies ahead is moved or called off."""
    ahead = [one for one in case.appointments if one.status == "booked" and one.at > office.now]
    if not ahead:
        return []
    which, keyworker = ahead[0].number, office.in_today(case.keyworker)
    starts = moment(add_working_days(office.today, office.random.randrange(2, 12)), 11)
    if office.chance(0.3):
        return [(keyworker, example(CancelAppointment, appointment=which))]
    return [(keyworker, example(RescheduleAppointment, appointment=which, starts_at=starts))]


def facts_change(office: Office, _case: Case) -> Todo:
    changed = CorrectFacts.model_validate({"previous_convictions": 1, "reason": "The record has one after all."})
    return [(office.anyone(P), changed)]


def more_time_is_given(office: Office, case: Case) -> Todo:
    soon = office.today + timedelta(days=5)
    kinds = [one.kind for one in case.deadlines if one.status == "open" and one.kind in ("victim_views", "agreement")]
    moved = [MoveDeadline(kind=kind, due_on=soon, reason="The line was engaged all week.") for kind in kinds[:1]]
    return [(office.anyone(M), one) for one in moved]


def something_is_written_down(office: Office, _case: Case) -> Todo:
    return [(office.anyone(P), AddNote(text="Rang; nobody in."))]


def is_known_to_staff(office: Office, _case: Case) -> Todo:
    raised = SetSensitivity.model_validate({"level": "restricted", "reason": "Related to a member of staff."})
    return [(office.anyone(M), raised)]


EVENTS: tuple[tuple[float, tuple[State, ...], Callable[[Office, Case], Todo]], ...] = (
    (0.0020, BEFORE, closed("withdrew_before_start")),
    (0.0004, WITH_US, closed("withdrew_after_start")),
    (0.0001, ANY, closed("died")),
    (0.0003, ANY, closed("moved_away")),
    (0.0005, ANY, closed_by_mistake),
    (0.0008, WITH_US, offends_again),
    (0.0015, WITH_US, is_in_hospital),
    (0.1000, WITH_US, is_back),
    (0.0010, WITH_US, needs_other_conditions),
    (0.0030, WITH_US, does_well),
    (0.0010, WITH_US, gets_another_keyworker),
    (0.0300, WITH_US, keyworker_is_ill),
    (0.0060, WITH_US, appointment_changes),
    (0.0040, (State.under_decision,), facts_change),
    (0.0060, BEFORE, more_time_is_given),
    (0.0100, ANY, something_is_written_down),
    (0.0002, ANY, is_known_to_staff),
)
"""On any working day, with what probability each befalls a case that stands in one of those states."""


def befall(office: Office) -> None:
    """A working day's events."""
    for ref, state in office.lives():
        for probability, states, happens in EVENTS:
            if state in states and office.chance(probability):
                with office.case(ref) as case:
                    todo = happens(office, case)
                for who, command in todo:
                    if who is None or office.does((who, command), ref) is None:
                        break
                break
