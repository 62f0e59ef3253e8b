"""A case built again from its ledger: carrying out its entries once more, in a database that holds nothing else.

What comes out after all of them is what is stored (`check` proves it); after some, the case as it stood then. What an
entry took from another case (a person already known, a merge) is not there: only what was said in this case is.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from divert.acts.answers import ON_RECORD
from divert.acts.chain import BEGINNING
from divert.casework.command import Context
from divert.casework.lifecycle import COMMANDS
from divert.casework.workflow import carry_out
from divert.db import Database
from divert.models import Case, LedgerEntry, Model, PolicyEntry
from divert.people.staff import Actor


class Gone(LookupError):
    """An entry was lawfully disposed of: what it said is gone, and with it the way to say it again."""


@contextmanager
def scratch(like: Session) -> Iterator[Session]:
    """A session on a database in memory that holds the policies of another and nothing else.

    Roll it back between two cases.
    """
    empty = Database("sqlite://")
    Model.metadata.create_all(empty.engine)
    with empty.engine.begin() as connection:
        for row in like.execute(select(PolicyEntry.__table__)).mappings():
            connection.execute(insert(PolicyEntry), dict(row))
    try:
        with Session(empty.engine) as session:
            yield session
    finally:
        empty.dispose()


def replay(other: Session, ref: str, entries: Sequence[LedgerEntry]) -> Iterator[tuple[LedgerEntry, Case]]:
    """Each entry, and the case as it stands after it. `entries` are the case's, from the first on. Raises Gone."""
    again = Case(ref=ref, state=None, version=0, head=BEGINNING)
    for entry in entries:
        if entry.body is None:
            raise Gone(f"What entry {entry.seq} of {ref} said was disposed of.")
        command = COMMANDS[entry.command].model_validate_json(entry.body, context=ON_RECORD)
        carry_out(again, command, Context(other, Actor(entry.by, entry.role), entry.at, entry.seq))
        if entry.seq == 1:
            other.add(again)
        again.version = entry.seq
        other.flush()
        yield entry, again


def as_it_stood(other: Session, ref: str, entries: Sequence[LedgerEntry]) -> Case:
    """The case after the last of these entries. Raises Gone, and ValueError where there is none."""
    if not entries:
        raise ValueError(f"{ref} has no entries to be built from.")
    *_, (_, again) = replay(other, ref, entries)
    return again
