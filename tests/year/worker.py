"""One worker as a process of its own. It goes round whenever it is told to; it can be told when to die.

On its standard input: `go` (go round until nothing is left; then it answers `quiet`) and `die N` (be killed by SIGKILL
before the N-th statement, commit or side of a delivery from now: no `finally` runs, no connection is closed).
"""

import json
import logging
import os
import signal
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import event

from divert.cli.terminal import log_to_stderr
from divert.db import Database
from divert.worker.outbox import CHANNELS, Message
from divert.worker.rounds import Round, run_round
from tests.year.clock import SharedClock

Outage = tuple[datetime, datetime]


class Fuse:
    """Counts what the process does, and ends it without warning when its time has come."""

    left: int | None = None

    def burn(self, *_: object) -> None:
        """One thing more was about to be done."""
        if self.left is not None:
            self.left -= 1
            if self.left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)


class Receiver:
    """Writes each message that it is given at the end of a file that all workers share; down during an outage."""

    def __init__(self, file: Path, name: str, clock: SharedClock, outages: Sequence[Outage], fuse: Fuse) -> None:
        self.file, self.name, self.clock, self.outages, self.fuse = file, name, clock, outages, fuse

    def deliver(self, message: Message) -> None:
        """ConnectionError where nobody is there to take it."""
        now = self.clock()
        if any(first <= now < last for first, last in self.outages):
            raise ConnectionError
        self.fuse.burn()
        had = {"by": self.name, "at": now.isoformat(), "key": message.key, "id": message.id, "channel": message.channel}
        had |= {"case": message.case_ref, "kind": message.kind, "attempt": message.attempt}
        with self.file.open("ab", buffering=0) as written:
            written.write(json.dumps(had).encode() + b"\n")
        self.fuse.burn()


def main(url: str, clock_file: str, log: str, name: str, *outages: str) -> None:
    """Work until the standard input ends. `outages`: when one begins, when it ends, and so on."""
    log_to_stderr(logging.CRITICAL)  # an outage would fill pages
    database, clock, fuse = Database(url), SharedClock(Path(clock_file)), Fuse()
    event.listen(database.engine, "before_cursor_execute", fuse.burn)
    event.listen(database.engine, "commit", fuse.burn)
    instants = [datetime.fromisoformat(one) for one in outages]
    down = list(zip(instants[::2], instants[1::2], strict=True))
    to = dict.fromkeys(CHANNELS, Receiver(Path(log), name, clock, down, fuse))
    for line in sys.stdin:
        word, *more = line.split()
        if word == "die":
            fuse.left = int(more[0])
            continue
        while run_round(database, clock, to, name) != Round([], []):
            pass
        print("quiet", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
