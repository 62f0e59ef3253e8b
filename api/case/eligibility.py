"""Why a case may or may not enter: every rule of the policy it was judged by, and what would be said of it today."""

from datetime import datetime

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.case.routes import find
from api.case.view import FindingView, JudgementView, case_view, judgement_view
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
        view = case_view(case, actor, entries_of(session, case))
        at_check = view.eligibility.judgement if view.eligibility else None
        policies = policies_of(session)
        judgement_today = judge_today(case, policies)
        now = judgement_view(judgement_today) if judgement_today else None
        policy_today = _in_force(policies, context.at)
        by_todays_policy = _judge_by_todays_policy(case, policy_today)
        return write(
            request,
            "eligibility.html",
            actor=actor,
            case=view,
            check=view.eligibility,
            at_check=at_check,
            now=now,
            differences=_differences(at_check, now) if at_check and now else [],
            by_todays_policy=judgement_view(by_todays_policy) if by_todays_policy else None,
            same_policy=bool(policy_today and case.check and policy_today.digest == case.check.pack_digest),
            provenance={rule.id: rule.provenance for policy in policies for rule in policy.rules},
        )


def _differences(earlier: JudgementView, later: JudgementView) -> list[tuple[FindingView, bool | None]]:
    """The findings that come out otherwise, each with how it came out before."""
    met = {finding.id: finding.met for finding in earlier.trace}
    return [(finding, met.get(finding.id)) for finding in later.trace if finding.met != met.get(finding.id)]


def _in_force(policies: Policies, at: datetime) -> Policy | None:
    try:
        return policies.in_force(london_date(at))
    except NoPolicy:
        return None


def _judge_by_todays_policy(case: Case, policy: Policy | None) -> Judgement | None:
    """What the policy in force today would have said of the facts as they were when checked; None where it is the same.

    Time limits count as they were reckoned then.
    """
    check = case.check
    return trace_from(policy, check.facts) if policy and check and check.pack_digest != policy.digest else None


def judge_today(case: Case, policies: Policies) -> Judgement | None:
    """What the case's policy says of the facts as they stand; None where they are gone, or no policy."""
    facts = referral_facts(case)
    try:
        policy = policies.in_force(facts.referred_on)
    except NoPolicy:
        return None
    return None if case.disposed_at else judge(policy, derive(facts, policy, rulebook().offences))
