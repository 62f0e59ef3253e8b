"""The pages of frames and draws: a coordinator freezes, weighs sizes, draws, tops up, picks; nobody else may."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from starlette.testclient import TestClient

from divert.models import Frame
from divert.scrutiny.frame import drawn_cases, get_draw
from divert.scrutiny.pseudonyms import reidentify
from tests import endings
from tests.browsing import Page, Person
from tests.office import BOARD, COORDINATOR, INSPECTOR, MANAGER, MEMBER, Office
from tests.quarter import MAY_AND_JUNE, SEED, drawn, everyone, frozen, one_of_each
from tests.service import Service, service, serving, visiting
from tests.test_pages_seen import come_in, faults

REDRAW = Path(__file__).parent.parent / "docs" / "redraw.py"
DATES = {"decided_from": "2019-05-01", "decided_to": "2019-06-30"}


@pytest.fixture
def room(desk: Office) -> Iterator[Service]:
    """One case of each kind and four more that were refused, on the day of the meeting."""
    everyone(desk)
    for _ in range(4):
        endings.is_refused(desk.on("2019-05-06"))
    desk.on("2019-07-11")
    with service(desk) as counter:
        yield counter


def somebody(room: Service, who: Any = COORDINATOR) -> Person:
    return Person(visiting(TestClient(room.client.app), who))


def digest(page: Page) -> str:
    found = re.search(r"\b[0-9a-f]{64}\b", page.text)
    assert found
    return found[0]


def test_a_sample_is_frozen_weighed_drawn_topped_up_and_confirmed_by_a_stranger(room: Service, tmp_path: Path) -> None:
    coordinator = somebody(room)
    form = coordinator.reads("/panel/draws/freeze")
    assert "Stockton-on-Tees" in form.text
    page = coordinator.fills(form, **DATES, kinds=["override", "refused", "completed"])
    assert "Not drawn yet." in page.text
    frame = f"/panel/draws/{digest(page)}"

    before = coordinator.reads(f"{frame}/published.json").response.json()
    assert (before["frame_sha256"], "seed" in before) == (digest(page), False)

    asked = coordinator.reads(f"{frame}/draw?total=5")
    assert {name: asked.form.values[name] for name in asked.form.values if name.startswith("size-")} == {
        "size-completed": ["1"], "size-override": ["1"], "size-refused": ["3"],
    }  # fmt: skip
    assert "Altogether 5 of 8." in asked.text
    weighed = coordinator.presses(asked, "Only say what these sizes would prove", **{"size-refused": "2"})
    assert (weighed.status, "None of 2 found; up to 67 in 100 could still be." in weighed.text) == (200, True)
    again = coordinator.fills(weighed, **{"size-refused": "9", "seed": "12"})
    assert again.status == 422
    assert "Refused: at most 6 can be drawn." in again.text
    assert "has 2 digits and needs at least 20" in again.text
    done = coordinator.fills(again, **{"size-refused": "2", "seed": SEED})
    assert "seed 31415926535897932384" in done.text
    twice = coordinator.fills(asked, seed=SEED)
    assert (twice.status, "a frame is drawn once" in twice.text) == (409, True)

    more = coordinator.reads(f"{frame}/top-up")
    assert coordinator.fills(more, **{"size-refused": "1"}).status == 422
    done = coordinator.fills(more, **{"size-refused": "1", "reason": "Time was left."})
    assert "refused: 1. Time was left." in done.text

    file = coordinator.reads(f"{frame}/published.json").response
    assert "attachment" in file.headers["Content-Disposition"]
    (tmp_path / "draw.json").write_text(file.text, encoding="utf-8")
    script = [sys.executable, "-I", str(REDRAW), str(tmp_path / "draw.json")]
    assert subprocess.run(script, capture_output=True, check=False).returncode == 0
    assert [one["reason"] for one in json.loads(file.text)["top_ups"]] == ["Time was left."]


def test_a_case_is_picked_by_its_reference_and_shown_under_its_random_id(room: Service, desk: Office) -> None:
    frame = frozen(desk)
    drawn(desk, frame.digest, one_of_each(frame))
    coordinator = somebody(room)
    form = coordinator.reads(f"/panel/draws/{frame.digest}/pick")
    wrong = coordinator.fills(form, case="D-19-9999", theme="A complaint was made.")
    assert (wrong.status, "had left the scheme by 30 June 2019" in wrong.text) == (422, True)
    with desk.database.reading() as session:
        had = {one.id for each in drawn_cases(get_draw(session, frame.digest)).values() for one in each}
        left = {ref: id for id, ref in reidentify(session, frame.strata["refused"]).items() if id not in had}
    ref, id = next(iter(left.items()))
    page = coordinator.fills(wrong, case=ref, theme="A complaint was made.")
    assert id in page.text
    assert ref not in page.text


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"decided_from": "2019-06-30", "decided_to": "2019-05-01"}, "The last day comes before the first"),
        ({"decided_from": "2019-05-01", "decided_to": "2019-07-11"}, "is not over"),
        ({"decided_from": "2018-05-01", "decided_to": "2018-05-02"}, "No case fits this rule"),
        ({"decided_from": "2019-05-01"}, "To: "),
    ],
)
def test_a_rule_that_will_not_do_says_why_and_keeps_what_was_typed(room: Service, said: Any, why: str) -> None:
    coordinator = somebody(room)
    page = coordinator.fills(coordinator.reads("/panel/draws/freeze"), **said, district="E06000004")
    assert (page.status, why in page.text) == (422, True)
    assert page.form.values["district"] == ["E06000004"]


def test_only_who_coordinates_may_change_anything_and_members_read_no_pack_by_the_draw(
    room: Service, desk: Office
) -> None:
    frame = frozen(desk)
    pages = [f"/panel/draws/{frame.digest}/{to}" for to in ("draw", "top-up", "pick")]
    forms = ["/panel/draws/freeze", *pages]
    orders = {
        "frames": dict(DATES),
        "draws": {"frame": frame.digest, "seed": SEED, "total": 9},
        f"draws/{frame.digest}/top-ups": {"sizes": {"refused": 1}, "reason": "More."},
        f"draws/{frame.digest}/picks": {"case": "D-19-0001", "theme": "A complaint."},
    }
    for who in (MEMBER, BOARD, INSPECTOR):
        person = somebody(room, who)
        assert [person.reads(path).status for path in forms] == [403] * 4
        token = {path: room.ask(who, "POST", f"/api/panel/{path}", body).status_code for path, body in orders.items()}
        assert token == dict.fromkeys(orders, 403)
    drawn(desk, frame.digest, one_of_each(frame))
    assert somebody(room, MEMBER).reads(f"/panel/draws/{frame.digest}").status == 403
    assert somebody(room, MEMBER).reads(f"/panel/draws/{frame.digest}/published.json").status == 200
    assert somebody(room, INSPECTOR).reads(f"/panel/draws/{frame.digest}/published.json").status == 403
    assert somebody(room, MANAGER).reads("/panel/draws/freeze").status == 200
    nowhere = f"/panel/draws/{'0' * 64}"
    for to in ("/draw", "/top-up", "/pick", "/published.json", ""):
        assert somebody(room).reads(nowhere + to).status == 404


def test_sizes_are_worked_out_before_there_is_a_frame(room: Service, desk: Office) -> None:
    page = somebody(room, MEMBER).reads("/panel/sizes?cases=200&drawn=12")
    assert "None of 12 found; up to 21 in 100 could still be." in page.text
    answer = room.ask(MEMBER, "GET", "/api/panel/sizes?cases=1000&confidence=95").json()
    assert answer == {"smallest": {"1": 258, "2": 138, "5": 57, "10": 29, "20": 14}, "if_clean": None}
    assert somebody(room).reads("/panel/sizes?cases=10&drawn=11").status == 422
    assert somebody(room).reads("/panel/sizes?cases=many").status == 422
    assert room.ask(BOARD, "GET", "/api/panel/sizes?cases=10").status_code == 403
    frame = frozen(desk)
    plan = room.ask(MEMBER, "GET", f"/api/panel/frames/{frame.digest}/sizes?total=9").json()
    assert (sum(plan["sizes"].values()), plan["sizes"]["refused"]) == (9, 2)
    assert plan["if_clean"]["refused"] == "None of 2 found; up to 60 in 100 could still be."
    low = room.ask(MEMBER, "GET", f"/api/panel/frames/{frame.digest}/sizes?total=1")
    assert (low.status_code, "at least 9" in low.text) == (422, True)


def test_a_draw_may_be_ordered_by_a_total(room: Service, desk: Office) -> None:
    frame = frozen(desk, MAY_AND_JUNE)
    order = {"frame": frame.digest, "seed": SEED, "total": 10, "sizes": {"refused": 1}}
    assert room.ask(COORDINATOR, "POST", "/api/panel/draws", {"frame": frame.digest, "seed": SEED}).status_code == 422
    answer = room.ask(COORDINATOR, "POST", "/api/panel/draws", order)
    assert (answer.status_code, "cannot be allotted" in answer.text) == (422, True)
    answer = room.ask(COORDINATOR, "POST", "/api/panel/draws", {**order, "total": 8})
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (sum(made["sizes"].values()), made["sizes"]["refused"]) == (8, 1)
    draws = f"/api/panel/draws/{frame.digest}"
    topped = room.ask(COORDINATOR, "POST", f"{draws}/top-ups", {"sizes": {"refused": 2}, "reason": "More."})
    assert (topped.status_code, len(topped.json()["top_ups"][0]["drawn"]["refused"])) == (201, 2)
    with desk.database.reading() as session:
        refs = reidentify(session, session.get_one(Frame, frame.digest).strata["completed"])
    again = room.ask(COORDINATOR, "POST", f"{draws}/picks", {"case": next(iter(refs.values())), "theme": "A theme."})
    assert (again.status_code, "before the panel already" in again.text) == (422, True)


def test_no_page_of_a_draw_has_a_fault_that_axe_finds(browser: Browser, room: Service, desk: Office) -> None:
    undrawn = frozen(desk)
    later = frozen(desk, MAY_AND_JUNE.model_copy(update={"decided_to": MAY_AND_JUNE.decided_to.replace(day=29)}))
    drawn(desk, later.digest, one_of_each(later))
    paths = [
        "/panel/draws",
        f"/panel/draws/{undrawn.digest}/draw?total=9",
        f"/panel/draws/{undrawn.digest}/draw?total=1",
    ]
    paths += [f"/panel/draws/{later.digest}/{to}" for to in ("top-up", "pick")]
    found = {}
    with serving(room.client.app) as address:  # type: ignore[arg-type]  # it is the FastAPI that it was given
        for path in paths:
            context = come_in(browser, address, COORDINATOR, bypass_csp=True)
            page = context.new_page()
            page.goto(address + path)
            found[path] = faults(page)
            if page.locator("main form[method=post]").count():
                page.locator("main form[method=post] button:not([name])").last.click()
                found[f"{path}, sent empty"] = faults(page)
            context.close()
    assert {path: one for path, one in found.items() if one} == {}
