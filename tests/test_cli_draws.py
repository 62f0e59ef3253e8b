"""A sample is drawn for the panel at the command line, step by step."""

import json
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from divert.clock import london_date, system_clock
from divert.models import Access, State
from divert.scrutiny.pseudonyms import reidentify
from tests import endings
from tests.command_line import divert
from tests.office import Office

REDRAW = Path(__file__).parent.parent / "docs" / "redraw.py"
SEED = "31415 92653 58979 32384"
MAY = ("--from", "2019-05-01", "--to", "2019-05-31")
OF_ABC = ("--frame", "abc")


def frozen(url: str, *rule: str) -> dict[str, Any]:
    """What was published of a frame that is frozen now."""
    publication: dict[str, Any] = divert("draw", "freeze", *rule, "--json", url=url).json
    return publication


def redraws(publication: str, folder: Path) -> bool:
    """Whether a stranger draws the same cases again from what was published."""
    file = folder / "draw.json"
    file.write_text(publication, encoding="utf-8")
    return subprocess.run([sys.executable, REDRAW, file], capture_output=True, check=False).returncode == 0


def test_a_frame_is_frozen_then_drawn_and_a_stranger_can_draw_it_again(
    office: Office, database_url: str, tmp_path: Path
) -> None:
    done = office.case_in(State.completed)
    back = office.on("2019-05-06").case_in(State.returned, crime_ref="CVP-19-2", surname="Marr")
    frame = frozen(database_url, "--from", "2019-05-01", "--to", "2019-07-31")
    with office.database.reading() as session:
        of = reidentify(session, [id for ids in frame["frame"].values() for id in ids])
    assert sorted(of.values()) == sorted((done, back))
    of_frame = ("--frame", frame["frame_sha256"])
    assert divert("draw", "show", *of_frame, "--json", url=database_url).json == frame
    sizes = [word for stratum, refs in frame["frame"].items() for word in ("--size", f"{stratum}={len(refs)}")]
    words = ("draw", "sample", *of_frame, "--seed", SEED, *sizes)
    drawn = divert(*words, "--by", "panel.coordinator", "--json", url=database_url)
    assert drawn.code == 0
    assert redraws(drawn.answer, tmp_path)
    listed = divert("draw", "list", url=database_url).answer
    assert frame["frame_sha256"] in listed
    assert not {done, back} & set(re.findall(r"D-\d\d-\d+", listed))
    assert set(of) <= set(re.findall(r"\b[0-9a-f]{16}\b", listed))
    twice = divert(*words, url=database_url)
    assert (twice.code, "a frame is drawn once" in twice.words) == (1, True)
    assert divert("draw", "show", *of_frame, "--json", url=database_url).answer == drawn.answer
    assert divert("draw", "list", "--json", url=database_url).json == [drawn.json]


def test_sizes_are_weighed_before_the_seed_a_draw_is_topped_up_and_a_case_picked(
    office: Office, database_url: str, tmp_path: Path
) -> None:
    for _ in range(5):
        endings.is_refused(office.on("2019-05-06"))
    frame = frozen(database_url, *MAY)
    of_frame = ("--frame", frame["frame_sha256"])
    plan = divert("draw", "weigh", *of_frame, "--total", 2, url=database_url)
    assert "None of 2 found; up to 60 in 100 could still be." in " ".join(plan.answer.split())
    assert divert("draw", "weigh", *of_frame, url=database_url).answer == plan.answer  # two are as few as may be
    weighed = divert("draw", "weigh", *of_frame, "--size", "refused=5", "--json", url=database_url).json
    assert weighed["if_clean"]["altogether"] == "All 5 were seen, and 0 found."
    assert divert("draw", "sample", *of_frame, "--seed", SEED, "--total", 2, url=database_url).code == 0
    more = ("--reason", "Time was left.", "--size", "refused=1")
    topped = divert("draw", "top-up", *of_frame, *more, "--json", url=database_url)
    assert [addition["sizes"] for addition in topped.json["top_ups"]] == [{"refused": 1}]
    drawn = {id for part in (topped.json, *topped.json["top_ups"]) for id, _ in part["drawn"]["refused"]}
    with office.database.reading() as session:
        left = next(ref for id, ref in reidentify(session, frame["frame"]["refused"]).items() if id not in drawn)
    picked = divert("draw", "pick", left, *of_frame, "--theme", "A complaint.", "--json", url=database_url)
    assert redraws(picked.answer, tmp_path)
    assert [choice["theme"] for choice in picked.json["thematic"]] == ["A complaint."]
    shown = divert("draw", "show", *of_frame, url=database_url).answer
    assert "Time was left." in shown
    assert "Picked, not drawn" in shown
    assert not set(office.refs) & set(re.findall(r"D-\d\d-\d+", shown))


