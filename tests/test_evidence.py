"""Files of evidence: known by their bytes, given to one case, named by an entry, read by few, and gone in time."""

import json
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from api.app import create_app
from divert.acts.refusals import Refused
from divert.casework.command import Context
from divert.casework.commands.conditions import RecordProgress
from divert.casework.commands.retention import ReviewRetention
from divert.casework.giving import give
from divert.casework.upkeep.check import check
from divert.models import Access, File, LedgerEntry, State
from divert.people.staff import Actor
from divert.records import evidence
from divert.records.evidence import DOCX, FileRefused
from divert.worker.purge import purge
from tests.browsing import Page, Person
from tests.command_line import divert
from tests.office import AUDITOR, INSPECTOR, KEYWORKER, MANAGER, MEMBER, OFFICER, Office
from tests.service import EVIDENCE, SETTINGS, Service, service, visiting

FOLDER = Path(EVIDENCE.name)
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\nCertificate of the course, number "
LETTER = "The person came to every session.\nYours, £0 owed".encode()
PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452") + bytes(40)
JPEG = bytes.fromhex("ffd8ffe000104a4649460001") + bytes(40)


def packed(*names: str) -> bytes:
    """A zip file with these members."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            archive.writestr(name, "<x/>")
    return made.getvalue()


WORD = packed("[Content_Types].xml", "_rels/.rels", "word/document.xml")


@pytest.mark.parametrize(
    ("given", "kind"),
    [(PDF, "application/pdf"), (PNG, "image/png"), (JPEG, "image/jpeg"), (WORD, DOCX), (LETTER, "text/plain")],
)
def test_what_a_file_is_its_bytes_say(given: bytes, kind: str) -> None:
    assert evidence.media_type(given) == kind


@pytest.mark.parametrize(
    "given",
    [
        packed("a.txt"),
        packed("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"),
        packed("[Content_Types].xml", "xl/workbook.xml"),
        b"MZ\x90\x00\x03" + bytes(60),
        b"GIF89a" + bytes(20),
        b"Text with a null \x00 in it",
        "Text in Latin-1: £".encode("latin-1"),
    ],
    ids=["zip", "macros", "spreadsheet", "program", "gif", "null", "latin-1"],
)
def test_anything_else_is_not_taken(given: bytes) -> None:
    with pytest.raises(FileRefused, match="Give PDF, JPEG, PNG, Word \\(docx\\) or plain text"):
        evidence.media_type(given)


# Over JSON


@pytest.fixture
def ref(office: Office) -> str:
    return office.case_in(State.active)


@pytest.fixture
def counter(office: Office, ref: str) -> Iterator[Service]:
    with service(office) as opened:
        yield opened


def gives(counter: Service, who: Actor, ref: str, given: bytes) -> Any:
    return counter.ask(who, "POST", f"/api/cases/{ref}/evidence", content=given)


def names(counter: Service, who: Actor, ref: str, file: Any, title: str = "Certificate of the course") -> Any:
    said = {"condition": 4, "evidence": "Course done.", "files": [{"title": title, "file": file}]}
    return counter.does(who, "record-progress", ref, said)


def test_a_file_is_given_named_in_the_ledger_and_read_again(office: Office, ref: str, counter: Service) -> None:
    answer = gives(counter, KEYWORKER, ref, PDF)
    assert answer.status_code == 201
    file = answer.json()
    assert (file["media_type"], file["size"]) == ("application/pdf", len(PDF))
    done = names(counter, KEYWORKER, ref, file)
    assert done.status_code == 200, done.text
    with office.database.reading() as session:
        body = session.scalar(select(LedgerEntry.body).where(LedgerEntry.hash == done.json()["receipt"]))
        assert json.loads(body or "")["files"] == [{"title": "Certificate of the course", "file": file}]
    (listed,) = counter.ask(KEYWORKER, "GET", f"/api/cases/{ref}").json()["evidence"]
    read = counter.ask(INSPECTOR, "GET", listed["href"])
    assert read.content == PDF
    assert read.headers["content-disposition"] == f'attachment; filename="{ref}-entry-{listed["seq"]}.pdf"'
    assert read.headers["x-content-type-options"] == "nosniff"
    assert read.headers["content-security-policy"].startswith("sandbox;")
    with office.database.reading() as session:
        logged = session.execute(select(Access.by, Access.what).where(Access.what.like("file%"))).all()
    assert logged == [("keyworker", "file of evidence"), ("police.lead", f"file of entry {listed['seq']}")]
    assert [str(one) for one in check_all(office)] == []


def check_all(office: Office) -> list[Any]:
    with office.database.reading() as session:
        return [*check(session), *evidence.faults(session, FOLDER)]


def test_nobody_reads_a_file_who_may_not_read_what_named_it(ref: str, counter: Service) -> None:
    file = gives(counter, KEYWORKER, ref, PDF).json()
    address = f"/api/cases/{ref}/evidence/{file['sha256']}"
    assert counter.ask(KEYWORKER, "GET", address).status_code == 404  # nothing names it yet
    names(counter, KEYWORKER, ref, file)
    found = {who.username: counter.ask(who, "GET", address).status_code for who in (AUDITOR, OFFICER, MEMBER)}
    assert found == {"auditor": 200, "officer": 404, "panel.member": 404}
    assert counter.ask(OFFICER, "GET", f"/api/cases/{ref}").json()["evidence"] == []


def test_a_file_of_another_case_cannot_be_named_nor_what_it_is_be_changed(
    office: Office, ref: str, counter: Service
) -> None:
    file = gives(counter, KEYWORKER, ref, PDF).json()
    other = office.case_in(State.active, crime_ref="CVP-19-2")
    for case, said in ((other, file), (ref, {**file, "media_type": "text/plain"}), (ref, {**file, "size": 1})):
        refused = names(counter, KEYWORKER, case, said)
        assert refused.status_code == 409
        assert [one["guard"] for one in refused.json()["reasons"]] == ["files_were_given"]
    twice = {"condition": 4, "evidence": "Done.", "files": [{"title": "One", "file": file}] * 2}
    assert "given twice" in counter.does(KEYWORKER, "record-progress", ref, twice).text


def test_what_is_too_large_of_another_kind_or_of_no_use_is_refused(office: Office, ref: str, counter: Service) -> None:
    large = gives(counter, KEYWORKER, ref, bytes(SETTINGS.max_file_bytes + 1))
    assert (large.status_code, large.json()["detail"]) == (413, "The most is 10 MB.")
    assert gives(counter, KEYWORKER, ref, b"").json()["detail"] == "This file is empty. Choose another."
    assert gives(counter, KEYWORKER, ref, b"GIF89a" + bytes(9)).status_code == 415
    assert gives(counter, MEMBER, ref, PDF).status_code == 404
    ended = office.case_in(State.completed, crime_ref="CVP-19-2")
    assert gives(counter, KEYWORKER, ended, PDF).status_code == 409


# What goes, and what is found out


def given(office: Office, ref: str, content: bytes, *, named: bool = True) -> Path:
    """A file given by the keyworker, and named; where it lies."""
    with office.database.writing() as session:
        case = office.find(session, ref)
        context = Context(session, KEYWORKER, office.now, case.version + 1)
        file = give(case, context, FOLDER, content, most=1000)
    if named:
        said = {"condition": 4, "evidence": "Done.", "files": [{"title": "A letter", "file": file.model_dump()}]}
        office.does(KEYWORKER, RecordProgress.model_validate(said), ref)
    return FOLDER / file.sha256


def test_a_file_that_nothing_names_goes_after_a_day_and_one_that_is_named_stays(office: Office, ref: str) -> None:
    kept, left = given(office, ref, PDF + b"1"), given(office, ref, PDF + b"2", named=False)
    purge(office.database, lambda: office.now, FOLDER)
    assert (kept.exists(), left.exists()) == (True, True)
    office.on("2019-08-30")
    purge(office.database, lambda: office.now, FOLDER)
    assert (kept.exists(), left.exists()) == (True, False)


def test_with_a_case_its_files_are_disposed_of_unless_another_case_holds_them(office: Office) -> None:
    ref = office.case_in(State.active)
    alone, shared = given(office, ref, PDF + b"3"), given(office, ref, PDF + b"4")
    other = office.case_in(State.active, crime_ref="CVP-19-2")
    given(office, other, PDF + b"4")
    office.completes(office.keeps(ref))
    office.on("2025-08-30").does(MANAGER, ReviewRetention(decision="dispose", reason="Its time has passed."), ref)
    purge(office.database, lambda: office.now, FOLDER)
    assert (alone.exists(), shared.exists()) == (False, True)
    with office.database.reading() as session:
        assert session.scalars(select(File.sha256)).all() == [shared.name]
    assert check_all(office) == []


def test_a_file_that_is_missing_or_changed_is_a_fault(office: Office, ref: str) -> None:
    gone, changed = given(office, ref, PDF + b"5"), given(office, ref, PDF + b"6")
    gone.unlink()
    changed.write_bytes(PDF + b"7")
    found = [str(one).replace(gone.name, "A").replace(changed.name, "B") for one in check_all(office)]
    changed.unlink()
    assert [one.partition(": ")[2] for one in found] == ["file A is missing", "file B is not what was given"]


def test_a_case_that_takes_none_refuses_before_anything_is_kept(desk: Office) -> None:
    ref = desk.case_in(State.completed)
    with pytest.raises(Refused, match="nothing that you could give a file to"):
        given(desk, ref, PDF + b"8")


def test_it_is_given_and_named_from_the_command_line(desk: Office, sqlite_url: str, tmp_path: Path) -> None:
    ref = desk.case_in(State.active)
    file, body = tmp_path / "letter.txt", tmp_path / "body.json"
    file.write_bytes(LETTER)
    said = divert("evidence", ref, file, "--by", "keyworker", url=sqlite_url)
    assert said.code == 0, said.words
    body.write_text(json.dumps({"condition": 4, "evidence": "A letter came."} | json.loads(said.answer)))
    assert divert("act", "record-progress", ref, "--body", body, "--by", "keyworker", url=sqlite_url).code == 0
    assert "Every invariant holds" in divert("check", url=sqlite_url).answer
    file.write_bytes(b"GIF89a" + bytes(9))
    assert divert("evidence", ref, file, "--by", "keyworker", url=sqlite_url).code == 2


# At a page


@pytest.fixture
def keyworker(desk: Office) -> Iterator[Person]:
    desk.case_in(State.active)
    with TestClient(create_app(desk.database, lambda: desk.now, SETTINGS)) as client:
        yield Person(visiting(client, KEYWORKER))


def attaches(person: Person, page: Page, content: bytes, **answers: Any) -> Page:
    """Send a page's form with one file in its first row."""
    answered = person.answered(page.form, answers)
    answered.pop("files-0-file", None)
    return person.sends(page.form, answered, str(page.response.url), [("files-0-file", ("Dale Ashworth.pdf", content))])


