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
        "conditions": [{"code": one} for one in context.policy(case).contract.mandatory],
    }


def _as_signed(case: Case, context: Context) -> Data:
    signed = context.entry(case, case.contract.seq) if case.contract else None
    terms = json.loads(signed.body) if signed is not None and signed.body is not None else {"conditions": []}
    for one in terms["conditions"]:
        one.pop("text", None)
    ends = case.contract.ends_on if case.contract else None
    return {"signed_on": context.today, "ends_on": ends, "conditions": terms["conditions"]}


def _standing_lists(case: Case, _context: Context) -> Data:
    facts = referral_facts(case).model_dump(mode="json", exclude_none=True)
    return {name: value for name, value in facts.items() if isinstance(value, list)}


SUGGESTED: dict[type[CaseCommand], Callable[[Any, Context], Data]] = {
    SignContract: _mandatory,
    VaryContract: _as_signed,
    CorrectFacts: _standing_lists,
}


def suggested(command: type[CaseCommand], case: Case, context: Context) -> Data:
    """Answers to begin with; everyone may change them."""
    return SUGGESTED[command](case, context) if command in SUGGESTED else {}


def on_record(command: type[CaseCommand], case: Case) -> Data:
    """What stands now, for a form that would change it; nothing for any other."""
    if command is not CorrectFacts:
        return {}
    return referral_facts(case).model_dump() | {
        name: getattr(case.person, name) for name in CorrectFacts.model_fields if hasattr(case.person, name)
    }


def changed(command: type[CaseCommand], case: Case, context: Context, data: Data) -> Data:
    """What a form that would change what stands says, without the lists that came back as they were shown."""
    shown = suggested(command, case, context) if on_record(command, case) else {}
    return {
        name: said
        for name, said in data.items()
        if name not in shown or flat({name: said}) != flat({name: shown[name]})
    }


def forgettable(standing: Data) -> frozenset[str]:
    """Which of these are known, and might turn out not to be; and the lists, which might turn out to be empty."""
    return frozenset(name for name, value in standing.items() if value is not None) - NEVER_UNKNOWN
