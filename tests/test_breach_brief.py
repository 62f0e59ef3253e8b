"""Whoever decides a breach has before them what was tried, what was said, how like cases went, and the clock."""

from datetime import timedelta

from divert.casework.briefs.breach import before_deciding
from divert.casework.command import Context
from divert.casework.commands.appointments import BookAppointment, RecordAttendance
from divert.casework.commands.breach import DecideBreach, ReportBreach
from divert.models import State
from tests.office import INSPECTOR, KEYWORKER, Office

MISSED = {"conditions": [3], "what": "Two meetings missed.", "excuse_asked": True, "excuse": "The bus was late."}


def before_the_inspector(office: Office, ref: str) -> dict[str, list[tuple[str, str]]]:
    with office.database.reading() as session:
        case = office.find(session, ref)
        return dict(before_deciding(case, Context(session, INSPECTOR, office.now, case.version + 1)))


def missed(office: Office, ref: str) -> str:
    """A meeting to which nobody came, and the report of it."""
    meeting = {"starts_at": f"{office.today}T08:00", "purpose": "Review", "place": "Hub"}
    booked = office.does(KEYWORKER, BookAppointment.model_validate(meeting), ref).version
    came = RecordAttendance(appointment=booked, held=False, attended=False, acceptable=False)
    office.does(KEYWORKER, came, ref)
    office.does(KEYWORKER, ReportBreach.model_validate({**MISSED, "occurred_on": office.today}), ref)
    return ref


def test_the_report_the_excuse_and_what_was_tried_are_there(office: Office) -> None:
    told = before_the_inspector(office, missed(office, office.case_in(State.active)))
    assert ("What they said", "The bus was late.") in told["What is reported"]
    assert ("6 May 2019, 8:00am", "Review: did not come, with no acceptable reason.") in told["What was tried before"]
    assert ("Conditions", "0 of 5 kept so far.") in told["What was tried before"]


def test_the_clock_says_how_many_days_each_decision_leaves(office: Office) -> None:
    """Offence 30 April, limit 30 October as a precaution; contract to 4 August; decided on 20 May."""
    ref = missed(office, office.case_in(State.active))
    office.on("2019-05-20")
    clock = dict(before_the_inspector(office, ref)["What each decision does to the clock"])
    assert clock["End"] == "The force has 163 days to decide, to 30 October 2019."
    assert "runs on to 4 August 2019" in clock["Continue, or warn"]
    assert "87 days would be left" in clock["Continue, or warn"]


def test_like_cases_are_counted_and_this_one_is_not(office: Office) -> None:
    for place, decision in enumerate(("warn", "warn", "end")):
        ref = missed(office, office.on("2019-05-06").case_in(State.active, crime_ref=f"CVP-19-{place}", surname="Lee"))
        said = {"decision": decision, "probation_view": "Agrees.", "reasons": "As it stands."}
        office.does(INSPECTOR, DecideBreach.model_validate(said), ref)
    this = missed(office, office.on("2019-05-06").case_in(State.active, crime_ref="CVP-19-9", surname="Ray"))
    assert before_the_inspector(office, this)["How like cases were decided, and ended"] == [
        ("Warned", "2 of 3 of any offence. Those cases: 2 active."),
        ("Ended", "1 of 3 of any offence. Those cases: 1 returned."),
    ]


def test_enough_cases_of_the_same_offence_are_shown_alone(office: Office) -> None:
    for place, offence in enumerate(["TH68010"] * 5 + ["TH68020"]):
        start = office.on("2019-05-06")
        ref = missed(
            start, start.case_in(State.active, crime_ref=f"CVP-19-{place}", surname="Lee", offence_code=offence)
        )
        said = {"decision": "warn", "probation_view": "Agrees.", "reasons": "As it stands."}
        office.does(INSPECTOR, DecideBreach.model_validate(said), ref)
    this = missed(office, office.on("2019-05-06").case_in(State.active, crime_ref="CVP-19-9", surname="Ray"))
    like = before_the_inspector(office, this)["How like cases were decided, and ended"]
    assert like == [("Warned", "5 of 5 of the same offence. Those cases: 5 active.")]


def test_a_second_report_shows_how_the_first_was_decided(office: Office) -> None:
    ref = missed(office, office.case_in(State.active))
    said = {"decision": "warn", "probation_view": "Agrees.", "reasons": "A first lapse."}
    office.does(INSPECTOR, DecideBreach.model_validate(said), ref)
    office.on(office.today + timedelta(days=7))
    tried = before_the_inspector(office, missed(office, ref))["What was tried before"]
    assert ("Breach, 6 May 2019", "Decided: warn.") in tried
