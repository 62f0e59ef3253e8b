"""The beginning of a policy, for whoever writes one: what it follows, and a rule to be changed, with its examples."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import tomli_w

from divert.eligibility.policy import Example, Policy, Rule

NOTICE = timedelta(days=28)
"""How far ahead a first day is suggested: it has to be read, rehearsed and signed before."""

HEADING = "# Only what changes needs to stand here: the rest comes from the policy that it extends.\n"


def draft_policy(base: Policy, rule_id: str | None, today: date) -> str:
    """A policy as TOML that extends another; with the rule as it stands there, where that is one of its rules.

    And with the examples that it decides: a rule that changes may make them come out otherwise.
    """
    starts = today + NOTICE
    policy = {
        "id": f"{starts}-candidate",
        "title": "What it is called",
        "starts": starts,
        "extends": base.id,
        "rule": _tables(rule for rule in base.rules if rule.id == rule_id),
        "example": _tables(example for example in base.examples if rule_id in (*example.because, *example.warns)),
    }
    return HEADING + tomli_w.dumps({name: value for name, value in policy.items() if value})


def _tables(blocks: Iterable[Rule | Example]) -> list[dict[str, Any]]:
    return [block.model_dump(mode="json", exclude_defaults=True) for block in blocks]
