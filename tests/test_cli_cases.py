"""Cases at the command line: a file comes in, a table goes out, facts are judged at the desk."""

import csv
import io
import json
import stat
from pathlib import Path

import pytest
from sqlalchemy import select

from divert.db import Database
from divert.models import Access, Case, State
from tests.command_line import Said, counts, divert
from tests.conftest import DATA
from tests.office import DALE, Office

REFERRALS = DATA / "referrals-2019.csv"
EXPECTED = DATA / "referrals-2019.expected.csv"

# import


def test_the_report_of_an_import_is_the_expected_file_and_a_second_run_changes_nothing(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    report = tmp_path / "out.csv"
    said = divert("import", REFERRALS, "--report", report, url=database_url)
    assert (said.code, report.read_bytes()) == (1, EXPECTED.read_bytes())  # 1: rows were rejected
    assert "130 rows: 49 eligible, 31 ineligible, 11 not yet known, 15 rejected, 24 review." in said.answer
    assert str(report) in said.answer
    assert "Row 3: offence_on: The offence is after the referral." in said.words
    before = counts(database)
    again = divert("import", REFERRALS, "--json", url=database_url)
    assert again.json["results"] == {"duplicate": 115, "rejected": 15}
    assert counts(database) == before


def test_a_dry_run_reports_the_same_and_writes_nothing(sqlite: Database, sqlite_url: str, tmp_path: Path) -> None:
    report = tmp_path / "out.csv"
    before = counts(sqlite)
    said = divert("import", REFERRALS, "--dry-run", "--report", report, url=sqlite_url)
    assert (said.code, report.read_bytes()) == (1, EXPECTED.read_bytes())
    assert "Nothing was written." in said.answer
    assert counts(sqlite) == before


def test_a_file_without_a_rejected_row_exits_0(sqlite_url: str, tmp_path: Path) -> None:
    file = tmp_path / "two.csv"
    file.write_bytes(b"".join(REFERRALS.read_bytes().splitlines(keepends=True)[:3]))
    assert divert("import", file, "--by", "officer", url=sqlite_url).code == 0
    assert divert("import", file, url=sqlite_url) == Said(0, "2 rows: 2 duplicate.\n", "")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"Dear colleague\n", "names no column of a referral file"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "names no column"),
        (REFERRALS.read_bytes()[:5000], "cut short"),
        (REFERRALS.read_bytes().replace(b"remorse", b"remorce", 1), "Unknown columns: remorce"),
    ],
)
def test_a_file_that_cannot_be_used_exits_2_with_nothing_written(
    sqlite: Database, sqlite_url: str, tmp_path: Path, content: bytes, said: str
) -> None:
    file, before = tmp_path / "bad.csv", counts(sqlite)
    file.write_bytes(content)
    told = divert("import", file, "--report", tmp_path / "out.csv", url=sqlite_url)
    assert (told.code, told.answer) == (2, "")
    assert said in told.words
    assert "Nothing was written." in told.words
    assert counts(sqlite) == before
    assert not (tmp_path / "out.csv").exists()


def test_a_file_of_100_mb_a_missing_one_and_a_folder_are_refused(sqlite_url: str, tmp_path: Path) -> None:
    large = tmp_path / "large.csv"
    with large.open("wb") as sparse:
        sparse.truncate(100_000_000)
    assert "at most 50 MB" in divert("import", large, url=sqlite_url).words
    for missing in (tmp_path / "none.csv", tmp_path):
        told = divert("import", missing, url=sqlite_url)
        assert (told.code, "no such file" in told.words) == (2, True)


def test_whoever_does_not_refer_and_whoever_is_unknown_cannot_import(sqlite: Database, sqlite_url: str) -> None:
    for who, why in (("board", "does not refer people"), ("nobody", "nobody active"), ("keyworker", "does not refer")):
        told = divert("import", REFERRALS, "--by", who, url=sqlite_url)
        assert (told.code, why in told.words) == (2, True)
    assert counts(sqlite)["Case"] == 0


