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
from divert.casework.upkeep.check import check
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
        ("UPDATE cases SET keyworker = 'keyworker.two'", "keyworker is not the one allocated"),
        ("UPDATE conditions SET status = 'kept' WHERE number = 4", "conditions are not"),
        ("DELETE FROM deadlines WHERE kind = 'contract_end'", "not what is outstanding"),
        ("UPDATE decisions SET accept = false", "without both sides agreeing"),
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
