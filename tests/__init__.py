"""The tests live in 2019 and 2020, when a policy that was released for later days was not there yet.

They propose policies of their own, and a policy can only follow those that are there: one of 2027 would close 2019.
"""

import os
from pathlib import Path
from shutil import copytree, ignore_patterns
from tempfile import TemporaryDirectory

RELEASED = Path(__file__).parents[1] / "rules"
"""Every rule, as released: what holds of all policies is tested on these."""

_later = [path.name for path in (RELEASED / "eligibility").glob("2*.toml") if path.name >= "2021"]
if _later:
    _rules = TemporaryDirectory(prefix="divert-rules-")  # kept until the process ends
    copytree(RELEASED, _rules.name, ignore=ignore_patterns(*_later), dirs_exist_ok=True)
    os.environ["DIVERT_RULES"] = _rules.name
