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
STOOD = {"kept": "Kept", "open": "Still open", "waived": "Let go"}
SETTLED = {"kept": "Marked as kept", "open": "Not kept", "waived": "Waived", None: "Progress"}


class Line(NamedTuple):
    """One line of a pack: what it is about, and each thing said."""

    name: str
    said: tuple[str, ...]


class RuleLine(NamedTuple):
    """One rule of the policy, how it came out, on which facts, and whether it decided."""

    says: str
    finding: str
    turned_on: str
    cites: str
    decides: bool


def lines(known: dict[str, Any], on: date) -> tuple[Line, ...]:
    """What a pack says, in the order in which it happened. `on`: the cut-off, for the titles of offences."""
    return tuple(Line(name, said) for name, said in _lines(known, rulebook(), on))


def rules(known: dict[str, Any]) -> tuple[RuleLine, ...]:
    """Every rule of the policy by which the case was last checked; none where it never was."""
    if known["eligibility"] is None:
        return ()
    because = known["eligibility"]["because"]
    return tuple(
        RuleLine(one["says"], one["finding"], in_words(one["facts"]) or NOT_SHOWN, one["cites"], one["id"] in because)
        for one in known["eligibility"]["rules"]
    )


def since(one: OpenedPack) -> tuple[str, ...]:
    """What came later than a pack, in sentences: it stands beside the pack and never in it."""
    said = []
    if one.corrected_since:
        fields = ", ".join(name.replace("_", " ") for name in one.corrected_since)
        said.append(f"Corrected since, and shown as it was known then: {fields}.")
    if one.withheld_since:
        stretches = _stretches(one.withheld_since)
        said.append(f"{stretches} of its words withheld, because a later record shows that they name somebody.")
    if one.disposed_of and one.known is not None:
        said.append("Who it was about has been lawfully erased since.")
    return tuple(said)


def in_words(value: Any) -> str:
    """A value of a pack as people read it."""
    match value:
        case None | "":
            return NOT_KNOWN
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return ", ".join(in_words(one) for one in value) or "none"
        case Mapping():
            return "; ".join(f"{name.replace('_', ' ')}: {in_words(one)}" for name, one in value.items())
        case _:
            return str(value)


def _stretches(count: int) -> str:
    return "1 stretch" if count == 1 else f"{count} stretches"


def _lines(known: dict[str, Any], book: Rulebook, on: date) -> Iterator[tuple[str, tuple[str, ...]]]:
    offences = [known["offence_code"], *known["further_offences"]]
    yield "Offence", tuple(book.offences.find(code, on).title for code in offences if code)
    yield "Age at referral", (in_words(known["age_band"]),)
    for theme in ("sex", "ethnicity"):
        if theme in known:
            yield theme.capitalize(), (in_words(known[theme]),)
    yield "What the officer wrote", (known["account"] or "nothing",)
    checked = known["eligibility"]
    verdict = f"{checked['verdict'].replace('_', ' ')} ({checked['policy']})" if checked else "not checked"
    yield "Verdict of the policy", (verdict,)
    for one in known["decisions"]:
        yield SIDES[one["side"]], tuple(_decision(one))
    if not known["decisions"]:
        yield "Decisions", ("none",)
    yield "Victim", tuple(_victim(known["victim"]))
    needs = [_need(one, book) for one in known["needs"]]
    yield "Needs, entry to exit", (*(needs or ["none scored"]), *known["summaries"])
    yield from _contract(known["contract"])
    for one in known["breaches"]:
        yield "New offence" if one["kind"] == "new_offence" else "Breach", tuple(_breach(one))
    yield "How it left the scheme", tuple(_ended(known["ended"], book))
    withheld = known["withheld"]
    yield (
        "Withheld from the words",
        (f"{_stretches(withheld['by_rule'])} by rule, {withheld['by_check']} by the check after it",),
    )


def _decision(one: dict[str, Any]) -> Iterator[str]:
    yield f"{'Yes' if one['accept'] else 'No'}, by {_role(one['by'])}."
    yield one["reasons"]
    if one["override"]:
        yield f"Against the verdict, because: {in_words(one['override_reason'])}"


def _role(name: str) -> str:
    return f"the {name.replace('_', ' ')}"


def _victim(one: dict[str, Any] | None) -> Iterator[str]:
    if one is None:
        yield "There is none."
        return
    tried = "once" if one["attempts"] == 1 else f"{one['attempts']} times"
    yield f"Kind: {in_words(one['kind'])}. Views: {in_words(one['views'])}; tried {tried}."
    yield from (f"“{wish}”" for wish in one["wishes"])
    yield "Was told where things stood." if one["told"] else "Not on record as told where things stood."


def _need(one: dict[str, Any], book: Rulebook) -> str:
    title = book.needs[one["need"]].title if one["need"] in book.needs else one["need"]
    linked = ", linked to the offending" if one["linked"] else ""
    entry, leaving = ("not scored" if one[when] is None else one[when] for when in ("entry", "exit"))
    return f"{title}: {entry} to {leaving}{linked}"


def _contract(one: dict[str, Any] | None) -> Iterator[tuple[str, tuple[str, ...]]]:
    if one is None:
        yield "Contract", ("None was signed.",)
        return
    versions = f", signed in {one['versions']} versions" if one["versions"] > 1 else ""
    pauses = f", paused {one['pauses']} times" if one["pauses"] else ""
    met = one["appointments"]
    yield (
        "Contract",
        (
            f"{one['days']} days{versions}{pauses}.",
            f"Appointments held: {met['held']}; attended: {met['attended']}.",
        ),
    )
    for number, each in enumerate(one["conditions"], start=1):
        late = "" if each["in_time"] is None else ", in time" if each["in_time"] else ", late"
        evidence = (f"{SETTLED[said['says']]}: {said['words']}" for said in each["evidence"])
        yield f"Condition {number}", (each["text"], f"{STOOD[each['standing']]}{late}.", *evidence)


def _breach(one: dict[str, Any]) -> Iterator[str]:
    yield one["what"]
    asked = "Not asked for an excuse" if one["excuse_asked"] is False else "Excuse"
    yield f"{asked}: {in_words(one['excuse'])}"
    if one["decision"] is None:
        yield "Not decided."
        return
    yield f"Decision, by {_role(one['by'])}: {one['decision']}. {one['reasons']}"
    yield f"Probation’s view: {in_words(one['probation_view'])}"


def _ended(one: dict[str, Any], book: Rulebook) -> Iterator[str]:
    why = (
        book.return_reasons.get(one["return_reason"])
        or book.close_reasons.get(one["close_reason"])
        or book.outcomes.get(one["outcome_code"])
    )
    yield f"{one['state'].replace('_', ' ').capitalize()}{f': {why.title}' if why else ''}, by {_role(one['by'])}."
    if one["in_words"]:
        yield one["in_words"]
