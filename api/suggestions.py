"""What a form holds before anyone has typed: the rows that every such form needs, and what stands on record."""

from collections.abc import Callable
from typing import Any

from api.page import in_words
from divert.casework.command import Command, Context
from divert.casework.commands.contract import SignContract, VaryContract
from divert.casework.commands.referral import CorrectFacts, Refer, referral_facts
from divert.casework.commands.support import AssessNeeds
from divert.models import Case

Data = dict[str, Any]


def _every_need(_case: Case, context: Context) -> Data:
    return {"scores": [{"need": one.code} for one in context.rules.needs.values() if not one.restricted]}


def _mandatory(case: Case, context: Context) -> Data:
    return {"signed_on": context.today, "conditions": [{"code": one} for one in context.pack(case).contract.mandatory]}


def _as_signed(case: Case, context: Context) -> Data:
    standing = [one for one in case.conditions if one.status != "withdrawn"]
    return {
        "signed_on": context.today,
        "ends_on": case.contract.ends_on if case.contract else None,
        "conditions": [{"code": one.code, "provider": one.provider} for one in standing],
    }


def _today(_case: Case | None, context: Context) -> Data:
    return {"referred_on": context.today}


SUGGESTED: dict[type[Command], Callable[[Any, Context], Data]] = {
    Refer: _today,
    AssessNeeds: _every_need,
    SignContract: _mandatory,
    VaryContract: _as_signed,
}


def suggested(command: type[Command], case: Case | None, context: Context) -> Data:
    """Answers to begin with; everyone may change them."""
    return SUGGESTED[command](case, context) if command in SUGGESTED else {}


def on_record(command: type[Command], case: Case) -> dict[str, str]:
    """What stands now, beside each question that would change it."""
    if command is not CorrectFacts:
        return {}
    known = referral_facts(case).model_dump() | {
        name: getattr(case.person, name) for name in CorrectFacts.model_fields if hasattr(case.person, name)
    }
    return {name: f"On record: {in_words(value)}." for name, value in known.items()}
