"""What must hold of the dates that a command tells."""

from divert.casework.command import CaseCommand, Context
from divert.casework.guard import guard
from divert.models import Case


@guard("A date in the future cannot be recorded as done.")
def not_in_the_future(_case: Case, context: Context, command: CaseCommand) -> bool:
    return not command.fields_in_the_future(context.today)
