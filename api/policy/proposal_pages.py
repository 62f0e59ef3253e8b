"""The pages on which the scheme's policy is changed: written or uploaded, checked, rehearsed, signed."""

from collections.abc import Sequence

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from api.policy.policies import tested
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
from divert.people.rights import SIGNATORIES, Subject
from divert.people.staff import Actor
from divert.policies.adopted import Proposal, policies_of, proposals
from divert.policies.commands import ProposePolicy, SignPolicy, WithdrawPolicy, candidate, proposal
from divert.policies.writing import begun

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
        faults, holds = [*(errors or {}).values(), *reasons], None
        if data.get("check"):
            offer.act.require_able(actor)
            try:
                holds = candidate(session, data["text"])
            except Unusable as unusable:
                faults.append(str(unusable))
        text = data["text"] if "text" in data else _begun(request, context, session)
        return write(
            request,
            "proposed.html",
            actor=actor,
            status=status if faults else 200,
            every=list(reversed(proposals(session).values())),
            text=text,
            holds=holds,
            writes=actor.role in offer.act.by,
            roles=SIGNATORIES,
            errors=[("text", fault) for fault in faults],
        )


def _begun(request: Request, context: RequestContext, session: Session) -> str:
    """A policy to begin from: the one in force, or `policy` with its `rule`, as the address asks."""
    asked, rule = request.query_params.get("policy"), request.query_params.get("rule")
    policies, today = policies_of(session), london_date(context.at)
    base: Policy = next((policy for policy in policies if policy.id == asked), policies.in_force(today))
    return begun(base, rule, today)


def _shown(session: Session, proposed: Proposal, _context: RequestContext, _actor: Actor) -> ProposalView:
    return proposal_view(session, proposed)


def _after(digest: str | None, proposed: Proposal | None) -> str:
    digest = digest or (proposed.policy.digest if proposed else None)
    return f"/policies/proposed/{digest}" if digest else "/policies/proposed"


def _about(proposed: Proposal) -> str:
    return f"“{proposed.policy.title}”, from {written_date(proposed.policy.starts)}."


def _offer(act: type[Act], word: str) -> Offer:
    """Signing a proposal, or withdrawing it."""
    return Offer(
        act,
        f"/api/policies/proposed/{{digest}}/{word}",
        f"/policies/proposed/{{digest}}/{word}",
        answers=ProposalView,
        shown=_shown,
        after=_after,
        on=DIGEST,
        about=_about,
    )


make_routes(
    router,
    Offer(
        ProposePolicy,
        "/api/policies/proposed",
        "/policies/proposed",
        answers=ProposalView,
        shown=_shown,
        after=_after,
        status=201,
        read=_read_policy,
        again=_proposed_page,
        files=1,
    ),
    _offer(SignPolicy, "sign"),
    _offer(WithdrawPolicy, "withdraw"),
)


@router.get("/policies/proposed/{digest}", include_in_schema=False)
def proposal_page(request: Request, digest: Digest, context: ByPolling, against: Against = None) -> Response:
    """A proposed policy: what it changes, who would be judged otherwise, who signed. It asks again while it counts."""
    with context.reading(Subject.proposals) as (session, actor):
        one, policies = proposal(session, digest), policies_of(session)
        before = [policy for policy in policies if policy.starts < one.policy.starts][-1]
        state = app_state(request)
        run = state.rehearsals.run(
            state.database, state.background.submit, context.at, digest, compared_with(session, against)
        )
        view = rehearsal_view(context, session, actor, run.found) if run.found else None
        again = view is None and not run.failed and "still" not in request.query_params
        choices = {one.id: f"{one.title} ({one.id})" for one in policies}
        choices |= {
            name: f"Proposed: {each.policy.title}" for name, each in proposals(session).items() if name != digest
        }
        return write(
            request,
            "proposal.html",
            actor=actor,
            headers={"Refresh": str(REFRESH_S)} if again else {},
            one=one,
            digest=digest,
            before=before,
            changed=changes(before, one.policy),
            tested=tested,
            run=run,
            view=view,
            again=again,
            groups=GROUPS,
            shown=SHOWN,
            against=against or "",
            choices=choices,
            may_sign=actor.role in one.waits_for,
            may_withdraw=actor.role in WithdrawPolicy.by
            and not [*WithdrawPolicy(reasons="-").refusals(one, ActContext(session, actor, context.at))],
            roles=SIGNATORIES,
            says={rule.id: rule.says for policy in (*policies, one.policy) for rule in policy.rules},
            names=NAMES | {offence.code: offence.title for offence in rulebook().offences.all},
        )  # fmt: skip
