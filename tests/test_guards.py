"""Every guard, shown refusing, with the sentence that is then read."""

from collections.abc import Callable
from typing import Any

import pytest

from divert.acts.refusals import Refused
from divert.casework.command import CaseCommand
from divert.casework.commands import contract as c
from divert.casework.commands import decisions as d
from divert.casework.commands import ending as e
from divert.casework.commands import referral as r
from divert.casework.guard import Guard
from divert.casework.guards import documents as on_paper
from divert.casework.guards import retention as on_keeping
from divert.casework.guards import sharing as on_sharing
from divert.casework.lifecycle import TRANSITIONS
from divert.models import State
from divert.people.staff import Actor
from tests.office import (
    DALE,
    INSPECTOR,
    MANAGER,
    OFFICER,
    SPECIALIST,
    Office,
)
from tests.refusals import DAY, REFUSALS


@pytest.mark.parametrize(
    ("guard", "state", "facts", "before", "who", "tried"), REFUSALS, ids=[refusal[0] for refusal in REFUSALS]
)
def test_a_guard_refuses_and_says_why(
    desk: Office,
    guard: str,
    state: State,
    facts: dict[str, Any],
    before: Callable[[Office, str], None],
    who: Actor,
    tried: CaseCommand,
) -> None:
    if facts:
        facts = {**facts, "offence_on": facts.get("offence_on", DALE["offence_on"])}
    ref = brought_to(desk, state, facts)
    before(desk, ref)
    with pytest.raises(Refused) as refusal:
        desk.does(who, tried, ref)
    reasons = dict(refusal.value.reasons)
    assert guard in reasons
    assert reasons[guard].endswith(".")


def brought_to(desk: Office, state: State, facts: dict[str, Any]) -> str:
    """A case in a state; without a victim nobody is asked."""
    if facts.get("victim_kind") != "none" or state is State.referred:
        return desk.on(DAY).case_in(state, **facts)
    ref = desk.on(DAY).refers(**facts)
    desk.does(OFFICER, r.RecordReferralAgreement(signed_on=DAY), ref)
    desk.does(INSPECTOR, d.CheckEligibility(), ref)
    return desk.accepts(ref)


def test_no_guard_of_the_table_was_forgotten_here() -> None:
    guards: set[Guard] = {guard for row in TRANSITIONS for guard in row.provided}
    elsewhere = {
        "no_open_case",  # test_stories: the same person is not referred twice for one crime
        "was_closed_by_reason",  # below
        *(one.name for one in vars(on_paper).values() if isinstance(one, Guard)),  # test_documents_issuing
        *(one.name for one in vars(on_sharing).values() if isinstance(one, Guard)),  # test_exchange
        *(one.name for one in vars(on_keeping).values() if isinstance(one, Guard)),  # test_disposal
    }
    assert {guard.name for guard in guards} == {refusal[0] for refusal in REFUSALS} | elsewhere


def test_a_case_closed_by_a_charging_decision_is_not_taken_back(desk: Office) -> None:
    ref = desk.case_in(State.returned)
    desk.does(INSPECTOR, e.RecordChargingDecision(outcome_code=10, decided_on=desk.today), ref)
    with pytest.raises(Refused) as refusal:
        desk.does(MANAGER, e.Reinstate(reason="Changed our mind."), ref)
    assert [name for name, _ in refusal.value.reasons] == ["was_closed_by_reason"]


def test_every_reason_is_given_not_only_the_first(desk: Office) -> None:
    ref = desk.on(DAY).case_in(State.accepted)
    everything_wrong = c.SignContract.model_validate(
        {"signed_on": "2019-05-06", "ends_on": "2019-12-31", "conditions": [{"code": "RESTORATIVE_JUSTICE"}]}
    )
    with pytest.raises(Refused) as refusal:
        desk.does(SPECIALIST, everything_wrong, ref)
    assert {name for name, _ in refusal.value.reasons} == {
        "by_the_keyworker",
        "entry_assessed",
        "mandatory_conditions_present",
        "no_victim_contact_as_condition",
        "no_longer_than_the_pack_allows",
    }
