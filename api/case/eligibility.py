"""Why a case may or may not enter: every rule of the policy it was judged by, and what would be said of it today."""

from datetime import datetime

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.case.routes import find
from api.case.view import case_view, judgement_view
from api.procedure.commands import Ref
from api.web.context import BySession
from api.web.pages import write
from divert.casework.commands.referral import referral_facts
from divert.clock import london_date
from divert.eligibility.derivation import derive
from divert.eligibility.judge import Judgement, judge, trace_from
from divert.eligibility.policies import NoPolicy, Policies
from divert.eligibility.policy import Policy
from divert.law.rulebook import rulebook
from divert.models import Case
from divert.policies.adopted import policies_of
from divert.records import access
from divert.records.ledger import entries_of

router = APIRouter(include_in_schema=False)


@router.get("/cases/{ref}/eligibility")
def eligibility_page(request: Request, ref: Ref, context: BySession) -> Response:
    """The whole trace of the last check, and beside it how today's facts would come out."""
    with context.writing() as (session, actor):
        case = find(session, ref, actor)
        access.record(session, actor, "consultation", context.at, case_ref=ref, what="eligibility")
        seen = case_view(case, actor, entries_of(session, case))
        then = seen.eligibility.judgement if seen.eligibility else None
        policies = policies_of(session)
        today = judged_today(case, policies)
        now = judgement_view(today) if today else None
        current = _in_force(policies, context.at)
        todays = _by_todays_policy(case, current)
        met = {one.id: one.met for one in then.trace} if then else {}
        return write(
            request,
            "eligibility.html",
            actor=actor,
            case=seen,
            checked=seen.eligibility,
            then=then,
            now=now,
            differ=[(one, met.get(one.id)) for one in now.trace if one.met != met.get(one.id)] if now and then else [],
            todays=judgement_view(todays) if todays else None,
            same_policy=bool(current and case.check and current.digest == case.check.pack_digest),
            provenance={rule.id: rule.provenance for policy in policies for rule in policy.rules},
        )


def _in_force(policies: Policies, at: datetime) -> Policy | None:
    try:
        return policies.in_force(london_date(at))
    except NoPolicy:
        return None


def _by_todays_policy(case: Case, policy: Policy | None) -> Judgement | None:
    """What the policy in force today would have said of the facts as they were when checked; None where it is the same.

    Time limits count as they were reckoned then.
    """
    check = case.check
    return trace_from(policy, check.facts) if policy and check and check.pack_digest != policy.digest else None


def judged_today(case: Case, policies: Policies) -> Judgement | None:
    """What the case's policy says of the facts as they stand; None where they are gone, or no policy."""
    said = referral_facts(case)
    try:
        policy = policies.in_force(said.referred_on)
    except NoPolicy:
        return None
    return None if case.disposed_at else judge(policy, derive(said, policy, rulebook().offences))
