"""Acts on what is no case: meetings, draws, policies, costs, staff. Each says itself who may, why not, and what it
does.

A command on a case has a table for that (`divert.casework.lifecycle`). These have no states to stand in a table by:
what they share with it is the class, the refusals, and the loop that makes their routes and forms.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar, Self

from sqlalchemy.orm import Session

from divert.acts.command import Command
from divert.acts.refusals import NotAllowed, Reason, Refused
from divert.clock import london_date
from divert.db import Turn, take_turn
from divert.models import Role
from divert.people.rights import listed
from divert.people.staff import Actor


@dataclass(frozen=True)
class ActContext:
    """Everything an act may know besides what it is done to: who, when, and what was prepared for it."""

    session: Session
    by: Actor
    at: datetime
    prepared: Any = None

    @property
    def today(self) -> date:
        """The date in Cleveland."""
        return london_date(self.at)


class Act(Command):
    """Something that a person does to what is no case."""

    by: ClassVar[tuple[Role, ...]] = ()
    """Who may."""

    turn: ClassVar[Turn | None] = None
    """Those of one kind are done one at a time, where what one writes bears on the next."""

    prepares: ClassVar[bool] = False
    """True where `prepare` has work to do that nobody who writes should wait for."""

    @classmethod
    def find(cls, on: str | None, context: ActContext) -> Any:
        """What it is done to, by its public id: a meeting, a frame, a proposal. Raises NotFound."""

    def prepare(self, subject: Any, context: ActContext) -> Any:
        """What takes long and only reads: done before, in a session that writes nothing."""

    def refusals(self, subject: Any, context: ActContext) -> Iterator[Reason]:
        """Everything that stands against it now."""
        yield from ()

    def apply(self, subject: Any, context: ActContext) -> Any:
        """Do it; what then stands, for whoever asked. Raises Unusable for an answer that will not do."""

    @classmethod
    def require_able(cls, by: Actor) -> None:
        """Raises NotAllowed, naming whose it is, for whoever may never do it."""
        if by.role not in cls.by:
            raise NotAllowed(f"'{cls.title()}' is for the {listed(cls.by, ' or ')}.")

    @classmethod
    def among(cls, acts: "tuple[type[Self], ...]") -> "dict[str, type[Self]]":
        """Acts by their slugs."""
        return {act.slug(): act for act in acts}


def prepare(session: Session, act: Act, by: Actor, at: datetime, on: str | None = None) -> Any:
    """What an act has to have ready before it is performed. Raises NotAllowed, NotFound, Unusable."""
    act.require_able(by)
    context = ActContext(session, by, at)
    return act.prepare(act.find(on, context), context)


def perform(session: Session, act: Act, by: Actor, at: datetime, on: str | None = None, prepared: Any = None) -> Any:
    """Do an act to `on`, as `by`, at the instant `at` (UTC); what it answers. The caller commits.

    Raises NotAllowed, NotFound, Refused with every reason, Unusable; then nothing is changed.
    """
    act.require_able(by)
    if act.turn is not None:
        take_turn(session, act.turn)
    context = ActContext(session, by, at, prepared)
    subject = act.find(on, context)
    if reasons := list(act.refusals(subject, context)):
        raise Refused(reasons)
    return act.apply(subject, context)
