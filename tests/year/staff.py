"""Who works there, and when they are away."""

from collections.abc import Iterable
from datetime import date, timedelta
from random import Random

from divert.demo.story import INSPECTORS, KEYWORKERS, MANAGER, OFFICERS, PROBATION, SPECIALIST
from divert.law.working_days import add_working_days
from divert.models import Role
from divert.people.staff import Actor

STAFF = (
    *OFFICERS, *INSPECTORS, PROBATION, Actor("probation.lead.two", Role.probation_team_lead), *KEYWORKERS,
    Actor("keyworker.three", Role.probation_service_officer), SPECIALIST, MANAGER,
)  # fmt: skip


class Rota:
    """Everyone's leave over a period: a week or two at a time, and one keyworker ill for six weeks."""

    def __init__(self, random: Random, first: date, last: date) -> None:
        self.away: dict[Actor, list[tuple[date, date]]] = {one: [] for one in STAFF}
        for one in STAFF:
            day = first + timedelta(days=random.randrange(20, 80))
            while day < last:
                back = add_working_days(day, random.choice((5, 5, 10)))
                self.away[one].append((day, back))
                day = back + timedelta(days=random.randrange(60, 110))
        ill = first + timedelta(days=random.randrange(90, 200))
        self.away[KEYWORKERS[0]].append((ill, ill + timedelta(days=42)))

    def is_in(self, who: Actor, on: date) -> bool:
        """Whether they are at work on a working day."""
        return not any(gone <= on < back for gone, back in self.away[who])

    def on_duty(self, role: Role, on: date) -> list[Actor]:
        """Everyone of a post who is in."""
        return [one for one in STAFF if one.role is role and self.is_in(one, on)]


def named(username: str, among: Iterable[Actor] = STAFF) -> Actor:
    """A member of staff by username."""
    return next(one for one in among if one.username == username)
