"""What a form holds before anyone has typed: the rows that every such form needs, and what stands on record."""

import json
from collections.abc import Callable
from typing import Any

from api.web.forms import flat
from divert.casework.command import CaseCommand, Context
from divert.casework.commands.contract import SignContract, VaryContract
from divert.casework.commands.referral import NEVER_UNKNOWN, CorrectFacts, referral_facts
from divert.models import Case

Data = dict[str, Any]


def _mandatory(case: Case, context: Context) -> Data:
    return {
        "signed_on": context.today,
        "conditions": [{"code": code} for code in context.policy(case).contract.mandatory],
    }


def _as_signed(case: Case, context: Context) -> Data:
    entry = context.entry(case, case.contract.seq) if case.contract else None
    terms = json.loads(entry.body) if entry is not None and entry.body is not None else {"conditions": []}
    for condition in terms["conditions"]:
        condition.pop("text", None)
    ends = case.contract.ends_on if case.contract else None
    return {"signed_on": context.today, "ends_on": ends, "conditions": terms["conditions"]}


def _lists_on_record(case: Case, _context: Context) -> Data:
    facts = referral_facts(case).model_dump(mode="json", exclude_none=True)
    return {name: value for name, value in facts.items() if isinstance(value, list)}


SUGGESTIONS: dict[type[CaseCommand], Callable[[Any, Context], Data]] = {
    SignContract: _mandatory,
    VaryContract: _as_signed,
    CorrectFacts: _lists_on_record,
}


def suggest(command: type[CaseCommand], case: Case, context: Context) -> Data:
    """Answers to begin with; everyone may change them."""
    return SUGGESTIONS[command](case, context) if command in SUGGESTIONS else {}


def on_record(command: type[CaseCommand], case: Case) -> Data:
    """What stands now, for a form that would change it; nothing for any other."""
    if command is not CorrectFacts:
        return {}
    return referral_facts(case).model_dump() | {
        name: getattr(case.person, name) for name in CorrectFacts.model_fields if hasattr(case.person, name)
    }


def changed_answers(command: type[CaseCommand], case: Case, context: Context, data: Data) -> Data:
    """What a form that would change what stands says, without the lists that came back as they were shown."""
    suggestion = suggest(command, case, context) if on_record(command, case) else {}
    return {
        name: answer
        for name, answer in data.items()
        if name not in suggestion or flat({name: answer}) != flat({name: suggestion[name]})
    }


def forgettable_fields(record: Data) -> frozenset[str]:
    """Which of these are known, and might turn out not to be; and the lists, which might turn out to be empty."""
    return frozenset(name for name, value in record.items() if value is not None) - NEVER_UNKNOWN
