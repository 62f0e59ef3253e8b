"""What another system sends: each note once, whole files only, and no fact ever overwritten."""

import csv
import io
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from divert.acts.refusals import NotAllowed
from divert.casework.commands.record import SetSensitivity
from divert.casework.commands.sharing import RecordConsent
from divert.casework.intake.receiving import Taken, receive
from divert.casework.upkeep.check import check
from divert.exchange.format import read, sha256
from divert.exchange.received import MAX_BYTES, MAX_NOTES, ReceivedNote, UnusableFile, read_notes
from divert.models import Access, State
from divert.people.staff import Actor
from divert.records.ledger import entries_of
from tests.command_line import counts, divert
from tests.golden import golden
from tests.office import AUDITOR, INSPECTOR, KEYWORKER, Office

ROOT = Path(__file__).parent.parent
HOUSING = "Harbour Housing"
MOVED: dict[str, Any] = {
    "case_ref": "D-19-0001",
    "from_organisation": HOUSING,
    "at": "2019-05-03T14:30:00+01:00",
    "text": 'Moved into a flat, "the blue door",\nabove the shop.',
    "external_id": "HH-1",
}
RANG = {**MOVED, "text": "Rang about the rent.", "external_id": "HH-2"}


def as_json(*notes: Any) -> bytes:
    return "".join(json.dumps(one) + "\n" for one in notes).encode()


def as_csv(*notes: dict[str, Any]) -> bytes:
    text = io.StringIO(newline="")
    rows = csv.DictWriter(text, list(ReceivedNote.model_fields))
    rows.writeheader()
    rows.writerows(notes)
    return text.getvalue().encode()


def takes(office: Office, file: bytes, who: Actor = KEYWORKER, sender: str = HOUSING) -> Taken:
    """A file is taken, or nothing of it."""
    office.minutes += 1
    with office.database.writing() as session:
        return receive(session, read_notes(file), sender, who, office.now)


def faults(office: Office, file: bytes, who: Actor = KEYWORKER) -> list[str]:
    """What is said against a file; nothing of it is kept."""
    before = counts(office.database)
    with pytest.raises(UnusableFile) as unusable:
        takes(office, file, who)
    assert counts(office.database) == before
    return [str(one) for one in unusable.value.faults]


def notes(office: Office, ref: str) -> list[str]:
    with office.database.reading() as session:
        entries = entries_of(session, office.find(session, ref))
        return [json.loads(one.body or "")["text"] for one in entries if one.command == "add-note"]


@pytest.mark.parametrize("spelled", [as_json, as_csv])
def test_what_comes_back_is_a_note_of_the_case_once_however_often_it_is_sent(office: Office, spelled: Any) -> None:
    ref = office.case_in(State.active)
    assert takes(office, spelled(MOVED, RANG)) == Taken(2, 0)
    assert takes(office, spelled(RANG, MOVED), sender="harbour housing") == Taken(0, 2)
    assert notes(office, ref) == [
        'From Harbour Housing, 3 May 2019, 2:30pm: Moved into a flat, "the blue door",\nabove the shop.',
        "From Harbour Housing, 3 May 2019, 2:30pm: Rang about the rent.",
    ]
    with office.database.reading() as session:
        assert [str(fault) for fault in check(session)] == []
        logged = session.scalars(select(Access).where(Access.what == "received from another agency's system")).all()
        assert [(one.kind, one.case_ref) for one in logged] == [("collection", ref)] * 2


def test_both_spellings_say_the_same_and_a_line_told_twice_in_one_file_is_one_note(desk: Office) -> None:
    ref = desk.case_in(State.active)
    assert [one.note for one in read_notes(as_csv(MOVED, RANG))] == [
        one.note for one in read_notes(as_json(MOVED, RANG))
    ]
    assert takes(desk, as_json(MOVED, MOVED)) == Taken(1, 1)
    assert len(notes(desk, ref)) == 1


def test_an_identifier_that_stood_for_something_else_is_pointed_at(desk: Office) -> None:
    desk.case_in(State.active)
    other = {**MOVED, "text": "Something else."}
    assert faults(desk, as_json(RANG, MOVED, other)) == ["Line 3, external_id: line 2 has this one, for another note."]
    takes(desk, as_json(MOVED))
    assert faults(desk, as_json(RANG, other)) == [
        "Line 2, external_id: this one was received before, for another note."
    ]


