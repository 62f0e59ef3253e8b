"""Guards: yes or no, each with the sentence a person reads when it says no.

A guard about the case alone can be asked before a form is opened. A guard that also reads the command is asked when
the form comes back; before that it holds its peace (and says yes).
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass

from divert.casework.command import CaseCommand, Context
from divert.models import Case

Says = str | Callable[..., str]


@dataclass(frozen=True)
class Guard:
    """A statement that must hold, and what is said when it does not."""

    name: str
    says: Says
    statement: Callable[..., bool]
    reads_the_command: bool

    def holds(self, case: Case, context: Context, command: CaseCommand | None = None) -> bool:
        """Whether the statement is true; a guard that needs a command which is not there yet does not object."""
        if not self.reads_the_command:
            return self.statement(case, context)
        return command is None or self.statement(case, context, command)

    def sentence(self, case: Case, context: Context, command: CaseCommand | None = None) -> str:
        """Why not, for the person who asked."""
        return self.says if isinstance(self.says, str) else self.says(case, context, command)


def guard(says: Says) -> Callable[[Callable[..., bool]], Guard]:
    """Make a guard of a function of (case, context) or (case, context, command)."""

    def make(statement: Callable[..., bool]) -> Guard:
        return Guard(statement.__name__, says, statement, len(inspect.signature(statement).parameters) == 3)

    return make
