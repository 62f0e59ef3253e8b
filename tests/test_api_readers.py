"""The panel draws and reads blind; the board reads figures; neither reads what is not theirs."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from divert.models import State
from divert.people.staff import Actor
from tests.browsing import Person
from tests.office import (
    AUDITOR,
    BOARD,
    COORDINATOR,
    DALE,
    INSPECTOR,
    KEYWORKER,
    MANAGER,
    MEMBER,
    OFFICER,
    Office,
)
from tests.service import Service, service, visiting

RULE = {"decided_from": "2019-04-01", "decided_to": "2019-06-30"}
SEED = "57721566490153286060"
REDRAW = Path(__file__).parent.parent / "docs" / "redraw.py"


@pytest.fixture
def counter(desk: Office) -> Iterator[Service]:
    """Four cases decided in the quarter, which is over."""
    for place, state in enumerate((State.completed, State.returned, State.prosecuted, State.completed)):
        desk.on("2019-05-06").case_in(state, crime_ref=f"CVP-19-{place}")
    desk.on("2019-07-10")
    with service(desk) as opened:
        yield opened


def drawn(counter: Service) -> str:
    """A frame frozen and drawn; its digest."""
    frame = counter.ask(COORDINATOR, "POST", "/api/panel/frames", RULE).json()
    sizes = {stratum: min(2, len(refs)) for stratum, refs in frame["strata"].items()}
    order = {"frame": frame["digest"], "seed": SEED, "sizes": sizes}
    assert counter.ask(COORDINATOR, "POST", "/api/panel/draws", order).status_code == 201
    digest: str = frame["digest"]
    return digest


def test_a_frame_is_frozen_then_drawn_and_a_stranger_confirms_it(counter: Service, tmp_path: Path) -> None:
    digest = drawn(counter)
    (listed,) = counter.ask(MEMBER, "GET", "/api/panel/draws").json()
    assert (listed["frame"], listed["seed"]) == (digest, SEED)
    published = counter.ask(MEMBER, "GET", f"/api/panel/draws/{digest}")
    (tmp_path / "draw.json").write_text(published.text, encoding="utf-8")
    said = subprocess.run([sys.executable, REDRAW, tmp_path / "draw.json"], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout


def test_the_same_rule_frozen_again_is_the_same_frame(counter: Service) -> None:
    first, again = (counter.ask(COORDINATOR, "POST", "/api/panel/frames", RULE).json() for _ in range(2))
    assert first == again
    assert [one["digest"] for one in counter.ask(AUDITOR, "GET", "/api/panel/frames").json()] == [first["digest"]]


def test_a_frame_is_drawn_once(counter: Service) -> None:
    digest = drawn(counter)
    again = {"frame": digest, "seed": SEED[::-1], "sizes": {}}
    answer = counter.ask(COORDINATOR, "POST", "/api/panel/draws", again)
    assert answer.status_code == 409
    assert "drawn once" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"frame": "0" * 64}, 404),
        ({"frame": "short"}, 422),
        ({"seed": "123"}, 422),
        ({"sizes": {}}, 422),
        ({"sizes": {"completed": 99}}, 422),
        ({"sizes": {"completed": -1}}, 422),
    ],
)
def test_a_draw_that_cannot_be_made_says_why_and_is_not_made(
    counter: Service, change: dict[str, object], status: int
) -> None:
    frame = counter.ask(COORDINATOR, "POST", "/api/panel/frames", RULE).json()
    order = {"frame": frame["digest"], "seed": SEED, "sizes": dict.fromkeys(frame["strata"], 1), **change}
    answer = counter.ask(COORDINATOR, "POST", "/api/panel/draws", order)
    assert answer.status_code == status
    assert answer.json()["detail"]
    assert counter.ask(COORDINATOR, "GET", "/api/panel/draws").json() == []


@pytest.mark.parametrize(
    "rule",
    [
        {**RULE, "decided_to": "2019-07-10"},
        {**RULE, "decided_to": "2019-03-01"},
        {**RULE, "decided_from": "2019-06-29"},
        {**RULE, "kinds": []},
    ],
)
def test_a_frame_that_cannot_be_frozen_says_why(counter: Service, rule: dict[str, object]) -> None:
    answer = counter.ask(COORDINATOR, "POST", "/api/panel/frames", rule)
    assert answer.status_code == 422
    assert answer.json()["errors"]


def test_what_the_panel_reads_names_nobody(counter: Service) -> None:
    digest = drawn(counter)
    read = counter.ask(COORDINATOR, "GET", f"/api/panel/draws/{digest}/packs")
    packs = read.json()
    assert len(packs) >= 3
    one = counter.ask(COORDINATOR, "GET", f"/api/panel/draws/{digest}/packs/{packs[0]['pack']}")
    assert one.json() == packs[0]
    for personal in (DALE["surname"], DALE["forenames"], DALE["officer"], DALE["victim_name"], DALE["date_of_birth"]):
        assert personal not in read.text
    assert counter.ask(COORDINATOR, "GET", f"/api/panel/draws/{digest}/packs/completed-99").status_code == 404
    assert counter.ask(COORDINATOR, "GET", f"/api/panel/draws/{'0' * 64}/packs").status_code == 404
    assert counter.ask(MEMBER, "GET", f"/api/panel/draws/{digest}/packs").status_code == 403


@pytest.mark.parametrize("who", [OFFICER, KEYWORKER, BOARD], ids=lambda who: who.username)
def test_draws_are_for_the_panel_alone(counter: Service, who: Actor) -> None:
    digest = drawn(counter)
    for address in ("frames", "draws", f"draws/{digest}", f"draws/{digest}/packs"):
        assert counter.ask(who, "GET", f"/api/panel/{address}").status_code == 403
    assert counter.ask(who, "POST", "/api/panel/frames", RULE).status_code == 403


def test_a_member_reads_and_does_not_draw(counter: Service) -> None:
    assert counter.ask(MEMBER, "POST", "/api/panel/frames", RULE).status_code == 403


@pytest.mark.parametrize("who", [BOARD, MANAGER, INSPECTOR, AUDITOR], ids=lambda who: who.username)
def test_the_board_reads_figures_each_with_its_meaning(counter: Service, who: Actor) -> None:
    figures = counter.ask(who, "GET", "/api/board/figures").json()
    assert {"definition", "authority", "must_not_be_read_as"} <= set(figures[0])
    assert len({one["id"] for one in figures}) == len(figures) >= 5
    assert DALE["surname"] not in json.dumps(figures)


def test_figures_as_they_stood_on_a_day_are_cut_off_there(counter: Service) -> None:
    figures = counter.ask(BOARD, "GET", "/api/board/figures?as_at=2019-04-30").json()
    assert {one["cut_off"] for one in figures} == {"2019-04-30"}
    assert counter.ask(BOARD, "GET", "/api/board/figures?as_at=2019-07-11").status_code == 422


@pytest.mark.parametrize("who", [OFFICER, KEYWORKER, MEMBER], ids=lambda who: who.username)
def test_figures_are_for_the_board_and_the_leads(counter: Service, who: Actor) -> None:
    assert counter.ask(who, "GET", "/api/board/figures").status_code == 403


def test_the_panels_pages_show_frames_draws_and_packs(counter: Service) -> None:
    digest = drawn(counter)
    coordinator = Person(visiting(counter.client, COORDINATOR))
    page = coordinator.reads("/panel/draws")
    assert digest in page.text
    page = coordinator.reads(next(to for words, to in page.links.items() if words.startswith("Read the packs")))
    assert page.status == 200
    assert "completed-1" in page.text
    assert DALE["surname"] not in page.text
