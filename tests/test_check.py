"""`check` proves a whole database, and notices when something in it is not so."""

import re
from datetime import date
from pathlib import Path
from shutil import copytree

import pytest
from sqlalchemy import text

from divert.casework.commands.contract import VaryContract
from divert.casework.commands.record import AddNote, LinkCases, MergePerson
from divert.casework.commands.referral import CorrectFacts
from divert.casework.commands.retention import ReviewRetention
from divert.casework.upkeep.check import check
from divert.casework.upkeep.invariants import INVARIANTS
from divert.law.rulebook import rulebook
from divert.models import State
from tests.office import KEYWORKER, MANAGER, OFFICER, SIGNED_CONDITIONS, Office


def faults(office: Office) -> list[str]:
    with office.database.reading() as session:
        return [str(one) for one in check(session)]


def test_a_database_with_a_case_in_every_state_is_sound(office: Office) -> None:
    for state in State:
        office.on("2019-05-06").case_in(state, crime_ref=f"CVP-19-{state}", surname=state.label)
    assert faults(office) == []


def test_corrections_variations_links_and_merges_replay_to_what_is_stored(office: Office) -> None:
    dale = office.case_in(State.active)
    twin = office.on("2019-05-06").refers(surname="Ashwerth", crime_ref="CVP-19-2")
    office.does(
        OFFICER, CorrectFacts.model_validate({"reason": "Misheard.", "forenames": "Dayle", "remorse": None}), twin
    )
    office.does(MANAGER, LinkCases(other_ref=dale, why="The same evening."), twin)
    office.does(MANAGER, MergePerson(other_ref=dale, why="Fingerprints."), twin)
    office.does(MANAGER, AddNote(text="Looked at both files."), twin)
    vary = {
        "signed_on": office.today,
        "ends_on": "2019-08-30",
        "conditions": SIGNED_CONDITIONS[:4],
        "why": "Garden closed.",
    }
    office.does(KEYWORKER, VaryContract.model_validate({**vary, "agreed_by": "probation.lead"}), dale)
    assert faults(office) == []


def test_a_change_of_periods_is_for_what_comes_and_leaves_what_was_sound(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From June the police have one working day; the case of May was given three, and keeps them."""
    before = office.case_in(State.under_decision)
    folder = tmp_path / "rules"
    copytree(rulebook().folder, folder)
    months = (folder / "deadlines" / "2019-01-01.toml").read_text(encoding="utf-8")
    changed = "[[deadline]]" + months[months.index('\nkind = "police_decision"') :].split("[[deadline]]")[0]
    changed = re.sub(r"^days = \d+", "days = 1", changed, flags=re.M)
    (folder / "deadlines" / "2019-06-01.toml").write_text(changed, encoding="utf-8")
    monkeypatch.setenv("DIVERT_RULES", str(folder))
    rulebook.cache_clear()
    try:
        after = office.on("2019-06-03").case_in(State.under_decision, crime_ref="CVP-19-2", surname="Brook")
        assert (due(office, before), due(office, after)) == (date(2019, 5, 9), date(2019, 6, 4))
        assert faults(office) == []
    finally:
        rulebook.cache_clear()


def due(office: Office, ref: str) -> date:
    """The day by which the police are to decide."""
    with office.open(ref) as case:
        return next(one.due_on for one in case.deadlines if one.kind == "police_decision")


@pytest.mark.parametrize(
    ("tampering", "noticed"),
    [
        ("UPDATE cases SET outcome_code = 1", "case row"),
        ("UPDATE cases SET state = 'closed'", "the case stands as closed"),
        ("UPDATE conditions SET status = 'kept' WHERE number = 4", "conditions are not"),
        ("UPDATE need_scores SET score = 9", "need_scores are not"),
        ("UPDATE people SET surname = 'Smith'", "person are not"),
        ("UPDATE cases SET limit_on = '2020-01-01'", "not what is outstanding"),
    ],
)
def test_a_row_changed_behind_the_table_is_noticed(office: Office, tampering: str, noticed: str) -> None:
    office.case_in(State.active)
    with office.database.writing() as session:
        session.execute(text(tampering))
    assert any(noticed in fault for fault in faults(office)), faults(office)


BREACHES: dict[str, tuple[State, str]] = {
    "open_cases_wait_for_somebody": (State.active, "DELETE FROM deadlines"),
    "open_cases_are_in_somebodys_hands": (State.active, "UPDATE cases SET held_by = NULL"),
    "deadlines_are_what_is_outstanding": (State.active, "DELETE FROM deadlines WHERE kind = 'contract_end'"),
    "the_keyworker_is_the_one_allocated": (State.active, "UPDATE cases SET keyworker = 'keyworker.two'"),
    "cases_are_taken_where_both_sides_agreed": (State.active, "UPDATE decisions SET accept = false"),
    "two_people_decided": (State.accepted, """UPDATE decisions SET "by" = 'police.lead'"""),
    "running_cases_have_a_contract": (State.active, "DELETE FROM contracts"),
    "a_breach_review_has_something_to_review": (State.breach_review, "UPDATE breaches SET decision = 'continue'"),
    "completed_cases_have_no_condition_open": (State.completed, "UPDATE conditions SET status = 'open'"),
    "completed_and_prosecuted_cases_have_an_outcome": (State.prosecuted, "UPDATE cases SET outcome_code = NULL"),
    "closed_cases_have_a_reason": (State.closed, "UPDATE cases SET close_reason = NULL"),
    "eligibility_checks_come_to_the_same_again": (State.accepted, "UPDATE checks SET verdict = 'ineligible'"),
    "documents_are_those_that_were_issued": (
        State.referred,
        "INSERT INTO documents (case_id, seq, kind, large_print, sha256, pdf) "
        "SELECT id, 1, 'contract', false, 'another', CAST('%PDF' AS BLOB) FROM cases",
    ),
    "ended_cases_have_no_appointment_booked": (State.completed, "UPDATE appointments SET status = 'booked'"),
}
"""For each invariant a case, and something done behind the table after which the invariant does not hold."""


def test_no_invariant_was_forgotten_here() -> None:
    assert [invariant.name for invariant in INVARIANTS] == list(BREACHES)


@pytest.mark.parametrize("name", BREACHES)
def test_an_invariant_that_does_not_hold_is_noticed_and_told_in_its_own_words(desk: Office, name: str) -> None:
    state, tampering = BREACHES[name]
    ref = desk.case_in(state)
    breach = next(invariant.breach for invariant in INVARIANTS if invariant.name == name)
    assert faults(desk) == []
    with desk.database.writing() as session:
        session.execute(text(tampering))
    assert f"{ref}: {breach}" in faults(desk)


def test_what_is_left_of_a_case_that_was_disposed_of_is_noticed(desk: Office) -> None:
    ref = desk.case_in(State.closed)
    desk.on("2030-01-07").does(MANAGER, ReviewRetention(decision="dispose", reason="Its time has passed."), ref)
    assert faults(desk) == []
    with desk.database.writing() as session:
        session.execute(text("UPDATE people SET forenames = 'Dale'"))
    assert f"{ref}: disposed of, but not its people" in faults(desk)
