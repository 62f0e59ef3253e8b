"""One schema on two databases: migrations up and down, no drift, and one winner where two write at once."""

import threading
from threading import Event
from typing import Any

import pytest
from alembic import command
from sqlalchemy import event, inspect
from sqlalchemy.orm.exc import StaleDataError

from divert.acts.refusals import NotAllowed, Refused, Stale
from divert.casework.command import CaseCommand
from divert.casework.commands.decisions import DecideForPolice
from divert.casework.commands.record import AddNote, SetSensitivity
from divert.casework.commands.referral import Refer
from divert.casework.commands.victim import RecordVictimViews
from divert.casework.upkeep.check import check
from divert.casework.workflow import NoSuchCase, Receipt, perform
from divert.db import Database
from divert.migrate import configuration, downgrade, is_current, migrate
from divert.models import Case, Model, Sensitivity, State
from divert.people.staff import Actor
from divert.records.ledger import entries_of
from tests.office import (
    BOARD,
    DALE,
    INSPECTOR,
    KEYWORKER,
    MANAGER,
    MEMBER,
    OFFICER,
    OTHER_INSPECTOR,
    OTHER_OFFICER,
    Office,
)


def test_migrations_go_up_and_down_and_up_again(database: Database) -> None:
    assert is_current(database)
    downgrade(database)
    assert not is_current(database)
    assert set(inspect(database.engine).get_table_names()) == {"alembic_version"}
    migrate(database)
    assert set(inspect(database.engine).get_table_names()) == {*Model.metadata.tables, "alembic_version"}


def test_the_migrations_come_to_the_tables_that_the_code_means(database: Database) -> None:
    config = configuration()
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.check(config)


