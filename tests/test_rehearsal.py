"""A candidate policy over past cases: a column at a time, and yet to the letter what the judge would say of each."""

from collections import Counter
from random import Random

import pytest

from divert.eligibility.columns import derive_all, judge_all
from divert.eligibility.derivation import derive
from divert.eligibility.facts import ReferralFacts
from divert.eligibility.judge import judge
from divert.eligibility.policies import NoPolicy, read_policy, released_policies
from divert.eligibility.policy import Policy
from divert.eligibility.rehearsal import GROUPS, Rehearsal, rehearse
from divert.law.rulebook import rulebook
from divert.policies.past_cases import past_referrals
from tests.office import Office
from tests.past import STRICTER, in_columns, some_referral

BOOK = rulebook()
PILOT, FULL = released_policies().get("2019-01-01-pilot"), released_policies().get("2019-04-01-full")


@pytest.fixture
def stricter() -> Policy:
    return read_policy(STRICTER, released_policies())


def some(count: int, seed: int) -> list[ReferralFacts]:
    random = Random(seed)
    return [some_referral(random) for _ in range(count)]


def over(candidate: Policy, referrals: list[ReferralFacts], against: Policy | None = None) -> Rehearsal:
    return rehearse(candidate, in_columns(referrals), released_policies(), BOOK.offences, against)


@pytest.mark.parametrize("seed", range(3))
def test_judged_in_columns_each_referral_comes_to_what_the_judge_says(seed: int, stricter: Policy) -> None:
    referrals = some(2_000, seed)
    facts = derive_all(in_columns(referrals), BOOK.offences)
    for policy in (PILOT, FULL, stricter):
        for one, (verdict, because) in zip(referrals, judge_all(policy, facts).iter_rows(), strict=True):
            said = judge(policy, derive(one, policy, BOOK.offences))
            rules = tuple(sorted(rule.id for place, rule in enumerate(policy.rules) if because >> place & 1))
            assert (verdict, rules) == (said.verdict.value, said.because), one


def test_a_flip_names_the_rules_that_decide_on_one_side_only(stricter: Policy) -> None:
    referrals = some(1_000, 7)
    found, flips = over(stricter, referrals), {}
    for number, one in enumerate(referrals):
        own = released_policies().in_force(one.referred_on)
        was = judge(own, derive(one, own, BOOK.offences))
        now = judge(stricter, derive(one, stricter, BOOK.offences))
        if was.verdict is not now.verdict:
            rules = set(was.because) ^ set(now.because)
            flips[f"D-19-{number:04d}"] = (was.verdict.value, now.verdict.value, rules)
    assert flips
    told = found.flips.select("ref", "was", "becomes", "rules").iter_rows()
    assert {ref: (was, becomes, set(rules)) for ref, was, becomes, rules in told} == flips
    assert found.by_rule() == Counter(rule for *_, rules in flips.values() for rule in rules)
    for group in GROUPS:
        assert found.by_group(group)["flips"].sum() == len(flips)
        assert found.by_group(group)["cases"].sum() == len(referrals)
    assert found.by_month()["flips"].sum() == len(flips)
    assert sum(n for (was, becomes), n in found.verdicts().items() if was != becomes) == len(flips)


def test_a_question_never_asked_leaves_old_cases_not_yet_known(stricter: Policy) -> None:
    found = over(stricter, some(500, 3), against=FULL)
    assert found.unanswered()["gravity_max"] > 100
    assert found.by_month()["in"].sum() == 0  # a stricter policy lets nobody in


def test_a_policy_against_itself_flips_nobody() -> None:
    assert over(FULL, some(300, 1), against=FULL).flips.is_empty()


def test_a_referral_that_no_policy_covers_is_refused() -> None:
    early = in_columns(some(1, 1)).with_columns(referred_on=PILOT.starts.replace(year=2018))
    with pytest.raises((NoPolicy, ValueError), match="day"):
        rehearse(FULL, early, released_policies(), BOOK.offences)


def test_what_a_database_gives_is_what_was_referred(office: Office) -> None:
    office.refers(district="E06000002", agreement_signed_on="2019-05-06")
    office.refers(date_of_birth="", crime_ref="CVP-19-2", surname="Marr", agreement_signed_on="2019-05-06")
    with office.database.reading() as session:
        read = past_referrals(session)
    assert read["ref"].to_list() == office.refs
    assert read["date_of_birth"].to_list()[1] is None
    found = rehearse(PILOT, read, released_policies(), BOOK.offences)
    assert found.verdicts() == {("eligible", "eligible"): 1, ("not_yet_known", "not_yet_known"): 1}


def test_no_case_at_all_is_no_fault(office: Office) -> None:
    with office.database.reading() as session:
        found = rehearse(PILOT, past_referrals(session), released_policies(), BOOK.offences)
    assert (found.cases.height, found.by_rule(), found.verdicts()) == (0, {}, {})
