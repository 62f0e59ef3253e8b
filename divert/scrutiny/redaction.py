"""Takes out of free text what could name anyone: by rule first, then by a check of what the rules left.

It would rather withhold a word too many than one too few, and counts both kinds. What it cannot find, and how often it
takes too much, is measured in `docs/redaction.md`.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple
from unicodedata import category, combining, normalize

from divert.scrutiny.fuzzy import Likeness

WITHHELD = "[withheld]"

MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
DIGITS = "zero|nought|oh|one|two|three|four|five|six|seven|eight|nine"
FORMS = (
    r"\S+\s?@\s?\S+",  # e-mail
    r"(?:\+44|\b0)(?:[\W_]{0,3}\d){9,10}\b",  # telephone
    r"\b[A-Z]{1,2}\d[A-Z\d]?\s*\d[A-Z]{2}\b",  # postcode
    r"\b(?:\d{2})?\d{2}\s*/\s*\d{1,7}\s*[A-Z]\b",  # PNC identifier
    r"\b[A-Z]{1,4}[-/ ]?\d{2,4}[-/]\d{3,}\b",  # crime, custody and case references
    r"\b(?=\w*\d{5})\w{6,}\b",  # any other long number
    r"\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b",  # a date in figures
    rf"\b\d{{1,2}}(?:st|nd|rd|th)?[\s-]+(?:of\s+)?(?:{MONTHS})[a-z]*\.?(?:[\s-]+['’]?\d{{2,4}})?\b",
    rf"\b(?:{MONTHS})[a-z]*\.?\s+\d{{1,2}}(?:st|nd|rd|th)?\b(?:,?\s+\d{{4}}\b)?",
    rf"\b(?:(?:{DIGITS}|double|treble|triple)\b[\s,-]*){{5,}}",  # a number in words
    # vehicle plates since 2001, since 1983, since 1963, run together; and spaced, in capitals, the dateless ones too
    r"\b[A-Z]{2}\d{2}[A-Z]{3}\b|\b[A-Z]\d{1,3}[A-Z]{3}\b|\b[A-Z]{3}\d{1,3}[A-Z]\b",
    r"\b[A-Z]{2}\d{2}[\W_]{1,2}[A-Z]{3}\b",
    r"(?-i:\b(?!(?:THE|WAS|AND|FOR|ALL|HAS|HAD|OUT|GBP)\b)(?:[A-Z]\d{1,3} [A-Z]{3}|[A-Z]{3} \d{1,3}[A-Z])\b)",
    r"(?-i:\b(?!(?:A|I|IN|OF|AT|ON|TO|BY|IS|AN|OR|NO|AS|IT|WE|HE|GBP|THE|AND|FOR|WAS|ALL|HAS|HAD|DAY|AGE|OWN)\b)"
    r"[A-Z]{1,3} ?\d{1,4}\b)",
    r"(?-i:\b\d{1,4} ?(?!(?:A|I|IN|OF|AT|ON|TO|BY|IS|AN|OR|NO|AS|IT|WE|HE|AM|PM|THE|AND|FOR|WAS|ALL|HAS|HAD|DAY|OUT)\b)"
    r"[A-Z]{2,3}\b)",
    # whoever has a title or a rank, with the names, initials or number after it
    r"\b(?:mr|mrs|ms|miss|mx|dr|rev|pc|dc|ps|ds|di|pcso|sgt|sergeant|constable|inspector|insp)\b\.?"
    r"(?:\s+(?:\d{1,5}\b|(?-i:[A-Z])[\w'’-]*\.?)){1,3}",
    r"(?-i:\b(?:[A-Z]\. ?){2,})",  # initials
)

FORM = re.compile("|".join(FORMS), re.IGNORECASE)

SMALL_WORDS = frozenset({"a", "an", "and", "at", "by", "for", "in", "is", "it", "no", "of", "on", "or", "the", "to"})
"""Left alone where they are part of a name (the shop called The Corner): without them nothing can be read."""

LETTERS = str.maketrans(
    "øØłŁđĐæÆœŒßıðÐаеорсухіјѕԁһАВЕКМНОРСТУХІЈЅαοιυΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "oOlLdDaAoOsidDaeopcyxijsdhABEKMHOPCTYXIJSaoiuABEZHIKMNOPTYX",
)
"""Letters that have no accent to take off, and those of other alphabets that look like ours, one for one."""

REPEATED = re.compile(rf"{re.escape(WITHHELD)}(?:[\s,.-]*{re.escape(WITHHELD)})+")


class Redacted(NamedTuple):
    """What is left of a text, and how many stretches were withheld by rule, and by the check after it."""

    text: str
    by_rule: int
    by_check: int


class Identifiers(NamedTuple):
    """Who and where a case is about: names, of which each part counts, and references, which count whole."""

    names: frozenset[str]
    references: frozenset[str]

    def redact(self, text: str) -> Redacted:
        """The text without them however they are spaced, accented or joined, without what is but a letter from them,
        and without anything in the form of an e-mail address, telephone number, postcode, date, plate or reference.
        """
        identifiers, likeness = _prepared(self.names, self.references)
        clean = _clean(text)
        plain = _plain(clean)
        spans = [match.span() for pattern in (FORM, identifiers) for match in pattern.finditer(plain)]
        left, by_rule = _withhold(clean, spans)
        spans = likeness.spans(_plain(left).replace(WITHHELD, "\0" * len(WITHHELD)))
        left, by_check = _withhold(left, spans)
        return Redacted(REPEATED.sub(WITHHELD, left), by_rule, by_check)


def redact(text: str, names: Iterable[str] = (), references: Iterable[str] = ()) -> str:
    """What is left of a text without these names and references."""
    return Identifiers(frozenset(names), frozenset(references)).redact(text).text


@lru_cache(maxsize=64)
def _prepared(names: frozenset[str], references: frozenset[str]) -> tuple[re.Pattern[str], Likeness]:
    words = {word for name in names for word in parts_of(name)}
    known = words | {_bare(_plain(_clean(reference))) for reference in references}
    longest_first = sorted(known, key=lambda text: (-len(text), text))
    patterns = [_any_spacing(text) for text in longest_first if len(text) > 1]
    return re.compile("|".join(patterns) or r"(?!)", re.IGNORECASE), Likeness(words, known)


def _withhold(text: str, spans: Iterable[tuple[int, int]]) -> tuple[str, int]:
    """The text with each stretch withheld, and how many there were; stretches that overlap are one."""
    parts, at, count = [], 0, 0
    for begin, end in sorted(spans):
        if end <= at:
            continue
        if begin >= at:
            parts += [text[at:begin], WITHHELD]
            count += 1
        at = end
    return "".join([*parts, text[at:]]), count


def _clean(text: str) -> str:
    """Composed, wide letters made plain, and without what does not show."""
    composed = normalize("NFKC", text)
    return "".join(letter for letter in composed if category(letter) not in ("Cf", "Mn", "Me"))


def _plain(text: str) -> str:
    """The same letters without their accents, place for place."""
    return "".join(normalize("NFD", letter)[0] for letter in text).translate(LETTERS)


def parts_of(name: str) -> set[str]:
    """The parts of a name, and the halves of a double one, in small bare letters."""
    plain = _plain(_clean(name))
    parts = re.findall(r"\w+", plain) + plain.split()
    return {_bare(part).lower() for part in parts if part.lower() not in SMALL_WORDS and not combining(part[0])}


def _any_spacing(bare: str) -> str:
    """Matches it however it is spaced or joined by a line; of letters alone, beside figures and in the plural too."""
    beside, plural = (r"[^\W\d_]", "s?") if bare.isalpha() else (r"[^\W_]", "")
    return rf"(?<!{beside})" + r"[\W_]*".join(map(re.escape, bare)) + rf"{plural}(?!{beside})"


def _bare(text: str) -> str:
    return re.sub(r"[\W_]", "", text).lower()
