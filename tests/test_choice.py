"""What a form offers to choose: nothing that the procedure would refuse whatever else were answered."""

from typing import Any

import pytest

from api.procedure.choices import choices_for, schema_with_choices
from divert.casework.command import CaseCommand, Context
from divert.casework.commands.appointments import BookAppointment, CancelAppointment, RecordAttendance
from divert.casework.commands.ending import CloseCase, CompleteCase, RecordChargingDecision
from divert.casework.commands.record import LiftSensitivity, RecordFollowUp, SetSensitivity
from divert.casework.commands.support import Allocate, AssessNeeds
from divert.casework.lifecycle import COMMANDS, row_for
from divert.models import Sensitivity, State
from divert.people.staff import Actor
from tests.office import INSPECTOR, KEYWORKER, MANAGER, PROBATION_LEAD, Office
from tests.ready import READY
from tests.refusals import MEETING


def choices(desk: Office, ref: str, who: Actor, command: type[CaseCommand], named: str) -> list[Any]:
    """What `who` may choose from, by value."""
    with desk.database.reading() as session:
        case = desk.find(session, ref)
        context = Context(session, who, desk.now, case.version + 1)
        return [value for value, _ in choices_for(command, case, context)[named]]


def test_a_completed_case_is_outcome_22_from_the_day_there_was_one(desk: Office) -> None:
    ref = desk.on("2019-01-07").case_in(State.active, offence_on="2019-01-05")
    before = choices(desk, ref, PROBATION_LEAD, CompleteCase, "outcomes")
    assert not {1, 17, 22} & set(before)
    assert {8, 10} <= set(before)
    desk.on("2019-04-01")
    assert choices(desk, ref, PROBATION_LEAD, CompleteCase, "outcomes") == [22]


def test_a_charging_decision_is_never_22_and_17_only_once_the_limit_has_passed(desk: Office) -> None:
    ref = desk.case_in(State.returned, offence_code="CJ67002", value_gbp=None)
    with desk.open(ref) as case:
        limit = case.limit_on
        assert limit is not None
        assert case.limit_basis == "statutory"
    offered_then = set(choices(desk.on(limit), ref, INSPECTOR, RecordChargingDecision, "outcomes"))
    assert 1 in offered_then
    assert not {17, 22} & offered_then
    desk.on(limit.replace(day=limit.day + 1))
    assert set(choices(desk, ref, INSPECTOR, RecordChargingDecision, "outcomes")) - offered_then == {17}
    assert "time_expired" in choices(desk, ref, MANAGER, CloseCase, "close_reasons")
    precautionary = desk.case_in(State.returned, crime_ref="CVP-19-2")
    desk.on("2020-05-06")
    assert 17 not in choices(desk, precautionary, INSPECTOR, RecordChargingDecision, "outcomes")
    assert "time_expired" not in choices(desk, precautionary, MANAGER, CloseCase, "close_reasons")


def test_a_harm_score_is_taken_from_a_table_that_is_out(desk: Office) -> None:
    ref = desk.case_in(State.completed)
    assert choices(desk.on("2023-04-30"), ref, KEYWORKER, RecordFollowUp, "harm_tables") == []
    assert choices(desk.on("2023-05-01"), ref, KEYWORKER, RecordFollowUp, "harm_tables") == ["cchi-2023-05"]


def test_another_keyworker_another_stage_a_higher_or_a_lower_level(desk: Office) -> None:
    ref = desk.case_in(State.active)
    assert KEYWORKER.username not in choices(desk, ref, PROBATION_LEAD, Allocate, "keyworkers")
    assert choices(desk, ref, KEYWORKER, AssessNeeds, "stages") == ["review", "exit"]
    desk.does(INSPECTOR, SetSensitivity(level=Sensitivity.sensitive, reason="Known to staff."), ref)
    assert choices(desk, ref, INSPECTOR, SetSensitivity, "levels") == ["restricted"]
    assert choices(desk, ref, INSPECTOR, LiftSensitivity, "levels") == ["standard"]


def test_attendance_is_of_a_meeting_that_is_booked_and_past(desk: Office) -> None:
    ref = desk.case_in(State.active)
    booked = desk.does(KEYWORKER, BookAppointment.model_validate(MEETING), ref).version
    assert choices(desk, ref, KEYWORKER, RecordAttendance, "appointments") == []
    assert choices(desk, ref, KEYWORKER, CancelAppointment, "appointments") == [booked]
    desk.on("2019-07-02")
    assert choices(desk, ref, KEYWORKER, RecordAttendance, "appointments") == [booked]


def test_the_json_schema_of_a_body_is_closed_to_the_same(desk: Office) -> None:
    ref = desk.case_in(State.active)
    with desk.database.reading() as session:
        case = desk.find(session, ref)
        context = Context(session, PROBATION_LEAD, desk.now, case.version + 1)
        schema = schema_with_choices(CompleteCase, case, context)
    assert [one["const"] for one in schema["properties"]["outcome_code"]["oneOf"]] == [22]


@pytest.mark.parametrize("slug", sorted(READY))
def test_every_command_that_can_be_done_has_something_to_choose_for_each_of_its_questions(
    slug: str, desk: Office
) -> None:
    who, made = READY[slug]
    ref, command = made(desk), COMMANDS[slug]
    with desk.database.reading() as session:
        case = desk.find(session, ref)
        assert row_for(command, case.state)
        found = choices_for(command, case, Context(session, who, desk.now, case.version + 1))
    assert [name for name, left in found.items() if not left] == []
