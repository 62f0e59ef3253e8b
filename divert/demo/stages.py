"""The stages of a story: referred, decided, signed, kept, completed, or back with the force."""

from datetime import datetime, time, timedelta
from typing import Any

from divert.casework.commands.appointments import BookAppointment, RecordAttendance, RescheduleAppointment
from divert.casework.commands.conditions import MarkConditionKept, RecordProgress, WaiveCondition
from divert.casework.commands.contract import DeclineContract, SignContract
from divert.casework.commands.decisions import CheckEligibility, DecideForPolice, DecideForProbation
from divert.casework.commands.ending import CompleteCase, RecordChargingDecision
from divert.casework.commands.referral import RecordReferralAgreement, Refer
from divert.casework.commands.support import Allocate, AssessNeeds
from divert.casework.commands.victim import RecordVictimUpdate, RecordVictimViews
from divert.clock import LONDON, london_date
from divert.demo.papers import issue, share_case
from divert.demo.people import FOR_REVIEW, pick
from divert.demo.story import PROBATION, Later, Story
from divert.documents.kinds import DocumentKind
from divert.eligibility.policies import released_policies
from divert.law.rulebook import ConditionKind, rulebook
from divert.law.time_limits import add_months
from divert.law.working_days import add_working_days

CHARGED, RESOLVED, NOT_IN_THE_INTEREST, EXPIRED, DIVERTED = 1, 8, 10, 17, 22


def refer(story: Story, **answers: Any) -> None:
    """Referred at the desk, agreement signed there and then, the victim asked, eligibility checked."""
    story.referral |= answers
    story.does(
        story.officer,
        Refer.model_validate({name: value for name, value in story.referral.items() if value is not None}),
    )
    story.does(story.officer, RecordReferralAgreement(signed_on=story.today, explained_by=story.referral["officer"]))
    if story.referral["victim_kind"] != "none":
        story.does(story.inspector, victim_views(story), after=1)
    story.does(story.inspector, CheckEligibility(), after=story.random.randrange(2))


def victim_views(story: Story) -> RecordVictimViews:
    """What the victim said, or that they did not wish to or could not be reached."""
    views = pick(story.random, {"obtained": 68, "declined": 14, "unreachable": 18})
    words = (
        "Wants it not to happen again; would like the money back.",
        "Content for the scheme to deal with it.",
        "Would rather see it go to court, but understands.",
        "Glad if they get some help.",
    )
    return RecordVictimViews.model_validate(
        {
            "views": views,
            "attempts": 3 if views == "unreachable" else story.random.choice((1, 1, 2)),
            "contact_name": "The store manager" if story.referral["victim_kind"] == "business" else None,
            "words": story.random.choice(words) if views == "obtained" else None,
        }
    )


def decide(story: Story, police: bool = True, probation: bool = True) -> None:
    """Police and probation each decide, with reasons; an answer against the verdict says why."""
    verdict = story.case.verdict
    for decider, command, accepts, objection in (
        (story.inspector, DecideForPolice, police, "Repeat visits to the same shop; the community impact is too high."),
        (PROBATION, DecideForProbation, probation, "No wish to change anything; the scheme has nothing to offer yet."),
    ):
        against = {"ineligible": True, "eligible": False}.get(verdict or "") is accepts
        story.does(
            decider,
            command(
                accept=accepts,
                reasons="Full admission, low harm, and a need we can work with." if accepts else objection,
                override_reason="The rule is met in letter only: the facts of this one outweigh it."
                if against
                else None,
            ),
            after=1,
        )


def accept(story: Story) -> None:
    """Taken on: both say yes, the victim is told, a keyworker is named."""
    refer(story, **(story.random.choice(FOR_REVIEW) if story.chance(0.13) else {}))
    decide(story)
    allocate(story)


def allocate(story: Story) -> None:
    """The victim is told; the probation lead names a keyworker."""
    tell_the_victim(story, "Told that the scheme has taken the case.")
    story.does(PROBATION, Allocate(keyworker=story.keyworker.username), after=1)


def sign(story: Story) -> None:
    """Needs assessed, then a contract that follows from them and fits the time limit."""
    needs = needs_of(story)
    story.does(story.keyworker, assessment("entry", needs), after=story.random.randrange(2, 5))
    case, today = story.case, story.today
    ends = add_months(today, story.random.choice((2, 3, 3, 3, 4)))
    if case.limit_on is not None and case.limit_basis == "statutory":
        ends = min(ends, case.limit_on - timedelta(days=14))
    if ends <= today + timedelta(days=14):
        story.does(story.inspector, DeclineContract(reasons="No contract fits before the time limit."))
        charge_or_not(story)
        raise Later
    needed = [
        condition.code
        for condition in rulebook().conditions.values()
        if condition.pathway in top(needs) and not condition.victim_contact
    ]
    codes = [*released_policies().in_force(case.referred_on).contract.mandatory, *needed[:1]]
    codes += ["GIVING_BACK"] if story.chance(0.4) else []
    conditions = [{"code": code, "provider": "A local service" if code in needed else None} for code in codes]
    terms = {"signed_on": today, "ends_on": ends, "conditions": conditions}
    story.does(story.keyworker, SignContract.model_validate(terms))
    issue(story, DocumentKind.contract)
    share_case(story)


