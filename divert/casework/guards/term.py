"""What must hold while a person is with the scheme: keyworker, needs, contract, appointments, breach."""

from datetime import date, timedelta
from typing import Any

from divert.casework.command import Command, Context
from divert.casework.commands.appointments import Attendance, CancelAppointment, RescheduleAppointment, appointment
from divert.casework.commands.breach import RecordNewOffence, ReportBreach, open_breach
from divert.casework.commands.contract import PauseContract, Terms, VaryContract, running_pause
from divert.casework.commands.support import Allocate, AssessNeeds
from divert.casework.guard import guard
from divert.clock import written_date
from divert.models import Case, Role, Staff
from divert.people.staff import KEYWORKERS
from divert.time_limits import add_months

# Support


@guard("That is not an active keyworker. Choose a probation service officer or the complex needs specialist.")
def names_a_keyworker(_case: Case, context: Context, command: Allocate) -> bool:
    one = context.session.get(Staff, command.keyworker)
    return one is not None and one.active and one.role in KEYWORKERS


@guard("This person is the keyworker already.")
def names_another(case: Case, _context: Context, command: Allocate) -> bool:
    return case.keyworker != command.keyworker


def _whose_case(case: Case, _context: Context, _command: Command | None) -> str:
    return f"Only the keyworker may do this: {case.keyworker or 'nobody yet; allocate the case first'}."


@guard(_whose_case)
def by_the_keyworker(case: Case, context: Context) -> bool:
    return context.by.role not in KEYWORKERS or case.keyworker == context.by.username


@guard("A need that is restricted is scored by the complex needs specialist only. Leave it out.")
def restricted_need_by_specialist(_case: Case, context: Context, command: AssessNeeds) -> bool:
    restricted = any(context.rules.needs[one.need].restricted for one in command.scores)
    return not restricted or context.by.role is Role.complex_needs_specialist


@guard("Needs were assessed at entry already. Use a review.")
def one_entry_assessment(case: Case, _context: Context, command: AssessNeeds) -> bool:
    return command.stage != "entry" or not _assessed(case, "entry")


@guard("An exit assessment comes after the contract has begun.")
def exit_after_the_start(case: Case, _context: Context, command: AssessNeeds) -> bool:
    return command.stage != "exit" or case.contract is not None


def _assessed(case: Case, stage: str) -> bool:
    return any(one.stage == stage for one in case.need_scores)


@guard("Needs have not been assessed at entry. The contract follows from them.")
def entry_assessed(case: Case, _context: Context) -> bool:
    return _assessed(case, "entry")


@guard("Needs have not been assessed at exit.")
def exit_assessed(case: Case, _context: Context) -> bool:
    return _assessed(case, "exit")


# Contract


def _missing_mandatory(case: Case, context: Context, command: Terms) -> list[str]:
    given = {one.code for one in command.conditions}
    return [code for code in context.pack(case).contract.mandatory if code not in given]


def _names_missing(case: Case, context: Context, command: Terms) -> str:
    return f"Every contract has these conditions: add {', '.join(_missing_mandatory(case, context, command))}."


@guard(_names_missing)
def mandatory_conditions_present(case: Case, context: Context, command: Terms) -> bool:
    return not _missing_mandatory(case, context, command)


def _states_the_maximum(case: Case, context: Context, _command: Terms) -> str:
    return f"A contract has at most {context.pack(case).contract.conditions_max} conditions."


@guard(_states_the_maximum)
def conditions_within_the_maximum(case: Case, context: Context, command: Terms) -> bool:
    return len(command.conditions) <= context.pack(case).contract.conditions_max


@guard("Contact with a victim is free for both and can never be a condition that someone could break.")
def no_victim_contact_as_condition(_case: Case, context: Context, command: Terms) -> bool:
    return not any(context.rules.conditions[one.code].victim_contact for one in command.conditions)


@guard("The contract's last day comes before the day it is signed.")
def ends_after_it_is_signed(_case: Case, _context: Context, command: Terms) -> bool:
    return command.ends_on > command.signed_on


def _longest(case: Case, context: Context, _command: Terms | PauseContract) -> str:
    months = context.pack(case).contract.max_months
    return f"A contract runs for at most {months} months from the day it was first signed."


