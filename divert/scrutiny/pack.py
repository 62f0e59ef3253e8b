"""A case as it was known when it left the scheme's hands, and nobody's name.

The pack is made from the ledger's entries up to that one, never from today's rows, and names, numbers and places known
by then are taken out of its words. Its text is one canonical JSON under one SHA-256: made today or that day, it is the
same to the byte. It holds codes and recorded words; rules stand with their sentences, and conditions as they were
signed. `wording` gives the codes their titles.

What was not yet asked is None. Birth date, address, officer, victim, shop and dates are left out, and the restricted
need always, with what was written when it was scored; sex and ethnicity too, unless the meeting is about one of them.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from divert.acts.chain import canonical
from divert.casework.commands.breach import DecideBreach
from divert.casework.commands.contract import DeclineContract
from divert.casework.commands.decisions import ReturnToForce
from divert.casework.commands.ending import CloseCase, CompleteCase
from divert.casework.commands.referral import Refer
from divert.casework.commands.victim import RecordVictimViews
from divert.casework.compliance import Compliance, compliance
from divert.eligibility.facts import Facts
from divert.eligibility.judge import Finding
from divert.law.rulebook import rulebook
from divert.models import Case, Check, Condition, LedgerEntry
from divert.policies.adopted import judge_again

AGE_BANDS = ((18, "under 18"), (25, "18 to 24"), (35, "25 to 34"), (45, "35 to 44"), (55, "45 to 54"))
OLDEST = "55 and over"
WITHHELD_FACTS = ("district", "gravity_matrix", "time_limit_on", "latest_start", "precautionary_limit_on")
"""Facts that say where or when, or are in somebody's own words."""

THEMES = ("sex", "ethnicity")
"""What is shown only to a meeting about it."""

WORDS = frozenset({
    "account", "reasons", "override_reason", "wishes", "what", "excuse", "probation_view", "summaries", "text", "words",
    "in_words",
})  # fmt: skip
"""Fields of a pack that are in somebody's own words: these are redacted."""

FINDINGS = {True: "met", False: "not met", None: "not known"}
ASKS_THE_VICTIM = (Refer.slug(), RecordVictimViews.slug())
ENDINGS = tuple(command.slug() for command in (CompleteCase, ReturnToForce, DeclineContract, DecideBreach, CloseCase))


class Pack(NamedTuple):
    """A pack's text, and its SHA-256 in hexadecimal."""

    text: str
    digest: str

    @property
    def content(self) -> dict[str, Any]:
        """What it says."""
        content: dict[str, Any] = json.loads(self.text)
        return content


def make_pack(content: dict[str, Any]) -> Pack:
    """These words and codes as a pack."""
    text = canonical(content)
    return Pack(text, sha256(text.encode()).hexdigest())


def content_of(case: Case, entries: Sequence[LedgerEntry], themes: Collection[str] = ()) -> dict[str, Any]:
    """What a case comes to, with its words as they were written. `case` is as it stood after `entries`."""
    bodies = {entry.seq: json.loads(entry.body or "{}") for entry in entries}
    roles = {entry.seq: entry.role.value for entry in entries}
    return {
        "offence_code": case.offence_code,
        "account": bodies[1].get("notes"),
        "further_offences": [offence["offence_code"] for offence in case.facts.get("further_offences", ())],
        **_eligibility(case.check),
        "decisions": [
            {
                "side": decision.side,
                "by": roles[decision.seq],
                "accept": decision.accept,
                "override": decision.override,
                "reasons": bodies[decision.seq]["reasons"],
                "override_reason": bodies[decision.seq].get("override_reason"),
            }
            for decision in case.decisions
        ],
        "victim": _victim(case, entries, bodies),
        "needs": list(_needs(case)),
        "summaries": list(_summaries(case, bodies)),
        "contract": _contract(case, entries),
        "breaches": list(_breaches(case, entries, bodies)),
        "ended": _ending(case, entries, bodies),
        **{theme: getattr(case.person, theme) for theme in THEMES if theme in themes},
    }


def _eligibility(check: Check | None) -> dict[str, Any]:
    """What the policy said at the last check: every rule with its facts, as judged then."""
    if check is None:
        return {"age_band": None, "eligibility": None}
    judgement = judge_again(check)
    return {
        "age_band": age_band(judgement.facts.age),
        "eligibility": {
            "policy": check.pack_id,
            "policy_digest": check.pack_digest,
            "verdict": check.verdict,
            "because": list(judgement.because),
            "rules": [_finding(finding, judgement.facts) for finding in judgement.trace],
        },
    }


