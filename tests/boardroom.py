"""What the board's tests have in common: exact counts, and a population whose cases go random ways."""

from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import Any

from sqlalchemy import text, update

from divert.board.counting.count_store import CountStore
from divert.board.counting.counts import Counts
from divert.casework.commands.ending import CloseCase, Reinstate
from divert.casework.commands.record import RecordFollowUp
from divert.casework.commands.referral import CorrectFacts
from divert.models import FINAL, OPEN, RoundingKey, State
from tests import endings
from tests.office import INSPECTOR, KEYWORKER, MANAGER, PATHS, Office


def exactly(office: Office, as_at: date) -> Counts:
    """The counts of a day before anything is rounded, from a population counted anew."""
    return CountStore(office.database).exact(as_at, office.now)


def with_a_known_secret(office: Office) -> None:
    """What is rounded up and what is withheld is the same in every run. Only a copy for tests may lose its guard."""
    with office.database.writing() as session:
        session.execute(text("DROP TRIGGER rounding_keys_no_update"))
        session.execute(update(RoundingKey).values(key="2019" * 16))


STORIES: tuple[Callable[[Office], str], ...] = (
    endings.completes,
    endings.completes,
    endings.declines,
    endings.breaches,
    lambda office: endings.breaches(office, "warn"),
    endings.is_ineligible,
    endings.is_refused,
    endings.is_disagreed_on,
    endings.is_refused_though_eligible,
    endings.withdraws,
    lambda office: PATHS[State.active](office, endings.somebody(office)),
    lambda office: endings.somebody(office, admission=None),
    lambda office: endings.sent_back(office, endings.judged(office, endings.drunk(office, previous_convictions=1))),
)
WHO = ("sex", "ethnicity", "district", "date_of_birth")


def generated(office: Office, random: Random, size: int, since: date = date(2019, 3, 25)) -> None:
    """People referred on random days of a spring whose cases go random ways, and whose facts are put right."""
    for _ in range(size):
        ref = random.choice(STORIES)(office.on(since + timedelta(days=random.randrange(60))))
        if office.state(ref) in (State.referred, State.under_decision) and random.random() < 0.5:
            facts = {"sex": "F", "ethnicity": "A1", "district": "E06000003", "date_of_birth": "1970-01-01"}
            changed = {name: facts[name] for name in WHO if random.random() < 0.6}
            office.on(office.today + timedelta(days=2))
            office.does(INSPECTOR, CorrectFacts.model_validate({"reason": "Seen.", **changed}), ref)
        later = office.on(office.today + timedelta(days=random.randrange(1, 30)))
        if office.state(ref) is State.returned and random.random() < 0.7:
            endings.charged(later, ref, outcome_code=random.choice([1, 1, 16]))
        elif office.state(ref) is State.closed and random.random() < 0.5:
            later.does(MANAGER, Reinstate(reason="Has changed their mind."), ref)
        elif office.state(ref) in OPEN and random.random() < 0.3:
            later.does(MANAGER, CloseCase(reason_code="moved_away", explanation="To Leeds."), ref)
        if office.state(ref) in FINAL and random.random() < 0.8:
            ended = office.today
            for soonest in random.choice([[100], [1500], [100, 1500], [1500, 1900]]):
                day = ended + timedelta(days=soonest + random.randrange(800))
                follows_up(office.on(day), ref, random, ended)


TABLES_OUT = date(2023, 5, 1)


def follows_up(office: Office, ref: str, random: Random, ended: date) -> None:
    """Somebody looks at the record, and finds something or not; what is found is scored, sometimes."""
    body: dict[str, Any] = {"checked_on": office.today, "reoffended": random.random() < 0.6}
    if body["reoffended"] and random.random() < 0.8:
        body["offence_on"] = min(office.today, ended + timedelta(days=random.randrange(500)))
    if body["reoffended"] and office.today >= TABLES_OUT and random.random() < 0.8:
        body |= {"harm_days": int(10 ** random.uniform(0, 4)) - 1, "harm_table": "cchi-2023-05"}
    office.does(KEYWORKER, RecordFollowUp(**body), ref)
