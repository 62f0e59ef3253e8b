"""The JSON service: how it says no, what it tells machines, and what it never tells."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from divert.eligibility.facts import ReferralFacts
from divert.migrate import downgrade
from divert.models import State
from tests.office import (
    DALE,
    KEYWORKER,
    MANAGER,
    OFFICER,
    PROBATION_LEAD,
    Office,
)
from tests.service import SETTINGS, Service, service


@pytest.fixture
def counter(desk: Office) -> Iterator[Service]:
    with service(desk) as opened:
        yield opened


def faults(answer: Any) -> dict[str, str]:
    """Of a 422: what is wrong, by pointer or parameter."""
    return {one.get("pointer") or one["parameter"]: one["detail"] for one in answer.json()["errors"]}


BAD_BODIES = {
    "not JSON": (b"{", "application/json", 400),
    "not UTF-8": (b'{"text": "\xff"}', "application/json", 400),
    "nested without end": (b"[" * 100_000, "application/json", 400),
    "deep, but closed": (b'{"text": ' + b"[" * 900 + b"]" * 900 + b"}", "application/json", 422),
    "a number too long to read": (b'{"text": ' + b"1" * 5000 + b"}", "application/json", 400),
    "no object": (b'["text"]', "application/json", 422),
    "nothing": (b"", "application/json", 422),
    "null": (b"null", "application/json", 422),
    "a form": (b"text=Hello", "application/x-www-form-urlencoded", 415),
    "text": (b'{"text": "Hello"}', "text/plain", 415),
    "a null character": (rb'{"text": "a\u0000b"}', "application/json", 422),
    "half a character": (rb'{"text": "a\ud800b"}', "application/json", 422),
    "a name that is not there": (b'{"text": "a", "colour": "red"}', "application/json", 422),
    "far too much": (b" " * 2_100_000, "application/json", 413),
}


@pytest.mark.parametrize("what", BAD_BODIES)
def test_a_body_that_cannot_be_used_is_refused_plainly_and_changes_nothing(counter: Service, what: str) -> None:
    ref = counter.office.case_in(State.active)
    body, media_type, status = BAD_BODIES[what]
    before = counter.ask(MANAGER, "GET", f"/api/cases/{ref}").json()
    answer = counter.ask(
        MANAGER,
        "POST",
        f"/api/cases/{ref}/commands/add-note",
        content=body,
        headers={"Content-Type": media_type},
    )
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert counter.ask(MANAGER, "GET", f"/api/cases/{ref}").json() == before


def test_a_body_sent_in_pieces_is_held_to_the_same_limit(counter: Service) -> None:
    answer = counter.ask(
        MANAGER,
        "POST",
        "/api/cases",
        content=(b" " * 100_000 for _ in range(30)),
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 413


def test_each_wrong_answer_is_pointed_at_however_deep(counter: Service) -> None:
    ref = counter.office.case_in(State.accepted)
    counter.does(PROBATION_LEAD, "allocate", ref, {"keyworker": KEYWORKER.username})
    said = {"signed_on": "2019-02-30", "conditions": [{"code": "NO_REOFFEND"}, {"code": "DANCE", "detail": "x" * 121}]}
    answer = counter.does(KEYWORKER, "sign-contract", ref, said)
    assert answer.status_code == 422
    found = faults(answer)
    assert set(found) == {"#/signed_on", "#/ends_on", "#/conditions/1/code", "#/conditions/1/detail"}
    assert found["#/signed_on"].endswith("like 2019-04-30.")


def test_a_fault_between_two_answers_is_pointed_at_the_one_to_look_at(counter: Service) -> None:
    ref = counter.office.case_in(State.active)
    answer = counter.does(KEYWORKER, "record-attendance", ref, {"appointment": 10, "held": "yes", "attended": "no"})
    assert answer.status_code == 422
    assert "acceptable" in faults(answer)["#/acceptable"]


def test_a_fault_in_facts_put_together_from_two_requests_is_a_422_too(counter: Service) -> None:
    ref = counter.office.case_in(State.referred)
    counter.office.on("2019-05-21")
    answer = counter.does(OFFICER, "correct-facts", ref, {"reason": "Checked.", "offence_on": "2019-05-20"})
    assert answer.status_code == 422
    assert "after the referral" in faults(answer)["#/offence_on"]


def test_what_was_sent_is_never_repeated(counter: Service) -> None:
    secret = "Zyxwvut"
    for body in ({**DALE, "date_of_birth": secret}, {**DALE, "pnc_id": secret}, {**DALE, "sex": secret}, {secret: 1}):
        answer = counter.ask(OFFICER, "POST", "/api/cases", body)
        assert answer.status_code == 422
        for one in answer.json()["errors"]:
            assert secret not in one["detail"]


def test_a_refusal_gives_every_reason_at_once(counter: Service) -> None:
    ref = counter.office.case_in(State.active)
    answer = counter.does(PROBATION_LEAD, "complete-case", ref, {"outcome_code": 8})
    assert answer.status_code == 409
    assert {one["guard"] for one in answer.json()["reasons"]} == {
        "conditions_kept_or_waived",
        "exit_assessed",
        "outcome_fits_the_date",
    }


def test_the_wrong_role_is_told_whose_it_is(counter: Service) -> None:
    ref = counter.office.case_in(State.under_decision)
    answer = counter.does(PROBATION_LEAD, "decide-for-police", ref, {"accept": "yes", "reasons": "Fine by us."})
    assert answer.status_code == 403
    assert "police team lead" in answer.json()["detail"]


@pytest.mark.parametrize("address", ["/api/nothing", "/api/cases/zzz", "/api/cases/D-19-0001/commands/fly"])
def test_an_address_that_leads_nowhere_is_a_404(counter: Service, address: str) -> None:
    answer = counter.ask(MANAGER, "GET", address)
    assert answer.status_code in (404, 405)
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_wrong_method_names_the_right_ones(counter: Service) -> None:
    answer = counter.ask(MANAGER, "DELETE", "/api/pre-check")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_who_asks_too_often_is_told_when_to_come_back(desk: Office) -> None:
    with service(desk, SETTINGS.model_copy(update={"requests_per_minute": 5})) as counter:
        answers = [counter.ask(MANAGER, "GET", "/healthz") for _ in range(6)]
        assert [one.status_code for one in answers] == [200] * 5 + [429]
        assert 1 <= int(answers[-1].headers["Retry-After"]) <= 12
        assert answers[-1].headers["Content-Type"] == "application/problem+json"


def test_one_caller_who_asks_too_often_keeps_nobody_else_out(desk: Office) -> None:
    with service(desk, SETTINGS.model_copy(update={"requests_per_minute": 5})) as counter:
        busy = [counter.ask(MANAGER, "GET", "/api/cases").status_code for _ in range(7)]
        assert busy == [200] * 6 + [429]
        assert counter.ask(KEYWORKER, "GET", "/api/cases").status_code == 200


# What machines ask, and what everyone gets


def test_health_readiness_and_metrics_need_no_token_and_hold_no_person(counter: Service) -> None:
    ref = counter.office.case_in(State.active)
    counter.ask(KEYWORKER, "GET", f"/api/cases/{ref}?q=Ashworth")
    assert counter.ask(None, "GET", "/healthz").json() == {"status": "ok"}
    assert counter.ask(None, "GET", "/readyz").json() == {"status": "ok"}
    metrics = counter.ask(None, "GET", "/metrics").text
    assert 'route="/api/cases/{ref}"' in metrics
    for personal in (ref, "Ashworth", KEYWORKER.username):
        assert personal not in metrics


def test_a_database_that_is_not_migrated_is_not_ready(desk: Office) -> None:
    with service(desk) as counter:
        downgrade(desk.database)
        answer = counter.ask(None, "GET", "/readyz")
        assert answer.status_code == 503
        assert answer.json()["type"].endswith("#not-ready")


def test_logs_hold_the_route_and_never_the_address_or_the_body(
    counter: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    ref = counter.office.case_in(State.active)
    capsys.readouterr()
    counter.ask(KEYWORKER, "GET", f"/api/cases/{ref}")
    counter.ask(KEYWORKER, "GET", "/api/cases?q=Ashworth")
    counter.does(KEYWORKER, "add-note", ref, {"text": "A private matter."})
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["method"], line["route"], line["status"]) for line in lines] == [
        ("GET", "/api/cases/{ref}", 200),
        ("GET", "/api/cases", 200),
        ("POST", "/api/cases/{ref}/commands/add-note", 200),
    ]
    for personal in (ref, "Ashworth", "private", KEYWORKER.username):
        assert personal not in json.dumps(lines)


def test_every_answer_carries_its_safe_headers(counter: Service) -> None:
    for address in ("/api/cases", "/healthz", "/nowhere", "/sign-in"):
        headers = counter.ask(KEYWORKER, "GET", address).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"


# Advice


def test_a_pre_check_judges_and_stores_nothing(counter: Service) -> None:
    facts = {name: value for name, value in DALE.items() if name in ReferralFacts.model_fields}
    advice = counter.ask(OFFICER, "POST", "/api/pre-check", facts).json()
    assert advice["verdict"] == "ineligible"
    assert advice["because"] == ["voluntary_agreement"]
    signed = counter.ask(OFFICER, "POST", "/api/pre-check", {**facts, "agreement_signed_on": "2019-05-02"}).json()
    assert signed["verdict"] == "eligible"
    assert {rule["met"] for rule in signed["trace"]} == {True}
    assert counter.ask(MANAGER, "GET", "/api/cases").json()["cases"] == []


def test_a_pre_check_before_the_scheme_began_says_so(counter: Service) -> None:
    answer = counter.ask(OFFICER, "POST", "/api/pre-check", {"referred_on": "2018-12-31"})
    assert answer.status_code == 422
    assert "#/referred_on" in faults(answer)


def test_policies_and_the_lifecycle_are_open_to_all(counter: Service) -> None:
    policies = counter.ask(None, "GET", "/api/policies").json()
    assert [one["id"] for one in policies] == ["2019-01-01-pilot", "2019-04-01-full"]
    assert counter.ask(None, "GET", f"/api/policies/{policies[0]['id']}").json() == policies[0]
    rows = counter.ask(None, "GET", "/api/lifecycle").json()
    assert rows["mermaid"].startswith("stateDiagram-v2")
    sign = next(one for one in rows["rows"] if one["command"] == "sign-contract")
    assert sign["from"] == ["accepted"]
    assert sign["to"] == [{"state": "active", "when": None}]
    assert "fits_time_limit" in {guard["name"] for guard in sign["provided that"]}
