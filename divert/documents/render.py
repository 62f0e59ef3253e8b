"""A document's bytes: a pure function of its template and what it says. The same on every machine, in every time zone.

Typst is given no date, no network, no package of its own and no font but Noto Sans (fontpkg-noto-sans) and those inside
it; what a case holds comes in as one JSON text, so that nothing typed into it can be taken for markup. Every document
is a tagged PDF that claims and keeps PDF/UA-1.
"""

import json
import re
import unicodedata
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import typst

TEMPLATES = Path(__file__).parent / "templates"

UNPRINTABLE = re.compile(
    r"[^\n\u0020-\u007e\u00a0-\u0481\u048a-\u04ff\u1e00-\u1eff\u2010-\u2027\u2030-\u203e\u20a0-\u20bf]"
)
"""What the fonts do not all hold, and marks that turn text about: Latin, Greek and Cyrillic can be printed."""


def render(template: str, inputs: dict[str, Any], *, large_print: bool = False) -> bytes:
    """The PDF of a document that says `inputs`; in 18 point where `large_print`. Each kind has a template."""
    data = json.dumps(_printable({**inputs, "large_print": large_print}), sort_keys=True, ensure_ascii=False)
    pdf = typst.compile(
        TEMPLATES / f"{template}.typ",
        root=TEMPLATES,
        font_paths=_fonts(),
        format="pdf",
        pdf_standards="ua-1",
        sys_inputs={"data": data},
    )
    if not isinstance(pdf, bytes):
        raise TypeError(f"typst made {type(pdf).__name__} of {template}, not one PDF")
    return pdf


@lru_cache
def _fonts() -> typst.Fonts:
    """The faces there are: the same on every machine, since none of the machine's own is among them."""
    return typst.Fonts(include_system_fonts=False, font_paths=[Path(str(files("fontpkg_noto_sans") / "files"))])


def _printable(value: Any) -> Any:
    """The same data, with each character that cannot be printed named instead: nothing is dropped in silence."""
    match value:
        case str():
            composed = unicodedata.normalize("NFC", value.replace("\t", " "))
            return UNPRINTABLE.sub(lambda match: f"[U+{ord(match[0]):04X}]", composed)
        case dict():
            return {name: _printable(item) for name, item in value.items()}
        case list() | tuple():
            return [_printable(item) for item in value]
        case _:
            return value
