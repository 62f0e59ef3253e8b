"""What meets a deadline: for each kind, who would do what about the case as it stands."""

from collections.abc import Callable
from datetime import timedelta

from divert.casework.command import CaseCommand
from divert.casework.commands.appointments import BookAppointment, RecordAttendance
from divert.casework.commands.breach import DecideBreach, ReportBreach
from divert.casework.commands.conditions import MarkConditionKept, RecordProgress, WaiveCondition
from divert.casework.commands.contract import DeclineContract, SignContract, VaryContract
from divert.casework.commands.decisions import (
    CheckEligibility,
    Decide,
    DecideForPolice,
    DecideForProbation,
    Reconsider,
    ReturnToForce,
)
from divert.casework.commands.ending import CloseCase, CompleteCase, RecordChargingDecision
from divert.casework.commands.record import RecordFollowUp
from divert.casework.commands.referral import CorrectFacts, RecordReferralAgreement
from divert.casework.commands.support import Allocate
from divert.casework.commands.victim import RecordVictimUpdate, RecordVictimViews
from divert.demo.people import pick
from divert.demo.stages import assessment
from divert.eligibility.policies import released_policies
from divert.law.rulebook import rulebook
from divert.law.time_limits import add_months
from divert.law.working_days import add_working_days
from divert.models import ANSWERED, Case, Role, State
from divert.people.staff import Actor
from tests.year.office import Due, Office, example, moment

P, B, M = Role.police_team_lead, Role.probation_team_lead, Role.project_manager
DIVERTED, NOT_IN_THE_INTEREST, EXPIRED = 22, 10, 17
NEEDS = [code for code, need in rulebook().needs.items() if not need.restricted]


Todo = list[tuple[Actor | None, CaseCommand]]
Step = Callable[[Office, Case, Due], Todo]


def see_to(office: Office, one: Due) -> None:
    """Whoever may does what this deadline asks for, as far as it can be done today."""
    with office.case(one.ref) as case:
        todo = STEPS[one.kind](office, case, one)
    for who, command in todo:
        if who is None or office.does((who, command), one.ref) is None:
            return


def agreement(office: Office, case: Case, _: Due) -> Todo:
    if office.chance(0.04):
        gone = CloseCase(reason_code="withdrew_before_start", explanation="Would rather not.")
        return [(office.anyone(P), gone)]
    return [(office.anyone(P), RecordReferralAgreement(signed_on=office.today))]


def facts(office: Office, case: Case, _: Due) -> Todo:
    answer = {**office.unknown.get(case.ref, {}), "reason": "Asked for; the record was seen."}
    return [(office.in_today(case.referred_by) or office.anyone(P), CorrectFacts.model_validate(answer))]


def eligibility_check(office: Office, _case: Case, _: Due) -> Todo:
    return [(office.anyone(P), CheckEligibility())]


def victim_views(office: Office, case: Case, _: Due) -> Todo:
    tried = case.victim.attempts if case.victim is not None else 0
    views = pick(office.random, {"obtained": 60, "declined": 12, "unreachable": 8 + 8 * tried, "sought": 20})
    said = {"views": views, "attempts": tried + 1, "contact_name": "The manager", "words": "Wants it to stop."}
    return [(office.anyone(P), RecordVictimViews.model_validate(said))]


def decision(command: type[Decide], role: Role) -> Step:
    def decided(office: Office, case: Case, _: Due) -> Todo:
        heard = case.victim is None or case.victim.kind == "none" or case.victim.views in ANSWERED
        odds = {"eligible": 0.96, "review": 0.75, "ineligible": 0.05}.get(case.verdict or "", 0.0)
        accept = office.chance(odds)
        if accept and not heard:
            return []
        return [(office.anyone(role), answer(command, case, accept))]

    return decided


def answer(command: type[Decide], case: Case, accept: bool) -> Decide:
    """Yes or no, with a reason the more where it goes against the verdict."""
    said = command(accept=accept, reasons="Talked over with the officer; low harm." if accept else "Too grave for us.")
    if said.is_override(case):
        said = said.model_copy(update={"override_reason": "What the rule cannot see outweighs it here."})
    return said


def disagreement(office: Office, case: Case, one: Due) -> Todo:
    """Whoever said no thinks again; else it goes back."""
    no = next(d for d in (case.decision("police"), case.decision("probation")) if d is not None and not d.accept)
    heard = case.victim is None or case.victim.kind == "none" or case.victim.views in ANSWERED
    if heard and office.chance(0.5):
        return [(office.in_today(no.by), answer(Reconsider, case, accept=True))]
    return returned(office, case, one)


