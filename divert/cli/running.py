"""Running the service: its schema, its demo, its server, its worker."""

import errno
import ipaddress
import logging
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Annotated

import structlog
import typer
import uvicorn
from sqlalchemy.exc import OperationalError
from uvicorn.supervisors import Multiprocess

from divert import demo as demonstration
from divert import migrate as schema
from divert.cli.cases import AsJson
from divert.cli.terminal import (
    NOT_SO,
    WrongCall,
    answer,
    answer_json,
    answer_table,
    database,
    log_to_stderr,
    say,
    watched,
)
from divert.clock import system_clock
from divert.config import settings
from divert.worker.sweep import MissedDeadline, deadlines_set_aside
from divert.worker.sweep import sweep as swept

BESIDE_EVERY_S = 30
"""Between the rounds of the worker inside an embedded service."""

ASIDE = ("case_ref", "kind", "about", "due_on", "attempts", "retry_at", "fault")
"""What is shown of a deadline that was set aside."""

log = structlog.get_logger(__name__)


def serve(
    host: Annotated[
        str, typer.Option(help="The address to listen on; the default is this machine alone.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes any that is free.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="How many processes.")] = 1,
    worker: Annotated[
        bool | None, typer.Option("--work/--no-work", help="Do what is due as well; on SQLite, unless said otherwise.")
    ] = None,
) -> None:
    """Serve the pages and the JSON service until stopped. On SQLite the worker runs inside (see `divert work`)."""
    from divert.worker.rounds import worker_thread  # what it sends with is slow to load

    if not settings().https and not _is_this_machine(host):
        raise WrongCall(
            f"DIVERT_HTTPS is false, and {host} is not this machine alone: serve it behind HTTPS, or on 127.0.0.1."
        )
    with database() as opened:  # reachable, and at the newest schema
        inside = opened.is_sqlite if worker is None else worker
    listening = _listen(host, port)
    config = uvicorn.Config(
        "api.app:create_app",
        factory=True,
        workers=workers,
        access_log=False,  # an address with a search in it can name a person
        log_level="warning",
        server_header=False,
    )
    shown = f"[{host}]" if ":" in host else host
    say(f"Cleveland Divert is at http://{shown}:{listening.getsockname()[1]} (Ctrl+C stops it).")
    with listening, worker_thread(settings(), BESIDE_EVERY_S) if inside else nullcontext():
        if workers > 1:
            Multiprocess(config, sockets=[listening]).run()
        else:
            uvicorn.Server(config).run(sockets=[listening])


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket, before anything is started. Raises WrongCall."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as unusable:
        if unusable.errno == errno.EADDRINUSE:
            raise WrongCall(f"port {port} on {host} is in use: choose another with --port.") from None
        why = (unusable.strerror or str(unusable)).partition(" (")[0]
        raise WrongCall(f"cannot listen on {host}, port {port}: {why}.") from None


def migrate(
    down: Annotated[bool, typer.Option("--down", help="Take the schema away, with everything in it.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --down: do not ask.")] = False,
) -> None:
    """Bring the database to the newest schema. What is there stays."""
    with database(migrated=False) as opened:
        if down:
            if not yes:
                typer.confirm("Everything in the database will be lost. Go on?", abort=True, err=True)
            schema.downgrade(opened)
            say("The schema is gone, and everything that was in it.")
        else:
            schema.migrate(opened)
            say("The database is at the newest schema.")


def demo(as_json: AsJson = False) -> None:
    """Fill an empty database with demo staff and a demo year of cases, all invented, and print how to sign in."""
    with database() as opened:
        sign_ins = demonstration.fill(opened, system_clock(), progress=lambda items: watched(items, "Demo cases"))
        standing = sign_ins is not None or demonstration.is_filled(opened)
    if sign_ins is None:
        say("This database is not empty: nothing was changed.")
        if standing:
            say(f"Sign in as any demo user with the password {demonstration.PASSWORD}")
            say("(`divert staff list` shows them); `divert staff token USERNAME` prints a new token.")
        return
    if as_json:
        answer_json([sign_in._asdict() for sign_in in sign_ins])
        return
    answer_table(
        ("Role", "Username", "Password", "Token (shown this once)"),
        [(sign_in.role.label, sign_in.username, sign_in.password, sign_in.token) for sign_in in sign_ins],
    )


def sweep(
    aside: Annotated[bool, typer.Option("--aside", help="Escalate nothing; list what was set aside.")] = False,
    as_json: AsJson = False,
) -> None:
    """Escalate every deadline that was missed, once. Exit 1 where one had to be set aside, now or before."""
    with database() as opened:
        missed = [] if aside else list(watched(swept(opened, system_clock), "Deadlines"))
        with opened.reading() as session:
            standing = [
                (ref, *(getattr(deadline, column) for column in ASIDE[1:]))
                for ref, deadline in deadlines_set_aside(session)
            ]
    escalated = sum(deadline.fault is None for deadline in missed)
    if as_json:
        rows = [dict(zip(ASIDE, row, strict=True)) for row in standing]
        answer_json(({} if aside else {"escalated": escalated}) | {"set_aside": rows})
    else:
        if not aside:
            answer(f"{escalated} deadlines escalated, {len(standing)} set aside.")
        if standing:
            answer_table(("Case", "Deadline", "About", "Was due", "Tries", "Next try", "Last fault"), standing)
    if standing:
        raise typer.Exit(NOT_SO)


def work(
    once: Annotated[bool, typer.Option("--once", help="One round, then stop.")] = False,
    every: Annotated[float, typer.Option(min=1, metavar="SECONDS", help="Between rounds.")] = 60.0,
) -> None:
    """Escalate what was missed, deliver what is to be told, purge what is too old and settle the board's counts.

    Round after round, until stopped.

    Any number of workers may run at once, on one machine or on many.
    """
    from divert.board.counting.tallies import settle
    from divert.worker.purge import purge
    from divert.worker.rounds import Round, new_worker_name, run_round  # what they send with is slow to load
    from divert.worker.sinks import configured_sinks

    log_to_stderr(logging.INFO)
    with database() as opened:
        name, to = new_worker_name(), configured_sinks(settings(), system_clock)
        for _ in _rounds(once, every):
            try:
                done = run_round(opened, system_clock, to, name)
                purge(opened, system_clock, settings().evidence_folder)
                settle(opened, system_clock)
            except OperationalError as broken:
                if once:
                    raise
                log.error("round left out", fault=type(broken).__name__)  # the database may be back for the next
                continue
            if done != Round([], []) or once:
                _set_aside(done.deadlines)
                answer(str(done))


def _rounds(once: bool, seconds: float) -> Iterator[None]:
    """A round now and, unless once, every so many seconds; SIGTERM and Ctrl+C end it between rounds."""
    if once:
        yield
        return
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    while not stop.is_set():
        yield
        stop.wait(seconds)


def _set_aside(missed: list[MissedDeadline]) -> None:
    for deadline in missed:
        if deadline.fault:
            say(f"{deadline.case_ref}: {deadline.kind} of {deadline.due_on} was set aside ({deadline.fault}).")
