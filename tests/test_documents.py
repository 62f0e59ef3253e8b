"""Documents: each is the same on every machine, can be read aloud, and says only what its reader may know."""

import hashlib
import json
import os
import re
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from sqlalchemy import text

from divert.casework.command import Context
from divert.casework.commands.breach import DecideBreach
from divert.casework.commands.conditions import RecordProgress
from divert.casework.commands.contract import PauseContract
from divert.casework.lifecycle import COMMANDS
from divert.documents.handover import QUOTED_COMMANDS
from divert.documents.inputs import inputs
from divert.documents.kinds import KINDS, DocumentKind
from divert.documents.render import TEMPLATES, render
from divert.models import State
from tests.golden import golden
from tests.office import DALE, INSPECTOR, KEYWORKER, OTHER_INSPECTOR, PROBATION_LEAD, Office
from tests.papers import K, booked, missed, pages, previewed, ready_for, text_of

GOLDEN = Path(__file__).parent / "golden" / "documents"
HARD_NAMES: dict[str, Any] = {"surname": "Nguyễn-Łukasz", "forenames": "García D'Souza Ølaf"}
PERSON: dict[str, Any] = {
    "postcode": "TS24 7AA",
    "phone": "07700 900123",
    "email": "dale@example.com",
    "pnc_id": "1979/0163001B",
    "crime_ref": "CVP-19-100042",
}


def said_by(office: Office, kind: DocumentKind, **facts: Any) -> dict[str, Any]:
    """What a document would say."""
    ref, who, about = ready_for(office, kind, **facts)
    with office.database.reading() as session:
        case = office.find(session, ref)
        return inputs(kind, case, session, Context(session, who, office.now, case.version + 1).today, about)


def made(office: Office, kind: DocumentKind, *, large_print: bool = False, **facts: Any) -> bytes:
    ref, who, about = ready_for(office, kind, **facts)
    return previewed(office, ref, who, kind, about, large_print=large_print)


# They can be read, by eye and aloud


EVERY = [(kind, 12) for kind in KINDS] + [(kind, 18) for kind in KINDS if KINDS[kind].has_large_print]


@pytest.mark.parametrize(("kind", "points"), EVERY)
def test_every_kind_is_a_tagged_pdf_with_a_title_and_a_language(desk: Office, kind: DocumentKind, points: int) -> None:
    pdf = made(desk, kind, large_print=points == 18)
    read = PdfReader(BytesIO(pdf))
    root: Any = read.trailer["/Root"]
    assert b"<pdfuaid:part>1</pdfuaid:part>" in pdf  # Typst writes it only where its checks for PDF/UA-1 pass
    assert root["/Lang"] == "en-GB"
    assert root["/MarkInfo"]["/Marked"]
    assert read.metadata
    assert read.metadata.title
    assert points in sizes_of(read)


def sizes_of(read: PdfReader) -> set[float]:
    """How large the words of a document are, in points."""
    sizes: set[float] = set()

    def look(words: str, _: object, matrix: list[float], _font: object, size: float) -> None:
        if words.strip():
            sizes.add(round(abs(size * matrix[3]), 1))

    for page in read.pages:
        page.extract_text(visitor_text=look)
    return sizes


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_template_of_its_own_and_every_template_a_kind(kind: DocumentKind) -> None:
    assert (TEMPLATES / f"{kind}.typ").exists()
    assert {file.stem for file in TEMPLATES.iterdir()} == {"house", "packs", "report", "board_paper", *KINDS}


@pytest.mark.parametrize("kind", [K.contract, K.completion_letter])
def test_names_come_out_as_they_are_written(desk: Office, kind: DocumentKind) -> None:
    assert "García D'Souza Ølaf Nguyễn-Łukasz" in text_of(made(desk, kind, **HARD_NAMES))


@settings(max_examples=60)
@given(name=st.text(min_size=1, max_size=30))
def test_whatever_is_typed_is_printed_or_named_and_never_taken_for_markup(name: str) -> None:
    said = json.loads((GOLDEN / "said.json").read_text(encoding="utf-8"))
    assert render(K.appointment_letter, {**said, "name": name, "purpose": f"#eval(1) *x* {name}"}).startswith(b"%PDF")


def test_what_no_font_holds_is_named_by_its_number(desk: Office) -> None:
    assert "[U+738B] Dale [U+13000] #strong[x]" in text_of(
        made(desk, K.contract, surname="王 Dale \U00013000 #strong[x]")
    )


