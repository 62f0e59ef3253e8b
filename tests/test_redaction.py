"""Redaction over 2,000 cases with hostile text: what it finds, what it misses, and what it takes for nothing."""

import random
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from divert.eligibility.policies import released_policies
from divert.scrutiny.fuzzy import is_near
from divert.scrutiny.redaction import WITHHELD, Identifiers, redact
from tests.golden import golden
from tests.hostile import BEYOND, PLAIN, WAYS, cases, somebody

MEASURED = Path(__file__).parent / "golden" / "redaction.txt"
CASES = 2_000
INVISIBLE = "\u200b"


def gives_away(text: str, secret: str) -> bool:
    """Whether the identifier still stands in a text as it was written."""
    secret = re.escape(secret.replace(INVISIBLE, ""))
    return re.search(rf"\b{secret}(?!\w)", text, re.IGNORECASE) is not None


def test_no_identifier_is_left_in_2000_hostile_texts_but_those_it_makes_no_claim_to_find() -> None:
    written: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    checked: Counter[str] = Counter()
    for told in cases(CASES, seed=7):
        left = told.known.redact(told.text)
        written[told.kind] += 1
        missed[told.kind] += gives_away(left.text, told.secret)
        checked[told.kind] += left.by_check > 0
    assert written.keys() == {*WAYS, *BEYOND}
    taken, words = taken_for_nothing()
    lines = [f"{'way':<30}{'texts':>6}{'by check':>10}{'missed':>8}"]
    lines += [f"{kind:<30}{written[kind]:>6}{checked[kind]:>10}{missed[kind]:>8}" for kind in (*WAYS, *BEYOND)]
    lines += ["", f"words of plain text withheld for nothing: {taken} of {words}"]
    golden(MEASURED, "\n".join(lines) + "\n")
    assert {kind: missed[kind] for kind in WAYS if missed[kind]} == {}


def taken_for_nothing() -> tuple[int, int]:
    """Words withheld from sentences that name nobody, of how many: notes, and the rules of every released policy."""
    chance = random.Random(3)
    rules = [rule for policy in released_policies() for rule in policy.rules]
    plain = [*PLAIN, *(rule.says for rule in rules), *(rule.ask for rule in rules)]
    taken = words = 0
    for _ in range(10):
        for sentence in plain:
            words += len(sentence.split())
            left = somebody(chance).known.redact(sentence).text.split()
            taken += len(sentence.split()) - sum(WITHHELD not in word for word in left)
    return taken, words


def test_text_without_anything_to_withhold_is_left_alone() -> None:
    text = "First offence; £24.50 of food. Alcohol need, 4 of 10. In work since March."
    assert redact(text, ["Dale", "Ashworth", "The Corner"], ["D-19-0001"]) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("ZOË and Zoe O'Brien, o brien, OBRIEN.", "[withheld] and [withheld]."),
        ("Zoë's mother rang +44 7700 900123.", "[withheld]'s mother rang [withheld]."),
        ("At the corner of The Corner Shop", "At the [withheld] of The [withheld]"),
        ("Custody 17 zd 0123419; born 3rd of May 1999.", "Custody [withheld]; born [withheld]."),
        ("Zoëtrope", "Zoëtrope"),
        ("Came in NV19 ABC, then a123bcd, then abc 123.", "Came in [withheld], then [withheld], then abc 123."),
        ("Mr J. Farrow of PC 1795 said so.", "[withheld] of [withheld] said so."),
        ("Mr Obrein and obrian and O'Brienn", "[withheld] and [withheld] and [withheld]"),
        ("zoeobrien1 and ObrienZoe", "[withheld] and [withheld]"),
        ("Custody 17-ZD-0123491", "Custody 17-ZD-[withheld]"),
    ],
)
def test_names_and_numbers_are_withheld_however_they_are_written(text: str, left: str) -> None:
    assert redact(text, ["Zoë", "O'Brien", "The Corner Shop"], ["17ZD0123419"]) == left


def test_what_the_rules_find_and_what_the_check_finds_are_counted_apart() -> None:
    left = Identifiers(frozenset({"Ashworth"}), frozenset()).redact("Ashworth, or Ashwroth: Ashworth.")
    assert (left.text, left.by_rule, left.by_check) == ("[withheld], or [withheld]: [withheld].", 2, 1)


LETTERS = st.text("abc", max_size=6)


@settings(max_examples=300)
@given(LETTERS, LETTERS)
def test_one_edit_is_what_a_search_through_all_edits_finds(one: str, other: str) -> None:
    edits = {one}
    for at in range(len(one) + 1):
        edits |= {one[:at] + letter + one[at:] for letter in "abc"}
        edits |= {one[:at] + letter + one[at + 1 :] for letter in "abc"}
        edits |= {one[:at] + one[at + 1 :], one[:at] + one[at + 1 : at + 2] + one[at : at + 1] + one[at + 2 :]}
    assert is_near(other, [one]) == (other in edits)


def test_two_neighbours_swapped_are_one_change_and_are_not_parted_by_another() -> None:
    assert is_near("ashwroth", ["ward", "ashworth"])
    assert is_near("", ["a"])
    assert not is_near("ca", ["abc"], edits=2)
    assert not is_near("ashworth", [])


@settings(max_examples=100)
@given(st.text(max_size=60))
def test_redacting_what_is_redacted_changes_nothing(text: str) -> None:
    known = Identifiers(frozenset({"Ashworth", "Zoë"}), frozenset({"07700900123"}))
    once = known.redact(text).text
    assert known.redact(once).text == once
