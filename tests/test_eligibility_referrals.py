"""The referral file, judged row by row, against what each row must come to."""

import csv
from pathlib import Path

import pytest
from pydantic import ValidationError

from divert.eligibility.derivation import derive
from divert.eligibility.facts import ReferralFacts
from divert.eligibility.judge import judge
from divert.eligibility.policies import released_policies
from divert.eligibility.policy import Verdict
from divert.law.rulebook import rulebook

DATA = Path(__file__).parent / "data"
COLUMNS = set(ReferralFacts.model_fields) - {"further_offences"}


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


ROWS = list(zip(rows("referrals-2019.csv"), rows("referrals-2019.expected.csv"), strict=True))
JUDGED = [(given, expected) for given, expected in ROWS if expected["expect"] != "rejected"]
REJECTED = [(given, expected) for given, expected in ROWS if expected["expect"] == "rejected"]
FAULTY_FACTS = [(given, expected) for given, expected in REJECTED if expected["because"] in COLUMNS]


def stated(row: dict[str, str]) -> ReferralFacts:
    return ReferralFacts.model_validate({name: value for name, value in row.items() if name in COLUMNS})


def number(value: object) -> str:
    return f"row {value['row']}" if isinstance(value, dict) and "row" in value else ""


@pytest.mark.parametrize(("given", "expected"), JUDGED, ids=number)
def test_a_row_comes_to_what_is_expected(given: dict[str, str], expected: dict[str, str]) -> None:
    referral = stated(given)
    policy = released_policies().in_force(referral.referred_on)
    found = judge(policy, derive(referral, policy, rulebook().offences))
    assert (found.verdict.value, " ".join(found.because)) == (expected["expect"], expected["because"])


@pytest.mark.parametrize(("given", "expected"), FAULTY_FACTS, ids=number)
def test_a_row_with_a_fault_names_its_column(given: dict[str, str], expected: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as refused:
        stated(given)
    assert {fault["loc"][0] for fault in refused.value.errors()} == {expected["because"]}


def test_the_file_shows_every_verdict_and_every_fault_that_facts_can_have() -> None:
    assert {expected["expect"] for _, expected in ROWS} == {*Verdict, "rejected"}
    faults = {expected["because"] for _, expected in REJECTED}
    assert faults & COLUMNS == {"referred_on", "date_of_birth", "offence_code", "offence_on", "value_gbp"}
