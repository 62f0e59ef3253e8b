"""The referral file: a CSV that a force sends, one person and crime a row, in the fields of `Refer`.

A file that is not whole is refused before anything is written: its shape is checked from end to end first. After that
each row stands for itself. A row that cannot be used is rejected and the others go on; a row whose person and crime
are known already is a duplicate, so that a file can be sent again after any interruption.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

import structlog
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from sqlalchemy.orm import Session

from divert.acts.refusals import NotAllowed
from divert.casework.command import Context
from divert.casework.commands.decisions import CheckEligibility
from divert.casework.commands.referral import Refer
from divert.casework.guards.dates import not_in_the_future
from divert.casework.lifecycle import row_for
from divert.casework.workflow import perform
from divert.clock import Clock, london_date
from divert.db import Database
from divert.eligibility.derivation import derive
from divert.eligibility.judge import judge
from divert.eligibility.policies import NoPolicy
from divert.law.rulebook import rulebook
from divert.people.staff import Actor
from divert.policies.adopted import policies_of
from divert.records.export import escape_formula

log = structlog.get_logger(__name__)

MAX_BYTES = 50_000_000
MAX_ROWS = 100_000
BATCH = 50
"""Rows kept in one transaction: enough for speed, few enough that other writers hardly wait."""

COLUMNS = tuple(name for name in Refer.model_fields if name != "further_offences")
OPTIONAL = ("cro_no", "asn", "urn")
"""Columns that a force may leave out altogether; any cell may be blank."""

REPORT_COLUMNS = ("row", "crime_ref", "expect", "because")


class FileRefused(ValueError):
    """The file as a whole cannot be used. Its text says where, why, and what to do."""


class FileRow(NamedTuple):
    """One data row (1 is the first), by column."""

    number: int
    cells: dict[str, str]


class Outcome(NamedTuple):
    """What one row came to: a verdict with its deciding rules, `rejected` with its columns at fault, or `duplicate`.

    `why` holds a sentence for each column at fault; none of them repeats what the cell held.
    """

    row: int
    crime_ref: str
    result: str
    because: tuple[str, ...] = ()
    why: tuple[str, ...] = ()

    def report(self) -> list[str]:
        """The row of the report, harmless in a spreadsheet."""
        return [escape_formula(cell) for cell in (self.row, self.crime_ref, self.result, " ".join(self.because))]


# The file's shape


def check_shape(file: BinaryIO) -> int:
    """How many data rows the file has. Reads it to its end, a row at a time. Raises FileRefused."""
    return sum(1 for _ in rows(file))


def rows(file: BinaryIO) -> Iterator[FileRow]:
    """Every data row, from the file's beginning. Raises FileRefused at the first place where it is not whole."""
    file.seek(0)
    lines, number = _Lines(file), 0
    columns: tuple[str, ...] = ()
    reader = csv.reader(lines, strict=True)
    try:
        for cells in reader:
            if not columns:
                columns = _header(cells)
            elif cells:  # a blank line is no row
                number += 1
                _require_shape(cells, columns, number, lines.count)
                yield FileRow(number, dict(zip(columns, cells, strict=True)))
            lines.record = ""
    except (csv.Error, _NotText) as fault:
        raise FileRefused(_placed(str(fault), columns, number, lines)) from None
    if not columns:
        raise FileRefused(f"The file is empty. {_LIKE}")


class _NotText(ValueError):
    """A line that is not text."""


