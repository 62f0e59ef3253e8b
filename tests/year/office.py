"""The office at work: whoever a deadline belongs to looks at it, and meets it in time, late, or only when chased."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any, NamedTuple

from sqlalchemy import or_, select

from divert.acts.refusals import NotAllowed, Refused
from divert.casework.command import CaseCommand
from divert.casework.commands.referral import RecordReferralAgreement, Refer
from divert.casework.deadlines import ABOUT_THE_LIMIT
from divert.casework.workflow import NoSuchCase, Receipt, perform
from divert.clock import london_date
from divert.db import Database
from divert.demo.people import BARRED, FOR_REVIEW, NOT_KNOWN, invent_referral
from divert.demo.story import OFFICERS
from divert.law.rulebook import rulebook
from divert.law.working_days import add_working_days
from divert.models import OPEN, Case, Deadline, Role, State
from divert.people.staff import Actor
from tests.year.clock import SharedClock, in_cleveland
from tests.year.staff import Rota, named

OPENS = time(9)
EACH_TAKES = timedelta(seconds=1)
"""So little that no lease can run out between two of a day's acts while its holder is at work."""

Asked = tuple[Actor, CaseCommand]


class Due(NamedTuple):
    """An open deadline, as whoever it belongs to sees it."""

    case_id: int
    seq: int
    kind: str
    about: int
    ref: str
    due_on: date
    owner_role: Role
    escalated_on: date | None
    keyworker: str | None

    @property
    def key(self) -> tuple[int, int, str, int]:
        """The same from day to day."""
        return self[:4]


