"""The pages on which the scheme's policy is changed: written or uploaded, checked, rehearsed, signed."""

from collections.abc import Sequence

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from api.policy.policies import comparison_in_words, predecessor
from api.policy.proposals import Against, Digest, ProposalView, compared_with, proposal_view, rehearsal_view
from api.procedure.acts import DIGEST, Data, Errors, Offer, make_routes
from api.web.context import ByPolling, RequestContext
from api.web.pages import REFRESH_S, write
from api.web.state import app_state
from divert.acts.act import Act, ActContext
from divert.acts.refusals import Unusable
from divert.board.counting.breakdowns import NOT_STATED
from divert.clock import london_date, written_date
from divert.eligibility.changes import changes
from divert.eligibility.policy import Policy
from divert.eligibility.rehearsal import GROUPS
from divert.law.rulebook import rulebook
from divert.people.identifiers import DISTRICTS, ELSEWHERE, ETHNICITIES, SEXES
from divert.people.rights import SIGNATORIES, Subject, may_read
from divert.people.staff import Actor
from divert.policies.adopted import Proposal, policies_of, proposals
from divert.policies.commands import ProposePolicy, SignPolicy, WithdrawPolicy, get_proposal, read_candidate
from divert.policies.writing import draft_policy

router = APIRouter(tags=["eligibility"])

SHOWN = 100
"""How many flips a page lists; JSON lists all."""

NAMES = {**DISTRICTS, **SEXES, **ETHNICITIES, NOT_STATED: NOT_STATED.capitalize(), ELSEWHERE: ELSEWHERE.capitalize()}
"""What the codes that people are counted by stand for."""


def _read_policy(_act: type[Act], posted: FormData, _on: str | None) -> Data:
    """What was written, or the file that was uploaded; and whether it is only to be checked."""
    file, text = posted.get("file"), str(posted.get("text") or "").replace("\r\n", "\n")
    if isinstance(file, UploadFile) and file.filename:
        text = file.file.read().decode("utf-8", errors="replace")
    return {"text": text, **({"check": True} if posted.get("check") else {})}


def _proposed_page(
    request: Request,
    context: RequestContext,
    offer: Offer,
    _on: str | None,
    data: Data,
    errors: Errors | None = None,
    reasons: Sequence[str] = (),
    status: int = 422,
) -> Response:
    """What is proposed, and where a policy is written. `rule` of `policy`, where the panel doubts it, stands there."""
    with context.reading(Subject.proposals) as (session, actor):
        faults = [*(errors or {}).values(), *reasons]
        checked = None
        if data.get("check"):
            offer.act.require_able(actor)
            try:
                checked = read_candidate(session, data["text"])
            except Unusable as unusable:
                faults.append(str(unusable))
        text = data["text"] if "text" in data else _draft(request, context, session)
        return write(
            request,
            "proposed.html",
            actor=actor,
            status=status if faults else 200,
            proposals=list(reversed(proposals(session).values())),
            text=text,
            checked=checked,
            writes=actor.role in offer.act.by,
            roles=SIGNATORIES,
            errors=[("text", fault) for fault in faults],
        )


def _draft(request: Request, context: RequestContext, session: Session) -> str:
    """A policy to begin from: the one in force, or `policy` with its `rule`, as the address asks."""
    policy_id, rule_id = request.query_params.get("policy"), request.query_params.get("rule")
    policies, today = policies_of(session), london_date(context.at)
    base: Policy = next((policy for policy in policies if policy.id == policy_id), policies.in_force(today))
    return draft_policy(base, rule_id, today)


def _shown(session: Session, proposal: Proposal, _context: RequestContext, _actor: Actor) -> ProposalView:
    return proposal_view(session, proposal)


def _after(digest: str | None, proposal: Proposal | None) -> str:
    digest = digest or (proposal.policy.digest if proposal else None)
    return f"/policies/proposed/{digest}" if digest else "/policies/proposed"


def _about(proposal: Proposal) -> str:
    return f"“{proposal.policy.title}”, from {written_date(proposal.policy.starts)}."


def _offer(act: type[Act], word: str) -> Offer:
    """Signing a proposal, or withdrawing it."""
    return Offer(
        act,
        f"/api/policies/proposed/{{digest}}/{word}",
        f"/policies/proposed/{{digest}}/{word}",
        response_model=ProposalView,
        view=_shown,
        next_page=_after,
        parameter=DIGEST,
        about=_about,
    )


make_routes(
    router,
    Offer(
        ProposePolicy,
        "/api/policies/proposed",
        "/policies/proposed",
        response_model=ProposalView,
        view=_shown,
        next_page=_after,
        status=201,
        read=_read_policy,
        form_page=_proposed_page,
        files=1,
    ),
    _offer(SignPolicy, "sign"),
    _offer(WithdrawPolicy, "withdraw"),
)


@router.get("/policies/proposed/{digest}", include_in_schema=False)
def proposal_page(request: Request, digest: Digest, context: ByPolling, against: Against = None) -> Response:
    """A proposed policy: what it changes, who would be judged otherwise, who signed. It asks again while it counts."""
    with context.reading(Subject.proposals) as (session, actor):
        proposal, policies = get_proposal(session, digest), policies_of(session)
        before = predecessor(proposal.policy, policies)
        state = app_state(request)
        run = state.rehearsals.run(
            state.database, state.background.submit, context.at, digest, compared_with(session, against)
        )
        rehearses = may_read(actor.role, Subject.rehearsals)
        view = rehearsal_view(context, session, actor, run.rehearsal) if run.rehearsal and rehearses else None
        again = rehearses and view is None and not run.failed and "still" not in request.query_params
        choices = {policy.id: f"{policy.title} ({policy.id})" for policy in policies}
        choices |= {
            name: f"Proposed: {other.policy.title}" for name, other in proposals(session).items() if name != digest
        }
        return write(
            request,
            "proposal.html",
            actor=actor,
            headers={"Refresh": str(REFRESH_S)} if again else {},
            proposal=proposal,
            digest=digest,
            before=before,
            changed=changes(before, proposal.policy) if before else None,
            comparison_in_words=comparison_in_words,
            run=run,
            view=view,
            rehearses=rehearses,
            again=again,
            groups=GROUPS,
            shown=SHOWN,
            against=against or "",
            choices=choices,
            may_sign=actor.role in proposal.waits_for,
            may_withdraw=actor.role in WithdrawPolicy.by
            and not [*WithdrawPolicy(reasons="-").refusals(proposal, ActContext(session, actor, context.at))],
            roles=SIGNATORIES,
            says={rule.id: rule.says for policy in (*policies, proposal.policy) for rule in policy.rules},
            names=NAMES | {offence.code: offence.title for offence in rulebook().offences.all},
        )  # fmt: skip
