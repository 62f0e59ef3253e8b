"""A referral file is taken whole or refused whole; its rows stand each for itself; and it can always be sent again."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy import select

from divert.acts.refusals import NotAllowed
from divert.casework.commands.referral import Refer
from divert.casework.intake.referral_file import (
    BATCH,
    COLUMNS,
    MAX_BYTES,
    MAX_ROWS,
    FileRefused,
    FileRow,
    Outcome,
    check_shape,
    require_small,
    rows,
    take,
)
from divert.db import Database
from divert.models import Case, State
from divert.people.staff import OPERATOR
from tests.command_line import counts
from tests.conftest import DATA
from tests.office import BOARD, OFFICER

REFERRALS = DATA / "referrals-2019.csv"
EXPECTED = DATA / "referrals-2019.expected.csv"
WHOLE = REFERRALS.read_bytes()
HEADER = WHOLE.splitlines(keepends=True)[0]
GOOD = next(rows(io.BytesIO(WHOLE))).cells
"""The first row of the file: eligible in every way."""
ALL_ROWS = [row.cells for row in rows(io.BytesIO(WHOLE))]


def at() -> datetime:
    return datetime(2019, 9, 2, 9, tzinfo=UTC)


def written(*cells: dict[str, str], columns: tuple[str, ...] = tuple(GOOD)) -> bytes:
    """A referral file with these rows."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(cells)
    return text.getvalue().encode()


def taken(database: Database, file: bytes, *, dry_run: bool = False) -> list[Outcome]:
    return list(take(database, rows(io.BytesIO(file)), OPERATOR, at, dry_run=dry_run))


def refusal(file: bytes) -> str:
    with pytest.raises(FileRefused) as refused:
        check_shape(io.BytesIO(file))
    return str(refused.value)


def expected() -> list[list[str]]:
    with EXPECTED.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


# The whole file


def test_every_row_comes_to_what_is_expected_of_it(database: Database) -> None:
    assert [outcome.report() for outcome in taken(database, WHOLE)] == expected()


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize("column", ["referred_on", "agreement_signed_on"])
def test_what_is_dated_tomorrow_is_rejected_and_what_is_dated_today_is_not(
    sqlite: Database, column: str, dry_run: bool
) -> None:
    tomorrow, today = ({**GOOD, "crime_ref": day, column: day} for day in ("2019-09-03", "2019-09-02"))
    rejected, eligible = taken(sqlite, written(tomorrow, today), dry_run=dry_run)
    assert (rejected.result, rejected.because) == ("rejected", (column,))
    assert rejected.why == (f"{column}: A date in the future cannot be recorded as done.",)
    assert eligible.result == "eligible"


def test_the_verdict_told_is_the_verdict_stored_unless_the_agreement_is_missing(sqlite: Database) -> None:
    told = {one.crime_ref: one for one in taken(sqlite, WHOLE) if one.result != "rejected"}
    with sqlite.reading() as session:
        stored = session.scalars(select(Case)).all()
        assert {case.crime_ref for case in stored} == set(told)
        for case in stored:
            if case.agreement_signed_on is None:
                assert (case.state, case.verdict) == (State.referred, None)
            else:
                unknown = told[case.crime_ref].result == "not_yet_known"
                assert case.verdict == told[case.crime_ref].result
                assert case.state == (State.referred if unknown else State.under_decision)


def test_a_second_run_changes_nothing(database: Database) -> None:
    taken(database, WHOLE)
    before = counts(database)
    again = {outcome.result for outcome in taken(database, WHOLE)}
    assert again == {"duplicate", "rejected"}
    assert counts(database) == before


