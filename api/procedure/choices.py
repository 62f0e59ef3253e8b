"""What a person may choose from, for fields whose answers depend on the rules, the staff or the case.

A field says `json_schema_extra={"choices": name}`; forms make a list of it, and JSON Schema a closed set of constants.
Only what no guard would refuse is offered (`divert.casework.choice`).
"""

import copy
import json
from collections.abc import Callable, Sequence
from typing import Any, get_args

from pydantic import BaseModel
from sqlalchemy import select

from api.web.forms import Choice, schema_of
from divert.casework import deadlines
from divert.casework.choice import left_open
from divert.casework.command import CaseCommand, Context
from divert.casework.commands.record import NOTES
from divert.casework.commands.support import Stage
from divert.casework.guards.ending import LEVELS
from divert.clock import london_text
from divert.models import Case, LedgerEntry, Staff
from divert.people.rights import KEYWORKERS, Subject, may_read


def _needs(_case: Case, context: Context) -> list[Choice]:
    specialist = may_read(context.by.role, Subject.restricted_need)
    return [(one.code, one.title) for one in context.rules.needs.values() if specialist or not one.restricted]


def _conditions(_case: Case, context: Context) -> list[Choice]:
    offered = [one for one in context.rules.conditions.values() if one.is_offered_on(context.today)]
    return [(one.code, one.title) for one in offered if not one.victim_contact]


def _keyworkers(_case: Case, context: Context) -> list[Choice]:
    query = select(Staff).where(Staff.role.in_(KEYWORKERS), Staff.active.is_(True)).order_by(Staff.name)
    return [(one.username, f"{one.name}, {one.role.label.lower()}") for one in context.session.scalars(query)]


def _offences(case: Case | None, context: Context) -> list[Choice]:
    on = case.referred_on if case is not None else context.today
    return [(one.code, f"{one.title} ({one.code})") for one in context.rules.offences.in_force(on).values()]


def _outcomes(_case: Case, context: Context) -> list[Choice]:
    return [(one.code, f"{one.code}: {one.title}") for one in context.rules.outcomes_on(context.today)]


def _close_reasons(_case: Case, context: Context) -> list[Choice]:
    return [(one.code, one.title) for one in context.rules.close_reasons.values()]


def _return_reasons(_case: Case, context: Context) -> list[Choice]:
    return [(one.code, one.title) for one in context.rules.return_reasons.values()]


def _harm_tables(_case: Case, context: Context) -> list[Choice]:
    return [(one.code, one.title) for one in context.rules.harm_tables.values()]


def _open_conditions(case: Case, _context: Context) -> list[Choice]:
    return [(one.number, f"{one.number}. {one.text}") for one in case.conditions if one.status == "open"]


def _conditions_in_force(case: Case, _context: Context) -> list[Choice]:
    standing = [one for one in case.conditions if one.status != "withdrawn"]
    return [(one.number, f"{one.number}. {one.text} ({one.status})") for one in standing]


def _appointments(case: Case, _context: Context) -> list[Choice]:
    return [(one.number, f"{london_text(one.at)}: {one.purpose} ({one.status})") for one in case.appointments]


def _notes(case: Case, context: Context) -> list[Choice]:
    query = select(LedgerEntry).where(LedgerEntry.case_id == case.id, LedgerEntry.command.in_(NOTES))
    notes = [one for one in context.session.scalars(query.order_by(LedgerEntry.seq)) if one.body is not None]
    return [(one.seq, f"{london_text(one.at)}: {json.loads(one.body or '')['text'][:60]}") for one in notes]


def _stages(_case: Case, _context: Context) -> list[Choice]:
    return [(stage, stage.capitalize()) for stage in get_args(Stage)]


def _levels(_case: Case, _context: Context) -> list[Choice]:
    return [(level.value, level.value.capitalize()) for level in LEVELS]


def _deadlines(case: Case, context: Context) -> list[Choice]:
    rules = context.rules.deadlines
    kinds = dict.fromkeys(one.kind for one in deadlines.in_somebodys_hands(case))
    return [(kind, rules[kind].title) for kind in kinds]


CHOICES: dict[str, Callable[[Any, Context], Sequence[Choice]]] = {
    "needs": _needs,
    "conditions": _conditions,
    "keyworkers": _keyworkers,
    "offences": _offences,
    "outcomes": _outcomes,
    "close_reasons": _close_reasons,
    "return_reasons": _return_reasons,
    "harm_tables": _harm_tables,
    "open_conditions": _open_conditions,
    "conditions_in_force": _conditions_in_force,
    "appointments": _appointments,
    "notes": _notes,
    "deadlines": _deadlines,
    "stages": _stages,
    "levels": _levels,
}


def offered(model: type[BaseModel], case: Case | None, context: Context) -> dict[str, Sequence[Choice]]:
    """The choices that a model's fields name."""
    names = {one["choices"] for one in _parts(schema_of(model)) if "choices" in one}
    found = {name: CHOICES[name](case, context) for name in names}
    if case is not None and issubclass(model, CaseCommand):
        for question, asked in schema_of(model)["properties"].items():
            several = "items" in asked
            if name := (asked["items"] if several else asked).get("choices"):
                found[name] = [
                    one
                    for one in found[name]
                    if left_open(model, question, [one[0]] if several else one[0], case, context)
                ]
    return found


def schema_with_choices(command: type[CaseCommand], case: Case, context: Context) -> dict[str, Any]:
    """The JSON Schema of a command's body, closed to the choices that this case offers."""
    schema = copy.deepcopy(schema_of(command))
    found = offered(command, case, context)
    for one in _parts(schema):
        if choices := found.get(one.pop("choices", "")):
            one["oneOf"] = [{"const": value, "title": words} for value, words in choices]
    return schema


def _parts(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Every object within a schema, itself included."""
    waiting: list[Any] = [schema]
    found = []
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            found.append(one)
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
    return found
