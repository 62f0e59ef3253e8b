"""Draws a scrutiny sample again from what was published: python3 redraw.py FILE.json (any Python 3, nothing else).

A case's ticket: SHA-256 over the seed's own SHA-256 and the case's id, in decimal, last digit first. Of each stratum
the lowest tickets are drawn (Rivest, arXiv 1808.10016); a top-up goes on with the next.
"""

import json
import sys
from hashlib import sha256
from itertools import islice
from pathlib import Path

try:
    said = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    frame, parts, seed = said["frame"], [said, *said.get("top_ups", [])], sha256(said["seed"].encode()).hexdigest()
    text = json.dumps({key: said[key] for key in ("rule", "cut_off", "frame")}, sort_keys=True, separators=(",", ":"))
    cases = [case for ids in frame.values() for case in ids]
    agrees = {"SHA-256 of the frame": sha256(text.encode()).hexdigest() == said["frame_sha256"]}
    agrees[f"{len(cases)} cases in the frame, each once"] = len(cases) == len(set(cases))
    agrees["the strata"] = all(part[of].keys() == frame.keys() for part in parts for of in ("sizes", "drawn"))
    for stratum, ids in frame.items():
        tickets = [("0." + f"{int(sha256((seed + case).encode()).hexdigest(), 16):064}"[::-1], case) for case in ids]
        lowest, sizes = iter(sorted(tickets)), [part["sizes"][stratum] for part in parts]
        again = [[[case, ticket] for ticket, case in islice(lowest, size)] for size in sizes]
        same = again == [part["drawn"][stratum] for part in parts] and sum(sizes) <= len(ids)
        agrees[f"{stratum}: {', then '.join(map(str, sizes))} of {len(ids)} cases"] = same
    print(*(f"{'agrees ' if same else 'differs'}  {what}" for what, same in agrees.items()), sep="\n")
    sys.exit(not all(agrees.values()))
except (OSError, LookupError, TypeError, AttributeError, ValueError) as fault:
    sys.exit(f"differs  this is no file of a published draw: {fault!r}")