def test_one_bad_line_and_nothing_of_the_file_is_kept_and_each_is_named_with_its_field(office: Office) -> None:
    office.case_in(State.active)
    file = as_json(
        MOVED,
        {**RANG, "case_ref": "D-19-9999"},
        {**RANG, "from_organisation": "Quayside Loans", "external_id": "HH-3"},
        {**RANG, "at": "2019-05-07T10:00:00Z", "external_id": "HH-4"},
    )
    assert faults(office, file) == [
        "Line 2, case_ref: There is no case D-19-9999 that you may open.",
        "Line 3, from_organisation: this is not the organisation that the file is from.",
        "Line 4, at: this is in the future.",
    ]


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (as_json(MOVED, {**RANG, "at": "2019-05-03T14:30"}), "Line 2, at: Input should have timezone info."),
        (as_json({**MOVED, "text": " "}), "Line 1, text: String should have at least 1 character."),
        (as_json({**MOVED, "state": "completed"}), "Line 1, state: Extra inputs are not permitted."),
        (as_json(MOVED) + b"\n[1]\n", "Line 3, line: this is not one JSON object. Write one note a line."),
        (as_json({**MOVED, "external_id": "A B"}), "Line 1, external_id: String should match pattern"),
        (as_csv(MOVED, {**RANG, "case_ref": "19/1"}), "Line 4, case_ref: String should match pattern"),
        (as_csv(MOVED) + b"D-19-0001,too,few\n", "Line 4, line: 3 cells where the first line names 5 columns."),
        (as_csv(MOVED) + b'"D-19', "Line 4, line: this is not CSV from here on"),
        (b"", "Line 1, line: the file is empty."),
        (b"name,score\n", "Line 1, line: the first line names other columns"),
        (as_csv(MOVED) + b"\xff", "Line 4, file: this is not UTF-8 text."),
        (b" " * (MAX_BYTES + 1), "Line 1, file: it is larger than 5 MB."),
        (as_json(*({**RANG, "external_id": f"N{n}"} for n in range(MAX_NOTES + 1))), "Line 1001, file: more than 1000"),
        (as_json({**MOVED, "text": "A bell: \x07"}), "Line 1, text: This holds a character that cannot be kept"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(desk: Office, file: bytes, said: str) -> None:
    desk.case_in(State.active)
    found = faults(desk, file)
    assert len(found) == 1
    assert found[0].startswith(said)


def test_what_may_not_be_noted_is_not_received(desk: Office) -> None:
    ref = desk.case_in(State.closed)
    assert faults(desk, as_json(MOVED)) == ["Line 1, case_ref: 'Add a note' is not done while a case is closed."]
    other = desk.case_in(State.active, crime_ref="CVP-19-2", surname="Brook")
    with pytest.raises(NotAllowed):
        takes(desk, as_json({**MOVED, "case_ref": other}), AUDITOR)
    desk.does(INSPECTOR, SetSensitivity.model_validate({"level": "restricted", "reason": "Known."}), ref)
    stranger = Actor("keyworker.two", KEYWORKER.role)
    assert faults(desk, as_json(MOVED), stranger) == [f"Line 1, case_ref: There is no case {ref} that you may open."]


def test_the_published_schema_of_a_note_is_the_model_s() -> None:
    schema = json.dumps(ReceivedNote.model_json_schema(), indent=2, ensure_ascii=False) + "\n"
    golden(ROOT / "docs" / "received-note.schema.json", schema)


# At the command line


def test_a_case_is_shared_at_the_command_line_and_notes_are_taken(
    office: Office, database_url: str, tmp_path: Path
) -> None:
    ref, out, back = office.case_in(State.active), tmp_path / "out.csv", tmp_path / "back.csv"
    call = ("exchange", "export", ref, "--to", HOUSING, "--out", out, "--format", "csv", "--by", "keyworker")
    said = divert(*call, url=database_url)
    assert (said.code, said.answer, out.exists()) == (1, "", False)
    assert "No consent to share is in force in this case." in said.words
    office.does(KEYWORKER, RecordConsent.model_validate(FOREVER), ref)
    said = divert(*call, "--json", url=database_url)
    assert said.json["sha256"] == sha256(out.read_bytes())
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert read(out.read_bytes(), "csv").parts == ["who", "contract"]
    assert read(out.read_bytes(), "csv").case == ref
    back.write_bytes(as_csv(MOVED, RANG))
    told = divert("exchange", "import", back, "--from", HOUSING, "--by", "keyworker", url=database_url)
    assert (told.code, told.answer) == (0, "2 notes added, 0 here already.\n")
    assert divert("exchange", "import", back, "--from", HOUSING, "--json", url=database_url).json == {
        "added": 0,
        "known": 2,
    }
    back.write_bytes(as_csv({**MOVED, "case_ref": "D-19-9999"}))
    told = divert("exchange", "import", back, "--from", HOUSING, url=database_url)
    assert (told.code, told.answer) == (1, "")
    assert told.words == "Line 2, case_ref: There is no case D-19-9999 that you may open.\nNothing was kept.\n"


FOREVER = {
    "answer": "given",
    "said_on": "2019-05-06",
    "how": "signed",
    "recipients": [{"name": HOUSING}],
    "parts": ["who", "contract"],
}


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (("D-19-0099", "--to", HOUSING), "There is no case D-19-0099 that you may open."),
        (("D-19-0001", "--to", "x" * 121), "recipient: String should have at most 120 characters"),
        (("D-19-0001", "--to", HOUSING, "--by", "nobody"), "there is nobody active with the username nobody"),
    ],
)
def test_a_call_that_is_wrong_exits_2(
    desk: Office, sqlite_url: str, tmp_path: Path, call: tuple[str, ...], says: str
) -> None:
    desk.case_in(State.active)
    said = divert("exchange", "export", *call, "--out", tmp_path / "out.json", url=sqlite_url)
    assert (said.code, said.answer) == (2, "")
    assert says in said.words
    assert list(tmp_path.glob("out*")) == []
