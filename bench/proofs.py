"""What proves a record, beside bare SHA-256 over the same bytes: verify, seal, check, and the draw of a sample.

`verify` and the seal are chains read from SQLite and hashed; `check` also carries out every entry again in an empty
database and compares the rows, so it is nearer to `perform` than to a hash. The draw needs no database. Not shown: a
record that the disk cache does not hold.
"""

from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from bench.figure import Figure, Limit, in_turn
from bench.place import Place
from bench.steps import path
from divert.acts.chain import Fault, canonical
from divert.casework.commands.conditions import MarkConditionKept
from divert.casework.upkeep.check import check
from divert.casework.workflow import perform
from divert.clock import system_clock
from divert.db import Database
from divert.models import LedgerEntry
from divert.records.ledger import verify
from divert.records.seal import seal, verify_seal
from divert.scrutiny.draw import draw

CASES, ROUNDS = 60, 3
IDS, SAMPLE, SEED = 1_000_000, 200, "31415926535897932384"
HEADER = canonical(
    {
        "at": "2019-05-06T09:01:00.000000+00:00",
        "by": "keyworker",
        "case": "D-19-0001",
        "command": MarkConditionKept.slug(),
    }
)
"""What an entry says of itself, about as long as any."""


def proofs(place: Place) -> Iterator[Figure]:
    """Entries, and cases to draw from, a second."""
    with place.database("SQLite") as database:
        with database.writing() as session:
            for number in range(place.count(CASES)):
                ref: str | None = None
                for step in path(number, place.today):
                    ref = perform(session, ref, step.given(), step.who, system_clock()).ref
            digest = seal(session, system_clock()).digest
        yield from _of_the_record(database, digest, place.count(ROUNDS))
    yield from _of_the_draw(place.count(IDS, SAMPLE), place.count(ROUNDS))


def _of_the_record(database: Database, digest: str, rounds: int) -> Iterator[Figure]:
    with database.reading() as session:
        entries = list(session.scalars(select(LedgerEntry)))
    texts = [f"{entry.salt}{entry.body}" for entry in entries]
    texts += [f"{entry.hash}{entry.commitment}{HEADER}" for entry in entries]

    def proved(proof: Callable[[Session], Iterable[Fault]]) -> Callable[[], None]:
        def prove() -> None:
            with database.reading() as session:
                if faults := [str(fault) for fault in proof(session)]:
                    raise AssertionError(f"a record just written does not hold: {faults[:3]}")

        return prove

    seconds = in_turn(
        rounds,
        {
            "hash": lambda: [sha256(text.encode()).digest() for text in texts],
            "verify": proved(verify),
            "seal": proved(lambda session: verify_seal(session, digest)),
            "check": proved(check),
        },
    )
    rate = {name: len(entries) / taken for name, taken in seconds.items()}
    limit = Limit("the same bytes hashed", rate["hash"])
    yield Figure("verify", rate["verify"], "entries/s", limit)
    yield Figure("against a seal", rate["seal"], "entries/s", limit)
    yield Figure("check, replay and all", rate["check"], "entries/s", limit)


def _of_the_draw(size: int, rounds: int) -> Iterator[Figure]:
    ids = [f"{number:016x}" for number in range(size)]
    seed = sha256(SEED.encode()).hexdigest()
    seconds = in_turn(
        rounds,
        {
            "hash": lambda: [sha256((seed + id).encode()).hexdigest() for id in ids],
            "draw": lambda: draw(ids, SEED, SAMPLE),
        },
    )
    limit = Limit("the same ids hashed", size / seconds["hash"])
    yield Figure(f"draw {SAMPLE} of {size:,}", size / seconds["draw"], "cases/s", limit)
    whole = Limit("the same ids hashed", seconds["hash"] * 1000)
    yield Figure(f"draw {SAMPLE} of {size:,}, in all", seconds["draw"] * 1000, "ms", whole)