def test_the_manager_is_told_which_case_a_pack_is_of_and_it_is_logged(office: Office, database_url: str) -> None:
    ref = endings.is_refused(office.on("2019-05-06"))
    of_frame = ("--frame", frozen(database_url, *MAY)["frame_sha256"])
    divert("draw", "sample", *of_frame, "--seed", SEED, "--size", "refused=1", url=database_url)
    assert divert("draw", "which", "refused-1", *of_frame, url=database_url).answer == f"{ref}\n"
    assert "no such pack" in divert("draw", "which", "refused-9", *of_frame, url=database_url).words
    panel = divert("draw", "which", "refused-1", *of_frame, "--by", "panel.coordinator", url=database_url)
    assert (panel.code, panel.answer, "for the project manager" in panel.words) == (2, "", True)
    with office.database.reading() as session:
        logged = session.execute(select(Access.case_ref, Access.by).where(Access.what == "case behind a pack")).all()
    assert [tuple(entry) for entry in logged] == [(ref, "operator")]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("freeze", "--from", "2019-05-01"), "Missing option '--to'"),
        (("freeze", "--from", "May", "--to", "2019-05-31"), "decided_from: This is not written as a date"),
        (("freeze", *MAY), "No case fits this rule"),
        (
            ("freeze", "--from", "2019-05-01", "--to", str(london_date(system_clock()) + timedelta(days=9))),
            "is not over",
        ),
        (("freeze", *MAY, "--kind", "whim"), "--kind"),
        (("freeze", *MAY, "--by", "board"), "is for the project manager or panel coordinator"),
        (("list", "--by", "board"), "Frames and draws are for: project manager, panel coordinator"),
        (("show",), "Missing option '--frame'"),
        (("show", *OF_ABC), "No frame with that SHA-256"),
        (("show", *OF_ABC, "--by", "nobody"), "nobody active with the username nobody"),
        (("weigh", *OF_ABC), "No frame with that SHA-256"),
        (("sample", "--seed", SEED, "--total", "3"), "Missing option '--frame'"),
        (("sample", *OF_ABC, "--total", "3"), "Missing option '--seed'"),
        (("sample", *OF_ABC, "--seed", SEED), "say how many"),
        (("sample", *OF_ABC, "--seed", SEED, "--size", "completed"), "like completed=5"),
        (("sample", *OF_ABC, "--seed", SEED, "--total", "3"), "No frame with that SHA-256"),
        (
            ("sample", *OF_ABC, "--seed", SEED, "--total", "3", "--by", "board"),
            "is for the project manager or panel coordinator",
        ),
        (("top-up", *OF_ABC, "--size", "completed=5"), "Missing option '--reason'"),
        (
            ("top-up", *OF_ABC, "--reason", "More.", "--by", "auditor"),
            "is for the project manager or panel coordinator",
        ),
        (("pick", "D-19-0001", *OF_ABC), "Missing option '--theme'"),
        (("pick", "D-19-0001", *OF_ABC, "--theme", "A complaint."), "No frame with that SHA-256"),
        (("which", "completed-1", *OF_ABC), "No frame with that SHA-256"),
    ],
)
def test_a_draw_that_cannot_be_made_exits_2_and_says_why(
    sqlite_url: str, words: tuple[str, ...], sentence: str
) -> None:
    call = divert("draw", *words, url=sqlite_url)
    assert (call.code, call.answer) == (2, "")
    assert sentence in call.words


def test_a_seed_and_sizes_that_will_not_do_draw_nothing(desk: Office, sqlite_url: str) -> None:
    endings.is_refused(desk.on("2019-05-06"))
    frame = frozen(sqlite_url, *MAY)
    of_frame = ("--frame", frame["frame_sha256"])
    for words, sentence in (
        (("sample", "--seed", "123", "--total", 1), "needs at least 20"),
        (("sample", "--seed", SEED, "--size", "refused=2"), "Refused: at most 1 can be drawn"),
        (("weigh", "--size", "completed=1"), "There is no stratum completed"),
        (("top-up", "--reason", "More.", "--size", "refused=1"), "No frame with that SHA-256 was drawn here"),
        (("pick", "D-19-0001", "--theme", "A complaint."), "No frame with that SHA-256 was drawn here"),
    ):
        call = divert("draw", *words, *of_frame, url=sqlite_url)
        assert (call.code, call.answer, sentence in call.words) == (2, "", True), call.words
    assert divert("draw", "show", *of_frame, "--json", url=sqlite_url).json == frame


def test_no_frame_yet_is_an_answer_to_whoever_may_read_draws(sqlite_url: str) -> None:
    assert divert("draw", "list", url=sqlite_url).answer == "No frame has been frozen.\n"
    assert json.loads(divert("draw", "list", "--json", "--by", "auditor", url=sqlite_url).answer) == []


def test_draw_alone_names_the_steps(sqlite_url: str) -> None:
    call = divert("draw", url=sqlite_url)
    steps = re.findall(r"^  (\w[\w-]+)  +\w", call.answer + call.words, re.MULTILINE)
    assert steps == ["freeze", "list", "weigh", "sample", "top-up", "pick", "show", "which"]
