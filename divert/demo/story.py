"""The teller of a demo story: one case, moved through the one writer, at an office's hours and an office's pace."""

from datetime import date, datetime, time, timedelta
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from divert.casework.command import CaseCommand
from divert.casework.commands.deadline import EscalateDeadline
from divert.casework.deadlines import standing
from divert.casework.workflow import Receipt, perform
from divert.clock import LONDON, london_date
from divert.demo.people import invent_referral
from divert.law.working_days import add_working_days
from divert.models import Case, Role
from divert.people.staff import SYSTEM, Actor

OFFICERS = (Actor("officer", Role.referring_officer), Actor("officer.two", Role.referring_officer))
INSPECTORS = (Actor("police.lead", Role.police_team_lead), Actor("police.lead.two", Role.police_team_lead))
PROBATION = Actor("probation.lead", Role.probation_team_lead)
KEYWORKERS = (
    Actor("keyworker", Role.probation_service_officer),
    Actor("keyworker.two", Role.probation_service_officer),
)
SPECIALIST = Actor("specialist", Role.complex_needs_specialist)
MANAGER = Actor("manager", Role.project_manager)


class Later(Exception):
    """The next step has not come yet: the case stands today where it is."""


class Story:
    """One case, told from its referral on: who is in it, what time it is, and how long the office takes.

    It is told until `until`, or until the command `stops_after` has been done and nobody has got any further.
    """

    def __init__(
        self,
        session: Session,
        random: Random,
        on: date,
        until: datetime,
        number: int,
        stops_after: type[CaseCommand] | None,
    ) -> None:
        self.session, self.random, self.until, self.stops_after = session, random, until, stops_after
        self.salts = Random(number)  # noqa: S311 - invented people, the same every time
        self.now = datetime.combine(on, time(8, 30), LONDON)
        self.referral = invent_referral(random, on, number)
        self.officer, self.inspector = random.choice(OFFICERS), random.choice(INSPECTORS)
        specialist = self.referral.get("complex_needs") == "yes" or (
            self.referral["sex"] == "F" and random.random() < 0.5
        )
        self.keyworker = SPECIALIST if specialist else random.choice(KEYWORKERS)
        self.slow = random.random() < 0.12
        self.receipt: Receipt | None = None

    @property
    def today(self) -> date:
        """The date in Cleveland."""
        return london_date(self.now)

    @property
    def case(self) -> Case:
        """The case as it stands."""
        if self.receipt is None:
            raise LookupError("nobody has been referred yet")
        if not hasattr(self, "_case"):
            self._case = self.session.scalars(select(Case).where(Case.ref == self.receipt.ref)).one()
        return self._case

    def chance(self, probability: float) -> bool:
        """Whether it turns out so this time."""
        return self.random.random() < probability

    def does(self, actor: Actor, command: CaseCommand, after: int = 0) -> Receipt:
        """Somebody does something, so many working days after the last thing done. Raises Later."""
        if after:
            at_desk = time(9 + self.random.randrange(7), self.random.randrange(60))
            day = add_working_days(self.today, after + (4 if self.slow and self.chance(0.2) else 0))
            at = datetime.combine(day, at_desk, LONDON)
        else:
            at = self.now + timedelta(minutes=1 + self.random.randrange(12))
        self.worker_before(at)
        if at > self.until:
            raise Later
        self.now = at
        receipt = self._perform(actor, command, at)
        if self.stops_after is type(command):
            raise Later
        return receipt

    def waits_until(self, day: date) -> None:
        """Nothing happens before a day, or the first working day after it."""
        morning = time(9, self.random.randrange(60))
        first = datetime.combine(add_working_days(day - timedelta(days=1), 1), morning, LONDON)
        self.now = max(self.now, first)

    def worker_before(self, at: datetime) -> None:
        """What the worker did in the nights before: each missed deadline was escalated the morning after."""
        if self.receipt is None:
            return
        while deadline := next((deadline for deadline in standing(self.case) if deadline.escalated_on is None), None):
            night = max(deadline.due_on, self.today) + timedelta(days=1)
            morning = datetime.combine(night, time(2), LONDON)
            if morning >= min(at, self.until):
                return
            command = EscalateDeadline(kind=deadline.kind, about=deadline.about, due_on=deadline.due_on)
            self._perform(SYSTEM, command, morning)

    def _perform(self, actor: Actor, command: CaseCommand, at: datetime) -> Receipt:
        ref = self.receipt.ref if self.receipt else None
        self.receipt = perform(self.session, ref, command, actor, at, salt=self.salts.randbytes(32))
        return self.receipt