def at_once(
    office: Office, acts: list[tuple[Actor, CaseCommand]], ref: str, seen: int | None
) -> list[Receipt | Exception]:
    """Several people act on one case at the same moment, each in a session of their own."""
    ready = threading.Barrier(len(acts))
    results: list[Receipt | Exception] = []

    def act(who: Actor, asked: CaseCommand) -> None:
        ready.wait()
        try:
            with office.database.writing() as session:
                results.append(perform(session, ref, asked, who, office.now, seen))
        except Exception as refusal:
            results.append(refusal)

    threads = [threading.Thread(target=act, args=one) for one in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.parametrize("round_", range(3))
def test_of_two_inspectors_who_decide_at_once_one_wins_and_the_other_is_told(office: Office, round_: int) -> None:
    ref = office.case_in(State.under_decision, crime_ref=f"CVP-19-{round_}")
    yes = DecideForPolice(accept=True, reasons="First offence.")
    no = DecideForPolice(accept=False, reasons="Too many.", override_reason="Third time this year.")
    with office.open(ref) as case:
        seen = case.version
    results = at_once(office, [(INSPECTOR, yes), (OTHER_INSPECTOR, no)], ref, seen)
    assert sum(isinstance(one, Receipt) for one in results) == 1
    assert sum(isinstance(one, Stale) for one in results) == 1
    with office.open(ref) as case:
        assert len(case.decisions) == 1


def waits_for_a_lock(database: Database) -> bool:
    """Whether some session on PostgreSQL is waiting for a row that another holds."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with database.engine.connect() as connection:
        return bool(connection.exec_driver_sql(waiting).scalar())


def test_who_waited_for_a_case_acts_on_what_it_has_become(postgres: Office) -> None:
    """Two people record what a victim said. The second waits; what they say is compared with what the first wrote."""
    ref = postgres.case_in(State.referred)
    postgres.does(OFFICER, RecordVictimViews(views="sought"), ref)
    obtained = RecordVictimViews(views="obtained", contact_name="Ms Farrow")
    second = threading.Thread(target=postgres.does, args=(OFFICER, RecordVictimViews(views="sought"), ref))
    with postgres.database.writing() as session:
        perform(session, ref, obtained, INSPECTOR, postgres.now)
        second.start()
        patience = Event()
        for _ in range(600):
            if waits_for_a_lock(postgres.database):
                break
            patience.wait(0.1)
        else:
            pytest.fail("nobody came to wait for the case")
    second.join()
    with postgres.open(ref) as case:
        assert case.victim is not None
        assert case.victim.views == "sought"  # as the last entry says
    with postgres.database.reading() as session:
        assert list(check(session)) == []


def test_a_statement_that_waits_for_a_lock_reads_nothing_beside_the_row_it_locks(postgres: Office) -> None:
    waiting: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "FOR UPDATE" in statement and "SKIP LOCKED" not in statement:
            waiting.append(statement)

    event.listen(postgres.database.engine, "before_cursor_execute", listen)
    ref = postgres.case_in(State.completed)
    postgres.does(MANAGER, SetSensitivity(level=Sensitivity.restricted, reason="Known to the team."), ref)
    assert waiting
    for statement in waiting:
        columns, _, rest = " ".join(statement.split()).removeprefix("SELECT ").partition(" FROM ")
        table = rest.split()[0]
        assert all(column.strip().startswith(f"{table}.") for column in columns.split(",")), statement


def test_eight_notes_at_once_are_eight_entries_in_one_chain(office: Office) -> None:
    ref = office.case_in(State.referred)
    results = at_once(office, [(INSPECTOR, AddNote(text=f"Note {n}")) for n in range(8)], ref, None)
    assert all(isinstance(one, Receipt) for one in results), results
    with office.database.reading() as session:
        assert [one.seq for one in entries_of(session, office.find(session, ref))] == list(range(1, 10))


def test_referrals_at_once_get_numbers_of_their_own(office: Office) -> None:
    said = [Refer.model_validate({**DALE, "crime_ref": f"CVP-19-{n}", "surname": f"Marsh {n}"}) for n in range(6)]
    barrier, refs = threading.Barrier(len(said)), []

    def refer(one: Refer) -> None:
        barrier.wait()
        refs.append(office.does(OFFICER, one).ref)

    threads = [threading.Thread(target=refer, args=(one,)) for one in said]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(refs) == [f"D-19-{n:04d}" for n in range(1, 7)]


def test_one_person_and_crime_referred_twice_at_once_is_one_case(office: Office) -> None:
    barrier = threading.Barrier(2)
    results: list[str] = []

    def refer() -> None:
        barrier.wait()
        try:
            results.append(office.refers())
        except Refused as refusal:
            results.append(refusal.reasons[0][0])

    threads = [threading.Thread(target=refer) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["D-19-0001", "no_open_case"]


def test_a_refused_command_leaves_nothing_behind(office: Office) -> None:
    ref = office.case_in(State.referred)
    with office.open(ref) as case:
        before = (case.version, case.head)
    with pytest.raises(NotAllowed):
        office.does(KEYWORKER, DecideForPolice(accept=True, reasons="I would."), ref)
    with pytest.raises(Refused):
        office.does(INSPECTOR, DecideForPolice(accept=True, reasons="I would."), ref)
    with pytest.raises(Stale):
        office.does(INSPECTOR, AddNote(text="Late."), ref, seen=7)
    with office.open(ref) as case:
        assert (case.version, case.head) == before


@pytest.mark.parametrize("who", [OTHER_OFFICER, MEMBER, BOARD], ids=lambda who: who.username)
def test_who_may_not_know_of_a_case_is_told_there_is_none(desk: Office, who: Actor) -> None:
    ref = desk.case_in(State.referred)
    with pytest.raises(NoSuchCase):
        desk.does(who, AddNote(text="Hello."), ref)


def test_a_case_row_that_moved_underneath_is_never_overwritten(sqlite_url: str) -> None:
    """Without the lock that PostgreSQL gives and the queue that SQLite has, the version still decides."""
    office = Office(Database(sqlite_url))
    ref = office.case_in(State.referred)
    with office.database.writing() as session:
        case: Case = office.find(session, ref)
        session.connection().exec_driver_sql("UPDATE cases SET version = 5")
        case.head = "f" * 64
        with pytest.raises(StaleDataError):
            session.flush()
        session.rollback()
    office.database.dispose()
