"""What must hold before a case is kept longer, or disposed of."""

from divert.casework.command import Context
from divert.casework.commands.retention import ReviewRetention
from divert.casework.guard import guard
from divert.casework.obligations import kept_until
from divert.clock import written_date
from divert.models import Case


def _until_when(case: Case, _context: Context, _command: ReviewRetention) -> str:
    return f"This case is kept until {written_date(kept_until(case))}. It can be disposed of once that day has passed."


@guard(_until_when)
def its_time_has_passed(case: Case, context: Context, command: ReviewRetention) -> bool:
    return command.decision == "keep" or kept_until(case) < context.today


@guard("A case is kept until a day to come.")
def kept_until_a_day_to_come(_case: Case, context: Context, command: ReviewRetention) -> bool:
    return command.keep_until is None or command.keep_until > context.today
