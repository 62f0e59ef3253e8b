"""The scheme's policy, changed in the open: written, checked, rehearsed over past cases, signed by named people."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from api.policy.policies import PolicyView, policy_view
from api.web.context import ByToken, RequestContext
from api.web.problems import FieldFault, invalid, may_answer
from divert.acts.act import perform
from divert.acts.refusals import Unusable
from divert.board.reading.rehearsal_counts import RehearsalView, board_view, exact_view
from divert.clock import london_date
from divert.eligibility.rehearsal import Rehearsal
from divert.models import Role
from divert.people.rights import Rows, Subject, rows_for
from divert.people.staff import Actor
from divert.policies.adopted import Proposal, policies_of, proposals
from divert.policies.commands import RehearsePolicy, comparison_digest, get_proposal

router = APIRouter(tags=["eligibility"])

Digest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="The digest of the proposed policy.")]
Against = Annotated[
    str | None,
    Query(max_length=80, description="A policy to compare with, or the digest of one proposed; else each case's own."),
]
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


def proposal_view(session: Session, proposal: Proposal) -> ProposalView:
    """As JSON shows it."""
    return ProposalView(
        policy=policy_view(proposal.policy, policies_of(session)),
        proposed_by=proposal.proposed.by,
        proposed_at=proposal.proposed.at,
        signed=[
            SignatureView(by=signature.by, role=signature.role, at=signature.at)
            for signature in proposal.signed.values()
        ],
        waits_for=list(proposal.waits_for),
        withdrawn_at=proposal.withdrawn.at if proposal.withdrawn else None,
        adopted=proposal.adopted,
    )


@router.get("/api/policies/proposed", summary="Every proposed policy", responses=may_answer(*READ[:2]))
def read_proposals(context: ByToken) -> list[ProposalView]:
    """With who signed it, the latest first."""
    with context.reading(Subject.proposals) as (session, _):
        return [proposal_view(session, proposal) for proposal in reversed(proposals(session).values())]


@router.get("/api/policies/proposed/{digest}", summary="One proposed policy", responses=may_answer(*READ))
def read_proposal(digest: Digest, context: ByToken) -> ProposalView:
    """With who signed it."""
    with context.reading(Subject.proposals) as (session, _):
        return proposal_view(session, get_proposal(session, digest))


@router.get(
    "/api/policies/proposed/{digest}/rehearsal",
    summary="Rehearse a proposed policy",
    responses=may_answer(*READ, "invalid"),
)
def read_rehearsal(digest: Digest, context: ByToken, against: Against = None) -> RehearsalView:
    """Judge every past case by it: who flips, each with the rules that make the difference. Changes nothing."""
    with context.reading(RehearsePolicy.by) as (session, actor):
        compared_with(session, against)
        rehearsal = perform(session, RehearsePolicy(against=against), actor, context.at, digest)
        return rehearsal_view(context, session, actor, rehearsal)


def compared_with(session: Session, against: str | None) -> str | None:
    """The digest of the policy to compare with. Raises the problem of a parameter that names none."""
    try:
        return comparison_digest(session, against)
    except Unusable as error:
        raise invalid([FieldFault(parameter="against", detail=str(error))]) from None


def rehearsal_view(context: RequestContext, session: Session, actor: Actor, rehearsal: Rehearsal) -> RehearsalView:
    """What a rehearsal counts, as whoever asks may know it."""
    if rows_for(actor.role, Subject.rehearsals) is Rows.all:
        return exact_view(rehearsal)
    return board_view(rehearsal, session, context.app_state.counts.shown(london_date(context.at), context.at))
