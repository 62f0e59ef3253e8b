"""What is done by one transaction at a time waits for its own kind and for nothing else."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Barrier, Thread

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from divert.acts import act
from divert.acts.refusals import NotAllowed, Refused, Unusable
from divert.casework.commands.referral import Refer
from divert.casework.workflow import perform
from divert.db import Database, Turn, take_turn
from divert.models import Role, Staff
from divert.office.staff import AddStaff, EndPost
from divert.people.staff import Actor
from divert.policies.commands import ProposePolicy
from divert.records import evidence
from divert.scrutiny.meeting_commands import take_additions
from tests.conftest import opened_as
from tests.office import COORDINATOR, DALE, INSPECTOR, MANAGER, OFFICER, Office


@pytest.fixture
def postgres(postgres_url: str, postgres_template: Database) -> Iterator[Database]:
    """A PostgreSQL database alone: on SQLite there is nothing to wait for, since writers queue."""
    opened = opened_as(postgres_template, postgres_url)
    yield opened
    opened.dispose()


def free(database: Database) -> set[Turn]:
    """The turns that another transaction could take now."""
    with database.reading() as session:
        return {turn for turn in Turn if session.scalar(select(func.pg_try_advisory_xact_lock(turn.value)))}


@pytest.mark.parametrize("turn", Turn)
def test_whoever_has_a_turn_holds_up_those_who_want_the_same_and_nobody_else(postgres: Database, turn: Turn) -> None:
    with postgres.writing() as session:
        take_turn(session, turn)
        assert free(postgres) == set(Turn) - {turn}
    assert free(postgres) == set(Turn)


def opens_a_case(session: Session, office: Office, _folder: Path) -> None:
    perform(session, None, Refer.model_validate({**DALE, "crime_ref": "CVP-19-2"}), OFFICER, office.now)


def gives_a_file(session: Session, office: Office, folder: Path) -> None:
    case = office.find(session, office.refs[0])
    evidence.keep(session, folder, case, b"Came to every session.", OFFICER.username, office.now, 1000)


def proposes_a_policy(session: Session, office: Office, _folder: Path) -> None:
    with suppress(Unusable):
        act.perform(session, ProposePolicy(text="nothing"), INSPECTOR, office.now)


def adds_to_a_meeting(session: Session, office: Office, _folder: Path) -> None:
    take_additions(session, COORDINATOR, office.now)


def takes_somebody_on(session: Session, office: Office, _folder: Path) -> None:
    taken_on = AddStaff.model_validate({"username": "new", "name": "New", "role": "board_member"})
    act.perform(session, taken_on, MANAGER, office.now)


TAKES: dict[Turn, Callable[[Session, Office, Path], None]] = {
    Turn.opening_cases: opens_a_case,
    Turn.evidence: gives_a_file,
    Turn.policy: proposes_a_policy,
    Turn.meetings: adds_to_a_meeting,
    Turn.staff: takes_somebody_on,
}


@pytest.mark.parametrize("turn", Turn)
def test_each_takes_its_own_turn_and_keeps_it_to_the_end(postgres: Database, tmp_path: Path, turn: Turn) -> None:
    office = Office(postgres)
    office.refers()
    with postgres.writing() as session:
        TAKES[turn](session, office, tmp_path)
        assert free(postgres) == set(Turn) - {turn}


def test_on_sqlite_a_turn_is_taken_by_writing(sqlite: Database) -> None:
    with sqlite.writing() as session:
        for turn in Turn:
            take_turn(session, turn)


def manages(office: Office, username: str) -> Actor:
    """Another project manager, taken on."""
    with office.database.writing() as session:
        second = AddStaff.model_validate({"username": username, "name": "Second", "role": "project_manager"})
        taken_on = act.perform(session, second, MANAGER, office.now)
        return Actor(taken_on.username, taken_on.role)


def test_two_managers_cannot_let_each_other_go_at_once(office: Office) -> None:
    other, together, refused = manages(office, "second"), Barrier(2), list[Refused | NotAllowed]()

    def lets_go(by: Actor, username: str) -> None:
        together.wait()
        try:
            with office.database.writing() as session:
                act.perform(session, EndPost(), by, office.now, username)
        except (Refused, NotAllowed) as refusal:
            refused.append(refusal)

    threads = [Thread(target=lets_go, args=pair) for pair in ((MANAGER, other.username), (other, MANAGER.username))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    with office.database.reading() as session:
        left = select(func.count()).where(Staff.role == Role.project_manager, Staff.active.is_(True))
        assert session.scalar(left) == 1


def test_of_two_taken_on_under_one_name_at_once_one_is_told_so(office: Office) -> None:
    together, answers = Barrier(2), list[str]()

    def takes_on() -> None:
        together.wait()
        try:
            manages(office, "same.name")
            answers.append("taken on")
        except Unusable:
            answers.append("told")

    threads = [Thread(target=takes_on) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["taken on", "told"]
