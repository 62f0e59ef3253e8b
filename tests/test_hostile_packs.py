"""Whole packs of cases that hostile hands wrote: nobody on record is left in any of them, however it was written."""

import random
import re
from collections import Counter

import pytest

from divert.scrutiny import redaction
from tests.hostile import BEYOND, WAYS, somebody
from tests.hostile_packs import Found, Person, Planted, a_round, everyones, gives_away, read

CASES = 50


@pytest.fixture(scope="module")
def found() -> Found:
    return a_round(seed=20_000, number=CASES)


def test_no_identifier_is_in_any_pack_as_json_page_or_paper(found: Found) -> None:
    assert found.packs == CASES
    assert {way: found.missed[way] for way in WAYS if found.missed[way]} == {}
    assert found.recorded == Counter()
    assert found.written.keys() == {*WAYS, *BEYOND}


def test_what_it_makes_no_claim_to_find_is_counted_as_missed(found: Found) -> None:
    assert found.missed.keys() <= BEYOND.keys()
    assert found.missed["a name that nobody recorded"] > 0
    assert found.with_any > 0


def test_a_rule_left_out_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "FORM", re.compile(r"(?!)"))
    left = a_round(seed=20_000, number=10)
    assert {"vehicle plate", "a birthday in words"} <= left.missed.keys()


def test_an_identifier_is_seen_wherever_a_line_ends() -> None:
    assert gives_away("It was Dale Ashworth, twice.", "Dale\nAshworth")
    assert not gives_away("It was Dale Ashworthy.", "Dale Ashworth")


@pytest.fixture
def paige() -> Person:
    """Of whom one box said "Page"."""
    chance = random.Random(1)
    return Person(somebody(chance), chance, iter(()), [Planted("misspelt by a letter", "Page")])


def test_a_word_that_stands_in_every_pack_is_nobody_s(paige: Person) -> None:
    packs = ["A note. For the panel only Page 1 of 2", "For the panel only Page 2 of 2"]
    assert read(paige, {}, packs[0], everyones(packs)).missed == Counter()


def test_what_was_missed_is_told_with_the_words_around_it(paige: Person) -> None:
    packs = ["It was Page, twice.", "It was [withheld], twice."]
    for found in (
        read(paige, {}, packs[0], everyones(packs)),
        read(paige, {"note": packs[0]}, "", frozenset({"page"})),
    ):
        assert found.missed == {"misspelt by a letter": 1}
        assert found.told == ("misspelt by a letter: It was Page, twice.",)