def test_after_an_interruption_the_file_is_sent_again_and_nothing_is_lost_or_doubled(database: Database) -> None:
    interrupted = take(database, rows(io.BytesIO(WHOLE)), OPERATOR, at)
    first = [next(interrupted) for _ in range(3)]
    interrupted.close()  # type: ignore[attr-defined]  # it is a generator: this is what a kill leaves behind
    assert counts(database)["Case"] == sum(row[2] != "rejected" for row in expected()[:BATCH])
    again = taken(database, WHOLE)
    assert [one.result for one in again[:3]] == [
        "rejected" if one.result == "rejected" else "duplicate" for one in first
    ]
    assert [one.report() for one in again[BATCH:]] == expected()[BATCH:]


def test_a_dry_run_answers_the_same_and_writes_nothing(database: Database) -> None:
    twin = {**GOOD, "custody_ref": "MC/1/19"}
    namesake = {**GOOD, "pnc_id": "", "date_of_birth": ""}
    another = {**GOOD, "crime_ref": "CVP-19-000002"}
    file = written(
        GOOD, twin, {**another, "pnc_id": ""}, namesake, {**another, "surname": "Marr"}, {**GOOD, "sex": "?"}
    )
    before = counts(database)
    foreseen = taken(database, file, dry_run=True)
    assert counts(database) == before
    assert taken(database, file) == foreseen
    assert [one.result for one in foreseen] == [
        "eligible",
        "duplicate",
        "eligible",
        "duplicate",
        "eligible",
        "rejected",
    ]
    assert [one.result for one in taken(database, file, dry_run=True)] == ["duplicate"] * 5 + ["rejected"]


def test_a_closed_case_is_a_duplicate_too(sqlite: Database) -> None:
    taken(sqlite, written(GOOD))
    with sqlite.writing() as session:
        session.scalars(select(Case)).one().state = State.closed
    assert [one.result for one in taken(sqlite, written(GOOD))] == ["duplicate"]


def test_an_officer_who_sends_a_file_has_referred_its_people(sqlite: Database) -> None:
    list(take(sqlite, rows(io.BytesIO(written(GOOD))), OFFICER, at))
    with sqlite.reading() as session:
        assert session.scalars(select(Case.referred_by)).all() == ["officer"]


@pytest.mark.parametrize("dry_run", [True, False])
def test_whoever_may_not_refer_may_not_send_a_file(sqlite: Database, dry_run: bool) -> None:
    with pytest.raises(NotAllowed):
        list(take(sqlite, rows(io.BytesIO(written(GOOD))), BOARD, at, dry_run=dry_run))


# Its form


def test_a_byte_order_mark_and_any_order_of_columns_are_fine(sqlite: Database) -> None:
    file = b"\xef\xbb\xbf" + written(GOOD, columns=tuple(reversed(GOOD)))
    assert [one.result for one in taken(sqlite, file)] == ["eligible"]


def test_a_note_may_run_over_several_lines_and_blank_lines_are_no_rows() -> None:
    note = 'Said "sorry",\r\ntwice.\n\nAnd meant it.'
    file = written({**GOOD, "notes": note}, GOOD) + b"\r\n\n"
    read = list(rows(io.BytesIO(file)))
    assert [row.number for row in read] == [1, 2]
    assert read[0].cells["notes"] == note


def test_columns_a_force_may_add_are_taken(sqlite: Database) -> None:
    file = written({**GOOD, "asn": "1917ZD0100000012345F"}, columns=(*GOOD, "asn"))
    assert [one.result for one in taken(sqlite, file)] == ["eligible"]


def test_the_columns_are_the_fields_of_a_referral_and_those_of_the_file_are_all_known() -> None:
    assert set(COLUMNS) == set(Refer.model_fields) - {"further_offences"}
    assert set(GOOD) <= set(COLUMNS)


