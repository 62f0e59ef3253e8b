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
    sees_all = may_read(context.by.role, Subject.restricted_need)
    return [(need.code, need.title) for need in context.rules.needs.values() if sees_all or not need.restricted]


def _conditions(_case: Case, context: Context) -> list[Choice]:
    offered = [condition for condition in context.rules.conditions.values() if condition.is_offered_on(context.today)]
    return [(condition.code, condition.title) for condition in offered if not condition.victim_contact]


def _keyworkers(_case: Case, context: Context) -> list[Choice]:
    query = select(Staff).where(Staff.role.in_(KEYWORKERS), Staff.active.is_(True)).order_by(Staff.name)
    return [
        (keyworker.username, f"{keyworker.name}, {keyworker.role.label.lower()}")
        for keyworker in context.session.scalars(query)
    ]


def _offences(case: Case | None, context: Context) -> list[Choice]:
    on = case.referred_on if case is not None else context.today
    return [
        (offence.code, f"{offence.title} ({offence.code})") for offence in context.rules.offences.in_force(on).values()
    ]


def _outcomes(_case: Case, context: Context) -> list[Choice]:
    return [(outcome.code, f"{outcome.code}: {outcome.title}") for outcome in context.rules.outcomes_on(context.today)]


def _close_reasons(_case: Case, context: Context) -> list[Choice]:
    return [(reason.code, reason.title) for reason in context.rules.close_reasons.values()]


def _return_reasons(_case: Case, context: Context) -> list[Choice]:
    return [(reason.code, reason.title) for reason in context.rules.return_reasons.values()]


def _harm_tables(_case: Case, context: Context) -> list[Choice]:
    return [(table.code, table.title) for table in context.rules.harm_tables.values()]


def _open_conditions(case: Case, _context: Context) -> list[Choice]:
    return [
        (condition.number, f"{condition.number}. {condition.text}")
        for condition in case.conditions
        if condition.status == "open"
    ]


def _conditions_in_force(case: Case, _context: Context) -> list[Choice]:
    in_force = [condition for condition in case.conditions if condition.status != "withdrawn"]
    return [(condition.number, f"{condition.number}. {condition.text} ({condition.status})") for condition in in_force]


def _appointments(case: Case, _context: Context) -> list[Choice]:
    return [
        (appointment.number, f"{london_text(appointment.at)}: {appointment.purpose} ({appointment.status})")
        for appointment in case.appointments
    ]


def _notes(case: Case, context: Context) -> list[Choice]:
    query = select(LedgerEntry).where(LedgerEntry.case_id == case.id, LedgerEntry.command.in_(NOTES))
    entries = [entry for entry in context.session.scalars(query.order_by(LedgerEntry.seq)) if entry.body is not None]
    return [(entry.seq, f"{london_text(entry.at)}: {json.loads(entry.body or '')['text'][:60]}") for entry in entries]


def _stages(_case: Case, _context: Context) -> list[Choice]:
    return [(stage, stage.capitalize()) for stage in get_args(Stage)]


def _levels(_case: Case, _context: Context) -> list[Choice]:
    return [(level.value, level.value.capitalize()) for level in LEVELS]


def _deadlines(case: Case, context: Context) -> list[Choice]:
    rules = context.rules.deadlines
    kinds = dict.fromkeys(deadline.kind for deadline in deadlines.in_somebodys_hands(case))
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


def choices_for(model: type[BaseModel], case: Case | None, context: Context) -> dict[str, Sequence[Choice]]:
    """The choices that a model's fields name."""
    schema = schema_of(model)
    names = {part["choices"] for part in _objects_in(schema) if "choices" in part}
    choices = {name: CHOICES[name](case, context) for name in names}
    if case is None or not issubclass(model, CaseCommand):
        return choices
    for question, subschema in schema["properties"].items():
        several = "items" in subschema
        name = (subschema["items"] if several else subschema).get("choices")
        if name:
            choices[name] = [
                (value, words)
                for value, words in choices[name]
                if left_open(model, question, [value] if several else value, case, context)
            ]
    return choices


def schema_with_choices(command: type[CaseCommand], case: Case, context: Context) -> dict[str, Any]:
    """The JSON Schema of a command's body, closed to the choices that this case offers."""
    schema = copy.deepcopy(schema_of(command))
    offered = choices_for(command, case, context)
    for part in _objects_in(schema):
        if choices := offered.get(part.pop("choices", "")):
            part["oneOf"] = [{"const": value, "title": words} for value, words in choices]
    return schema


def _objects_in(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Every object within a schema, itself included."""
    queue: list[Any] = [schema]
    objects = []
    while queue:
        value = queue.pop()
        if isinstance(value, dict):
            objects.append(value)
            queue += value.values()
        elif isinstance(value, list):
            queue += value
    return objects
