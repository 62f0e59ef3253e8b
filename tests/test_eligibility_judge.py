from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from divert.eligibility.facts import Facts, ReferralFacts, referral_field
from divert.eligibility.judge import Judgement, judge, trace_from
from divert.eligibility.policies import released_policies
from divert.eligibility.policy import Effect, Policy, Verdict

FULL = released_policies().get("2019-04-01-full")
GOLDEN = Path(__file__).parent / "golden" / "judgements"

# What breaks each rule and no other: the fact, and a value that does not meet the rule.
BREAKS: dict[str, tuple[str, Any]] = {
    "age_min": ("age", 17),
    "offence": ("offence_codes", ("TH68010", "OF61102")),
    "admission": ("admission", "no reply"),
    "remorse": ("remorse", False),
    "voluntary_agreement": ("agreement_signed", False),
    "sufficient_evidence": ("sufficient_evidence", False),
    "first_time": ("previous_convictions", 1),
    "residence": ("district", "E08000025"),
    "offence_location": ("offence_forces", ("17", "11")),
    "offence_age": ("offence_age_months", 3),
    "current_order": ("current_order", "other"),
    "on_bail": ("on_bail", True),
    "detained": ("detained", "mental health"),
    "co_accused": ("co_accused", True),
    "hate_crime": ("hate_crime", True),
    "domestic_abuse": ("domestic_abuse", True),
    "indictable_only": ("offence_modes", ("either_way", "indictable")),
    "custody_likely": ("custody_likely", True),
    "previous_divert": ("previous_divert", True),
    "time_limit_fit": ("fits_time_limit", False),
    "precautionary_limit": ("fits_precautionary_limit", False),
}
ORDINARY: dict[str, Any] = {
    fact: tuple(value) if isinstance(value, list) else value for fact, value in FULL.ordinary.items()
}
EFFECTS = {rule.id: rule.effect for rule in FULL.rules}


def verdict_on(**changed: Any) -> Judgement:
    return judge(FULL, Facts(**(ORDINARY | changed)))


any_facts = st.fixed_dictionaries(
    {fact: st.sampled_from([ORDINARY[fact], ORDINARY[fact], broken, None]) for fact, broken in BREAKS.values()}
).map(lambda values: Facts(**values))
fact_names = st.sets(st.sampled_from([fact for fact, _ in BREAKS.values()]))


def hiding(facts: Facts, hidden: set[str]) -> Facts:
    return Facts(**{fact: None if fact in hidden else getattr(facts, fact) for fact, _ in BREAKS.values()})


def test_the_table_below_covers_every_rule() -> None:
    assert list(BREAKS) == [rule.id for rule in FULL.rules]


def test_an_ordinary_case_is_eligible_and_meets_every_rule() -> None:
    found = verdict_on()
    assert (found.verdict, found.because, found.warnings, found.asks) == (Verdict.eligible, (), (), ())
    assert all(finding.holds for finding in found.trace)


@pytest.mark.parametrize("rule", BREAKS)
def test_a_rule_not_met_bars_or_sends_to_review_or_warns(rule: str) -> None:
    fact, broken = BREAKS[rule]
    found = verdict_on(**{fact: broken})
    expected = {
        Effect.bar: (Verdict.ineligible, (rule,), ()),
        Effect.review: (Verdict.review, (rule,), ()),
        Effect.warn: (Verdict.eligible, (), (rule,)),
    }[EFFECTS[rule]]
    assert (found.verdict, found.because, found.warnings) == expected
    assert [finding.rule.id for finding in found.trace if finding.holds is False] == [rule]


@pytest.mark.parametrize("rule", BREAKS)
def test_a_rule_whose_fact_is_unknown_leaves_the_verdict_open_unless_it_only_warns(rule: str) -> None:
    found = verdict_on(**{BREAKS[rule][0]: None})
    if EFFECTS[rule] is Effect.warn:
        assert (found.verdict, found.because, found.warnings, found.asks) == (Verdict.eligible, (), (), ())
    else:
        ask = next(each.ask for each in FULL.rules if each.id == rule)
        assert (found.verdict, found.because, found.asks) == (Verdict.not_yet_known, (rule,), (ask,))
    assert [finding.rule.id for finding in found.trace if finding.holds is None] == [rule]


@pytest.mark.parametrize(
    ("changed", "verdict", "because"),
    [
        ({"age": 17, "remorse": None, "previous_convictions": 2}, Verdict.ineligible, ("age_min",)),
        ({"remorse": None, "previous_convictions": 2}, Verdict.not_yet_known, ("remorse",)),
        ({"district": None, "co_accused": True}, Verdict.not_yet_known, ("residence",)),
        ({"co_accused": True, "previous_convictions": 2}, Verdict.review, ("co_accused", "first_time")),
        ({"on_bail": True, "domestic_abuse": True}, Verdict.ineligible, ("domestic_abuse", "on_bail")),
        ({"offence_age_months": None, "co_accused": True}, Verdict.review, ("co_accused",)),
    ],
)
def test_a_bar_outweighs_a_question_and_a_question_a_review(
    changed: dict[str, Any], verdict: Verdict, because: tuple[str, ...]
) -> None:
    found = verdict_on(**changed)
    assert (found.verdict, found.because) == (verdict, because)


