"""A document's bytes: a pure function of its kind and what it says. The same on every machine, in every time zone.

Typst is given no date, no network, no package and no font but its own; what a case holds comes in as one JSON text, so
that nothing typed into it can be taken for markup. Every document is a tagged PDF that claims and keeps PDF/UA-1.
"""

import json
import re
import unicodedata
from pathlib import Path
from typing import Any

import typst

from divert.documents.kinds import DocumentKind

TEMPLATES = Path(__file__).parent / "templates"

UNPRINTABLE = re.compile(
    r"[^\n\u0020-\u007e\u00a0-\u0481\u048a-\u04ff\u1e00-\u1eff\u2010-\u2027\u2030-\u203e\u20a0-\u20bf]"
)
"""What the fonts inside Typst do not hold, and marks that turn text about: they hold Latin, Greek and Cyrillic."""


def render(kind: DocumentKind, inputs: dict[str, Any], *, large_print: bool = False) -> bytes:
    """The PDF of a document that says `inputs`; in 18 point where `large_print`."""
    said = json.dumps(_printable({**inputs, "large_print": large_print}), sort_keys=True, ensure_ascii=False)
    made = typst.compile(
        TEMPLATES / f"{kind}.typ",
        root=TEMPLATES,
        ignore_system_fonts=True,
        format="pdf",
        pdf_standards="ua-1",
        sys_inputs={"data": said},
    )
    if not isinstance(made, bytes):
        raise TypeError(f"typst made {type(made).__name__} of {kind}, not one PDF")
    return made


def _printable(value: Any) -> Any:
    """The same data, with each character that cannot be printed named instead: nothing is dropped in silence."""
    match value:
        case str():
            composed = unicodedata.normalize("NFC", value.replace("\t", " "))
            return UNPRINTABLE.sub(lambda found: f"[U+{ord(found[0]):04X}]", composed)
        case dict():
            return {name: _printable(each) for name, each in value.items()}
        case list():
            return [_printable(each) for each in value]
        case _:
            return value
