"""A demo: invented staff, and a year of invented people, each of them carried by the same commands as real ones."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from operator import itemgetter
from random import Random
from typing import NamedTuple

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from divert.acts.act import perform
from divert.board.figures.costs import last_of
from divert.board.figures.definition import months_between
from divert.board.spending import EnterCosts
from divert.casework.command import CaseCommand
from divert.clock import LONDON, london_date
from divert.db import Database
from divert.demo.paths import WAITING, Path, deal_paths, tell
from divert.demo.people import FIRST_REFERRALS, referral_days
from divert.demo.story import MANAGER, Story
from divert.law.working_days import add_working_days
from divert.models import Case, OutboxMessage, Role, Staff
from divert.people import staff

PASSWORD = "a-year-of-second-chances"  # noqa: S105 - it opens invented cases only, and is meant to be known
"""Every demo user's password. The accounts are made where the demo is asked for, and nowhere else."""

STAFF = (
    ("officer", "PC Robin Hale", Role.referring_officer),
    ("officer.two", "PC Ashley Byrne", Role.referring_officer),
    ("police.lead", "Inspector Morgan Doyle", Role.police_team_lead),
    ("police.lead.two", "Inspector Sam Okafor", Role.police_team_lead),
    ("probation.lead", "Jo Whitfield", Role.probation_team_lead),
    ("keyworker", "Alex Tranter", Role.probation_service_officer),
    ("keyworker.two", "Priya Nandra", Role.probation_service_officer),
    ("specialist", "Carys Maddox", Role.complex_needs_specialist),
    ("manager", "Frances Lyle", Role.project_manager),
    ("panel.coordinator", "Dee Sorley", Role.panel_coordinator),
    ("panel.member", "Neil Abara", Role.panel_member),
    ("board", "Ruth Castle", Role.board_member),
    ("auditor", "Ken Osgood", Role.auditor),
)

YEAR = timedelta(days=365)

USUALLY_SPENT = {"staff": 18_400, "providers": 5_200, "premises": 950, "systems": 610, "other": 240}
"""Pounds a month, invented."""

PlannedStory = tuple[date, Path, type[CaseCommand] | None]
"""The day of a referral, the path its story takes, and the command it waits after, if it waits."""


class SignIn(NamedTuple):
    """How a demo user signs in: at the pages by password, over JSON by token (one for each role)."""

    role: Role
    username: str
    password: str
    token: str


def fill(
    database: Database,
    at: datetime,
    seed: int = 2019,
    progress: Callable[[Sequence[PlannedStory]], Iterable[PlannedStory]] = iter,
) -> list[SignIn] | None:
    """Fill an empty database with what happened in the year up to `at`; None, and nothing done, where it is not empty.

    The same seed and day give the same people and the same steps. It is one transaction: all of it or nothing.
    `progress` may wrap the stories, to show how far it has come. ValueError before the scheme's first day.
    """
    today = london_date(at)
    if today <= FIRST_REFERRALS:
        raise ValueError(
            f"The scheme took its first referrals on {FIRST_REFERRALS}; there is no year to show before it."
        )
    with database.writing() as session:
        if any(session.scalar(select(func.count()).select_from(table)) for table in (Staff, Case)):
            return None
        for username, name, role in STAFF:
            staff.add(session, username, name, role, PASSWORD)
        tokens = {role: "" for _, _, role in STAFF}
        for username, _, role in STAFF:
            tokens[role] = tokens[role] or staff.issue_token(session, username, at)
        tell_year(session, at, seed, progress)
    sign_ins: list[SignIn] = []
    for username, _, role in STAFF:
        is_first = all(sign_in.role != role for sign_in in sign_ins)
        sign_ins.append(SignIn(role, username, PASSWORD, tokens[role] if is_first else ""))
    return sign_ins


def tell_year(
    session: Session,
    at: datetime,
    seed: int = 2019,
    progress: Callable[[Sequence[PlannedStory]], Iterable[PlannedStory]] = iter,
) -> None:
    """What happened in the year up to `at` to the people whom this office dealt with. Its staff are there already."""
    random, today = Random(seed), london_date(at)  # noqa: S311 - a story, not a secret
    first = max(today - YEAR, FIRST_REFERRALS)
    days = referral_days(random, first, today)
    stories: list[PlannedStory] = [
        (on, path, None) for on, path in zip(days, deal_paths(random, len(days)), strict=True)
    ]
    waiting = [(add_working_days(today, -ago), path, stops_after) for ago, path, stops_after in WAITING]
    stories += [story for story in waiting if story[0] >= first]
    for number, (on, path, stops_after) in enumerate(progress(sorted(stories, key=itemgetter(0))), start=1):
        tell(path, Story(session, random, on, at, number, stops_after))
        session.expunge_all()
    _enter_costs(session, first, at)
    session.execute(delete(OutboxMessage))  # the year is over: nothing of it is to be sent now


def _enter_costs(session: Session, first: date, at: datetime) -> None:
    """What the office spent, as its manager enters it early in the month after."""
    random, today = Random(first.toordinal()), london_date(at)  # noqa: S311 - invented amounts
    for month in months_between(f"{first:%Y-%m}", f"{today:%Y-%m}"):
        on = add_working_days(last_of(month), 4)
        if on >= today:
            return
        for heading, usual in USUALLY_SPENT.items():
            pounds = f"{random.uniform(0.9, 1.1) * usual:.2f}"
            source = f"Finance ledger of {month} (invented)"
            command = EnterCosts(heading=heading, month=month, pounds=Decimal(pounds), source=source)
            perform(session, command, MANAGER, datetime.combine(on, time(10), LONDON))


def is_filled(database: Database) -> bool:
    """Whether this database holds the demo."""
    with database.reading() as session:
        usernames = set(session.scalars(select(Staff.username)))
    return {username for username, _, _ in STAFF} <= usernames
