"""The referral file: a CSV that a force sends, one person and crime a row, in the fields of `Refer`.

A file that is not whole is refused before anything is written: its shape is checked from end to end first. After that
each row stands for itself. A row that cannot be used is rejected and the others go on; a row whose person and crime
are known already is a duplicate, so that a file can be sent again after any interruption.
"""

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

import structlog
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from sqlalchemy import delete
from sqlalchemy.orm import Session

from divert.acts.refusals import NotAllowed, Refused
from divert.casework.command import Context
from divert.casework.commands.decisions import CheckEligibility
from divert.casework.commands.referral import Refer
from divert.casework.lifecycle import row_for
from divert.casework.upkeep.replay import scratch
from divert.casework.workflow import perform
from divert.clock import Clock, london_date
from divert.db import Database, Turn, take_turn
from divert.eligibility.derivation import derive
from divert.eligibility.judge import judge
from divert.eligibility.policies import NoPolicy, Policies
from divert.law.rulebook import rulebook
from divert.models import Case, Model, Person, PolicyEntry
from divert.models import Counter as Numbers
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

KEPT_IN_A_TRIAL = {model.__tablename__ for model in (Case, Person, Numbers, PolicyEntry)}

REPORT_COLUMNS = ("row", "crime_ref", "expect", "because")


class FileRefused(ValueError):
    """The file as a whole cannot be used. Its text says where, why, and what to do."""


class FileRow(NamedTuple):
    """One data row (1 is the first), by column."""

    number: int
    cells: dict[str, str]

    @property
    def crime_ref(self) -> str:
        """The crime that it names, as it is written."""
        return self.cells["crime_ref"].strip()


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
    while cell := _CELL.match(lines.record, place):
        whole, place = whole + 1, cell.end()
    column = columns[whole] if whole < len(columns) else f"after {columns[-1]}"
    return f"Row {number + 1} (line {lines.count}), column {column}: {says}"


def _header(cells: Sequence[str]) -> tuple[str, ...]:
    """The names of the columns. FileRefused names those that are unknown, missing or given twice."""
    columns = tuple(cell.strip() for cell in cells)
    if not set(columns) & set(COLUMNS):  # perhaps a row of data: it is not repeated
        raise FileRefused(f"The first line names no column of a referral file. {_LIKE}")
    faults = {
        "Unknown columns": [name[:40] or "(no name)" for name in columns if name not in COLUMNS],
        "Missing columns": [name for name in COLUMNS if name not in columns and name not in OPTIONAL],
        "Columns given twice": [name for name, times in Counter(columns).items() if times > 1 and name in COLUMNS],
    }
    if any(faults.values()):
        sentences = [f"{what}: {', '.join(names)}." for what, names in faults.items() if names]
        raise FileRefused(" ".join(sentences))
    return columns


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


Note = Callable[[Session, Sequence[Outcome]], None]
"""Puts on record, in the session that it is handed, what the rows of a batch came to."""


def take(
    database: Database, rows: Iterable[FileRow], by: Actor, clock: Clock, *, dry_run: bool = False
) -> Iterator[Outcome]:
    """What each row came to, as `take_in_batches` keeps it."""
    for outcomes in take_in_batches(database, rows, by, clock, dry_run=dry_run):
        yield from outcomes


def take_in_batches(
    database: Database,
    rows: Iterable[FileRow],
    by: Actor,
    clock: Clock,
    *,
    dry_run: bool = False,
    note: Note | None = None,
) -> Iterator[list[Outcome]]:
    """Refer every row and check its eligibility, as `by`; answer what each batch came to, once it is kept.

    A small batch is kept at a time, whole or not at all, with its `note`: after an interruption, send the file again.
    With dry_run the very same is done in a database in memory that is then thrown away: no other writer waits for it.
    Raises NotAllowed where `by` may not refer.
    """
    opens = row_for(Refer, None)
    if opens is None or by.role not in opens.by:
        raise NotAllowed(f"A {by.role.label.lower()} does not refer people.")
    waiting = iter(rows)
    results: Counter[str] = Counter()
    with _trial(database) if dry_run else nullcontext() as trial:
        while batch := list(islice(waiting, BATCH)):
            if trial is None:
                outcomes = _keep(database, batch, by, clock, note)
            else:
                outcomes = _try(database, trial, batch, by, clock, note)
            results.update(outcome.result for outcome in outcomes)
            yield outcomes
    log.info("referral file taken", by=by.username, dry_run=dry_run, **results)


def _keep(database: Database, batch: Sequence[FileRow], by: Actor, clock: Clock, note: Note | None) -> list[Outcome]:
    """Take a batch and note it, in one transaction."""
    with database.writing() as session:
        take_turn(session, Turn.opening_cases)
        policies = policies_of(session)
        outcomes = [_take(row, by, clock(), session, [session], policies) for row in batch]
        if note is not None:
            note(session, outcomes)
    return outcomes


def _try(
    database: Database, trial: Session, batch: Sequence[FileRow], by: Actor, clock: Clock, note: Note | None
) -> list[Outcome]:
    """Take a batch into the trial, which knows the rows before it, and note it where it is to last."""
    with database.reading() as session:
        policies = policies_of(trial)
        outcomes = [_take(row, by, clock(), trial, [session, trial], policies) for row in batch]
    _thin(trial)
    if note is not None:
        with database.writing() as session:
            note(session, outcomes)
    return outcomes


@contextmanager
def _trial(database: Database) -> Iterator[Session]:
    """An empty database in memory with the policies of this one."""
    with ExitStack() as opened:
        with database.reading() as session:
            trial = opened.enter_context(scratch(session))
        yield trial


def _thin(trial: Session) -> None:
    """Leave of a trial what tells the rows to come apart from those so far: a whole file would fill the memory."""
    trial.expunge_all()
    for table in reversed(Model.metadata.sorted_tables):
        if table.name not in KEPT_IN_A_TRIAL:
            trial.execute(delete(table))


def _take(
    row: FileRow, by: Actor, at: datetime, session: Session, known_in: Sequence[Session], policies: Policies
) -> Outcome:
    """Carry out what a row asks for, unless it is known already. What is refused leaves nothing behind."""
    refer = _understood(row)
    if isinstance(refer, Outcome):
        return refer
    if any(refer.same_crime_and_person(Context(place, by, at, 1)) for place in known_in):
        return Outcome(row.number, row.crime_ref, "duplicate")
    try:
        with session.begin_nested():
            return _refer(row, refer, by, at, session, policies)
    except NoPolicy as none:
        return _rejected(row, {"referred_on": str(none)})
    except Refused as refused:
        columns = refer.fields_in_the_future(london_date(at)) or ["crime_ref"]
        return _rejected(row, dict.fromkeys(columns, str(refused)))


def _refer(row: FileRow, refer: Refer, by: Actor, at: datetime, session: Session, policies: Policies) -> Outcome:
    """Refer and check; the verdict of the policy in force on the day of referral, signed agreement or not."""
    policy = policies.in_force(refer.referred_on)
    judgement = judge(policy, derive(refer, policy, rulebook().offences))
    ref = perform(session, None, refer, by, at).ref
    if refer.agreement_signed_on is not None:
        perform(session, ref, CheckEligibility(), by, at)
    return Outcome(row.number, refer.crime_ref, judgement.verdict.value, judgement.because)


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


def _rejected(row: FileRow, faults: dict[str, str]) -> Outcome:
    columns = tuple(sorted(faults))
    why = tuple(f"{column}: {faults[column]}" for column in columns)
    return Outcome(row.number, row.crime_ref, "rejected", columns, why)
