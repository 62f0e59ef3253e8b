"""Documents at the command line: written to be looked at, issued only where that is asked for."""

from pathlib import Path

from divert.casework.commands.documents import sha256
from divert.models import Document, State
from tests.command_line import Said, divert
from tests.office import Office
from tests.papers import missed, text_of


def contract(desk: Office, tmp_path: Path, *more: str) -> tuple[str, Path, Said]:
    ref = desk.on("2019-05-06").case_in(State.active)
    out = tmp_path / "contract.pdf"
    words = ("document", ref, "contract", "--out", out, "--by", "keyworker", *more)
    return ref, out, divert(*words, url=str(desk.database.url))


def issued(desk: Office) -> list[tuple[str, bool, str]]:
    with desk.database.reading() as session:
        return [(one.kind, one.large_print, one.sha256) for one in session.query(Document)]


def test_a_document_is_written_to_be_looked_at_and_not_issued(desk: Office, tmp_path: Path) -> None:
    _, out, said = contract(desk, tmp_path)
    assert said.code == 0, said.words
    assert "My Divert contract" in text_of(out.read_bytes())
    assert out.stat().st_mode & 0o077 == 0
    assert said.answer.splitlines()[1:] == [
        f"SHA-256 {sha256(out.read_bytes())}",
        "Not issued: read it first, then add --issue.",
    ]
    assert issued(desk) == []


def test_where_it_is_asked_for_it_is_issued_as_written(desk: Office, tmp_path: Path) -> None:
    ref, out, said = contract(desk, tmp_path, "--large-print", "--issue", "--json")
    assert said.code == 0, said.words
    assert issued(desk) == [("contract", True, sha256(out.read_bytes()))]
    with desk.open(ref) as case:
        assert said.json == {
            "ref": ref,
            "kind": "contract",
            "file": str(out),
            "sha256": sha256(out.read_bytes()),
            "receipt": case.head,
        }


def test_what_cannot_be_made_is_refused_with_what_is_missing(desk: Office, tmp_path: Path) -> None:
    ref = desk.on("2019-05-06").case_in(State.active)
    url, out = str(desk.database.url), tmp_path / "letter.pdf"
    early = divert("document", ref, "completion_letter", "--out", out, url=url)
    assert early.code == 1
    assert "is issued while a case is completed. This one is active." in early.words
    nothing = divert("document", ref, "appointment_letter", "--about", 99, "--out", out, "--by", "keyworker", url=url)
    assert nothing.code == 1
    assert "There is no booked appointment with number 99" in nothing.words
    assert divert("document", "D-19-9999", "contract", "--out", out, url=url).code == 1
    assert not out.exists()


def test_a_call_that_cannot_be_meant_says_what_a_right_one_is(desk: Office, tmp_path: Path) -> None:
    ref = desk.on("2019-05-06").case_in(State.active)
    missed(desk, ref)
    url, out = str(desk.database.url), tmp_path / "letter.pdf"
    vague = divert("document", ref, "breach_letter", "--out", out, "--by", "keyworker", url=url)
    assert (vague.code, "say which breach it is about" in vague.words) == (2, True)
    assert divert("document", ref, "summons", "--out", out, url=url).code == 2
    not_theirs = divert("document", ref, "contract", "--out", out, "--by", "officer", url=url)
    assert (not_theirs.code, "'Issue a document' is for the" in not_theirs.words) == (2, True)
    assert not out.exists()
