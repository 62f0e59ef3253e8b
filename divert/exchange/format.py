"""The shared case, format 1: what leaves, as a model whose JSON Schema is published, and its two spellings.

A part that was not shared is null or empty, and `parts` says which were. `docs/exchange.md` is written for the reader.
"""

import csv
import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from divert.clock import LONDON
from divert.exchange.consent import Part, consents_in_force, in_order
from divert.law.rulebook import rulebook
from divert.models import Case
from divert.records.export import escape_formula

FORMAT: Literal["divert-shared-case/1"] = "divert-shared-case/1"
COLUMNS = ("part", "field", "value")
FILE = "file"
"""What the CSV's first column says of a row that is about the file itself."""

Spelling = Literal["json", "csv"]


class ExchangeModel(BaseModel):
    """A table of the format: no field that it does not know."""

    model_config = ConfigDict(extra="forbid")


class Allowed(ExchangeModel):
    """One statement of the person's that allowed this."""

    entry: int = Field(description="The entry of the case's ledger that holds the statement.")
    said_on: date
    how: Literal["signed", "spoken"]
    until_on: date | None = Field(default=None, description="The last day on which it holds; null: until withdrawn.")
    parts: list[Part] = Field(description="Which of the parts in this file it allowed.")


class Who(ExchangeModel):
    """The person."""

    surname: str
    forenames: str | None = None
    date_of_birth: date | None = None
    postcode: str | None = None
    phone: str | None = None
    email: str | None = None
    interpreter: str | None = Field(default=None, description="The language of the interpreter who is needed.")


class WhereItStands(ExchangeModel):
    """How far the case has come. Not what it is about."""

    state: str
    since: datetime
    referred_on: date


class Promise(ExchangeModel):
    """One condition of the contract."""

    number: int
    text: str
    provider: str | None = None
    status: Literal["open", "kept", "waived"]
    due_on: date | None = None
    settled_on: date | None = None


class Terms(ExchangeModel):
    """The contract in force."""

    version: int
    signed_on: date
    ends_on: date = Field(description="The last day, inclusive.")
    conditions: list[Promise] = []


class Meeting(ExchangeModel):
    """One appointment."""

    number: int
    at: datetime = Field(description="With the offset of Europe/London on that day.")
    purpose: str
    place: str
    status: str
    attended: bool | None = Field(default=None, description="Null: not recorded.")


class Need(ExchangeModel):
    """One need, as it was scored once."""

    code: str
    title: str
    stage: Literal["entry", "review", "exit"]
    score: int = Field(ge=0, le=10, description="0 (none) to 10 (severe).")
    linked: bool = Field(description="Whether it is linked to the offending.")


class SharedCase(ExchangeModel):
    """What one organisation was given of one case on one day, and what allowed it."""

    format: Literal["divert-shared-case/1"] = FORMAT
    case: str = Field(description="The case's reference: send it back with what you send.", examples=["D-19-0001"])
    recipient: str
    shared_on: date
    parts: list[Part] = Field(min_length=1)
    consent: list[Allowed] = Field(min_length=1)
    who: Who | None = None
    where_it_stands: WhereItStands | None = None
    contract: Terms | None = None
    appointments: list[Meeting] = []
    needs: list[Need] = []


def shared_case(case: Case, recipient: str, parts: Sequence[Part], on: date) -> SharedCase:
    """Those parts of a case, as `recipient` may have them on that day.

    LookupError names the parts without a consent in force: nothing is made without it. A restricted need is left out
    always: it is the complex needs specialist's alone.
    """
    allowed = consents_in_force(case, recipient, on)
    if missing := [part.label for part in in_order(parts) if part not in allowed]:
        raise LookupError(f"no consent in force for: {', '.join(missing)}")
    statements = {allowed[part].seq: allowed[part] for part in in_order(parts)}
    return SharedCase(
        case=case.ref,
        recipient=recipient,
        shared_on=on,
        parts=in_order(parts),
        consent=[
            Allowed(
                entry=seq,
                said_on=statement.said_on,
                how="signed" if statement.how == "signed" else "spoken",
                until_on=statement.until_on,
                parts=[part for part in in_order(parts) if allowed[part].seq == seq],
            )
            for seq, statement in sorted(statements.items())
        ],
        **{part.value: PART_READERS[part](case) for part in in_order(parts)},
    )


def _who(case: Case) -> dict[str, Any]:
    return {name: getattr(case.person, name) or None for name in Who.model_fields}


