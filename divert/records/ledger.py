"""The ledger: each case has its own append-only hash chain, one entry a command.

An entry's body (canonical JSON) stands beside a random salt. The chain covers SHA-256(salt + body), never the body, so
that lawful disposal can remove body and salt and the chain still verifies, and nobody can guess a short body from its
commitment. The stored text is what is hashed: it is never serialised again. How entries are chained: divert.acts.chain.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import String, insert, select, type_coerce
from sqlalchemy.orm import Session

from divert.acts.chain import BEGINNING, Fault, Link, as_stored, chain_hash, instant_text, verify_chain
from divert.models import Case, LedgerEntry, Role, State

SALT_BYTES = 32
APPEND = insert(LedgerEntry)


def commitment(salt: str, body: str) -> str:
    """What the chain holds in place of a body. `salt` in hex."""
    return hashlib.sha256(bytes.fromhex(salt) + body.encode()).hexdigest()


def entry_content(
    *,
    case_ref: str,
    seq: int,
    at: datetime | str,
    by: str,
    role: str,
    command: str,
    from_state: str | None,
    to_state: str,
    commitment: str,
) -> dict[str, Any]:
    """What the hash of an entry covers, beside the hash before it."""
    return {
        "case": case_ref,
        "seq": seq,
        "at": instant_text(at),
        "by": by,
        "role": role,
        "command": command,
        "from": from_state,
        "to": to_state,
        "commitment": commitment,
    }


def next_entry(
    case: Case,
    *,
    at: datetime,
    by: str,
    role: Role,
    command: str,
    from_state: State | None,
    body: str,
    salt: bytes,
) -> dict[str, Any]:
    """The entry that follows the case's head, by column: what a command did that left the case as it now stands."""
    entry: dict[str, Any] = {
        "seq": case.version + 1,
        "at": at,
        "by": by,
        "role": role,
        "command": command,
        "from_state": from_state,
        "to_state": case.state,
        "commitment": commitment(salt.hex(), body),
    }
    return entry | {
        "hash": chain_hash(case.head, entry_content(case_ref=case.ref, **entry)),
        "salt": salt.hex(),
        "body": body,
    }


def append(session: Session, case: Case, entry: dict[str, Any]) -> None:
    """Write a case's next entry. The case's row stands already, with its head and version moved to this entry."""
    session.connection().execute(APPEND, {**entry, "case_id": case.id})


def entries_of(session: Session, case: Case) -> list[LedgerEntry]:
    """A case's whole history, first to last."""
    return list(session.scalars(select(LedgerEntry).where(LedgerEntry.case_id == case.id).order_by(LedgerEntry.seq)))


def verify(session: Session, case_ref: str | None = None) -> Iterator[Fault]:
    """Every fault in one case's chain, or in all chains. Nothing yielded: every stored byte is as it was written.

    It cannot see a whole case that was removed, nor a chain cut short together with its case's row: a seal can.
    """
    query = (
        select(
            Case.ref,
            Case.version,
            Case.head,
            type_coerce(Case.state, String).label("stands"),
            *as_stored(LedgerEntry.__table__),
        )
        .outerjoin(LedgerEntry, LedgerEntry.case_id == Case.id)
        .order_by(Case.id, LedgerEntry.seq)
        .execution_options(yield_per=2000)
    )
    if case_ref is not None:
        query = query.where(Case.ref == case_ref)
    rows: Iterator[Mapping[str, Any]] = (dict(row) for row in session.execute(query).mappings())
    for ref, chain in groupby(rows, key=lambda row: str(row["ref"])):
        yield from _faults_in_chain(ref, list(chain))


def _faults_in_chain(ref: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[Fault]:
    entries = [row for row in rows if row["seq"] is not None]
    yield from _faults_in_bodies(ref, entries)
    faults = list(verify_chain(ref, (Link(entry["seq"], entry["hash"], _content(entry, ref)) for entry in entries)))
    if faults:
        yield from faults
        return
    state: str | None = None
    for entry in entries:
        if entry["from_state"] != state:
            reason = "it moves the case from a state that the entry before did not leave it in"
            yield Fault(ref, entry["seq"], reason)
        state = entry["to_state"]
    case, head = rows[0], entries[-1]["hash"] if entries else BEGINNING
    if case["version"] != len(entries) or case["head"] != head:
        yield Fault(ref, None, f"it points at entry {case['version']}; its chain ends otherwise, at {len(entries)}")
    elif case["stands"] != state:
        yield Fault(ref, None, f"the case stands as {case['stands']}; its history ends as {state}")


def _faults_in_bodies(ref: str, entries: Sequence[Mapping[str, Any]]) -> Iterator[Fault]:
    for entry in entries:
        if (entry["body"] is None) != (entry["salt"] is None):
            yield Fault(ref, entry["seq"], "the body and its salt were not disposed of together")
        elif entry["body"] is not None and not _commitment_holds(entry["commitment"], entry["salt"], entry["body"]):
            yield Fault(ref, entry["seq"], "the body is not the one that was committed to")


def _content(entry: Mapping[str, Any], ref: str) -> dict[str, Any]:
    """What the hash of a stored entry covers."""
    return entry_content(
        case_ref=ref,
        seq=entry["seq"],
        at=entry["at"],
        by=entry["by"],
        role=entry["role"],
        command=entry["command"],
        from_state=entry["from_state"],
        to_state=entry["to_state"],
        commitment=entry["commitment"],
    )


def _commitment_holds(expected: str, salt: str, body: str) -> bool:
    try:
        return commitment(salt, body) == expected
    except ValueError:  # the salt is no longer hex
        return False
