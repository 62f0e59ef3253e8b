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
from divert.models import Case, LedgerEntry, PanelEntry, PolicyEntry, Seal
from divert.records.meetings import chain_name

POLICY_CHAIN = "policies"
"""What the chain of what was done to policy is called, where a case has its reference."""


def seal(session: Session, at: datetime) -> Seal:
    """Seal the database as it is now and keep the heads that the digest covers. Asked again at once: the same seal."""
    if session.get_bind().dialect.name == "postgresql":
        # No half-written entry on any side.
        session.execute(text("LOCK TABLE cases, ledger, policy_entries, panel_entries IN SHARE MODE"))
    rows = session.execute(select(Case.ref, Case.version, Case.head).order_by(Case.ref)).all()
    heads = "".join(f"{row.ref} {row.version} {row.head}\n" for row in rows)
    last = {chain: (seq, head) for chain, seq, head in _beside_cases(session)}
    heads += "".join(f"{chain} {seq} {head}\n" for chain, (seq, head) in last.items())
    digest = hashlib.sha256(heads.encode()).hexdigest()
    record = session.get(Seal, digest)
    if record is None:
        record = Seal(digest=digest, at=at, cases=len(rows), entries=sum(row.version for row in rows), heads=heads)
        session.add(record)
    return record


def verify_seal(session: Session, digest: str) -> Iterator[Fault]:
    """What has been lost or rewritten since the seal whose digest the minutes hold."""
    record = session.scalar(select(Seal).where(func.lower(Seal.digest) == digest.strip().lower()))
    if record is None:
        yield Fault(
            "seal", None, "no seal with this digest is kept here: its record was removed, or it is of elsewhere"
        )
        return
    if hashlib.sha256(record.heads.encode()).hexdigest() != record.digest:
        yield Fault("seal", None, "the kept heads do not give the digest: they were changed")
        return
    sealed_heads = [line.split(" ") for line in record.heads.splitlines()]
    query = select(Case.ref, LedgerEntry.seq, LedgerEntry.hash).join(LedgerEntry, LedgerEntry.case_id == Case.id)
    hashes = {(row.ref, row.seq): row.hash for row in session.execute(query.execution_options(yield_per=5000))}
    hashes |= {(chain, seq): head for chain, seq, head in _beside_cases(session)}
    chains = {chain for chain, _ in hashes}
    for chain, seq, head in sealed_heads:
        if chain not in chains:
            what = "the case was removed since the seal" if chain.startswith("D-") else "the chain was removed since"
            yield Fault(chain, None, what)
        elif (chain, int(seq)) not in hashes:
            yield Fault(chain, int(seq), "the chain was cut since the seal")
        elif hashes[chain, int(seq)] != head:
            yield Fault(chain, int(seq), "the chain was rewritten since the seal")


def _beside_cases(session: Session) -> Iterator[tuple[str, int, str]]:
    """Chain, number and hash of every entry on policy and of each meeting, in order. What they say is not read."""
    policy = select(PolicyEntry.seq, PolicyEntry.hash).order_by(PolicyEntry.seq)
    for seq, head in session.execute(policy):
        yield POLICY_CHAIN, seq, head
    meetings = select(PanelEntry.meeting, PanelEntry.seq, PanelEntry.hash).order_by(PanelEntry.meeting, PanelEntry.seq)
    for number, seq, head in session.execute(meetings):
        yield chain_name(number), seq, head
