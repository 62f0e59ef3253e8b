import re
import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from divert.eligibility.policies import NoPolicy, load_policies, load_policy, released_policies
from divert.eligibility.policy import Effect, Verdict
from divert.law.rule_files import RulesError, rules_folder
from tests import RELEASED

THEN = rules_folder() / "eligibility"
"""The policies that there were when the tests live."""

PILOT, FULL = "2019-01-01-pilot", "2019-04-01-full"
# As the procedure lists them, which is the order of a trace; the last is a warning of our own.
RULES = [
    "age_min",
    "offence",
    "admission",
    "remorse",
    "voluntary_agreement",
    "sufficient_evidence",
    "first_time",
    "residence",
    "offence_location",
    "offence_age",
    "current_order",
    "on_bail",
    "detained",
    "co_accused",
    "hate_crime",
    "domestic_abuse",
    "indictable_only",
    "custody_likely",
    "previous_divert",
    "time_limit_fit",
    "precautionary_limit",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the released policies, to spoil."""
    for path in THEN.glob("2*.toml"):
        (tmp_path / path.name).write_text(path.read_text("utf-8"), "utf-8")
    return tmp_path


def edit(folder: Path, policy: str, change: Callable[[str], str]) -> None:
    path = folder / f"{policy}.toml"
    before = path.read_text("utf-8")
    after = change(before)
    assert after != before, "the edit changed nothing"
    path.write_text(after, "utf-8")


def put(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new)


def without_blocks(pattern: str) -> Callable[[str], str]:
    """Drops every [[...]] block in which the pattern is found."""

    def drop(text: str) -> str:
        blocks = re.split(r"\n(?=\[)", text)
        return "\n".join(block for block in blocks if not re.search(pattern, block))

    return drop


def test_the_pilot_and_the_full_scheme_follow_each_other_without_a_gap() -> None:
    policies = load_policies(THEN)
    assert [policy.id for policy in policies] == [PILOT, FULL]
    assert policies.in_force(date(2019, 1, 1)).id == PILOT
    assert policies.in_force(date(2019, 3, 31)).id == PILOT
    assert policies.in_force(date(2019, 4, 1)).id == FULL
    assert policies.in_force(date(2031, 1, 1)).id == FULL
    assert [policies.last_day(policy) for policy in policies] == [date(2019, 3, 31), None]


def test_before_the_scheme_started_no_policy_applies() -> None:
    with pytest.raises(NoPolicy, match="The scheme started on 2019-01-01; 2018-12-31 is before it"):
        load_policies(THEN).in_force(date(2018, 12, 31))


def test_after_the_last_policy_ended_none_applies(folder: Path) -> None:
    edit(folder, FULL, put("starts = 2019-04-01", "starts = 2019-04-01\nends = 2020-03-31"))
    with pytest.raises(NoPolicy, match="2019-04-01-full, ended on 2020-03-31; 2020-04-01 is after it"):
        load_policies(folder).in_force(date(2020, 4, 1))


def test_a_policy_is_found_by_name_and_by_digest() -> None:
    policies = load_policies(THEN)
    pilot = policies.get(PILOT)
    assert policies.by_digest(pilot.digest) is pilot
    with pytest.raises(NoPolicy, match="no policy called '2020'; there are 2019-01-01-pilot, 2019-04-01-full"):
        policies.get("2020")
    with pytest.raises(NoPolicy, match="changed or taken away"):
        policies.by_digest("0" * 64)


def test_a_released_policy_never_changes() -> None:
    released = tomllib.loads((RELEASED / "eligibility" / "digests.toml").read_text("utf-8"))["released"]
    assert {policy.id: policy.digest for policy in released_policies(RELEASED)} == released


def test_a_check_has_room_for_every_rule_of_a_policy() -> None:
    """It stores those that decide in a column of 300."""
    for policy in released_policies(RELEASED):
        assert len(" ".join(rule.id for rule in policy.rules)) <= 300, policy.id


def test_each_policy_has_the_rules_of_the_procedure_in_its_order() -> None:
    for policy in load_policies(THEN):
        assert [rule.id for rule in policy.rules] == RULES
        assert {rule.id for rule in policy.rules if rule.effect is Effect.warn} == {
            "offence_age",
            "precautionary_limit",
        }


def test_the_full_policy_says_only_what_changed() -> None:
    own = tomllib.loads((THEN / f"{FULL}.toml").read_text("utf-8"))
    pilot, full = load_policies(THEN)
    assert [rule["id"] for rule in own["rule"]] == ["offence"]
    assert [one.id for one, other in zip(pilot.rules, full.rules, strict=True) if one != other] == ["offence"]
    assert (pilot.contract, pilot.time_limit) == (full.contract, full.time_limit)
    assert (pilot.outcome_22_available, full.outcome_22_available) == (False, True)
    assert full.ends is None


def test_an_example_said_again_takes_the_place_of_the_earlier_one() -> None:
    pilot, full = load_policies(THEN)
    verdicts = [
        {example.name: example.verdict for example in policy.examples}["possession of cannabis"]
        for policy in (pilot, full)
    ]
    assert verdicts == [Verdict.ineligible, Verdict.eligible]


def test_layout_comments_and_the_order_of_keys_do_not_change_a_digest(folder: Path) -> None:
    before = load_policies(folder).get(PILOT).digest
    edit(folder, PILOT, lambda text: "# a remark\n" + text.replace(" = ", "   =  "))
    edit(folder, PILOT, put('title   =  "Shop theft pilot"\nstarts', "starts"))
    edit(folder, PILOT, put("ends   =", 'title = "Shop theft pilot"\nends ='))
    assert load_policies(folder).get(PILOT).digest == before


@pytest.mark.parametrize(
    "change",
    [
        put("buffer_days = 14", "buffer_days = 13"),
        put('says = "The person shows remorse."', 'says = "The person is sorry."'),
        put("conditions_max = 5", "conditions_max = 6"),
    ],
)
def test_a_change_of_substance_changes_the_digest_of_the_policy_and_of_what_extends_it(
    folder: Path, change: Callable[[str], str]
) -> None:
    before = [policy.digest for policy in load_policies(folder)]
    edit(folder, PILOT, change)
    after = [policy.digest for policy in load_policies(folder)]
    assert all(one != other for one, other in zip(before, after, strict=True))


REMORSE = 'holds = { fact = "remorse", op = "is", value = true }'
AGE = 'holds = { fact = "age", op = "at_least", value = 18 }'
OFFENCES = 'value = ["TH68010", "TH68010A"]'
ORDINARY_AGE = "age = 27"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (
            put('cites = "CPS guidance on conditional cautions: indictable-only offences are for the CPS."\n', ""),
            "rule indictable_only, cites: is missing",
        ),
        (
            put('cites = "College of Policing, summary of the Checkpoint trial."', 'cites = " "'),
            "rule on_bail, cites: String should have at least 1 character",
        ),
        (
            without_blocks(r'name = "no remorse"|name = "not yet interviewed"'),
            "rule remorse: there is no example that it decides",
        ),
        (
            without_blocks(r'name = "three months old"'),
            "rule offence_age: there is no example that it warns in",
        ),
        (
            put(AGE, AGE.replace('"age"', '"shoe_size"')),
            "rule age_min, holds, fact: 'shoe_size' is not a fact; the facts are age",
        ),
        (put(OFFENCES, "value = []"), "rule offence, holds: the list for offence_codes is empty"),
        (
            put(OFFENCES, "value = [1, 2]"),
            "rule offence, holds: offence_codes is compared with a list of texts, not (1, 2)",
        ),
        (put(AGE, AGE.replace("18", '"18"')), "rule age_min, holds: age is compared with a whole number, not '18'"),
        (put(AGE, AGE.replace("18", "true")), "rule age_min, holds: age is compared with a whole number, not True"),
        (put(AGE, AGE.replace("at_least", "above")), "rule age_min, holds, op: Input should be 'is', 'at_least'"),
        (put(AGE, AGE.replace("at_least", "all_in")), "age is a whole number and cannot be compared by 'all_in'"),
        (
            put(REMORSE, REMORSE.replace("is", "at_most")),
            "remorse is true or false and cannot be compared by 'at_most'",
        ),
        (put(REMORSE, REMORSE.replace("true", '"yes"')), "remorse is compared with true or false, not 'yes'"),
        (
            put('fact = "admission", op = "is", value = "yes"', 'fact = "admission", op = "is", value = "maybe"'),
            "rule admission, holds: admission is compared with one of yes, no, no reply, not 'maybe'",
        ),
        (
            put(
                'fact = "detained", op = "is", value = "none"', 'fact = "detained", op = "in", value = ["none", "gaol"]'
            ),
            "detained is compared with a list, each one of none, court, mental health, not ('none', 'gaol')",
        ),
        (
            put(
                'fact = "fits_time_limit", op = "is", value = true',
                'fact = "latest_start", op = "is", value = "2019-05-01"',
            ),
            "latest_start is a date, only ever shown, and cannot be compared",
        ),
        (
            put('shows = ["time_limit_on", "latest_start"]', 'shows = ["bedtime"]'),
            "rule time_limit_fit, shows: 'bedtime' is not a fact",
        ),
        (put('id = "on_bail"', 'id = "detained"'), "rule detained: stands twice"),
        (put('name = "robbery"', 'name = "hate crime"'), "example hate crime: stands twice"),
        (put('id = "on_bail"', 'id = "On bail"'), "rule On bail, id: String should match"),
        (
            put('effect = "warn"', 'effect = "frown"'),
            "rule offence_age, effect: Input should be 'bar', 'review' or 'warn'",
        ),
        (put('provenance = "stated"', 'provenance = "heard"'), "rule age_min, provenance: Input should be 'stated'"),
        (put("buffer_days = 14", "buffer_days = 14\nspare = 1"), "time_limit, spare: Extra inputs are not permitted"),
        (put("max_months = 4", "max_months = 0"), "contract, max_months: Input should be greater than 0"),
        (put("[contract]", "[agreement]"), "contract: is missing"),
        (
            put("given = { age = 17 }", "given = { age = 19 }"),
            "example seventeen on the day: should come to ineligible because of age_min, and comes to eligible",
        ),
        (
            put('warns = ["offence_age"]', ""),
            "example three months old: should come to eligible, and comes to eligible, warning of offence_age",
        ),
        (put(ORDINARY_AGE, "aged = 27"), "example a first, admitted shop theft: 'aged' is not a fact"),
        (put(ORDINARY_AGE, 'age = "27"'), "example a first, admitted shop theft: age is a whole number, not '27'"),
        (
            put('unknown = ["district"]', 'unknown = ["home"]'),
            "example a question outweighs a review: 'home' is not a fact",
        ),
        (put("starts = 2019-01-01", "starts = 2019-01-02"), "id: '2019-01-01-pilot' must be the file's name"),
        (put("ends = 2019-03-31", "ends = 2018-12-31"), "ends: 2018-12-31 is before the policy starts"),
        (put("[contract]", "[contract"), "2019-01-01-pilot.toml: is not TOML"),
    ],
)
def test_a_policy_that_may_not_be_used_is_refused_by_file_place_and_fault(
    folder: Path, change: Callable[[str], str], fault: str
) -> None:
    edit(folder, PILOT, change)
    with pytest.raises(RulesError) as refused:
        load_policies(folder)
    assert str(refused.value).startswith("2019-01-01-pilot.toml: ")
    assert fault in str(refused.value)


@pytest.mark.parametrize(
    ("policy", "change", "fault"),
    [
        (
            PILOT,
            put("ends = 2019-03-31", "ends = 2019-03-30"),
            "starts: 2019-04-01 leaves a gap after 2019-01-01-pilot",
        ),
        (PILOT, put("ends = 2019-03-31", "ends = 2019-04-01"), "starts: 2019-04-01 overlaps 2019-01-01-pilot"),
        (FULL, put('"2019-01-01-pilot"', '"2018-pilot"'), "extends: there is no earlier policy called '2018-pilot'"),
        (FULL, put('title = "Full scheme"\n', ""), "title: is missing"),
        (FULL, without_blocks('name = "possession of cannabis"'), "should come to ineligible because of offence"),
    ],
)
def test_a_later_policy_must_follow_the_earlier_one(
    folder: Path, policy: str, change: Callable[[str], str], fault: str
) -> None:
    edit(folder, policy, change)
    with pytest.raises(RulesError, match=re.escape(fault)) as refused:
        load_policies(folder)
    assert refused.value.path.name == f"{FULL}.toml"


def test_two_policies_cannot_start_on_one_day(folder: Path) -> None:
    twin = (folder / f"{FULL}.toml").read_text("utf-8").replace(FULL, "2019-04-01-other")
    (folder / "2019-04-01-other.toml").write_text(twin, "utf-8")
    with pytest.raises(RulesError, match="2019-04-01-full starts on 2019-04-01 too, so the two overlap"):
        load_policies(folder)


def test_a_folder_without_policies_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match="holds no file named for the day it starts"):
        load_policies(tmp_path)


def test_a_candidate_may_extend_any_policy_and_start_on_any_day(tmp_path: Path) -> None:
    policies = load_policies(THEN)
    path = tmp_path / "2019-07-01-candidate.toml"
    path.write_text(
        """
        id = "2019-07-01-candidate"
        title = "One old conviction is no bar"
        starts = 2019-07-01
        extends = "2019-04-01-full"

        [[rule]]
        id = "first_time"
        says = "The person has at most one previous conviction."
        cites = "For rehearsal."
        provenance = "recommended"
        effect = "review"
        holds = { fact = "previous_convictions", op = "at_most", value = 1 }
        ask = "How many?"

        [[example]]
        name = "one old conviction"
        given = { previous_convictions = 1 }
        verdict = "eligible"

        [[example]]
        name = "two old convictions"
        given = { previous_convictions = 2 }
        verdict = "review"
        because = ["first_time"]
        """,
        "utf-8",
    )
    candidate = load_policy(path, policies)
    assert [rule.id for rule in candidate.rules] == RULES
    assert candidate.outcome_22_available
    assert candidate.digest not in {policy.digest for policy in policies}
    assert load_policy(THEN / f"{FULL}.toml", policies).digest == policies.get(FULL).digest


def test_a_candidate_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match=r"2020-01-01-new\.toml: there is no such file"):
        load_policy(tmp_path / "2020-01-01-new.toml", load_policies(THEN))