def _finding(finding: Finding, facts: Facts) -> dict[str, Any]:
    values = {name: value for name, value in finding.facts.items() if name not in WITHHELD_FACTS}
    if "age" in values:
        values["age"] = age_band(facts.age)
    return {
        "id": finding.rule.id,
        "says": finding.rule.says,
        "cites": finding.rule.cites,
        "effect": finding.rule.effect.value,
        "finding": FINDINGS[finding.holds],
        "facts": values,
    }


def age_band(age: int | None) -> str | None:
    """An age, no nearer than ten years."""
    if age is None:
        return None
    return next((band for below, band in AGE_BANDS if age < below), OLDEST)


def _victim(case: Case, entries: Sequence[LedgerEntry], bodies: dict[int, dict[str, Any]]) -> dict[str, Any] | None:
    """Whether the victim was asked, and every wish that was recorded, first to last. None where there is none."""
    if case.victim is None or case.victim.kind == "none":
        return None
    wishes = [bodies[entry.seq].get("words") for entry in entries if entry.command in ASKS_THE_VICTIM]
    return {
        "kind": case.victim.kind,
        "views": case.victim.views,
        "attempts": case.victim.attempts,
        "told": case.victim.told_on is not None,
        "wishes": [words for words in wishes if words],
    }


def _needs(case: Case) -> Iterator[dict[str, Any]]:
    """Each need that anyone may see, as first scored at entry and last at exit."""
    needs = rulebook().needs
    scores = [score for score in case.need_scores if score.need in needs and not needs[score.need].restricted]
    for need in sorted({score.need for score in scores}):
        of_need = [score for score in scores if score.need == need]
        at_entry = [score.score for score in of_need if score.stage == "entry"]
        at_exit = [score.score for score in of_need if score.stage == "exit"]
        yield {
            "need": need,
            "entry": at_entry[0] if at_entry else None,
            "exit": at_exit[-1] if at_exit else None,
            "linked": any(score.linked for score in of_need),
        }


def _summaries(case: Case, bodies: dict[int, dict[str, Any]]) -> Iterator[str]:
    """What was written at each assessment, first to last, but at those that scored the restricted need."""
    needs = rulebook().needs
    assessments = {score.seq for score in case.need_scores}
    restricted = {score.seq for score in case.need_scores if score.need not in needs or needs[score.need].restricted}
    for seq in sorted(assessments - restricted):
        if summary := bodies[seq].get("summary"):
            yield summary


def _contract(case: Case, entries: Sequence[LedgerEntry]) -> dict[str, Any] | None:
    """How long it ran, and how each condition stood: what was signed, and all that was recorded about it."""
    if case.contract is None:
        return None
    conditions = {condition.number: condition for condition in case.conditions}
    return {
        "days": (case.contract.ends_on - case.contracts[0].signed_on).days + 1,
        "versions": len(case.contracts),
        "pauses": len(case.pauses),
        "conditions": [_condition(conditions[result.number], result) for result in compliance(case, entries)],
        "appointments": {
            "held": sum(appointment.held is True for appointment in case.appointments),
            "attended": sum(appointment.attended is True for appointment in case.appointments),
        },
    }


def _condition(condition: Condition, result: Compliance) -> dict[str, Any]:
    return {
        "code": condition.code,
        "kind": condition.kind,
        "text": condition.text,
        "standing": result.standing,
        "in_time": result.in_time,
        "evidence": [{"says": statement.standing, "words": statement.words} for statement in result.statements],
    }


def _breaches(
    case: Case, entries: Sequence[LedgerEntry], bodies: dict[int, dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Each report, with the decision on it. A report may be decided afresh: the last decision counts."""
    for place, breach in enumerate(case.breaches):
        later = case.breaches[place + 1 :]
        end = later[0].seq if later else len(entries) + 1
        decisions = [
            entry for entry in entries if entry.command == DecideBreach.slug() and breach.seq < entry.seq < end
        ]
        last = decisions[-1] if decisions and breach.decision else None
        report, decision = bodies[breach.seq], bodies[last.seq] if last else {}
        yield {
            "kind": breach.kind,
            "what": report["what"],
            "excuse_asked": report.get("excuse_asked"),
            "excuse": report.get("excuse"),
            "decision": breach.decision,
            "by": last.role.value if last else None,
            "probation_view": decision.get("probation_view"),
            "reasons": decision.get("reasons"),
        }


def _ending(case: Case, entries: Sequence[LedgerEntry], bodies: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """How it left the scheme's hands, and in which words."""
    last = entries[-1]
    body = bodies[last.seq] if last.command in ENDINGS else {}
    return {
        "state": case.state.value,
        "by": last.role.value,
        "outcome_code": case.outcome_code,
        "return_reason": case.return_reason,
        "close_reason": case.close_reason,
        "in_words": body.get("reasons") or body.get("explanation"),
    }
