"""People's paths, to be read aloud. Each is one person, from referral to the end."""

import pytest
from sqlalchemy import select

from divert.acts.refusals import Refused
from divert.casework.commands.appointments import BookAppointment
from divert.casework.commands.breach import DecideBreach, RecordNewOffence, ReportBreach
from divert.casework.commands.contract import DeclineContract, SignContract
from divert.casework.commands.decisions import (
    CheckEligibility,
    DecideForPolice,
    DecideForProbation,
    Reconsider,
    ReturnToForce,
)
from divert.casework.commands.ending import CloseCase, CompleteCase, RecordChargingDecision, Reinstate
from divert.casework.commands.referral import CorrectFacts, RecordReferralAgreement
from divert.casework.commands.support import Allocate, AssessNeeds
from divert.casework.upkeep.check import check
from divert.models import Case, State
from divert.records.ledger import entries_of
from tests.office import (
    ENTRY,
    INSPECTOR,
    KEYWORKER,
    MANAGER,
    OFFICER,
    OTHER_INSPECTOR,
    PROBATION_LEAD,
    SPECIALIST,
    Office,
)


def said(office: Office, ref: str) -> list[str]:
    """The commands of a case's history, in order."""
    with office.database.reading() as session:
        return [entry.command for entry in entries_of(session, office.find(session, ref))]


def why_not(refusal: pytest.ExceptionInfo[Refused]) -> set[str]:
    return {name for name, _ in refusal.value.reasons}


def test_dale_keeps_his_contract_and_is_never_prosecuted(office: Office) -> None:
    dale = office.on("2019-05-06").refers()
    assert office.state(dale) is State.referred

    office.checks(dale)
    assert office.state(dale) is State.under_decision

    office.accepts(dale)
    assert office.state(dale) is State.accepted

    office.signs(dale)
    assert office.state(dale) is State.active

    office.completes(office.keeps(dale))
    with office.open(dale) as case:
        assert case.state is State.completed
        assert case.outcome_code == 22
        assert {one.status for one in case.conditions} == {"kept"}
        assert {one.kind for one in case.deadlines if one.status == "open"} == {
            "victim_update",
            "follow_up",
            "retention_review",
        }
    assert len(said(office, dale)) == 17


def test_erin_drinks_misses_her_meetings_and_is_charged_in_time(office: Office) -> None:
    """Drunk and disorderly is summary-only: a charge has to be issued within six months."""
    facts = {"offence_code": "CJ67002", "offence_on": "2019-04-20", "surname": "Marsh", "forenames": "Erin"}
    erin = office.on("2019-05-06").refers(**facts, victim_kind="none", value_gbp=None, pnc_id=None)
    office.does(OFFICER, RecordReferralAgreement(signed_on=office.today), erin)
    office.does(INSPECTOR, CheckEligibility(), erin)
    office.accepts(erin)
    with office.open(erin) as case:
        assert case.limit_on is not None
        assert case.limit_on.isoformat() == "2019-10-20"
    office.signs(erin)

    office.on("2019-06-12")
    missed = ReportBreach(
        conditions=[3],
        occurred_on=office.today,
        what="Two meetings missed; three calls and a letter unanswered.",
        excuse_asked=True,
        excuse="None given.",
    )
    office.does(KEYWORKER, missed, erin)
    assert office.state(erin) is State.breach_review

    office.on("2019-06-14")
    ended = DecideBreach(decision="end", probation_view="Has not engaged at all.", reasons="Nothing left to work with.")
    office.does(INSPECTOR, ended, erin)
    assert office.state(erin) is State.returned

    office.on("2019-06-20")
    office.does(INSPECTOR, RecordChargingDecision(outcome_code=1, decided_on=office.today), erin)
    with office.open(erin) as case:
        assert case.state is State.prosecuted
        assert case.outcome_code == 1
        assert case.return_reason == "breached"


def test_a_first_lapse_is_warned_and_the_case_goes_on_to_completion(office: Office) -> None:
    dale = office.case_in(State.breach_review)
    warned = DecideBreach(decision="warn", probation_view="Would go on.", reasons="First lapse after real progress.")
    office.does(INSPECTOR, warned, dale)
    assert office.state(dale) is State.active
    office.completes(office.keeps(dale))
    assert office.state(dale) is State.completed


def test_whoever_reported_a_new_offence_does_not_decide_what_follows(office: Office) -> None:
    dale = office.case_in(State.active)
    office.on("2019-06-03")
    office.does(INSPECTOR, RecordNewOffence(occurred_on=office.today, crime_ref="CVP-19-9", what="Shop theft."), dale)
    ends = DecideBreach(decision="end", probation_view="Regrets it, agrees.", reasons="A second theft in a month.")
    with pytest.raises(Refused) as refusal:
        office.does(INSPECTOR, ends, dale)
    assert why_not(refusal) == {"not_the_reporter"}
    office.does(OTHER_INSPECTOR, ends, dale)
    with office.open(dale) as case:
        assert (case.state, case.return_reason) == (State.returned, "new_offence")


