"""Packs on paper: each with its number, the same whenever they are made, and only for those who may open them."""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from html5lib import parse
from pypdf import PdfReader
from sqlalchemy import select

from divert.casework.commands.ending import Reinstate
from divert.casework.commands.referral import CorrectFacts
from divert.casework.commands.retention import ReviewRetention
from divert.law.rulebook import rulebook
from divert.models import Access
from divert.people.staff import Actor
from tests import endings
from tests.golden import golden
from tests.office import (
    AUDITOR,
    BOARD,
    COORDINATOR,
    INSPECTOR,
    MANAGER,
    MEMBER,
    OFFICER,
    SECOND_MEMBER,
    THIRD_MEMBER,
    Office,
)
from tests.papers import text_of
from tests.quarter import drawn, everyone, frozen, one_of_each
from tests.service import Service, service, visiting
from tests.test_meeting import does, opened

GOLDEN = Path(__file__).parent / "golden"
FILE = "/api/panel/meetings/1/packs.pdf"


@pytest.fixture
def room(desk: Office) -> Iterator[Service]:
    """One case of each kind, drawn and before a meeting."""
    everyone(desk)
    frame = frozen(desk)
    drawn(desk, frame.digest, one_of_each(frame))
    opened(desk, frame.digest, MEMBER, SECOND_MEMBER)
    desk.on("2019-07-10")
    with service(desk) as counter:
        yield counter


def paper(room: Service, who: Actor, name: str, **query: Any) -> bytes:
    answer = room.ask(who, "GET", f"/api/panel/meetings/1/packs/{name}.pdf", params=query)
    assert answer.status_code == 200, answer.text
    return answer.content


def test_one_file_holds_every_pack_of_a_meeting_with_its_number(room: Service) -> None:
    answer = room.ask(COORDINATOR, "GET", FILE)
    read = PdfReader(BytesIO(answer.content))
    assert b"<pdfuaid:part>1</pdfuaid:part>" in answer.content
    assert read.metadata
    assert (read.metadata.title, read.metadata.creation_date) == ("Packs for meeting 1", None)
    said = text_of(answer.content)
    assert "This file holds 8 of its 8 packs." in said
    packs = room.ask(COORDINATOR, "GET", "/api/panel/meetings/1").json()["packs"]
    for number, one in enumerate(packs, start=1):
        assert f"Pack {number} of meeting 1: {one['name']}" in said
    assert "Alcohol need; will engage." in said
    assert "No, by the police team lead. Too grave. Against the verdict, because: A vulnerable shopkeeper." in said
    again = room.ask(AUDITOR, "GET", FILE)
    assert (again.content, again.headers["etag"]) == (answer.content, answer.headers["etag"])


def test_a_pack_says_on_paper_what_its_page_says(room: Service) -> None:
    page = visiting(room.client, MEMBER).get("/panel/meetings/1/packs/breached-1")
    known = room.ask(MEMBER, "GET", "/api/panel/meetings/1/packs/breached-1").json()
    pdf = text_of(paper(room, MEMBER, "breached-1"))
    shown = words(page.text)
    for said in (
        "Two meetings missed.", "Decision, by the police team lead: end. No word from them.",
        "Probation’s view: No contact since.", "Alcohol: 4 to not scored, linked to the offending",
        "In particular: six hours at the community garden.", "Still open.", "The person is 18 or over",
    ):  # fmt: skip
        assert said in shown
        assert said in pdf
    assert known["sha256"] in shown
    assert known["sha256"] in pdf.replace(" ", "")


def words(html: str) -> str:
    return " ".join("".join(parse(html, treebuilder="etree", namespaceHTMLElements=False).itertext()).split())


def test_a_pack_is_the_same_on_page_paper_and_in_json_after_facts_were_corrected_and_says_that_they_were(
    room: Service, desk: Office
) -> None:
    ref = next(one for one in desk.refs if desk.state(one).value == "closed")
    before = {
        "json": room.ask(MEMBER, "GET", "/api/panel/meetings/1/packs/closed-1").json(),
        "paper": paper(room, MEMBER, "closed-1"),
        "page": words(visiting(room.client, MEMBER).get("/panel/meetings/1/packs/closed-1").text),
    }
    desk.on("2020-06-15").does(MANAGER, Reinstate(reason="Has changed their mind again."), ref)
    put_right = {"reason": "Custody record checked.", "remorse": "no", "surname": "Ashworth-Price", "value_gbp": "240"}
    desk.does(INSPECTOR, CorrectFacts.model_validate(put_right), ref)

    now = room.ask(MEMBER, "GET", "/api/panel/meetings/1/packs/closed-1").json()
    assert (now["known"], now["sha256"]) == (before["json"]["known"], before["json"]["sha256"])
    assert now["corrected_since"] == ["remorse", "surname", "value_gbp"]
    alone = paper(room, MEMBER, "closed-1", alone="yes")
    assert alone == before["paper"]

    says = "Corrected since, and shown as it was known then: remorse, surname, value gbp."
    with_sheet = text_of(paper(room, MEMBER, "closed-1"))
    assert says in with_sheet
    answer = room.ask(MEMBER, "GET", "/api/panel/meetings/1/packs/closed-1.pdf", params={"alone": "yes"})
    assert answer.headers["etag"].strip('"') in with_sheet.replace(" ", "")
    assert says in text_of(room.ask(COORDINATOR, "GET", FILE).content)
    page = words(visiting(room.client, MEMBER).get("/panel/meetings/1/packs/closed-1").text)
    assert page.replace(f"{says} ", "") == before["page"]
    assert says in page


