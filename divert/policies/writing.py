"""The beginning of a policy, for whoever writes one: the policy it follows, and a rule to be changed."""

import json
from datetime import date, timedelta
from typing import Any

from divert.eligibility.pack import Pack, Rule

NOTICE = timedelta(days=28)
"""How far ahead a first day is suggested: it has to be read, rehearsed and signed before."""


def begun(base: Pack, rule: str | None, today: date) -> str:
    """A policy as TOML that extends another; with `rule` as it stands there, where that is one of its rules."""
    starts = today + NOTICE
    lines = [
        "# Only what changes needs to stand here: the rest comes from the policy that it extends.",
        f'id = "{starts}-candidate"',
        'title = "What it is called"',
        f"starts = {starts}",
        f'extends = "{base.id}"',
    ]
    for one in (one for one in base.rules if one.id == rule):
        lines += ["", "[[rule]]", *_rule(one)]
    return "\n".join(lines) + "\n"


def _rule(rule: Rule) -> list[str]:
    said = rule.model_dump(mode="json", exclude_defaults=True)
    holds = ", ".join(f"{name} = {_toml(value)}" for name, value in said.pop("holds").items())
    return [*(f"{name} = {_toml(value)}" for name, value in said.items()), f"holds = {{ {holds} }}"]


def _toml(value: Any) -> str:
    """A text, number, yes or no, or list of these: JSON and TOML write them alike."""
    return json.dumps(value, ensure_ascii=False)