def test_femi_is_on_a_community_order_and_is_refused_by_two_named_people(office: Office) -> None:
    femi = office.refers(surname="Adeyemi", forenames="Femi", current_order="community order")
    office.checks(femi)
    with office.open(femi) as case:
        assert case.verdict == "ineligible"
        assert case.check is not None
        assert case.check.because == "current_order"
    office.does(INSPECTOR, DecideForPolice(accept=False, reasons="Under an order already."), femi)
    office.does(PROBATION_LEAD, DecideForProbation(accept=False, reasons="His order deals with this."), femi)
    office.does(INSPECTOR, ReturnToForce(reason_code="ineligible", reasons="Community order in force."), femi)
    with office.open(femi) as case:
        assert case.state is State.returned
        assert not any(one.override for one in case.decisions)


def test_taking_an_ineligible_case_is_an_override_and_must_say_why(office: Office) -> None:
    femi = office.checks(office.refers(surname="Adeyemi", forenames="Femi", on_bail="yes"))
    with pytest.raises(Refused) as refusal:
        office.does(INSPECTOR, DecideForPolice(accept=True, reasons="Worth a chance."), femi)
    assert why_not(refusal) == {"override_is_explained"}
    explained = DecideForPolice(
        accept=True, reasons="Worth a chance.", override_reason="The bail ends tomorrow, no charge."
    )
    office.does(INSPECTOR, explained, femi)
    with office.open(femi) as case:
        assert [one.override for one in case.decisions] == [True]


def test_grace_reads_the_contract_and_would_rather_go_to_court(office: Office) -> None:
    grace = office.case_in(State.accepted, surname="Obi", forenames="Grace", sex="F")
    office.does(PROBATION_LEAD, Allocate(keyworker=SPECIALIST.username), grace)
    office.does(SPECIALIST, DeclineContract(reasons="Would rather go to court."), grace)
    with office.open(grace) as case:
        assert (case.state, case.return_reason) == (State.returned, "declined")


def test_police_and_probation_differ_talk_and_agree(office: Office) -> None:
    hana = office.checks(office.refers(surname="Novak", forenames="Hana", previous_convictions=2))
    office.does(INSPECTOR, DecideForPolice(accept=False, reasons="Two convictions in three years."), hana)
    office.does(PROBATION_LEAD, DecideForProbation(accept=True, reasons="Both before she had help."), hana)
    assert office.state(hana) is State.under_decision
    with pytest.raises(Refused) as refusal:
        office.does(OTHER_INSPECTOR, Reconsider(accept=True, reasons="I would take it."), hana)
    assert why_not(refusal) == {"decided_before"}

    office.does(INSPECTOR, Reconsider(accept=True, reasons="Probation knows her; persuaded."), hana)
    assert office.state(hana) is State.accepted
    assert said(office, hana)[-3:] == ["decide-for-police", "decide-for-probation", "reconsider"]


def test_ivan_dies_and_what_is_outstanding_is_cancelled(office: Office) -> None:
    ivan = office.case_in(State.active, surname="Petrov", forenames="Ivan")
    office.does(MANAGER, CloseCase(reason_code="died", explanation="Family told the keyworker."), ivan)
    with office.open(ivan) as case:
        assert (case.state, case.outcome_code) == (State.closed, 5)
        assert {one.kind for one in case.deadlines if one.status == "open"} == {"victim_update", "retention_review"}


def test_a_case_closed_in_error_goes_on_where_it_was(office: Office) -> None:
    dale = office.case_in(State.active)
    office.does(MANAGER, CloseCase(reason_code="opened_in_error", explanation="Wrong Dale."), dale)
    office.does(MANAGER, Reinstate(reason="It was the other Dale."), dale)
    with office.open(dale) as case:
        assert (case.state, case.close_reason, case.outcome_code) == (State.active, None, None)
        assert any(one.status == "open" and one.kind == "contract_end" for one in case.deadlines)


def test_facts_that_were_not_known_are_asked_for_and_then_judged(office: Office) -> None:
    jo = office.refers(surname="Lund", forenames="Jo", remorse=None)
    office.checks(jo)
    with office.open(jo) as case:
        assert (case.state, case.verdict) == (State.referred, "not_yet_known")
    office.does(OFFICER, CorrectFacts.model_validate({"reason": "Asked in interview.", "remorse": "yes"}), jo)
    with office.open(jo) as case:
        assert case.verdict_out_of_date
    office.does(OFFICER, CheckEligibility(), jo)
    with office.open(jo) as case:
        assert (case.state, case.verdict, case.verdict_out_of_date) == (State.under_decision, "eligible", False)
        assert [one.verdict for one in case.checks] == ["not_yet_known", "eligible"]


