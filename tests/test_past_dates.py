"""What has happened is told of a day that has come: by the type of the field, wherever in an answer it lies."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from divert.acts.answers import HasHappened
from divert.acts.refusals import Refused
from divert.casework.command import CaseCommand
from divert.casework.commands.record import RecordFollowUp
from divert.casework.commands.referral import CorrectFacts, Refer
from divert.casework.guards.dates import not_in_the_future
from divert.casework.lifecycle import COMMANDS, TRANSITIONS
from divert.eligibility.facts import ReferralFacts
from divert.models import State
from tests.office import DALE, INSPECTOR, OFFICER, Office

MAY_LIE_AHEAD = {
    "BookAppointment.until_on",
    "EscalateDeadline.due_on",
    "MoveDeadline.due_on",
    "PauseContract.from_on",
    "PauseContract.until_on",
    "Promise.due_on",
    "RecordConsent.until_on",
    "ResumeContract.resumed_on",
    "ReviewRetention.keep_until",
    "SignContract.ends_on",
    "VaryContract.ends_on",
}
HAS_HAPPENED = {
    "CorrectCondition.effective_on",
    "CorrectFacts.agreement_signed_on",
    "CorrectFacts.date_of_birth",
    "CorrectFacts.offence_on",
    "CorrectFacts.referred_on",
    "FurtherOffence.offence_on",
    "MarkConditionKept.kept_on",
    "RecordChargingDecision.decided_on",
    "RecordConsent.said_on",
    "RecordFollowUp.checked_on",
    "RecordFollowUp.offence_on",
    "RecordNewOffence.occurred_on",
    "RecordReferralAgreement.signed_on",
    "RecordVictimUpdate.told_on",
    "Refer.agreement_signed_on",
    "Refer.date_of_birth",
    "Refer.offence_on",
    "Refer.referred_on",
    "ReferralFacts.agreement_signed_on",
    "ReferralFacts.date_of_birth",
    "ReferralFacts.offence_on",
    "ReferralFacts.referred_on",
    "ReportBreach.occurred_on",
    "SignContract.signed_on",
    "VaryContract.signed_on",
}


def parts(hint: Any) -> Iterator[Any]:
    yield hint
    for part in get_args(hint):
        yield from parts(part)


def dates_of(model: type[BaseModel]) -> Iterator[tuple[str, bool]]:
    """Each date field of a model and of those within it, and whether its type says that it has happened."""
    for name, field in model.model_fields.items():
        of_field = [*field.metadata, *parts(field.annotation)]
        if date in of_field:
            yield f"{model.__name__}.{name}", any(isinstance(part, HasHappened) for part in of_field)
        for part in of_field:
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from dates_of(part)


def test_of_every_date_somebody_has_said_whether_it_has_happened() -> None:
    models: list[type[BaseModel]] = [*COMMANDS.values(), ReferralFacts]
    dates = {name: past for model in models for name, past in dates_of(model)}
    assert {name for name, past in dates.items() if past} == HAS_HAPPENED
    assert {name for name, past in dates.items() if not past} == MAY_LIE_AHEAD


def test_every_row_whose_command_tells_what_has_happened_has_the_guard_and_no_other_row_has() -> None:
    for row in TRANSITIONS:
        tells = any(past for _, past in dates_of(row.command))
        assert tells == (not_in_the_future in row.provided), row.command.__name__


TOMORROW = date(2019, 5, 7)
TODAY = date(2019, 5, 6)
NAMED = {"crime_ref": "CVP-19-1", "referred_on": TODAY, "agreement_signed_on": TODAY}
LATER_DRUNK = {"offence_code": "CJ67002", "offence_on": TOMORROW}
AHEAD: dict[str, CaseCommand] = {
    "agreement_signed_on": Refer.model_validate({**DALE, **NAMED, "agreement_signed_on": TOMORROW}),
    "offence_on": CorrectFacts(reason="Checked.", offence_on=TOMORROW),
    "date_of_birth": CorrectFacts(reason="Checked.", date_of_birth=TOMORROW),
    "further_offences": CorrectFacts.model_validate({"reason": "Checked.", "further_offences": [LATER_DRUNK]}),
}


@pytest.mark.parametrize("field", AHEAD)
def test_a_fact_of_tomorrow_is_refused_wherever_it_is_told(desk: Office, field: str) -> None:
    told = AHEAD[field]
    ref = None if isinstance(told, Refer) else desk.on(TODAY).refers()
    with pytest.raises(Refused) as refusal:
        desk.on(TODAY).does(OFFICER, told, ref)
    assert refusal.value.reasons == [("not_in_the_future", "A date in the future cannot be recorded as done.")]


def test_what_was_refused_yesterday_is_taken_on_its_day(desk: Office) -> None:
    desk.on(TOMORROW).does(OFFICER, AHEAD["agreement_signed_on"])


def test_an_offence_that_has_not_happened_yet_is_no_reoffending(desk: Office) -> None:
    ref = desk.case_in(State.completed)
    follow_up = RecordFollowUp(
        checked_on=desk.today, reoffended=True, offence_on=desk.today + timedelta(days=1), harm_days=None
    )
    with pytest.raises(Refused, match="A date in the future"):
        desk.does(INSPECTOR, follow_up, ref)
    desk.does(INSPECTOR, follow_up.model_copy(update={"offence_on": desk.today}), ref)


def test_the_day_is_cleveland_s_and_not_that_of_the_clock(desk: Office) -> None:
    """Half past eleven at night in UTC is tomorrow already, in summer."""
    desk.on(TODAY).minutes = 14 * 60 + 30
    desk.does(OFFICER, Refer.model_validate({**DALE, **NAMED, "agreement_signed_on": TOMORROW}))
