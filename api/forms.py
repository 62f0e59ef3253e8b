"""A form for any model, from its JSON Schema; and what was posted, as data for the same model.

Names follow the data: `signed_on`, `conditions-0-code`. What is blank was not said. A form is drawn from data, whether
suggested or posted, so whatever is wrong with an answer, what was typed is still there.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData

from api.choices import Choice, schema_of
from api.problems import located

Kind = Literal["text", "words", "radios", "select", "boxes", "rows"]
Path = tuple[str | int, ...]
Schema = Mapping[str, Any]

LONG = 500
"""Text that may be longer than this has a box of several lines."""

FEW = 4
SHORT = 10
"""Letters in a choice that leaves room beside it for the others."""
SPARE_ROWS = 2


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
    error: str | None = None
    figures: bool = False

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


@dataclass(frozen=True)
class Form:
    """The questions of one model. `choices` answers what a field named as its choices offers."""

    model: type[BaseModel]
    choices: Mapping[str, Sequence[Choice]]
    notes: Mapping[str, str] = field(default_factory=dict)
    """More to say beside a question, by its name."""

    @property
    def schema(self) -> Schema:
        """The model's JSON Schema."""
        return schema_of(self.model)

    def read(self, posted: FormData) -> dict[str, Any]:
        """The answers of a posted form, blank ones left out, rows closed up."""
        return self._read(self.schema, posted, "")

    def questions(self, data: Mapping[str, Any], errors: Mapping[Path, str] | None = None) -> list[Field]:
        """Every field, needed ones first, with its answer and what is wrong with it."""
        found = self._questions(self.schema, data, (), errors or {})
        return sorted(found, key=lambda one: not one.required)

    def _read(self, schema: Schema, posted: FormData, prefix: str) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for name, said in schema["properties"].items():
            answer = self._answer(self._plain(said), posted, prefix + name)
            if answer not in (None, "", [], {}):
                data[name] = answer
        return data

    def _answer(self, said: Schema, posted: FormData, name: str) -> Any:
        if said.get("type") != "array":
            value = posted.get(name)
            return value.replace("\r\n", "\n").strip() if isinstance(value, str) else None
        items = self._plain(said["items"])
        if "properties" not in items:
            return [one for one in posted.getlist(name) if isinstance(one, str) and one.strip()]
        numbered = re.compile(re.escape(name) + r"-(\d{1,3})-")
        places = sorted({int(found[1]) for key in posted if (found := numbered.match(key))})
        rows = [self._read(items, posted, f"{name}-{place}-") for place in places]
        untouched = {name: _as_typed(one["default"]) for name, one in items["properties"].items() if "default" in one}
        return [row for row in rows if row.items() - untouched.items()]

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
        one = Field(
            name="-".join(str(step) for step in at),
            title=said.get("title") or plain.get("title") or name.replace("_", " ").capitalize(),
            hint=" ".join(
                part for part in (said.get("description"), _example(said, plain), self.notes.get(name)) if part
            ),
            kind="text",
            required=required,
            value=value,
            error=errors.get(at),
        )
        if plain.get("type") == "array":
            self._many(one, plain, at, errors)
        elif (choices := self._choices(plain)) is not None:
            one.choices, one.kind = choices, "radios" if len(choices) <= FEW and len(at) == 1 else "select"
            if one.kind == "radios" and not required:  # what was chosen by mistake can be taken back
                one.choices, one.value = [*choices, ("", "No answer")], "" if value is None else value
        elif plain.get("maxLength", 0) >= LONG:
            one.kind = "words"
        else:
            one.figures = "integer" in _types(plain) or "number" in _types(plain)
        return one

    def _many(self, one: Field, plain: Schema, at: Path, errors: Mapping[Path, str]) -> None:
        items = self._plain(plain["items"])
        if "properties" not in items:
            one.kind, one.choices = "boxes", self._choices(items) or ()
            one.error = one.error or next((text for path, text in errors.items() if path[: len(at)] == at), None)
            return
        one.kind = "rows"
        given = list(one.value or [])
        count = min(len(given) + SPARE_ROWS, plain.get("maxItems", 20), *self._different(items))
        given += [{}] * (count - len(given))
        one.rows = [self._questions(items, row, (*at, place), errors) for place, row in enumerate(given)]

    def _different(self, items: Schema) -> list[int]:
        """How many rows can differ, where the first answer of each is a choice."""
        choices = self._choices(self._plain(next(iter(items["properties"].values()))))
        return [len(choices)] if choices else []

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


def flat(data: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Data as the names and values of a form, as `Form.read` gave it."""
    found: list[tuple[str, str]] = []
    for name, answer in data.items():
        for place, one in enumerate(answer if isinstance(answer, list) else [answer]):
            if isinstance(one, dict):
                found += flat(one, f"{prefix}{name}-{place}-")
            else:
                found.append((prefix + name, _as_typed(one)))
    return found


def faults(error: ValidationError) -> dict[Path, str]:
    """What is wrong, by the place of the answer. The empty place is the form as a whole."""
    return dict(located(one["loc"], one) for one in error.errors())


def summary(questions: Sequence[Field], errors: Mapping[Path, str]) -> list[tuple[str, str]]:
    """Each fault under its question, in their order, with the field's name; what fits none has no name."""
    found = [(name, f"{title}: {text}") for name, title, text in _wrong(questions)]
    elsewhere = [text for text in errors.values() if text not in {text for _, _, text in _wrong(questions)}]
    return found + [("", text) for text in elsewhere]


def _wrong(questions: Sequence[Field], where: str = "") -> Iterator[tuple[str, str, str]]:
    for one in questions:
        if one.error:
            yield one.name, where + one.title, one.error
        for place, row in enumerate(one.rows, start=1):
            yield from _wrong(row, f"{one.title} {place}, ")


def _is_blank(said: Schema) -> bool:
    return said.get("type") == "null" or said.get("pattern") == r"^\s*$"


def _types(plain: Schema) -> set[str]:
    return {one.get("type", "") for one in (plain, *plain.get("anyOf", ()))}


def _example(said: Schema, plain: Schema) -> str:
    if plain.get("format") == "date":
        return "Year-month-day, like 2019-04-30."
    examples = said.get("examples") or plain.get("examples")
    chosen = {"enum", "oneOf", "choices"} & set(plain) or "boolean" in _types(plain)
    if "string" in _types(plain) and examples and not chosen:
        return f"Like {examples[0]}."
    return ""


def _as_typed(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
