"""Codes as people say them, by the name of the answer that holds one: the words first, the code behind them."""

from collections.abc import Callable, Mapping
from typing import Any

from divert.law.rulebook import rulebook
from divert.people.identifiers import DISTRICTS, ETHNICITIES, FORCES, SEXES


def _reasons() -> dict[str, str]:
    close_reasons = {reason.code: reason.title for reason in rulebook().close_reasons.values()}
    return close_reasons | {reason.code: reason.title for reason in rulebook().return_reasons.values()}


MEANINGS: dict[str, Callable[[], Mapping[Any, str]]] = {
    "sex": lambda: SEXES,
    "ethnicity": lambda: ETHNICITIES,
    "district": lambda: DISTRICTS,
    "offence_force": lambda: FORCES,
    "offence_code": lambda: {offence.code: offence.title for offence in rulebook().offences.all},
    "outcome_code": lambda: {outcome.code: outcome.title for outcome in rulebook().outcomes.values()},
    "reason_code": _reasons,
    "code": lambda: {condition.code: condition.title for condition in rulebook().conditions.values()},
    "harm_table": lambda: {table.code: table.title for table in rulebook().harm_tables.values()},
    "need": lambda: {need.code: need.title for need in rulebook().needs.values()},
}


def code_in_words(name: str, value: Any) -> str | None:
    """What a code means, with the code; None where the answer is none, or one that nobody knows."""
    meaning = MEANINGS[name]().get(value) if name in MEANINGS and isinstance(value, (str, int)) else None
    return f"{meaning} ({value})" if meaning else None
