"""What must hold of the terms a person is with the scheme on: keyworker, needs, contract."""

from datetime import date, timedelta

from divert.casework.command import CaseCommand, Context
from divert.casework.commands.contract import PauseContract, ResumeContract, Terms, VaryContract, running_pause
from divert.casework.commands.support import Allocate, AssessNeeds
from divert.casework.guard import guard
from divert.clock import written_date
from divert.law.time_limits import add_months
from divert.models import Case, Staff
from divert.people.rights import KEYWORKERS, PROBATION, Subject, may_read

# Support


@guard("That is not an active keyworker. Choose a probation service officer or the complex needs specialist.")
def names_a_keyworker(_case: Case, context: Context, command: Allocate) -> bool:
    member = context.session.get(Staff, command.keyworker)
    return member is not None and member.active and member.role in KEYWORKERS


@guard("This person is the keyworker already.")
def names_another(case: Case, _context: Context, command: Allocate) -> bool:
    return case.keyworker != command.keyworker


def _whose_case(case: Case, _context: Context, _command: CaseCommand | None) -> str:
    return f"Only the keyworker may do this: {case.keyworker or 'nobody yet; allocate the case first'}."


@guard(_whose_case)
def by_the_keyworker(case: Case, context: Context) -> bool:
    return context.by.role not in KEYWORKERS or case.keyworker == context.by.username


@guard("A need that is restricted is scored by the complex needs specialist only. Leave it out.")
def restricted_need_by_specialist(_case: Case, context: Context, command: AssessNeeds) -> bool:
    restricted = any(context.rules.needs[score.need].restricted for score in command.scores)
    return not restricted or may_read(context.by.role, Subject.restricted_need)


@guard("Needs were assessed at entry already. Use a review.")
def one_entry_assessment(case: Case, _context: Context, command: AssessNeeds) -> bool:
    return command.stage != "entry" or not _assessed(case, "entry")


@guard("An exit assessment comes after the contract has begun.")
def exit_after_the_start(case: Case, _context: Context, command: AssessNeeds) -> bool:
    return command.stage != "exit" or case.contract is not None


def _assessed(case: Case, stage: str) -> bool:
    return any(score.stage == stage for score in case.need_scores)


@guard("Needs have not been assessed at entry. The contract follows from them.")
def entry_assessed(case: Case, _context: Context) -> bool:
    return _assessed(case, "entry")


@guard("Needs have not been assessed at exit.")
def exit_assessed(case: Case, _context: Context) -> bool:
    return _assessed(case, "exit")


# Contract


def _missing_mandatory(case: Case, context: Context, command: Terms) -> list[str]:
    codes = {promise.code for promise in command.conditions}
    return [code for code in context.policy(case).contract.mandatory if code not in codes]


def _names_missing(case: Case, context: Context, command: Terms) -> str:
    return f"Every contract has these conditions: add {', '.join(_missing_mandatory(case, context, command))}."


@guard(_names_missing)
def mandatory_conditions_present(case: Case, context: Context, command: Terms) -> bool:
    return not _missing_mandatory(case, context, command)


def _states_the_maximum(case: Case, context: Context, _command: Terms) -> str:
    return f"A contract has at most {context.policy(case).contract.conditions_max} conditions."


@guard(_states_the_maximum)
def conditions_within_the_maximum(case: Case, context: Context, command: Terms) -> bool:
    return len(command.conditions) <= context.policy(case).contract.conditions_max


def _not_offered(_case: Case, context: Context, command: Terms) -> list[str]:
    catalogue = context.rules.conditions
    return [
        promise.code for promise in command.conditions if not catalogue[promise.code].is_offered_on(command.signed_on)
    ]


def _names_not_offered(case: Case, context: Context, command: Terms) -> str:
    named = ", ".join(_not_offered(case, context, command))
    return f"The catalogue does not offer this on {written_date(command.signed_on)}: {named}."


