"""Answers as people type them, in a form, a file or JSON, and the one form each is kept in.

A fault never repeats what was typed: it may stand in a report or a log, and a birthday is personal.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from divert.law.offences import CODE_EXAMPLE, CODE_PATTERN
from divert.people.text import clean_all

FIRST_YEAR, LAST_YEAR = 1880, 2100
MONTH_PATTERN = r"^20[0-9]{2}-(0[1-9]|1[0-2])$"


def fault(sentence: str) -> PydanticCustomError:
    """The error for an answer that cannot be used: what is wrong with it, and what a right one looks like."""
    return PydanticCustomError("unusable", "{fault}", {"fault": sentence})


ON_RECORD = {"on_record": True}
"""The validation context of an entry that is read again: what has come to be refused since was taken then."""


def is_on_record(info: ValidationInfo) -> bool:
    """Whether what is validated was taken long ago and is only read again."""
    return bool(info.context and info.context.get("on_record"))


def _read_date(value: Any) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        day = value
    elif not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value.strip()):
        raise fault("This is not written as a date. Write year-month-day, like 2019-04-30.")
    else:
        try:
            day = date.fromisoformat(value.strip())
        except ValueError:
            raise fault("This is not a date that exists. Write year-month-day, like 2019-04-30.") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise fault(f"This date is outside {FIRST_YEAR} to {LAST_YEAR}. Write year-month-day, like 2019-04-30.")
    return day


def _read_month(value: Any) -> str:
    text = str(value).strip()
    if not re.fullmatch(MONTH_PATTERN, text):
        raise fault("This is not written as a month. Write year-month, like 2019-04.")
    return text


def _read_yes_no(value: Any) -> bool:
    answer = {"yes": True, "true": True, "no": False, "false": False}.get(str(value).strip().lower())
    if answer is None:
        raise fault("This is neither yes nor no. Write yes or no, or leave it blank where it is not known.")
    return answer


def _read_money(value: Any) -> Decimal:
    text = re.sub(r"^(-?)£\s*", r"\1", str(value).strip())
    if re.fullmatch(r"-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]{1,2})?", text):
        text = text.replace(",", "")
    if isinstance(value, bool) or not re.fullmatch(r"-?[0-9]{1,7}(\.[0-9]{1,2})?", text):
        raise fault("This is not an amount. Write pounds and pence in figures, up to 9999999.99, like 44.14.")
    if text.startswith("-"):
        raise fault("This is below zero. Write pounds and pence, like 44.14.")
    return Decimal(text)


def _read_count(value: Any) -> int:
    text = str(value).strip()
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,3}", text):
        raise fault("This is not a whole number from 0 to 999. Write it in figures, like 0 or 2.")
    return int(text)


def _read_offence_code(value: Any) -> str:
    code = str(value).strip().upper()
    if not re.fullmatch(CODE_PATTERN, code):
        raise fault(f"This is not a CJS offence code. Write two letters and five digits, like {CODE_EXAMPLE}.")
    return code


def _in_lower_case(value: Any) -> Any:
    return " ".join(value.lower().split()) if isinstance(value, str) else value


def _accepts(*schemas: dict[str, Any]) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": list(schemas)})


@dataclass(frozen=True)
class HasHappened:
    """The mark of a date that tells what has happened: it cannot lie ahead of the day on which it is told."""


IsoDate = Annotated[date, BeforeValidator(_read_date)]
PastDate = Annotated[IsoDate, HasHappened()]
IsoMonth = Annotated[
    str,
    BeforeValidator(_read_month),
    WithJsonSchema({"type": "string", "pattern": MONTH_PATTERN, "examples": ["2019-04"]}),
]
YesNo = Annotated[
    bool, BeforeValidator(_read_yes_no), _accepts({"type": "boolean"}, {"type": "string", "enum": ["yes", "no"]})
]
Money = Annotated[
    Decimal,
    BeforeValidator(_read_money),
    _accepts(
        {"type": "string", "pattern": r"^£?([0-9]{1,7}|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]{1,2})?$"},
        {"type": "number", "minimum": 0, "maximum": 9999999.99, "multipleOf": 0.01},
    ),
]
Count = Annotated[
    int,
    BeforeValidator(_read_count),
    _accepts({"type": "integer", "minimum": 0, "maximum": 999}, {"type": "string", "pattern": "^[0-9]{1,3}$"}),
]
AnyCase = BeforeValidator(_in_lower_case)
OffenceCode = Annotated[
    str,
    BeforeValidator(_read_offence_code),
    Field(json_schema_extra={"pattern": CODE_PATTERN, "choices": "offences"}),
]


class BlankIsUnknown(BaseModel):
    """A model in which a blank answer is no answer."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_blanks(cls, data: Any, info: ValidationInfo) -> Any:
        """A blank, from a form or a file, is the same as nothing said; a required field then reads as missing."""
        if not isinstance(data, dict):
            return data
        data = data if is_on_record(info) else clean_all(data)
        return {name: value for name, value in data.items() if not (isinstance(value, str) and not value.strip())}

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Says of every field that may be left out that it may be blank."""
        schema = handler(core)
        table = handler.resolve_ref_schema(schema)
        for name, field in table.get("properties", {}).items():
            if name not in table.get("required", ()) and "anyOf" in field:
                field["anyOf"].append({"type": "string", "pattern": r"^\s*$", "title": "Not known"})
        return schema


def past_dates(answers: BaseModel) -> Iterator[tuple[str, date]]:
    """Every date that tells what has happened, with the field that tells it, in lists and inner models too."""
    for name, is_past in _past_or_inner(type(answers)).items():
        answer = getattr(answers, name)
        for part in answer if isinstance(answer, list) else [answer]:
            if isinstance(part, BaseModel):
                yield from ((name, on) for _, on in past_dates(part))
            elif is_past and part is not None:
                yield name, part


@cache
def _past_or_inner(model: type[BaseModel]) -> dict[str, bool]:
    """The fields of a model that are past dates (True), or that hold models which may have some (False)."""
    fields = {}
    for name, field in model.model_fields.items():
        parts = [*field.metadata, *_parts(field.annotation)]
        if any(isinstance(part, HasHappened) for part in parts):
            fields[name] = True
        elif any(isinstance(part, type) and issubclass(part, BaseModel) for part in parts):
            fields[name] = False
    return fields


def _parts(hint: Any) -> Iterator[Any]:
    """A type and everything that it is made of, marks included."""
    yield hint
    for part in get_args(hint):
        yield from _parts(part)
