"""Codes as people say them, by the name of the answer that holds one: the words first, the code behind them."""

from collections.abc import Callable, Mapping
from typing import Any

from divert.law.rulebook import rulebook
from divert.people.identifiers import DISTRICTS, ETHNICITIES, FORCES, SEXES


def _reasons() -> dict[str, str]:
    closed = {one.code: one.title for one in rulebook().close_reasons.values()}
    return closed | {one.code: one.title for one in rulebook().return_reasons.values()}


KNOWN: dict[str, Callable[[], Mapping[Any, str]]] = {
    "sex": lambda: SEXES,
    "ethnicity": lambda: ETHNICITIES,
    "district": lambda: DISTRICTS,
    "offence_force": lambda: FORCES,
    "offence_code": lambda: {one.code: one.title for one in rulebook().offences.all},
    "outcome_code": lambda: {one.code: one.title for one in rulebook().outcomes.values()},
    "reason_code": _reasons,
    "code": lambda: {one.code: one.title for one in rulebook().conditions.values()},
    "harm_table": lambda: {one.code: one.title for one in rulebook().harm_tables.values()},
    "need": lambda: {one.code: one.title for one in rulebook().needs.values()},
}


def in_code(name: str, value: Any) -> str | None:
    """What a code means, with the code; None where the answer is none, or one that nobody knows."""
    said = KNOWN[name]().get(value) if name in KNOWN and isinstance(value, (str, int)) else None
    return f"{said} ({value})" if said else None
