"""A form for any model, from its JSON Schema; and what was posted, as data for the same model.

Names follow the data: `signed_on`, `conditions-0-code`; a date is three boxes, `signed_on-day`, `-month`, `-year`, and
is taken from one text as well. What is blank was not said. A form is drawn from data, whether suggested or posted, so
whatever is wrong with an answer, what was typed is still there.

The words are the model's: `title` and `description` of a field are its question and hint, and `json_schema_extra` says
the rest: `choices` names what may be chosen (`api.procedure.choices`), `one` what a row of a list is called, `shown`
how many empty rows it begins with, `rows: "every"` that a list has one row for each choice of its first field, and
`given: "file"` that an answer is a file: it comes here kept already (`api.case.evidence`), or with what is wrong with
it.
"""

import dataclasses
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData

from api.web import date_input
from api.web.problems import located

Choice = tuple[str | int, str]
"""A value and the words for it."""
Kind = Literal["text", "words", "radios", "select", "boxes", "date", "file", "rows", "table"]
Path = tuple[str | int, ...]
Schema = Mapping[str, Any]

LONG = 500
"""Text that may be longer than this has a box of several lines."""

FEW = 4
SHORT = 10
"""Letters in a choice that leaves room beside it for the others."""

NO_FILE = "Choose a file."
BY_HAND = " Write year-month-day, like 2019-04-30."
"""What a fault says to whoever writes JSON or a file, and not to whoever has three boxes before them."""


