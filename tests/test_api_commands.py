"""Commands over HTTP: not twice, not blindly, not half; and several people at once, on both databases."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from httpx2 import Response
from sqlalchemy import Connection, event, text

from divert.db import Database
from divert.models import State
from divert.records.ledger import verify
from tests.office import DALE, INSPECTOR, KEYWORKER, MANAGER, OFFICER, OTHER_KEYWORKER, PROBATION_LEAD, Office
from tests.service import Service, service

YES = {"accept": "yes", "reasons": "First offence, full admission."}
NOTE = {"text": "Rang; will come on Tuesday."}


@pytest.fixture
def counter(office: Office) -> Iterator[Service]:
    with service(office) as opened:
        yield opened


def together(*asks: Callable[[], Response]) -> list[Response]:
    """Everyone asks in the same moment, each in a thread of their own."""
    ready = Barrier(len(asks))

    def one(ask: Callable[[], Response]) -> Response:
        ready.wait(timeout=30)
        return ask()

    with ThreadPoolExecutor(len(asks)) as pool:
        return list(pool.map(one, asks))


def version(counter: Service, ref: str) -> int:
    found: int = counter.ask(MANAGER, "GET", f"/api/cases/{ref}").json()["version"]
    return found


def sound(counter: Service) -> bool:
    with counter.office.database.reading() as session:
        return not list(verify(session))


# Not blindly


def test_a_decision_on_an_older_version_is_not_taken(counter: Service) -> None:
    ref = counter.office.case_in(State.under_decision)
    seen = version(counter, ref)
    assert counter.does(MANAGER, "add-note", ref, NOTE, If_Match=f'"{seen}"').status_code == 200
    late = counter.does(MANAGER, "add-note", ref, NOTE, If_Match=f'"{seen}"')
    assert late.status_code == 412
    assert late.json()["version"] == seen + 1 == version(counter, ref)


def test_any_version_will_do_where_none_is_named(counter: Service) -> None:
    ref = counter.office.case_in(State.under_decision)
    assert counter.does(MANAGER, "add-note", ref, NOTE).status_code == 200
    assert counter.does(MANAGER, "add-note", ref, NOTE, If_Match="*").status_code == 200


@pytest.mark.parametrize("tag", ["3", 'W/"3"', '"three"', '"3", "4"'])
def test_a_version_that_is_not_written_as_one_is_refused_not_ignored(counter: Service, tag: str) -> None:
    ref = counter.office.case_in(State.under_decision)
    answer = counter.does(MANAGER, "add-note", ref, NOTE, If_Match=tag)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == "if-match"


# Not twice


def test_the_same_request_sent_again_is_answered_again_and_done_once(counter: Service) -> None:
    ref = counter.office.case_in(State.active)
    seen = version(counter, ref)
    first, again = (
        counter.does(KEYWORKER, "add-note", ref, NOTE, Idempotency_Key="one", If_Match=f'"{seen}"') for _ in range(2)
    )
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert first.headers["ETag"] == again.headers["ETag"]
    assert "Idempotent-Replay" not in first.headers
    assert again.headers["Idempotent-Replay"] == "true"
    assert version(counter, ref) == seen + 1


def test_a_referral_sent_again_opens_no_second_case(counter: Service) -> None:
    first, again = (
        counter.ask(OFFICER, "POST", "/api/cases", DALE, headers={"Idempotency-Key": "a"}) for _ in range(2)
    )
    assert first.status_code == again.status_code == 201
    assert first.headers["Location"] == again.headers["Location"]
    assert first.json() == again.json()


def test_a_key_is_bound_to_its_caller_its_address_and_its_body(counter: Service) -> None:
    ref, other = (counter.office.case_in(State.active, crime_ref=crime) for crime in ("CVP-19-1", "CVP-19-2"))
    assert counter.does(KEYWORKER, "add-note", ref, NOTE, Idempotency_Key="one").status_code == 200
    for reused in (
        counter.does(KEYWORKER, "add-note", ref, {"text": "Something else."}, Idempotency_Key="one"),
        counter.does(KEYWORKER, "add-note", other, NOTE, Idempotency_Key="one"),
    ):
        assert reused.status_code == 422
        assert reused.json()["type"].endswith("#key-reused")
    theirs = counter.does(MANAGER, "add-note", ref, NOTE, Idempotency_Key="one")
    assert theirs.status_code == 200
    assert "Idempotent-Replay" not in theirs.headers


def test_a_request_that_was_refused_may_be_sent_again_with_its_key(counter: Service) -> None:
    ref = counter.office.case_in(State.referred)
    assert counter.does(INSPECTOR, "check-eligibility", ref, Idempotency_Key="one").status_code == 409
    signed = {"signed_on": counter.office.today.isoformat()}
    assert counter.does(OFFICER, "record-referral-agreement", ref, signed).status_code == 200
    done = counter.does(INSPECTOR, "check-eligibility", ref, Idempotency_Key="one")
    assert done.status_code == 200
    assert "Idempotent-Replay" not in done.headers


def test_the_same_request_sent_twice_at_once_is_done_once(counter: Service) -> None:
    ref = counter.office.case_in(State.active)
    seen = version(counter, ref)
    answers = together(*[lambda: counter.does(KEYWORKER, "add-note", ref, NOTE, Idempotency_Key="one")] * 4)
    assert [one.status_code for one in answers] == [200] * 4
    assert len({one.text for one in answers}) == 1
    assert version(counter, ref) == seen + 1


# Several people at once


def test_of_two_who_decide_on_the_same_version_exactly_one_wins(counter: Service) -> None:
    for turn in range(5):
        ref = counter.office.case_in(State.under_decision, crime_ref=f"CVP-19-{turn}")
        seen = f'"{version(counter, ref)}"'
        answers = together(
            partial(counter.does, INSPECTOR, "decide-for-police", ref, YES, If_Match=seen),
            partial(counter.does, PROBATION_LEAD, "decide-for-probation", ref, YES, If_Match=seen),
        )
        assert sorted(one.status_code for one in answers) == [200, 412]
        lost = next(one for one in answers if one.status_code == 412)
        assert lost.json()["version"] == version(counter, ref)
    assert sound(counter)


def test_of_two_who_make_the_same_decision_the_second_is_refused(counter: Service) -> None:
    ref = counter.office.case_in(State.under_decision)
    answers = together(*[lambda: counter.does(INSPECTOR, "decide-for-police", ref, YES)] * 2)
    assert sorted(one.status_code for one in answers) == [200, 409]
    assert sound(counter)


def test_twenty_who_write_at_once_all_get_their_turn(counter: Service) -> None:
    ref = counter.office.case_in(State.active)
    seen = version(counter, ref)
    answers = together(*[lambda: counter.does(KEYWORKER, "add-note", ref, NOTE)] * 20)
    assert [one.status_code for one in answers] == [200] * 20
    assert version(counter, ref) == seen + 20
    assert sound(counter)


def test_of_two_who_refer_the_same_person_at_once_one_is_told_of_the_others_case(counter: Service) -> None:
    answers = together(*[lambda: counter.ask(OFFICER, "POST", "/api/cases", DALE)] * 2)
    assert sorted(one.status_code for one in answers) == [201, 409]
    lost = next(one for one in answers if one.status_code == 409)
    assert "D-19-0001" in lost.json()["reasons"][0]["reason"]


def test_somebody_quicker_than_every_lock_is_noticed_by_the_version(counter: Service) -> None:
    """Another writer that keeps to no lock of ours changes the case in the middle of a command."""
    ref = counter.office.case_in(State.active)
    seen = version(counter, ref)

    waiting = [text("UPDATE cases SET version = version + 1")]

    def slips_in(connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("UPDATE cases SET") and waiting:
            connection.execute(waiting.pop())

    event.listen(counter.office.database.engine, "before_cursor_execute", slips_in)
    answer = counter.does(KEYWORKER, "add-note", ref, NOTE)
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("#overtaken")
    assert answer.json()["version"] == version(counter, ref) == seen
    assert sound(counter)


# Not half


def failing_commits(database: Database) -> Callable[[], None]:
    """Make every commit fail until the answered function is called."""

    def fails(_connection: Connection) -> None:
        raise OSError("Ashworth: no space left on the disk")

    event.listen(database.engine, "commit", fails)
    return lambda: event.remove(database.engine, "commit", fails)


def test_a_commit_that_fails_is_answered_with_500_and_nothing_is_kept(
    counter: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    ref = counter.office.case_in(State.active)
    before = counter.ask(MANAGER, "GET", f"/api/cases/{ref}").json()
    capsys.readouterr()
    mended = failing_commits(counter.office.database)
    answers = [
        counter.does(KEYWORKER, "add-note", ref, NOTE),
        counter.does(KEYWORKER, "add-note", ref, NOTE, Idempotency_Key="one"),
        counter.ask(OFFICER, "POST", "/api/cases", {**DALE, "crime_ref": "CVP-19-2"}),
        counter.ask(MANAGER, "GET", f"/api/cases/{ref}"),
    ]
    mended()
    for answer in answers:
        assert answer.status_code == 500
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert set(answer.json()) == {"type", "title", "status", "detail"}
        assert "Ashworth" not in answer.text
    logged = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["error"] for line in logged] == ["OSError"] * 4
    assert "Ashworth" not in json.dumps(logged)
    assert counter.ask(MANAGER, "GET", f"/api/cases/{ref}").json() == before
    assert counter.does(KEYWORKER, "add-note", ref, NOTE, Idempotency_Key="one").status_code == 200


def test_a_database_that_is_out_of_reach_is_a_500_without_detail(counter: Service) -> None:
    ref = counter.office.case_in(State.active)

    def gone(*_anything: Any) -> None:
        raise ConnectionError("Ashworth")

    event.listen(counter.office.database.engine, "before_cursor_execute", gone)
    answer = counter.does(OTHER_KEYWORKER, "add-note", ref, NOTE)
    event.remove(counter.office.database.engine, "before_cursor_execute", gone)
    assert answer.status_code == 500
    assert "Ashworth" not in answer.text
