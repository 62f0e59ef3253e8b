"""What must hold before anything of a case goes to another organisation's system."""

from divert.casework.command import Context
from divert.casework.commands.sharing import ShareCase
from divert.casework.guard import guard
from divert.exchange.consent import consents_in_force, has_consent_in_force, in_order
from divert.exchange.format import sha256
from divert.models import Case, Sensitivity
from divert.people.rights import LEADS


@guard("No consent to share is in force in this case. Ask the person, and record what they say.")
def some_consent_stands(case: Case, context: Context) -> bool:
    return has_consent_in_force(case, context.today)


def _what_is_not_covered(case: Case, context: Context, command: ShareCase) -> str:
    allowed = consents_in_force(case, command.recipient, context.today)
    missing = [part.label for part in in_order(command.parts) if part not in allowed]
    return f"No consent is in force to share this with {command.recipient}: {', '.join(missing)}."


@guard(_what_is_not_covered)
def consent_covers_it(case: Case, context: Context, command: ShareCase) -> bool:
    return consents_in_force(case, command.recipient, context.today).keys() >= set(command.parts)


@guard("This case is restricted: only the team leads share anything of it.")
def restricted_shared_by_leads(case: Case, context: Context) -> bool:
    return case.sensitivity is not Sensitivity.restricted or context.by.role in LEADS


@guard("What would leave now is not the file that was made: the case, or the day, has changed. Make it again.")
def is_what_would_be_shared(case: Case, context: Context, command: ShareCase) -> bool:
    if not consent_covers_it.holds(case, context, command):
        return True  # nothing can be made, and the reason is given already
    return sha256(command.write_file(case, context)) == command.sha256