def test_nothing_known_is_not_yet_known_for_every_reason() -> None:
    found = judge(FULL, Facts())
    assert found.verdict is Verdict.not_yet_known
    assert found.because == tuple(sorted(rule for rule, effect in EFFECTS.items() if effect is not Effect.warn))


def test_no_offence_at_all_is_not_a_list_of_good_ones() -> None:
    assert verdict_on(offence_codes=()).because == ("offence",)


@given(any_facts)
def test_the_verdict_is_what_its_definition_says_of_the_trace(facts: Facts) -> None:
    found = judge(FULL, facts)
    came_out = {
        (effect, holds): {
            finding.rule.id for finding in found.trace if finding.rule.effect is effect and finding.holds is holds
        }
        for effect in Effect
        for holds in (True, False, None)
    }
    unknown = came_out[Effect.bar, None] | came_out[Effect.review, None]
    if came_out[Effect.bar, False]:
        expected = (Verdict.ineligible, came_out[Effect.bar, False])
    elif unknown:
        expected = (Verdict.not_yet_known, unknown)
    elif came_out[Effect.review, False]:
        expected = (Verdict.review, came_out[Effect.review, False])
    else:
        expected = (Verdict.eligible, set())
    assert (found.verdict, set(found.because)) == expected
    assert list(found.because) == sorted(found.because)
    assert set(found.warnings) == came_out[Effect.warn, False]


@given(any_facts, fact_names)
def test_knowing_less_never_makes_a_case_eligible(facts: Facts, hidden: set[str]) -> None:
    if judge(FULL, hiding(facts, hidden)).verdict is Verdict.eligible:
        assert judge(FULL, facts).verdict is Verdict.eligible


@given(any_facts, fact_names)
def test_learning_more_never_lifts_a_bar(facts: Facts, hidden: set[str]) -> None:
    before, after = judge(FULL, hiding(facts, hidden)), judge(FULL, facts)
    if before.verdict is Verdict.ineligible:
        assert after.verdict is Verdict.ineligible
        assert set(before.because) <= set(after.because)


@given(any_facts, st.sampled_from(sorted(BREAKS)))
def test_a_rule_that_was_met_and_is_broken_never_improves_the_verdict(facts: Facts, rule: str) -> None:
    best_first = [Verdict.eligible, Verdict.review, Verdict.not_yet_known, Verdict.ineligible]
    fact, broken = BREAKS[rule]
    met = {each: getattr(facts, each) for each, _ in BREAKS.values()} | {fact: ORDINARY[fact]}
    before, after = judge(FULL, Facts(**met)), judge(FULL, Facts(**(met | {fact: broken})))
    assert best_first.index(after.verdict) >= best_first.index(before.verdict)


@given(any_facts, st.randoms(use_true_random=False))
def test_the_order_of_the_rules_does_not_matter(facts: Facts, random: Any) -> None:
    table = FULL.model_dump(by_alias=True)
    table["rule"] = random.sample(table["rule"], len(table["rule"]))
    shuffled = judge(Policy.model_validate(table), facts)
    found = judge(FULL, facts)
    assert (shuffled.verdict, shuffled.because) == (found.verdict, found.because)
    assert {finding.rule.id: finding.holds for finding in shuffled.trace} == {
        finding.rule.id: finding.holds for finding in found.trace
    }


@given(any_facts)
def test_a_stored_decision_comes_out_the_same_again(facts: Facts) -> None:
    first, again = judge(FULL, facts), trace_from(FULL, facts.as_json())
    assert again == first
    assert again.lines() == first.lines()
    assert again.trace == first.trace


@given(any_facts)
def test_two_whole_numbers_hold_how_every_rule_came_out(facts: Facts) -> None:
    found = judge(FULL, facts)
    for place, finding in enumerate(found.trace):
        bit = 1 << place
        assert (bool(found.masks.true & bit), bool(found.masks.unknown & bit)) == (
            finding.holds is True,
            finding.holds is None,
        )


def test_a_finding_shows_the_facts_it_turned_on() -> None:
    trace = {finding.rule.id: finding for finding in verdict_on(age=17).trace}
    assert trace["age_min"].facts == {"age": 17}
    assert set(trace["time_limit_fit"].facts) == {"fits_time_limit", "time_limit_on", "latest_start"}


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"age": 17}, "If this alone were met, the verdict would be eligible."),
        ({"age": 17, "on_bail": True}, "If all of these were met, the verdict would be eligible."),
        (
            {"age": 17, "co_accused": True},
            "If this alone were met, the verdict would be review, because of co_accused.",
        ),
        (
            {"age": 17, "remorse": None},
            "If this alone were met, the verdict would be not yet known, because of remorse.",
        ),
        ({"remorse": None}, "If the answer meets the rule, the verdict would be eligible."),
        ({"remorse": None, "admission": None}, "If every answer meets its rule, the verdict would be eligible."),
    ],
)
def test_the_lines_say_what_would_change_the_verdict(changed: dict[str, Any], says: str) -> None:
    assert f"  {says}" in verdict_on(**changed).lines()


