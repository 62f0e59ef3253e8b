"""What a command on a case is, and what it may know besides the case."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import ClassVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from divert.acts.command import Command
from divert.clock import london_date
from divert.eligibility.policies import Policies
from divert.eligibility.policy import Policy
from divert.law.rulebook import Rulebook, rulebook
from divert.models import Case, LedgerEntry
from divert.people.staff import Actor
from divert.policies.adopted import policies_of


@dataclass(frozen=True)
class Context:
    """Everything a command or guard may know besides the case: who, when, as which entry, under which rules."""

    session: Session
    by: Actor
    at: datetime
    seq: int

    @cached_property
    def today(self) -> date:
        """The date in Cleveland."""
        return london_date(self.at)

    @property
    def rules(self) -> Rulebook:
        """Law and policy, as data."""
        return rulebook()

    @cached_property
    def policies(self) -> Policies:
        """The policies, each in force in its time."""
        return policies_of(self.session)

    def policy(self, case: Case) -> Policy:
        """The eligibility policy this case is judged by: the one in force on its referral date."""
        return self.policies.in_force(case.referred_on)

    def case(self, ref: str) -> Case | None:
        """Another case, by its reference."""
        return self.session.scalar(select(Case).where(Case.ref == ref))

    def entry(self, case: Case, seq: int) -> LedgerEntry | None:
        """An earlier entry of this case."""
        return self.session.get(LedgerEntry, (case.id, seq))


class CaseCommand(Command):
    """Something a person does to a case. It stands in the table of the procedure, with who may and what must hold."""

    words_only: ClassVar[bool] = False
    """True where nothing changes that a deadline could follow from: only the history grows."""

    ends_a_case: ClassVar[bool] = False
    """True where the page asks to check the answers first."""

    def apply(self, case: Case, context: Context) -> None:
        """Change the case's live rows. Its state is the table's affair, its history the ledger's."""
