"""The scheme's policies as they stand: those that came with the rules, and those adopted since by named people.

What was done to policy stands in a hash chain of its own. From it follow, and are stored nowhere else, which policies
are proposed, who signed them, and which were adopted.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session, object_session

from divert.acts.chain import Fault, Link, as_stored, canonical, instant_text, verify_chain
from divert.eligibility.judge import Judgement, trace_from
from divert.eligibility.policies import Policies, released_policies
from divert.eligibility.policy import Policy
from divert.models import Check, PolicyEntry, Role
from divert.people.rights import SIGNATORIES
from divert.records.seal import POLICY_CHAIN


class EntryKind(StrEnum):
    """What an entry about policy can say: the slugs of its commands."""

    propose_policy = "propose-policy"
    sign_policy = "sign-policy"
    withdraw_policy = "withdraw-policy"


@dataclass
class Proposal:
    """A policy that somebody put forward, and what became of it."""

    policy: Policy
    text: str
    proposed: PolicyEntry
    signed: dict[Role, PolicyEntry] = field(default_factory=dict)
    withdrawn: PolicyEntry | None = None

    @property
    def waits_for(self) -> tuple[Role, ...]:
        """The posts that have yet to sign."""
        return () if self.withdrawn else tuple(role for role in SIGNATORIES if role not in self.signed)

    @property
    def adopted(self) -> bool:
        """Whether it is in force from its first day on."""
        return self.withdrawn is None and not self.waits_for


def policies_of(session: Session) -> Policies:
    """Every policy: of the rules' folder, and adopted."""
    adopted = [proposal.policy for proposal in proposals(session).values() if proposal.adopted]
    return Policies([*released_policies(), *adopted]) if adopted else released_policies()


def policy_of(session: Session, digest: str) -> Policy:
    """The policy that a stored decision was made under. Raises NoPolicy."""
    released = released_policies()
    if digest in {policy.digest for policy in released}:
        return released.by_digest(digest)
    return policies_of(session).by_digest(digest)


def judge_again(check: Check) -> Judgement:
    """A stored decision judged again, from the text of its facts, by the policy of its digest. Raises NoPolicy."""
    return trace_from(policy_of(cast(Session, object_session(check)), check.pack_digest), check.facts)


def judgement_stands(check: Check) -> bool:
    """Whether a stored decision judged again comes to what is stored, verdict and rules. Raises NoPolicy."""
    again = judge_again(check)
    return (again.verdict.value, " ".join(again.because)) == (check.verdict, check.because)


def proposals(session: Session) -> dict[str, Proposal]:
    """Everything ever proposed, by digest, the first first."""
    by_digest: dict[str, Proposal] = {}
    for entry in entries(session):
        if entry.command == EntryKind.propose_policy:
            body = json.loads(entry.body)
            by_digest[entry.policy] = Proposal(_policy(body), body["text"], entry)
        elif entry.command == EntryKind.sign_policy:
            by_digest[entry.policy].signed[entry.role] = entry
        else:
            by_digest[entry.policy].withdrawn = entry
    return by_digest


def entries(session: Session) -> Sequence[PolicyEntry]:
    """The whole chain, first to last."""
    return session.scalars(select(PolicyEntry).order_by(PolicyEntry.seq)).all()


def entry_content(entry: Any) -> dict[str, Any]:
    """What the hash of an entry covers, beside the hash before it. It holds nobody's data that might have to go."""
    return {
        "seq": entry.seq,
        "at": instant_text(entry.at),
        "by": entry.by,
        "role": entry.role,
        "command": entry.command,
        "policy": entry.policy,
        "body": entry.body,
    }


def verify(session: Session) -> Iterator[Fault]:
    """Every fault in the chain of policy. Nothing yielded: all that was ever decided is as it was written."""
    chain = session.execute(select(*as_stored(PolicyEntry.__table__)).order_by(PolicyEntry.seq)).all()
    broken = list(verify_chain(POLICY_CHAIN, (Link(entry.seq, entry.hash, entry_content(entry)) for entry in chain)))
    if broken:
        yield from broken
        return
    for entry in chain:
        if entry.command == EntryKind.propose_policy and _policy(json.loads(entry.body)).digest != entry.policy:
            yield Fault(POLICY_CHAIN, entry.seq, "the policy is not the one that its digest names")


def _policy(body: dict[str, Any]) -> Policy:
    """The policy of the entry that proposed it."""
    return _parsed(canonical(body["pack"]))


@lru_cache
def _parsed(text: str) -> Policy:
    return Policy.model_validate_json(text)
