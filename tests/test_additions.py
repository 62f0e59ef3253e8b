"""What is added to a draw: a top-up by the same tickets, and a case picked for its theme, which stands apart."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from divert.models import Draw, Frame, ThematicPick, TopUp
from divert.scrutiny import draw as sampling
from divert.scrutiny.draw import Publication
from divert.scrutiny.frame import NoSuchFrame, publication_of
from divert.scrutiny.opening import open_packs
from divert.scrutiny.pseudonyms import reidentify
from tests import endings
from tests.office import COORDINATOR, Office
from tests.quarter import MEETING, drawn, frozen, in_references, picks, redrawn, tops_up


def added(office: Office, digest: str, reason: str = "One was inappropriate.", **more: int) -> Publication:
    with office.database.writing() as session:
        tops_up(session, digest, more, reason, MEETING + timedelta(minutes=30))
        return publication_of(session.get_one(Frame, digest), session.get_one(Draw, digest))


def summer(office: Office) -> Frame:
    """Six refused and three completed."""
    for _ in range(6):
        endings.is_refused(office.on("2019-05-06"))
    for _ in range(3):
        endings.completes(office.on("2019-05-06"))
    return frozen(office)


def test_a_top_up_goes_on_with_the_same_tickets_and_a_stranger_draws_it_again(office: Office, tmp_path: Path) -> None:
    frame = summer(office)
    drawn(office, frame.digest, {"refused": 2, "completed": 1})
    added(office, frame.digest, refused=2)
    said = added(office, frame.digest, "Time was left.", refused=1, completed=1)
    assert [(one["reason"], one["sizes"]) for one in said["top_ups"]] == [
        ("One was inappropriate.", {"refused": 2, "completed": 0}),
        ("Time was left.", {"refused": 1, "completed": 1}),
    ]
    at_once = sampling.draw(frame.strata["refused"], said["seed"], 5)
    assert [picked for one in (said, *said["top_ups"]) for picked in one["drawn"]["refused"]] == list(at_once)
    assert redrawn(dict(said), tmp_path).returncode == 0
    less = json.loads(json.dumps(said))
    less["top_ups"][0]["sizes"]["refused"] = 1
    assert redrawn(less, tmp_path).returncode == 1


def test_a_top_up_needs_a_draw_and_cases_that_are_left(desk: Office) -> None:
    frame = summer(desk)
    with pytest.raises(NoSuchFrame):
        added(desk, frame.digest, refused=1)
    drawn(desk, frame.digest, {"refused": 5, "completed": 1})
    with pytest.raises(ValueError, match="Refused: at most 1 can be drawn"):
        added(desk, frame.digest, refused=2)
    with pytest.raises(ValueError, match="no other: elsewhere"):
        added(desk, frame.digest, elsewhere=1)
    with pytest.raises(ValueError, match="nothing would be drawn"):
        added(desk, frame.digest, refused=0)


def picked(office: Office, digest: str, ref: str) -> Publication:
    with office.database.writing() as session:
        picks(session, digest, ref, MEETING + timedelta(minutes=30))
        return publication_of(session.get_one(Frame, digest), session.get_one(Draw, digest))


def test_a_thematic_pick_stands_apart_and_the_draw_is_still_drawn_again(office: Office, tmp_path: Path) -> None:
    frame = summer(office)
    said = drawn(office, frame.digest, {"refused": 1, "completed": 3})
    before_the_panel = {one.id for each in said["drawn"].values() for one in each}
    refs = in_references(office, frame)["refused"]
    with office.database.reading() as session:
        of = reidentify(session, before_the_panel)
    left = next(ref for ref in refs if ref not in of.values())
    chosen = picked(office, frame.digest, left)
    assert [one["theme"] for one in chosen["thematic"]] == ["A complaint was made."]
    assert chosen["drawn"] == said["drawn"]
    assert redrawn(dict(chosen), tmp_path).returncode == 0
    with office.database.writing() as session:
        packs = {one.pack: one.stratum for one in open_packs(session, frame.digest, COORDINATOR, MEETING)}
    assert packs["thematic-1"] == "thematic"
    for ref in (left, next(iter(of.values()))):
        with pytest.raises(ValueError, match="before the panel already"):
            picked(office, frame.digest, ref)


def test_only_a_case_that_had_ended_by_the_cut_off_is_picked(desk: Office) -> None:
    frame = summer(desk)
    drawn(desk, frame.digest, {"refused": 1, "completed": 1})
    later = endings.is_refused(desk.on("2019-07-02"))
    for ref in (later, "D-19-9999"):
        with pytest.raises(ValueError, match="had left the scheme by 30 June 2019"):
            picked(desk, frame.digest, ref)


def test_what_was_added_to_a_draw_never_changes(office: Office) -> None:
    frame = summer(office)
    drawn(office, frame.digest, {"refused": 1, "completed": 3})
    added(office, frame.digest, refused=1)
    said = ThematicPick(frame_digest=frame.digest, number=1, id="0" * 16, theme="x", at=MEETING, by="panel.coordinator")
    with office.database.writing() as session:
        session.add(said)
    changes: dict[Any, dict[str, str]] = {
        Draw: {"seed": "0" * 20},
        TopUp: {"reason": "y"},
        ThematicPick: {"theme": "y"},
    }
    for row, change in changes.items():
        for forbidden in (update(row).values(**change), delete(row)):
            with pytest.raises(DBAPIError, match="append-only"), office.database.writing() as session:
                session.execute(forbidden)
