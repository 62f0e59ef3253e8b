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

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
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


@dataclass
class Field:
    """One question of a form, with its answer so far."""

    name: str
    title: str
    hint: str
    kind: Kind
    required: bool
    value: Any = None
    choices: Sequence[Choice] = ()
    rows: list[list["Field"]] = field(default_factory=list)
    each: str = ""
    """What a row is called."""

    error: str | None = None
    figures: bool = False
    money: bool = False
    most: int | None = None
    """How many letters it may have, where that is worth counting."""

    date_parts: Mapping[str, str] = field(default_factory=dict)
    """Of a date, by part."""

    forget: bool | None = None
    """Whether it is to become unknown again; None where that cannot be asked."""

    whole: bool = False
    """Of a list: whether all of it stands before whoever answers, so that none left means that it is empty."""

    def chosen(self, choice: str | int) -> bool:
        """Whether this choice is (among) the answer."""
        given = self.value if isinstance(self.value, list) else [self.value]
        return str(choice) in {_as_typed(one) for one in given if one is not None}

    @property
    def brief(self) -> bool:
        """Whether its choices are few and short enough to stand side by side."""
        return len(self.choices) <= FEW and all(len(words) <= SHORT for _, words in self.choices)

    @property
    def typed(self) -> str:
        """The answer as it stands in a text box."""
        return "" if self.value is None else _as_typed(self.value)

    @property
    def held(self) -> list[tuple[str, str]]:
        """Of a file that is kept already: what the form says of it, unseen."""
        return flat(self.value, f"{self.name}-") if isinstance(self.value, Mapping) and self.error is None else []

    @property
    def words(self) -> str:
        """The answer as its choice puts it."""
        return next((words for value, words in self.choices if self.chosen(value)), self.typed)

    def blamed(self, part: str) -> bool:
        """Of a date with a fault: whether it lies in this box."""
        found = date_input.wrong(self.date_parts)
        return self.error is not None and (found is None or found[1] == part)

    @property
    def target(self) -> str:
        """Where a link to this question leads."""
        if self.kind != "date":
            return self.name
        return f"{self.name}-{next((part for part in self.date_parts if self.blamed(part)), 'day')}"