def test_whoever_has_a_conflict_has_a_file_without_that_pack_which_says_so(room: Service, desk: Office) -> None:
    does(desk, MEMBER, "declare-conflict", pack="refused-1", why="A neighbour.")
    mine, other = (text_of(room.ask(who, "GET", FILE).content) for who in (MEMBER, SECOND_MEMBER))
    assert "This file holds 7 of its 8 packs." in mine
    assert "1 pack is not in this file: whoever it was made for has declared a conflict." in mine
    assert "refused-1" not in mine
    assert "We agree." not in mine
    assert "8 of its 8" in other
    assert "We agree." in other
    assert "Pack 8 of meeting 1: refused-1" in other


def test_nobody_reaches_more_paper_by_guessing_addresses_and_each_opening_is_logged(
    room: Service, desk: Office
) -> None:
    does(desk, MEMBER, "declare-conflict", pack="refused-1", why="A neighbour.")
    base = "/api/panel/meetings"
    guesses = [f"{base}/1/packs/refused-1.pdf", f"{base}/1/packs/refused-2.pdf", f"{base}/1/packs/D-19-0001.pdf",
               f"{base}/2/packs.pdf", f"{base}/2/packs/refused-1.pdf", f"{base}/1/packs/refused-1.pdf.pdf"]  # fmt: skip
    for prefix in ("", "page"):
        for guess in guesses:
            if prefix:
                found = visiting(room.client, MEMBER).get(guess.removeprefix("/api")).status_code
            else:
                found = room.ask(MEMBER, "GET", guess).status_code
            assert found == 404, (prefix, guess)
    for who in (OFFICER, INSPECTOR, MANAGER, BOARD):
        assert room.ask(who, "GET", FILE).status_code == 403
        assert room.ask(who, "GET", f"{base}/1/packs/completed-1.pdf").status_code == 403
    for address in (FILE, f"{base}/1/packs/completed-1.pdf"):
        assert room.ask(THIRD_MEMBER, "GET", address).status_code == 404
        assert room.ask(None, "GET", address).status_code == 401

    def logged() -> list[tuple[str, str]]:
        with desk.database.reading() as session:
            return [(one.by, one.kind) for one in session.scalars(select(Access).where(Access.what == "pack"))]

    assert logged() == []
    paper(room, MEMBER, "completed-1")
    assert logged() == [("panel.member", "disclosure")]
    room.ask(COORDINATOR, "GET", FILE)
    assert logged()[1:] == [("panel.coordinator", "consultation")] * 8


def test_when_the_meeting_is_closed_no_member_has_its_paper(room: Service, desk: Office) -> None:
    packs = room.ask(COORDINATOR, "GET", "/api/panel/meetings/1").json()["packs"]
    for one in packs:
        does(desk, COORDINATOR, "close-scoring", pack=one["name"])
        does(desk, COORDINATOR, "agree-finding", pack=one["name"], score=1, reason="Agreed.")
    does(desk, COORDINATOR, "close-meeting")
    assert room.ask(MEMBER, "GET", FILE).status_code == 404
    assert room.ask(MEMBER, "GET", "/api/panel/meetings/1/packs/completed-1.pdf").status_code == 404
    assert room.ask(COORDINATOR, "GET", FILE).status_code == 200


def test_a_missing_record_is_missing_on_paper_too(desk: Office) -> None:
    ref = endings.completes(desk.on("2019-05-06"))
    frame = frozen(desk)
    drawn(desk, frame.digest, one_of_each(frame))
    opened(desk, frame.digest, MEMBER)
    desk.on("2025-06-10").does(MANAGER, ReviewRetention(decision="dispose", reason="Six years have passed."), ref)
    with service(desk) as counter:
        said = text_of(counter.ask(MEMBER, "GET", FILE).content)
    assert "Missing. Its record was lawfully disposed of. It is shown as missing, counts as the worst case" in said


def test_a_code_keeps_its_title_so_that_an_old_pack_reads_as_it_did() -> None:
    """A line that changes here changes what packs of the past say: give new wording a new code, or a new edition."""
    book = rulebook()
    held = [f"need {one.code}: {one.title}{', restricted' if one.restricted else ''}" for one in book.needs.values()]
    held += [f"outcome {one.code}: {one.title}" for one in book.outcomes.values()]
    held += [f"return {one.code}: {one.title}" for one in book.return_reasons.values()]
    held += [f"close {one.code}: {one.title}" for one in book.close_reasons.values()]
    held += [f"offence {one.code} from {book.offences.starts}: {one.title}"
             for one in book.offences.in_force(book.offences.starts).values()]  # fmt: skip
    golden(GOLDEN / "titles.txt", "\n".join(held) + "\n")


def test_a_pack_of_an_earlier_release_has_the_same_hash(room: Service) -> None:
    packs = room.ask(COORDINATOR, "GET", "/api/panel/meetings/1").json()["packs"]
    hashes = [
        (one["name"], room.ask(COORDINATOR, "GET", f"/api/panel/meetings/1/packs/{one['name']}").json()["sha256"])
        for one in packs
    ]
    golden(GOLDEN / "packs.txt", "".join(f"{name:<16}{sha256}\n" for name, sha256 in hashes))
    assert all(re.fullmatch(r"[0-9a-f]{64}", sha256) for _, sha256 in hashes)
