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
from divert.worker.sinks import Sink, configured_sinks
from divert.worker.sweep import MissedDeadline, sweep

GIVE_UP_AFTER = 3
"""After so many failures in a row a channel is left for the next round: its receiver is down."""

log = structlog.get_logger(__name__)


class Delivery(NamedTuple):
    """A message that was tried. `fault` is why it was not delivered (no personal data)."""

    message: Message
    fault: str | None = None


class Round(NamedTuple):
    """What one round came to."""

    deadlines: list[MissedDeadline]
    messages: list[Delivery]

    def __str__(self) -> str:
        set_aside = sum(deadline.fault is not None for deadline in self.deadlines)
        postponed = sum(delivery.fault is not None for delivery in self.messages)
        return (
            f"{len(self.deadlines) - set_aside} deadlines escalated, {set_aside} set aside; "
            f"{len(self.messages) - postponed} messages delivered, {postponed} put off."
        )


def new_worker_name() -> str:
    """A name for a worker that no other has, and that tells whoever looks where it runs."""
    return f"{socket.gethostname()[:40]}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


def run_round(database: Database, clock: Clock, sinks: Mapping[str, Sink], worker: str) -> Round:
    """Everything that is due now, once."""
    return Round(list(sweep(database, clock)), list(deliver(database, clock, sinks, worker)))


def deliver(database: Database, clock: Clock, sinks: Mapping[str, Sink], worker: str) -> Iterator[Delivery]:
    """Deliver each message that is due, and answer it. One that fails waits for its next try."""
    failures: Counter[str] = Counter()
    while open_channels := [channel for channel in CHANNELS if failures[channel] < GIVE_UP_AFTER]:
        with database.writing() as session:
            message = outbox.take(session, clock(), worker, open_channels)
        if message is None:
            return
        fault, for_good = None, False
        try:
            sinks[message.channel].deliver(message)
        except Exception as error:  # whatever is wrong with one message must not stop the others
            for_good = isinstance(error, Undeliverable)
            fault = str(error) if for_good else _failure_name(error)
            log.warning("message put off", key=message.key, attempt=message.attempt, fault=fault)
        with database.writing() as session:
            if fault is None:
                outbox.mark_delivered(session, message, worker, clock())
            else:
                outbox.postpone(session, message, worker, clock(), fault, for_good=for_good)
        failures[message.channel] = 0 if fault is None or for_good else failures[message.channel] + 1
        yield Delivery(message, fault)


def _failure_name(error: Exception) -> str:
    """The kind of failure, with the HTTP status where there is one. Its own text could hold an address."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    return type(error).__name__ if status is None else f"{type(error).__name__} {status}"


@contextmanager
def worker_thread(settings: Settings, every: float, clock: Clock = system_clock) -> Iterator[None]:
    """A worker in a thread of its own, on its own connections, for as long as the block lasts."""
    stop = threading.Event()

    def work() -> None:
        database, worker, sinks = Database(settings.database_url), new_worker_name(), configured_sinks(settings, clock)
        while not stop.is_set():
            try:
                run_round(database, clock, sinks, worker)
                purge(database, clock, settings.evidence_folder)
                settle(database, clock)
            except Exception as error:  # the database may be back for the next round
                log.error("round left out", fault=type(error).__name__)
            stop.wait(every)
        database.dispose()

    thread = threading.Thread(target=work, name="worker", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=10)
