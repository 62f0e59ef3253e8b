"""The seventeen steps of a case over HTTP, eight clients at a time, against `divert serve` in a process of its own.

Beside it, on the same machine in the same run: the same rows written by the bare driver and by pgbench, in as many
transactions, as durable; and the same requests to a service that answers at once. All share the processors with what
they measure. Not shown: a network, several server processes, and pages.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from statistics import median
from time import perf_counter

from bench.figure import Figure, Limit, slowest
from bench.pgbench import cases_a_second
from bench.place import Place
from bench.rows import Driver, Recorded, recorded
from bench.served import AT_ONCE, CLIENTS, DIVERT, Client, served, together
from bench.steps import path as steps_of
from divert.clock import system_clock
from divert.db import Database
from divert.people.staff import issue_token
from tests.office import CAST

CASES, WARM, BARE = 160, 16, 400
SETTINGS = {"DIVERT_SECRET": "0" * 48, "DIVERT_REQUESTS_PER_MINUTE": "100000000"}


def path(place: Place) -> Iterator[Figure]:
    """Cases a second, and milliseconds a write, on both databases."""
    cases, warm = place.count(CASES), place.count(WARM)
    with served(AT_ONCE) as port:
        walk(place, port, {}, warm)
        at_once, _ = walk(place, port, {}, cases)
    for kind in place.kinds:
        rows = recorded(place, kind)
        bare = _bare(place, kind, rows, place.count(BARE))
        with place.database(kind) as database:
            tokens = _tokens(database)
            url = database.url.render_as_string(hide_password=False)
            with served(DIVERT, "serve", "--port", "0", env={**SETTINGS, "DIVERT_DATABASE_URL": url}) as port:
                walk(place, port, tokens, warm)
                writes, seconds = walk(place, port, tokens, cases, first=warm)
        rate = cases / seconds
        if kind == "PostgreSQL":
            with place.database(kind) as database:
                cases_each = place.count(BARE // CLIENTS)
                pgbench = Limit("pgbench, the same rows", cases_a_second(rows, database.url, place.folder, cases_each))
            yield Figure(f"{kind}: whole cases", rate, "cases/s", pgbench)
            yield Figure(f"{kind}: the bare driver's", bare, "cases/s", pgbench)
        yield Figure(f"{kind}: whole cases", rate, "cases/s", Limit("bare driver, the same rows", bare))
        p50, p95 = median(writes) * 1e3, slowest(writes) * 1e3
        yield Figure(f"{kind}: a write, p50", p50, "ms", Limit("answered at once, p50", median(at_once) * 1e3))
        yield Figure(f"{kind}: a write, p95", p95, "ms", Limit("answered at once, p95", slowest(at_once) * 1e3))


def walk(place: Place, port: int, tokens: dict[str, str], cases: int, first: int = 0) -> tuple[list[float], float]:
    """Take so many cases from referral to completion, all clients at once: seconds of every write, and altogether."""
    numbers = iter(range(first, first + cases))

    def work(client: Client) -> Iterator[float]:
        for number in numbers:
            ref, version = "", 0
            for step in steps_of(number, place.today):
                to = f"/api/cases/{ref}/commands/{step.command.slug()}" if ref else "/api/cases"
                headers = {"Authorization": f"Bearer {tokens.get(step.who.username)}"}
                if ref:
                    headers["If-Match"] = f'"{version}"'
                begun = perf_counter()
                status, answer = client.ask("POST", to, step.body, **headers)
                yield perf_counter() - begun
                if status not in (200, 201):
                    raise AssertionError(f"{step.command.slug()} was answered {status}: {answer}")
                ref, version = answer["ref"], answer["version"]

    return together(work, port)


def _tokens(database: Database) -> dict[str, str]:
    with database.writing() as session:
        now = system_clock()
        return {actor.username: issue_token(session, actor.username, now, timedelta(hours=1)) for actor in CAST}


def _bare(place: Place, kind: str, rows: Recorded, cases: int) -> float:
    """Cases a second by the bare driver: as many connections as clients, but one on SQLite, which has one writer."""
    connections = 1 if kind == "SQLite" else CLIENTS
    numbers = iter(range(1, cases + 1))

    def work(driver: Driver) -> None:
        for number in numbers:
            for writes in rows.steps:
                driver.write([(writes, rows.named(number))])

    with place.database(kind) as database, ThreadPoolExecutor(connections) as pool:
        drivers = [Driver(database.url) for _ in range(connections)]
        begun = perf_counter()
        list(pool.map(work, drivers))
        seconds = perf_counter() - begun
        for driver in drivers:
            driver.close()
    return cases / seconds
