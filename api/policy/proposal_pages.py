"""The pages on which the scheme's policy is changed: written or uploaded, checked, rehearsed, signed."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import ValidationError
from starlette.datastructures import UploadFile
from starlette.responses import RedirectResponse, Response

from api.policy.policies import READS_PROPOSALS, tested
from api.policy.proposals import Against, Digest, done, found_proposal, other, rehearsal_view
from api.web import forms
from api.web.context import ByItself, BySession, RequestContext
from api.web.forms import Form
from api.web.pages import REFRESH_S, write
from api.web.problems import ProblemError
from api.web.sign_in import Posted, PostedWithFile
from api.web.state import app_state
from divert.acts.refusals import Refused
from divert.board.counting.breakdowns import NOT_STATED
from divert.clock import london_date, written_date
from divert.eligibility.changes import changes
from divert.eligibility.policy import Policy
from divert.eligibility.rehearsal import GROUPS
from divert.law.rule_files import RulesError
from divert.law.rulebook import rulebook
from divert.people.identifiers import DISTRICTS, ELSEWHERE, ETHNICITIES, SEXES
from divert.policies import decisions
from divert.policies.adopted import SIGN, policies_of, proposals
from divert.policies.decisions import ProposePolicy, SignPolicy, WithdrawPolicy
from divert.policies.writing import begun

router = APIRouter(include_in_schema=False)

SHOWN = 100
"""How many flips a page lists; JSON lists all."""

NAMES = {**DISTRICTS, **SEXES, **ETHNICITIES, NOT_STATED: NOT_STATED.capitalize(), ELSEWHERE: ELSEWHERE.capitalize()}
"""What the codes that people are counted by stand for."""

DOES: dict[str, type[SignPolicy] | type[WithdrawPolicy]] = {"sign": SignPolicy, "withdraw": WithdrawPolicy}


@router.get("/policies/proposed")
def proposed_page(
    request: Request,
    context: BySession,
    policy: Annotated[str | None, Query(max_length=80)] = None,
    rule: Annotated[str | None, Query(max_length=60)] = None,
) -> Response:
    """What is proposed, and where a policy is written. `rule` of `policy`, where the panel doubts it, stands there."""
    with context.reading(*READS_PROPOSALS) as (session, _):
        policies, today = policies_of(session), london_date(context.at)
        base = policies.get(policy) if policy in {one.id for one in policies} and policy else policies.in_force(today)
    return _page(request, context, begun(base, rule, today))


@router.post("/policies/proposed")
def propose(request: Request, form: PostedWithFile, context: BySession) -> Response:
    """Check what was written or uploaded; propose it, if that was asked for."""
    given, text = form.get("file"), str(form.get("text") or "").replace("\r\n", "\n")
    if isinstance(given, UploadFile) and given.filename:
        text = given.file.read().decode("utf-8", errors="replace")
    try:
        command = ProposePolicy(text=text)
        if form.get("check"):
            with context.reading(*SIGN) as (session, _):
                return _page(request, context, text, holds=decisions.candidate(session, text))
        with context.writing(*SIGN) as (session, actor):
            made = decisions.propose(session, command, actor, context.at)
    except ValidationError as error:
        return _page(request, context, text, next(iter(forms.faults(error).values())))
    except (RulesError, Refused) as fault:
        return _page(request, context, text, str(fault))
    return RedirectResponse(f"/policies/proposed/{made.policy.digest}", 303)


@router.get("/policies/proposed/{digest}")
def proposal_page(request: Request, digest: Digest, context: ByItself, against: Against = None) -> Response:
    """A proposed policy: what it changes, who would be judged otherwise, who signed. It asks again while it counts."""
    with context.reading(*READS_PROPOSALS) as (session, actor):
        one, policies = found_proposal(session, digest), policies_of(session)
        before = [policy for policy in policies if policy.starts < one.policy.starts][-1]
        held = app_state(request)
        run = held.rehearsals.run(held.database, held.background.submit, context.at, digest, other(session, against))
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
            may_withdraw=actor.role in SIGN and not one.withdrawn
            and not (one.adopted and one.policy.starts <= london_date(context.at)),
            roles=SIGN,
            says={rule.id: rule.says for policy in (*policies, one.policy) for rule in policy.rules},
            names=NAMES | {offence.code: offence.title for offence in rulebook().offences.all},
        )  # fmt: skip


@router.get("/policies/proposed/{digest}/{does}")
def form_page(request: Request, digest: Digest, does: str, context: BySession) -> Response:
    """Where it is signed, or withdrawn."""
    return _form(request, context, digest, _of(does), {})


@router.post("/policies/proposed/{digest}/{does}")
def answered(request: Request, digest: Digest, does: str, form: Posted, context: BySession) -> Response:
    """Sign it, or withdraw it."""
    command = _of(does)
    data = Form(command).read(form)
    if forms.redraws(form):
        return _form(request, context, digest, command, data)
    try:
        done(context, digest, command.model_validate(data))
    except ValidationError as error:
        return _form(request, context, digest, command, data, forms.faults(error))
    except Refused as refused:
        return _form(request, context, digest, command, data, {(): str(refused)}, status=409)
    return RedirectResponse(f"/policies/proposed/{digest}", 303)


def _of(does: str) -> type[SignPolicy] | type[WithdrawPolicy]:
    if does not in DOES:
        raise ProblemError("not-found")
    return DOES[does]


def _form(
    request: Request,
    context: RequestContext,
    digest: str,
    command: type[SignPolicy] | type[WithdrawPolicy],
    data: dict[str, Any],
    errors: dict[forms.Path, str] | None = None,
    status: int = 422,
) -> Response:
    with context.reading(*SIGN) as (session, actor):
        questions, policy = Form(command).questions(data, errors), found_proposal(session, digest).policy
        return write(
            request,
            "business.html",
            actor=actor,
            status=status if errors else 200,
            title=command.title(),
            purpose=f"{command.__doc__} “{policy.title}”, from {written_date(policy.starts)}.",
            back=f"/policies/proposed/{digest}",
            questions=questions,
            errors=forms.summary(questions, errors or {}),
        )


def _page(
    request: Request, context: RequestContext, text: str, fault: str = "", holds: Policy | None = None
) -> Response:
    with context.reading(*READS_PROPOSALS) as (session, actor):
        return write(
            request,
            "proposed.html",
            actor=actor,
            status=422 if fault else 200,
            every=list(reversed(proposals(session).values())),
            text=text,
            holds=holds,
            writes=actor.role in SIGN,
            roles=SIGN,
            errors=[("text", fault)] if fault else [],
        )
