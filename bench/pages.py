"""The pages that people wait for, at a thousand, a hundred thousand and a million cases, each beside its own SQL.

A page is asked for as a browser would, in this process; its SQL is every statement that it sent, sent again by the bare
driver in one transaction, with all rows fetched. Both take turns on one connection pool each. Not shown: a network, the
browser's own work, and several people at once.
"""

from collections.abc import Iterator, Sequence
from functools import partial

from sqlalchemy import select
from starlette.testclient import TestClient

from api.app import create_app
from bench.figure import Figure, Limit, in_turn
from bench.place import Place
from bench.population import populate
from bench.rows import Write, statements
from divert.clock import system_clock
from divert.db import Database
from divert.models import Case, State
from divert.people.staff import Actor
from tests.office import INSPECTOR, KEYWORKER
from tests.service import SETTINGS, visiting

SIZES = (1_000, 100_000, 1_000_000)
ROUNDS = 40
PAGES = (("worklist", KEYWORKER), ("worklist", INSPECTOR), ("case", KEYWORKER))
FEW = 12
"""So many stories do, where hardly anything is to be measured."""


def pages(place: Place) -> Iterator[Figure]:
    """Milliseconds a page, as medians, on both databases, at each size."""
    stories = FEW if place.count(1_000) < FEW else None
    for kind in place.kinds:
        with place.database(kind) as database:
            first: dict[str, float] = {}
            for size in SIZES:
                cases = populate(database, place.count(size), stories)
                for name, page, sql in _measured(database, place.count(ROUNDS, least=2)):
                    what = f"{kind}: {name}, {cases:,} cases"
                    yield Figure(what, page * 1e3, "ms", Limit("its SQL, bare", sql * 1e3))
                    among_fewest = first.setdefault(name, page)
                    if size != SIZES[0]:
                        yield Figure(what, page * 1e3, "ms", Limit(f"among {SIZES[0]:,}", among_fewest * 1e3))


def _measured(database: Database, rounds: int) -> Iterator[tuple[str, float, float]]:
    """Each page with its seconds and those of its SQL."""
    with TestClient(create_app(database, system_clock, SETTINGS)) as client:
        for name, who in PAGES:
            visiting(client, who)
            address = "/" if name == "worklist" else f"/cases/{_somebodys(database, who)}"
            with statements(database) as said:
                client.get(address).raise_for_status()
                sent = list(said)
            works = {"page": partial(_read, client, address), "sql": partial(_send, database, sent)}
            taken = in_turn(rounds, works)
            yield f"{name} of the {who.role.label.lower()}", taken["page"], taken["sql"]


def _read(client: TestClient, address: str) -> None:
    client.get(address).raise_for_status()


def _send(database: Database, sent: Sequence[Write]) -> None:
    """The same statements, bare."""
    connection = database.engine.raw_connection()
    try:
        cursor = connection.cursor()
        for one in sent:
            cursor.execute(one.statement, one.parameters)
            if cursor.description:
                cursor.fetchall()
        connection.commit()
        if database.is_sqlite:
            cursor.execute("COMMIT") if connection.in_transaction else None
    finally:
        connection.close()


def _somebodys(database: Database, who: Actor) -> str:
    """A case of a keyworker's that is under way."""
    query = select(Case.ref).where(Case.keyworker == who.username, Case.state == State.active).order_by(Case.id)
    with database.reading() as session:
        return session.scalars(query).first() or session.scalars(select(Case.ref)).first() or ""
