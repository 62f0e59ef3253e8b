"""A policy pack: the dated rules of entry, each with its authority, and the examples that hold it to its word."""

import hashlib
import json
from collections.abc import Callable
from datetime import date
from enum import StrEnum
from functools import cached_property
from operator import eq, ge, le
from types import GenericAlias
from typing import Any, Literal, get_args, get_origin

from pydantic import Field, TypeAdapter, ValidationError, field_validator, model_validator

from divert.eligibility.facts import FACT_TYPES, Facts
from divert.law.rule_files import Strict


class Effect(StrEnum):
    """What a rule that does not hold does: bars entry; asks for judgement; or only warns."""

    bar = "bar"
    review = "review"
    warn = "warn"


class Verdict(StrEnum):
    """What a policy says of a case. It is advice: police and probation each decide."""

    eligible = "eligible"
    review = "review"
    ineligible = "ineligible"
    not_yet_known = "not_yet_known"


class Operator(StrEnum):
    """The whole set of comparisons a rule may make."""

    equals = "is"
    at_least = "at_least"
    at_most = "at_most"
    one_of = "in"
    all_in = "all_in"


Plain = bool | int | str
COMPARE: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.equals: eq,
    Operator.at_least: ge,
    Operator.at_most: le,
    Operator.one_of: lambda value, allowed: value in allowed,
    Operator.all_in: lambda values, allowed: bool(values) and all(value in allowed for value in values),
}

# The one kind of value each fact holds, without "or unknown".
_KINDS: dict[str, Any] = {name: get_args(hint)[0] for name, hint in FACT_TYPES.items()}
_SUITS: dict[Operator, Callable[[Any], bool]] = {
    Operator.equals: lambda kind: kind in (bool, int, str) or get_origin(kind) is Literal,
    Operator.at_least: lambda kind: kind is int,
    Operator.at_most: lambda kind: kind is int,
    Operator.one_of: lambda kind: kind in (int, str) or get_origin(kind) is Literal,
    Operator.all_in: lambda kind: kind == tuple[str, ...],
}


class Condition(Strict):
    """A comparison of one fact. Unknown fact, unknown answer."""

    fact: str
    op: Operator
    value: Plain | tuple[Plain, ...]

    @field_validator("fact")
    @classmethod
    def _is_a_fact(cls, fact: str) -> str:
        require_fact(fact)
        return fact

    @model_validator(mode="after")
    def _fits_the_fact(self) -> "Condition":
        fact_kind = _KINDS[self.fact]
        if not _SUITS[self.op](fact_kind):
            raise ValueError(f"{self.fact} is {_in_words(fact_kind)} and cannot be compared by {self.op.value!r}")
        kind = GenericAlias(tuple, (fact_kind, ...)) if self.op is Operator.one_of else fact_kind
        if isinstance(self.value, tuple) and not self.value:
            raise ValueError(f"the list for {self.fact} is empty, so nothing could ever meet it")
        if not _is_of(kind, self.value):
            raise ValueError(f"{self.fact} is compared with {_in_words(kind)}, not {self.value!r}")
        return self


class Rule(Strict):
    """One rule: a sentence that is true of someone who meets it, its authority, and what follows if it is not met."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    says: str
    cites: str
    provenance: Literal["stated", "analogy", "recommended"]
    """Stated for Cleveland; taken over from another scheme or from national guidance; or our own."""
    effect: Effect
    holds: Condition
    ask: str
    """The question to put where the fact is unknown."""
    shows: tuple[str, ...] = ()
    """Facts that a reader wants beside the one compared."""

    @field_validator("shows")
    @classmethod
    def _are_facts(cls, shows: tuple[str, ...]) -> tuple[str, ...]:
        for fact in shows:
            require_fact(fact)
        return shows


class Example(Strict):
    """A case that shows a rule at work: the ordinary facts, but for those given and those unknown."""

    name: str
    given: dict[str, Any] = Field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    verdict: Verdict
    because: tuple[str, ...] = ()
    warns: tuple[str, ...] = ()


class Contract(Strict):
    """What a contract may be. Months are calendar months; the mandatory conditions count towards the maximum."""

    max_months: int = Field(gt=0, le=12)
    conditions_max: int = Field(gt=0, le=20)
    mandatory: tuple[str, ...] = Field(min_length=1)


class Buffer(Strict):
    """Days kept free between the end of a contract and the time limit, for a charging decision."""

    buffer_days: int = Field(ge=0, le=90)


class Policy(Strict):
    """One policy, whole: what it extends is already merged in."""

    id: str
    title: str
    starts: date
    ends: date | None = None
    extends: str | None = None
    outcome_22_available: bool
    contract: Contract
    time_limit: Buffer
    ordinary: dict[str, Any]
    rules: tuple[Rule, ...] = Field(alias="rule", min_length=1)
    examples: tuple[Example, ...] = Field(alias="example", min_length=1)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the merged pack in canonical JSON; layout, comments and order of keys do not matter."""
        pack = self.model_dump(mode="json", by_alias=True)
        text = json.dumps(pack, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    @cached_property
    def tests(self) -> tuple[tuple[int, str, Callable[[Any, Any], bool], Any], ...]:
        """Each rule as (its bit, its fact, the comparison, the value), ready for the judge."""
        return tuple(
            (1 << place, rule.holds.fact, COMPARE[rule.holds.op], rule.holds.value)
            for place, rule in enumerate(self.rules)
        )

    @cached_property
    def bars(self) -> int:
        """The bits of the rules that bar."""
        return self._bits(Effect.bar)

    @cached_property
    def reviews(self) -> int:
        """The bits of the rules that ask for judgement."""
        return self._bits(Effect.review)

    def _bits(self, effect: Effect) -> int:
        return sum(1 << place for place, rule in enumerate(self.rules) if rule.effect is effect)

    def facts_of(self, example: Example) -> Facts:
        """The facts of an example. Raises ValueError for what is not a fact or not of its kind."""
        for fact in example.unknown:
            require_fact(fact)
        facts = {**self.ordinary, **example.given}
        return Facts(**{fact: _as_fact(fact, value) for fact, value in facts.items() if fact not in example.unknown})


def require_fact(name: str) -> None:
    """Raises ValueError, listing the facts there are, for a name that is none of them."""
    if name not in _KINDS:
        raise ValueError(f"{name!r} is not a fact; the facts are {', '.join(_KINDS)}")


def _as_fact(name: str, value: Any) -> Any:
    require_fact(name)
    if isinstance(value, list):
        value = tuple(value)
    if not _is_of(_KINDS[name], value):
        raise ValueError(f"{name} is {_in_words(_KINDS[name])}, not {value!r}")
    return value


def _is_of(kind: Any, value: Any) -> bool:
    try:
        TypeAdapter(kind).validate_python(value, strict=True)
    except ValidationError:
        return False
    return True


def _in_words(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return f"one of {', '.join(get_args(kind))}"
    if get_origin(kind) is tuple:
        return "a list of texts" if get_args(kind)[0] is str else f"a list, each {_in_words(get_args(kind)[0])}"
    return {bool: "true or false", int: "a whole number", str: "a text", date: "a date, only ever shown,"}[kind]
