"""Judges the facts of a case by a policy: a verdict, the rules that decide it, and the reasons in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

from divert.clock import written_date
from divert.eligibility.facts import Facts, referral_field
from divert.eligibility.policy import Effect, Policy, Rule, Verdict

HEADLINES = {
    Verdict.eligible: "Eligible: every rule that could bar or question entry is met.",
    Verdict.review: "For review: nothing bars entry, but a rule that calls for judgement is not met.",
    Verdict.ineligible: "Ineligible: a rule that bars entry is not met.",
    Verdict.not_yet_known: "Not yet known: there are questions to answer first.",
}


class Masks(NamedTuple):
    """How each rule came out, in two whole numbers: bit n is the pack's nth rule. A rule in neither is not met."""

    true: int
    unknown: int


class Finding(NamedTuple):
    """How one rule came out: met, not met, or None where its fact is unknown; and the facts it turned on."""

    rule: Rule
    holds: bool | None
    facts: Mapping[str, Any]


class Change(NamedTuple):
    """The least that would change a verdict: these rules met, and what the verdict would then be and rest on.

    `answers` are the answers of the referral that the rules turn on: one, where a single answer would do it.
    """

    rules: tuple[Rule, ...]
    answers: tuple[str, ...]
    verdict: Verdict
    because: tuple[str, ...]

    def words(self) -> str:
        """As a sentence that the rules' own sentences follow."""
        condition = "this were so" if len(self.rules) == 1 else "all of these were so"
        outcomes = {
            Verdict.eligible: "It would be eligible",
            Verdict.review: "It would go to review",
            Verdict.not_yet_known: "It would no longer be ruled out, with questions left to answer,",
            Verdict.ineligible: "It would still be ineligible",
        }
        return f"{outcomes[self.verdict]} if {condition}:"


