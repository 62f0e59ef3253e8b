"""`python3 dev.py year`: live the whole year on a PostgreSQL of its own, prove it, and print the report."""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from divert.cli.terminal import watched
from divert.db import Database
from tests.databases import fresh_postgres, postgres_server
from tests.year.proof import looked_back_on
from tests.year.simulation import live


def main() -> int:
    """Exit code: 0 where everything that must be true is, 1 where not."""
    asked = argparse.ArgumentParser(prog="dev.py year", description=__doc__)
    asked.add_argument("--referrals", type=int, default=500)
    asked.add_argument("--kills", type=int, default=20)
    asked.add_argument("--days", type=int, default=545, help="how long it lasts; referrals come in the first 365")
    asked.add_argument("--seed", type=int, default=2019)
    said = asked.parse_args()
    with postgres_server() as server, tempfile.TemporaryDirectory() as folder:
        url, began = fresh_postgres(server), time.monotonic()
        lived = live(
            url,
            Path(folder),
            referrals=said.referrals,
            kills=said.kills,
            days=said.days,
            referred_within=min(365, said.days),
            seed=said.seed,
            watched=lambda days: watched(days, "Days"),
        )
        lasted, database = time.monotonic() - began, Database(url)
        proof = looked_back_on(database, lived)
        database.dispose()
    print("| | |\n|---|--:|")
    for what, much in proof.told.items():
        print(f"| {what} | {f'{much:,}' if isinstance(much, int) else much} |")
    print(f"| seconds, and for the proof | {lasted:.0f}, {time.monotonic() - began - lasted:.0f} |")
    print(f"| of a processor, without PostgreSQL's | {sum(os.times()[:4]):.0f} |")
    for what, often in lived.refused.most_common(12):
        print(f"refused {often} times: {what}", file=sys.stderr)
    for fault in proof.faults:
        print(f"FAULT {fault}", file=sys.stderr)
    return 1 if proof.faults else 0


if __name__ == "__main__":
    sys.exit(main())
