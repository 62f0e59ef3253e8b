"""What must hold of the victim: that there is one, that they can speak, and that they were heard."""

from divert.casework.command import Context
from divert.casework.commands.decisions import Decide
from divert.casework.commands.victim import RecordVictimViews
from divert.casework.guard import guard
from divert.models import ANSWERED, Case


@guard("There is no victim in this case. If that is wrong, correct it in a note and refer again.")
def has_a_victim(case: Case, _context: Context) -> bool:
    return case.victim is not None and case.victim.kind != "none"


@guard("A business has rights only through a named contact. Say who spoke for it.")
def business_has_a_contact(case: Case, _context: Context, command: RecordVictimViews) -> bool:
    victim = case.victim
    if victim is None or victim.kind != "business" or command.views in ("sought", "unreachable"):
        return True
    return bool(command.contact_name or victim.contact_name)


@guard("The victim has not answered yet. Before a yes, record their views, or that they declined or cannot be reached.")
def victim_heard_before_a_yes(case: Case, _context: Context, command: Decide) -> bool:
    victim = case.victim
    answered = victim is not None and victim.views in ANSWERED
    return not command.accept or answered or (victim is not None and victim.kind == "none")