@dataclasses.dataclass
class Field:
    """One question of a form, with its answer so far."""

    name: str
    title: str
    hint: str
    kind: Kind
    required: bool
    value: Any = None
    choices: Sequence[Choice] = ()
    rows: list[list["Field"]] = dataclasses.field(default_factory=list)
    row_name: str = ""
    """What a row is called."""

    error: str | None = None
    numeric: bool = False
    money: bool = False
    max_length: int | None = None
    """How many letters it may have, where that is worth counting."""

    date_parts: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Of a date, by part."""

    forget: bool | None = None
    """Whether it is to become unknown again; None where that cannot be asked."""

    whole: bool = False
    """Of a list: whether all of it stands before whoever answers, so that none left means that it is empty."""

    def is_chosen(self, choice: str | int) -> bool:
        """Whether this choice is (among) the answer."""
        answers = self.value if isinstance(self.value, list) else [self.value]
        return str(choice) in {_as_text(answer) for answer in answers if answer is not None}

    @property
    def brief(self) -> bool:
        """Whether its choices are few and short enough to stand side by side."""
        return len(self.choices) <= FEW and all(len(words) <= SHORT for _, words in self.choices)

    @property
    def text(self) -> str:
        """The answer as it stands in a text box."""
        return "" if self.value is None else _as_text(self.value)

    @property
    def stored_file(self) -> list[tuple[str, str]]:
        """Of a file that is kept already: what the form says of it, unseen."""
        return flat(self.value, f"{self.name}-") if isinstance(self.value, Mapping) and self.error is None else []

    @property
    def words(self) -> str:
        """The answer as its choice puts it."""
        return next((words for value, words in self.choices if self.is_chosen(value)), self.text)

    def is_faulty(self, part: str) -> bool:
        """Of a date with a fault: whether it lies in this box."""
        fault = date_input.fault(self.date_parts)
        return self.error is not None and (fault is None or fault[1] == part)

    @property
    def target(self) -> str:
        """Where a link to this question leads."""
        if self.kind != "date":
            return self.name
        return f"{self.name}-{next((part for part in self.date_parts if self.is_faulty(part)), 'day')}"


@dataclasses.dataclass(frozen=True)
class Form:
    """The questions of one model. `choices` answers what a field named as its choices offers."""

    model: type[BaseModel]
    choices: Mapping[str, Sequence[Choice]] = dataclasses.field(default_factory=dict)
    notes: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """More to say beside a question, by its name."""

    forgettable: Collection[str] = ()
    """Questions whose answer may become unknown again."""

    @property
    def schema(self) -> Schema:
        """The model's JSON Schema."""
        return schema_of(self.model)

    def read(self, posted: FormData) -> dict[str, Any]:
        """The answers of a posted form. Blank ones are left out, rows closed up, and one added or taken out if asked.

        None: this is to become unknown again. An empty list: all that stood in it is taken out.
        """
        properties = self.schema["properties"]
        forgotten = {name: None for name in properties if posted.get(f"{name}-unknown")}
        emptied: dict[str, Any] = {name: [] for name in properties if posted.get(f"{name}-whole")}
        return forgotten | emptied | self._read(self.schema, posted, "")

    def questions(self, data: Mapping[str, Any], errors: Mapping[Path, str] | None = None) -> list[Field]:
        """Every field, needed ones first, with its answer and what is wrong with it."""
        fields = self._questions(self.schema, data, (), errors or {})
        for field in fields:
            forgettable = field.name in self.forgettable
            field.whole = forgettable and field.kind == "rows"
            if forgettable and not field.whole:
                field.forget = field.name in data and data[field.name] is None
        return sorted(fields, key=lambda field: not field.required)

    def _read(self, schema: Schema, posted: FormData, prefix: str) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for name, subschema in schema["properties"].items():
            answer = self._answer(self._plain(subschema), posted, prefix + name)
            if answer not in (None, "", [], {}):
                data[name] = answer
        return data

    def _answer(self, plain: Schema, posted: FormData, name: str) -> Any:
        if plain.get("type") == "array":
            return self._list(plain, posted, name)
        if plain.get("given") == "file":
            fault = _posted_text(posted, f"{name}-fault")
            return {"fault": fault} if fault else self._read(plain, posted, f"{name}-")
        parts = _date_parts(plain)
        boxes = {part: _posted_text(posted, f"{name}-{part}") or "" for part in parts if f"{name}-{part}" in posted}
        if any(boxes.values()):
            return date_input.join({part: boxes.get(part, "") for part in parts})
        return _posted_text(posted, name)

    def _list(self, plain: Schema, posted: FormData, name: str) -> list[Any]:
        items = self._plain(plain["items"])
        if "properties" not in items:
            return [value for value in posted.getlist(name) if isinstance(value, str) and value.strip()]
        row_name = re.compile(re.escape(name) + r"-(\d{1,3})-")
        places = sorted({int(match[1]) for key in posted if (match := row_name.match(key))})
        remaining = [place for place in places if posted.get("remove") != f"{name}-{place}"]
        rows = [self._read(items, posted, f"{name}-{place}-") for place in remaining]
        first = next(iter(items["properties"])) if _has_fixed_rows(plain) else None
        properties = items["properties"].items()
        defaults = {key: _as_text(subschema["default"]) for key, subschema in properties if "default" in subschema}
        rows = [row for row in rows if any(key != first and defaults.get(key) != row[key] for key in row)]
        return [*rows, {}] if posted.get("another") == name else rows

    def _questions(
        self, schema: Schema, data: Mapping[str, Any], path: Path, errors: Mapping[Path, str]
    ) -> list[Field]:
        needed = schema.get("required", ())
        return [
            self._question(
                name, subschema, name in needed, data.get(name, subschema.get("default")), (*path, name), errors
            )
            for name, subschema in schema["properties"].items()
        ]

    def _question(
        self, name: str, schema: Schema, required: bool, value: Any, path: Path, errors: Mapping[Path, str]
    ) -> Field:
        plain = self._plain(schema)
        once = (_example(schema, plain), self.notes.get(name)) if len(path) == 1 else ()  # not in every row again
        hints = (schema.get("description"), *once)
        field = Field(
            name="-".join(str(step) for step in path),
            title=schema.get("title") or plain.get("title") or name.replace("_", " ").capitalize(),
            hint=" ".join(part for part in hints if part),
            kind="text",
            required=required,
            value=value,
            error=errors.get(path),
        )
        if plain.get("type") == "array":
            self._many(field, plain, path, errors)
        elif plain.get("given") == "file":
            field.kind = "file"
            field.error = (value or {}).get("fault") or (NO_FILE if _errors_under(path, errors) else None)
        elif (choices := self._choices(plain)) is not None:
            field.choices, field.kind = choices, "radios" if len(choices) <= FEW and len(path) == 1 else "select"
            if field.kind == "radios" and not required:  # what was chosen by mistake can be taken back
                no_answer = "As it is" if self.notes else "No answer"
                field.choices, field.value = [*choices, ("", no_answer)], "" if value is None else value
        elif parts := _date_parts(plain):
            boxes = date_input.split(value)
            field.kind, field.date_parts = "date", {part: boxes.get(part, "") for part in parts}
            if field.error:
                field.error = (
                    (date_input.fault(value) or ("",))[0]
                    if isinstance(value, dict)
                    else field.error.removesuffix(BY_HAND)
                )
        elif plain.get("maxLength", 0) >= LONG:
            field.kind, field.max_length = "words", plain["maxLength"]
        else:
            field.money = any("multipleOf" in option for option in plain.get("anyOf", ()))
            field.numeric = field.money or "integer" in _types(plain) or "number" in _types(plain)
        return field

    def _many(self, field: Field, plain: Schema, path: Path, errors: Mapping[Path, str]) -> None:
        items = self._plain(plain["items"])
        if "properties" not in items:
            field.kind, field.choices = "boxes", self._choices(items) or ()
            field.error = field.error or next(iter(_errors_under(path, errors)), None)
            return
        field.row_name = plain.get("one", "row")
        answers = list(field.value or [])
        if not _has_fixed_rows(plain):
            field.kind = "rows"
            answers = answers or [{}] * max(field.required, plain.get("shown", 0))
            field.rows = [self._questions(items, row, (*path, place), errors) for place, row in enumerate(answers)]
            return
        field.kind = "table"
        first = next(iter(items["properties"]))
        for number, (code, _) in enumerate(self._choices(self._plain(items["properties"][first])) or ()):
            place = next((place for place, row in enumerate(answers) if row.get(first) == code), None)
            row = {first: code} if place is None else answers[place]
            row_errors = {
                (*path, number, *fault_path[len(path) + 1 :]): text
                for fault_path, text in errors.items()
                if fault_path[: len(path) + 1] == (*path, place)
            }
            field.rows.append(self._questions(items, row, (*path, number), row_errors))

    def _choices(self, plain: Schema) -> Sequence[Choice] | None:
        if "choices" in plain:
            return self.choices[plain["choices"]]
        if "oneOf" in plain:
            return [(option["const"], option["title"]) for option in plain["oneOf"]]
        if "enum" in plain:
            return [(value, str(value).replace("_", " ").capitalize()) for value in plain["enum"]]
        if plain.get("type") == "boolean" or {"boolean"} <= _types(plain):
            return [("yes", "Yes"), ("no", "No")]
        return None

    def _plain(self, schema: Schema) -> Schema:
        """What a schema asks once it is answered: references followed, null and blank taken out."""
        options = [option for option in schema.get("anyOf", ()) if not _is_blank(option)]
        if len(options) == 1:
            schema = {**schema, **options[0]}
        if "$ref" in schema:
            schema = {**schema, **self.schema["$defs"][schema["$ref"].removeprefix("#/$defs/")]}
        return schema