def returned(office: Office, case: Case, _: Due) -> Todo:
    code = "ineligible" if case.verdict == "ineligible" else "not_agreed"
    return [(office.anyone(P), ReturnToForce(reason_code=code, reasons="Both sides have said what they had to say."))]


def allocation(office: Office, case: Case, _: Due) -> Todo:
    workers = office.rota.on_duty(Role.probation_service_officer, office.today)
    specialist = office.rota.on_duty(Role.complex_needs_specialist, office.today)
    chosen = office.random.choice((specialist if case.complex_needs else []) or workers or specialist or [None])
    return [(office.anyone(B) or office.anyone(M), Allocate(keyworker=chosen.username))] if chosen else []


def needs_assessment(office: Office, case: Case, _: Due) -> Todo:
    severe = office.random.sample(NEEDS, 2)
    scores = {code: office.random.randrange(5, 10) if code in severe else office.random.randrange(4) for code in NEEDS}
    return [(office.in_today(case.keyworker), assessment("entry", scores))]


def contract_signature(office: Office, case: Case, _: Due) -> Todo:
    """Signed for as long as fits; declined by a few, and where nothing fits."""
    if not case.need_scores or case.keyworker is None:
        return []
    ends = add_months(office.today, office.random.choice((2, 3, 3, 4)))
    if case.limit_on is not None and case.limit_basis == "statutory":
        ends = min(ends, case.limit_on - timedelta(days=14))
    if office.chance(0.05) or ends < office.today + timedelta(days=14):
        return [(office.anyone(P), DeclineContract(reasons="Would rather have it heard in court."))]
    mandatory = released_policies().in_force(case.referred_on).contract.mandatory
    linked = {one.need for one in case.need_scores if one.linked}
    offered = [
        one for one in rulebook().conditions.values() if one.is_offered_on(office.today) and not one.victim_contact
    ]
    fitting = [one.code for one in offered if one.pathway in linked and one.code not in mandatory]
    chosen = [*mandatory, *fitting[: 5 - len(mandatory)]]
    terms = {"signed_on": office.today, "ends_on": ends, "conditions": [{"code": code} for code in chosen]}
    keyworker = office.in_today(case.keyworker)
    return [(keyworker, SignContract.model_validate(terms)), (keyworker, meeting(office))]


def meeting(office: Office) -> CaseCommand:
    """An appointment in the next weeks."""
    on = add_working_days(office.today, office.random.randrange(2, 15))
    starts = moment(on, office.random.randrange(9, 17))
    return example(BookAppointment, starts_at=starts)


def appointment(office: Office, case: Case, one: Due) -> Todo:
    """What became of it; the next one is booked; after too many missed, a breach is reported."""
    keyworker = office.in_today(case.keyworker)
    at = next((each.at for each in case.appointments if each.number == one.about), None)
    if at is not None and at > office.now:
        return []
    came = not office.chance(0.55 if case.ref in office.sinking else 0.07)
    happened: dict[str, object] = {"appointment": one.about, "held": came, "attended": came}
    if not came:
        happened |= {"fault": "client", "acceptable": office.chance(0.35)}
    todo: Todo = [(keyworker, RecordAttendance.model_validate(happened))]
    missed = sum(each.acceptable is False for each in case.appointments) + (happened.get("acceptable") is False)
    within = case.contract is not None and office.today <= case.contract.ends_on
    if case.state is State.active and missed > 1 and within and office.chance(0.7):
        return [*todo, (keyworker, breach(office, case))]
    if case.contract is not None and office.today + timedelta(days=20) < case.contract.ends_on:
        todo.append((keyworker, meeting(office)))
    return todo


def breach(office: Office, case: Case) -> CaseCommand:
    """A report about the first condition that is still open."""
    unmet = [one.number for one in case.conditions if one.status == "open"]
    on = min(office.today, case.contract.ends_on) if case.contract is not None else office.today
    return example(ReportBreach, conditions=unmet[:1], occurred_on=on)


