"""The seal: one digest over the heads of all chains, for the board's minutes, out of this database's reach.

Checked later, it shows a case that was removed and a chain that was cut or rewritten since, which the chains alone
cannot show.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from divert.acts.chain import Fault
from divert.models import Case, LedgerEntry, PolicyEntry, Seal

OF_POLICY = "policies"
"""What the chain of what was done to policy is called, where a case has its reference."""


def seal(session: Session, at: datetime) -> Seal:
    """Seal the database as it is now and keep the heads that the digest covers. Asked again at once: the same seal."""
    if session.get_bind().dialect.name == "postgresql":
        # No half-written entry on any side.
        session.execute(text("LOCK TABLE cases, ledger, policy_entries IN SHARE MODE"))
    rows = session.execute(select(Case.ref, Case.version, Case.head).order_by(Case.ref)).all()
    heads = "".join(f"{row.ref} {row.version} {row.head}\n" for row in rows)
    if policy := session.scalar(select(PolicyEntry).order_by(PolicyEntry.seq.desc()).limit(1)):
        heads += f"{OF_POLICY} {policy.seq} {policy.hash}\n"
    digest = hashlib.sha256(heads.encode()).hexdigest()
    kept = session.get(Seal, digest)
    if kept is None:
        kept = Seal(digest=digest, at=at, cases=len(rows), entries=sum(row.version for row in rows), heads=heads)
        session.add(kept)
    return kept


def verify_seal(session: Session, digest: str) -> Iterator[Fault]:
    """What has been lost or rewritten since the seal whose digest the minutes hold."""
    kept = session.scalar(select(Seal).where(func.lower(Seal.digest) == digest.strip().lower()))
    if kept is None:
        yield Fault(
            "seal", None, "no seal with this digest is kept here: its record was removed, or it is of elsewhere"
        )
        return
    if hashlib.sha256(kept.heads.encode()).hexdigest() != kept.digest:
        yield Fault("seal", None, "the kept heads do not give the digest: they were changed")
        return
    sealed = [line.split(" ") for line in kept.heads.splitlines()]
    query = select(Case.ref, LedgerEntry.seq, LedgerEntry.hash).join(LedgerEntry, LedgerEntry.case_id == Case.id)
    standing = {(row.ref, row.seq): row.hash for row in session.execute(query.execution_options(yield_per=5000))}
    standing |= {(OF_POLICY, one.seq): one.hash for one in session.scalars(select(PolicyEntry))}
    cases = {ref for ref, _ in standing}
    for ref, seq, head in sealed:
        if ref not in cases:
            yield Fault(ref, None, "the case was removed since the seal")
        elif (ref, int(seq)) not in standing:
            yield Fault(ref, int(seq), "the chain was cut since the seal")
        elif standing[ref, int(seq)] != head:
            yield Fault(ref, int(seq), "the chain was rewritten since the seal")
