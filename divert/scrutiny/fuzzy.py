"""Finds in a text what is like something known: a name misspelt by a letter, run together or split, a number respaced.

Pure. Words are compared in small letters without accents. A word of fewer than four letters is like nothing but itself:
too much would be. A word that everyone uses is taken for a misspelling only where it is written with a capital, and
a small one only where that capital begins no sentence.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter

from rapidfuzz.distance import OSA
from rapidfuzz.process import extractOne

SHORTEST = 4
INSIDE = 5
"""Letters of a name from which on it is found inside any longer word."""

LONG = 8
"""Letters from which on a name is found though two of them are wrong, if the first is right."""

NUMBER = 5
"""Digits from which on a number is compared."""

WORDS_OF_EVERY_DAY = """
about above after again against also although always among another anything area around asked aware away back bail
became because been before begin begun being below better between book both breach bring brought call called came
card care carried case cash caught chance charge child children city clear close come cost could council court
crime custody daily date days deal dealt debt does doing done door down drink drive drug drugs during duty each
early else even ever every evidence face fact family felt file find fine first five food form found four free from
full fully gave getting given goes going gone good goods great group half hand hard have head hear heard held help
here high hold home hope hour hours house however idea into issue item items itself job keep kept kind knew know
known lack land large last late later law least leave left less life like likely line list live lived living local
long look lost made main make many matter means meet mental mind money month months more most mother move much must
name near need needs never next none note nothing number offence offer often once only open order other over own owner
paid part past people person phone place plan point police possible present price pride prize probation problem
public push quite rather read real reason record refer referred remorse rent report rest return right road role room
rule safe said sale same seen sell send sent serve shall shop short should show side since single sister small some
soon stage stand start state stay step still stock stole stop store street such sure take taken talk team tell term
than thank that theft their them then there these they thing things think third this those though three through
time times told took town tried turn type under until upon used value very victim view visit wait walk want wants
ward warm warn warned warning week weeks well went were west what when where which while white who whole whom whose
wife will wish with within without word words work worked world worth would write year years young your
"""
SMALL_WORDS_OF_EVERY_DAY = """
all and any are but can did for had has her him his how its may not now one our out say see she the too
two was way who why yes yet you
"""
SMALL = frozenset(SMALL_WORDS_OF_EVERY_DAY.split())
EVERYDAY = frozenset(WORDS_OF_EVERY_DAY.split())

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
MID_SENTENCE = re.compile(r"[\w,;:]")
"""What stands before a word, and its space, that does not begin a sentence."""

FIGURES = re.compile(r"\d(?:[\W_]{0,3}\d){4,}")


class Likeness:
    """What is known of a case. `words` are parts of names, `known` those and whole references: small, bare letters."""

    def __init__(self, words: Iterable[str], known: Iterable[str]) -> None:
        self.words = sorted(word for word in set(words) if len(word) >= SHORTEST and word.isalpha())
        long_words = (word for word in self.words if len(word) >= LONG)
        self.long = {letter: [*group] for letter, group in groupby(long_words, itemgetter(0))}
        self.parts = sorted({word for word in words if word.isalpha() and len(word) > 1}, key=len, reverse=True)
        self.numbers = sorted({figures for text in known if len(figures := _figures(text)) >= NUMBER})

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where in the text there is something like what is known."""
        return [*self._names(text), *self._numbers(text)]

    def _names(self, text: str) -> Iterator[tuple[int, int]]:
        if not self.words and not self.parts:
            return
        tokens = [(match.start(), match.end(), match.group()) for match in WORD.finditer(text)]
        for place, (begin, end, token) in enumerate(tokens):
            mid_sentence = MID_SENTENCE.match(text[:begin].rstrip()[-1:]) is not None
            possessive = token.endswith(("'s", "’s"))
            if self._is_name(token, mid_sentence) or (possessive and self._is_name(token[:-2], mid_sentence)):
                yield begin, end
            for following in (1, 2):
                neighbours = tokens[place : place + following + 1]
                if len(neighbours) > following and self._is_split_name(neighbours, text):
                    yield begin, neighbours[-1][1]

    def _is_name(self, token: str, mid_sentence: bool) -> bool:
        """Whether a word is like a name, or holds one."""
        bare = re.sub(r"['’]", "", token.lower())
        if bare in SMALL and not (mid_sentence and token.istitle()):
            return False
        if bare.isdigit() or len(bare) < SHORTEST - (not token.islower()):
            return False
        if token.islower() and bare in EVERYDAY:
            return False
        letters = re.sub(r"^\d+|\d+$", "", bare)
        return (
            self._is_near_name(bare)
            or self._is_near_name(letters)
            or any(len(word) >= INSIDE and word in bare for word in self.words)
            or self._is_joined_names(letters)
        )

    def _is_near_name(self, token: str) -> bool:
        """Whether a word is a name but for a letter, or a long name but for two."""
        if is_near(token, self.words):
            return True
        return len(token) >= LONG and is_near(token, self.long.get(token[0], ()), edits=2)

    def _is_joined_names(self, letters: str) -> bool:
        """Whether two parts of names were run together, one of them perhaps misspelt."""
        for part in self.parts:
            for rest in (letters.removeprefix(part), letters.removesuffix(part)):
                if rest == letters:
                    continue
                if rest in self.parts or (len(rest) >= SHORTEST - 1 and is_near(rest, self.words)):
                    return True
        return False

    def _is_split_name(self, tokens: list[tuple[int, int, str]], text: str) -> bool:
        """Whether neighbouring scraps make up one name, misspelt. Spelt right, the rules have found it."""
        scraps = [token.lower() for _, _, token in tokens]
        if "\0" in text[tokens[0][0] : tokens[-1][1]]:
            return False
        if all(scrap in EVERYDAY or len(scrap) > INSIDE for scrap in scraps):
            return False
        joined = "".join(scraps)
        return len(joined) > INSIDE and is_near(joined, self.words)

    def _numbers(self, text: str) -> Iterator[tuple[int, int]]:
        for match in FIGURES.finditer(text):
            figures = _figures(match.group())
            if any(number in figures or figures in number for number in self.numbers) or is_near(figures, self.numbers):
                yield match.span()


def is_near(text: str, words: Sequence[str], edits: int = 1) -> bool:
    """Whether so few letters put in, left out, changed, or swapped with the next make one of the words of the text."""
    return extractOne(text, words, scorer=OSA.distance, score_cutoff=edits) is not None


def _figures(text: str) -> str:
    """The digits alone; of a telephone number without the code of the country or the nought in its place."""
    digits = re.sub(r"\D", "", text)
    return digits.removeprefix("44") if len(digits) > 10 and digits.startswith("44") else digits.removeprefix("0")
