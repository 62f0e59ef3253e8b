"""The board's first page at a thousand, a hundred thousand and a million cases, and how old its figures can be.

The page is asked for as a browser would, in this process: once after each other, as at today and as at other days. It
stands beside a page with nothing to count. Counting everything, which the worker does once in a database's life, stands
beside reading the same rows and counting nothing. What a process does when it is first asked is beside that page too.
"""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from statistics import median

from starlette.testclient import TestClient

from api.app import create_app
from bench.figure import Figure, Limit, slowest, timed
from bench.pages import FEW, SIZES
from bench.place import Place
from bench.population import populate
from divert.board.counting import history
from divert.board.counting.count_store import CountStore
from divert.board.counting.tallies import BATCH, settle
from divert.casework.commands.record import AddNote
from divert.casework.workflow import perform
from divert.clock import london_date, system_clock
from divert.db import Database
from divert.models import OPEN, Case
from tests.office import BOARD, INSPECTOR
from tests.service import SETTINGS, visiting

ROUNDS = 60
PLAIN = "/help"


def board(place: Place) -> Iterator[Figure]:
    """Milliseconds a page at p50 and p95, and seconds to count anew, on both databases at each size."""
    stories = FEW if place.count(1_000) < FEW else None
    for kind in place.kinds:
        with place.database(kind) as database:
            for size in SIZES:
                cases = populate(database, place.count(size), stories)
                yield from _measured(database, f"{kind}: {{}}, {cases:,} cases", place.count(ROUNDS, least=2))


def _measured(database: Database, what: str, rounds: int) -> Iterator[Figure]:
    read = timed(lambda: _read(database))
    whole = timed(lambda: settle(database, system_clock))
    yield Figure(what.format("counting everything, once"), whole, "s", Limit("its rows, read", read))
    with TestClient(create_app(database, system_clock, SETTINGS)) as client:
        client.app.state.divert.counts.fresh_for = timedelta()  # type: ignore[attr-defined]  # every answer is new
        visiting(client, BOARD)
        client.get("/board").raise_for_status()
        first = timed(lambda: CountStore(database).shown(london_date(system_clock()), system_clock()))
        plain = [timed(lambda: client.get(PLAIN).raise_for_status()) for _ in range(rounds)]
        same = [timed(lambda: client.get("/board").raise_for_status()) for _ in range(rounds)]
        days = count(1)
        other = [timed(lambda: _as_at(client, next(days))) for _ in range(rounds)]
        new = [_after_a_change(client, database) for _ in range(max(2, rounds // 6))]
    limit = Limit("a plain page", median(plain) * 1e3)
    yield Figure(what.format("a process's first counts"), first * 1e3, "ms", limit)
    yield Figure(what.format("first page, p50"), median(same) * 1e3, "ms", limit)
    yield Figure(what.format("first page, p95"), slowest(same) * 1e3, "ms", limit)
    yield Figure(what.format("as at another day, p95"), slowest(other) * 1e3, "ms", limit)
    yield Figure(what.format("with what was just added, p95"), slowest(new) * 1e3, "ms", limit)


def _read(database: Database) -> None:
    with database.reading() as session:
        for low in range(0, session.query(Case.id).order_by(Case.id.desc()).limit(1).scalar() or 0, BATCH):
            history.read(session, lambda column, low=low: column.between(low + 1, low + BATCH))  # type: ignore[misc]  # mypy types no default of a lambda


def _as_at(client: TestClient, days: int) -> None:
    day = london_date(system_clock()) - timedelta(days=days)
    client.get(f"/board?as_at={day}").raise_for_status()


def _after_a_change(client: TestClient, database: Database) -> float:
    """Somebody writes; the next page already counts it."""
    with database.writing() as session:
        ref = session.query(Case.ref).filter(Case.state.in_(OPEN)).order_by(Case.id.desc()).limit(1).scalar()
        perform(session, ref, AddNote(text="Rang; will come."), INSPECTOR, system_clock())
    return timed(lambda: client.get("/board").raise_for_status())