def test_a_report_that_cannot_be_written_stops_the_import_before_it_begins(
    sqlite: Database, sqlite_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "copy.csv"
    file.write_bytes(REFERRALS.read_bytes())
    assert "name another file" in divert("import", file, "--report", file, url=sqlite_url).words
    assert file.read_bytes() == REFERRALS.read_bytes()
    assert divert("import", file, "--report", tmp_path / "no" / "out.csv", url=sqlite_url).code == 2
    assert counts(sqlite)["Case"] == 0


# export


def test_an_export_has_a_row_a_case_and_logs_each_as_disclosed(office: Office, database_url: str) -> None:
    done = office.case_in(State.completed)
    begun = office.on("2019-06-03").refers(surname="=1+1", crime_ref="CVP-19-2")
    told = divert("export", "--by", "manager", "--to", "Criminal Justice Board", url=database_url)
    shown = list(csv.DictReader(io.StringIO(told.answer)))
    assert [row["ref"] for row in shown] == [done, begun]
    assert (shown[0]["state"], shown[0]["outcome_code"], shown[0]["police_decision"]) == ("completed", "22", "yes")
    assert (shown[1]["surname"], shown[1]["keyworker"]) == ("'=1+1", "")
    with office.database.reading() as session:
        logged = session.scalars(select(Access).where(Access.kind == "disclosure").order_by(Access.id)).all()
        assert [(one.case_ref, one.by, one.recipient) for one in logged] == [
            (done, "manager", "Criminal Justice Board"),
            (begun, "manager", "Criminal Justice Board"),
        ]


def test_an_officer_exports_their_own_referrals_and_the_board_nobody(desk: Office, sqlite_url: str) -> None:
    ref = desk.refers()
    assert [case["ref"] for case in divert("export", "--json", "--by", "officer", url=sqlite_url).json] == [ref]
    for who in ("officer.two", "board", "panel.member"):
        assert divert("export", "--json", "--by", who, url=sqlite_url).json == []


def test_an_exported_file_is_for_its_owner_alone_and_only_there_when_whole(
    desk: Office, sqlite_url: str, tmp_path: Path
) -> None:
    ref, out = desk.refers(), tmp_path / "cases.json"
    told = divert("export", "--format", "json", "--out", out, url=sqlite_url)
    assert (told.code, told.answer) == (0, "")
    assert json.loads(out.read_text(encoding="utf-8"))[0]["ref"] == ref
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.glob("cases*")] == ["cases.json"]
    assert divert("export", "--out", tmp_path / "no" / "x.csv", url=sqlite_url).code == 2


# judge

KNOWN = {name: DALE[name] for name in DALE if name not in ("crime_ref", "officer", "officer_unit", "surname")}
FACTS = {
    **{name: KNOWN[name] for name in KNOWN if not name.startswith(("victim", "sex", "ethnicity", "forenames"))},
    "agreement_signed_on": "2019-05-02",
}


def judged(facts: object, *words: str) -> Said:
    return divert("judge", "-", *words, url="sqlite://", stdin=facts if isinstance(facts, str) else json.dumps(facts))


@pytest.mark.parametrize(
    ("change", "code", "headline"),
    [
        ({}, 0, "Eligible"),
        ({"previous_convictions": 2}, 0, "For review"),
        ({"remorse": "no"}, 1, "Ineligible"),
        ({"remorse": ""}, 1, "Not yet known"),
    ],
)
def test_facts_are_judged_in_words_and_by_the_exit_code(change: dict[str, object], code: int, headline: str) -> None:
    told = judged({**FACTS, **change})
    assert told.code == code
    assert told.answer.startswith(headline)
    assert "2019-04-01-full" in told.answer


def test_facts_are_judged_from_a_file_by_the_policy_of_another_day(tmp_path: Path) -> None:
    file = tmp_path / "facts.json"
    cannabis = {**FACTS, "offence_code": "MD71530", "offence_on": "2019-03-01", "agreement_signed_on": "2019-03-02"}
    file.write_text(json.dumps(cannabis), encoding="utf-8")
    told = divert("judge", file, "--on", "2019-03-31", "--json", url="sqlite://")
    assert told.code == 1
    assert (told.json["verdict"], told.json["because"]) == ("ineligible", ["offence"])
    assert told.json["policy"] == "2019-01-01-pilot"
    offence = next(rule for rule in told.json["trace"] if rule["id"] == "offence")
    assert (offence["met"], offence["facts"]["offence_codes"]) == (False, ["MD71530"])
    assert divert("judge", file, "--on", "2019-04-01", url="sqlite://").code == 0


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ("{", "not JSON"),
        ("[1]", "one JSON object"),
        ("[" * 100_000, "not deeply nested"),
        ('{"referred_on": "2019-04-20", "remorse": NaN}', "remorse"),
        ({}, "referred_on: This is missing"),
        ({**FACTS, "surname": "Marr"}, "surname: There is no such field."),
        ({**FACTS, "offence_on": "2019-02-30"}, "offence_on: This is not a date that exists"),
        ({**FACTS, "offence_code": "TH99999"}, "offence_code: No offence"),
        ({**FACTS, "referred_on": "2018-12-31"}, "referred_on: This is before the scheme started"),
        ("x" * 1_000_001, "larger than 1 MB"),
    ],
)
def test_facts_that_cannot_be_read_exit_2_and_name_the_field(facts: object, said: str) -> None:
    told = judged(facts)
    assert (told.code, told.answer) == (2, "")
    assert said in told.words


def test_a_missing_facts_file_and_text_that_is_not_utf_8_are_told_plainly(tmp_path: Path) -> None:
    assert "No such file" in divert("judge", tmp_path / "none.json", url="sqlite://").words
    latin = tmp_path / "latin.json"
    latin.write_bytes(b'{"gravity_matrix": "\xe9"}')
    assert divert("judge", latin, url="sqlite://").code == 2


def test_judging_stores_nothing(desk: Office, sqlite_url: str) -> None:
    before = counts(desk.database)
    divert("judge", "-", url=sqlite_url, stdin=json.dumps(FACTS))
    assert counts(desk.database) == before
    with desk.database.reading() as session:
        assert session.scalars(select(Case)).all() == []
