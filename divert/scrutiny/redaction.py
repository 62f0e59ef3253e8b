"""Takes out of free text what could name anyone. It would rather withhold a word too many than one too few."""

import re
from collections.abc import Iterable
from unicodedata import combining, normalize

WITHHELD = "[withheld]"

PATTERNS = (
    r"\S+@\S+",  # e-mail
    r"(?:\+44|\b0)(?:[\W_]?\d){9,10}\b",  # telephone
    r"\b[A-Z]{1,2}\d[A-Z\d]?\s*\d[A-Z]{2}\b",  # postcode
    r"\b(?:\d{2})?\d{2}\s*/\s*\d{1,7}\s*[A-Z]\b",  # PNC identifier
    r"\b[A-Z]{1,4}[-/ ]?\d{2,4}[-/]\d{3,}\b",  # crime, custody and case references
    r"\b(?=\w*\d{5})\w{6,}\b",  # any other long number
    r"\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b",  # a date in figures
    r"\b\d{1,2}(?:st|nd|rd|th)?\s+(?:of\s+)?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*(?:\s+\d{2,4})?\b",
)

SMALL_WORDS = frozenset({"a", "an", "and", "at", "by", "for", "in", "is", "it", "no", "of", "on", "or", "the", "to"})
"""Left alone where they are part of a name (the shop called The Corner): without them nothing can be read."""


def redact(text: str, names: Iterable[str] = (), references: Iterable[str] = ()) -> str:
    """The text without these names, whole or in part, without these references, however spaced, and without anything
    that looks like an e-mail address, telephone number, postcode, date or reference.

    It does not find a name that is misspelt or that nobody has recorded.
    """
    known = {word for name in names for word in _words(name)} | {_bare(reference) for reference in references}
    found = [_any_spacing(one) for one in sorted(known, key=len, reverse=True) if len(one) > 1]
    pattern = "|".join([*PATTERNS, *found])
    withheld = re.sub(pattern, WITHHELD, normalize("NFC", text), flags=re.IGNORECASE)
    return re.sub(rf"{re.escape(WITHHELD)}(?:[\s,.-]*{re.escape(WITHHELD)})+", WITHHELD, withheld)


def _words(name: str) -> set[str]:
    """The parts of a name, the halves of a double one too, each also without its accents."""
    composed = normalize("NFC", name)
    parts = {part for part in re.findall(r"\w+", composed) + composed.split() if part.lower() not in SMALL_WORDS}
    plain = {"".join(letter for letter in normalize("NFD", part) if not combining(letter)) for part in parts}
    return {_bare(part) for part in parts | plain}


def _any_spacing(bare: str) -> str:
    return r"\b" + r"[\W_]*".join(map(re.escape, bare)) + r"\b"


def _bare(text: str) -> str:
    return re.sub(r"[\W_]", "", text)