def needs_of(story: Story) -> dict[str, int]:
    """How severe each need is at entry, 0 to 10."""
    open_needs = [code for code, need in rulebook().needs.items() if not need.restricted]
    scores = {code: story.random.choice((0, 0, 1, 1, 2, 3, 4)) for code in open_needs}
    return scores | {code: story.random.randrange(5, 10) for code in story.random.sample(open_needs, 2)}


def top(needs: dict[str, int]) -> list[str]:
    """The needs that a contract answers to."""
    return [code for code, score in needs.items() if score >= 5]


def assessment(stage: str, needs: dict[str, int]) -> AssessNeeds:
    """Every need, those that drive the offending linked to it."""
    scores = [{"need": code, "score": score, "linked": score >= 5} for code, score in needs.items()]
    return AssessNeeds.model_validate({"stage": stage, "scores": scores})


def meet(story: Story, after: int, attended: bool = True) -> None:
    """A meeting booked, and what became of it."""
    on = add_working_days(story.today, after)
    starts_at = datetime.combine(on, time(story.random.randrange(9, 16)), LONDON)
    booking = BookAppointment(starts_at=starts_at, purpose="Progress with the keyworker", place="Community Safety Hub")
    number = story.does(story.keyworker, booking).version
    if story.chance(0.08):
        starts_at += timedelta(days=7)
        move = RescheduleAppointment(
            appointment=number, starts_at=starts_at, asked_by="client", why="A shift was changed."
        )
        number = story.does(story.keyworker, move, after=1).version
    story.waits_until(london_date(starts_at))
    story.now = max(story.now, starts_at + timedelta(minutes=45))
    outcome: dict[str, Any] = {"appointment": number, "held": attended, "attended": attended}
    if not attended:
        outcome |= {"fault": "client", "acceptable": story.chance(0.4)}
    elif story.chance(0.1):
        outcome["late_minutes"] = 15
    story.does(story.keyworker, RecordAttendance.model_validate(outcome))


def keep_conditions(story: Story) -> None:
    """The term: meetings, progress, each condition kept; now and then one waived."""
    for _ in range(story.random.randrange(1, 3)):
        meet(story, after=story.random.randrange(5, 13), attended=story.chance(0.88))
    numbers = [condition.number for condition in story.case.conditions if ConditionKind(condition.kind).must_be_shown]
    progress = RecordProgress(condition=numbers[0], evidence="Engaging well; the provider confirms attendance.")
    story.does(story.keyworker, progress, after=story.random.randrange(3, 8))
    contract = story.case.contract
    if contract is not None:
        story.waits_until(max(story.today, contract.ends_on - timedelta(days=story.random.randrange(2, 12))))
    for number in numbers:
        if number > 3 and story.chance(0.06):
            story.does(
                PROBATION, WaiveCondition(condition=number, reasons="The provider closed; no other place was found.")
            )
        else:
            command = MarkConditionKept(condition=number, kept_on=story.today, evidence="Seen by the keyworker.")
            story.does(story.keyworker, command)


def complete(story: Story) -> None:
    """Assessed at exit, a little better off, and completed."""
    entry_scores = {score.need: score.score for score in story.case.need_scores if score.stage == "entry"}
    exit_scores = {need: max(0, score - story.random.choice((0, 1, 1, 2, 3))) for need, score in entry_scores.items()}
    story.does(story.keyworker, assessment("exit", exit_scores))
    starts = rulebook().outcomes[DIVERTED].starts
    if starts is not None and add_working_days(story.today, 1) < starts:
        command = CompleteCase(
            outcome_code=NOT_IN_THE_INTEREST, explanation="Contract kept; outcome 22 is not in force yet."
        )
        story.does(PROBATION, command)
    else:
        story.does(
            PROBATION, CompleteCase(outcome_code=DIVERTED, explanation="Every condition kept or waived."), after=1
        )
    issue(story, DocumentKind.completion_letter)
    tell_the_victim(story, "Told that every condition was kept.")


def tell_the_victim(story: Story, what: str) -> None:
    """Somebody rings, where there is anybody to ring; now and then nobody does."""
    if story.referral["victim_kind"] != "none" and story.chance(0.93):
        story.does(story.inspector, RecordVictimUpdate(told_on=story.today, how="telephone", what=what))


def charge_or_not(story: Story) -> None:
    """Back with the force: charged, or dealt with otherwise."""
    tell_the_victim(story, "Told that the case has gone back to the force.")
    outcome = story.random.choice((CHARGED, CHARGED, CHARGED, RESOLVED, NOT_IN_THE_INTEREST))
    after = story.random.randrange(1, 5)
    day = add_working_days(story.today, after)
    case = story.case
    if case.limit_on is not None and case.limit_basis == "statutory" and day > case.limit_on:
        outcome = EXPIRED
    command = RecordChargingDecision(outcome_code=outcome, decided_on=day, explanation="Reviewed against the Code.")
    story.does(story.inspector, command, after=after)
    tell_the_victim(story, "Told how the case has ended.")
