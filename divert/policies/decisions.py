"""What may be done to the scheme's policy: proposed, signed by each post that must, withdrawn. Adopted, it is in force
from its first day on, by what stands in the chain and nothing else.

A policy that has been in force never changes and is never taken back: another follows it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from pydantic import Field
from sqlalchemy.orm import Session

from divert.acts.chain import BEGINNING, canonical, chained
from divert.acts.command import Command, Reasons
from divert.acts.refusals import NotAllowed, Refused
from divert.clock import london_date, written_date
from divert.db import Turn, take_turn
from divert.eligibility.policies import Policies, read_policy, require_follows, require_known
from divert.eligibility.policy import Policy
from divert.eligibility.rehearsal import Rehearsal
from divert.law.rule_files import RulesError
from divert.law.rulebook import rulebook
from divert.models import PolicyEntry
from divert.people.rights import SIGNATORIES
from divert.people.staff import Actor
from divert.policies.adopted import Proposal, entries, policies_of, proposals, says


class NoSuchProposal(LookupError):
    """No policy with that digest was proposed."""


class ProposePolicy(Command, title="Propose a policy"):
    """Put a policy forward. It binds nobody until each post that must has signed it."""

    text: Annotated[str, Field(min_length=1, max_length=200_000)] = Field(
        title="The policy",
        description="As a TOML file. It may extend a policy that is there, and hold only what changes.",
    )


class SignPolicy(Command, title="Sign a policy"):
    """I have read the policy and what its rehearsal shows, and I want it in force from its first day."""

    reasons: Reasons = Field(title="Your reasons")


class WithdrawPolicy(Command, title="Withdraw a policy"):
    """Take a policy back before its first day."""

    reasons: Reasons = Field(title="Why it is withdrawn")


def candidate(session: Session, text: str) -> Policy:
    """A policy as written, held to its examples and to what the rulebook knows. Raises RulesError."""
    policy = read_policy(text, policies_of(session))
    require_known(rulebook(), policy)
    return policy


def propose(session: Session, command: ProposePolicy, by: Actor, at: datetime) -> Proposal:
    """Put a policy forward. Raises RulesError where it may not be used, NotAllowed, Refused."""
    _allowed(by)
    take_turn(session, Turn.policy)
    policy = candidate(session, command.text)
    said = proposals(session)
    if policy.digest in said and said[policy.digest].withdrawn is None:
        raise Refused([("proposed", "This very policy has been proposed already.")])
    if policy.digest in said:
        raise Refused([("withdrawn", "This very policy was withdrawn. Propose another: a word in its title will do.")])
    refused = _objections(policy, policies_of(session), at)
    if refused:
        raise Refused(refused)
    body = {"text": command.text, "pack": policy.model_dump(mode="json", by_alias=True)}
    _write(session, command, policy.digest, body, by, at)
    return proposals(session)[policy.digest]


def sign(session: Session, digest: str, command: SignPolicy, rehearsal: Rehearsal, by: Actor, at: datetime) -> Proposal:
    """Sign for one's post, with what the rehearsal came to on that day. Raises NoSuchProposal, NotAllowed, Refused."""
    _allowed(by)
    take_turn(session, Turn.policy)
    one = proposal(session, digest)
    refused = _objections(one.policy, policies_of(session), at)
    if one.withdrawn:
        refused.append(("withdrawn", "The policy was withdrawn."))
    if by.role in one.signed:
        refused.append(("signed", f"The {by.role.label.lower()} has signed it already."))
    if refused:
        raise Refused(refused)
    rehearsed = {"cases": rehearsal.cases.height, "flips": rehearsal.flips.height, "rules": rehearsal.by_rule()}
    _write(session, command, digest, {**command.body(), "rehearsed": rehearsed}, by, at)
    return proposal(session, digest)


def withdraw(session: Session, digest: str, command: WithdrawPolicy, by: Actor, at: datetime) -> Proposal:
    """Take it back before its first day. Raises NoSuchProposal, NotAllowed, Refused."""
    _allowed(by)
    take_turn(session, Turn.policy)
    one = proposal(session, digest)
    if one.withdrawn:
        raise Refused([("withdrawn", "The policy was withdrawn already.")])
    if one.adopted and one.policy.starts <= london_date(at):
        raise Refused([("in_force", "The policy has been in force: propose one that follows it.")])
    _write(session, command, digest, command.body(), by, at)
    return proposal(session, digest)


def proposal(session: Session, digest: str) -> Proposal:
    """What was proposed under that digest. Raises NoSuchProposal."""
    found = proposals(session).get(digest)
    if found is None:
        raise NoSuchProposal("No policy with that digest was proposed.")
    return found


def _objections(policy: Policy, policies: Policies, at: datetime) -> list[tuple[str, str]]:
    """Why a policy cannot come into force on its first day."""
    found = []
    if policy.starts <= london_date(at):
        found.append(
            (
                "starts",
                f"The policy would start on {written_date(policy.starts)}. It can start after today, not before it was"
                " signed.",
            )
        )
    try:
        if policy.id in {one.id for one in policies}:
            found.append(("id", f"There is a policy called {policy.id} already."))
        elif policy.starts <= (latest := max(one.starts for one in policies)):
            found.append(("starts", f"A policy that starts on {latest} or later is there."))
        else:
            require_follows(rulebook().folder, policy, list(policies))
    except RulesError as fault:
        found.append(("starts", fault.fault))
    return found


def _allowed(by: Actor) -> None:
    if by.role not in SIGNATORIES:
        able = ", ".join(role.label.lower() for role in SIGNATORIES)
        raise NotAllowed(f"The scheme's policy is in the hands of: {able}.")


def _write(
    session: Session, command: Command, digest: str, body: Mapping[str, object], by: Actor, at: datetime
) -> None:
    so_far = entries(session)
    entry = PolicyEntry(
        seq=len(so_far) + 1,
        at=at,
        by=by.username,
        role=by.role,
        command=command.slug(),
        policy=digest,
        body=canonical(body),
    )
    entry.hash = chained(so_far[-1].hash if so_far else BEGINNING, says(entry))
    session.add(entry)
    session.flush()
