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
from divert.casework.compliance import compliance
from divert.eligibility.facts import Facts
from divert.eligibility.judge import Finding
from divert.law.rulebook import rulebook
from divert.models import Case, Check, LedgerEntry
from divert.policies.adopted import judged_again

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
    def said(self) -> dict[str, Any]:
        """What it says."""
        said: dict[str, Any] = json.loads(self.text)
        return said


def packed(said: dict[str, Any]) -> Pack:
    """These words and codes as a pack."""
    text = canonical(said)
    return Pack(text, sha256(text.encode()).hexdigest())


def told(case: Case, entries: Sequence[LedgerEntry], themes: Collection[str] = ()) -> dict[str, Any]:
    """What a case comes to, with its words as they were written. `case` is as it stood after `entries`."""
    bodies = {entry.seq: json.loads(entry.body or "{}") for entry in entries}
    roles = {entry.seq: entry.role.value for entry in entries}
    return {
        "offence_code": case.offence_code,
        "account": bodies[1].get("notes"),
        "further_offences": [one["offence_code"] for one in case.facts.get("further_offences", ())],
        **_judged(case.check),
        "decisions": [
            {
                "side": one.side,
                "by": roles[one.seq],
                "accept": one.accept,
                "override": one.override,
                "reasons": bodies[one.seq]["reasons"],
                "override_reason": bodies[one.seq].get("override_reason"),
            }
            for one in case.decisions
        ],
        "victim": _victim(case, entries, bodies),
        "needs": list(_needs(case)),
        "summaries": list(_summaries(case, bodies)),
        "contract": _contract(case, entries),
        "breaches": list(_breaches(case, entries, bodies)),
        "ended": _ended(case, entries, bodies),
        **{theme: getattr(case.person, theme) for theme in THEMES if theme in themes},
    }


def _judged(check: Check | None) -> dict[str, Any]:
    """What the policy said at the last check: every rule with its facts, as judged then."""
    if check is None:
        return {"age_band": None, "eligibility": None}
    judgement = judged_again(check)
    return {
        "age_band": age_band(judgement.facts.age),
        "eligibility": {
            "policy": check.pack_id,
            "policy_digest": check.pack_digest,
            "verdict": check.verdict,
            "because": list(judgement.because),
            "rules": [_finding(one, judgement.facts) for one in judgement.trace],
        },
    }


def _finding(one: Finding, facts: Facts) -> dict[str, Any]:
    shown = {name: value for name, value in one.facts.items() if name not in WITHHELD_FACTS}
    if "age" in shown:
        shown["age"] = age_band(facts.age)
    return {
        "id": one.rule.id,
        "says": one.rule.says,
        "cites": one.rule.cites,
        "effect": one.rule.effect.value,
        "finding": FINDINGS[one.holds],
        "facts": shown,
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
    asked = [bodies[one.seq] for one in entries if one.command in ASKS_THE_VICTIM]
    return {
        "kind": case.victim.kind,
        "views": case.victim.views,
        "attempts": case.victim.attempts,
        "told": case.victim.told_on is not None,
        "wishes": [one["words"] for one in asked if one.get("words")],
    }


def _needs(case: Case) -> Iterator[dict[str, Any]]:
    """Each need that anyone may see, as first scored at entry and last at exit."""
    needs = rulebook().needs
    scores = [one for one in case.need_scores if one.need in needs and not needs[one.need].restricted]
    for need in sorted({one.need for one in scores}):
        mine = [one for one in scores if one.need == need]
        entry = [one.score for one in mine if one.stage == "entry"]
        leaving = [one.score for one in mine if one.stage == "exit"]
        yield {
            "need": need,
            "entry": entry[0] if entry else None,
            "exit": leaving[-1] if leaving else None,
            "linked": any(one.linked for one in mine),
        }


def _summaries(case: Case, bodies: dict[int, dict[str, Any]]) -> Iterator[str]:
    """What was written at each assessment, first to last, but at those that scored the restricted need."""
    needs = rulebook().needs
    told = {one.seq for one in case.need_scores if one.need not in needs or needs[one.need].restricted}
    for seq in sorted({one.seq for one in case.need_scores} - told):
        if summary := bodies[seq].get("summary"):
            yield summary


def _contract(case: Case, entries: Sequence[LedgerEntry]) -> dict[str, Any] | None:
    """How long it ran, and how each condition stood: what was signed, and all that was recorded about it."""
    if case.contract is None:
        return None
    kinds = {one.number: one for one in case.conditions}
    return {
        "days": (case.contract.ends_on - case.contracts[0].signed_on).days + 1,
        "versions": len(case.contracts),
        "pauses": len(case.pauses),
        "conditions": [
            {
                "code": kinds[one.number].code,
                "kind": kinds[one.number].kind,
                "text": kinds[one.number].text,
                "standing": one.standing,
                "in_time": one.in_time,
                "evidence": [{"says": said.standing, "words": said.words} for said in one.statements],
            }
            for one in compliance(case, entries)
        ],
        "appointments": {
            "held": sum(one.held is True for one in case.appointments),
            "attended": sum(one.attended is True for one in case.appointments),
        },
    }


def _breaches(
    case: Case, entries: Sequence[LedgerEntry], bodies: dict[int, dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Each report, with the decision on it. A report may be decided afresh: the last decision counts."""
    for place, one in enumerate(case.breaches):
        until = case.breaches[place + 1].seq if place + 1 < len(case.breaches) else len(entries) + 1
        decided = [e for e in entries if e.command == DecideBreach.slug() and one.seq < e.seq < until]
        last = decided[-1] if decided and one.decision else None
        report, decision = bodies[one.seq], bodies[last.seq] if last else {}
        yield {
            "kind": one.kind,
            "what": report["what"],
            "excuse_asked": report.get("excuse_asked"),
            "excuse": report.get("excuse"),
            "decision": one.decision,
            "by": last.role.value if last else None,
            "probation_view": decision.get("probation_view"),
            "reasons": decision.get("reasons"),
        }


def _ended(case: Case, entries: Sequence[LedgerEntry], bodies: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """How it left the scheme's hands, and in which words."""
    last = entries[-1]
    said = bodies[last.seq] if last.command in ENDINGS else {}
    return {
        "state": case.state.value,
        "by": last.role.value,
        "outcome_code": case.outcome_code,
        "return_reason": case.return_reason,
        "close_reason": case.close_reason,
        "in_words": said.get("reasons") or said.get("explanation"),
    }
