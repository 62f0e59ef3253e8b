"""The beginning of a policy, for whoever writes one: what it follows, and a rule to be changed, with its examples."""

import json
from datetime import date, timedelta
from typing import Any

from divert.eligibility.policy import Example, Policy, Rule

NOTICE = timedelta(days=28)
"""How far ahead a first day is suggested: it has to be read, rehearsed and signed before."""


def begun(base: Policy, rule: str | None, today: date) -> str:
    """A policy as TOML that extends another; with `rule` as it stands there, where that is one of its rules.

    And with the examples that it decides: a rule that changes may make them come out otherwise.
    """
    starts = today + NOTICE
    lines = [
        "# Only what changes needs to stand here: the rest comes from the policy that it extends.",
        f'id = "{starts}-candidate"',
        'title = "What it is called"',
        f"starts = {starts}",
        f'extends = "{base.id}"',
    ]
    for one in (one for one in base.rules if one.id == rule):
        lines += ["", "[[rule]]", *_lines(one)]
    for each in base.examples:
        if rule in (*each.because, *each.warns):
            lines += ["", "[[example]]", *_lines(each)]
    return "\n".join(lines) + "\n"


def _lines(one: Rule | Example) -> list[str]:
    said = one.model_dump(mode="json", exclude_defaults=True)
    return [f"{name} = {_toml(value)}" for name, value in said.items()]


def _toml(value: Any) -> str:
    """A text, number, yes or no, or list of these: JSON and TOML write them alike. And a table of these."""
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{name} = {_toml(each)}' for name, each in value.items())} }}"
    return json.dumps(value, ensure_ascii=False)
