"""The scheme's policy, changed in the open: written, checked, rehearsed over past cases, signed by named people."""

# No `from __future__ import annotations` here: FastAPI reads each command's class from the route's signature.

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from api.policy.policies import READS_PROPOSALS, PolicyView, policy_view
from api.policy.rehearsal_counts import RehearsalView, board_view, exact_view
from api.web.context import ByToken, RequestContext
from api.web.problems import FieldFault, ProblemError, invalid, may_answer
from divert.clock import london_date
from divert.eligibility.rehearsal import Rehearsal
from divert.law.rule_files import RulesError
from divert.models import Role
from divert.people.staff import Actor
from divert.policies import decisions
from divert.policies.adopted import SIGN, Proposal, policies_of, proposals
from divert.policies.decisions import NoSuchProposal, ProposePolicy, SignPolicy, WithdrawPolicy
from divert.policies.rehearsals import rehearse

router = APIRouter(tags=["eligibility"])

Digest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="The digest of the proposed policy.")]
Against = Annotated[
    str | None,
    Query(max_length=80, description="A policy to compare with, or the digest of one proposed; else each case's own."),
]
BODY = ("malformed", "not-signed-in", "not-allowed", "not-found", "too-large", "media-type", "invalid", "refused")
READ = ("not-signed-in", "not-allowed", "not-found")


class SignatureView(BaseModel):
    """One post's signature."""

    by: str
    role: Role
    at: datetime


class ProposalView(BaseModel):
    """A policy that was put forward, and what became of it."""

    policy: PolicyView
    proposed_by: str
    proposed_at: datetime
    signed: list[SignatureView]
    waits_for: list[Role]
    withdrawn_at: datetime | None
    adopted: bool = Field(description="In force from its first day on.")


def proposal_view(session: Session, one: Proposal) -> ProposalView:
    """As JSON shows it."""
    return ProposalView(
        policy=policy_view(one.policy, policies_of(session)),
        proposed_by=one.proposed.by,
        proposed_at=one.proposed.at,
        signed=[SignatureView(by=each.by, role=each.role, at=each.at) for each in one.signed.values()],
        waits_for=list(one.waits_for),
        withdrawn_at=one.withdrawn.at if one.withdrawn else None,
        adopted=one.adopted,
    )


@router.get("/api/policies/proposed", summary="Every proposed policy", responses=may_answer(*READ[:2]))
def read_proposals(context: ByToken) -> list[ProposalView]:
    """With who signed it, the latest first."""
    with context.reading(*READS_PROPOSALS) as (session, _):
        return [proposal_view(session, one) for one in reversed(proposals(session).values())]


@router.post("/api/policies/proposed", status_code=201, summary="Propose a policy", responses=may_answer(*BODY))
def propose(command: ProposePolicy, context: ByToken) -> ProposalView:
    """Checked against its own examples, and what the rulebook knows. It binds nobody until every post has signed."""
    try:
        with context.writing(*SIGN) as (session, actor):
            return proposal_view(session, decisions.propose(session, command, actor, context.at))
    except RulesError as fault:
        raise invalid([FieldFault(pointer="#/text", detail=str(fault))]) from None


@router.get("/api/policies/proposed/{digest}", summary="One proposed policy", responses=may_answer(*READ))
def read_proposal(digest: Digest, context: ByToken) -> ProposalView:
    """With who signed it."""
    with context.reading(*READS_PROPOSALS) as (session, _):
        return proposal_view(session, found_proposal(session, digest))


@router.get(
    "/api/policies/proposed/{digest}/rehearsal",
    summary="Rehearse a proposed policy",
    responses=may_answer(*READ, "invalid"),
)
def read_rehearsal(digest: Digest, context: ByToken, against: Against = None) -> RehearsalView:
    """Judge every past case by it: who flips, each with the rules that make the difference. Changes nothing."""
    with context.reading(*READS_PROPOSALS) as (session, actor):
        found_proposal(session, digest)
        found = rehearse(session, digest, other(session, against))
        return rehearsal_view(context, session, actor, found)


@router.post("/api/policies/proposed/{digest}/sign", summary="Sign a policy", responses=may_answer(*BODY))
def sign(digest: Digest, command: SignPolicy, context: ByToken) -> ProposalView:
    """For one's post, once. When every post has signed, the policy is in force from its first day on."""
    return done(context, digest, command)


@router.post("/api/policies/proposed/{digest}/withdraw", summary="Withdraw a policy", responses=may_answer(*BODY))
def withdraw(digest: Digest, command: WithdrawPolicy, context: ByToken) -> ProposalView:
    """Before its first day."""
    return done(context, digest, command)


def done(context: RequestContext, digest: str, command: SignPolicy | WithdrawPolicy) -> ProposalView:
    """Sign it, or withdraw it."""
    found = None
    if isinstance(command, SignPolicy):
        with context.reading(*SIGN) as (session, _):  # it may take seconds, and nobody is to wait for the writer
            found_proposal(session, digest)
            found = rehearse(session, digest, None)
    try:
        with context.writing(*SIGN) as (session, actor):
            if isinstance(command, SignPolicy) and found is not None:
                now = decisions.sign(session, digest, command, found, actor, context.at)
            else:
                now = decisions.withdraw(session, digest, WithdrawPolicy(reasons=command.reasons), actor, context.at)
            return proposal_view(session, now)
    except NoSuchProposal as none:
        raise ProblemError("not-found", str(none)) from None


def found_proposal(session: Session, digest: str) -> Proposal:
    """What was proposed under that digest. Raises a problem where nothing was."""
    try:
        return decisions.proposal(session, digest)
    except NoSuchProposal as none:
        raise ProblemError("not-found", str(none)) from None


def other(session: Session, against: str | None) -> str | None:
    """The digest of the policy to compare with. Raises a problem for one that there is not."""
    if not against:
        return None
    known = {one.id: one.digest for one in policies_of(session)} | {digest: digest for digest in proposals(session)}
    if against not in known:
        names = ", ".join(name for name in known if len(name) < 64)
        raise invalid([FieldFault(parameter="against", detail=f"There is no such policy; there are {names}.")])
    return known[against]


def rehearsal_view(context: RequestContext, session: Session, actor: Actor, found: Rehearsal) -> RehearsalView:
    """What a rehearsal counts, as whoever asks may know it."""
    if actor.role in SIGN:
        return exact_view(found)
    return board_view(found, session, context.app_state.counts.shown(london_date(context.at), context.at))
