"""What must hold of what is recorded in the contract's term: conditions, appointments, breach."""

from typing import Any

from divert.casework.command import CaseCommand, Context
from divert.casework.commands.appointments import (
    Attendance,
    BookAppointment,
    CancelAppointment,
    RescheduleAppointment,
    appointment,
)
from divert.casework.commands.breach import DecideBreach, RecordNewOffence, ReportBreach, open_breach
from divert.casework.commands.conditions import CorrectCondition
from divert.casework.compliance import evidence_since
from divert.casework.guard import guard
from divert.casework.obligations import to_be_shown
from divert.clock import written_date
from divert.models import Case

# Conditions


@guard("There is no open condition with that number.")
def condition_is_open(case: Case, _context: Context, command: Any) -> bool:
    return any(condition.number == command.condition and condition.status == "open" for condition in case.conditions)


def _names_open_conditions(case: Case, _context: Context, _command: CaseCommand | None) -> str:
    still_open = ", ".join(f"{condition.number} ({condition.code})" for condition in to_be_shown(case))
    return f"Every condition must be kept or waived. Still open: {still_open}."


@guard(_names_open_conditions)
def conditions_kept_or_waived(case: Case, _context: Context) -> bool:
    return not to_be_shown(case)


@guard("There is no condition with that number in the contract.")
def condition_in_force(case: Case, _context: Context, command: CorrectCondition) -> bool:
    return any(
        condition.number == command.condition and condition.status != "withdrawn" for condition in case.conditions
    )


@guard("That is what the record says already.")
def record_differs(case: Case, _context: Context, command: CorrectCondition) -> bool:
    standing = ("kept", command.effective_on) if command.kept else ("open", None)
    return all(
        (condition.status, condition.settled_on) != standing
        for condition in case.conditions
        if condition.number == command.condition
    )


@guard("That day is before the contract was signed.")
def true_of_the_term(case: Case, _context: Context, command: CorrectCondition) -> bool:
    return bool(case.contracts) and case.contracts[0].signed_on <= command.effective_on


# Appointments


def _states_the_end(case: Case, _context: Context, _command: BookAppointment) -> str:
    return f"A series ends with the contract, on {written_date(case.contract.ends_on)}." if case.contract else ""


@guard(_states_the_end)
def series_within_the_contract(case: Case, _context: Context, command: BookAppointment) -> bool:
    return command.until_on is None or case.contract is None or command.until_on <= case.contract.ends_on


@guard("There is no booked appointment with that number.")
def appointment_is_booked(
    case: Case, _context: Context, command: RescheduleAppointment | CancelAppointment | Attendance
) -> bool:
    meeting = appointment(case, command.appointment)
    return meeting is not None and meeting.status == "booked"


@guard("Nothing has been recorded for that appointment yet.")
def attendance_recorded(case: Case, _context: Context, command: Attendance) -> bool:
    meeting = appointment(case, command.appointment)
    return meeting is not None and meeting.status == "past"


@guard("That appointment has not taken place yet: attendance in the future cannot be recorded.")
def appointment_is_past(case: Case, context: Context, command: Attendance) -> bool:
    meeting = appointment(case, command.appointment)
    return meeting is None or meeting.at <= context.at


# Breach


@guard("That day is outside the contract's term.")
def within_term(case: Case, _context: Context, command: ReportBreach | RecordNewOffence) -> bool:
    first = case.contracts[0].signed_on if case.contracts else None
    return first is not None and case.contract is not None and first <= command.occurred_on <= case.contract.ends_on


@guard("Name conditions of this contract.")
def conditions_of_this_contract(case: Case, _context: Context, command: ReportBreach) -> bool:
    return set(command.conditions) <= {
        condition.number for condition in case.conditions if condition.status != "withdrawn"
    }


@guard("Ask the person for their reasonable excuse, or say why they could not be asked, before reporting a breach.")
def excuse_asked(_case: Case, _context: Context, command: ReportBreach) -> bool:
    return command.excuse_asked or len(command.excuse) >= 10


@guard("This case did not go back to the force because of a breach.")
def ended_for_a_breach(case: Case, _context: Context) -> bool:
    return case.return_reason in ("breached", "new_offence")


@guard("Nothing has been put on record since the decision. Record the evidence first.")
def evidence_since_the_decision(case: Case, context: Context) -> bool:
    return bool(evidence_since(case, context, (DecideBreach.slug(),)))


@guard("You reported this. Somebody else decides it.")
def not_the_reporter(case: Case, context: Context) -> bool:
    report = open_breach(case)
    return report is None or report.reported_by != context.by.username


@guard("The decision is that the case ends.")
def it_ends(case: Case, _context: Context) -> bool:
    return bool(case.breaches) and case.breaches[-1].decision == "end"


@guard("The decision is that the case goes on.")
def it_goes_on(case: Case, context: Context) -> bool:
    return not it_ends.holds(case, context)
