"""The rulebook: everything the scheme runs by that is data, loaded once and held together."""

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import Field, field_validator

from divert.law.message_rules import MessageRules, load_messages
from divert.law.offences import Catalogue, load_offences
from divert.law.rule_files import RulesError, Strict, in_date_order, read, rules_folder


class ConditionKind(StrEnum):
    """What a condition asks of the person."""

    attend = "attend"
    complete = "complete"
    refrain = "refrain"
    repair = "repair"

    @property
    def label(self) -> str:
        """As a page shows it."""
        return f"To {self.value}"

    @property
    def must_be_shown(self) -> bool:
        """Whether somebody must show that it was kept. If not, it was, unless the opposite is shown."""
        return self is not ConditionKind.refrain


class ConditionType(Strict):
    """One condition a contract may hold. `text` is what the person signs; `pathway` the need it serves."""

    code: str = Field(max_length=40)
    title: str
    kind: ConditionKind
    text: str
    authority: str
    pathway: str | None = None
    providers: tuple[str, ...] = ()
    """Who is known to offer it; others may be named."""

    starts: date | None = None
    ends: date | None = None
    victim_contact: bool = False
    """It brings person and victim together, so it may never be breached."""

    def is_offered_on(self, on: date) -> bool:
        """Whether a contract signed that day may hold it."""
        return (self.starts is None or self.starts <= on) and (self.ends is None or on <= self.ends)


class NeedType(Strict):
    """One need that is scored 0 to 10. A restricted one is the complex needs specialist's alone."""

    code: str = Field(max_length=40)
    title: str
    hint: str
    restricted: bool = False


class Outcome(Strict):
    """One Home Office crime outcome code, usable from the day it starts (None: before the scheme)."""

    code: int = Field(ge=1)
    title: str
    authority: str
    starts: date | None = None


class CloseReason(Strict):
    """Why a case is closed; the states it may be given in (none: any open one); the outcome that follows of itself."""

    code: str
    title: str
    states: tuple[str, ...] = ()
    outcome: int | None = None


class ReturnReason(Strict):
    """Why a case goes back to the force, and from which states."""

    code: str
    title: str
    states: tuple[str, ...] = Field(min_length=1)


class DeadlineRule(Strict):
    """How long something may be outstanding, whose it is, to whom it goes when missed."""

    kind: str = Field(max_length=30)
    title: str
    days: int
    """Counted from the day it arose; negative: before it."""
    unit: Literal["working", "calendar", "months"]
    owner: str
    escalate_to: str
    basis: str = Field(max_length=300)
    authority: str = Field(max_length=200)
    enhanced_days: int | None = Field(default=None, ge=0)
    """For a victim with enhanced rights."""
    keyworker_owns: bool = False


class Retention(Strict):
    """How many months a case is kept after it ended in that state."""

    state: Literal["completed", "prosecuted", "closed"]
    months: int = Field(ge=1)
    authority: str = Field(max_length=200)


class Score(Strict):
    """One step of the panel's scale. `found`: it counts as inappropriate; `comes_back`: it is scored again."""

    code: int = Field(ge=1, le=99)
    title: str = Field(max_length=60)
    meaning: str = Field(max_length=200)
    found: bool
    comes_back: bool


class CostHeading(Strict):
    """What money was spent on. `most_gbp_a_month`: more than that is a slip of the keys."""

    code: str = Field(max_length=40)
    title: str = Field(max_length=40)
    covers: str = Field(max_length=200)
    most_gbp_a_month: int = Field(ge=1)


class HarmTable(Strict):
    """One version of a harm index. `bands`: the last day of each band in which scores are counted, for ever."""

    code: str = Field(max_length=20)
    index: str = Field(max_length=60)
    version: str = Field(max_length=20)
    authority: str = Field(max_length=200)
    sources: tuple[str, ...] = Field(min_length=1)
    bands: tuple[int, ...] = Field(min_length=1)

    @property
    def title(self) -> str:
        """The index and its version."""
        return f"{self.index}, table of {self.version}"

    @field_validator("bands")
    @classmethod
    def _in_order(cls, bands: tuple[int, ...]) -> tuple[int, ...]:
        if list(bands) != sorted(set(bands)) or bands[0] < 0:
            raise ValueError("the bands do not rise")
        return bands


class _Conditions(Strict):
    condition: tuple[ConditionType, ...]


class _Needs(Strict):
    need: tuple[NeedType, ...]


class _Outcomes(Strict):
    outcome: tuple[Outcome, ...]


class _Closing(Strict):
    close_reason: tuple[CloseReason, ...]
    return_reason: tuple[ReturnReason, ...]


class _Deadlines(Strict):
    deadline: tuple[DeadlineRule, ...]


class _Scores(Strict):
    score: tuple[Score, ...]


class _Retention(Strict):
    retention: tuple[Retention, ...]


class _Costs(Strict):
    heading: tuple[CostHeading, ...]


class _Harm(Strict):
    table: tuple[HarmTable, ...]


