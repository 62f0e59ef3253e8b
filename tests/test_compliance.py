"""Late evidence is taken in after the fact: both records stay, and two times are kept apart."""

from datetime import date, timedelta
from typing import Any

import pytest

from divert.acts.refusals import Refused
from divert.casework.briefs.breach import before_charging, before_deciding
from divert.casework.command import Context
from divert.casework.commands.appointments import BookAppointment, CorrectAttendance, RecordAttendance
from divert.casework.commands.breach import DecideBreach, ReportBreach, ReviewBreach
from divert.casework.commands.conditions import CorrectCondition, MarkConditionKept
from divert.casework.commands.contract import PauseContract, ResumeContract, SignContract
from divert.casework.commands.support import Allocate, AssessNeeds
from divert.casework.compliance import Compliance, compliance
from divert.casework.upkeep.check import check
from divert.models import State
from divert.records import ledger
from tests.office import ENTRY, INSPECTOR, KEYWORKER, PROBATION_LEAD, SIGNED_CONDITIONS, Office

SHEET = "The service's attendance sheet, received today: every session was kept by 18 May."
LATE: dict[str, Any] = {"condition": 4, "kept": True, "effective_on": date(2019, 5, 18), "evidence": SHEET}
ENDED: dict[str, Any] = {"decision": "end", "probation_view": "Agrees.", "reasons": "Nothing was kept."}


def stands(office: Office, ref: str, number: int) -> Compliance:
    with office.database.reading() as session:
        case = office.find(session, ref)
        return next(one for one in compliance(case, ledger.entries_of(session, case)) if one.number == number)


def reported(office: Office) -> str:
    """Dale's alcohol sessions were not kept, says the report of 20 May."""
    ref = office.case_in(State.active)
    office.on("2019-05-20")
    said = {"conditions": [4], "what": "No sessions kept.", "excuse_asked": True, "excuse": "Says he went."}
    office.does(KEYWORKER, ReportBreach.model_validate({**said, "occurred_on": office.today}), ref)
    return ref


def ended(office: Office) -> str:
    ref = reported(office)
    office.does(INSPECTOR, DecideBreach.model_validate(ENDED), ref)
    return ref


def test_evidence_that_comes_after_the_report_lies_before_whoever_decides(office: Office) -> None:
    ref = reported(office)
    office.on("2019-05-22")
    office.does(KEYWORKER, CorrectCondition(**LATE), ref)
    with office.database.reading() as session:
        case = office.find(session, ref)
        told = dict(before_deciding(case, Context(session, INSPECTOR, office.now, case.version + 1)))
    [(what, words)] = told["What has come in since"]
    assert what == "Condition 4 was kept on 18 May 2019."
    assert words == f"{SHEET} Recorded on 22 May 2019, 10:01am."


def test_it_is_known_what_was_known_when(office: Office) -> None:
    ref = reported(office)
    office.on("2019-05-22")
    office.does(KEYWORKER, CorrectCondition(**LATE), ref)
    condition = stands(office, ref, 4)
    assert (condition.standing, condition.settled_on, condition.in_time) == ("kept", date(2019, 5, 18), True)
    [said] = condition.statements
    assert (said.effective_on, said.recorded_at.date()) == (date(2019, 5, 18), date(2019, 5, 22))


def test_a_mark_that_was_wrong_is_taken_back_and_both_records_stay(office: Office) -> None:
    ref = office.case_in(State.active)
    office.on("2019-05-14")
    office.does(KEYWORKER, MarkConditionKept(condition=4, kept_on=office.today, evidence="Certificate seen."), ref)
    forged = {**LATE, "kept": False, "effective_on": office.today, "evidence": "The service never issued it."}
    office.does(KEYWORKER, CorrectCondition.model_validate(forged), ref)
    condition = stands(office, ref, 4)
    assert (condition.standing, condition.settled_on, condition.in_time) == ("open", None, None)
    assert [said.standing for said in condition.statements] == ["kept", "open"]
    with office.open(ref) as case:
        waiting = [one.about for one in case.deadlines if one.kind == "condition" and one.status == "open"]
    assert 4 in waiting


def test_what_was_kept_after_its_day_is_kept_and_late(office: Office) -> None:
    ref = office.accepts(office.checks(office.refers()))
    dated = [{**one, "due_on": "2019-05-12"} if one["code"] == "GIVING_BACK" else one for one in SIGNED_CONDITIONS]
    office.signs(ref, conditions=dated)
    office.on("2019-05-20")
    office.does(KEYWORKER, MarkConditionKept(condition=5, kept_on=date(2019, 5, 18), evidence="Six hours."), ref)
    condition = stands(office, ref, 5)
    assert (condition.standing, condition.due_on, condition.in_time) == ("kept", date(2019, 5, 12), False)