def test_a_bundle_quotes_entries_of_commands_that_there_are() -> None:
    assert set(QUOTED_COMMANDS) <= COMMANDS.keys()


def test_however_much_was_written_all_of_it_is_in_the_bundle(desk: Office) -> None:
    words = [f"w{number:03}" for number in range(790)]
    ref = desk.on("2019-05-06").case_in(State.active)
    desk.does(KEYWORKER, RecordProgress(condition=4, evidence=" ".join(words)), ref)
    missed(desk, ref)
    end = {"decision": "end", "probation_view": " ".join(words).upper(), "reasons": "Enough."}
    desk.does(OTHER_INSPECTOR, DecideBreach.model_validate(end), ref)
    pdf = previewed(desk, ref, INSPECTOR, K.handover)
    said = text_of(pdf)
    assert [word for word in words if word not in said or word.upper() not in said] == []
    assert all(30 < height < 842 - 30 for height in heights_of(pdf))


def heights_of(pdf: bytes) -> set[float]:
    """How high above the foot of its page each piece of a document stands, in points: a page of A4 is 842 high."""
    heights: set[float] = set()

    def look(words: str, page: list[float], at: list[float], _font: object, _size: float) -> None:
        if words.strip():
            heights.add(at[4] * page[1] + at[5] * page[3] + page[5])

    for one in PdfReader(BytesIO(pdf)).pages:
        one.extract_text(visitor_text=look)
    return heights


# They are the same everywhere


