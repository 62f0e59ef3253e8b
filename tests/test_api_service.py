"""The JSON service: who is let in, and what each may read."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from divert.models import Access, Sensitivity, Staff, State
from divert.people.staff import Actor, revoke_tokens
from divert.records.ledger import commitment
from tests.office import (
    AUDITOR,
    BOARD,
    COORDINATOR,
    DALE,
    INSPECTOR,
    KEYWORKER,
    MANAGER,
    MEMBER,
    OFFICER,
    OTHER_KEYWORKER,
    OTHER_OFFICER,
    PROBATION_LEAD,
    SPECIALIST,
    Office,
)
from tests.service import Service, service


@pytest.fixture
def counter(desk: Office) -> Iterator[Service]:
    with service(desk) as opened:
        yield opened


def faults(answer: Any) -> dict[str, str]:
    """Of a 422: what is wrong, by pointer or parameter."""
    return {one.get("pointer") or one["parameter"]: one["detail"] for one in answer.json()["errors"]}


# Who is let in


def test_without_a_token_nobody_is_let_in_and_is_told_how(counter: Service) -> None:
    answer = counter.ask(None, "GET", "/api/cases")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("token", ["divert_wrong", "", "Ä", "x" * 5000])
def test_a_token_that_is_nobodys_lets_nobody_in(counter: Service, token: str) -> None:
    answer = counter.client.get("/api/cases", headers=[(b"Authorization", f"Bearer {token}".encode())])
    assert answer.status_code == 401


def test_a_token_ends_with_the_person_with_its_time_and_when_it_is_revoked(counter: Service) -> None:
    office = counter.office
    assert counter.ask(KEYWORKER, "GET", "/api/cases").status_code == 200
    with office.database.writing() as session:
        session.get_one(Staff, KEYWORKER.username).active = False
        revoke_tokens(session, INSPECTOR.username, office.now)
    assert counter.ask(KEYWORKER, "GET", "/api/cases").status_code == 401
    assert counter.ask(INSPECTOR, "GET", "/api/cases").status_code == 401
    office.on(office.today + timedelta(days=366))
    assert counter.ask(MANAGER, "GET", "/api/cases").status_code == 401


def test_somebody_who_has_left_can_do_nothing_either(counter: Service) -> None:
    ref = counter.office.case_in(State.active)
    with counter.office.database.writing() as session:
        session.get_one(Staff, KEYWORKER.username).active = False
    assert counter.does(KEYWORKER, "add-note", ref, {"text": "Still here."}).status_code == 401


# What each may read


def addresses_of(ref: str) -> list[str]:
    return [f"/api/cases/{ref}", f"/api/cases/{ref}/commands", f"/api/cases/{ref}/ledger"]


def test_another_officers_case_reads_as_one_that_does_not_exist(counter: Service) -> None:
    ref = counter.office.case_in(State.active)
    assert counter.ask(OFFICER, "GET", f"/api/cases/{ref}").status_code == 200
    for address in addresses_of(ref):
        theirs, none = (counter.ask(OTHER_OFFICER, "GET", one) for one in (address, address.replace(ref, "D-19-9999")))
        assert theirs.status_code == none.status_code == 404
        assert theirs.text.replace(ref, "D-19-9999") == none.text
    assert counter.does(OTHER_OFFICER, "add-note", ref, {"text": "Mine?"}).status_code == 404
    assert counter.ask(OTHER_OFFICER, "GET", "/api/cases").json()["cases"] == []


@pytest.mark.parametrize("who", [BOARD, COORDINATOR, MEMBER], ids=lambda who: who.username)
def test_board_and_panel_never_see_a_person(counter: Service, who: Actor) -> None:
    ref = counter.office.case_in(State.completed)
    for address in ["/api/cases", *addresses_of(ref)]:
        answer = counter.ask(who, "GET", address)
        assert answer.status_code in (403, 404)
        assert DALE["surname"] not in answer.text
    assert counter.does(who, "add-note", ref, {"text": "Hello."}).status_code == 404
    assert counter.ask(who, "POST", "/api/cases", DALE).status_code == 403


def test_a_restricted_case_is_for_its_keyworker_the_leads_the_manager_and_the_auditor(counter: Service) -> None:
    ref = counter.office.case_in(State.active)
    said = {"level": "restricted", "reason": "Known to a member of staff."}
    assert counter.does(INSPECTOR, "set-sensitivity", ref, said).status_code == 200
    for who in (KEYWORKER, INSPECTOR, PROBATION_LEAD, MANAGER, AUDITOR):
        assert counter.ask(who, "GET", f"/api/cases/{ref}").json()["sensitivity"] == Sensitivity.restricted
    for who in (OTHER_KEYWORKER, SPECIALIST):
        assert counter.ask(who, "GET", f"/api/cases/{ref}").status_code == 404
        assert counter.ask(who, "GET", "/api/cases").json()["cases"] == []


def test_an_officer_learns_what_became_of_a_referral_and_not_what_is_worked_on(counter: Service) -> None:
    ref = counter.office.case_in(State.active)
    case = counter.ask(OFFICER, "GET", f"/api/cases/{ref}").json()
    assert case["state"] == "active"
    assert case["support"] is None
    assert counter.ask(OFFICER, "GET", f"/api/cases/{ref}/ledger").status_code == 403
    assert counter.ask(KEYWORKER, "GET", f"/api/cases/{ref}").json()["support"]["needs"]


def test_the_restricted_need_is_for_the_specialist_and_the_auditor(counter: Service) -> None:
    ref = counter.office.case_in(State.accepted)
    assert counter.does(MANAGER, "allocate", ref, {"keyworker": SPECIALIST.username}).status_code == 200
    offers = counter.ask(SPECIALIST, "GET", f"/api/cases/{ref}/commands").json()["commands"]
    body = next(one for one in offers if one["command"] == "assess-needs")["body"]
    needs = [one["const"] for one in body["$defs"]["Score"]["properties"]["need"]["oneOf"]]
    assert "abuse_exploitation" in needs
    scores = [{"need": need, "score": 3} for need in needs]
    assert counter.does(SPECIALIST, "assess-needs", ref, {"stage": "entry", "scores": scores}).status_code == 200
    for who, sees in ((SPECIALIST, True), (AUDITOR, True), (PROBATION_LEAD, False), (MANAGER, False)):
        shown = counter.ask(who, "GET", f"/api/cases/{ref}").json()["support"]["needs"]
        assert ("abuse_exploitation" in {one["need"] for one in shown}) is sees
        entry = counter.ask(who, "GET", f"/api/cases/{ref}/ledger").json()["entries"][-1]
        assert ("abuse_exploitation" in (entry["body"] or "")) is sees
        assert entry["withheld"] is not sees


def test_every_reading_of_a_case_is_in_the_access_log(counter: Service) -> None:
    ref = counter.office.case_in(State.active)
    for address in ("/api/cases", *addresses_of(ref)):
        assert counter.ask(AUDITOR, "GET", address).status_code == 200
    with counter.office.database.reading() as session:
        logged = session.scalars(select(Access).where(Access.by == AUDITOR.username)).all()
    assert [(one.kind, one.case_ref) for one in logged] == [
        ("consultation", None),
        *[("consultation", ref)] * 3,
    ]


def test_a_case_is_told_whole_to_the_team(counter: Service) -> None:
    ref = counter.office.case_in(State.completed)
    answer = counter.ask(PROBATION_LEAD, "GET", f"/api/cases/{ref}")
    case = answer.json()
    assert answer.headers["ETag"] == f'"{case["version"]}"'
    assert case["person"]["surname"] == DALE["surname"]
    assert case["eligibility"]["judgement"]["verdict"] == "eligible"
    assert all(rule["cites"] for rule in case["eligibility"]["judgement"]["trace"])
    assert [(one["side"], one["accept"]) for one in case["decisions"]] == [("police", True), ("probation", True)]
    assert all(one["reasons"] for one in case["decisions"])
    assert case["victim"]["words"] == "Wants the goods paid for."
    assert {one["status"] for one in case["support"]["conditions"]} == {"kept"}
    assert case["outcome_code"] == 22


def test_the_ledger_can_be_proved_by_whoever_reads_it(counter: Service) -> None:
    ref = counter.office.case_in(State.active)
    entries = counter.ask(AUDITOR, "GET", f"/api/cases/{ref}/ledger").json()["entries"]
    assert [one["seq"] for one in entries] == list(range(1, len(entries) + 1))
    for one in entries:
        assert commitment(one["salt"], one["body"]) == one["commitment"]


def test_a_closed_command_says_why_and_an_open_one_what_it_asks(counter: Service) -> None:
    ref = counter.office.case_in(State.active)
    found = counter.ask(PROBATION_LEAD, "GET", f"/api/cases/{ref}/commands").json()["commands"]
    offers = {one["command"]: one for one in found}
    assert not offers["complete-case"]["open"]
    assert {one["guard"] for one in offers["complete-case"]["reasons"]} >= {"exit_assessed"}
    assert [one["guard"] for one in offers["decide-for-police"]["reasons"]] == ["role"]
    assert offers["waive-condition"]["open"]
    choices = offers["waive-condition"]["body"]["properties"]["condition"]["oneOf"]
    assert [one["const"] for one in choices] == [1, 2, 3, 4, 5]


# Lists


def test_a_list_is_paged_without_gap_or_repeat_while_cases_come_in(counter: Service) -> None:
    office = counter.office
    for place in range(7):
        office.refers(crime_ref=f"CVP-19-20000{place}", surname=f"Brook{'abcdefg'[place]}")
    for order in ("latest", "due"):
        seen: list[str] = []
        known = set(office.refs)
        going_on: str | None = ""
        while going_on is not None:
            page = counter.ask(MANAGER, "GET", f"/api/cases?limit=2&order={order}{going_on}").json()
            seen += [one["ref"] for one in page["cases"]]
            office.refers(crime_ref=f"CVP-19-3{len(office.refs):05}", surname="Late")
            going_on = f"&cursor={page['next']}" if page["next"] else None
        assert len(seen) == len(set(seen))
        assert known <= set(seen)


def test_a_list_is_narrowed_by_every_filter(counter: Service) -> None:
    office = counter.office
    active = office.case_in(State.active)
    other = office.refers(
        crime_ref="CVP-19-200001", surname="O'Brien", forenames="Mary Ann", district="E06000002", pnc_id="2019/0012345G"
    )

    def found(query: str) -> list[str]:
        answer = counter.ask(MANAGER, "GET", f"/api/cases?{query}")
        assert answer.status_code == 200, answer.text
        return [one["ref"] for one in answer.json()["cases"]]

    assert found("") == [other, active]
    assert found("state=active") == [active]
    assert found("keyworker=keyworker") == [active]
    assert found("district=E06000002") == [other]
    assert found("offence=TH68010") == [other, active]
    assert found("offence=CJ67002") == []
    assert found("open_only=true&order=due") == [other, active]
    assert found("held_by=police_team_lead") == [other]
    assert found("unallocated=true") == found("still_due=true") == found("limit_before=2019-06-01") == []
    assert found(f"limit_before={office.today.replace(year=2020)}&order=limit") == [active, other]
    assert found(f"due_before={office.today}") == []
    assert found("due_before=2019-05-09") == [other]


def test_cases_are_found_by_words(counter: Service) -> None:
    office = counter.office
    active = office.case_in(State.active)
    other = office.refers(
        crime_ref="CVP-19-200001", surname="O'Brien-Nuñez", forenames="Mary Ann", pnc_id="2019/0012345G"
    )

    def found(words: str, who: Actor = MANAGER, **more: object) -> list[str]:
        answer = counter.ask(who, "GET", "/api/cases", params={"q": words, **more})
        assert answer.status_code == 200, answer.text
        return [one["ref"] for one in answer.json()["cases"]]

    named = ("o'b", "OBRIEN", "mary", "ANN", "ann o'brien", "nun", "Nuñez", "o’brien-n")
    for words in (*named, other.lower(), "cvp-19-200001", "2019/0012345g", f"mary {other}"):
        assert found(words) == [other], words
    for words in ("%", "_", "brien", "mary ashworth", "D-19-00", "1"):
        assert found(words) == [], words
    assert found("ashworth", open_only=True) == [active]
    assert found("ashworth", KEYWORKER, state="completed") == []
    assert found("ashworth", OTHER_OFFICER) == []
    counter.does(INSPECTOR, "correct-facts", other, {"reason": "Passport seen.", "surname": "Åström"})
    assert (found("obrien"), found("ast mary")) == ([], [other])
    refused = counter.ask(MANAGER, "GET", "/api/cases", params={"q": "a\x00"})
    assert refused.status_code == 422
    assert counter.ask(BOARD, "GET", "/api/cases", params={"q": "ashworth"}).status_code == 403


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=0", "limit"),
        ("limit=x", "limit"),
        ("state=gone", "state"),
        ("cursor=nonsense", "cursor"),
        ("cursor=", "cursor"),
        ("due_before=tomorrow", "due_before"),
        ("limit_before=soon", "limit_before"),
        ("colour=red", "colour"),
    ],
)
def test_a_filter_that_cannot_be_used_is_named(counter: Service, query: str, parameter: str) -> None:
    answer = counter.ask(MANAGER, "GET", f"/api/cases?{query}")
    assert answer.status_code == 422
    assert parameter in faults(answer)
