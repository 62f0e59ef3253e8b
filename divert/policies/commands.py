"""What may be done to the scheme's policy: proposed, rehearsed, signed by each post that must, withdrawn. Adopted, it
is in force from its first day on, by what stands in the chain and nothing else.

A policy that has been in force never changes and is never taken back: another follows it.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field
from sqlalchemy.orm import Session

from divert.acts.act import Act, ActContext
from divert.acts.chain import BEGINNING, canonical, chain_hash
from divert.acts.command import Reasons
from divert.acts.refusals import NotFound, Reason, Unusable
from divert.clock import written_date
from divert.db import Turn
from divert.eligibility.policies import read_policy, require_follows, require_known
from divert.eligibility.policy import Policy
from divert.eligibility.rehearsal import Rehearsal
from divert.law.rule_files import RulesError
from divert.law.rulebook import rulebook
from divert.models import PolicyEntry, Role
from divert.people.rights import SIGNATORIES, Subject, readers
from divert.policies.adopted import Proposal, entries, entry_content, policies_of, proposals
from divert.policies.rehearsals import rehearse


class NoSuchProposal(NotFound):
    """No policy with that digest was proposed."""


class ProposePolicy(Act, title="Propose a policy"):
    """Put a policy forward. It binds nobody until each post that must has signed it."""

    by = SIGNATORIES
    turn = Turn.policy

    text: Annotated[str, Field(min_length=1, max_length=200_000)] = Field(
        title="The policy",
        description="As a TOML file. It may extend a policy that is there, and hold only what changes.",
    )

    def refusals(self, subject: None, context: ActContext) -> Iterator[Reason]:
        """It is new, and can come into force on its first day."""
        policy = read_candidate(context.session, self.text)
        earlier = proposals(context.session).get(policy.digest)
        if earlier is None:
            yield from _objections(policy, context)
        elif earlier.withdrawn:
            yield "withdrawn", "This very policy was withdrawn. Propose another: a word in its title will do."
        else:
            yield "proposed", "This very policy has been proposed already."

    def apply(self, subject: None, context: ActContext) -> Proposal:
        """The proposal."""
        policy = read_candidate(context.session, self.text)
        body = {"text": self.text, "pack": policy.model_dump(mode="json", by_alias=True)}
        return _record(self, policy.digest, body, context)


class ProposalCommand(Act):
    """Something done to a policy that was proposed."""

    by: ClassVar[tuple[Role, ...]] = SIGNATORIES
    turn: ClassVar[Turn | None] = Turn.policy

    @classmethod
    def find(cls, on: str | None, context: ActContext) -> Proposal:
        """What was proposed under that digest. Raises NoSuchProposal."""
        return get_proposal(context.session, on or "")


class RehearsePolicy(ProposalCommand, title="Rehearse a policy"):
    """Judge every past case by a policy: who flips, each with the rules that make the difference. Changes nothing."""

    by = readers(Subject.rehearsals)
    turn = None

    against: str | None = Field(
        default=None,
        max_length=80,
        title="Compare with",
        description="A policy to compare with, or the digest of one proposed; else each case's own.",
    )

    def apply(self, subject: Proposal, context: ActContext) -> Rehearsal:
        """What it comes to."""
        return rehearse(context.session, subject.policy.digest, comparison_digest(context.session, self.against))


class SignPolicy(ProposalCommand, title="Sign a policy"):
    """I have read the policy and what its rehearsal shows, and I want it in force from its first day."""

    prepares = True

    reasons: Reasons = Field(title="Your reasons")

    def prepare(self, subject: Proposal, context: ActContext) -> Rehearsal:
        """What the rehearsal comes to that day."""
        return rehearse(context.session, subject.policy.digest, None)

    def refusals(self, subject: Proposal, context: ActContext) -> Iterator[Reason]:
        """For one's post, once, while it can still come into force."""
        yield from _objections(subject.policy, context)
        if subject.withdrawn:
            yield "withdrawn", "The policy was withdrawn."
        if context.by.role in subject.signed:
            yield "signed", f"The {context.by.role.label.lower()} has signed it already."

    def apply(self, subject: Proposal, context: ActContext) -> Proposal:
        """The proposal with the signature, and what was rehearsed."""
        rehearsal: Rehearsal = context.prepared
        rehearsed = {"cases": rehearsal.cases.height, "flips": rehearsal.flips.height, "rules": rehearsal.by_rule()}
        return _record(self, subject.policy.digest, {**self.body(), "rehearsed": rehearsed}, context)


