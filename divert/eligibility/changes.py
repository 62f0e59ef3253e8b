"""What one policy changed of the one before: rules added, taken out and changed, and the terms of a contract."""

from typing import Any, NamedTuple

from divert.eligibility.policy import Policy, Rule


class Changes(NamedTuple):
    """From one policy to the next. A changed rule stands as it was and as it is; a term with both values."""

    added: tuple[Rule, ...]
    removed: tuple[Rule, ...]
    changed: tuple[tuple[Rule, Rule], ...]
    terms: tuple[tuple[str, Any, Any], ...]

    def __bool__(self) -> bool:
        return any(self[:])


def changes(before: Policy, after: Policy) -> Changes:
    """What is different, in the order of the later policy."""
    old_rules = {rule.id: rule for rule in before.rules}
    new_rules = {rule.id: rule for rule in after.rules}
    old_terms, new_terms = _terms(before), _terms(after)
    return Changes(
        added=tuple(rule for rule in after.rules if rule.id not in old_rules),
        removed=tuple(rule for rule in before.rules if rule.id not in new_rules),
        changed=tuple(
            (old_rules[rule.id], rule) for rule in after.rules if rule.id in old_rules and old_rules[rule.id] != rule
        ),
        terms=tuple((name, old_terms[name], value) for name, value in new_terms.items() if old_terms[name] != value),
    )


def _terms(policy: Policy) -> dict[str, Any]:
    return {
        "Longest contract, in months": policy.contract.max_months,
        "Most conditions": policy.contract.conditions_max,
        "Conditions every contract holds": policy.contract.mandatory,
        "Days kept for a charging decision": policy.time_limit.buffer_days,
        "Outcome 22 may be recorded": policy.outcome_22_available,
    }
