"""One schema on two databases: migrations up and down, no drift, and one winner where two write at once."""

import threading

import pytest
from alembic import command
from sqlalchemy import inspect
from sqlalchemy.orm.exc import StaleDataError

from divert.acts.refusals import NotAllowed, Refused, Stale
from divert.casework.command import CaseCommand
from divert.casework.commands.decisions import DecideForPolice
from divert.casework.commands.record import AddNote
from divert.casework.commands.referral import Refer
from divert.casework.workflow import NoSuchCase, Receipt, perform
from divert.db import Database
from divert.migrate import configuration, downgrade, is_current, migrate
from divert.models import Case, Model, State
from divert.people.staff import Actor
from divert.records.ledger import entries_of
from tests.office import BOARD, DALE, INSPECTOR, KEYWORKER, MEMBER, OFFICER, OTHER_INSPECTOR, OTHER_OFFICER, Office


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