class WithdrawPolicy(ProposalCommand, title="Withdraw a policy"):
    """Take a policy back before its first day."""

    reasons: Reasons = Field(title="Why it is withdrawn")

    def refusals(self, subject: Proposal, context: ActContext) -> Iterator[Reason]:
        """Once, and never one that has been in force."""
        if subject.withdrawn:
            yield "withdrawn", "The policy was withdrawn already."
        elif subject.adopted and subject.policy.starts <= context.today:
            yield "in_force", "The policy has been in force: propose one that follows it."

    def apply(self, subject: Proposal, context: ActContext) -> Proposal:
        """The proposal, withdrawn."""
        return _record(self, subject.policy.digest, self.body(), context)


POLICY_COMMANDS: Mapping[str, type[Act]] = Act.among((ProposePolicy, RehearsePolicy, SignPolicy, WithdrawPolicy))
"""What is done to policy, by its slug."""


def read_candidate(session: Session, text: str) -> Policy:
    """A policy as written, held to its examples and to what the rulebook knows. Raises Unusable, naming the fault."""
    try:
        policy = read_policy(text, policies_of(session))
        require_known(rulebook(), policy)
    except RulesError as error:
        raise Unusable({("text",): str(error)}) from None
    return policy


def get_proposal(session: Session, digest: str) -> Proposal:
    """What was proposed under that digest. Raises NoSuchProposal."""
    proposal = proposals(session).get(digest)
    if proposal is None:
        raise NoSuchProposal("No policy with that digest was proposed.")
    return proposal


def comparison_digest(session: Session, against: str | None) -> str | None:
    """The digest of the policy to compare with, by its id or digest; None: each case's own. Raises Unusable."""
    if not against:
        return None
    if against in proposals(session):
        return against
    digests = {policy.id: policy.digest for policy in policies_of(session)}
    if against not in digests:
        raise Unusable({("against",): f"There is no such policy; there are {', '.join(digests)}."})
    return digests[against]


def _objections(policy: Policy, context: ActContext) -> Iterator[Reason]:
    """Why a policy cannot come into force on its first day."""
    policies = policies_of(context.session)
    latest = max(other.starts for other in policies)
    if policy.starts <= context.today:
        yield (
            "starts",
            f"The policy would start on {written_date(policy.starts)}. It can start after today, not before it was"
            " signed.",
        )
    if policy.id in {other.id for other in policies}:
        yield "id", f"There is a policy called {policy.id} already."
    elif policy.starts <= latest:
        yield "starts", f"A policy that starts on {latest} or later is there."
    else:
        try:
            require_follows(rulebook().folder, policy, list(policies))
        except RulesError as error:
            yield "starts", error.fault


def _record(act: Act, digest: str, body: Mapping[str, Any], context: ActContext) -> Proposal:
    """Put it on record; the proposal as it then stands."""
    chain = entries(context.session)
    entry = PolicyEntry(
        seq=len(chain) + 1,
        at=context.at,
        by=context.by.username,
        role=context.by.role,
        command=act.slug(),
        policy=digest,
        body=canonical(body),
    )
    entry.hash = chain_hash(chain[-1].hash if chain else BEGINNING, entry_content(entry))
    context.session.add(entry)
    context.session.flush()
    return get_proposal(context.session, digest)
