"""The command line proves the ledger and the invariants, rehearses a policy, and draws for the panel."""

import json
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from divert.casework.lifecycle import mermaid
from divert.clock import london_date, system_clock
from divert.db import Database
from divert.models import Access, State
from divert.scrutiny.pseudonyms import stands_for
from tests import endings
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


# draw


def test_a_frame_is_frozen_then_drawn_and_a_stranger_can_draw_it_again(
    office: Office, database_url: str, tmp_path: Path
) -> None:
    done = office.case_in(State.completed)
    back = office.on("2019-05-06").case_in(State.returned, crime_ref="CVP-19-2", surname="Marr")
    frozen = divert("draw", "--from", "2019-05-01", "--to", "2019-07-31", "--json", url=database_url).json
    with office.database.reading() as session:
        of = stands_for(session, [id for ids in frozen["frame"].values() for id in ids])
    assert sorted(of.values()) == sorted((done, back))
    sizes = [word for stratum, refs in frozen["frame"].items() for word in ("--size", f"{stratum}={len(refs)}")]
    words = ("draw", "--frame", frozen["frame_sha256"], "--seed", "31415 92653 58979 32384", *sizes)
    drawn = divert(*words, "--by", "panel.coordinator", "--json", url=database_url)
    assert drawn.code == 0
    publication = tmp_path / "draw.json"
    publication.write_text(drawn.answer, encoding="utf-8")
    again = subprocess.run([sys.executable, ROOT / "docs" / "redraw.py", publication], capture_output=True, check=False)
    assert again.returncode == 0
    shown = divert("draw", url=database_url).answer
    assert frozen["frame_sha256"] in shown
    assert not {done, back} & set(re.findall(r"D-\d\d-\d+", shown))
    assert set(of) <= set(re.findall(r"\b[0-9a-f]{16}\b", shown))
    twice = divert(*words, url=database_url)
    assert (twice.code, "a frame is drawn once" in twice.words) == (1, True)
    assert divert("draw", "--frame", frozen["frame_sha256"], "--json", url=database_url).answer == drawn.answer


def test_sizes_are_weighed_before_the_seed_a_draw_is_topped_up_and_a_case_picked(
    office: Office, database_url: str, tmp_path: Path
) -> None:
    for _ in range(5):
        endings.is_refused(office.on("2019-05-06"))
    frozen = divert("draw", "--from", "2019-05-01", "--to", "2019-05-31", "--json", url=database_url).json
    of_frame = ("draw", "--frame", frozen["frame_sha256"])
    plan = divert(*of_frame, "--total", 2, url=database_url)
    assert "None of 2 found; up to 60 in 100 could still be." in " ".join(plan.answer.split())
    assert divert(*of_frame, "--size", "refused=5", "--json", url=database_url).json["if_clean"]["altogether"] == (
        "All 5 were seen, and 0 found."
    )
    assert divert(*of_frame, "--seed", "31415 92653 58979 32384", "--total", 2, url=database_url).code == 0
    topped = divert(*of_frame, "--top-up", "Time was left.", "--size", "refused=1", "--json", url=database_url)
    assert [one["sizes"] for one in topped.json["top_ups"]] == [{"refused": 1}]
    drawn = {id for one in (topped.json, *topped.json["top_ups"]) for id, _ in one["drawn"]["refused"]}
    with office.database.reading() as session:
        left = next(ref for id, ref in stands_for(session, frozen["frame"]["refused"]).items() if id not in drawn)
    picked = divert(*of_frame, "--pick", left, "--theme", "A complaint.", "--json", url=database_url)
    publication = tmp_path / "draw.json"
    publication.write_text(picked.answer, encoding="utf-8")
    again = subprocess.run([sys.executable, ROOT / "docs" / "redraw.py", publication], capture_output=True, check=False)
    assert (again.returncode, [one["theme"] for one in picked.json["thematic"]]) == (0, ["A complaint."])
    shown = divert(*of_frame, url=database_url).answer
    assert "Time was left." in shown
    assert "Picked, not drawn" in shown
    assert not set(office.refs) & set(re.findall(r"D-\d\d-\d+", shown))
    assert divert(*of_frame, "--which", "thematic-1", url=database_url).answer == f"{left}\n"
    assert "no such pack" in divert(*of_frame, "--which", "refused-9", url=database_url).words
    panel = divert(*of_frame, "--which", "refused-1", "--by", "panel.coordinator", url=database_url)
    assert (panel.code, panel.answer, "for the project manager" in panel.words) == (2, "", True)
    with office.database.reading() as session:
        logged = session.execute(select(Access.case_ref, Access.by).where(Access.what == "case behind a pack")).all()
    assert [tuple(one) for one in logged] == [(left, "operator")]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--from", "2019-05-01"), "decided_to: This is missing"),
        (("--from", "May", "--to", "2019-05-31"), "decided_from: This is not written as a date"),
        (("--from", "2019-05-01", "--to", "2019-05-31"), "No case fits this rule"),
        (("--from", "2019-05-01", "--to", str(london_date(system_clock()) + timedelta(days=9))), "is not over"),
        (("--frame", "abc"), "No frame with that SHA-256"),
        (("--frame", "abc", "--seed", "12345678901234567890", "--size", "completed"), "like completed=5"),
        (("--seed", "12345678901234567890"), "first freeze a frame"),
        (("--frame", "abc", "--from", "2019-05-01"), "first freeze a frame"),
        (("--total", "3"), "first freeze a frame"),
        (("--frame", "abc", "--top-up", "More.", "--seed", "1"), "one at a time"),
        (("--frame", "abc", "--pick", "D-19-0001"), "one at a time"),
        (("--by", "board"), "drawn by the panel coordinator"),
        (("--kind", "whim"), "--kind"),
    ],
)
def test_a_draw_that_cannot_be_made_exits_2_and_says_why(sqlite_url: str, words: tuple[str, ...], said: str) -> None:
    told = divert("draw", *words, url=sqlite_url)
    assert (told.code, told.answer) == (2, "")
    assert said in told.words


def test_no_frame_yet_is_an_answer(sqlite_url: str) -> None:
    assert divert("draw", url=sqlite_url).answer == "No frame has been frozen.\n"
    assert json.loads(divert("draw", "--json", url=sqlite_url).answer) == []
