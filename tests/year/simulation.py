"""The year itself: day after day the clock is set, the workers go round, people act, and now and then a worker dies."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random

from divert.db import Database
from divert.law.working_days import is_working_day
from divert.migrate import migrate
from divert.models import Staff
from tests.year.chance import befall
from tests.year.clock import SharedClock, in_cleveland
from tests.year.crew import Crew
from tests.year.office import Office
from tests.year.staff import STAFF, Rota
from tests.year.steps import see_to
from tests.year.worker import Outage

FIRST_DAY = date(2019, 1, 2)
NIGHT, EVENING = time(2), time(17, 30)
"""When the workers are waited for, each day. What is missed at midnight is put before somebody that night."""


@dataclass(frozen=True)
class Lived:
    """What there is to look back on."""

    first: date
    last: date
    log: Path
    killed: Sequence[str]
    done: Counter[str]
    refused: Counter[str]
    outages: Sequence[Outage]


def live(
    url: str,
    folder: Path,
    *,
    referrals: int,
    kills: int,
    days: int,
    referred_within: int,
    seed: int,
    watched: Callable[[Sequence[date]], Iterable[date]] = iter,
) -> Lived:
    """Live so many days on an empty PostgreSQL database, with people referred in the first `referred_within`."""
    random = Random(seed)
    database = Database(url)
    migrate(database)
    with database.writing() as session:
        session.add_all(Staff(username=one.username, name=one.username.title(), role=one.role) for one in STAFF)
    calendar = [FIRST_DAY + timedelta(days=n) for n in range(days)]
    rota = Rota(random, calendar[0], calendar[-1])
    arrivals = Counter(random.choices([on for on in calendar[:referred_within] if is_working_day(on)], k=referrals))
    deaths = Counter(random.choices(calendar[5 : days * 3 // 4], k=kills))
    clock = SharedClock(folder / "clock")
    clock.set(in_cleveland(FIRST_DAY, NIGHT))
    outages = [_outage(random, on) for on in random.sample(calendar[10:-10], 1 + days // 90)]
    office, owed = Office(database, clock, random, rota), 0
    with Crew(url, clock, folder / "deliveries.jsonl", outages) as crew:
        for on in watched(calendar):
            owed += deaths[on]
            while owed and (living := crew.not_doomed):
                crew.dooms(random.choice(living), random.randrange(1, 160))
                owed -= 1
            _a_day(on, office, crew, arrivals[on])
    database.dispose()
    return Lived(calendar[0], calendar[-1], crew.log, crew.killed, office.done, office.refused, outages)


def _a_day(on: date, office: Office, crew: Crew, arrivals: int) -> None:
    office.clock.set(in_cleveland(on, NIGHT))
    crew.quiet()
    if is_working_day(on):
        office.opens(on)
        office.clock.set(office.now)
        for _ in range(arrivals):
            office.someone_is_referred()
        befall(office)
        crew.wake()  # and from here on the workers and the staff are at it at the same time
        for one in list(office.ready()):
            see_to(office, one)
            if office.chance(0.1):
                crew.wake()
        crew.quiet()  # time is not to fly while somebody holds a message
    office.clock.set(in_cleveland(on, EVENING))
    crew.quiet()


def _outage(random: Random, on: date) -> Outage:
    """From some hour of that day the receiver is down, for an hour or for most of a day."""
    first: datetime = in_cleveland(on, time(random.randrange(24)))
    return first, first + timedelta(hours=random.choice((1, 9, 20)))