def test_no_contract_is_signed_that_would_outlast_the_time_to_charge(office: Office) -> None:
    """Offence 1 April, limit 1 October, two weeks kept back to decide: the contract must end by 17 September."""
    facts = {"offence_code": "CJ67002", "offence_on": "2019-04-01", "victim_kind": "none", "value_gbp": None}
    erin = office.on("2019-05-20").refers(**facts)
    office.does(OFFICER, RecordReferralAgreement(signed_on=office.today), erin)
    office.does(INSPECTOR, CheckEligibility(), erin)
    office.accepts(erin)
    office.does(PROBATION_LEAD, Allocate(keyworker=KEYWORKER.username), erin)
    office.does(KEYWORKER, AssessNeeds.model_validate(ENTRY), erin)
    terms = {**SignContract.model_json_schema()["examples"][0], "signed_on": "2019-05-20"}
    with pytest.raises(Refused) as refusal:
        office.does(KEYWORKER, SignContract.model_validate({**terms, "ends_on": "2019-09-18"}), erin)
    assert why_not(refusal) == {"fits_time_limit"}
    assert "17 September 2019" in str(refusal.value)
    office.does(KEYWORKER, SignContract.model_validate({**terms, "ends_on": "2019-09-17"}), erin)
    assert office.state(erin) is State.active


def test_past_the_limit_a_summary_offence_can_only_be_recorded_as_expired(office: Office) -> None:
    facts = {"offence_code": "CJ67002", "offence_on": "2019-04-20", "victim_kind": "none", "value_gbp": None}
    erin = office.on("2019-05-06").refers(**facts)
    office.does(OFFICER, RecordReferralAgreement(signed_on=office.today), erin)
    office.does(INSPECTOR, CheckEligibility(), erin)
    no = DecideForPolice(accept=False, reasons="Too many calls there.", override_reason="Harm to neighbours.")
    office.does(INSPECTOR, no, erin)
    office.does(INSPECTOR, ReturnToForce(reason_code="not_agreed", reasons="Police said no."), erin)
    office.on("2019-10-21")
    with pytest.raises(Refused) as refusal:
        office.does(INSPECTOR, RecordChargingDecision(outcome_code=1, decided_on=office.today), erin)
    assert why_not(refusal) == {"expired_only_when_past_the_limit"}
    office.does(INSPECTOR, RecordChargingDecision(outcome_code=17, decided_on=office.today), erin)
    with office.open(erin) as case:
        assert (case.state, case.close_reason) == (State.closed, "time_expired")


def test_before_april_2019_a_completed_case_has_the_outcome_an_officer_chose_and_explained(office: Office) -> None:
    pilot = {"offence_on": "2018-12-20"}
    dale = office.on("2019-01-07").refers(**pilot)
    office.keeps(office.signs(office.accepts(office.checks(dale))))
    with pytest.raises(Refused) as refusal:
        office.does(PROBATION_LEAD, CompleteCase(outcome_code=22), dale)
    assert why_not(refusal) == {"outcome_fits_the_date"}
    office.does(PROBATION_LEAD, CompleteCase(outcome_code=8, explanation="Community resolution fits best."), dale)
    assert office.state(dale) is State.completed


def test_the_same_person_is_not_referred_twice_for_one_crime(office: Office) -> None:
    dale = office.refers()
    with pytest.raises(Refused, match=dale):
        office.refers()
    with office.database.reading() as session:
        assert len(session.scalars(select(Case)).all()) == 1


def test_nothing_stays_booked_for_somebody_who_is_no_longer_with_the_scheme(office: Office) -> None:
    meeting = BookAppointment.model_validate({"starts_at": "2019-09-20T10:00", "purpose": "Talk", "place": "Hub"})
    dale = office.keeps(office.case_in(State.active))
    office.does(KEYWORKER, meeting, dale)
    office.completes(dale)
    sam = office.on("2019-05-06").case_in(State.breach_review, surname="Brook", crime_ref="CVP-19-2")
    office.does(KEYWORKER, meeting, sam)
    end = DecideBreach(decision="end", probation_view="No contact since.", reasons="Nothing was kept.")
    office.does(INSPECTOR, end, sam)
    office.does(INSPECTOR, RecordChargingDecision(outcome_code=1, decided_on=office.today), sam)
    for ref in (dale, sam):
        with office.open(ref) as case:
            assert case.appointments[-1].status == "cancelled"
    with office.database.reading() as session:
        assert [str(fault) for fault in check(session)] == []


def test_a_closing_that_was_taken_back_once_lends_itself_to_no_other(office: Office) -> None:
    """Closed by mistake and reinstated, then returned and not charged: that end cannot be undone as the mistake was."""
    dale = office.case_in(State.breach_review)
    office.does(MANAGER, CloseCase(reason_code="opened_in_error", explanation="Wrong row."), dale)
    office.does(MANAGER, Reinstate(reason="It was meant for another case."), dale)
    end = DecideBreach(decision="end", probation_view="No contact since.", reasons="Nothing was kept.")
    office.does(INSPECTOR, end, dale)
    office.does(INSPECTOR, RecordChargingDecision(outcome_code=10, decided_on=office.today), dale)
    with pytest.raises(Refused) as refusal:
        office.does(MANAGER, Reinstate(reason="Once more."), dale)
    assert why_not(refusal) == {"was_closed_by_reason"}