LINES = WHOLE.splitlines(keepends=True)
FAULTY_FILES: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "an empty file": (b"", ("The file is empty",)),
    "a workbook": (b"PK\x03\x04\x14\x00\x06\x00\x08\x00", ("First line", "CSV UTF-8")),
    "UTF-16": ("crime_ref,surname\n".encode("utf-16"), ("First line", "UTF-8")),
    "prose": (b"Dear colleague,\nplease find attached\n", ("no column of a referral file", "referred_on")),
    "no header": (b"".join(LINES[1:]), ("no column of a referral file",)),
    "semicolons": (WHOLE.replace(b",", b";"), ("no column of a referral file",)),
    "a column too many": (written(GOOD, columns=tuple(GOOD)).replace(b"notes", b"notes,shoe_size", 1), ("shoe_size",)),
    "a column misspelt": (
        WHOLE.replace(b"remorse", b"remorce", 1),
        ("Unknown columns: remorce", "Missing columns: remorse"),
    ),
    "a column twice": (WHOLE.replace(b"remorse", b"admission", 1), ("Columns given twice: admission", "Missing")),
    "a column without a name": (WHOLE.replace(b",notes", b",notes,", 1), ("(no name)",)),
    "a cell too few": (HEADER + b"CVP-19-1,MC/1/19\n", ("Row 1 (line 2)", "2 cells", "43 columns", "referred_on")),
    "a cell too many": (LINES[0] + LINES[1].rstrip() + b",more\r\n", ("Row 1 (line 2)", "44 cells", "after notes")),
    "cut inside a row": (WHOLE[: WHOLE.index(b"CVP-19-951069") + 30], ("Row 3 (line 4)", "cut short")),
    "cut inside a quoted cell": (
        WHOLE[: WHOLE.index(b'"Harbour Stores, Hart') + 12],
        ("Row 3 (line 4)", "column offence_place", "cut short"),
    ),
    "a stray quotation mark": (
        WHOLE.replace(b'"Harbour Stores, Hartlepool"', b'"Harbour "Stores, Hartlepool"', 1),
        ("Row 3 (line 4)", "column offence_place", "Write it twice"),
    ),
    "a byte that is not UTF-8": (
        WHOLE.replace("Seán".encode(), b"Se\xe1n", 1),
        ("Row 4 (line 5)", "column forenames", "not UTF-8"),
    ),
    "a NUL byte": (WHOLE.replace(b"Walker", b"Wal\0er", 1), ("Row 1 (line 2)", "column surname", "NUL")),
    "an endless cell": (
        written({**GOOD, "notes": "x" * 140_000}),
        ("Row 1 (line 2)", "column notes", "longer than 131072"),
    ),
    "stray carriage returns": (WHOLE.replace(b"\r\n", b"\r").replace(b"\n", b"\r"), ("line ends",)),
}


@pytest.mark.parametrize("kind", FAULTY_FILES)
def test_a_file_that_is_not_whole_is_refused_and_says_where_and_why(kind: str) -> None:
    file, said = FAULTY_FILES[kind]
    for part in said:
        assert part in refusal(file)


def test_a_first_line_of_data_is_not_repeated_in_the_refusal() -> None:
    assert "Walker" not in refusal(b"".join(LINES[1:]))


def test_a_file_with_too_many_rows_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "long.csv"
    blank = b"," * (len(GOOD) - 1) + b"\n"
    file.write_bytes(HEADER + blank * (MAX_ROWS + 1))
    with file.open("rb") as opened, pytest.raises(FileRefused, match="more than 100000 rows"):
        check_shape(opened)


def test_a_file_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "large.csv"
    with file.open("wb") as sparse:
        sparse.truncate(100_000_000)
    with pytest.raises(FileRefused, match="has 100 MB; at most 50 MB"):
        require_small(file)
    with file.open("wb") as sparse:
        sparse.truncate(MAX_BYTES)
    require_small(file)


@given(cut=some.integers(0, len(WHOLE)))
def test_wherever_a_file_is_cut_it_is_refused_or_what_is_left_is_the_beginning_of_it(cut: int) -> None:
    whole = ALL_ROWS
    try:
        left = [row.cells for row in rows(io.BytesIO(WHOLE[:cut]))]
    except FileRefused:
        return
    for now, before in zip(left[:-1], whole, strict=False):
        assert now == before
    if left:  # the last cell of a row may be cut without anybody being able to tell
        last, before = left[-1], whole[len(left) - 1]
        assert {**last, "notes": ""} == {**before, "notes": ""}
        assert before["notes"].startswith(last["notes"])