def test_a_file_given_with_a_form_that_fails_is_kept_and_named_in_the_next(desk: Office, keyworker: Person) -> None:
    form = keyworker.reads("/cases/D-19-0001/record-progress")
    assert 'enctype="multipart/form-data"' in form.response.text
    failed = attaches(keyworker, form, PDF, condition=4)
    assert failed.status == 422
    assert "File 1, What it is: This is needed" in failed.text
    assert "Kept: PDF, 1 KB." in failed.text
    again = {"condition": 4, "evidence": "Course done.", "files-0-title": "Certificate"}
    done = keyworker.fills(failed, **again)
    assert done.response.url.path == "/cases/D-19-0001"
    assert "Certificate (PDF, 1 KB)" in done.text
    with desk.open("D-19-0001") as case:
        (held,) = case.evidence
        assert (FOLDER / held.sha256).read_bytes() == PDF
    assert "Ashworth" not in " ".join(one.name for one in FOLDER.iterdir())
    assert keyworker.client.get(done.links["Certificate (PDF, 1 KB)"]).content == PDF


def test_another_file_takes_the_place_of_one_that_is_kept(desk: Office, keyworker: Person) -> None:
    form = keyworker.reads("/cases/D-19-0001/record-progress")
    failed = attaches(keyworker, form, PDF, condition=4)
    done = attaches(keyworker, failed, LETTER, condition=4, evidence="Came.", **{"files-0-title": "A letter"})
    assert "A letter (plain text, 1 KB)" in done.text


