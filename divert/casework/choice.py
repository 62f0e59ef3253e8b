"""Which answers are left to choose: those that no guard of the procedure would refuse, whatever else is answered.

A guard is asked about a command of which one answer is given and nothing else. Where it looks at that alone, it has
spoken; where it asks for more, it cannot speak yet, and the answer stays open.
"""

from typing import Any

from divert.casework.command import CaseCommand, Context
from divert.casework.guard import Guard
from divert.casework.lifecycle import row_for
from divert.models import Case


class _NotAnswered(AttributeError):
    """A guard asked for an answer that is not given yet."""


class _OneAnswer:
    """A command as far as one question is answered."""

    def __init__(self, name: str, value: Any) -> None:
        self.__dict__[name] = value

    def __getattr__(self, name: str) -> Any:
        raise _NotAnswered(name)


def left_open(command: type[CaseCommand], name: str, value: Any, case: Case, context: Context) -> bool:
    """Whether `value`, as the answer to the question `name`, can still be part of a command that is carried out."""
    row = row_for(command, case.state)
    guards = (guard for guard in row.provided if guard.reads_the_command) if row else ()
    return not any(_refuses(guard, _OneAnswer(name, value), case, context) for guard in guards)


def _refuses(guard: Guard, answer: _OneAnswer, case: Case, context: Context) -> bool:
    try:
        return not guard.statement(case, context, answer)
    except _NotAnswered:
        return False
