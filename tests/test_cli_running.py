"""The command line runs the service, its schema, its staff and its worker; what goes wrong is told in a line."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select, text

from divert.casework.upkeep.check import check
from divert.clock import system_clock
from divert.db import Database
from divert.models import Case, Deadline, LedgerEntry, Role, State, Token
from divert.people import staff
from divert.worker.outbox import undelivered_messages
from divert.worker.sweep import sweep
from tests.command_line import divert
from tests.databases import drop_postgres, fresh_postgres
from tests.office import Office

DIVERT = Path(sys.executable).with_name("divert")


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of either kind in which there is nothing, not even a schema."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'new' / 'empty.db'}"
        return
    admin = request.getfixturevalue("postgres_admin_url")
    url = fresh_postgres(admin)
    yield url
    drop_postgres(admin, url)


# migrate


def test_a_database_is_brought_up_and_taken_down(empty_url: str) -> None:
    assert divert("migrate", url=empty_url) == (0, "", "The database is at the newest schema.\n")
    assert divert("verify", url=empty_url).code == 0
    assert divert("migrate", "--down", url=empty_url, stdin="n\n").code == 1
    assert divert("verify", url=empty_url).code == 0
    assert divert("migrate", "--down", "--yes", url=empty_url).code == 0
    assert divert("verify", url=empty_url).code == 2


@pytest.mark.parametrize(
    "words", [("serve",), ("demo",), ("import", "x.csv"), ("export",), ("verify",), ("seal",), ("staff", "list")]
)
def test_nothing_works_on_a_database_without_its_schema_and_says_what_to_do(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    told = divert(*words, url=f"sqlite:///{tmp_path / 'none.db'}")
    assert told == (2, "", "divert: the database is not at the newest schema: run `divert migrate` first.\n")
    assert list(tmp_path.iterdir()) == []  # asking made no file


@pytest.mark.parametrize(
    "url", ["nonsense", "mysql://x/y", "postgresql://nobody@127.0.0.1:1/none", "sqlite:////proc/none/x.db"]
)
def test_a_database_that_cannot_be_used_is_told_in_one_line(url: str) -> None:
    told = divert("migrate", url=url)
    assert (told.code, told.answer) == (2, "")
    assert told.words.startswith("divert: ")
    assert told.words.count("\n") == 1


def test_a_file_that_is_no_database_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "divert.db").write_text("not a database, but long enough to be looked at\n" * 40, encoding="utf-8")
    told = divert("verify", url=f"sqlite:///{tmp_path / 'divert.db'}")
    assert (told.code, told.words.count("\n"), "database" in told.words) == (2, 1, True)


def test_a_wrong_option_and_a_wrong_command_exit_2(sqlite_url: str) -> None:
    assert divert("verify", "--speed", url=sqlite_url).code == 2
    assert divert("conquer", url=sqlite_url).code == 2


# serve


@contextmanager
def serving(url: str, folder: Path, *words: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """A real `divert serve` on a port of its own choosing, and the address that it says."""
    environment = {**os.environ, "DIVERT_DATABASE_URL": url, "DIVERT_SECRET": "for the length of a test only, no more"}
    command: list[str | Path] = [DIVERT, "serve", "--port", "0", *words]
    with subprocess.Popen(
        command, env=environment, cwd=folder, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        found = re.search(r"http://\S+", process.stderr.readline())
        assert found
        try:
            yield process, found[0]
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_service_answers_at_the_address_it_says_and_stops_when_told(
    sqlite_url: str, tmp_path: Path, workers: str
) -> None:
    with serving(sqlite_url, tmp_path, "--workers", workers) as (process, address):
        assert httpx.get(f"{address}/healthz", timeout=60).status_code == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) in (0, 130)


def test_an_embedded_service_does_what_is_due_by_itself(desk: Office, sqlite_url: str, tmp_path: Path) -> None:
    ref = desk.refers()
    with serving(sqlite_url, tmp_path) as (process, address):
        assert httpx.get(f"{address}/healthz", timeout=60).status_code == 200
        waiting, limit = True, time.monotonic() + 60
        while waiting:
            assert time.monotonic() < limit, "nothing was done"
            with desk.database.reading() as session:
                waiting = bool(undelivered_messages(session)) or not escalated(desk)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) in (0, 130)
    assert f"{ref}.1.json" in {file.name for file in (tmp_path / "var" / "outbox").iterdir()}


def test_a_service_told_to_leaves_what_is_due_to_the_worker(desk: Office, sqlite_url: str, tmp_path: Path) -> None:
    desk.refers()
    with serving(sqlite_url, tmp_path, "--no-work") as (process, address):
        assert httpx.get(f"{address}/healthz", timeout=60).status_code == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) in (0, 130)
    assert escalated(desk) == {}


@pytest.mark.parametrize(
    ("set_to", "said"),
    [
        ({"DIVERT_WEBHOOK_URL": "http://127.0.0.1:9/"}, "set both or neither"),
        ({"DIVERT_WEBHOOK_URL": "nonsense", "DIVERT_WEBHOOK_SECRET": "whsec_" + "A" * 32}, "DIVERT_WEBHOOK_URL"),
        ({"DIVERT_WEBHOOK_URL": "http://127.0.0.1:9/", "DIVERT_WEBHOOK_SECRET": "short"}, "write whsec_ and"),
        ({"DIVERT_NOTIFY_KEY": "k"}, "DIVERT_NOTIFY_TEXT_TEMPLATE"),
    ],
)
def test_settings_that_cannot_work_are_told_in_one_line(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, set_to: dict[str, str], said: str
) -> None:
    for name, value in set_to.items():
        monkeypatch.setenv(name, value)
    told = divert("work", "--once", url=sqlite_url)
    assert (told.code, told.words.count("\n"), said in told.words) == (2, 1, True), told.words


def test_a_port_in_use_is_told_in_one_line(sqlite_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = divert("serve", "--port", port, url=sqlite_url)
    assert told == (2, "", f"divert: port {port} on 127.0.0.1 is in use: choose another with --port.\n")


def test_an_address_that_is_not_ours_is_told_in_one_line(sqlite_url: str) -> None:
    told = divert("serve", "--host", "192.0.2.1", url=sqlite_url)
    assert (told.code, told.words.count("\n")) == (2, 1)
    assert "cannot listen on 192.0.2.1, port 8000" in told.words


def test_cookies_without_secure_are_served_to_this_machine_alone(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIVERT_HTTPS", "false")
    told = divert("serve", "--host", "192.0.2.1", "--port", "0", url=sqlite_url)
    assert told.code == 2
    assert "serve it behind HTTPS, or on 127.0.0.1" in told.words


# staff


def test_a_person_is_taken_on_listed_and_given_a_token_that_works(database: Database, database_url: str) -> None:
    words = ("staff", "add", "j.smith", "--name", "Jo Smith", "--role", "auditor", "--password-stdin")
    assert divert(*words, url=database_url, stdin="correct horse battery\n").code == 0
    listed = divert("staff", "list", "--json", url=database_url).json
    assert {"username": "j.smith", "name": "Jo Smith", "role": "auditor", "active": True} in listed
    assert "Jo Smith" in divert("staff", "list", url=database_url).answer
    token = divert("staff", "token", "j.smith", "--days", "2", url=database_url).answer.strip()
    with database.reading() as session:
        assert staff.by_token(session, token, system_clock()) == staff.Actor("j.smith", Role.auditor)
        assert staff.by_password(session, "j.smith", "correct horse battery") is not None
        assert token not in session.scalars(select(Token.digest)).all()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "J Smith", "--name", "J", "--role", "auditor"), "small letters"),
        (("add", "officer", "--name", "J", "--role", "auditor"), "taken"),
        (("add", "j.smith", "--name", "J", "--role", "king"), "--role"),
        (("add", "j.smith", "--name", "J", "--role", "system"), "--role"),
        (("add", "j.smith", "--name", "J", "--role", "auditor", "--password-stdin"), "12 characters"),
        (("token", "nobody"), "nobody active"),
        (("token", "officer", "--days", "0"), "--days"),
    ],
)
def test_staff_that_cannot_be_taken_on_are_refused_in_words(sqlite_url: str, words: tuple[str, ...], said: str) -> None:
    told = divert("staff", *words, url=sqlite_url, stdin="short\n")
    assert (told.code, told.answer) == (2, "")
    assert said in told.words


# sweep and work

FIRST_ROUND = "3 deadlines escalated, 0 set aside; 7 messages delivered, 0 put off.\n"


def escalated(office: Office) -> dict[str, list[str]]:
    """The kinds of deadline escalated so far, by case."""
    with office.database.reading() as session:
        query = select(Case.ref, Deadline.kind).join(Deadline).where(Deadline.escalated_on.is_not(None))
        found: dict[str, list[str]] = {}
        for ref, kind in session.execute(query.order_by(Case.ref, Deadline.kind)):
            found.setdefault(ref, []).append(kind)
        return found


def test_each_missed_deadline_is_escalated_once_by_the_worker(office: Office) -> None:
    late = office.case_in(State.under_decision)
    office.case_in(State.closed, crime_ref="CVP-19-2", surname="Marr")
    office.on("2019-05-09")
    assert list(sweep(office.database, lambda: office.now)) == []  # due today: nothing is missed yet
    office.on("2019-05-10")
    assert [(one.case_ref, one.kind) for one in sweep(office.database, lambda: office.now)] == [
        (late, "police_decision"),
        (late, "probation_decision"),
    ]
    assert list(sweep(office.database, lambda: office.now)) == []
    assert escalated(office) == {late: ["police_decision", "probation_decision"]}
    with office.open(late) as case:
        standing = next(one for one in case.deadlines if one.kind == "police_decision")
        assert (standing.status, standing.owner_role) == ("open", Role.project_manager)
    with office.database.reading() as session:
        last = session.scalars(select(LedgerEntry).order_by(LedgerEntry.at.desc())).first()
        assert last is not None
        assert (last.command, last.by) == ("escalate-deadline", "system")
        assert list(check(session)) == []


def test_a_case_that_fails_is_set_aside_and_the_others_are_escalated(office: Office, database_url: str) -> None:
    spoilt = office.refers()
    sound = office.refers(crime_ref="CVP-19-2", surname="Marr")
    with office.database.writing() as session:  # an entry already stands where the next one belongs
        columns = 'at, "by", role, command, from_state, to_state, commitment, hash, salt, body'
        copy = f"INSERT INTO ledger (case_id, seq, {columns}) SELECT case_id, 2, {columns} FROM ledger"
        session.execute(text(f"{copy} WHERE case_id = (SELECT id FROM cases WHERE ref = :ref)"), {"ref": spoilt})
    told = divert("sweep", url=database_url)  # by the machine's clock: long after everything was due
    assert told.code == 1
    assert "3 deadlines escalated, 3 set aside." in told.answer
    assert "IntegrityError" in told.answer
    assert set(escalated(office)) == {sound}
    again, listed = (divert("sweep", "--json", *more, url=database_url) for more in ((), ("--aside",)))
    assert (again.code, listed.code) == (1, 1)
    assert again.json["escalated"] == 0
    assert again.json["set_aside"] == listed.json["set_aside"]
    assert {(one["case_ref"], one["attempts"], one["fault"]) for one in listed.json["set_aside"]} == {
        (spoilt, 1, "IntegrityError")
    }


def test_the_worker_does_a_round_and_stops_where_asked(desk: Office, sqlite_url: str) -> None:
    ref = desk.refers()
    assert divert("work", "--once", url=sqlite_url).answer == FIRST_ROUND
    assert escalated(desk) == {ref: ["agreement", "precautionary_limit", "victim_views"]}
    again = divert("work", "--once", url=sqlite_url).answer
    assert again == "0 deadlines escalated, 0 set aside; 0 messages delivered, 0 put off.\n"


def test_the_worker_goes_round_until_it_is_told_to_stop(desk: Office, sqlite_url: str, tmp_path: Path) -> None:
    desk.refers()
    environment = {**os.environ, "DIVERT_DATABASE_URL": sqlite_url}
    with subprocess.Popen(
        [DIVERT, "work", "--every", "3600"], env=environment, cwd=tmp_path, text=True, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == FIRST_ROUND
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
