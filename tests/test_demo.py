"""The demo is a year that could have been: every case by the book, every desk with something on it, nobody real."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import func, select

from divert import demo
from divert.casework.upkeep.check import check
from divert.clock import system_clock
from divert.db import Database
from divert.migrate import migrate
from divert.models import OPEN, Case, Consent, Deadline, Document, LedgerEntry, Person, Role, Staff, State
from divert.people import staff
from tests.command_line import counts, divert

NOW = datetime(2020, 1, 17, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, list[demo.SignIn]]]:
    """A database filled once, and how its users sign in."""
    database = empty(tmp_path_factory.mktemp("demo") / "divert.db")
    signs_in = demo.fill(database, NOW)
    assert signs_in is not None
    yield database, signs_in
    database.dispose()


def empty(file: Path) -> Database:
    database = Database(f"sqlite:///{file}")
    migrate(database)
    return database


Year = tuple[Database, list[demo.SignIn]]


def test_every_case_of_the_demo_keeps_every_invariant(year: Year) -> None:
    with year[0].reading() as session:
        assert list(check(session)) == []


def test_every_state_and_every_ending_can_be_looked_at(year: Year) -> None:
    with year[0].reading() as session:
        states = Counter(session.scalars(select(Case.state)))
        assert set(states) == set(State)
        assert 150 <= sum(states.values()) <= 200
        assert states[State.completed] > 80
        assert "died" in session.scalars(select(Case.close_reason)).all()
        assert {"ineligible", "not_agreed", "declined", "breached"} <= set(session.scalars(select(Case.return_reason)))
        assert "not_yet_known" in session.scalars(select(Case.verdict)).all()


def test_a_handful_of_documents_were_issued_and_a_few_cases_shared_with_consent(year: Year) -> None:
    with year[0].reading() as session:
        issued = Counter(session.scalars(select(Document.kind)))
        shared = session.scalars(select(LedgerEntry.case_id).where(LedgerEntry.command == "share-case")).all()
        agreed = session.scalars(select(Consent.case_id)).all()
    assert set(issued) == {"contract", "completion_letter"}
    assert 10 <= issued.total() <= 40
    assert 5 <= len(shared) <= 20
    assert set(shared) == set(agreed)


def test_nothing_happened_after_today_before_the_scheme_or_before_what_came_before_it(year: Year) -> None:
    with year[0].reading() as session:
        entries = session.execute(
            select(LedgerEntry.case_id, LedgerEntry.at).order_by(LedgerEntry.case_id, LedgerEntry.seq)
        ).all()
    assert max(entry.at for entry in entries) <= NOW
    assert min(entry.at for entry in entries) >= datetime(2019, 1, 17, tzinfo=UTC)
    for one, next_one in pairwise(entries):
        assert one.case_id != next_one.case_id or one.at <= next_one.at


def test_something_is_due_soon_and_what_was_missed_was_escalated(year: Year) -> None:
    today = NOW.date()
    with year[0].reading() as session:
        waiting = session.scalars(
            select(Deadline)
            .join(Case, Case.id == Deadline.case_id)
            .where(Deadline.status == "open", Case.state.in_(OPEN))
        ).all()
        assert any(today <= one.due_on <= today + timedelta(days=14) for one in waiting)
        missed = [one for one in waiting if one.due_on < today]
        assert missed
        assert all(one.escalated_on is not None for one in missed)


def test_everyone_is_invented(year: Year) -> None:
    with year[0].reading() as session:
        for phone in session.scalars(select(Person.phone)):
            assert phone is None or phone.startswith("07700900")
        assert session.scalars(select(Person.email).where(Person.email.is_not(None))).all() == []


def test_a_user_of_each_role_signs_in_by_password_and_one_of_each_by_token(year: Year) -> None:
    database, signs_in = year
    tokens = [one for one in signs_in if one.token]
    assert {one.role for one in tokens} == set(Role) - {Role.system}
    assert len(tokens) == len({one.role for one in tokens})
    with database.reading() as session:
        for one in tokens:
            actor = staff.Actor(one.username, one.role)
            assert staff.by_token(session, one.token, NOW) == actor
            assert staff.by_password(session, one.username, one.password) == actor


@pytest.mark.parametrize("day", ["2019-01-03", "2019-02-14", "2019-04-05"])
def test_the_same_seed_and_day_tell_the_same_story_at_any_time(tmp_path: Path, day: str) -> None:
    heads = []
    for name in ("one.db", "two.db"):
        database = empty(tmp_path / name)
        demo.fill(database, datetime.fromisoformat(f"{day}T15:00+00:00"), seed=7)
        with database.reading() as session:
            heads.append(session.execute(select(Case.ref, Case.head).order_by(Case.ref)).all())
        database.dispose()
    assert heads[0] == heads[1] != []


def test_before_the_scheme_there_is_no_story(tmp_path: Path) -> None:
    database = empty(tmp_path / "divert.db")
    with pytest.raises(ValueError, match="first referrals"):
        demo.fill(database, datetime(2018, 12, 31, tzinfo=UTC))
    assert counts(database)["Case"] == 0
    database.dispose()


def test_a_database_with_anybody_in_it_is_left_alone(database: Database) -> None:
    before = counts(database)
    assert demo.fill(database, system_clock()) is None
    assert counts(database) == before


def test_the_demo_is_printed_once_and_a_second_call_says_how_to_sign_in(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'divert.db'}"
    divert("migrate", url=url)
    first = divert("demo", url=url)
    assert first.code == 0
    for username, _, role in demo.STAFF:
        assert username in first.answer
        assert role.label in first.answer
    assert first.answer.count("divert_") == len(Role) - 1
    database = Database(url)
    before = counts(database)
    again = divert("demo", url=url)
    assert (again.code, again.answer) == (0, "")
    assert "nothing was changed" in again.words
    assert demo.PASSWORD in again.words
    assert counts(database) == before
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Staff)) == len(demo.STAFF)
    database.dispose()


def test_a_database_that_is_not_the_demo_is_not_told_the_demo_s_password(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'divert.db'}"
    divert("migrate", url=url)
    divert("staff", "add", "j.smith", "--name", "Jo Smith", "--role", "auditor", url=url)
    told = divert("demo", url=url)
    assert "nothing was changed" in told.words
    assert demo.PASSWORD not in told.words
