"""The offences the scheme knows: code, class, mode of trial, and how long a prosecution may wait."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, model_validator

from divert.law.rule_files import RulesError, Strict, in_date_order, read_table, rules_folder
from divert.law.rule_files import parse as parse_table

CODE_PATTERN = r"^([A-Z]{2}\d{5}|[A-Z]{4}\d{3})[A-Z]?$"
CODE_EXAMPLE = "TH68010 (theft from a shop)"

Code = Annotated[str, Field(pattern=CODE_PATTERN)]


class Mode(StrEnum):
    """Where an offence may be tried."""

    summary = "summary"
    either_way = "either_way"
    indictable = "indictable"


class Basis(StrEnum):
    """How far a time limit binds: by statute; kept to out of caution; or there is none."""

    statutory = "statutory"
    precautionary = "precautionary"
    none = "none"


class LimitMethod(Strict):
    """One way a prosecution goes out of time. Months are calendar months."""

    id: str
    basis: Basis
    says: str
    authority: str
    months: int | None = Field(default=None, gt=0)
    first_day_counts: bool = False
    """True where the words are 'beginning with' a day: the last day is then one earlier."""
    at_most_gbp: Decimal | None = Field(default=None, gt=0)
    """Applies only where the property is worth no more than this, or its value is not known."""

    @model_validator(mode="after")
    def _months_unless_none(self) -> "LimitMethod":
        if (self.months is None) != (self.basis is Basis.none):
            raise ValueError("a limit has months, and only 'none' has no limit")
        return self


class Offence(Strict):
    """One offence, as the law stood when its file begins."""

    code: Code
    title: str
    ho_class: str | None = None
    mode: Mode
    limit: LimitMethod
    authority: str
    note: str = ""
    weapon: bool = False
    """Having a weapon is the offence."""


class UnknownOffence(LookupError):
    """A code the catalogue does not hold. Its text is a sentence for whoever typed it."""


class _OffenceFile(Strict):
    limit: tuple[LimitMethod, ...]
    offence: tuple[Offence, ...]


class Catalogue:
    """Every dated list of offences; a later one replaces the one before it whole."""

    def __init__(self, editions: Mapping[date, Mapping[str, Offence]]) -> None:
        self.editions = tuple(sorted(editions.items(), reverse=True))
        """The day each starts, and its offences by code; the latest first."""
        self.all = tuple(offence for _, offences in self.editions for offence in offences.values())
        self.codes = frozenset(offence.code for offence in self.all)
        self.starts = self.editions[-1][0]

    def in_force(self, on: date) -> Mapping[str, Offence]:
        """The list that applies to a referral made that day, by code. Raises UnknownOffence before the first list."""
        for starts, offences in self.editions:
            if starts <= on:
                return offences
        raise UnknownOffence(f"The list of offences starts on {self.starts}; {on} is before it.")

    def find(self, code: str, on: date) -> Offence:
        """The offence of that code, for a referral made that day. Raises UnknownOffence."""
        offence = self.in_force(on).get(code)
        if offence is None:
            raise UnknownOffence(
                f"No offence this scheme knows has the code {code[:12]!r}. "
                f"Write the CJS code, two letters and five digits, like {CODE_EXAMPLE}."
            )
        return offence


def load_offences(folder: Path) -> Catalogue:
    """Read every dated list in the folder. Raises RulesError."""
    return Catalogue({date.fromisoformat(path.stem[:10]): _edition(path) for path in in_date_order(folder)})


@lru_cache
def known_offences() -> Catalogue:
    """The installation's own catalogue, read once."""
    return load_offences(rules_folder() / "offences")


def _edition(path: Path) -> Mapping[str, Offence]:
    table = read_table(path)
    _join_limits(path, table)
    file = parse_table(path, _OffenceFile, table)
    by_code = {offence.code: offence for offence in file.offence}
    if len(by_code) < len(file.offence):
        codes = [offence.code for offence in file.offence]
        repeated = next(code for code in codes if codes.count(code) > 1)
        raise RulesError(path, f"offence {repeated}", "stands twice")
    return by_code


def _join_limits(path: Path, table: dict[str, Any]) -> None:
    """Put each offence's limit in place of its name."""
    limits = {limit.get("id"): limit for limit in table.get("limit", []) if isinstance(limit, dict)}
    for offence in table.get("offence", []):
        name = offence.get("limit")
        if name not in limits:
            raise RulesError(path, f"offence {offence.get('code')}", f"there is no [[limit]] called {name!r}")
        offence["limit"] = limits[name]
