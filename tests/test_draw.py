"""A sample is drawn by tickets that anyone can compute again, and any change to what was published shows."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from consistent_sampler import sampler  # type: ignore[import-untyped]  # it ships no types
from hypothesis import given, settings
from hypothesis import strategies as st

from divert.scrutiny.draw import (
    Publication,
    draw,
    draw_strata,
    frame_digest,
    frame_text,
    publication,
    ticket,
    validate_seed,
)

RULE = "Cases decided from 1 April to 30 June 2019, completed or refused"
CUT_OFF = date(2019, 6, 30)
SEED = "31415926535897932384"
FRAME = {
    "completed": [f"D-19-{n:04}" for n in range(1, 31)],
    "refused": [f"D-19-{n:04}" for n in range(101, 110)],
    "returned": [],
}
SIZES = {"completed": 5, "refused": 2, "returned": 0}

SEEDS = st.text("0123456789", min_size=1, max_size=40)
IDS = st.sets(st.text(max_size=20), min_size=1, max_size=60).map(sorted)


# --- the tickets -----------------------------------------------------------------------------------------------------


def test_the_published_example_is_drawn() -> None:
    ids = ["A-1", "A-2", "A-3", "B-1", "B-2", "B-3"]
    assert [picked.id for picked in draw(ids, "314159", 4)] == ["B-2", "B-3", "A-3", "A-2"]


def test_a_ticket_is_the_published_one_to_its_last_digit() -> None:
    # From the documentation of the reference implementation.
    assert ticket("01382438112797316654", "AB-130") == (
        "0.26299714122838008416507544297546663599715395525154425586041245287750224561854"
    )


@settings(max_examples=500)
@given(SEEDS, IDS, st.data())
def test_every_draw_agrees_with_the_reference_implementation(seed: str, ids: list[str], data: st.DataObject) -> None:
    skip = data.draw(st.integers(0, len(ids)))
    size = data.draw(st.integers(0, len(ids) - skip))
    theirs = list(sampler(ids, seed, drop=skip, take=size, digits=1000))
    assert [(picked.id, picked.ticket) for picked in draw(ids, seed, size, skip)] == [(t[1], t[0]) for t in theirs]


@given(SEEDS, IDS, st.randoms(use_true_random=False))
def test_the_order_of_the_ids_does_not_matter(seed: str, ids: list[str], shuffler: Any) -> None:
    shuffled = list(ids)
    shuffler.shuffle(shuffled)
    assert draw(shuffled, seed, len(ids)) == draw(ids, seed, len(ids))


@given(SEEDS, IDS, st.data())
def test_a_top_up_continues_where_the_draw_stopped(seed: str, ids: list[str], data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(ids)))
    more = data.draw(st.integers(0, len(ids) - first))
    assert draw(ids, seed, first) + draw(ids, seed, more, skip=first) == draw(ids, seed, first + more)


@given(SEEDS, IDS)
def test_the_whole_frame_is_drawn_once_in_ascending_tickets(seed: str, ids: list[str]) -> None:
    drawn = draw(ids, seed, len(ids))
    assert sorted(picked.id for picked in drawn) == ids
    assert [picked.ticket for picked in drawn] == sorted(ticket(seed, id) for id in ids)


@given(SEEDS, IDS, st.data())
def test_a_case_taken_out_of_the_frame_moves_no_other(seed: str, ids: list[str], data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(ids))
    left = [id for id in ids if id != gone]
    assert draw(left, seed, len(left)) == tuple(p for p in draw(ids, seed, len(ids)) if p.id != gone)


def test_each_case_comes_first_about_equally_often() -> None:
    ids = [f"D-19-{n:04}" for n in range(10)]
    firsts = [draw(ids, f"{seed:020}", 1)[0].id for seed in range(4000)]
    expected = len(firsts) / len(ids)
    chi_squared = sum((firsts.count(id) - expected) ** 2 / expected for id in ids)
    assert chi_squared < 27.88, "nine degrees of freedom: one in a thousand lies above"


# --- strata ----------------------------------------------------------------------------------------------------------


def test_each_stratum_is_drawn_by_itself() -> None:
    drawn = draw_strata(FRAME, SEED, SIZES)
    assert {stratum: len(picked) for stratum, picked in drawn.items()} == SIZES
    for stratum, picked in drawn.items():
        assert picked == draw(FRAME[stratum], SEED, SIZES[stratum])


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        (lambda: draw(["D-1", "D-2"], SEED, 3), "sample of 3 is asked for, and the cases number 2"),
        (lambda: draw(["D-1", "D-2"], SEED, 1, skip=2), "sample of 1 is asked for after the 2 already drawn"),
        (lambda: draw(["D-1"], SEED, -1), "0 or more"),
        (lambda: draw(["D-1"], SEED, 1, skip=-1), "0 or more"),
        (lambda: draw(["D-1", "D-2", "D-1"], SEED, 1), "D-1 stands twice"),
        (lambda: draw_strata({"a": ["D-1"], "b": []}, SEED, {"a": 1}), "every stratum .* one size.*: b"),
        (lambda: draw_strata({"a": ["D-1"]}, SEED, {"a": 1, "c": 0}), "no other: c"),
        (lambda: draw_strata({"a": ["D-1"], "b": ["D-1"]}, SEED, {"a": 1, "b": 0}), "D-1 stands twice"),
        (lambda: draw_strata({"a": ["D-1"]}, SEED, {"a": 2}), "Stratum a: A sample of 2"),
        (lambda: frame_text("", CUT_OFF, FRAME), "no rule"),
        (lambda: frame_text(RULE, CUT_OFF, {"a": []}), "no case"),
        (lambda: frame_text(RULE, CUT_OFF, {"a": ["D-2", "D-1"]}), "Stratum a: the ids are not sorted"),
        (lambda: frame_text(RULE, CUT_OFF, {"a": ["D-1", "D-1"]}), "D-1 stands twice"),
        (lambda: frame_text(RULE, CUT_OFF, {"a": ["D-1"], "b": ["D-1"]}), "D-1 stands twice"),
        (lambda: validate_seed("3141592653589793238"), "19 digits and needs at least 20"),
        (lambda: validate_seed("3141592653589793238x"), "more than digits"),
        (lambda: validate_seed("\u0663" * 20), "more than digits"),
        (lambda: validate_seed(""), "more than digits"),
        (lambda: publication(RULE, CUT_OFF, FRAME, "314159", SIZES), "at least 20"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_its_reason(call: Callable[[], object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        call()


def test_spaces_in_a_seed_are_forgiven_and_leading_zeros_are_kept() -> None:
    assert validate_seed(" 00415 92653 58979\n32384 ") == "00415926535897932384"


# --- what the digest binds -------------------------------------------------------------------------------------------


def test_the_digest_is_the_sha256_of_a_text_that_can_be_published() -> None:
    text = frame_text("Café thefts", CUT_OFF, {"b": ["D-3"], "a": ["D-1", "D-2"]})
    assert text == r'{"cut_off":"2019-06-30","frame":{"a":["D-1","D-2"],"b":["D-3"]},"rule":"Caf\u00e9 thefts"}'
    digest = frame_digest("Café thefts", CUT_OFF, {"b": ["D-3"], "a": ["D-1", "D-2"]})
    assert digest == sha256(text.encode("ascii")).hexdigest()


def test_frames_that_a_careless_text_would_confuse_have_different_digests() -> None:
    rule = "x"
    frames: list[tuple[str, dict[str, list[str]]]] = [
        (rule, {"a": ["1", "2"]}),
        (rule, {"a": ["1"], "b": ["2"]}),
        (rule, {"a": ["1", "2"], "b": []}),
        (rule, {"a": ["12"]}),
        (rule, {"a": ["1 2"]}),
        (rule, {"a": ["1\n2"]}),
        (rule, {"a": ["1,2"]}),
        (rule, {"a": ['1","2']}),
        (rule, {"b": ["1", "2"]}),
        (rule + " ", {"a": ["1", "2"]}),
    ]
    digests = {frame_digest(rule, day, frame) for rule, frame in frames for day in (CUT_OFF, date(2019, 7, 1))}
    assert len(digests) == 2 * len(frames)


# --- the stranger's script -------------------------------------------------------------------------------------------


def redraw(folder: Path, published: object) -> subprocess.CompletedProcess[str]:
    """What the public script says of these published values."""
    file = folder / "draw.json"
    file.write_text(published if isinstance(published, str) else json.dumps(published), encoding="utf-8")
    script = Path(__file__).parent.parent / "docs" / "redraw.py"
    # -I keeps this package out of its reach: the script must stand alone.
    return subprocess.run([sys.executable, "-I", str(script), str(file)], capture_output=True, text=True, check=False)


def published() -> Publication:
    """A published draw as it is read back from its JSON."""
    draw_of_june: Publication = json.loads(json.dumps(publication(RULE, CUT_OFF, FRAME, SEED, SIZES)))
    return draw_of_june


def test_a_stranger_draws_the_same_cases(tmp_path: Path) -> None:
    answer = redraw(tmp_path, published())
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "agrees   completed: its size, 5 of 30" in answer.stdout
    assert "differs" not in answer.stdout


def another_rule(said: Any) -> None:
    said["rule"] += "."


def another_cut_off(said: Any) -> None:
    said["cut_off"] = "2019-07-01"


def a_case_left_out(said: Any) -> None:
    said["frame"]["completed"].remove("D-19-0030")


def a_case_in_another_stratum(said: Any) -> None:
    said["frame"]["returned"].append(said["frame"]["refused"].pop())


def a_frame_changed_and_hashed_anew_after_the_draw(said: Any) -> None:
    said["frame"]["completed"].remove(said["drawn"]["completed"][0][0])
    said["frame_sha256"] = frame_digest(said["rule"], date.fromisoformat(said["cut_off"]), said["frame"])


def a_case_given_two_tickets_and_hashed(said: Any) -> None:
    said["frame"]["returned"].append(said["frame"]["completed"][0])
    text = json.dumps({k: said[k] for k in ("rule", "cut_off", "frame")}, sort_keys=True, separators=(",", ":"))
    said["frame_sha256"] = sha256(text.encode()).hexdigest()


def another_digest(said: Any) -> None:
    said["frame_sha256"] = "0" * 64


def another_seed(said: Any) -> None:
    said["seed"] = said["seed"][:-1] + "5"


def another_size(said: Any) -> None:
    said["sizes"]["completed"] = 4


def a_size_over_the_frame(said: Any) -> None:
    said["sizes"]["returned"] = 3


def a_case_swapped(said: Any) -> None:
    drawn = {case for case, _ in said["drawn"]["completed"]}
    said["drawn"]["completed"][0][0] = next(case for case in said["frame"]["completed"] if case not in drawn)


def a_case_dropped(said: Any) -> None:
    said["drawn"]["completed"].pop()


def a_stratum_dropped_from_the_sample(said: Any) -> None:
    del said["drawn"]["refused"]


def no_seed(said: Any) -> None:
    del said["seed"]


@pytest.mark.parametrize(
    ("tamper", "named"),
    [
        (another_rule, "SHA-256"),
        (another_cut_off, "SHA-256"),
        (a_case_left_out, "SHA-256"),
        (a_case_in_another_stratum, "SHA-256"),
        (a_frame_changed_and_hashed_anew_after_the_draw, "completed: the sample"),
        (a_case_given_two_tickets_and_hashed, "each once"),
        (another_digest, "SHA-256"),
        (another_seed, "completed: the sample"),
        (another_size, "completed: the sample"),
        (a_size_over_the_frame, "returned: its size"),
        (a_case_swapped, "completed: the sample"),
        (a_case_dropped, "completed: the sample"),
        (a_stratum_dropped_from_the_sample, "a size and a sample for each stratum"),
        (no_seed, "no file of a published draw"),
    ],
)
def test_a_stranger_notices(tmp_path: Path, tamper: Callable[[Any], None], named: str) -> None:
    said = published()
    tamper(said)
    answer = redraw(tmp_path, said)
    assert answer.returncode == 1
    complaints = [line for line in (answer.stdout + answer.stderr).splitlines() if line.startswith("differs")]
    assert any(named in line for line in complaints)


@pytest.mark.parametrize("nonsense", ["", "[]", "3", '{"frame": {}}', "not JSON"])
def test_a_stranger_is_told_when_the_file_is_no_draw(tmp_path: Path, nonsense: str) -> None:
    answer = redraw(tmp_path, nonsense)
    assert answer.returncode == 1
    assert answer.stderr.startswith("differs  this is no file of a published draw")
    assert "Traceback" not in answer.stderr
