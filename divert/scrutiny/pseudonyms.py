"""The random ids under which the panel knows cases and those who decided them.

A published frame then tells a stranger nothing, and a member cannot look a pack up by its case. Each is given once, by
chance and not from the name it stands for, so without this table it leads nowhere.
"""

import secrets
from collections.abc import Collection, Sequence
from itertools import islice

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from divert.models import Pseudonym

AT_ONCE = 10_000
BYTES = 8


def pseudonymise(session: Session, names: Collection[str]) -> dict[str, str]:
    """The id of each of these case references or usernames; one is made for whoever has none."""
    ids: dict[str, str] = {}
    remaining = iter(names)
    while batch := list(islice(remaining, AT_ONCE)):
        known = _known(session, batch)
        if new := [{"of": name, "id": secrets.token_hex(BYTES)} for name in batch if name not in known]:
            insert = pg_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
            session.execute(insert(Pseudonym).on_conflict_do_nothing(index_elements=["of"]), new)
            known = _known(session, batch)  # another may have named it first
        ids |= known
    return ids


def reidentify(session: Session, ids: Collection[str]) -> dict[str, str]:
    """What each id stands for. A frame frozen before there were any holds references: those stand for themselves."""
    query = select(Pseudonym.id, Pseudonym.of).where(Pseudonym.id.in_(ids))
    return {id: id for id in ids} | {row.id: row.of for row in session.execute(query)}


def _known(session: Session, names: Sequence[str]) -> dict[str, str]:
    query = select(Pseudonym.of, Pseudonym.id).where(Pseudonym.of.in_(names))
    return {row.of: row.id for row in session.execute(query)}
