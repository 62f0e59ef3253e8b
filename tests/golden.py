"""Golden files: text worth reading in a diff. DIVERT_GOLDEN=write renews them."""

import os
from pathlib import Path


def golden(file: Path, text: str) -> None:
    """The text is the file's, to the letter."""
    if os.environ.get("DIVERT_GOLDEN") == "write":
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8"), f"{file.name} differs; if meant: DIVERT_GOLDEN=write"
