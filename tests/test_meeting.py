"""Meetings of the panel: each scores alone and blind, findings are agreed, and what has no conclusion comes back."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError
from starlette.testclient import TestClient

from divert.acts.act import perform
from divert.acts.refusals import NotAllowed, NotFound, Refused
from divert.casework.commands.retention import ReviewRetention
from divert.models import Access, Case, LedgerEntry, PanelEntry, Role
from divert.people.staff import Actor
from divert.records.meetings import Meeting, all_meetings
from divert.scrutiny import meeting_commands
from divert.scrutiny.frame import drawn_cases, get_draw
from divert.scrutiny.meeting import meeting_result
from divert.scrutiny.meeting_commands import (
    MEETING_COMMANDS,
    OpenMeeting,
    find_meeting,
)
from divert.scrutiny.population import FrameRule
from divert.scrutiny.pseudonyms import reidentify
from tests import endings
from tests.browsing import Person
from tests.office import CAST, COORDINATOR, INSPECTOR, MANAGER, MEMBER, SECOND_MEMBER, THIRD_MEMBER, Office
from tests.quarter import MEETING, drawn, draws, frozen, one_of_each, picks, tops_up
from tests.service import Service, service, visiting

PACKS = ("completed-1", "refused-1")
AUTUMN = FrameRule(decided_from=date(2019, 7, 1), decided_to=date(2019, 9, 30))


def opened(office: Office, frame: str, *attending: Actor, **more: Any) -> int:
    said = {"held_on": "2019-07-10", "frame": frame, "attending": [one.username for one in attending], **more}
    with office.database.writing() as session:
        meeting: Meeting = perform(session, OpenMeeting.model_validate(said), COORDINATOR, MEETING)
        return meeting.number


def sample(office: Office) -> str:
    """A frame of a completed and a refused case, drawn whole: its digest."""
    endings.completes(office.on("2019-05-06"))
    endings.is_refused(office.on("2019-05-06"))
    frame = frozen(office)
    drawn(office, frame.digest, one_of_each(frame))
    return frame.digest


def summer(office: Office) -> int:
    """The first meeting, on such a sample, with two members."""
    return opened(office, sample(office), MEMBER, SECOND_MEMBER)


def does(office: Office, who: Actor, slug: str, number: int = 1, **said: Any) -> Meeting:
    given = MEETING_COMMANDS[slug].model_validate(said)
    with office.database.writing() as session:
        meeting: Meeting = perform(session, given, who, MEETING + timedelta(hours=1), str(number))
        return meeting


def refused(office: Office, who: Actor, slug: str, number: int = 1, **said: Any) -> str:
    with pytest.raises(Refused) as why:
        does(office, who, slug, number, **said)
    return str(why.value)


def all_score(office: Office, pack: str, *scores: int, number: int = 1) -> None:
    for who, score in zip((MEMBER, SECOND_MEMBER), scores, strict=True):
        does(office, who, "score-pack", number, pack=pack, score=score, reason="As I see it.")


def agrees(office: Office, pack: str, score: int, number: int = 1, **more: Any) -> Meeting:
    asked = {"asked_for": "The custody record."} if score == 4 else {}
    return does(office, COORDINATOR, "agree-finding", number, pack=pack, score=score, reason="Agreed.", **asked, **more)


def test_a_meeting_from_opening_to_closing(office: Office) -> None:
    number = summer(office)
    for pack in PACKS:
        all_score(office, pack, 1, 1)
    learning: dict[str, Any] = {
        "learning": "Tell the victim sooner.", "learning_for": "team", "owner": "Police team lead",
        "due_on": "2019-09-30", "doubts": "admission",
    }  # fmt: skip
    told = agrees(office, "completed-1", 2, **learning)
    assert told.findings["completed-1"]["learning_for"] == "team"
    agrees(office, "refused-1", 3)
    assert not does(office, COORDINATOR, "close-meeting").is_open
    told = does(office, INSPECTOR, "record-response", pack="refused-1", response="Reviewed.", closed="yes")
    assert told.responses["refused-1"]["closed"] is True
    assert refused(office, MEMBER, "score-pack", number, pack=PACKS[0], score=1, reason="Late.").startswith(
        "The meeting"
    )


def test_a_meeting_touches_no_case(desk: Office) -> None:
    frame = sample(desk)

    def cases() -> list[Any]:
        with desk.database.reading() as session:
            rows = session.execute(select(Case.ref, Case.version, Case.head, Case.state)).all()
            return [*map(tuple, rows), session.scalars(select(LedgerEntry.hash)).all()]

    before = cases()
    opened(desk, frame, MEMBER, SECOND_MEMBER)
    for pack in PACKS:
        all_score(desk, pack, 3, 3)
        agrees(desk, pack, 3)
    does(desk, COORDINATOR, "close-meeting")
    assert cases() == before


def test_an_agreed_score_waits_for_every_own_score_or_for_scoring_to_be_closed(office: Office) -> None:
    summer(office)
    does(office, MEMBER, "score-pack", pack=PACKS[0], score=1, reason="Sound.")
    assert "Wait for every score" in refused(
        office, COORDINATOR, "agree-finding", pack=PACKS[0], score=1, reason="Agreed."
    )
    does(office, MEMBER, "score-pack", pack=PACKS[0], score=2, reason="On reflection.")
    told = does(office, COORDINATOR, "close-scoring", pack=PACKS[0])
    assert {who: said["score"] for who, said in told.scores[PACKS[0]].items()} == {"panel.member": 2}
    assert "have been seen" in refused(office, SECOND_MEMBER, "score-pack", pack=PACKS[0], score=1, reason="Late.")
    assert agrees(office, PACKS[0], 1).findings[PACKS[0]]["score"] == 1


@pytest.mark.parametrize(
    ("who", "slug", "said", "why"),
    [
        (THIRD_MEMBER, "score-pack", {"pack": PACKS[0], "score": 1, "reason": "x"}, None),
        (MEMBER, "score-pack", {"pack": "completed-2", "score": 1, "reason": "x"}, "no such pack"),
        (MEMBER, "score-pack", {"pack": PACKS[0], "score": 5, "reason": "x"}, "The scale has no score 5"),
        (MEMBER, "declare-conflict", {"pack": PACKS[0], "why": "x", "member": "panel.two"}, "nobody else's"),
        (COORDINATOR, "declare-conflict", {"pack": PACKS[0], "why": "x"}, "Say whose"),
        (COORDINATOR, "attend", {"member": "officer"}, "no members of the panel: officer"),
        (INSPECTOR, "record-response", {"pack": PACKS[0], "response": "x", "closed": "no"}, "no finding"),
        (COORDINATOR, "close-meeting", {}, "completed-1, refused-1"),
    ],
)
def test_what_may_not_be_done_says_why(desk: Office, who: Actor, slug: str, said: Any, why: str | None) -> None:
    summer(desk)
    if why is None:
        with pytest.raises(meeting_commands.NoSuchMeeting):
            does(desk, who, slug, **said)
    else:
        assert why in refused(desk, who, slug, **said)


def test_a_finding_is_whole(desk: Office) -> None:
    summer(desk)
    all_score(desk, PACKS[0], 1, 1)
    half: dict[str, Any] = {"pack": PACKS[0], "score": 1, "reason": "Agreed."}
    assert "say what is asked for" in refused(desk, COORDINATOR, "agree-finding", **{**half, "score": 4})
    assert "No rule no_such_rule judged this case. Use one of: age_min, offence" in refused(
        desk, COORDINATOR, "agree-finding", **half, doubts="no_such_rule"
    )
    with pytest.raises(ValueError, match="give all three"):
        does(desk, COORDINATOR, "agree-finding", **half, learning="Listen more.")


@pytest.mark.parametrize("slug", MEETING_COMMANDS)
def test_what_is_for_one_role_no_other_does(desk: Office, slug: str) -> None:
    summer(desk)
    example = MEETING_COMMANDS[slug].model_json_schema()["examples"][0]
    others = [who for who in CAST if who.role not in MEETING_COMMANDS[slug].by]
    assert {who.role for who in others} >= {Role.board_member, Role.auditor, Role.project_manager}
    for who in others:
        with pytest.raises(NotAllowed):
            does(desk, who, slug, **example)


def test_a_second_meeting_waits_for_the_first_and_needs_a_draw_of_its_own(desk: Office) -> None:
    summer(desk)
    with desk.database.reading() as session:
        [first] = all_meetings(session)
    with pytest.raises(Refused, match="Meeting 1 is still open") as both:
        opened(desk, first.frame, MEMBER)
    assert "before an earlier meeting" in str(both.value)
    with pytest.raises(Refused, match="was not drawn"):
        opened(desk, "0" * 64, MEMBER)


def test_no_conclusion_comes_back_at_the_next_meeting_with_what_was_asked_for(office: Office) -> None:
    summer(office)
    for pack, score in zip(PACKS, (1, 4), strict=True):
        all_score(office, pack, score, score)
        agrees(office, pack, score)
    does(office, COORDINATOR, "close-meeting")
    endings.is_refused(office.on("2019-08-05"))
    frame = frozen(office, AUTUMN, MEETING + timedelta(days=100))
    with office.database.writing() as session:
        draws(session, frame.digest, {"refused": 1}, MEETING + timedelta(days=101), "2" * 20)
    assert opened(office, frame.digest, MEMBER, SECOND_MEMBER, held_on="2019-10-19") == 2
    with office.database.reading() as session:
        first, second = all_meetings(session)
        assert list(second.packs) == ["refused-1", "1-refused-1"]
        assert second.packs["1-refused-1"].asked_for == "The custody record."
        assert second.packs["1-refused-1"].frame == first.frame
        assert (
            meeting_result(session, first, [first, second]).unsettled,
            meeting_result(session, second, [first, second]).unsettled,
        ) == (1, 0)

    all_score(office, "1-refused-1", 2, 2, number=2)
    agrees(office, "1-refused-1", 2, number=2)
    with office.database.reading() as session:
        everyone = all_meetings(session)
        proof = meeting_result(session, everyone[0], everyone)
        assert (proof.unsettled, proof.altogether.says) == (0, "All 2 were seen, and 0 found.")


def test_what_is_added_to_a_draw_comes_before_the_meeting_that_is_open_or_else_the_next(office: Office) -> None:
    for _ in range(5):
        endings.is_refused(office.on("2019-05-06"))
    frame = frozen(office)
    drawn(office, frame.digest, {"refused": 2})
    opened(office, frame.digest, MEMBER, SECOND_MEMBER)
    with office.database.writing() as session:
        tops_up(session, frame.digest, {"refused": 1}, "Time was left.")
        of = reidentify(session, frame.strata["refused"])
        had = {picked.id for picked in drawn_cases(get_draw(session, frame.digest))["refused"]}
        chosen = next(ref for id, ref in of.items() if id not in had)
        picks(session, frame.digest, chosen)
    with office.database.reading() as session:
        [told] = all_meetings(session)
    assert list(told.packs) == ["refused-1", "refused-2", "refused-3", "thematic-1"]
    for pack in told.packs:
        score = 4 if pack == "thematic-1" else 1
        all_score(office, pack, score, score)
        agrees(office, pack, score)
    with office.database.reading() as session:
        [told] = all_meetings(session)
        proof = meeting_result(session, told, [told])
    assert (proof.altogether.drawn, proof.altogether.found, proof.unsettled) == (3, 0, 0), "a pick is in no rate"

    does(office, COORDINATOR, "close-meeting")
    with office.database.writing() as session:
        tops_up(session, frame.digest, {"refused": 1}, "Asked for afterwards.")
    endings.is_refused(office.on("2019-08-05"))
    autumn = frozen(office, AUTUMN, MEETING + timedelta(days=100))
    with office.database.writing() as session:
        draws(session, autumn.digest, {"refused": 1}, MEETING + timedelta(days=101), "2" * 20)
    opened(office, autumn.digest, MEMBER, held_on="2019-10-19")
    with office.database.reading() as session:
        assert list(all_meetings(session)[1].packs) == ["refused-1", "1-thematic-1", "1-refused-4"]


def test_what_a_meeting_proves_is_said_by_stratum_and_altogether(desk: Office) -> None:
    for _ in range(6):
        endings.is_refused(desk.on("2019-05-06"))
    endings.completes(desk.on("2019-05-06"))
    frame = frozen(desk)
    drawn(desk, frame.digest, {"refused": 3, "completed": 1})
    opened(desk, frame.digest, MEMBER, SECOND_MEMBER)
    for pack, own, agreed in (
        ("completed-1", (1, 1), 1), ("refused-1", (1, 3), 1), ("refused-2", (1, 1), 1), ("refused-3", (3, 3), 2),
    ):  # fmt: skip
        all_score(desk, pack, *own)
        agrees(desk, pack, agreed)
    with desk.database.reading() as session:
        [told] = all_meetings(session)
        proof = meeting_result(session, told, [told])
    assert proof.strata["completed"].says == "All 1 were seen, and 0 found."
    assert proof.strata["refused"].says == "None of 3 found; up to 50 in 100 could still be."
    assert (proof.altogether.cases, proof.altogether.drawn, proof.altogether.found) == (7, 4, 0)
    assert proof.kappa == pytest.approx(0.4667, abs=1e-4)  # by hand: observed 3/4, by chance (5/8)^2 + (3/8)^2


def test_a_missing_record_counts_as_the_worst_case(desk: Office) -> None:
    ref = endings.completes(desk.on("2019-05-06"))
    frame = frozen(desk)
    drawn(desk, frame.digest, one_of_each(frame))
    desk.on("2025-06-10").does(MANAGER, ReviewRetention(decision="dispose", reason="Six years have passed."), ref)
    opened(desk, frame.digest, MEMBER, SECOND_MEMBER)
    does(desk, COORDINATOR, "close-scoring", pack="completed-1")
    assert "worst case" in refused(desk, COORDINATOR, "agree-finding", pack="completed-1", score=1, reason="Fine.")
    assert agrees(desk, "completed-1", 3).findings["completed-1"]["score"] == 3


def test_entries_of_a_meeting_never_change(office: Office) -> None:
    summer(office)
    for change in (update(PanelEntry).values(body="{}"), delete(PanelEntry)):
        with pytest.raises(DBAPIError, match="append-only"), office.database.writing() as session:
            session.execute(change)


# Who sees what


@pytest.fixture
def room(desk: Office) -> Iterator[Service]:
    """The first meeting, at the service."""
    summer(desk)
    desk.on("2019-07-10")
    with service(desk) as counter:
        yield counter


def status(room: Service, who: Actor, address: str) -> int:
    return room.ask(who, "GET", f"/api/panel/{address}").status_code


def test_a_member_opens_the_packs_of_their_meeting_and_every_opening_is_logged(room: Service, desk: Office) -> None:
    read = room.ask(MEMBER, "GET", "/api/panel/meetings/1/packs/completed-1")
    assert read.json()["known"]["ended"]["state"] == "completed"
    assert not {"sex", "ethnicity"} & read.json()["known"].keys()
    with desk.database.reading() as session:
        [logged] = session.scalars(select(Access).where(Access.what == "pack"))
        assert (logged.by, logged.kind, logged.recipient) == (
            "panel.member", "disclosure", "Out of Court Disposal Scrutiny Panel",
        )  # fmt: skip


def test_no_member_reaches_more_by_guessing_addresses(room: Service, desk: Office) -> None:
    with desk.database.reading() as session:
        [told] = all_meetings(session)
    does(desk, MEMBER, "declare-conflict", pack="refused-1", why="A neighbour.")
    assert status(room, MEMBER, "meetings/1/packs/completed-1") == 200
    guesses = ["meetings/1/packs/refused-1", "meetings/1/packs/completed-2", "meetings/1/packs/D-19-0001",
               "meetings/2/packs/completed-1", "meetings/2", f"meetings/1/packs/{told.frame}"]  # fmt: skip
    assert {guess: status(room, MEMBER, guess) for guess in guesses} == dict.fromkeys(guesses, 404)
    assert status(room, MEMBER, f"draws/{told.frame}/packs") == 403
    assert status(room, MEMBER, f"draws/{told.frame}/packs/refused-1") == 403
    assert room.ask(MEMBER, "GET", "/api/cases/D-19-0001").status_code in (403, 404)
    assert status(room, THIRD_MEMBER, "meetings/1") == 404
    assert status(room, THIRD_MEMBER, "meetings/1/packs/completed-1") == 404
    assert room.ask(THIRD_MEMBER, "GET", "/api/panel/meetings").json() == []
    for who in (INSPECTOR, MANAGER):
        assert status(room, who, "meetings/1/packs/completed-1") == 403

    for pack in PACKS:
        does(desk, COORDINATOR, "close-scoring", pack=pack)
        agrees(desk, pack, 1)
    does(desk, COORDINATOR, "close-meeting")
    assert status(room, MEMBER, "meetings/1/packs/completed-1") == 404
    with desk.database.reading() as session:
        assert len(session.scalars(select(Access).where(Access.what == "pack")).all()) == 1


def test_nobody_sees_another_s_score_before_all_are_in(room: Service) -> None:
    mine = {"pack": "completed-1", "score": 3, "reason": "Qreason of mine."}
    answer = room.ask(MEMBER, "POST", "/api/panel/meetings/1/score-pack", mine)
    assert (answer.status_code, "Qreason" in answer.text) == (200, True)
    for who in (SECOND_MEMBER, COORDINATOR):
        page = room.ask(who, "GET", "/api/panel/meetings/1")
        assert "Qreason" not in page.text
        assert page.json()["packs"][0]["waits_for"] == ["panel.two"]
    room.ask(SECOND_MEMBER, "POST", "/api/panel/meetings/1/score-pack", {**mine, "score": 1})
    assert "Qreason" in room.ask(COORDINATOR, "GET", "/api/panel/meetings/1").text


def test_a_meeting_goes_by_its_pages(room: Service) -> None:
    member, second, coordinator = (
        Person(visiting(TestClient(room.client.app), who)) for who in (MEMBER, SECOND_MEMBER, COORDINATOR)
    )
    page = member.reads("/panel/meetings")
    page = member.reads(page.links["Meeting 1"])
    page = member.reads(page.links["Pack 1: completed-1"])
    assert "How it left the scheme" in page.text
    for who in (member, second):
        form = who.reads("/panel/meetings/1/score-pack?pack=completed-1")
        assert "1: Consistent" in form.text
        assert who.fills(form, pack="completed-1", score="2", reason="The victim waited.").status == 200
    form = coordinator.reads("/panel/meetings/1/agree-finding?pack=completed-1")
    again = coordinator.fills(form, pack="completed-1", score="4", reason="Unsure.")
    assert (again.status, "say what is asked for" in again.text, "Unsure." in again.text) == (409, True, True)
    done = coordinator.fills(again, pack="completed-1", score="2", reason="Tell victims sooner.")
    assert "2, appropriate, with observations. Tell victims sooner." in done.text
    assert "All 1 were seen, and 0 found." in done.text
    assert member.reads("/panel/meetings/1/agree-finding").status == 403


def test_a_meeting_is_opened_by_its_form_and_its_json(desk: Office) -> None:
    frame = sample(desk)
    with service(desk.on("2019-07-10")) as counter:
        coordinator = Person(visiting(counter.client, COORDINATOR))
        form = coordinator.reads("/panel/meetings/open")
        assert "Cut-off 30 June 2019" in form.text
        said = {"held_on": "2019-07-10", "frame": frame, "theme": "ethnicity", "attending": ["panel.member"]}
        made = counter.ask(COORDINATOR, "POST", "/api/panel/meetings", said)
        assert (made.status_code, made.json()["theme"]) == (201, "ethnicity")
        assert "W1" in json.dumps(counter.ask(MEMBER, "GET", "/api/panel/meetings/1/packs/completed-1").json())
        assert counter.ask(COORDINATOR, "POST", "/api/panel/meetings", said).status_code == 409


def test_a_meeting_that_is_not_known_is_not_there(desk: Office) -> None:
    with desk.database.reading() as session, pytest.raises(meeting_commands.NoSuchMeeting):
        find_meeting(session, 1, COORDINATOR)


@pytest.mark.parametrize("number", ["0", "2", "2147483648", "9999999999", "x", None])
def test_a_number_of_no_meeting_is_nobody_s_meeting(office: Office, number: str | None) -> None:
    with office.database.writing() as session, pytest.raises(NotFound):
        perform(session, meeting_commands.CloseMeeting(), COORDINATOR, office.now, number)
