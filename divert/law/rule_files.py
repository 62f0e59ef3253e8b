"""How a rules file is read: TOML through a strict schema, or an error that names the file, the place and the fault."""

import os
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError


class RulesError(Exception):
    """A rules file that may not be used. Its text is a sentence for whoever edits the file."""

    def __init__(self, path: Path, place: str, fault: str) -> None:
        super().__init__(": ".join(part for part in (path.name, place, fault) if part))
        self.path, self.place, self.fault = path, place, fault


class Strict(BaseModel):
    """A table of a rules file: no key it does not know, and nothing changes once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, str_min_length=1)


Schema = TypeVar("Schema", bound=BaseModel)


def rules_folder() -> Path:
    """Where the rules live: $DIVERT_RULES, else `rules` beside the package."""
    return Path(os.environ.get("DIVERT_RULES") or Path(__file__).parents[2] / "rules")


def read_table(path: Path) -> dict[str, Any]:
    """The file's tables as TOML has them. Raises RulesError where it is absent or not TOML."""
    try:
        return tables_of(path, path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RulesError(path, "", f"there is no such file in {path.parent}") from None
    except UnicodeDecodeError as fault:
        raise RulesError(path, "", f"is not TOML: {fault}") from None


def tables_of(path: Path, text: str) -> dict[str, Any]:
    """The tables that a text holds, as if it stood in that file. Raises RulesError where it is not TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise RulesError(path, "", f"is not TOML: {fault}") from None


def parse(path: Path, schema: type[Schema], table: dict[str, Any]) -> Schema:
    """The table as the schema has it; RulesError names the first thing wrong and where it stands."""
    try:
        return schema.model_validate(table)
    except ValidationError as invalid:
        first = invalid.errors(include_url=False)[0]
        fault = "is missing" if first["type"] == "missing" else first["msg"].removeprefix("Value error, ")
        raise RulesError(path, _place(table, first["loc"]), fault) from None


def read(path: Path, schema: type[Schema]) -> Schema:
    """A whole file through its schema."""
    return parse(path, schema, read_table(path))


def in_date_order(folder: Path) -> list[Path]:
    """The files named for the day they start (2019-01-01….toml), earliest first. RulesError where there is none."""
    files = sorted(folder.glob("[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*.toml"))
    if not files:
        raise RulesError(folder, "", "holds no file named for the day it starts, like 2019-01-01.toml")
    return files


def _place(table: Any, loc: Sequence[str | int]) -> str:
    """`rule age_min, effect` rather than `rule.3.effect`: an entry is named by its own id, code, kind or name."""
    words: list[str] = []
    for step in loc:
        try:
            table = table[step]
        except (KeyError, IndexError, TypeError):
            table = None
        if isinstance(step, int) and words:
            names = [table[key] for key in ("id", "code", "kind", "name") if isinstance(table, dict) and key in table]
            words[-1] += f" {names[0] if names else step + 1}"
        else:
            words.append(str(step))
    return ", ".join(words)