def test_after_late_evidence_the_ended_case_is_decided_afresh(office: Office) -> None:
    ref = ended(office)
    assert office.state(ref) == State.returned
    with pytest.raises(Refused, match="Nothing has been put on record since the decision"):
        office.does(INSPECTOR, ReviewBreach(reasons="A second thought."), ref)
    office.on("2019-05-24")
    office.does(KEYWORKER, CorrectCondition(**LATE), ref)
    with office.database.reading() as session:
        case = office.find(session, ref)
        told = dict(before_charging(case, Context(session, INSPECTOR, office.now, case.version + 1)))
    assert ("Conditions", "1 of 5 kept so far.") in told["How it was kept, as now known"]
    office.does(INSPECTOR, ReviewBreach(reasons="The sheet shows that he went."), ref)
    with office.open(ref) as case:
        assert (case.state, case.return_reason, case.breaches[-1].decision) == (State.breach_review, None, None)
    goes_on = {"decision": "continue", "probation_view": "He kept it.", "reasons": "The report was mistaken."}
    office.does(INSPECTOR, DecideBreach.model_validate(goes_on), ref)
    assert office.state(ref) == State.active
    with office.database.reading() as session:
        assert not list(check(session))


def test_an_absence_excused_too_late_can_still_be_put_right(office: Office) -> None:
    ref = office.case_in(State.active)
    meeting = BookAppointment(starts_at=office.now, purpose="Review", place="Hub")
    number = office.does(KEYWORKER, meeting, ref).version
    office.does(KEYWORKER, RecordAttendance(appointment=number, held=True, attended=False, acceptable=False), ref)
    said = {"conditions": [3], "what": "Missed.", "excuse_asked": True, "excuse": "None."}
    office.does(KEYWORKER, ReportBreach.model_validate({**said, "occurred_on": office.today}), ref)
    office.does(INSPECTOR, DecideBreach.model_validate(ENDED), ref)
    letter = CorrectAttendance(
        appointment=number,
        held=True,
        attended=False,
        acceptable=True,
        reason="A hospital letter came: he was admitted.",
    )
    office.does(KEYWORKER, letter, ref)
    office.does(INSPECTOR, ReviewBreach(reasons="He was in hospital."), ref)
    assert office.state(ref) == State.breach_review


def test_a_pause_stops_the_clocks_that_it_names_and_resuming_gives_back_the_rest(office: Office) -> None:
    ref = office.accepts(office.checks(office.refers()))
    dated = [{**one, "due_on": "2019-06-30"} if one["code"] == "GIVING_BACK" else one for one in SIGNED_CONDITIONS]
    office.signs(ref, conditions=dated)
    office.on("2019-06-01")
    away = {"from_on": "2019-06-01", "until_on": "2019-06-14", "why": "In hospital."}
    both = PauseContract.model_validate({**away, "stops": ["contract_end", "condition_dates"]})
    office.does(PROBATION_LEAD, both, ref)
    with office.open(ref) as case:
        assert case.contract is not None
        assert (case.contract.ends_on, case.conditions[4].due_on) == (date(2019, 8, 18), date(2019, 7, 14))
        assert case.limit_on == date(2019, 10, 30)
    office.on("2019-06-08")
    office.does(PROBATION_LEAD, ResumeContract(resumed_on=office.today), ref)
    with office.open(ref) as case:
        assert case.contract is not None
        assert (case.contract.ends_on, case.conditions[4].due_on) == (date(2019, 8, 11), date(2019, 7, 7))


def test_a_pause_that_has_run_out_is_no_longer_in_the_way_of_another(office: Office) -> None:
    ref = office.case_in(State.active)
    for first in (date(2019, 5, 7), date(2019, 6, 3)):
        office.on(first)
        away = PauseContract(from_on=first, until_on=first + timedelta(6), stops=["contract_end"], why="Away.")
        office.does(PROBATION_LEAD, away, ref)
    with office.open(ref) as case:
        assert case.contract is not None
        assert case.contract.ends_on == date(2019, 8, 18)


def test_the_words_signed_are_on_record_with_the_signature(office: Office) -> None:
    ref = office.case_in(State.active)
    with office.database.reading() as session:
        case = office.find(session, ref)
        signed = next(one for one in ledger.entries_of(session, case) if one.command == "sign-contract")
        assert "I will not commit any offence while this contract lasts." in (signed.body or "")
        assert "In particular: six hours at the community garden." in (signed.body or "")


def test_heroin_assisted_treatment_is_offered_from_the_clinics_opening(office: Office) -> None:
    clinic = [*SIGNED_CONDITIONS[:3], {"code": "HEROIN_ASSISTED_TREATMENT", "provider": "Foundations Medical Practice"}]
    ref = office.accepts(office.checks(office.refers()))
    with pytest.raises(Refused, match="does not offer this on 6 May 2019: HEROIN_ASSISTED_TREATMENT"):
        office.signs(ref, conditions=clinic)
    office.on("2019-10-02")
    late = office.accepts(office.checks(office.refers(crime_ref="CVP-19-2", surname="Brook", offence_on="2019-10-01")))
    office.does(PROBATION_LEAD, Allocate(keyworker=KEYWORKER.username), late)
    office.does(KEYWORKER, AssessNeeds.model_validate(ENTRY), late)
    terms = {"signed_on": office.today, "ends_on": office.today + timedelta(90), "conditions": clinic}
    office.does(KEYWORKER, SignContract.model_validate(terms), late)
    assert office.state(late) == State.active


def test_a_case_may_be_completed_early_once_everything_is_kept(office: Office) -> None:
    ref = office.completes(office.keeps(office.case_in(State.active)))
    with office.open(ref) as case:
        assert case.contract is not None
        assert (case.state, case.state_since.date() < case.contract.ends_on) == (State.completed, True)
