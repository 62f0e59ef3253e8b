"""What another system sends back, format 1: notes about people in our cases, as CSV or as JSON, one object a line.

A file is read whole or not at all: each line at fault is named, with its field.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from divert.clock import london_text

MAX_BYTES = 5_000_000
MAX_NOTES = 1_000
"""All notes of a file are kept in one transaction; more would make others wait."""


class ReceivedNote(BaseModel):
    """Something that the other organisation says about the person of a case."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    case_ref: str = Field(pattern=r"^D-\d{2}-\d{4,12}$", max_length=16, examples=["D-19-0001"])
    from_organisation: str = Field(min_length=1, max_length=120, examples=["Harbour Housing"])
    at: AwareDatetime = Field(
        description="When it was written there, with its offset.", examples=["2019-05-20T14:30:00+01:00"]
    )
    text: str = Field(min_length=1, max_length=3500, examples=["Moved into a flat of his own."])
    external_id: str = Field(
        min_length=1,
        max_length=80,
        pattern=r"^[\x21-\x7e]+$",
        description="Theirs, never used twice.",
        examples=["HH-1"],
    )

    def words(self) -> str:
        """The note, as it stands in the case."""
        return f"From {self.from_organisation}, {london_text(self.at)}: {self.text}"


class Line(NamedTuple):
    """A note, and the line on which it begins."""

    number: int
    note: ReceivedNote


class LineFault(NamedTuple):
    """What is wrong in one field of one line; it never repeats what stood there."""

    line: int
    field: str
    why: str

    def __str__(self) -> str:
        return f"Line {self.line}, {self.field}: {self.why}"


class UnusableFile(ValueError):
    """The file cannot be taken. Holds every fault that was found; nothing of it is kept."""

    def __init__(self, faults: Iterable[LineFault]) -> None:
        self.faults = list(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


def read_notes(file: bytes) -> list[Line]:
    """Every note of a file. UnusableFile names each line and field at fault."""
    if len(file) > MAX_BYTES:
        raise UnusableFile([LineFault(1, "file", f"it is larger than {MAX_BYTES // 1_000_000} MB. Send it in parts.")])
    try:
        text = file.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = file[: fault.start].count(b"\n") + 1
        raise UnusableFile([LineFault(line, "file", "this is not UTF-8 text. Save the file as UTF-8.")]) from None
    lines: list[Line] = []
    faults: list[LineFault] = []
    for number, parsed in _json_lines(text) if text.lstrip().startswith("{") else _csv_lines(text):
        if isinstance(parsed, str):
            faults.append(LineFault(number, "line", parsed))
            continue
        try:
            lines.append(Line(number, ReceivedNote.model_validate(parsed)))
        except ValidationError as invalid:
            faults += [_fault(number, error["loc"], error["msg"]) for error in invalid.errors(include_input=False)]
    if len(lines) > MAX_NOTES:
        faults.append(LineFault(lines[MAX_NOTES].number, "file", f"more than {MAX_NOTES} notes. Send it in parts."))
    faults += _repeated_ids(lines)
    if faults:
        raise UnusableFile(sorted(faults))
    return lines


def _fault(number: int, place: tuple[int | str, ...], message: str) -> LineFault:
    """`place` of a field that the format does not have is the sender's word: it is not repeated at any length."""
    return LineFault(number, str(place[0])[:40] if place else "line", message.rstrip(".") + ".")


Parsed = dict[str, Any] | str
"""What a line says; or, as text, why it cannot be read."""


def _json_lines(text: str) -> Iterator[tuple[int, Parsed]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            value = None
        yield number, value if isinstance(value, dict) else "this is not one JSON object. Write one note a line."


def _csv_lines(text: str) -> Iterator[tuple[int, Parsed]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    columns: list[str] = []
    begins = 1
    try:
        for cells in reader:
            if not columns:
                columns = [cell.strip() for cell in cells]
                if sorted(columns) != sorted(ReceivedNote.model_fields):
                    yield 1, f"the first line names other columns than {','.join(ReceivedNote.model_fields)}."
                    return
            elif len(cells) not in (0, len(columns)):
                yield begins, f"{len(cells)} cells where the first line names {len(columns)} columns."
            elif cells:
                yield begins, dict(zip(columns, cells, strict=True))
            begins = reader.line_num + 1
    except csv.Error:
        yield begins, "this is not CSV from here on: a quotation mark is missing or stands alone."
    if not columns:
        yield 1, f"the file is empty. Its first line is {','.join(ReceivedNote.model_fields)}."


def _repeated_ids(lines: list[Line]) -> Iterator[LineFault]:
    """An identifier given to two different notes: one of them would be lost."""
    first: dict[str, Line] = {}
    for line in lines:
        earlier = first.setdefault(line.note.external_id, line)
        if earlier.note != line.note:
            yield LineFault(line.number, "external_id", f"line {earlier.number} has this one, for another note.")
