"""The panel's first slice: a frame frozen before any seed, a draw that a stranger confirms, packs without names."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError

from divert.casework.commands.decisions import DecideForPolice
from divert.casework.commands.ending import CloseCase, Reinstate
from divert.models import Frame
from divert.scrutiny.frame import (
    AlreadyDrawn,
    FrameChanged,
    FrameRule,
    Kind,
    NoSuchFrame,
    frames,
    publication_of,
)
from tests import endings
from tests.office import MANAGER, OTHER_INSPECTOR, Office
from tests.quarter import MAY_AND_JUNE, MEETING, SEED, drawn, everyone, frozen, one_of_each

REDRAW = Path(__file__).parent.parent / "docs" / "redraw.py"


def redrawn(said: dict[str, Any], folder: Path) -> subprocess.CompletedProcess[str]:
    file = folder / "draw.json"
    file.write_text(json.dumps(said), encoding="utf-8")
    return subprocess.run([sys.executable, str(REDRAW), str(file)], capture_output=True, text=True, check=False)


# The frame


def test_each_decided_case_stands_in_one_stratum_and_open_and_later_ones_in_none(office: Office) -> None:
    refs = everyone(office)
    frame = frozen(office)
    assert frame.strata == {stratum: [ref] for stratum, ref in sorted(refs.items())}
    assert (frame.cut_off, frame.frozen_at, frame.frozen_by) == (date(2019, 6, 30), MEETING, "panel.coordinator")


def test_the_same_frame_frozen_again_is_the_same_row(office: Office) -> None:
    everyone(office)
    first = frozen(office)
    again = frozen(office, at=MEETING + timedelta(days=1))
    assert (again.digest, again.frozen_at) == (first.digest, first.frozen_at)
    with office.database.reading() as session:
        assert [(frame.digest, made) for frame, made in frames(session)] == [(first.digest, None)]


def test_what_happens_after_the_cut_off_leaves_the_frame_as_it_was(office: Office) -> None:
    refs = everyone(office)
    before = frozen(office).digest
    endings.charged(office.on("2019-07-12"), refs["refused"])
    office.does(MANAGER, Reinstate(reason="Has changed their mind again."), refs["closed"])
    yes = DecideForPolice(accept=True, reasons="Fits the scheme.")
    office.does(OTHER_INSPECTOR, yes, refs["closed"])
    assert frozen(office, at=datetime(2019, 8, 1, tzinfo=UTC)).digest == before


def test_a_case_taken_back_before_the_cut_off_is_not_decided(desk: Office) -> None:
    ref = endings.withdraws(desk.on("2019-05-06"))
    other = endings.withdraws(desk)
    desk.does(MANAGER, Reinstate(reason="Closed the wrong one."), ref)
    assert frozen(desk).strata == {"closed": [other]}


def test_a_charge_can_be_asked_for_by_name(desk: Office) -> None:
    refs = everyone(desk)
    endings.charged(desk.on("2019-06-28"), refs["breached"])
    assert frozen(desk).strata["breached"] == [refs["breached"]]
    endings.charged(desk.on("2019-07-01"), refs["refused"])  # after the cut-off
    rule = MAY_AND_JUNE.model_copy(update={"kinds": (Kind.prosecuted, Kind.disagreement)})
    assert frozen(desk, rule).strata == {"disagreement": [refs["disagreement"]], "prosecuted": [refs["breached"]]}


def test_offence_and_district_narrow_the_frame(desk: Office) -> None:
    desk.on("2019-05-06")
    here = endings.withdraws(desk)
    elsewhere = desk.checks(endings.somebody(desk, district="E06000004"))
    drunk = endings.judged(desk, endings.drunk(desk))
    for ref in (elsewhere, drunk):
        desk.does(MANAGER, CloseCase(reason_code="duplicate", explanation="In another case."), ref)
    assert frozen(desk).strata == {"closed": sorted([here, elsewhere, drunk])}
    assert frozen(desk, MAY_AND_JUNE.model_copy(update={"district": "E06000004"})).strata == {"closed": [elsewhere]}
    assert frozen(desk, MAY_AND_JUNE.model_copy(update={"offence_code": "CJ67002"})).strata == {"closed": [drunk]}


def test_a_day_begins_at_midnight_in_cleveland(desk: Office) -> None:
    """23:30 UTC on 30 June is half past midnight on 1 July there."""
    ref = desk.on("2019-06-30").checks(endings.somebody(desk))
    desk.minutes = 14 * 60 + 29
    desk.does(MANAGER, CloseCase(reason_code="duplicate", explanation="In another case."), ref)
    assert desk.now == datetime(2019, 6, 30, 23, 30, tzinfo=UTC)
    with pytest.raises(ValueError, match="No case fits this rule"):
        frozen(desk)
    july = FrameRule(decided_from=date(2019, 7, 1), decided_to=date(2019, 7, 1))
    assert frozen(desk, july).strata == {"closed": [ref]}


def test_a_rule_that_will_not_do_says_what_would(desk: Office) -> None:
    with pytest.raises(ValueError, match="10 July 2019 is not over"):
        frozen(desk, FrameRule(decided_from=date(2019, 5, 1), decided_to=MEETING.date()))
    with pytest.raises(ValidationError, match="The last day comes before the first"):
        FrameRule(decided_from=date(2019, 5, 2), decided_to=date(2019, 5, 1))
    with pytest.raises(ValidationError, match="at least 1 item"):
        FrameRule(decided_from=date(2019, 5, 1), decided_to=date(2019, 5, 2), kinds=())


def test_the_longest_rule_fits_its_column() -> None:
    whole = MAY_AND_JUNE.model_copy(update={"offence_code": "TH68010A", "district": "E06000004", "kinds": tuple(Kind)})
    assert len(whole.says()) <= 300


# The draw


def test_a_stranger_draws_the_same_cases_again(office: Office, tmp_path: Path) -> None:
    everyone(office)
    for _ in range(3):
        endings.is_refused(office.on("2019-05-08"))
    frame = frozen(office)
    said = drawn(office, frame.digest, {**one_of_each(frame), "refused": 2, "closed": 0})
    assert {stratum: len(picked) for stratum, picked in said["drawn"].items()} == said["sizes"]
    again = redrawn(dict(said), tmp_path)
    assert (again.returncode, again.stderr) == (0, "")
    assert "differs" not in again.stdout


def test_a_second_draw_is_refused_whatever_the_seed(office: Office) -> None:
    everyone(office)
    frame = frozen(office)
    first = drawn(office, frame.digest, one_of_each(frame))
    for seed in (SEED, SEED[::-1]):
        with pytest.raises(AlreadyDrawn, match="drawn on 10 July 2019, and a frame is drawn once"):
            drawn(office, frame.digest, one_of_each(frame), seed)
    with office.database.reading() as session:
        [(kept, made)] = frames(session)
        assert made is not None
        assert publication_of(kept, made) == first


def test_there_is_no_draw_without_a_frame_before_it(desk: Office) -> None:
    everyone(desk)
    with pytest.raises(NoSuchFrame):
        drawn(desk, "0" * 64, {"completed": 1})
    frame = frozen(desk, at=MEETING + timedelta(days=1))
    with pytest.raises(ValueError, match="The frame comes first, then the seed"):
        drawn(desk, frame.digest, one_of_each(frame))


@pytest.mark.parametrize(
    ("seed", "sizes", "says"),
    [
        ("31415", {}, "needs at least 20"),
        ("thirty-one thousand four hundred", {}, "more than digits"),
        (SEED, {"refused": 2}, "the cases number 1"),
        (SEED, {"refused": -1}, "0 or more"),
        (SEED, {"elsewhere": 1}, "elsewhere"),
    ],
)
def test_a_seed_or_sizes_that_will_not_do_draw_nothing(
    desk: Office, seed: str, sizes: dict[str, int], says: str
) -> None:
    endings.is_refused(desk.on("2019-05-06"))
    frame = frozen(desk)
    with pytest.raises(ValueError, match=says):
        drawn(desk, frame.digest, {**one_of_each(frame), **sizes}, seed)
    assert drawn(desk, frame.digest, one_of_each(frame))["seed"] == SEED.replace(" ", "")


def changed_frames(frame: Frame) -> list[dict[str, Any]]:
    """Every small way in which a kept frame could be improved upon."""
    strata: dict[str, list[str]] = frame.strata
    without = {stratum: refs for stratum, refs in strata.items() if stratum != "refused"}
    return [
        {"strata": {**strata, "refused": []}},
        {"strata": {**strata, "refused": ["D-19-9999"]}},
        {"strata": {**without, "closed": sorted(strata["closed"] + strata["refused"])}},
        {"strata": without},
        {"rule": frame.rule.replace("refused", "accepted")},
        {"cut_off": frame.cut_off + timedelta(days=1)},
    ]


def test_a_frozen_frame_cannot_be_changed(office: Office) -> None:
    endings.is_refused(office.on("2019-05-06"))
    frozen(office)
    changes: list[dict[str, Any]] = [{"rule": "Only the good ones."}, {"strata": {"refused": []}}]
    for change in changes:
        with pytest.raises(DBAPIError, match="append-only"), office.database.writing() as session:
            session.execute(update(Frame).values(**change))


def test_a_frame_changed_behind_the_databases_back_is_noticed_before_the_draw(desk: Office) -> None:
    everyone(desk)
    frame = frozen(desk)
    with desk.database.writing() as session:
        for (name,) in session.execute(
            text("SELECT name FROM sqlite_master WHERE type='trigger' AND tbl_name='frames'")
        ):
            session.execute(text(f"DROP TRIGGER {name}"))
    for change in changed_frames(frame):
        with desk.database.writing() as session:
            session.execute(update(Frame).values(**change))
        with pytest.raises(FrameChanged, match="no longer gives its SHA-256"):
            drawn(desk, frame.digest, one_of_each(frame))
        with desk.database.writing() as session:
            session.execute(update(Frame).values(rule=frame.rule, cut_off=frame.cut_off, strata=frame.strata))
    assert drawn(desk, frame.digest, one_of_each(frame))["frame_sha256"] == frame.digest


def test_any_change_of_a_published_draw_is_noticed_by_a_stranger(desk: Office, tmp_path: Path) -> None:
    everyone(desk)
    frame = frozen(desk)
    said = dict(drawn(desk, frame.digest, one_of_each(frame)))
    for change in (
        *(
            {("frame" if key == "strata" else key): value for key, value in one.items()}
            for one in changed_frames(frame)
        ),
        {"seed": SEED[::-1].replace(" ", "")},
        {"sizes": {**one_of_each(frame), "refused": 0}},
    ):
        assert redrawn({**said, **json.loads(json.dumps(change, default=str))}, tmp_path).returncode == 1, change