class Office:
    """The staff of one simulated office. Each of their acts goes through the one writer, and is counted."""

    def __init__(self, database: Database, clock: SharedClock, random: Random, rota: Rota) -> None:
        self.database, self.clock, self.random, self.rota = database, clock, random, rota
        self.number, self.now = 0, clock()
        self.unknown: dict[str, dict[str, Any]] = {}
        """What was left blank in a referral, and what the answer turns out to be."""
        self.sinking: set[str] = set()
        """Cases whose person has stopped coming."""
        self.plans: dict[tuple[int, int, str, int], date] = {}
        """When whoever a deadline belongs to means to see to it."""
        self.chased: set[tuple[int, int, str, int]] = set()
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    @property
    def today(self) -> date:
        """The date in Cleveland."""
        return london_date(self.now)

    def opens(self, on: date) -> None:
        """The office opens for the day."""
        self.now = in_cleveland(on, OPENS)

    def chance(self, probability: float) -> bool:
        """Whether it turns out so this time."""
        return self.random.random() < probability

    def anyone(self, role: Role) -> Actor | None:
        """Somebody of a post who is in today."""
        there = self.rota.on_duty(role, self.today)
        return self.random.choice(there) if there else None

    def in_today(self, username: str | None) -> Actor | None:
        """A member of staff, unless away."""
        if username is None:
            return None
        one = named(username)
        return one if self.rota.is_in(one, self.today) else None

    @contextmanager
    def case(self, ref: str) -> Iterator[Case]:
        """A case to look at."""
        with self.database.reading() as session:
            yield session.scalars(select(Case).where(Case.ref == ref)).one()

    def does(self, asked: Asked | None, ref: str | None = None) -> Receipt | None:
        """One person does one thing; None where nobody was there to do it, or it was refused, which is counted."""
        if asked is None:
            return None
        who, command = asked
        self.now += EACH_TAKES
        self.clock.set(self.now)
        try:
            with self.database.writing() as session:
                receipt = perform(session, ref, command, who, self.now, salt=self.random.randbytes(32))
        except (Refused, NotAllowed, NoSuchCase) as refusal:
            because = "+".join(name for name, _ in getattr(refusal, "reasons", ())) or type(refusal).__name__
            self.refused[f"{command.slug()}: {because}"] += 1
            return None
        self.done[command.slug()] += 1
        return receipt

    def someone_is_referred(self) -> None:
        """An officer (one is always on shift) refers somebody new: some facts bar entry, some are left blank."""
        officer = self.random.choice(OFFICERS)
        self.number += 1
        said = invent_referral(self.random, self.today, self.number)
        fate = self.random.random()
        blank: dict[str, Any] = {}
        if fate < 0.07:
            said |= self.random.choice(BARRED)
        elif fate < 0.2:
            said |= self.random.choice(FOR_REVIEW)
        elif fate < 0.3:
            name = self.random.choice(NOT_KNOWN)
            blank = {name: said.pop(name)}
        if self.chance(0.2):
            said["email"] = f"person{self.number}@example.com"
        if self.chance(0.1):
            del said["phone"]
        receipt = self.does((officer, Refer.model_validate({k: v for k, v in said.items() if v is not None})))
        if receipt is None:
            return
        self.unknown[receipt.ref] = blank
        if self.chance(0.15):
            self.sinking.add(receipt.ref)
        if self.chance(0.7):
            self.does((officer, RecordReferralAgreement(signed_on=self.today)), receipt.ref)

    def open_deadlines(self) -> Sequence[Due]:
        """Everything that is due of anyone, the first first."""
        columns = (Deadline.kind, Deadline.about, Case.ref, Deadline.due_on, Deadline.owner_role)
        query = select(Deadline.case_id, Deadline.seq, *columns, Deadline.escalated_on, Case.keyworker)
        query = query.join(Case, Case.id == Deadline.case_id).where(Deadline.status == "open")
        far = ("follow_up", "retention_review")  # months and years ahead
        soon = or_(Deadline.kind.not_in(far), Deadline.due_on <= self.today + timedelta(days=14))
        with self.database.reading() as session:
            rows = session.execute(query.where(soon).order_by(Deadline.due_on, Case.id, Deadline.kind, Deadline.about))
            return [Due(*row) for row in rows]

    def lives(self) -> list[tuple[str, State]]:
        """The open cases, in order."""
        query = select(Case.ref, Case.state).where(Case.state.in_(OPEN)).order_by(Case.id)
        with self.database.reading() as session:
            return [(row.ref, row.state) for row in session.execute(query)]

    def is_in(self, one: Due) -> bool:
        """Whether whoever a deadline belongs to is there today to look at it."""
        theirs = rulebook().deadlines[one.kind].keyworker_owns and one.escalated_on is None
        if theirs and one.keyworker is not None:
            return self.in_today(one.keyworker) is not None
        return bool(self.rota.on_duty(one.owner_role, self.today))

    def ready(self) -> Iterator[Due]:
        """What somebody means to see to today, and is there to see to."""
        waiting = self.open_deadlines()
        for one in waiting:
            if one.key not in self.plans:
                self.plans[one.key] = self._plan(one)
            if one.escalated_on is not None and one.key not in self.chased:
                self.chased.add(one.key)
                self._chase(one, waiting)
        for one in waiting:
            if one.kind not in ABOUT_THE_LIMIT and self.plans[one.key] <= self.today and self.is_in(one):
                self.plans[one.key] = add_working_days(self.today, self.random.randrange(1, 4))  # to be tried again
                yield one

    def _chase(self, one: Due, waiting: Sequence[Due]) -> None:
        """Whoever it was put before asks for it to be done; at a time limit, for all that the case waits for."""
        if one.kind not in ABOUT_THE_LIMIT:
            if self.chance(0.3 if one.kind == "charging_decision" else 0.85):
                self._hurry(one)
        elif self.chance(0.35):
            for other in waiting:
                if other.case_id == one.case_id:
                    self._hurry(other)

    def _hurry(self, one: Due) -> None:
        soon = add_working_days(self.today, self.random.randrange(4))
        if one.kind != "appointment" or one.escalated_on is not None:
            self.plans[one.key] = min(self.plans.get(one.key, soon), soon)

    def _plan(self, one: Due) -> date:
        """The day on which it will be seen to: mostly in time, some days late, or forgotten unless somebody asks."""
        rule = rulebook().deadlines[one.kind]
        fate = self.random.random()
        if fate < (0.35 if one.kind == "charging_decision" else 0.015):
            return one.due_on + timedelta(days=self.random.randrange(30, 260))
        if fate < 0.15:
            return add_working_days(one.due_on, self.random.randrange(1, 9))
        first = self.today
        if one.kind == "appointment":
            first = one.due_on - timedelta(days=4)
        elif rule.authority.startswith("The signed contract") or one.kind == "follow_up":
            first = max(first, one.due_on - timedelta(days=18 if one.kind == "condition" else 3))
        return max(
            first, one.due_on - timedelta(days=self.random.randrange((max(one.due_on - first, timedelta())).days + 1))
        )


def example(command: type[CaseCommand], **otherwise: Any) -> CaseCommand:
    """A command as its own example says it, but for what is given."""
    said: dict[str, Any] = command.model_json_schema()["examples"][0]
    return command.model_validate({**said, **otherwise})


def moment(on: date, hour: int) -> datetime:
    """A wall-clock hour there."""
    return in_cleveland(on, time(hour))