def _where_it_stands(case: Case) -> dict[str, Any]:
    return {
        "state": case.state.value,
        "since": case.state_since.astimezone(LONDON).replace(microsecond=0),
        "referred_on": case.referred_on,
    }


def _contract(case: Case) -> dict[str, Any] | None:
    if case.contract is None:
        return None
    conditions = [condition for condition in case.conditions if condition.status != "withdrawn"]
    return {
        "version": len(case.contracts),
        "signed_on": case.contract.signed_on,
        "ends_on": case.contract.ends_on,
        "conditions": [{name: getattr(condition, name) for name in Promise.model_fields} for condition in conditions],
    }


def _appointments(case: Case) -> list[dict[str, Any]]:
    return [
        {
            "number": appointment.number,
            "at": appointment.at.astimezone(LONDON),
            "purpose": appointment.purpose,
            "place": appointment.place,
            "status": appointment.status,
            "attended": appointment.attended,
        }
        for appointment in case.appointments
    ]


def _needs(case: Case) -> list[dict[str, Any]]:
    known = rulebook().needs
    return [
        {
            "code": score.need,
            "title": known[score.need].title,
            "stage": score.stage,
            "score": score.score,
            "linked": score.linked,
        }
        for score in case.need_scores
        if score.need in known and not known[score.need].restricted
    ]


PART_READERS: dict[Part, Callable[[Case], Any]] = {
    Part.who: _who,
    Part.where_it_stands: _where_it_stands,
    Part.contract: _contract,
    Part.appointments: _appointments,
    Part.needs: _needs,
}


# Its two spellings


def to_bytes(case: SharedCase, spelling: Spelling) -> bytes:
    """The file, to the byte: the same case gives the same bytes."""
    return (_json(case) if spelling == "json" else _csv(case)).encode()


def sha256(file: bytes) -> str:
    """A file's hash, as the ledger names it."""
    return hashlib.sha256(file).hexdigest()


def read(file: bytes, spelling: Spelling) -> SharedCase:
    """A file read back, with nothing lost. ValueError (pydantic's names each field) where it is not of this format."""
    return SharedCase.model_validate_json(file) if spelling == "json" else _read_csv(file.decode())


def _json(case: SharedCase) -> str:
    return case.model_dump_json(indent=2) + "\n"


def _csv(case: SharedCase) -> str:
    """One item a row. A field within a field is written with dots, an item of a list by its number from 0."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for name, value in case.model_dump(mode="json").items():
        part, fields = (name, _flatten(value)) if name in list(Part) else (FILE, _flatten(value, name))
        writer.writerows((part, field, _cell(item)) for field, item in fields)
    return text.getvalue()


def _flatten(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value under a value, with its way from there. What is null or empty has no row."""
    if isinstance(value, dict | list):
        for step, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _flatten(inner, f"{path}.{step}" if path else str(step))
    elif value is not None:
        yield path, value


def _cell(value: Any) -> str:
    """Harmless in a spreadsheet, and still exact: a leading apostrophe is always ours, and goes when it is read."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"'{text}" if text.startswith("'") else escape_formula(text)


def _read_csv(text: str) -> SharedCase:
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as fault:
        raise ValueError(f"This is not CSV: {fault}.") from None
    if rows[:1] != [list(COLUMNS)]:
        raise ValueError(f"The first line is not {','.join(COLUMNS)}.")
    tree: dict[str, Any] = {}
    for number, row in enumerate(rows[1:], start=1):
        if len(row) != len(COLUMNS):
            raise ValueError(f"Row {number} has {len(row)} cells, not {len(COLUMNS)}.")
        part, field, value = row
        *path, last = field.split(".") if part == FILE else [part, *field.split(".")]
        table: Any = tree
        for step in path:
            table = table.setdefault(step, {}) if isinstance(table, dict) else None
        if not isinstance(table, dict):
            raise ValueError(f"Row {number}: this field lies within one that has a value of its own.")
        table[last] = value.removeprefix("'")
    return SharedCase.model_validate(_restore_lists(tree))


def _restore_lists(value: Any) -> Any:
    """Numbered items as the list that they were."""
    if not isinstance(value, dict):
        return value
    if value and all(step.isdigit() for step in value):
        return [_restore_lists(value[step]) for step in sorted(value, key=int)]
    return {step: _restore_lists(inner) for step, inner in value.items()}
