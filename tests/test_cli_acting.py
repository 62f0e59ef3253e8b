"""A case is carried to its end from the command line alone, each step by a named person."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from divert.clock import london_date
from tests.command_line import Said, divert
from tests.office import DALE, ENTRY, SIGNED_CONDITIONS

TODAY = london_date(datetime.now(UTC))
DAY = TODAY.isoformat()


@pytest.fixture
def acts(database_url: str) -> Any:
    def act(command: str, *words: object, by: str, **body: Any) -> Said:
        return divert(
            "act", command, *words, "--by", by, "--body", "-", "--json", url=database_url, stdin=json.dumps(body)
        )

    return act


def decided(acts: Any, police: dict[str, Any]) -> str:
    """Dale, referred today, checked, and decided for the police."""
    ref: str = acts("refer", by="officer", **DALE | {"referred_on": DAY, "offence_on": DAY}).json["ref"]
    acts("record-referral-agreement", ref, by="officer", signed_on=DAY)
    acts("record-victim-views", ref, by="police.lead", views="obtained", contact_name="Ms Farrow")
    assert acts("check-eligibility", ref, by="police.lead").json["state"] == "under_decision"
    acts("decide-for-police", ref, by="police.lead", reasons="Looked at with care.", **police)
    return ref


def test_one_person_is_carried_to_completion(acts: Any) -> None:
    ref = decided(acts, {"accept": "yes"})
    assert acts("decide-for-probation", ref, by="probation.lead", accept="yes", reasons="Will engage.").code == 0
    acts("allocate", ref, by="probation.lead", keyworker="keyworker")
    acts("assess-needs", ref, by="keyworker", **ENTRY)
    ends = (TODAY + timedelta(days=60)).isoformat()
    signed = acts("sign-contract", ref, by="keyworker", signed_on=DAY, ends_on=ends, conditions=SIGNED_CONDITIONS)
    assert signed.json["state"] == "active"
    for number in (2, 3, 4, 5):
        acts("mark-condition-kept", ref, by="keyworker", condition=number, kept_on=DAY, evidence="Seen.")
    acts("assess-needs", ref, by="keyworker", **ENTRY | {"stage": "exit"})
    assert acts("complete-case", ref, by="probation.lead", outcome_code=22).json["state"] == "completed"


def test_another_is_refused_returned_and_charged(acts: Any) -> None:
    ref = decided(acts, {"accept": "no", "override_reason": "A vulnerable shopkeeper."})
    back = acts("return-to-force", ref, by="police.lead", reason_code="not_agreed", reasons="Police said no.")
    assert back.json["state"] == "returned"
    charged = acts("record-charging-decision", ref, by="police.lead", outcome_code=1, decided_on=DAY)
    assert charged.json["state"] == "prosecuted"


def test_what_the_procedure_refuses_is_told_with_every_reason(acts: Any) -> None:
    ref = decided(acts, {"accept": "yes"})
    again = acts("decide-for-police", ref, by="police.lead", accept="yes", reasons="Once more.")
    assert (again.code, again.answer) == (1, "")
    assert "This side has decided already" in again.words
    stale = acts("add-note", ref, "--seen", 2, by="police.lead", text="Rang.")
    assert (stale.code, "has changed" in stale.words) == (1, True)
    assert acts("add-note", "D-19-9999", by="police.lead", text="Rang.").code == 1


def test_a_wrong_call_names_what_is_wrong(acts: Any) -> None:
    assert "text" in acts("add-note", "D-19-0001", by="police.lead", words="Rang.").words
    assert "CASE" in acts("add-note", by="police.lead", text="Rang.").words
    assert acts("add-note", "D-19-0001", by="nobody", text="Rang.").code == 2
    assert acts("escalate-deadline", "D-19-0001", by="police.lead").code == 2  # the worker's own
