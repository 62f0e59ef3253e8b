"""The command line proves the ledger and the invariants, and rehearses a policy."""

from pathlib import Path

from sqlalchemy import text

from divert.casework.lifecycle import mermaid
from divert.db import Database
from divert.models import State
from tests.command_line import counts, divert
from tests.office import Office

ROOT = Path(__file__).parent.parent


def tamper(database: Database, *statements: str) -> None:
    """Change rows behind the table's back, as somebody with the file in hand could."""
    with database.writing() as session:
        guards = session.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
        for statement in (*(f"DROP TRIGGER {guard}" for guard in guards), *statements):
            session.execute(text(statement))


# verify, seal, check


def test_an_untouched_ledger_verifies_whole_and_by_case(office: Office, database_url: str) -> None:
    ref = office.case_in(State.completed)
    assert divert("verify", url=database_url).answer == "The ledger is as it was written: 1 cases.\n"
    assert divert("verify", ref, "--json", url=database_url).json == {"sound": True, "cases": 1, "faults": []}
    assert divert("check", url=database_url).answer == "Every invariant holds: 1 cases.\n"


def test_a_changed_entry_is_found_and_told(desk: Office, sqlite_url: str) -> None:
    ref = desk.case_in(State.accepted)
    tamper(desk.database, "UPDATE ledger SET \"by\" = 'officer.two' WHERE seq = 3")
    told = divert("verify", url=sqlite_url)
    assert told.code == 1
    assert told.answer.startswith(f"{ref} entry 3: ")
    assert divert("verify", "--json", url=sqlite_url).json["faults"][0]["entry"] == 3
    assert divert("check", url=sqlite_url).code == 1


def test_a_seal_shows_a_case_that_was_removed(desk: Office, sqlite_url: str) -> None:
    desk.refers()
    gone = desk.refers(crime_ref="CVP-19-2", surname="Marr")
    digest = divert("seal", "--json", url=sqlite_url).json["digest"]
    assert divert("verify", "--seal", digest, url=sqlite_url).code == 0
    of_it = f"(SELECT id FROM cases WHERE ref = '{gone}')"
    tamper(
        desk.database,
        *(f"DELETE FROM {table} WHERE case_id = {of_it}" for table in ("victims", "deadlines", "outbox", "ledger")),
        f"DELETE FROM cases WHERE ref = '{gone}'",
    )
    assert divert("verify", url=sqlite_url).code == 0
    told = divert("verify", "--seal", digest, url=sqlite_url)
    assert (told.code, f"{gone}: the case was removed since the seal" in told.answer) == (1, True)


def test_a_case_that_is_not_there_is_a_wrong_call(sqlite_url: str) -> None:
    told = divert("verify", "D-19-9999", url=sqlite_url)
    assert (told.code, "no case D-19-9999" in told.words) == (2, True)


def test_the_diagram_is_the_table_s(sqlite_url: str) -> None:
    assert divert("diagram", url=sqlite_url).answer == mermaid()


# rehearse


CANDIDATE = """
id = "2026-12-01-candidate"
title = "Darlington joins"
starts = 2026-12-01
extends = "2019-04-01-full"

[[rule]]
id = "residence"
says = "The person lives in the four districts or in Darlington."
cites = "A trial, for the sake of the rehearsal."
provenance = "recommended"
effect = "review"
ask = "Where does the person live?"
holds = { fact = "district", op = "in", value = ["E06000001", "E06000002", "E06000003", "E06000004", "E06000005"] }

[[example]]
name = "lives in Darlington"
given = { district = "E06000005" }
verdict = "eligible"

[[example]]
name = "lives in Durham"
given = { district = "E06000047" }
verdict = "review"
because = ["residence"]
"""


def test_a_candidate_is_rehearsed_over_every_case_and_changes_none(
    office: Office, database_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "2026-12-01-candidate.toml"
    file.write_text(CANDIDATE, encoding="utf-8")
    signed = {"agreement_signed_on": "2019-05-06"}
    stays = office.refers(district="E06000002", **signed)
    flips = office.refers(district="E06000005", crime_ref="CVP-19-2", surname="Marr", **signed)
    unknown = office.refers(district="", crime_ref="CVP-19-3", surname="Orr", **signed)
    before = counts(office.database)
    told = divert("rehearse", file, "--json", url=database_url)
    assert told.code == 0
    (flip,) = told.json["flips"]
    assert (flip["ref"], flip["was"], flip["becomes"]) == (flips, "review", "eligible")
    assert told.json["by_rule"] == {"residence": 1}
    assert told.json["by_offence_code"] == [
        {"offence_code": "TH68010", "cases": 3, "flips": 1, "in": 0, "out": 0, "open": 0}
    ]
    assert told.json["by_month"] == [{"month": "2019-05-01", "cases": 3, "flips": 1, "in": 0, "out": 0, "open": 0}]
    assert told.json["asked"] == {"residence": 1}
    assert (told.json["cases"], told.json["not_yet_known"]) == (3, 1)
    assert counts(office.database) == before
    shown = divert("rehearse", file, url=database_url).answer
    assert "3 cases, 1 judged otherwise, 1 not yet known" in shown
    assert flips in shown
    assert stays not in shown
    assert unknown not in shown


def test_a_candidate_that_may_not_be_used_says_where_and_why(sqlite_url: str, tmp_path: Path) -> None:
    broken = tmp_path / "2026-12-01-broken.toml"
    broken.write_text("id = ", encoding="utf-8")
    for file in (broken, tmp_path / "2026-12-02-none.toml"):
        told = divert("rehearse", file, url=sqlite_url)
        assert (told.code, file.name in told.words) == (2, True)
