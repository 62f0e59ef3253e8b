"""A missed deadline is escalated once, whoever dies at it, whoever is busy with its case, whatever fails beside it."""

import os
import signal
import threading
from collections import Counter
from datetime import date, timedelta

import pytest
from sqlalchemy import event, func, select, text

from divert.casework.upkeep.check import check
from divert.casework.workflow import locked
from divert.db import Database
from divert.models import Case, Deadline, LedgerEntry
from divert.worker.outbox import FIRST_WAIT, LONGEST_WAIT
from divert.worker.sweep import MissedDeadline, deadlines_set_aside, sweep
from tests.office import MANAGER, Office

THURSDAY = date(2019, 5, 9)
"""Of a referral on Monday, the agreement is overdue and nothing else."""


def swept(office: Office) -> list[MissedDeadline]:
    return list(sweep(office.database, lambda: office.now))


def overdue(office: Office, count: int) -> list[str]:
    """So many people referred on Monday, of whom none has signed by Thursday."""
    first = len(office.refs)
    office.on("2019-05-06")
    for number in range(first, first + count):
        office.refers(crime_ref=f"CVP-19-{number}", surname=f"Marsh {number}")
    office.on(THURSDAY)
    return office.refs[first:]


def escalations(database: Database) -> Counter[str]:
    """How often each case had a deadline escalated."""
    with database.reading() as session:
        query = select(Case.ref, func.count().label("times")).join(LedgerEntry, LedgerEntry.case_id == Case.id)
        query = query.where(LedgerEntry.command == "escalate-deadline").group_by(Case.ref)
        return Counter({row.ref: row.times for row in session.execute(query)})


def dies_at(office: Office, statement: int) -> bool:
    """A worker of its own sweeps, and is killed without warning before that statement. False: it lived."""
    child = os.fork()
    if child == 0:  # nothing of the test's is used from here on: only the address of its database
        database, done = Database(office.database.url.render_as_string(hide_password=False)), Counter[str]()

        def count(*_: object) -> None:
            done["statements"] += 1
            if done["statements"] == statement:
                os.kill(os.getpid(), signal.SIGKILL)

        event.listen(database.engine, "before_cursor_execute", count)
        event.listen(database.engine, "commit", count)
        list(sweep(database, lambda: office.now))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL)
    with office.database.writing() as session:  # PostgreSQL may take a moment to see that it died, and to let go
        session.execute(select(Case.id).with_for_update())
    return status == signal.SIGKILL


def test_a_worker_that_dies_before_any_statement_leaves_the_work_to_be_done_once(office: Office) -> None:
    statement = 1
    while True:
        (ref,) = overdue(office, 1)
        died = dies_at(office, statement)
        swept(office)
        assert escalations(office.database)[ref] == 1, f"killed before statement {statement}"
        if not died:
            break
        statement += 1
    assert statement > 8  # find, lock, read, write, tell, commit, look for another: each of them was a death
    with office.database.reading() as session:
        assert list(check(session)) == []


def test_many_sweeps_at_once_escalate_each_deadline_once(office: Office) -> None:
    refs = overdue(office, 12)
    ready, answers = threading.Barrier(3), list[MissedDeadline]()

    def work() -> None:
        ready.wait()
        answers.extend(swept(office))

    workers = [threading.Thread(target=work) for _ in range(3)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    answers.extend(swept(office))  # what one held while another passed by
    assert Counter(one.case_ref for one in answers) == Counter(refs) == escalations(office.database)
    assert {one.fault for one in answers} == {None}


def test_a_case_that_somebody_is_busy_with_is_passed_by_and_comes_next_time(postgres_url: str) -> None:
    office = Office(Database(postgres_url))
    busy, free = overdue(office, 2)
    with office.database.writing() as session:
        locked(session, busy, MANAGER)
        assert [one.case_ref for one in swept(office)] == [free]
    assert [one.case_ref for one in swept(office)] == [busy]
    office.database.dispose()


def spoil(office: Office, ref: str) -> None:
    """An entry already stands where the case's next one belongs."""
    columns = 'at, "by", role, command, from_state, to_state, commitment, hash, salt, body'
    copy = f"INSERT INTO ledger (case_id, seq, {columns}) SELECT case_id, 2, {columns} FROM ledger"
    with office.database.writing() as session:
        session.execute(text(f"{copy} WHERE case_id = (SELECT id FROM cases WHERE ref = :ref)"), {"ref": ref})


def aside(office: Office) -> list[tuple[str, Deadline]]:
    with office.database.reading() as session:
        return deadlines_set_aside(session)


def test_one_that_fails_is_set_aside_with_its_fault_and_tried_further_and_further_apart(office: Office) -> None:
    spoilt, sound = overdue(office, 2)
    spoil(office, spoilt)
    assert [(one.case_ref, one.fault) for one in swept(office)] == [(spoilt, "IntegrityError"), (sound, None)]
    ((ref, row),) = aside(office)
    assert (ref, row.kind, row.fault, row.retry_at) == (spoilt, "agreement", "IntegrityError", office.now + FIRST_WAIT)
    assert swept(office) == []  # not before its time
    for _ in range(9):
        ((_, row),) = aside(office)
        assert row.retry_at is not None
        office.minutes += int((row.retry_at - office.now) / timedelta(minutes=1)) + 1
        assert [one.fault for one in swept(office)] == ["IntegrityError"]
    ((_, row),) = aside(office)
    assert (row.attempts, row.retry_at) == (10, office.now + LONGEST_WAIT)


def test_one_that_was_set_aside_is_escalated_once_nothing_is_wrong_with_it_and_its_case_replays(office: Office) -> None:
    (ref,) = overdue(office, 1)
    with office.database.writing() as session:
        row = session.scalars(select(Deadline).where(Deadline.kind == "agreement")).one()
        row.attempts, row.fault, row.retry_at = 1, "OperationalError", office.now
    assert len(aside(office)) == 1
    assert [(one.case_ref, one.fault) for one in swept(office)] == [(ref, None)]
    assert aside(office) == []
    with office.database.reading() as session:
        assert list(check(session)) == []


@pytest.mark.parametrize("count", [3, 9])
def test_a_sweep_asks_as_many_times_as_there_are_deadlines_and_once_more(postgres_url: str, count: int) -> None:
    office = Office(Database(postgres_url))
    overdue(office, count)
    asked: list[str] = []
    event.listen(office.database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    assert len(swept(office)) == count
    searches = [one for one in asked if "SKIP LOCKED" in one]
    assert len(searches) == count + 1
    with office.database.reading() as session:
        session.execute(text("SET enable_seqscan = off"))
        plan = "\n".join(
            session.scalars(
                text(
                    "EXPLAIN SELECT 1 FROM deadlines WHERE status = 'open' AND escalated_on IS NULL "
                    "AND due_on <= '2019-05-09' ORDER BY due_on, case_id, kind, about LIMIT 1"
                )
            )
        )
    assert "ix_deadlines_sweep" in plan
    assert "Sort" not in plan
    office.database.dispose()
