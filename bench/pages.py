"""The pages that people wait for, at a thousand, a hundred thousand and a million cases, each beside its own SQL.

A page is asked of the application as its server would, in this process: all that a request goes through but the socket.
Its SQL is every statement that it sent, sent again by the bare driver in one transaction, with all rows fetched. Both
take turns on one pool of connections, and of each the quickest round is told: what it costs, not how busy a machine is.
Not shown: a network, the browser's own work, and several people at once.
"""

from collections.abc import Iterator, Sequence
from functools import partial

from sqlalchemy import select

from api.app import create_app
from bench.asked import context
from bench.figure import Figure, Limit, in_turn
from bench.place import Place
from bench.population import populate
from bench.rows import Write, statements
from divert.casework.visibility import may_see
from divert.clock import system_clock
from divert.db import Database
from divert.models import Case, Person, State
from divert.people.staff import Actor
from tests.office import INSPECTOR, KEYWORKER
from tests.service import SETTINGS

SIZES = (1_000, 100_000, 1_000_000)
ROUNDS = 150
FEW = 12
"""So many stories do, where hardly anything is to be measured."""

Asked = tuple[str, Actor, str, dict[str, str]]
"""A page's name, who asks for it, its address, and the form that is sent to it, if one is."""


def pages(place: Place) -> Iterator[Figure]:
    """Milliseconds a page, on both databases, at each size."""
    stories = FEW if place.count(1_000) < FEW else None
    for kind in place.kinds:
        with place.database(kind) as database:
            first: dict[str, float] = {}
            for size in SIZES:
                cases = populate(database, place.count(size), stories)
                for name, page, sql in measured(database, place.count(ROUNDS, least=2)):
                    what = f"{kind}: {name}, {cases:,} cases"
                    yield Figure(what, page * 1e3, "ms", Limit("its SQL, bare", sql * 1e3))
                    among_fewest = first.setdefault(name, page)
                    if size != SIZES[0]:
                        yield Figure(what, page * 1e3, "ms", Limit(f"among {SIZES[0]:,}", among_fewest * 1e3))


def measured(database: Database, rounds: int) -> Iterator[tuple[str, float, float]]:
    """Each page with its seconds and those of its SQL."""
    app = create_app(database, system_clock, SETTINGS)
    with context(app) as ask:
        for name, who, path, form in _wanted(database):
            page = ask(who, path, form)
            page()
            with statements(database) as log:
                page()
                sent = list(log)
            taken = in_turn(rounds, {"page": page, "sql": partial(_send, database, sent)}, min)
            yield name, taken["page"], taken["sql"]


def _wanted(database: Database) -> list[Asked]:
    """What is asked for. The search is for the person referred last, who has a namesake in one of seventy others."""
    hers = select(Case.ref).where(Case.keyworker == KEYWORKER.username, Case.state == State.active)
    last = select(Case.crime_ref, Person.pnc_id, Person.surname).join(Person)
    last = last.order_by(Case.id.desc()).limit(1)
    with database.reading() as session:
        ref = (
            session.scalars(hers.order_by(Case.id)).first()
            or session.scalars(select(Case.ref).where(may_see(KEYWORKER))).first()
        )
        longest = session.scalars(hers.order_by(Case.version.desc())).first() or ref
        crime, pnc, surname = (str(value) for value in session.execute(last).one())
    sought = {"a crime's reference": crime, "a PNC identifier": pnc, "a surname": surname.split()[0]}
    return [
        ("worklist of a keyworker", KEYWORKER, "/", {}),
        ("worklist of the police team lead", INSPECTOR, "/", {}),
        ("a case", KEYWORKER, f"/cases/{ref}", {}),
        ("the case with the longest history", KEYWORKER, f"/cases/{longest}", {}),
        *((f"search by {what}", KEYWORKER, "/search", {"q": words}) for what, words in sought.items()),
    ]


def _send(database: Database, sent: Sequence[Write]) -> None:
    """The same statements, bare."""
    connection = database.engine.raw_connection()
    try:
        cursor = connection.cursor()
        for write in sent:
            cursor.execute(write.statement, write.parameters)
            if cursor.description:
                cursor.fetchall()
        connection.commit()
    finally:
        connection.close()