@pytest.mark.parametrize(
    ("verdict", "facts"),
    [
        (Verdict.eligible, {"offence_age_months": 4, "fits_precautionary_limit": None}),
        (Verdict.review, {"previous_convictions": 2, "offence_codes": ("CJ67002",), "offence_modes": ("summary",)}),
        (Verdict.ineligible, {"age": 17, "admission": "no reply", "co_accused": True, "district": None}),
        (Verdict.not_yet_known, {"remorse": None, "current_order": None, "previous_divert": True}),
    ],
)
def test_a_custody_sergeant_can_read_why(verdict: Verdict, facts: dict[str, Any]) -> None:
    found = verdict_on(**facts)
    assert found.verdict is verdict
    assert "\n".join(found.lines()) + "\n" == (GOLDEN / f"{verdict}.txt").read_text("utf-8")


RANK = [Verdict.ineligible, Verdict.not_yet_known, Verdict.review, Verdict.eligible]


def better(judged: Judgement, than: Judgement) -> bool:
    return RANK.index(judged.verdict) > RANK.index(than.verdict)


@given(any_facts)
def test_the_nearest_change_is_enough_and_nothing_of_it_can_be_spared(facts: Facts) -> None:
    judged = judge(FULL, facts)
    change = judged.nearest
    if change is None:
        assert judged.verdict is Verdict.eligible
        return
    meets = {rule.holds.fact: ORDINARY[rule.holds.fact] for rule in change.rules}
    after = judge(FULL, replace(facts, **meets))
    assert (after.verdict, after.because) == (change.verdict, change.because)
    assert better(after, judged)
    for spared in meets:
        assert not better(judge(FULL, replace(facts, **{**meets, spared: getattr(facts, spared)})), judged)


@given(any_facts)
def test_a_single_answer_changes_a_verdict_only_where_the_nearest_change_says_so(facts: Facts) -> None:
    judged = judge(FULL, facts)
    for answer in {referral_field(fact) for fact, _ in BREAKS.values()}:
        meets = {fact: ORDINARY[fact] for fact, _ in BREAKS.values() if referral_field(fact) == answer}
        helps = better(judge(FULL, replace(facts, **meets)), judged)
        assert helps == (judged.nearest is not None and judged.nearest.answers == (answer,))


def test_what_would_change_it_is_said_in_the_rule_s_own_words() -> None:
    change = verdict_on(current_order="conditional discharge").nearest
    assert change is not None
    assert change.words() == "It would be eligible if this were so:"
    assert [rule.says for rule in change.rules] == [
        "The person is not subject to a community order, suspended sentence, conditional discharge or other order."
    ]
    robbery = verdict_on(offence_codes=("TH68023",), offence_modes=("indictable",)).nearest
    assert robbery is not None
    assert robbery.answers == ("offence_code",)
    assert robbery.words() == "It would be eligible if all of these were so:"
    undecided = verdict_on(on_bail=True, remorse=None).nearest
    assert undecided is not None
    assert undecided.words().startswith("It would no longer be ruled out")


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"age": 17, "co_accused": True}, "It would go to review if this were so:"),
        (
            {"age": 17, "on_bail": True, "remorse": None},
            "It would no longer be ruled out, with questions left to answer, if all of these were so:",
        ),
    ],
)
def test_what_it_would_be_then_is_said_before_it(changed: dict[str, Any], says: str) -> None:
    change = verdict_on(**changed).nearest
    assert change is not None
    assert change.words() == says


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (
            {"fits_time_limit": False, "time_limit_on": date(2019, 10, 1), "latest_start": date(2019, 5, 17)},
            "Found: fits time limit no, time limit on 1 October 2019, latest start 17 May 2019.",
        ),
        (
            {"fits_time_limit": False, "time_limit_on": date(2019, 10, 1)},
            "Found: fits time limit no, time limit on 1 October 2019.",
        ),
        ({"offence_codes": ("TH68010", "OF61102")}, "Found: offence codes TH68010 and OF61102."),
    ],
)
def test_what_was_found_is_told_with_what_is_known_beside_it(changed: dict[str, Any], says: str) -> None:
    assert f"    {says}" in verdict_on(**changed).lines()


def test_every_fact_that_a_policy_tests_is_asked_at_referral() -> None:
    for policy in released_policies():
        assert {referral_field(rule.holds.fact) for rule in policy.rules} <= set(ReferralFacts.model_fields)
