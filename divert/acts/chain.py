"""A hash chain: each entry's hash covers the hash before it and what the entry says, so that nothing changes unseen.

`hash = SHA-256(previous hash + canonical JSON of what is chained)`; a chain begins at 64 zeros. The case ledger, the
entries about policy and those of the panel's meetings are each such a chain; what an entry says of itself is theirs.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, FromClause, String, type_coerce

BEGINNING = "0" * 64
READ_AS_TEXT = ("at", "role", "from_state", "to_state")


@dataclass(frozen=True)
class Fault:
    """Something wrong with a chain: which one, at which entry (None: the chain as a whole), and what."""

    chain: str
    seq: int | None
    what: str

    def __str__(self) -> str:
        where = f"{self.chain} entry {self.seq}" if self.seq is not None else self.chain
        return f"{where}: {self.what}"


class Link(NamedTuple):
    """An entry as it is chained: its number, the hash it carries, and what that hash covers."""

    seq: int
    hash: str
    content: Mapping[str, Any]


def as_stored(table: FromClause) -> list[ColumnElement[Any]]:
    """The columns of a chain as they are stored: a spoilt state, role or instant is a fault to report, not to stumble
    over.
    """
    return [type_coerce(column, String) if column.key in READ_AS_TEXT else column for column in table.c]


def instant_text(at: datetime | str) -> str:
    """An instant as a chain holds it, UTC. Text that is none stays as it stands, and the hash does not fit it."""
    try:
        instant = datetime.fromisoformat(at).replace(tzinfo=UTC) if isinstance(at, str) else at.astimezone(UTC)
    except ValueError:
        return str(at)
    return instant.isoformat(timespec="microseconds")


def canonical(value: Any) -> str:
    """The one way a value is written as JSON: keys sorted, no spaces, non-ASCII letters as they are."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def chain_hash(previous: str, content: Mapping[str, Any]) -> str:
    """The hash of an entry that says this and follows the entry hashed `previous`."""
    return hashlib.sha256((previous + canonical(content)).encode()).hexdigest()


def verify_chain(name: str, links: Iterable[Link]) -> Iterator[Fault]:
    """The first fault in a chain, in order of its entries, if there is one: what follows it rests on nothing."""
    previous = BEGINNING
    for place, link in enumerate(links, start=1):
        if link.seq != place:
            yield Fault(name, link.seq, f"stands where entry {place} should: an entry was removed or added")
            return
        if link.hash != chain_hash(previous, link.content):
            yield Fault(name, place, "its hash does not follow from the entry before it and what it says")
            return
        previous = link.hash
