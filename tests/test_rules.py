import shutil
from datetime import date
from pathlib import Path

import pytest

from divert.casework.obligations import OBLIGATIONS
from divert.eligibility.policies import released_policies
from divert.law.offences import Mode, known_offences
from divert.law.rule_files import RulesError, rules_folder
from divert.law.rulebook import rulebook
from divert.models import OPEN, Role
from tests import RELEASED

BOOK = rulebook()
ASSAULT = ("CJ88001", "CJ88116", "PL96001")
PUBLIC_ORDER = ("PU86004", "PU86116", "PU86149")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the whole rulebook, to spoil."""
    return Path(shutil.copytree(rules_folder(), tmp_path / "rules"))


def edit(path: Path, old: str, new: str) -> None:
    before = path.read_text("utf-8")
    assert old in before
    path.write_text(before.replace(old, new), "utf-8")


def refusal(folder: Path) -> str:
    with pytest.raises(RulesError) as refused:
        released_policies(folder)
    return str(refused.value)


def test_the_rulebook_is_the_one_beside_the_package_and_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert rulebook() is rulebook() is BOOK
    monkeypatch.delenv("DIVERT_RULES", raising=False)
    assert rules_folder() == RELEASED


def test_another_rulebook_can_be_named_by_argument_or_environment(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert rulebook(folder).conditions == BOOK.conditions
    monkeypatch.setenv("DIVERT_RULES", str(folder))
    assert rules_folder() == folder


def test_every_rule_names_its_authority() -> None:
    for entries in (BOOK.conditions, BOOK.outcomes, BOOK.deadlines, known_offences().in_force(date(2019, 1, 1))):
        for code, entry in entries.items():
            assert len(entry.authority) > 10, code
    for policy in released_policies(RELEASED):
        for rule in policy.rules:
            assert len(rule.cites) > 10, rule.id


def test_the_offences_are_those_of_the_scheme_with_mode_and_limit() -> None:
    offences = known_offences().in_force(date(2019, 1, 1))
    limits = {code: (offence.mode, offence.limit.id) for code, offence in offences.items()}
    assert limits["TH68010"] == limits["TH68010A"] == (Mode.either_way, "precautionary_shop_theft")
    assert limits["TH68050"] == (Mode.summary, "vehicle_taking")
    assert limits["CA03005"] == (Mode.summary, "network_message")
    assert limits["TH68023"] == (Mode.indictable, "none")
    s127 = {code for code, (_, limit) in limits.items() if limit == "s127"}
    assert s127 == {*ASSAULT, *PUBLIC_ORDER, "CA81001", "PH97004", "PH97006", "CJ67002"}
    for code, (mode, limit) in limits.items():
        assert (mode is Mode.summary) == (limit in {"s127", "vehicle_taking", "network_message"}), code


def test_what_is_inferred_says_so() -> None:
    assert known_offences().find("TH68010A", date(2019, 1, 1)).note.startswith("Inferred")


def test_every_kind_of_deadline_has_its_rule_and_every_rule_its_kind() -> None:
    assert set(BOOK.deadlines) == set(OBLIGATIONS)


def test_a_deadline_is_owned_by_one_post_and_goes_to_another_when_missed() -> None:
    for rule in BOOK.deadlines.values():
        assert rule.owner in set(Role)
        assert rule.escalate_to in set(Role)
        assert rule.escalate_to != rule.owner or rule.days < 0, rule.kind


def test_a_reason_may_be_given_only_in_states_that_there_are() -> None:
    for close in BOOK.close_reasons.values():
        assert set(close.states) <= set(OPEN), close.code
    for back in BOOK.return_reasons.values():
        assert set(back.states) <= set(OPEN), back.code


def test_death_and_lapse_of_time_fix_the_outcome_of_a_crime() -> None:
    assert (BOOK.close_reasons["died"].outcome, BOOK.close_reasons["time_expired"].outcome) == (5, 17)
    assert BOOK.close_reasons["moved_away"].outcome is None


def test_outcome_22_may_be_recorded_from_the_day_the_full_scheme_starts() -> None:
    assert set(BOOK.outcomes) == set(range(1, 23))
    assert 22 not in {outcome.code for outcome in BOOK.outcomes_on(date(2019, 3, 31))}
    assert 22 in {outcome.code for outcome in BOOK.outcomes_on(date(2019, 4, 1))}
    assert 21 not in {outcome.code for outcome in BOOK.outcomes_on(date(2015, 12, 31))}
    assert not released_policies().in_force(date(2019, 3, 31)).outcome_22_available
    assert released_policies().in_force(date(2019, 4, 1)).outcome_22_available


def test_a_contract_can_hold_its_mandatory_conditions_and_two_more() -> None:
    for policy in released_policies(RELEASED):
        assert policy.contract.mandatory == ("NO_REOFFEND", "VICTIM_AWARENESS", "ATTEND_APPOINTMENTS")
        assert policy.contract.conditions_max - len(policy.contract.mandatory) == 2
        assert policy.contract.max_months == 4


def test_meeting_the_victim_is_offered_and_is_never_mandatory() -> None:
    contact = {code for code, condition in BOOK.conditions.items() if condition.victim_contact}
    assert contact == {"RESTORATIVE_JUSTICE"}
    assert all(contact.isdisjoint(policy.contract.mandatory) for policy in released_policies(RELEASED))


def test_a_condition_is_written_for_the_person_who_signs_it() -> None:
    for condition in BOOK.conditions.values():
        assert condition.text.startswith("I "), condition.code
        assert condition.text.endswith("."), condition.code


def test_nine_needs_are_for_every_keyworker_and_the_tenth_for_the_specialist() -> None:
    assert len([need for need in BOOK.needs.values() if not need.restricted]) == 9
    assert [code for code, need in BOOK.needs.items() if need.restricted] == ["abuse_exploitation"]


def test_every_need_but_the_restricted_has_a_condition_that_serves_it() -> None:
    served = {condition.pathway for condition in BOOK.conditions.values()}
    assert {code for code, need in BOOK.needs.items() if not need.restricted} <= served


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        (
            "conditions.toml",
            'code = "AVOID_PLACE"',
            'code = "AVOID_PERSON"',
            "conditions.toml: AVOID_PERSON: stands twice",
        ),
        (
            "conditions.toml",
            'pathway = "drugs"',
            'pathway = "drink"',
            "condition DRUGS_SUPPORT: there is no need 'drink'",
        ),
        ("conditions.toml", 'kind = "attend"', 'kind = "obey"', "condition ATTEND_APPOINTMENTS, kind: Input should be"),
        (
            "conditions.toml",
            'code = "NO_REOFFEND"',
            'code = "BE_GOOD"',
            "contract, mandatory: there is no condition 'NO_REOFFEND'",
        ),
        (
            "conditions.toml",
            'title = "Victim awareness work"',
            'title = "Victim awareness work"\nvictim_contact = true',
            "VICTIM_AWARENESS is contact with a victim, which must stay free",
        ),
        ("needs.toml", 'hint = "Work', 'tip = "Work', "need education_training_employment, hint: is missing"),
        ("outcomes.toml", "code = 21", "code = 20", "outcomes.toml: 20: stands twice"),
        ("outcomes.toml", "starts = 2019-04-01", 'starts = "soon"', "outcome 22, starts: Input should be a valid date"),
        ("closing.toml", "outcome = 17", "outcome = 71", "close_reason time_expired: there is no outcome 71"),
        ("deadlines/2019-01-01.toml", 'title = "Have', 'name = "Have', "deadline agreement, title: is missing"),
        (
            "deadlines/2019-01-01.toml",
            'unit = "working"',
            'unit = "lunar"',
            "deadline agreement, unit: Input should be 'working'",
        ),
        (
            "offences/2019-01-01.toml",
            'code = "TH68020"',
            'code = "TH68010"',
            "2019-01-01.toml: offence TH68010: stands twice",
        ),
        (
            "offences/2019-01-01.toml",
            'limit = "s127"',
            'limit = "s172"',
            "offence CA81001: there is no [[limit]] called 's172'",
        ),
        (
            "offences/2019-01-01.toml",
            'mode = "indictable"',
            'mode = "grave"',
            "offence TH68023, mode: Input should be 'summary'",
        ),
        (
            "offences/2019-01-01.toml",
            'code = "CJ67002"',
            'code = "DRUNK"',
            "offence DRUNK, code: String should match pattern",
        ),
        ("offences/2019-01-01.toml", "months = 6\nsays", "says", "a limit has months, and only 'none' has no limit"),
        (
            "offences/2019-01-01.toml",
            'code = "MT88005"',
            'code = "MT88006"',
            "2019-04-01-full.toml: rule offence: there is no offence 'MT88005'",
        ),
    ],
)
def test_a_rules_file_that_may_not_be_used_is_refused_by_file_place_and_fault(
    folder: Path, file: str, old: str, new: str, fault: str
) -> None:
    edit(folder / file, old, new)
    assert fault in refusal(folder)


def test_a_rules_file_that_is_not_there_is_named(folder: Path) -> None:
    (folder / "needs.toml").unlink()
    assert refusal(folder).startswith("needs.toml: there is no such file")


def test_a_rules_file_that_is_not_text_is_refused(folder: Path) -> None:
    (folder / "needs.toml").write_bytes(b"\xff\xfe\x00")
    assert refusal(folder).startswith("needs.toml: is not TOML")


def test_no_policy_may_start_before_the_list_of_offences(folder: Path) -> None:
    (folder / "offences" / "2019-01-01.toml").rename(folder / "offences" / "2019-02-01.toml")
    assert "2019-01-01-pilot.toml: starts: no list of offences is in force before 2019-02-01" in refusal(folder)


def test_a_later_list_of_offences_replaces_the_earlier_one_whole(folder: Path) -> None:
    later = folder / "offences" / "2022-01-01.toml"
    shutil.copy(folder / "offences" / "2019-01-01.toml", later)
    edit(later, 'title = "Robbery"', 'title = "Robbery of the person"')
    offences = rulebook(folder).offences
    assert offences.find("TH68023", date(2021, 12, 31)).title == "Robbery"
    assert offences.find("TH68023", date(2022, 1, 1)).title == "Robbery of the person"


def test_an_unknown_code_is_answered_with_what_a_right_one_looks_like() -> None:
    with pytest.raises(LookupError, match=r"two letters and five digits, like TH68010 \(theft from a shop\)"):
        known_offences().find("TH99999", date(2019, 1, 1))
