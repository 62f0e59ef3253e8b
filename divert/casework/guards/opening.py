"""What must hold before a person is taken on: referral, victim, and the two decisions."""

from typing import Any

from divert.casework.command import Context
from divert.casework.commands.decisions import Decide, ReturnToForce
from divert.casework.commands.referral import Refer
from divert.casework.commands.victim import RecordVictimViews
from divert.casework.guard import guard
from divert.models import ANSWERED, OPEN, Case, Role

# Referral


def _names_the_open_case(_case: Case, context: Context, command: Refer) -> str:
    return f"Case {_open_cases(context, command)[0].ref} is already open for this person and crime."


def _open_cases(context: Context, command: Refer) -> list[Case]:
    return [one for one in command.same_crime_and_person(context) if one.state in OPEN]


@guard(_names_the_open_case)
def no_open_case(_case: Case, context: Context, command: Refer) -> bool:
    return not _open_cases(context, command)


NOT_AHEAD = (
    "referred_on", "signed_on", "kept_on", "told_on", "occurred_on", "decided_on", "checked_on", "said_on",
    "effective_on",
)  # fmt: skip


@guard("A date in the future cannot be recorded as done.")
def not_in_the_future(_case: Case, context: Context, command: Any) -> bool:
    said = (getattr(command, name, None) for name in NOT_AHEAD)
    return all(on is None or on <= context.today for on in said)


@guard("The agreement has not been signed. Record it first: the scheme judges nobody who has not agreed to it.")
def agreement_recorded(case: Case, _context: Context) -> bool:
    return case.agreement_signed_on is not None


@guard("There is no victim in this case. If that is wrong, correct it in a note and refer again.")
def has_a_victim(case: Case, _context: Context) -> bool:
    return case.victim is not None and case.victim.kind != "none"


@guard("A business has rights only through a named contact. Say who spoke for it.")
def business_has_a_contact(case: Case, _context: Context, command: RecordVictimViews) -> bool:
    victim = case.victim
    if victim is None or victim.kind != "business" or command.views in ("sought", "unreachable"):
        return True
    return bool(command.contact_name or victim.contact_name)


# Decision


@guard("The facts have changed since eligibility was checked. Check it again first.")
def verdict_up_to_date(case: Case, _context: Context) -> bool:
    return not case.verdict_out_of_date


@guard("Eligibility is not yet known. Supply the missing facts and check again.")
def verdict_known(case: Case, _context: Context) -> bool:
    return case.verdict not in (None, "not_yet_known")


@guard("This side has decided already. Use 'Reconsider your decision'.")
def side_has_not_decided(case: Case, context: Context) -> bool:
    return case.decision("police" if context.by.role is Role.police_team_lead else "probation") is None


@guard("You have made no decision in this case that could be reconsidered.")
def decided_before(case: Case, context: Context) -> bool:
    mine = case.decision("police" if context.by.role is Role.police_team_lead else "probation")
    return mine is not None and mine.by == context.by.username


@guard("Police and probation decide separately: two different people.")
def two_different_people(case: Case, context: Context) -> bool:
    other = case.decision("probation" if context.by.role is Role.police_team_lead else "police")
    return other is None or other.by != context.by.username


@guard("This goes against the verdict, so it is an override. Say why.")
def override_is_explained(case: Case, _context: Context, command: Decide) -> bool:
    return not command.is_override(case) or bool(command.override_reason)


@guard("The victim has not answered yet. Before a yes, record their views, or that they declined or cannot be reached.")
def victim_heard_before_a_yes(case: Case, _context: Context, command: Decide) -> bool:
    victim = case.victim
    answered = victim is not None and victim.views in ANSWERED
    return not command.accept or answered or (victim is not None and victim.kind == "none")


@guard("Nobody has said no. A case goes back to the force only after a refusal.")
def someone_refused(case: Case, _context: Context) -> bool:
    return any(one is not None and not one.accept for one in (case.decision("police"), case.decision("probation")))


@guard("That reason does not fit where the case stands: it comes from another step.")
def return_reason_fits(case: Case, context: Context, command: ReturnToForce) -> bool:
    return case.state in context.rules.return_reasons[command.reason_code].states


@guard("Police and probation have both said yes.")
def both_agree(case: Case, _context: Context) -> bool:
    return all(one is not None and one.accept for one in (case.decision("police"), case.decision("probation")))