@lru_cache
def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """A model's JSON Schema, made once. Not to be changed."""
    return model.model_json_schema()


def flat(data: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Data as the names and values of a form, as `Form.read` gave it."""
    pairs: list[tuple[str, str]] = []
    for name, answer in data.items():
        if answer is None:
            pairs.append((f"{prefix}{name}-unknown", "yes"))
        elif isinstance(answer, dict):
            pairs += flat(answer, f"{prefix}{name}-")
        else:
            for place, item in enumerate(answer if isinstance(answer, list) else [answer]):
                if isinstance(item, dict):
                    pairs += flat(item, f"{prefix}{name}-{place}-")
                else:
                    pairs.append((prefix + name, _as_text(item)))
    return pairs


def redraws(posted: FormData) -> bool:
    """Whether a form was sent to be shown again: another row, one fewer, only looked at, or after signing in anew."""
    return any(name in posted for name in ("another", "remove", "weigh", "check", "resume"))


def contradictions(data: Mapping[str, Any], posted: FormData) -> dict[Path, str]:
    """Questions that were both answered and said to be unknown."""
    names = [name for name, answer in data.items() if posted.get(f"{name}-unknown") and answer is not None]
    return {(name,): "Write what is right, or say that it is not known: not both." for name in names}


def faults(error: ValidationError) -> dict[Path, str]:
    """What is wrong, by the place of the answer. The empty place is the form as a whole."""
    return dict(located(detail["loc"], detail) for detail in error.errors())


def summary(questions: Sequence[Field], errors: Mapping[Path, str]) -> list[tuple[str, str]]:
    """Each fault after the box to look at, in the order of the questions; what fits none has no box."""
    by_question = {field.name: list(_fault_lines(field)) for field in questions}
    elsewhere = [text for path, text in errors.items() if not path or not by_question.get(str(path[0]))]
    return [fault for lines in by_question.values() for fault in lines] + [("", text) for text in elsewhere]


def _fault_lines(field: Field, where: str = "") -> Iterator[tuple[str, str]]:
    if field.error:
        yield field.target, f"{where}{field.title}: {field.error}"
    for place, row in enumerate(field.rows, start=1):
        row_name = row[0].words if field.kind == "table" else f"{field.row_name} {place}".capitalize()
        for cell in row:
            yield from _fault_lines(cell, f"{row_name}, ")


def _errors_under(path: Path, errors: Mapping[Path, str]) -> list[str]:
    """What is wrong there, or with a part of what is there."""
    return [text for fault_path, text in errors.items() if fault_path[: len(path)] == path]


def _posted_text(posted: FormData, name: str) -> str | None:
    value = posted.get(name)
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else None


def _date_parts(plain: Schema) -> tuple[str, ...]:
    """The boxes of a date, or of a date and time; none for anything else."""
    return {"date": date_input.DATE, "date-time": (*date_input.DATE, date_input.TIME)}.get(plain.get("format", ""), ())


def _has_fixed_rows(plain: Schema) -> bool:
    return plain.get("rows") == "every"


def _is_blank(option: Schema) -> bool:
    return option.get("type") == "null" or option.get("pattern") == r"^\s*$"


def _types(plain: Schema) -> set[str]:
    return {option.get("type", "") for option in (plain, *plain.get("anyOf", ()))}


def _example(schema: Schema, plain: Schema) -> str:
    if parts := _date_parts(plain):
        return "For example, 27 3 2019" + (", at 14:30." if date_input.TIME in parts else ".")
    examples = schema.get("examples") or plain.get("examples")
    has_choices = {"enum", "oneOf", "choices"} & set(plain) or "boolean" in _types(plain)
    if "string" in _types(plain) and examples and not has_choices:
        return f"Like {examples[0]}."
    return ""


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