def condition(office: Office, case: Case, one: Due) -> Todo:
    """Kept, or some progress towards it, or waived; those who stopped coming keep none."""
    if case.state is not State.active:
        return []
    keyworker = office.in_today(case.keyworker)
    if case.ref in office.sinking and office.chance(0.8):
        return [(keyworker, RecordProgress(condition=one.about, evidence="Nothing yet; letters unanswered."))]
    if office.chance(0.06):
        return [(office.anyone(B), WaiveCondition(condition=one.about, reasons="The provider closed."))]
    if office.chance(0.2):
        return [(keyworker, RecordProgress(condition=one.about, evidence="Half of the sessions attended."))]
    kept = MarkConditionKept(condition=one.about, kept_on=office.today, evidence="Seen by the keyworker.")
    return [(keyworker, kept)]


def contract_end(office: Office, case: Case, one: Due) -> Todo:
    """Completed where everything was kept; else more time where there is any, or a breach of what was not kept."""
    unmet = [each for each in case.conditions if each.status == "open" and each.kind != "refrain"]
    if not unmet:
        return completed(office, case)
    if one.due_on > office.today:
        return []
    chosen = [{"code": each.code} for each in case.conditions if each.status != "withdrawn"]
    terms = {"signed_on": office.today, "ends_on": office.today + timedelta(days=21), "conditions": chosen}
    if office.chance(0.3) and case.ref not in office.sinking:
        agreed = next((each.username for each in office.rota.on_duty(B, office.today)), "probation.lead")
        return [(office.in_today(case.keyworker), example(VaryContract, **terms, agreed_by=agreed))]
    if office.chance(0.4):
        return [(office.anyone(B), WaiveCondition(condition=each.number, reasons="Enough was done.")) for each in unmet]
    return [(office.in_today(case.keyworker), breach(office, case))]


def completed(office: Office, case: Case) -> Todo:
    """Assessed at exit by the keyworker, completed by the probation lead."""
    entry = {each.need: each.score for each in case.need_scores if each.stage == "entry"}
    better = {need: max(0, score - office.random.randrange(3)) for need, score in entry.items() if need in NEEDS}
    starts = rulebook().outcomes[DIVERTED].starts
    code = NOT_IN_THE_INTEREST if starts is not None and office.today < starts else DIVERTED
    end = CompleteCase(outcome_code=code, explanation="Every condition kept or waived.")
    todo: Todo = [(office.anyone(B), end)]
    if not any(each.stage == "exit" for each in case.need_scores):
        todo.insert(0, (office.in_today(case.keyworker), assessment("exit", better)))
    return todo


def breach_decision(office: Office, case: Case, _: Due) -> Todo:
    sinking = case.ref in office.sinking
    how = pick(office.random, {"end": 60 if sinking else 25, "warn": 25, "continue": 10, "vary": 10})
    said = {"decision": how, "probation_view": "We see it the same way.", "reasons": "What was tried is on record."}
    reporter = case.breaches[-1].reported_by
    others = [each for each in office.rota.on_duty(P, office.today) if each.username != reporter]
    return [(office.random.choice(others), DecideBreach.model_validate(said))] if others else []


def charging_decision(office: Office, case: Case, _: Due) -> Todo:
    expired = case.limit_basis == "statutory" and case.limit_on is not None and office.today > case.limit_on
    code = EXPIRED if expired else office.random.choice((1, 1, 1, 8, 10))
    done = RecordChargingDecision(outcome_code=code, decided_on=office.today, explanation="Reviewed against the Code.")
    return [(office.anyone(P), done)]


def victim_update(office: Office, _case: Case, _: Due) -> Todo:
    told = RecordVictimUpdate(told_on=office.today, how="telephone", what="Told where it stands.")
    return [(office.anyone(P), told)]


def follow_up(office: Office, _case: Case, _: Due) -> Todo:
    looked = RecordFollowUp(checked_on=office.today, reoffended=office.chance(0.2))
    return [(office.anyone(B), looked)]


STEPS: dict[str, Step] = {
    "agreement": agreement,
    "facts": facts,
    "eligibility_check": eligibility_check,
    "victim_views": victim_views,
    "police_decision": decision(DecideForPolice, P),
    "probation_decision": decision(DecideForProbation, B),
    "disagreement": disagreement,
    "return": returned,
    "allocation": allocation,
    "first_contact": needs_assessment,
    "needs_assessment": needs_assessment,
    "contract_signature": contract_signature,
    "condition": condition,
    "appointment": appointment,
    "contract_end": contract_end,
    "breach_decision": breach_decision,
    "charging_decision": charging_decision,
    "victim_update": victim_update,
    "follow_up": follow_up,
}
