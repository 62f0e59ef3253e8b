"""The README says what is so."""

import re
from pathlib import Path

from divert.casework.lifecycle import COMMANDS, mermaid
from divert.config import Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
UNITS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
NUMBERS = {f"forty-{unit}": 40 + number for number, unit in enumerate(UNITS, start=1)}


def test_the_diagram_is_the_table_s() -> None:
    assert f"```mermaid\n{mermaid()}```" in README


def test_every_file_that_it_points_to_is_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_every_setting_stands_in_its_table_with_its_default() -> None:
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else str(field.default)
        assert f"| `DIVERT_{name.upper()}` | {default} | {field.description} |" in README


def test_nothing_in_it_still_waits_to_be_filled_in() -> None:
    assert "@@" not in README


def test_the_changelog_counts_the_commands_rightly() -> None:
    said = re.search(r"([\w-]+) commands, with roles", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    assert said
    assert NUMBERS[said[1]] == len(COMMANDS)