@guard(_names_not_offered)
def conditions_offered(case: Case, context: Context, command: Terms) -> bool:
    return not _not_offered(case, context, command)


@guard("The words of a condition are the catalogue's. Put what is particular to this person in the detail.")
def words_of_the_catalogue(_case: Case, _context: Context, command: Terms) -> bool:
    return all(promise.text == promise.words() for promise in command.conditions)


@guard("Contact with a victim is free for both and can never be a condition that someone could break.")
def no_victim_contact_as_condition(_case: Case, context: Context, command: Terms) -> bool:
    return not any(context.rules.conditions[promise.code].victim_contact for promise in command.conditions)


@guard("The contract's last day comes before the day it is signed.")
def ends_after_it_is_signed(_case: Case, _context: Context, command: Terms) -> bool:
    return command.ends_on > command.signed_on


def _longest(case: Case, context: Context, _command: Terms) -> str:
    months = context.policy(case).contract.max_months
    return f"A contract runs for at most {months} months from the day it was first signed."


@guard(_longest)
def no_longer_than_the_pack_allows(case: Case, context: Context, command: Terms) -> bool:
    first = case.contracts[0].signed_on if case.contracts else command.signed_on
    longest = add_months(first, context.policy(case).contract.max_months)
    return command.ends_on <= longest + timedelta(days=days_paused(case))


def days_paused(case: Case) -> int:
    """The days by which pauses have moved a contract's end."""
    pauses = [pause for pause in case.pauses if "contract_end" in pause.stops]
    return sum(((pause.resumed_on or pause.until_on + timedelta(days=1)) - pause.from_on).days for pause in pauses)


def latest_end(case: Case, context: Context) -> date | None:
    """The last day on which a contract may end, so that a charge can still be decided; None: no limit binds."""
    buffer = timedelta(days=context.policy(case).time_limit.buffer_days)
    return case.limit_on - buffer if case.limit_on is not None and case.limit_basis == "statutory" else None


def _states_latest_end(case: Case, context: Context, _command: CaseCommand) -> str:
    latest, limit = latest_end(case, context), case.limit_on
    if latest is None or limit is None:
        return ""
    charge = f"a charge has to be issued by {written_date(limit)}, and time to decide on one is kept back"
    return f"This must end by {written_date(latest)}: {charge}."


@guard(_states_latest_end)
def fits_time_limit(case: Case, context: Context, command: Terms | PauseContract) -> bool:
    latest = latest_end(case, context)
    ends = command.new_end(case) if isinstance(command, PauseContract) else command.ends_on
    return latest is None or ends is None or ends <= latest


@guard("Someone who has changed a contract must name a probation team lead who agreed to it.")
def probation_lead_agreed(_case: Case, context: Context, command: VaryContract) -> bool:
    lead = context.session.get(Staff, command.agreed_by)
    return lead is not None and lead.active and lead.role in PROBATION


@guard("The contract is paused already.")
def not_paused(case: Case, context: Context) -> bool:
    return running_pause(case, context.today) is None


@guard("The contract is not paused.")
def paused(case: Case, context: Context) -> bool:
    return running_pause(case, context.today) is not None


def _states_the_pause(case: Case, context: Context, _command: ResumeContract) -> str:
    pause = running_pause(case, context.today)
    if pause is None:
        return ""
    return f"The pause runs from {written_date(pause.from_on)} to {written_date(pause.until_on)}: name a day of it."


@guard(_states_the_pause)
def resumed_within_the_pause(case: Case, context: Context, command: ResumeContract) -> bool:
    pause = running_pause(case, context.today)
    return pause is None or pause.from_on <= command.resumed_on <= pause.until_on


@guard("The pause lies outside the contract's term.")
def pause_within_the_term(case: Case, _context: Context, command: PauseContract) -> bool:
    first = case.contracts[0].signed_on if case.contracts else None
    return first is not None and case.contract is not None and first <= command.from_on <= case.contract.ends_on