class _Lines:
    """The file's lines as text, with what was read of the present record so far, to say where a fault lies."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.record = ""
        self.count = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        raw = next(self._file)
        self.count += 1
        try:
            line = raw.decode("utf-8-sig" if self.count == 1 else "utf-8")
        except UnicodeDecodeError as fault:
            self.record += raw[: fault.start].decode("utf-8", errors="ignore")
            raise _NotText("not UTF-8") from None
        before, nul, _ = line.partition("\0")
        self.record += before
        if nul:
            raise _NotText("NUL")
        return line


_LIKE = (
    f"A referral file is CSV: its first line names the columns ({', '.join(COLUMNS[:4])} ...), each row is a person."
)
_FAULTS = {
    "not UTF-8": "This is not UTF-8 text. Save the file as 'CSV UTF-8'; a workbook or a document will not do.",
    "NUL": "There is a NUL byte here, so this is not a text file. Save it as 'CSV UTF-8'.",
    "unexpected end": "The file ends inside a quoted cell: it was cut short, or a quotation mark is missing.",
    "',' expected": "A quotation mark stands alone in a quoted cell. Write it twice, or end the cell after it.",
    "field larger": "This cell is longer than 131072 characters: the quotation mark that ends it is missing.",
    "new-line": "There is a carriage return without a line feed here. Save the file with ordinary line ends.",
}
_CELL = re.compile(r'(?:"(?:[^"]|"")*"|[^",\r\n][^,\r\n]*|),')


def _placed(fault: str, columns: Sequence[str], number: int, lines: _Lines) -> str:
    """The fault in words, with the row and the column where it lies."""
    says = next((words for sign, words in _FAULTS.items() if fault.startswith(sign)), f"This is not CSV: {fault}.")
    if not columns:
        return f"First line: {says}"
    whole, place = 0, 0  # cells that are whole; what comes after them is at fault
    while found := _CELL.match(lines.record, place):
        whole, place = whole + 1, found.end()
    column = columns[whole] if whole < len(columns) else f"after {columns[-1]}"
    return f"Row {number + 1} (line {lines.count}), column {column}: {says}"


def _header(cells: Sequence[str]) -> tuple[str, ...]:
    """The names of the columns. FileRefused names those that are unknown, missing or given twice."""
    given = tuple(cell.strip() for cell in cells)
    if not set(given) & set(COLUMNS):  # perhaps a row of data: it is not repeated
        raise FileRefused(f"The first line names no column of a referral file. {_LIKE}")
    faults = {
        "Unknown columns": [name[:40] or "(no name)" for name in given if name not in COLUMNS],
        "Missing columns": [name for name in COLUMNS if name not in given and name not in OPTIONAL],
        "Columns given twice": [name for name, times in Counter(given).items() if times > 1 and name in COLUMNS],
    }
    if any(faults.values()):
        said = [f"{what}: {', '.join(names)}." for what, names in faults.items() if names]
        raise FileRefused(" ".join(said))
    return given


def _require_shape(cells: Sequence[str], columns: Sequence[str], number: int, line: int) -> None:
    if number > MAX_ROWS:
        raise FileRefused(f"The file has more than {MAX_ROWS} rows. Send it in parts.")
    if len(cells) < len(columns):
        raise FileRefused(
            f"Row {number} (line {line}): {len(cells)} cells where the first line names {len(columns)} columns; "
            f"the first without a cell is {columns[len(cells)]}. Was the file cut short, or a comma left out?"
        )
    if len(cells) > len(columns):
        raise FileRefused(
            f"Row {number} (line {line}): {len(cells)} cells where the first line names {len(columns)} columns; "
            f"there is something after {columns[-1]}. A cell that holds a comma must be put in quotation marks."
        )


def require_small(path: Path) -> None:
    """FileRefused where there is no such file, or one too large to read."""
    if not path.is_file():
        raise FileRefused("There is no such file.")
    if (size := path.stat().st_size) > MAX_BYTES:
        raise FileRefused(f"The file has {size // 1_000_000} MB; at most {MAX_BYTES // 1_000_000} MB are read.")


# The rows


def take(
    database: Database, rows: Iterable[FileRow], by: Actor, clock: Clock, *, dry_run: bool = False
) -> Iterator[Outcome]:
    """Refer every row and check its eligibility, as `by`; answer what each came to, once it is kept.

    Rows are kept in small batches, each whole or not at all: after an interruption, send the file again. With dry_run
    nothing is written and the answers are the same. Raises NotAllowed where `by` may not refer.
    """
    opens = row_for(Refer, None)
    if opens is None or by.role not in opens.by:
        raise NotAllowed(f"A {by.role.label.lower()} does not refer people.")
    taking, seen = iter(rows), _Seen()
    results: Counter[str] = Counter()
    while batch := list(islice(taking, BATCH)):
        if dry_run:
            with database.reading() as session:
                outcomes = [_foresee(session, row, by, clock, seen) for row in batch]
        else:
            with database.writing() as session:
                outcomes = [_take(session, row, by, clock) for row in batch]
        results.update(outcome.result for outcome in outcomes)
        yield from outcomes
    log.info("referral file taken", by=by.username, dry_run=dry_run, **results)


def _take(session: Session, row: FileRow, by: Actor, clock: Clock) -> Outcome:
    """Carry out what the row asks for, unless it is rejected or known already."""
    refer = _understood(row)
    if isinstance(refer, Outcome):
        return refer
    at = clock()
    if refer.same_crime_and_person(Context(session, by, at, 1)):
        return _duplicate(row)
    outcome = _judged(session, row, refer, london_date(at))
    if outcome.result != "rejected":
        ref = perform(session, None, refer, by, at).ref
        if refer.agreement_signed_on is not None:
            perform(session, ref, CheckEligibility(), by, at)
    return outcome


def _foresee(session: Session, row: FileRow, by: Actor, clock: Clock, seen: "_Seen") -> Outcome:
    """What `_take` would answer, with the rows before this one in `seen` instead of in the database."""
    refer = _understood(row)
    if isinstance(refer, Outcome):
        return refer
    known = seen.knows(refer) or refer.same_crime_and_person(Context(session, by, clock(), 1))
    outcome = _duplicate(row) if known else _judged(session, row, refer, london_date(clock()))
    if outcome.result not in ("rejected", "duplicate"):
        seen.add(refer)
    return outcome


def _understood(row: FileRow) -> Refer | Outcome:
    """The referral that the row makes, or its rejection with every column at fault."""
    try:
        return Refer.model_validate(row.cells)
    except ValidationError as invalid:
        faults = invalid.errors(include_url=False, include_input=False, include_context=False)
        return _rejected(row, {str(fault["loc"][0]): says(fault) for fault in reversed(faults)})


def says(fault: ErrorDetails) -> str:
    """A fault of one field as a sentence for whoever wrote it; it never repeats what was written."""
    if fault["type"] == "missing":
        return "This is missing, and must be given."
    if fault["type"] == "extra_forbidden":
        return "There is no such field."
    return fault["msg"].removeprefix("Value error, ")


def _judged(session: Session, row: FileRow, refer: Refer, today: date) -> Outcome:
    """The verdict of the policy in force on the day of referral, signed agreement or not."""
    if ahead := refer.fields_in_the_future(today):
        return _rejected(row, dict.fromkeys(ahead, str(not_in_the_future.says)))
    try:
        policy = policies_of(session).in_force(refer.referred_on)
    except NoPolicy as none:
        return _rejected(row, {"referred_on": str(none)})
    judgement = judge(policy, derive(refer, policy, rulebook().offences))
    return Outcome(row.number, refer.crime_ref, judgement.verdict.value, judgement.because)


def _rejected(row: FileRow, faults: dict[str, str]) -> Outcome:
    columns = tuple(sorted(faults))
    why = tuple(f"{column}: {faults[column]}" for column in columns)
    return Outcome(row.number, row.cells["crime_ref"].strip(), "rejected", columns, why)


def _duplicate(row: FileRow) -> Outcome:
    return Outcome(row.number, row.cells["crime_ref"].strip(), "duplicate")


class _Seen:
    """The persons and crimes of a file read so far, told apart as `Refer.same_crime_and_person` tells them apart."""

    def __init__(self) -> None:
        self._marks: set[tuple[object, ...]] = set()

    def add(self, refer: Refer) -> None:
        """Remember a row that would be taken."""
        name = (refer.crime_ref, refer.surname, refer.forenames)
        self._marks |= {name, (*name, refer.date_of_birth), (refer.crime_ref, refer.pnc_id)}

    def knows(self, refer: Refer) -> bool:
        """Whether a row before this one spoke of the same person and crime."""
        name = (refer.crime_ref, refer.surname, refer.forenames)
        named = (*name, refer.date_of_birth) if refer.date_of_birth else name
        return named in self._marks or (refer.pnc_id is not None and (refer.crime_ref, refer.pnc_id) in self._marks)
