"""Text as it is typed or pasted, without what nobody sees: one form for what reads the same.

Invisible format characters (zero-width spaces, marks of direction, soft hyphens) come along when a name or a number is
copied from a contacts list or a page; they make two spellings of one name, and turn text round. Combined letters are
put together (Unicode normalisation form C).
"""

import re
import unicodedata
from typing import Any

JOINERS = "\u200c\u200d"
LOOSE_JOINER = re.compile(rf"(?<!\w)[{JOINERS}]|[{JOINERS}](?!\w)")
"""Between letters a joiner decides, in some scripts, how they are written; anywhere else it is nothing."""


def clean(text: str) -> str:
    """The text without format characters, in normalisation form C."""
    visible = "".join(letter for letter in text if unicodedata.category(letter) != "Cf" or letter in JOINERS)
    return unicodedata.normalize("NFC", LOOSE_JOINER.sub("", visible))


DEEPEST = 4
"""How deep an answer of any command goes. What is deeper is no answer, and is left to be refused."""


def clean_all(value: Any, levels: int = DEEPEST) -> Any:
    """A value as JSON has it with every text in it clean, so many levels down."""
    match value:
        case str():
            return clean(value)
        case dict() if levels:
            return {name: clean_all(part, levels - 1) for name, part in value.items()}
        case list() if levels:
            return [clean_all(part, levels - 1) for part in value]
        case _:
            return value
