"""The panel's first slice: a frame frozen before any seed, a draw that a stranger confirms, packs without names."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError

from divert.acts.refusals import Refused
from divert.casework.commands.decisions import DecideForPolice, ReturnToForce
from divert.casework.commands.ending import CloseCase, Reinstate
from divert.models import Case, Frame, Pseudonym, State
from divert.scrutiny.draw import frame_digest
from divert.scrutiny.frame import (
    FrameChanged,
    NoSuchFrame,
    frames,
    publication_of,
)
from divert.scrutiny.opening import open_packs
from divert.scrutiny.population import CERTAINTY, FrameRule, Kind
from tests import endings
from tests.office import COORDINATOR, INSPECTOR, MANAGER, OTHER_INSPECTOR, PATHS, Office
from tests.quarter import (
    MAY_AND_JUNE,
    MEETING,
    SEED,
    drawn,
    everyone,
    framed,
    frozen,
    in_references,
    one_of_each,
    redrawn,
)

# The frame


def test_each_decided_case_stands_in_one_stratum_and_open_and_later_ones_in_none(office: Office) -> None:
    refs = everyone(office)
    frame = frozen(office)
    assert in_references(office, frame) == {stratum: [ref] for stratum, ref in sorted(refs.items())}
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
    assert framed(desk) == {"closed": [other]}


def test_a_charge_can_be_asked_for_by_name(desk: Office) -> None:
    refs = everyone(desk)
    endings.charged(desk.on("2019-06-28"), refs["breached"])
    assert framed(desk)["breached"] == [refs["breached"]]
    endings.charged(desk.on("2019-07-01"), refs["refused"])  # after the cut-off
    rule = MAY_AND_JUNE.model_copy(update={"kinds": (Kind.prosecuted, Kind.disagreement)})
    assert framed(desk, rule) == {"disagreement": [refs["disagreement"]], "prosecuted": [refs["breached"]]}


def test_offence_and_district_narrow_the_frame(desk: Office) -> None:
    desk.on("2019-05-06")
    here = endings.withdraws(desk)
    elsewhere = desk.checks(endings.somebody(desk, district="E06000004"))
    drunk = endings.judged(desk, endings.drunk(desk))
    for ref in (elsewhere, drunk):
        desk.does(MANAGER, CloseCase(reason_code="duplicate", explanation="In another case."), ref)
    assert framed(desk) == {"closed": sorted([here, elsewhere, drunk])}
    assert framed(desk, MAY_AND_JUNE.model_copy(update={"district": "E06000004"})) == {"closed": [elsewhere]}
    assert framed(desk, MAY_AND_JUNE.model_copy(update={"offence_code": "CJ67002"})) == {"closed": [drunk]}


GRAVE: dict[str, dict[str, Any]] = {
    "domestic_abuse": {"domestic_abuse": "yes"},
    "hate": {"hate_crime": "yes"},
    "weapon": {"offence_code": "CJ88144", "value_gbp": None, "victim_kind": "none"},
    "repeat_entry": {"previous_divert": "yes"},
}


def test_what_is_gravest_to_get_wrong_stands_in_strata_of_its_own(office: Office) -> None:
    office.on("2019-05-06")
    for facts in GRAVE.values():
        grave = endings.judged(office, endings.somebody(office, **facts))
        office.does(MANAGER, CloseCase(reason_code="withdrew_before_start", explanation="By telephone."), grave)
    other = endings.withdraws(office)
    assert framed(office) == {**{kind: [ref] for kind, ref in zip(GRAVE, office.refs, strict=False)}, "closed": [other]}
    assert set(GRAVE) | {"override"} == set(CERTAINTY)


def test_a_frame_by_the_day_of_decision_holds_who_was_decided_then_and_has_ended_since(office: Office) -> None:
    in_may = endings.completes(office.on("2019-05-06"))  # decided in May, completed in June
    in_june = endings.completes(office.on("2019-06-03"))
    undecided = endings.withdraws(office.on("2019-05-07"))
    PATHS[State.active](office.on("2019-05-08"), endings.somebody(office))
    may = FrameRule(decided_from=date(2019, 5, 1), decided_to=date(2019, 5, 31))
    assert framed(office, may) == {"closed": [undecided]}
    by_decision = may.model_copy(update={"dated_by": "decision", "cut_off": date(2019, 7, 9)})
    assert framed(office, by_decision) == {"closed": [undecided], "completed": [in_may]}
    assert in_june not in str(framed(office, by_decision))


def test_the_cases_of_one_decision_maker_are_framed_and_the_rule_does_not_name_them(office: Office) -> None:
    mine = endings.is_refused(office.on("2019-05-06"))
    breached = endings.breaches(office)
    ref = office.checks(endings.somebody(office, previous_convictions=1))
    office.does(OTHER_INSPECTOR, DecideForPolice(accept=False, reasons="Third theft."), ref)
    office.does(OTHER_INSPECTOR, ReturnToForce(reason_code="not_agreed", reasons="No."), ref)
    of_one = frozen(office, MAY_AND_JUNE.model_copy(update={"decided_by": INSPECTOR.username}))
    assert in_references(office, of_one) == {"breached": [breached], "refused": [mine]}
    of_other = frozen(office, MAY_AND_JUNE.model_copy(update={"decided_by": OTHER_INSPECTOR.username}))
    assert in_references(office, of_other) == {"refused": [ref]}
    assert INSPECTOR.username not in of_one.rule
    assert of_one.rule != of_other.rule


def test_a_published_frame_holds_random_ids_that_no_reader_can_trace_to_a_case(office: Office) -> None:
    everyone(office)
    frame = frozen(office)
    said = json.dumps(drawn(office, frame.digest, one_of_each(frame)))
    with office.database.reading() as session:
        for ref, crime in session.execute(select(Case.ref, Case.crime_ref)):
            assert ref not in said
            assert crime not in said
    ids = [id for ids in frame.strata.values() for id in ids]
    assert all(re.fullmatch("[0-9a-f]{16}", id) for id in ids)
    assert len(set(ids)) == len(ids)
    with pytest.raises(DBAPIError, match="append-only"), office.database.writing() as session:
        session.execute(update(Pseudonym).values(of="D-19-9999"))


def test_a_draw_published_under_references_is_still_drawn_again_and_its_packs_opened(
    desk: Office, tmp_path: Path
) -> None:
    refs = everyone(desk)
    strata = {stratum: [ref] for stratum, ref in sorted(refs.items())}
    digest = frame_digest("An old rule.", MAY_AND_JUNE.decided_to, strata)
    old = Frame(digest=digest, rule="An old rule.", cut_off=MAY_AND_JUNE.decided_to, strata=strata,
                frozen_at=MEETING, frozen_by="panel.coordinator")  # fmt: skip
    with desk.database.writing() as session:
        session.add(old)
    said = drawn(desk, digest, dict.fromkeys(strata, 1))
    assert redrawn(dict(said), tmp_path).returncode == 0
    with desk.database.writing() as session:
        assert all(one.known for one in open_packs(session, digest, COORDINATOR, MEETING))


def test_a_day_begins_at_midnight_in_cleveland(desk: Office) -> None:
    """23:30 UTC on 30 June is half past midnight on 1 July there."""
    ref = desk.on("2019-06-30").checks(endings.somebody(desk))
    desk.minutes = 14 * 60 + 29
    desk.does(MANAGER, CloseCase(reason_code="duplicate", explanation="In another case."), ref)
    assert desk.now == datetime(2019, 6, 30, 23, 30, tzinfo=UTC)
    with pytest.raises(ValueError, match="No case fits this rule"):
        frozen(desk)
    july = FrameRule(decided_from=date(2019, 7, 1), decided_to=date(2019, 7, 1))
    assert framed(desk, july) == {"closed": [ref]}


def test_a_rule_that_will_not_do_says_what_would(desk: Office) -> None:
    with pytest.raises(ValueError, match="10 July 2019, is not over"):
        frozen(desk, FrameRule(decided_from=date(2019, 5, 1), decided_to=MEETING.date()))
    with pytest.raises(ValidationError, match="The last day comes before the first"):
        FrameRule(decided_from=date(2019, 5, 2), decided_to=date(2019, 5, 1))
    with pytest.raises(ValidationError, match="cut-off comes before the last day"):
        FrameRule(decided_from=date(2019, 5, 1), decided_to=date(2019, 5, 3), cut_off=date(2019, 5, 2))
    with pytest.raises(ValidationError, match="at least 1 item"):
        FrameRule(decided_from=date(2019, 5, 1), decided_to=date(2019, 5, 2), kinds=())


def test_the_longest_rule_fits_its_column() -> None:
    said = {"offence_code": "TH68010A", "district": "E06000004", "decided_by": "inspector", "dated_by": "decision"}
    whole = MAY_AND_JUNE.model_copy(update={**said, "kinds": tuple(Kind)})
    assert 290 < len(whole.rule_text("0" * 16)) <= 300


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
        with pytest.raises(Refused, match="drawn on 10 July 2019, and a frame is drawn once"):
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
        (SEED, {"refused": 2}, "Refused: at most 1 can be drawn"),
        (SEED, {"refused": -1}, "greater than or equal to 0"),
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
    for change in [*(update(Frame).values(**each) for each in changes), delete(Frame)]:
        with pytest.raises(DBAPIError, match="append-only"), office.database.writing() as session:
            session.execute(change)


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