@dataclass(frozen=True)
class Form:
    """The questions of one model. `choices` answers what a field named as its choices offers."""

    model: type[BaseModel]
    choices: Mapping[str, Sequence[Choice]] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    """More to say beside a question, by its name."""

    known: Collection[str] = ()
    """Questions whose answer may become unknown again."""

    @property
    def schema(self) -> Schema:
        """The model's JSON Schema."""
        return schema_of(self.model)

    def read(self, posted: FormData) -> dict[str, Any]:
        """The answers of a posted form. Blank ones are left out, rows closed up, and one added or taken out if asked.

        None: this is to become unknown again. An empty list: all that stood in it is taken out.
        """
        asked = self.schema["properties"]
        forgotten = {name: None for name in asked if posted.get(f"{name}-unknown")}
        emptied: dict[str, Any] = {name: [] for name in asked if posted.get(f"{name}-whole")}
        return forgotten | emptied | self._read(self.schema, posted, "")

    def questions(self, data: Mapping[str, Any], errors: Mapping[Path, str] | None = None) -> list[Field]:
        """Every field, needed ones first, with its answer and what is wrong with it."""
        found = self._questions(self.schema, data, (), errors or {})
        for one in found:
            one.whole = one.kind == "rows" and one.name in self.known
            if one.name in self.known and not one.whole:
                one.forget = one.name in data and data[one.name] is None
        return sorted(found, key=lambda one: not one.required)

    def _read(self, schema: Schema, posted: FormData, prefix: str) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for name, said in schema["properties"].items():
            answer = self._answer(self._plain(said), posted, prefix + name)
            if answer not in (None, "", [], {}):
                data[name] = answer
        return data

    def _answer(self, said: Schema, posted: FormData, name: str) -> Any:
        if said.get("type") == "array":
            return self._list(said, posted, name)
        if said.get("given") == "file":
            fault = _said(posted, f"{name}-fault")
            return {"fault": fault} if fault else self._read(said, posted, f"{name}-")
        parts = _parts(said)
        typed = {part: _said(posted, f"{name}-{part}") or "" for part in parts if f"{name}-{part}" in posted}
        if any(typed.values()):
            return date_input.joined({part: typed.get(part, "") for part in parts})
        return _said(posted, name)

    def _list(self, said: Schema, posted: FormData, name: str) -> list[Any]:
        items = self._plain(said["items"])
        if "properties" not in items:
            return [one for one in posted.getlist(name) if isinstance(one, str) and one.strip()]
        numbered = re.compile(re.escape(name) + r"-(\d{1,3})-")
        places = sorted({int(found[1]) for key in posted if (found := numbered.match(key))})
        kept = [place for place in places if posted.get("remove") != f"{name}-{place}"]
        rows = [self._read(items, posted, f"{name}-{place}-") for place in kept]
        first = next(iter(items["properties"])) if _every(said) else None
        by_itself = {name: _as_typed(one["default"]) for name, one in items["properties"].items() if "default" in one}
        rows = [row for row in rows if any(name != first and by_itself.get(name) != row[name] for name in row)]
        return [*rows, {}] if posted.get("another") == name else rows

    def _questions(self, schema: Schema, data: Mapping[str, Any], at: Path, errors: Mapping[Path, str]) -> list[Field]:
        needed = schema.get("required", ())
        return [
            self._question(name, said, name in needed, data.get(name, said.get("default")), (*at, name), errors)
            for name, said in schema["properties"].items()
        ]

    def _question(
        self, name: str, said: Schema, required: bool, value: Any, at: Path, errors: Mapping[Path, str]
    ) -> Field:
        plain = self._plain(said)
        alone = (_example(said, plain), self.notes.get(name)) if len(at) == 1 else ()  # not in every row again
        hints = (said.get("description"), *alone)
        one = Field(
            name="-".join(str(step) for step in at),
            title=said.get("title") or plain.get("title") or name.replace("_", " ").capitalize(),
            hint=" ".join(part for part in hints if part),
            kind="text",
            required=required,
            value=value,
            error=errors.get(at),
        )
        if plain.get("type") == "array":
            self._many(one, plain, at, errors)
        elif plain.get("given") == "file":
            one.kind = "file"
            one.error = (value or {}).get("fault") or (NO_FILE if _under(at, errors) else None)
        elif (choices := self._choices(plain)) is not None:
            one.choices, one.kind = choices, "radios" if len(choices) <= FEW and len(at) == 1 else "select"
            if one.kind == "radios" and not required:  # what was chosen by mistake can be taken back
                nothing = "As it is" if self.notes else "No answer"
                one.choices, one.value = [*choices, ("", nothing)], "" if value is None else value
        elif parts := _parts(plain):
            typed = date_input.apart(value)
            one.kind, one.date_parts = "date", {part: typed.get(part, "") for part in parts}
            if one.error:
                one.error = (
                    (date_input.wrong(value) or ("",))[0]
                    if isinstance(value, dict)
                    else one.error.removesuffix(BY_HAND)
                )
        elif plain.get("maxLength", 0) >= LONG:
            one.kind, one.most = "words", plain["maxLength"]
        else:
            one.money = any("multipleOf" in each for each in plain.get("anyOf", ()))
            one.figures = one.money or "integer" in _types(plain) or "number" in _types(plain)
        return one

    def _many(self, one: Field, plain: Schema, at: Path, errors: Mapping[Path, str]) -> None:
        items = self._plain(plain["items"])
        if "properties" not in items:
            one.kind, one.choices = "boxes", self._choices(items) or ()
            one.error = one.error or next(iter(_under(at, errors)), None)
            return
        one.each = plain.get("one", "row")
        given = list(one.value or [])
        if not _every(plain):
            one.kind = "rows"
            given = given or [{}] * max(one.required, plain.get("shown", 0))
            one.rows = [self._questions(items, row, (*at, place), errors) for place, row in enumerate(given)]
            return
        one.kind = "table"
        first = next(iter(items["properties"]))
        for shown, (code, _) in enumerate(self._choices(self._plain(items["properties"][first])) or ()):
            place = next((place for place, row in enumerate(given) if row.get(first) == code), None)
            row = {first: code} if place is None else given[place]
            at_row = {
                (*at, shown, *path[len(at) + 1 :]): text
                for path, text in errors.items()
                if path[: len(at) + 1] == (*at, place)
            }
            one.rows.append(self._questions(items, row, (*at, shown), at_row))

    def _choices(self, plain: Schema) -> Sequence[Choice] | None:
        if "choices" in plain:
            return self.choices[plain["choices"]]
        if "oneOf" in plain:
            return [(one["const"], one["title"]) for one in plain["oneOf"]]
        if "enum" in plain:
            return [(one, str(one).replace("_", " ").capitalize()) for one in plain["enum"]]
        if plain.get("type") == "boolean" or {"boolean"} <= _types(plain):
            return [("yes", "Yes"), ("no", "No")]
        return None

    def _plain(self, said: Schema) -> Schema:
        """What a schema asks once it is answered: references followed, null and blank taken out."""
        if "anyOf" in said and len(rest := [one for one in said["anyOf"] if not _is_blank(one)]) == 1:
            said = {**said, **rest[0]}
        if "$ref" in said:
            said = {**said, **self.schema["$defs"][said["$ref"].removeprefix("#/$defs/")]}
        return said