def test_several_files_are_given_a_row_each_and_one_is_taken_out_again(keyworker: Person) -> None:
    form = keyworker.reads("/cases/D-19-0001/record-progress")
    another = dict([form.form.presses["Add another file"]])
    said = keyworker.answered(form.form, {"condition": 4, "files-0-title": "Certificate"})
    two = keyworker.sends(
        form.form, said | {name: [value] for name, value in another.items()}, str(form.response.url),
        [("files-0-file", ("a", PDF))],
    )  # fmt: skip
    assert "Kept: PDF, 1 KB." in two.text
    said = keyworker.answered(two.form, {"files-1-title": "A letter"}) | {"remove": ["files-0"]}
    one = keyworker.sends(two.form, said, str(two.response.url), [("files-1-file", ("b", LETTER))])
    assert one.form.values["files-0-title"] == ["A letter"]
    assert "Kept: plain text, 1 KB." in one.text
    assert "Kept: PDF" not in one.text


def test_a_file_that_is_not_taken_is_said_at_its_question(keyworker: Person) -> None:
    form = keyworker.reads("/cases/D-19-0001/record-progress")
    failed = attaches(keyworker, form, b"GIF89a" + bytes(9), condition=4, evidence="Done.")
    assert failed.status == 422
    assert "File 1, File: This file is not taken. Give PDF" in failed.text
    unnamed = keyworker.fills(form, condition=4, evidence="Done.", **{"files-0-title": "Certificate"})
    assert "File 1, File: Choose a file." in unnamed.text
