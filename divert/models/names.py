"""A name's words as they are searched for: small letters, no accents, no marks."""

import re
import unicodedata

WITHIN = re.compile(r"[^\w\s\u2010-\u2015-]|_")
"""What may stand within a word, as the apostrophe of O'Brien. Spaces and dashes part two."""


def words_of(*names: str | None) -> list[str]:
    """Each word once: Zoë O'Brien-Smith is zoe, obrien, smith."""
    plain = unicodedata.normalize("NFKD", " ".join(name for name in names if name)).casefold()
    bare = WITHIN.sub("", "".join(character for character in plain if not unicodedata.combining(character)))
    return list(dict.fromkeys(re.findall(r"\w+", bare)))