@pytest.mark.parametrize("kind", KINDS)
def test_a_document_is_the_same_to_the_byte_in_another_process_place_and_language(
    desk: Office, kind: DocumentKind
) -> None:
    said = said_by(desk, kind, **HARD_NAMES)
    here = hashlib.sha256(render(kind, said)).hexdigest()
    assert hashlib.sha256(render(kind, json.loads(json.dumps(said)))).hexdigest() == here
    code = (
        "import sys, json, hashlib; from divert.documents.render import render;"
        "print(hashlib.sha256(render(sys.argv[1], json.load(sys.stdin))).hexdigest())"
    )
    elsewhere = {**os.environ, "TZ": "Asia/Tokyo", "LC_ALL": "C", "LANG": "tr_TR.UTF-8", "PYTHONUTF8": "1"}
    there = subprocess.run(
        [sys.executable, "-c", code, kind],
        input=json.dumps(said),
        env=elsewhere,
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    assert there.stdout.strip() == here


# Each says only what its reader may know


def test_a_victim_learns_where_things_stand_and_nothing_about_the_person(desk: Office) -> None:
    for number, state in enumerate(State):
        ref = desk.on("2019-05-06").case_in(state, **{**PERSON, "crime_ref": f"CVP-19-{number}", "surname": "Ashworth"})
        said = text_of(previewed(desk, ref, INSPECTOR, K.victim_update))
        assert f"Crime reference: CVP-19-{number}" in said
        asked = state not in (State.referred, State.closed)
        assert ("Dear Ms Farrow" if asked else "Dear Harbour Stores") in said
        for unknown in (
            "Ashworth",
            "Dale",
            "TS24",
            "900123",
            "dale@",
            "0163001",
            "lcohol",
            "eyworker",
            "Theft",
            "1994",
        ):
            assert unknown not in said, f"{unknown} in what a victim reads of a case that is {state}"
        for wrong in ("breach", "warn", "appointment", "review"):
            assert wrong not in said.lower()


def test_how_to_reach_a_victim_stands_in_no_document(desk: Office) -> None:
    for kind in KINDS:
        said = text_of(made(desk, kind, crime_ref=f"CVP-19-{kind}", surname=kind.title()))
        assert DALE["victim_contact"] not in said


LETTERS = (K.appointment_letter, K.breach_letter, K.completion_letter, K.victim_update)


@pytest.mark.parametrize("kind", LETTERS)
def test_a_letter_never_names_the_offence_and_its_window_shows_a_name_alone(desk: Office, kind: DocumentKind) -> None:
    pdf = made(desk, kind, **PERSON)
    assert "heft" not in text_of(pdf)
    above = re.sub(r"\s+", " ", pages(pdf)[0].partition("Dear ")[0])
    letterhead = "Cleveland Divert Police and probation, working together Community Safety Hub Cleveland 07700 900100"
    reader = "Ms Farrow Harbour Stores" if kind is K.victim_update else "Dale Ashworth TS24 7AA"
    assert above.startswith(f"{letterhead} divert@example.com {reader} ")
    crime = " Crime reference: CVP-19-100042" if kind is K.victim_update else ""
    assert re.fullmatch(rf"\d+ \w+ 2019 Our reference: D-19-\d+{crime} ", above.partition(f"{reader} ")[2])


@pytest.mark.parametrize("kind", [kind for kind in KINDS if KINDS[kind].reader != "the victim"])
def test_needs_and_notes_stand_in_no_document(desk: Office, kind: DocumentKind) -> None:
    said = text_of(made(desk, kind)).lower()
    for private in ("seems low", "mother", "hospital", "score", "abuse", "linked to the offending"):
        assert private not in said


def test_a_letter_can_still_be_written_when_the_words_of_a_case_are_gone(desk: Office) -> None:
    ref, who, about = ready_for(desk, K.breach_letter)
    assert "The report is about this" in text_of(previewed(desk, ref, who, K.breach_letter, about))
    with desk.database.writing() as session:
        session.execute(text("UPDATE ledger SET body = NULL, salt = NULL"))
    said = text_of(previewed(desk, ref, who, K.breach_letter, about))
    assert "you did not keep part of your contract on 6 May 2019" in said
    assert "The report is about this" not in said


# What the letters say


@pytest.mark.parametrize(
    ("decision", "says"),
    [
        ("continue", "Your contract goes on as it is."),
        ("warn", "Your contract goes on, with a warning."),
        ("vary", "Nothing changes until you have agreed and signed."),
        ("end", "The offence goes back to the police"),
    ],
)
def test_a_letter_about_a_breach_says_what_was_decided(desk: Office, decision: str, says: str) -> None:
    ref, who, about = ready_for(desk, K.breach_letter)
    before = text_of(previewed(desk, ref, who, K.breach_letter, about))
    assert "Nothing has been decided" in before
    assert "A decision is due by 13 May 2019" in before
    answer = {"decision": decision, "probation_view": "Agrees.", "reasons": "Enough."}
    desk.does(OTHER_INSPECTOR, DecideBreach.model_validate(answer), ref)
    after = text_of(previewed(desk, ref, who, K.breach_letter, about))
    assert says in after
    assert "Nothing has been decided" not in after


def test_a_meeting_is_named_by_cleveland_s_own_clock(desk: Office) -> None:
    ref = desk.on("2019-05-06").case_in(State.active)
    said = text_of(previewed(desk, ref, KEYWORKER, K.appointment_letter, booked(desk, ref)))
    assert "Wednesday 15 May 2019 at 10:00am" in said  # nine in the morning, UTC


def test_a_contract_that_is_paused_says_so(desk: Office) -> None:
    ref = desk.on("2019-05-06").case_in(State.active)
    away = PauseContract.model_validate({"from_on": "2019-05-06", "until_on": "2019-05-12", "why": "In hospital."})
    desk.does(PROBATION_LEAD, away, ref)
    said = text_of(previewed(desk, ref, KEYWORKER, K.contract))
    assert "paused from 6 May 2019 to 12 May 2019" in said
    assert "hospital" not in said


# Worth reading in a diff


def as_read(pdf: bytes) -> str:
    """What a document says, line by line. Hashes differ each time, and where a page ends is nobody's affair."""
    lines = [line for line in "\n".join(pages(pdf)).splitlines() if not re.search(r"Page \d+ of \d+$", line)]
    return "\n".join(re.sub(r"\b[0-9a-f]{16}\b", "…", line.rstrip()) for line in lines) + "\n"


@pytest.mark.parametrize("kind", [K.contract, K.handover])
def test_a_contract_and_a_bundle_say_what_was_agreed_that_they_say(desk: Office, kind: DocumentKind) -> None:
    golden(GOLDEN / f"{kind}.txt", as_read(made(desk, kind, **HARD_NAMES, interpreter="Vietnamese")))


def test_what_a_template_is_given_is_what_was_agreed(desk: Office) -> None:
    said = said_by(desk, K.appointment_letter, **HARD_NAMES)
    golden(GOLDEN / "said.json", json.dumps(said, indent=2, ensure_ascii=False) + "\n")