@guard(_longest)
def no_longer_than_the_pack_allows(case: Case, context: Context, command: Terms | PauseContract) -> bool:
    if isinstance(command, PauseContract):
        return True  # the days of a pause do not count
    first = case.contracts[0].signed_on if case.contracts else command.signed_on
    paused = sum(((one.resumed_on or one.until_on + timedelta(1)) - one.from_on).days for one in case.pauses)
    return command.ends_on <= add_months(first, context.pack(case).contract.max_months) + timedelta(paused)


def _latest_end(case: Case, context: Context) -> date | None:
    buffer = timedelta(days=context.pack(case).time_limit.buffer_days)
    return case.limit_on - buffer if case.limit_on is not None and case.limit_basis == "statutory" else None


def _states_latest_end(case: Case, context: Context, _command: Command) -> str:
    latest, limit = _latest_end(case, context), case.limit_on
    if latest is None or limit is None:
        return ""
    charge = f"a charge has to be issued by {written_date(limit)}, and time to decide on one is kept back"
    return f"This must end by {written_date(latest)}: {charge}."


@guard(_states_latest_end)
def fits_time_limit(case: Case, context: Context, command: Terms | PauseContract) -> bool:
    latest = _latest_end(case, context)
    ends = command.new_end(case) if isinstance(command, PauseContract) else command.ends_on
    return latest is None or ends is None or ends <= latest


@guard("Someone who has changed a contract must name a probation team lead who agreed to it.")
def probation_lead_agreed(_case: Case, context: Context, command: VaryContract) -> bool:
    one = context.session.get(Staff, command.agreed_by)
    return one is not None and one.active and one.role is Role.probation_team_lead


@guard("The contract is paused already.")
def not_paused(case: Case, _context: Context) -> bool:
    return running_pause(case) is None


@guard("The contract is not paused.")
def paused(case: Case, _context: Context) -> bool:
    return running_pause(case) is not None


@guard("There is no open condition with that number.")
def condition_is_open(case: Case, _context: Context, command: Any) -> bool:
    return any(one.number == command.condition and one.status == "open" for one in case.conditions)


def _names_open_conditions(case: Case, _context: Context, _command: Command | None) -> str:
    unsettled = [
        f"{one.number} ({one.code})" for one in case.conditions if one.status == "open" and one.kind != "refrain"
    ]
    return f"Every condition must be kept or waived. Still open: {', '.join(unsettled)}."


@guard(_names_open_conditions)
def conditions_kept_or_waived(case: Case, _context: Context) -> bool:
    return not any(one.status == "open" and one.kind != "refrain" for one in case.conditions)


# Appointments


@guard("There is no booked appointment with that number.")
def appointment_is_booked(
    case: Case, _context: Context, command: RescheduleAppointment | CancelAppointment | Attendance
) -> bool:
    one = appointment(case, command.appointment)
    return one is not None and one.status == "booked"


@guard("Nothing has been recorded for that appointment yet.")
def attendance_recorded(case: Case, _context: Context, command: Attendance) -> bool:
    one = appointment(case, command.appointment)
    return one is not None and one.status == "past"


@guard("That appointment has not taken place yet: attendance in the future cannot be recorded.")
def appointment_is_past(case: Case, context: Context, command: Attendance) -> bool:
    one = appointment(case, command.appointment)
    return one is None or one.at <= context.at


# Breach


@guard("That day is outside the contract's term.")
def within_term(case: Case, _context: Context, command: ReportBreach | RecordNewOffence) -> bool:
    first = case.contracts[0].signed_on if case.contracts else None
    return first is not None and case.contract is not None and first <= command.occurred_on <= case.contract.ends_on


@guard("Name conditions of this contract.")
def conditions_of_this_contract(case: Case, _context: Context, command: ReportBreach) -> bool:
    return set(command.conditions) <= {one.number for one in case.conditions if one.status != "withdrawn"}


@guard("Ask the person for their reasonable excuse, or say why they could not be asked, before reporting a breach.")
def excuse_asked(_case: Case, _context: Context, command: ReportBreach) -> bool:
    return command.excuse_asked or len(command.excuse) >= 10


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
