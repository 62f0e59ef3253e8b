"""What must hold before a case is opened, and before eligibility is looked at."""

from divert.casework.command import Context
from divert.casework.commands.referral import Refer
from divert.casework.guard import guard
from divert.models import OPEN, Case


def _names_the_open_case(_case: Case, context: Context, command: Refer) -> str:
    return f"Case {_open_cases(context, command)[0].ref} is already open for this person and crime."


def _open_cases(context: Context, command: Refer) -> list[Case]:
    return [case for case in command.same_crime_and_person(context) if case.state in OPEN]


@guard(_names_the_open_case)
def no_open_case(_case: Case, context: Context, command: Refer) -> bool:
    return not _open_cases(context, command)


@guard("The agreement has not been signed. Record it first: the scheme judges nobody who has not agreed to it.")
def agreement_recorded(case: Case, _context: Context) -> bool:
    return case.agreement_signed_on is not None