@given(junk=some.binary(max_size=400) | some.text(max_size=400).map(lambda text: HEADER + text.encode()))
def test_whatever_bytes_come_they_are_read_or_refused(junk: bytes) -> None:
    try:
        read = list(rows(io.BytesIO(junk)))
    except FileRefused:
        return
    assert all(set(row.cells) == set(GOOD) for row in read)


# Its rows


FAULTY_CELLS = [
    ("pnc_id", "2019/0012345A", "check letter"),
    ("offence_on", "2019-02-30", "not a date that exists"),
    ("offence_on", "31/04/2019", "year-month-day"),
    ("offence_on", "2019-08-04", "after the referral"),
    ("offence_code", "TH99999", "TH68010"),
    ("offence_code", "theft", "two letters and five digits"),
    ("referred_on", "", "missing"),
    ("referred_on", "2018-12-31", "before the scheme started"),
    ("surname", "", "missing"),
    ("crime_ref", " ", "missing"),
    ("date_of_birth", "2031-02-03", "date_of_birth"),
    ("value_gbp", "-12.50", "below zero"),
    ("remorse", "maybe", "neither yes nor no"),
    ("admission", "perhaps", "no reply"),
    ("sex", "X?", "Choose one of"),
    ("ethnicity", "W8", "ethnicity"),
    ("phone", "five", "phone"),
    ("postcode", "NOWHERE", "postcode"),
    ("victim_kind", "dog", "business"),
    ("notes", "x" * 4001, "4000"),
    ("officer", "PC \x1b[31m1795", "character"),
]


@pytest.mark.parametrize(("column", "cell", "said"), FAULTY_CELLS)
def test_a_faulty_cell_rejects_its_row_alone_and_names_the_column(
    sqlite: Database, column: str, cell: str, said: str
) -> None:
    good = {**GOOD, "crime_ref": "CVP-19-000001"}
    faulty, other = taken(sqlite, written({**GOOD, column: cell}, good))
    assert (faulty.result, faulty.because) == ("rejected", (column,))
    assert said in " ".join(faulty.why)
    assert other.result == "eligible"
    assert counts(sqlite)["Case"] == 1


def test_every_column_at_fault_is_named_in_order(sqlite: Database) -> None:
    (outcome,) = taken(sqlite, written({**GOOD, "sex": "?", "remorse": "?", "crime_ref": ""}))
    assert outcome.because == ("crime_ref", "remorse", "sex")
    assert outcome.report() == ["1", "", "rejected", "crime_ref remorse sex"]


def test_no_rejection_repeats_what_the_cell_held(sqlite: Database) -> None:
    secret = "Rumpelstiltskin"
    for column in set(COLUMNS) & set(GOOD):
        for outcome in taken(sqlite, written({**GOOD, column: secret * 20}), dry_run=True):
            assert secret not in " ".join(outcome.why)


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_no_cell_of_a_report_is_a_formula(sqlite: Database, start: str) -> None:
    (outcome,) = taken(sqlite, written({**GOOD, "crime_ref": f"{start}1+1"}))
    assert outcome.report()[1] == f"'{start}1+1"


def test_rows_are_kept_in_small_batches_so_that_others_can_write_in_between(sqlite: Database) -> None:
    many = [FileRow(n, {**GOOD, "crime_ref": f"CVP-19-{n:06d}"}) for n in range(1, BATCH + 2)]

    def watched() -> Iterator[FileRow]:
        for row in many:
            if row.number == BATCH + 1:
                assert counts(sqlite)["Case"] == BATCH
            yield row

    assert len(list(take(sqlite, watched(), OPERATOR, at))) == BATCH + 1
