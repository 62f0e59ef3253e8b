"""The worker's round: escalate what was missed, deliver what is due. What fails is set aside and stops nothing else.

Any number of workers may go round at once: a deadline is escalated by whoever first holds its case, a message is
delivered by whoever leased it.
"""

import os
import socket
import threading
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import structlog

from divert.board.counting.tallies import settle
from divert.clock import Clock, system_clock
from divert.config import Settings
from divert.db import Database
from divert.worker import outbox
from divert.worker.outbox import CHANNELS, Message, Undeliverable
from divert.worker.purge import purge
from divert.worker.sinks import Sink, sinks
from divert.worker.sweep import Missed, sweep

GIVE_UP_AFTER = 3
"""After so many failures in a row a channel is left for the next round: its receiver is down."""

log = structlog.get_logger(__name__)


class Sent(NamedTuple):
    """A message that was tried. `fault` is why it was not delivered (no personal data)."""

    message: Message
    fault: str | None = None


class Round(NamedTuple):
    """What one round came to."""

    deadlines: list[Missed]
    messages: list[Sent]

    def __str__(self) -> str:
        aside = sum(one.fault is not None for one in self.deadlines)
        off = sum(one.fault is not None for one in self.messages)
        return (
            f"{len(self.deadlines) - aside} deadlines escalated, {aside} set aside; "
            f"{len(self.messages) - off} messages delivered, {off} put off."
        )


def new_name() -> str:
    """A name for a worker that no other has, and that tells whoever looks where it runs."""
    return f"{socket.gethostname()[:40]}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


def go_round(database: Database, clock: Clock, to: Mapping[str, Sink], worker: str) -> Round:
    """Everything that is due now, once."""
    return Round(list(sweep(database, clock)), list(deliver(database, clock, to, worker)))


def deliver(database: Database, clock: Clock, to: Mapping[str, Sink], worker: str) -> Iterator[Sent]:
    """Deliver each message that is due, and answer it. One that fails waits for its next try."""
    failures: Counter[str] = Counter()
    while open_channels := [one for one in CHANNELS if failures[one] < GIVE_UP_AFTER]:
        with database.writing() as session:
            message = outbox.take(session, clock(), worker, open_channels)
        if message is None:
            return
        fault, for_good = None, False
        try:
            to[message.channel].deliver(message)
        except Exception as failed:  # whatever is wrong with one message must not stop the others
            for_good = isinstance(failed, Undeliverable)
            fault = str(failed) if for_good else _named(failed)
            log.warning("message put off", key=message.key, attempt=message.attempt, fault=fault)
        with database.writing() as session:
            if fault is None:
                outbox.delivered(session, message, worker, clock())
            else:
                outbox.put_off(session, message, worker, clock(), fault, for_good=for_good)
        failures[message.channel] = 0 if fault is None or for_good else failures[message.channel] + 1
        yield Sent(message, fault)


def _named(failed: Exception) -> str:
    """The kind of failure, with the HTTP status where there is one. Its own text could hold an address."""
    status = getattr(getattr(failed, "response", None), "status_code", None)
    return type(failed).__name__ if status is None else f"{type(failed).__name__} {status}"


@contextmanager
def beside(settings: Settings, every: float, clock: Clock = system_clock) -> Iterator[None]:
    """A worker in a thread of its own, on its own connections, for as long as the block lasts."""
    stop = threading.Event()

    def rounds() -> None:
        database, name, to = Database(settings.database_url), new_name(), sinks(settings, clock)
        while not stop.is_set():
            try:
                go_round(database, clock, to, name)
                purge(database, clock, settings.evidence_folder)
                settle(database, clock)
            except Exception as broken:  # the database may be back for the next round
                log.error("round left out", fault=type(broken).__name__)
            stop.wait(every)
        database.dispose()

    thread = threading.Thread(target=rounds, name="worker", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=10)