@dataclass(frozen=True)
class Rulebook:
    """Every rule of one folder, by code, in the order of its file."""

    folder: Path
    offences: Catalogue
    conditions: Mapping[str, ConditionType]
    needs: Mapping[str, NeedType]
    outcomes: Mapping[int, Outcome]
    close_reasons: Mapping[str, CloseReason]
    return_reasons: Mapping[str, ReturnReason]
    deadline_editions: "Editions[DeadlineRule]"
    retention_editions: "Editions[Retention]"
    score_editions: "Editions[Score]"
    cost_editions: "Editions[CostHeading]"
    harm_editions: "Editions[HarmTable]"
    messages: MessageRules

    @property
    def deadlines(self) -> Mapping[str, DeadlineRule]:
        """The rules of the latest edition."""
        return next(iter(self.deadline_editions.values()))

    def deadlines_on(self, on: date) -> Mapping[str, DeadlineRule]:
        """The rules by which a deadline that arises that day is set."""
        return _in_force(self.deadline_editions, on)

    def retention_on(self, on: date) -> Mapping[str, Retention]:
        """How long a case that ended that day is kept, by the state it ended in."""
        return _in_force(self.retention_editions, on)

    def scores_on(self, on: date) -> "Mapping[Any, Score]":
        """The panel's scale for a meeting of that day, by code. Each edition of it carries the one before over."""
        return _in_force(self.score_editions, on)

    @property
    def costs_start(self) -> date:
        """The first day of which costs are entered: the scheme's own."""
        return min(self.cost_editions)

    def cost_headings_on(self, on: date) -> Mapping[str, CostHeading]:
        """What a month's costs are entered under, by the day it begins."""
        return _in_force(self.cost_editions, on)

    @property
    def harm_tables(self) -> Mapping[str, HarmTable]:
        """Every table that a harm score may have been taken from."""
        return next(iter(self.harm_editions.values()))

    def harm_tables_on(self, on: date) -> Mapping[str, HarmTable]:
        """Those that were out on a day."""
        return next((tables for starts, tables in self.harm_editions.items() if starts <= on), {})

    @property
    def limit_alert_days(self) -> tuple[int, ...]:
        """How many days before a time limit its owner is reminded, the earliest first."""
        return tuple(sorted((-rule.days for rule in self.deadlines.values() if rule.days < 0), reverse=True))

    def outcomes_on(self, on: date) -> tuple[Outcome, ...]:
        """The outcome codes that may be recorded that day."""
        return tuple(outcome for outcome in self.outcomes.values() if outcome.starts is None or outcome.starts <= on)


@lru_cache
def rulebook(folder: Path | None = None) -> Rulebook:
    """The rulebook of a folder: $DIVERT_RULES or the one beside the package, unless another is named.

    Raises RulesError, naming file and place, for anything that may not be used.
    """
    folder = folder or rules_folder()
    closing = read(folder / "closing.toml", _Closing)
    offences = load_offences(folder / "offences")
    book = Rulebook(
        folder=folder,
        offences=offences,
        conditions=_by_key(folder / "conditions.toml", "code", read(folder / "conditions.toml", _Conditions).condition),
        needs=_by_key(folder / "needs.toml", "code", read(folder / "needs.toml", _Needs).need),
        outcomes=_by_key(folder / "outcomes.toml", "code", read(folder / "outcomes.toml", _Outcomes).outcome),
        close_reasons=_by_key(folder / "closing.toml", "code", closing.close_reason),
        return_reasons=_by_key(folder / "closing.toml", "code", closing.return_reason),
        deadline_editions=_editions(folder / "deadlines", "kind", lambda path: read(path, _Deadlines).deadline),
        retention_editions=_editions(folder / "retention", "state", lambda path: read(path, _Retention).retention),
        score_editions=_editions(folder / "scrutiny", "code", lambda path: read(path, _Scores).score),
        cost_editions=_editions(folder / "costs", "code", lambda path: read(path, _Costs).heading),
        harm_editions=_editions(folder / "harm", "code", lambda path: read(path, _Harm).table),
        messages=load_messages(folder / "messages.toml", offences),
    )
    _require_whole(book)
    return book


Entry = TypeVar("Entry", bound=Strict)
Editions = Mapping[date, Mapping[str, Entry]]
"""Entries by their key, by the day an edition starts, the latest first; each edition holds all, changed or not."""


def _by_key(path: Path, key: str, entries: tuple[Entry, ...]) -> dict[Any, Entry]:
    """The entries by their key, in order. RulesError for one that stands twice."""
    by_key: dict[Any, Entry] = {}
    for entry in entries:
        name = getattr(entry, key)
        if name in by_key:
            raise RulesError(path, str(name), "stands twice")
        by_key[name] = entry
    return by_key


def _editions(folder: Path, key: str, entries_of: Callable[[Path], tuple[Entry, ...]]) -> "Editions[Entry]":
    """Each dated file with what it carries over from the one before."""
    editions: dict[date, Mapping[str, Entry]] = {}
    carried: dict[str, Entry] = {}
    for path in in_date_order(folder):
        carried |= _by_key(path, key, entries_of(path))
        editions[date.fromisoformat(path.stem[:10])] = dict(carried)
    return dict(reversed(editions.items()))


def _in_force(editions: "Editions[Entry]", on: date) -> Mapping[str, Entry]:
    """The edition of a day; before the first, the first."""
    return next((rules for starts, rules in editions.items() if starts <= on), [*editions.values()][-1])


def _require_whole(book: Rulebook) -> None:
    """Every name that one file uses of another is there."""
    path = book.folder / "conditions.toml"
    for condition in book.conditions.values():
        if condition.pathway is not None:
            require_all(path, f"condition {condition.code}", [condition.pathway], book.needs, "need")
    path = book.folder / "closing.toml"
    for reason in book.close_reasons.values():
        if reason.outcome is not None:
            require_all(path, f"close_reason {reason.code}", [reason.outcome], book.outcomes, "outcome")


def require_all(path: Path, place: str, names: Iterable[Any], known: Container[Any], what: str) -> None:
    """Every name is known. RulesError, naming the place, for the first that is not."""
    for name in names:
        if name not in known:
            raise RulesError(path, place, f"there is no {what} {name!r}")