@dataclass(frozen=True)
class Judgement:
    """A policy's advice on a case. `because` is alphabetical; the trace is in the policy's order."""

    policy: Policy
    facts: Facts
    verdict: Verdict
    because: tuple[str, ...]
    masks: Masks

    @cached_property
    def trace(self) -> tuple[Finding, ...]:
        """Every rule, how it came out, and the facts used."""
        true, unknown = self.masks
        facts = self.facts
        return tuple(
            Finding(
                rule,
                None if unknown & bit else bool(true & bit),
                {name: getattr(facts, name) for name in (fact, *rule.shows)},
            )
            for rule, (bit, fact, _, _) in zip(self.policy.rules, self.policy.tests, strict=True)
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """Ids of the warnings that apply, in the policy's order. They never change a verdict."""
        return tuple(f.rule.id for f in self.trace if f.rule.effect is Effect.warn and f.holds is False)

    @property
    def asks(self) -> tuple[str, ...]:
        """What to ask before a verdict can rest on everything, in the policy's order."""
        return tuple(f.rule.ask for f in self.trace if f.rule.effect is not Effect.warn and f.holds is None)

    @property
    def nearest(self) -> Change | None:
        """What would change it, with nothing to spare: every rule that decides, and no other. None if there is none.

        It takes all of them: with one less, the rest decide the same.
        """
        true, unknown = self.masks
        deciding = _weigh(self.policy, self.masks)[1]
        if not deciding:
            return None
        rules = tuple(rule for place, rule in enumerate(self.policy.rules) if deciding >> place & 1)
        verdict, next_deciding = _weigh(self.policy, Masks(true | deciding, unknown & ~deciding))
        answers = tuple(dict.fromkeys(referral_field(rule.holds.fact) for rule in rules))
        return Change(rules, answers, verdict, _ids(self.policy, next_deciding))

    def lines(self) -> list[str]:
        """The judgement as a custody sergeant reads it: verdict, why, on whose authority, what would change it."""
        return list(_lines(self))


def judge(policy: Policy, facts: Facts) -> Judgement:
    """The verdict of a policy on these facts.

    A bar not met makes it ineligible; else a bar or review rule unknown leaves it not yet known; else a review rule
    not met sends it to review; else it is eligible. A warning counts for nothing.
    """
    true = unknown = 0
    for bit, fact, compare, threshold in policy.tests:
        value = getattr(facts, fact)
        if value is None:
            unknown |= bit
        elif compare(value, threshold):
            true |= bit
    masks = Masks(true, unknown)
    verdict, deciding = _weigh(policy, masks)
    return Judgement(policy, facts, verdict, _ids(policy, deciding), masks)


def trace_from(policy: Policy, facts_json: str) -> Judgement:
    """A stored decision judged again, from the pack of its digest and the text of its facts."""
    return judge(policy, Facts.from_json(facts_json))


def _weigh(policy: Policy, masks: Masks) -> tuple[Verdict, int]:
    """The verdict and the bits of the rules that decide it."""
    not_met = ~(masks.true | masks.unknown)
    if barred := not_met & policy.bars:
        return Verdict.ineligible, barred
    if open_questions := masks.unknown & (policy.bars | policy.reviews):
        return Verdict.not_yet_known, open_questions
    if questioned := not_met & policy.reviews:
        return Verdict.review, questioned
    return Verdict.eligible, 0


def _ids(policy: Policy, bits: int) -> tuple[str, ...]:
    return tuple(sorted(rule.id for place, rule in enumerate(policy.rules) if bits >> place & 1)) if bits else ()


def _lines(judgement: Judgement) -> Iterator[str]:
    policy, because = judgement.policy, judgement.because
    deciding = [finding for finding in judgement.trace if finding.rule.id in because]
    others = [finding for finding in judgement.trace if finding.rule.id not in because]
    yield HEADLINES[judgement.verdict]
    yield f"By the policy “{policy.title}” ({policy.id}). This is advice: police and probation each decide."
    if deciding:
        yield from ("", "Questions to answer" if judgement.verdict is Verdict.not_yet_known else "Why")
        for finding in deciding:
            if finding.holds is None:
                yield f"  ? {finding.rule.ask} [{finding.rule.id}]"
                yield f"    The rule: {finding.rule.says}"
            else:
                yield f"  ✗ Not met: {finding.rule.says} [{finding.rule.id}]"
                yield f"    Found: {_facts_used(finding)}."
            yield f"    Authority: {finding.rule.cites}"
    if nearest := judgement.nearest:
        yield from ("", "What would change it", f"  {_nearest_change(judgement, nearest)}")
    for title, mark, holds in (("Not met", "✗", False), ("Not known", "?", None), ("Met", "✓", True)):
        findings = [finding for finding in others if finding.holds is holds]
        if findings:
            yield from ("", title if holds else f"{title}, though it does not decide")
        for finding in findings:
            warning = "only a warning; " if finding.rule.effect is Effect.warn and not holds else ""
            yield f"  {mark} {finding.rule.says} ({warning}{_facts_used(finding)})"


def _nearest_change(judgement: Judgement, change: Change) -> str:
    """What the verdict would be if every deciding rule were met, and what else would then decide."""
    single = len(change.rules) == 1
    if judgement.verdict is Verdict.not_yet_known:
        opening = "If the answer meets the rule" if single else "If every answer meets its rule"
    else:
        opening = "If this alone were met" if single else "If all of these were met"
    reason = f", because of {', '.join(change.because)}" if change.because else ""
    return f"{opening}, the verdict would be {change.verdict.value.replace('_', ' ')}{reason}."


def _facts_used(finding: Finding) -> str:
    """The fact compared, known or not, and those shown beside it where they are known."""
    compared = finding.rule.holds.fact
    facts = {name: value for name, value in finding.facts.items() if name == compared or value is not None}
    return ", ".join(f"{name.replace('_', ' ')} {_in_words(value)}" for name, value in facts.items())


def _in_words(value: Any) -> str:
    match value:
        case None:
            return "not known"
        case bool():
            return "yes" if value else "no"
        case date():
            return written_date(value)
        case tuple():
            return " and ".join(map(_in_words, value))
        case _:
            return str(value).replace("_", " ")