@lru_cache
def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """A model's JSON Schema, made once. Not to be changed."""
    return model.model_json_schema()


def flat(data: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Data as the names and values of a form, as `Form.read` gave it."""
    found: list[tuple[str, str]] = []
    for name, answer in data.items():
        if answer is None:
            found.append((f"{prefix}{name}-unknown", "yes"))
        elif isinstance(answer, dict):
            found += flat(answer, f"{prefix}{name}-")
        else:
            for place, one in enumerate(answer if isinstance(answer, list) else [answer]):
                if isinstance(one, dict):
                    found += flat(one, f"{prefix}{name}-{place}-")
                else:
                    found.append((prefix + name, _as_typed(one)))
    return found


def redraws(posted: FormData) -> bool:
    """Whether a form was sent to be shown again: another row, one fewer, only looked at, or after signing in anew."""
    return any(name in posted for name in ("another", "remove", "weigh", "check", "resume"))


def contradictions(data: Mapping[str, Any], posted: FormData) -> dict[Path, str]:
    """Questions that were both answered and said to be unknown."""
    both = [name for name, answer in data.items() if posted.get(f"{name}-unknown") and answer is not None]
    return {(name,): "Write what is right, or say that it is not known: not both." for name in both}


def faults(error: ValidationError) -> dict[Path, str]:
    """What is wrong, by the place of the answer. The empty place is the form as a whole."""
    return dict(located(one["loc"], one) for one in error.errors())


def summary(questions: Sequence[Field], errors: Mapping[Path, str]) -> list[tuple[str, str]]:
    """Each fault after the box to look at, in the order of the questions; what fits none has no box."""
    shown = {one.name: list(_wrong(one)) for one in questions}
    elsewhere = [text for path, text in errors.items() if not path or not shown.get(str(path[0]))]
    return [fault for found in shown.values() for fault in found] + [("", text) for text in elsewhere]


def _wrong(one: Field, where: str = "") -> Iterator[tuple[str, str]]:
    if one.error:
        yield one.target, f"{where}{one.title}: {one.error}"
    for place, row in enumerate(one.rows, start=1):
        called = row[0].words if one.kind == "table" else f"{one.each} {place}".capitalize()
        for cell in row:
            yield from _wrong(cell, f"{called}, ")


def _under(at: Path, errors: Mapping[Path, str]) -> list[str]:
    """What is wrong there, or with a part of what is there."""
    return [text for path, text in errors.items() if path[: len(at)] == at]


def _said(posted: FormData, name: str) -> str | None:
    value = posted.get(name)
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else None


def _parts(plain: Schema) -> tuple[str, ...]:
    """The boxes of a date, or of a date and time; none for anything else."""
    return {"date": date_input.DATE, "date-time": (*date_input.DATE, date_input.TIME)}.get(plain.get("format", ""), ())


def _every(said: Schema) -> bool:
    return said.get("rows") == "every"


def _is_blank(said: Schema) -> bool:
    return said.get("type") == "null" or said.get("pattern") == r"^\s*$"


def _types(plain: Schema) -> set[str]:
    return {one.get("type", "") for one in (plain, *plain.get("anyOf", ()))}


def _example(said: Schema, plain: Schema) -> str:
    if parts := _parts(plain):
        return "For example, 27 3 2019" + (", at 14:30." if date_input.TIME in parts else ".")
    examples = said.get("examples") or plain.get("examples")
    chosen = {"enum", "oneOf", "choices"} & set(plain) or "boolean" in _types(plain)
    if "string" in _types(plain) and examples and not chosen:
        return f"Like {examples[0]}."
    return ""


def _as_typed(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
