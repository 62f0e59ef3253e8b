"""Draws a scrutiny sample again from its published values: python3 redraw.py FILE.json (Python 3, nothing else).

Each case's ticket is a hash of seed and case id; the lowest tickets are drawn (Rivest, arXiv 1808.10016).
"""

import json
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any


def sha(text: str) -> str:
    """SHA-256 in hexadecimal."""
    return sha256(text.encode()).hexdigest()


def ticket(seed: str, case: str) -> str:
    """The hash as a decimal fraction, last digit first; compared as text."""
    return "0." + str(int(sha(sha(seed) + case), 16)).zfill(64)[::-1]


def findings(said: dict[str, Any]) -> Iterator[tuple[bool, str]]:
    """What was published, point by point, and whether it agrees with what comes out here."""
    frame, sizes, drawn = said["frame"], said["sizes"], said["drawn"]
    text = json.dumps({k: said[k] for k in ("rule", "cut_off", "frame")}, sort_keys=True, separators=(",", ":"))
    yield sha(text) == said["frame_sha256"], "SHA-256 of the frame"
    cases = [case for stratum in frame.values() for case in stratum]
    yield len(cases) == len(set(cases)), f"{len(cases)} cases in the frame, each once"
    yield frame.keys() == sizes.keys() == drawn.keys(), "a size and a sample for each stratum"
    for name in sorted(frame.keys() & sizes.keys() & drawn.keys()):
        again = sorted((ticket(said["seed"], case), case) for case in frame[name])[: sizes[name]]
        yield drawn[name] == [[case, number] for number, case in again], f"{name}: the sample"
        yield len(again) == sizes[name], f"{name}: its size, {sizes[name]} of {len(frame[name])}"


try:
    found = list(findings(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
except (OSError, IndexError, KeyError, TypeError, AttributeError, ValueError) as fault:
    sys.exit(f"differs  this is no file of a published draw: {fault!r}")
print("\n".join(("agrees   " if agrees else "differs  ") + what for agrees, what in found))
sys.exit(not all(agrees for agrees, _ in found))
