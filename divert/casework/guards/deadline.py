"""What must hold for a deadline to be moved or escalated."""

from divert.casework import deadlines
from divert.casework.command import Context
from divert.casework.commands.deadline import EscalateDeadline, MoveDeadline, OneDeadline
from divert.casework.guard import guard
from divert.models import Case


@guard("There is no open deadline of that kind about that.")
def deadline_is_open(case: Case, _context: Context, command: OneDeadline) -> bool:
    return deadlines.find(case, command.kind, command.about) is not None


@guard("That day is set by law, or follows from one that is. It cannot be moved.")
def not_set_by_law(_case: Case, _context: Context, command: MoveDeadline) -> bool:
    return command.kind not in deadlines.ABOUT_THE_LIMIT


@guard("The new day is past already.")
def moved_ahead(_case: Case, context: Context, command: MoveDeadline) -> bool:
    return command.due_on >= context.today


@guard("That deadline was not missed, or was escalated already.")
def deadline_missed(case: Case, context: Context, command: EscalateDeadline) -> bool:
    row = deadlines.find(case, command.kind, command.about)
    missed = row is not None and row.due_on == command.due_on and row.escalated_on is None
    return missed and deadlines.is_missed(
        command.kind, command.due_on, context.today, context.rules.deadlines_on(context.today)
    )
