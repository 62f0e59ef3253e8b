"""A pack in words, line by line: the one reading that its page and its PDF both print.

Codes have the titles of the catalogues. A released code never changes its title (`tests/golden/titles.txt` holds that),
and offences are called as on the cut-off day: so the words of a pack are the same whenever it is read.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from divert.law.rulebook import Rulebook, rulebook
from divert.scrutiny.opening import OpenedPack

NOT_KNOWN = "not known"
NOT_SHOWN = "not shown: it would say where or when"
SIDES = {"police": "Decision for the police", "probation": "Decision for probation"}
STANDINGS = {"kept": "Kept", "open": "Still open", "waived": "Let go"}
STATEMENTS = {"kept": "Marked as kept", "open": "Not kept", "waived": "Waived", None: "Progress"}


class Line(NamedTuple):
    """One line of a pack: what it is about, and each thing said."""

    name: str
    texts: tuple[str, ...]


class RuleLine(NamedTuple):
    """One rule of the policy, how it came out, on which facts, and whether it decided."""

    says: str
    finding: str
    turned_on: str
    cites: str
    decides: bool


def lines(content: dict[str, Any], on: date) -> tuple[Line, ...]:
    """What a pack says, in the order in which it happened. `on`: the cut-off, for the titles of offences."""
    return tuple(Line(name, texts) for name, texts in _lines(content, rulebook(), on))


def rules(content: dict[str, Any]) -> tuple[RuleLine, ...]:
    """Every rule of the policy by which the case was last checked; none where it never was."""
    if content["eligibility"] is None:
        return ()
    because = content["eligibility"]["because"]
    return tuple(
        RuleLine(
            says=rule["says"],
            finding=rule["finding"],
            turned_on=in_words(rule["facts"]) or NOT_SHOWN,
            cites=rule["cites"],
            decides=rule["id"] in because,
        )
        for rule in content["eligibility"]["rules"]
    )


def later_notes(pack: OpenedPack) -> tuple[str, ...]:
    """What came later than a pack, in sentences: it stands beside the pack and never in it."""
    notes = []
    if pack.corrected_since:
        fields = ", ".join(name.replace("_", " ") for name in pack.corrected_since)
        notes.append(f"Corrected since, and shown as it was known then: {fields}.")
    if pack.withheld_since:
        stretches = _stretches(pack.withheld_since)
        notes.append(f"{stretches} of its words withheld, because a later record shows that they name somebody.")
    if pack.disposed_of and pack.known is not None:
        notes.append("Who it was about has been lawfully erased since.")
    return tuple(notes)


def in_words(value: Any) -> str:
    """A value of a pack as people read it."""
    match value:
        case None | "":
            return NOT_KNOWN
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return ", ".join(in_words(item) for item in value) or "none"
        case Mapping():
            return "; ".join(f"{name.replace('_', ' ')}: {in_words(inner)}" for name, inner in value.items())
        case _:
            return str(value)


def _stretches(count: int) -> str:
    return "1 stretch" if count == 1 else f"{count} stretches"


def _lines(content: dict[str, Any], book: Rulebook, on: date) -> Iterator[tuple[str, tuple[str, ...]]]:
    offences = [content["offence_code"], *content["further_offences"]]
    yield "Offence", tuple(book.offences.find(code, on).title for code in offences if code)
    yield "Age at referral", (in_words(content["age_band"]),)
    for theme in ("sex", "ethnicity"):
        if theme in content:
            yield theme.capitalize(), (in_words(content[theme]),)
    yield "What the officer wrote", (content["account"] or "nothing",)
    check = content["eligibility"]
    verdict = f"{check['verdict'].replace('_', ' ')} ({check['policy']})" if check else "not checked"
    yield "Verdict of the policy", (verdict,)
    for decision in content["decisions"]:
        yield SIDES[decision["side"]], tuple(_decision(decision))
    if not content["decisions"]:
        yield "Decisions", ("none",)
    yield "Victim", tuple(_victim(content["victim"]))
    needs = [_need(need, book) for need in content["needs"]]
    yield "Needs, entry to exit", (*(needs or ["none scored"]), *content["summaries"])
    yield from _contract(content["contract"])
    for breach in content["breaches"]:
        yield "New offence" if breach["kind"] == "new_offence" else "Breach", tuple(_breach(breach))
    yield "How it left the scheme", tuple(_ending(content["ended"], book))
    withheld = content["withheld"]
    yield (
        "Withheld from the words",
        (f"{_stretches(withheld['by_rule'])} by rule, {withheld['by_check']} by the check after it",),
    )


def _decision(decision: dict[str, Any]) -> Iterator[str]:
    yield f"{'Yes' if decision['accept'] else 'No'}, by {_role(decision['by'])}."
    yield decision["reasons"]
    if decision["override"]:
        yield f"Against the verdict, because: {in_words(decision['override_reason'])}"


def _role(name: str) -> str:
    return f"the {name.replace('_', ' ')}"


def _victim(victim: dict[str, Any] | None) -> Iterator[str]:
    if victim is None:
        yield "There is none."
        return
    attempts = "once" if victim["attempts"] == 1 else f"{victim['attempts']} times"
    yield f"Kind: {in_words(victim['kind'])}. Views: {in_words(victim['views'])}; tried {attempts}."
    yield from (f"“{wish}”" for wish in victim["wishes"])
    yield "Was told where things stood." if victim["told"] else "Not on record as told where things stood."


def _need(need: dict[str, Any], book: Rulebook) -> str:
    title = book.needs[need["need"]].title if need["need"] in book.needs else need["need"]
    linked = ", linked to the offending" if need["linked"] else ""
    at_entry, at_exit = ("not scored" if need[stage] is None else need[stage] for stage in ("entry", "exit"))
    return f"{title}: {at_entry} to {at_exit}{linked}"


def _contract(contract: dict[str, Any] | None) -> Iterator[tuple[str, tuple[str, ...]]]:
    if contract is None:
        yield "Contract", ("None was signed.",)
        return
    versions = f", signed in {contract['versions']} versions" if contract["versions"] > 1 else ""
    pauses = f", paused {contract['pauses']} times" if contract["pauses"] else ""
    appointments = contract["appointments"]
    yield (
        "Contract",
        (
            f"{contract['days']} days{versions}{pauses}.",
            f"Appointments held: {appointments['held']}; attended: {appointments['attended']}.",
        ),
    )
    for number, condition in enumerate(contract["conditions"], start=1):
        late = "" if condition["in_time"] is None else ", in time" if condition["in_time"] else ", late"
        evidence = (f"{STATEMENTS[statement['says']]}: {statement['words']}" for statement in condition["evidence"])
        yield f"Condition {number}", (condition["text"], f"{STANDINGS[condition['standing']]}{late}.", *evidence)


def _breach(breach: dict[str, Any]) -> Iterator[str]:
    yield breach["what"]
    excuse = "Not asked for an excuse" if breach["excuse_asked"] is False else "Excuse"
    yield f"{excuse}: {in_words(breach['excuse'])}"
    if breach["decision"] is None:
        yield "Not decided."
        return
    yield f"Decision, by {_role(breach['by'])}: {breach['decision']}. {breach['reasons']}"
    yield f"Probation’s view: {in_words(breach['probation_view'])}"


def _ending(ending: dict[str, Any], book: Rulebook) -> Iterator[str]:
    reason = (
        book.return_reasons.get(ending["return_reason"])
        or book.close_reasons.get(ending["close_reason"])
        or book.outcomes.get(ending["outcome_code"])
    )
    state = ending["state"].replace("_", " ").capitalize()
    why = f": {reason.title}" if reason else ""
    yield f"{state}{why}, by {_role(ending['by'])}."
    if ending["in_words"]:
        yield ending["in_words"]
