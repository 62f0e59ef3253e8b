"""The beginning of a policy, written for whoever changes a rule of an earlier one."""

import tomllib
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from divert.eligibility.policies import read_policy, released_policies
from divert.eligibility.policy import Policy, Rule
from divert.policies.writing import draft_policy

JUNE = date(2019, 6, 1)
RELEASED = [(policy, rule) for policy in released_policies() for rule in policy.rules]


def test_a_policy_that_changes_no_rule_says_what_it_follows_and_from_when() -> None:
    assert draft_policy(released_policies().get("2019-04-01-full"), None, JUNE) == (
        "# Only what changes needs to stand here: the rest comes from the policy that it extends.\n"
        'id = "2019-06-29-candidate"\n'
        'title = "What it is called"\n'
        "starts = 2019-06-29\n"
        'extends = "2019-04-01-full"\n'
    )


def test_a_rule_stands_there_block_by_block_with_the_examples_that_it_decides() -> None:
    text = draft_policy(released_policies().get("2019-04-01-full"), "first_time", JUNE)
    blocks = [block.splitlines()[0] for block in text.split("\n\n")[1:]]
    assert blocks == ["[[rule]]", "[rule.holds]", "[[example]]", "[example.given]"]
    assert 'fact = "previous_convictions"\nop = "at_most"\nvalue = 0\n' in text


def test_what_is_begun_from_any_rule_is_a_policy_that_judges_as_the_one_it_extends() -> None:
    for policy, rule in RELEASED:
        again = read_policy(draft_policy(policy, rule.id, JUNE), released_policies())
        assert (again.rules, again.starts) == (policy.rules, date(2019, 6, 29))


@given(st.sampled_from(RELEASED), st.text())
def test_any_words_are_read_back_as_they_were_written(released: tuple[Policy, Rule], words: str) -> None:
    policy, rule = released
    asks = rule.model_copy(update={"ask": words})
    text = draft_policy(policy.model_copy(update={"rules": (asks,)}), rule.id, JUNE)
    assert tomllib.loads(text)["rule"][0]["ask"] == words
