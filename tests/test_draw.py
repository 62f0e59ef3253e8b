"""A sample is drawn by tickets that anyone can compute again, and any change to what was published shows."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from datetime import date
from hashlib import sha256
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from consistent_sampler import sampler  # type: ignore[import-untyped]  # it ships no types
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from divert.scrutiny.draw import (
    draw,
    draw_strata,
    frame_digest,
    frame_text,
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


@settings(max_examples=3000)
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
        (lambda: draw_strata({"a": ["D-1"]}, SEED, {"a": 0}), "nothing would be drawn"),
        (lambda: draw_strata({"a": ["D-1"]}, SEED, {"a": 1}, {"a": 1}), "after the 1 already drawn"),
        (lambda: frame_text("", CUT_OFF, FRAME), "no rule"),
        (lambda: frame_text(RULE, CUT_OFF, {"a": []}), "no case"),
        (lambda: frame_text(RULE, CUT_OFF, {"a": ["D-2", "D-1"]}), "Stratum a: the ids are not sorted"),
        (lambda: frame_text(RULE, CUT_OFF, {"a": ["D-1", "D-1"]}), "D-1 stands twice"),
        (lambda: frame_text(RULE, CUT_OFF, {"a": ["D-1"], "b": ["D-1"]}), "D-1 stands twice"),
        (lambda: validate_seed("3141592653589793238"), "19 digits and needs at least 20"),
        (lambda: validate_seed("3141592653589793238x"), "more than digits"),
        (lambda: validate_seed("\u0663" * 20), "more than digits"),
        (lambda: validate_seed(""), "more than digits"),
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

SCRIPT = Path(__file__).parent.parent / "docs" / "redraw.py"


def published(
    frame: Mapping[str, Sequence[str]] = FRAME,
    seed: str = SEED,
    sizes: Sequence[Mapping[str, int]] = (SIZES, {"completed": 2, "refused": 0, "returned": 0}),
) -> Any:
    """A draw and its top-ups as they are read back from their JSON: the sizes of each, one after the other."""
    parts: list[dict[str, Any]] = []
    had = dict.fromkeys(frame, 0)
    for each in sizes:
        parts.append({"sizes": dict(each), "drawn": draw_strata(frame, seed, each, had)})
        had = {stratum: had[stratum] + each[stratum] for stratum in frame}
    said = {
        "rule": RULE,
        "cut_off": CUT_OFF.isoformat(),
        "frame": frame,
        "frame_sha256": frame_digest(RULE, CUT_OFF, frame),
        "seed": seed,
        **parts[0],
        "top_ups": parts[1:],
    }
    return json.loads(json.dumps(said))


def redraw(folder: Path, published: object) -> subprocess.CompletedProcess[str]:
    """What the public script says of these published values."""
    file = folder / "draw.json"
    file.write_text(published if isinstance(published, str) else json.dumps(published), encoding="utf-8")
    # -I keeps this package out of its reach: the script must stand alone.
    return subprocess.run([sys.executable, "-I", str(SCRIPT), str(file)], capture_output=True, text=True, check=False)


CODE = compile(SCRIPT.read_text(encoding="utf-8"), str(SCRIPT), "exec")


def differs(published: object) -> bool:
    """The same, in this process: whether the script finds a difference."""
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()):
        file = Path(folder) / "draw.json"
        file.write_text(json.dumps(published), encoding="utf-8")
        patch.setattr(sys, "argv", ["redraw.py", str(file)])
        with pytest.raises(SystemExit) as end:
            exec(CODE, {})  # noqa: S102 - the public script itself
        return end.value.code != 0


def test_a_stranger_draws_the_same_cases(tmp_path: Path) -> None:
    answer = redraw(tmp_path, published())
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "agrees   completed: 5, then 2 of 30 cases" in answer.stdout
    assert "differs" not in answer.stdout


def test_a_draw_published_before_there_were_top_ups_is_drawn_again(tmp_path: Path) -> None:
    said = published(sizes=[SIZES])
    del said["top_ups"]
    assert redraw(tmp_path, said).returncode == 0


def test_the_script_is_short_stands_alone_and_is_the_one_in_the_readme() -> None:
    text = SCRIPT.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 30
    modules = {line.split()[1] for line in text.splitlines() if line.startswith(("import ", "from "))}
    assert modules <= sys.stdlib_module_names
    readme = (SCRIPT.parent.parent / "README.md").read_text(encoding="utf-8")
    assert f"```python\n{text}```\n" in readme


def strata(data: st.DataObject) -> dict[str, list[str]]:
    ids = data.draw(st.lists(st.text(max_size=8), min_size=1, max_size=25, unique=True))
    found: dict[str, list[str]] = {}
    for id in sorted(ids):
        found.setdefault(data.draw(st.sampled_from(["completed", "refused", "override"])), []).append(id)
    return found


def a_draw(data: st.DataObject) -> Any:
    """A frame of any ids, a seed, and a draw with up to two top-ups, as they are published."""
    frame = strata(data)
    left = {stratum: len(ids) for stratum, ids in frame.items()}
    parts = []
    for _ in range(data.draw(st.integers(1, 3))):
        sizes = {stratum: data.draw(st.integers(0, count)) for stratum, count in left.items()}
        if any(sizes.values()):
            parts.append(sizes)
            left = {stratum: left[stratum] - sizes[stratum] for stratum in left}
    assume(parts)
    return published(frame, data.draw(st.text("0123456789", min_size=20, max_size=24)), parts)


@settings(max_examples=1000)
@given(st.data())
def test_the_script_gives_every_draw_again_and_notices_any_change_of_frame_seed_or_size(data: st.DataObject) -> None:
    said = a_draw(data)
    assert not differs(said)
    data.draw(st.sampled_from(CHANGES))(said, data)
    assert differs(said)


def another_rule(said: Any, data: st.DataObject) -> None:
    said["rule"] += data.draw(st.sampled_from([" ", ".", "\u200b"]))


def another_cut_off(said: Any, data: st.DataObject) -> None:
    said["cut_off"] = data.draw(st.sampled_from(["2019-07-01", "", "2019-06-30 "]))


def another_digest(said: Any, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, 63))
    digits = said["frame_sha256"]
    said["frame_sha256"] = digits[:place] + ("0" if digits[place] != "0" else "1") + digits[place + 1 :]


def another_seed(said: Any, data: st.DataObject) -> None:
    place, digit = data.draw(st.integers(0, len(said["seed"]) - 1)), data.draw(st.sampled_from("0123456789"))
    assume(said["seed"][place] != digit)
    said["seed"] = said["seed"][:place] + digit + said["seed"][place + 1 :]


def a_shorter_seed(said: Any, data: st.DataObject) -> None:
    said["seed"] = said["seed"][1:]


def another_size(said: Any, data: st.DataObject) -> None:
    sizes = data.draw(st.sampled_from([said, *said["top_ups"]]))["sizes"]
    sizes[data.draw(st.sampled_from(sorted(sizes)))] += data.draw(st.sampled_from([-1, 1, 100]))


def a_size_for_no_stratum(said: Any, data: st.DataObject) -> None:
    data.draw(st.sampled_from([said, *said["top_ups"]]))["sizes"]["nowhere"] = 0


def a_case_left_out(said: Any, data: st.DataObject) -> None:
    stratum = data.draw(st.sampled_from(sorted(said["frame"])))
    said["frame"][stratum].remove(data.draw(st.sampled_from(said["frame"][stratum])))


def a_case_more(said: Any, data: st.DataObject) -> None:
    said["frame"][data.draw(st.sampled_from(sorted(said["frame"])))].append("a ninth case")


def a_case_in_another_stratum(said: Any, data: st.DataObject) -> None:
    case = said["frame"][sorted(said["frame"])[0]].pop()
    said["frame"].setdefault("elsewhere", []).append(case)


def a_case_twice(said: Any, data: st.DataObject) -> None:
    ids = said["frame"][data.draw(st.sampled_from(sorted(said["frame"])))]
    ids.append(ids[0])
    said["frame_sha256"] = hashed(said)


def a_stratum_left_out(said: Any, data: st.DataObject) -> None:
    del said["frame"][data.draw(st.sampled_from(sorted(said["frame"])))]


def a_drawn_case_left_out_and_hashed_anew(said: Any, data: st.DataObject) -> None:
    stratum = next(one for one, drawn in said["drawn"].items() if drawn)
    said["frame"][stratum].remove(said["drawn"][stratum][0][0])
    said["frame_sha256"] = hashed(said)


def a_drawn_case_swapped(said: Any, data: st.DataObject) -> None:
    part = data.draw(st.sampled_from([said, *said["top_ups"]]))
    stratum = next(one for one, drawn in part["drawn"].items() if drawn)
    part["drawn"][stratum][0][0] += "x"


def a_drawn_case_dropped(said: Any, data: st.DataObject) -> None:
    part = data.draw(st.sampled_from([said, *said["top_ups"]]))
    next(drawn for drawn in part["drawn"].values() if drawn).pop()


def a_sample_dropped(said: Any, data: st.DataObject) -> None:
    part = data.draw(st.sampled_from([said, *said["top_ups"]]))
    del part["drawn"][sorted(part["drawn"])[0]]


CHANGES = (
    another_rule, another_cut_off, another_digest, another_seed, a_shorter_seed, another_size, a_size_for_no_stratum,
    a_case_left_out, a_case_more, a_case_in_another_stratum, a_case_twice, a_stratum_left_out,
    a_drawn_case_left_out_and_hashed_anew, a_drawn_case_swapped, a_drawn_case_dropped, a_sample_dropped,
)  # fmt: skip


def hashed(said: Any) -> str:
    text = json.dumps({key: said[key] for key in ("rule", "cut_off", "frame")}, sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("nonsense", ["", "[]", "3", '{"frame": {}}', "not JSON"])
def test_a_stranger_is_told_when_the_file_is_no_draw(tmp_path: Path, nonsense: str) -> None:
    answer = redraw(tmp_path, nonsense)
    assert answer.returncode == 1
    assert answer.stderr.startswith("differs  this is no file of a published draw")
    assert "Traceback" not in answer.stderr
