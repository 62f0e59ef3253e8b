"""The seventeen steps of a case that goes well, from referral to completion: who sends which command, with what body.

Every date hangs on the day of the run, as a served Divert takes the time from its own clock. Each number is another
person and crime, invented.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

from divert.casework.command import CaseCommand
from divert.casework.commands.appointments import BookAppointment, RecordAttendance
from divert.casework.commands.conditions import MarkConditionKept
from divert.casework.commands.contract import FIVE, SignContract
from divert.casework.commands.decisions import CheckEligibility, DecideForPolice, DecideForProbation
from divert.casework.commands.ending import CompleteCase
from divert.casework.commands.record import AddNote
from divert.casework.commands.referral import RecordReferralAgreement, Refer
from divert.casework.commands.support import Allocate, AssessNeeds
from divert.casework.commands.victim import RecordVictimViews
from divert.people.identifiers import check_letter
from divert.people.staff import Actor
from tests.office import DALE, ENTRY, INSPECTOR, KEYWORKER, OFFICER, PROBATION_LEAD


class Step(NamedTuple):
    """One command by one person; `body` is its JSON."""

    who: Actor
    command: type[CaseCommand]
    body: Mapping[str, Any]

    def given(self) -> CaseCommand:
        """The command, understood."""
        return self.command.model_validate(self.body)


NOTE = Step(KEYWORKER, AddNote, {"text": "Rang to say that the course went well. Next call on Monday."})
"""What changes least: beside the seventeen, a note."""


def referral(number: int, today: date) -> dict[str, Any]:
    """What the officer says of person `number`: all that Dale Ashworth's referral says, and a PNC identifier."""
    serial = f"{number % 10**7:07}"
    return {
        **DALE,
        "crime_ref": f"BENCH-{number}",
        "pnc_id": f"2018/{serial}{check_letter(int('18' + serial))}",
        "surname": f"Ashworth {number}",
        "referred_on": today.isoformat(),
        "offence_on": (today - timedelta(days=4)).isoformat(),
    }


def path(number: int, today: date) -> tuple[Step, ...]:
    """The steps of case `number`, in order; the first opens it. Entry 10 books the one appointment."""
    day, ends = today.isoformat(), (today + timedelta(days=90)).isoformat()
    booking = {"starts_at": f"{day}T00:00", "purpose": "First meeting", "place": "Community Safety Hub"}
    heard = {"views": "obtained", "contact_name": "Ms Farrow", "words": "Wants the goods paid for."}
    return (
        Step(OFFICER, Refer, referral(number, today)),
        Step(OFFICER, RecordReferralAgreement, {"signed_on": day, "explained_by": "PC 1795"}),
        Step(INSPECTOR, RecordVictimViews, heard),
        Step(INSPECTOR, CheckEligibility, {}),
        Step(INSPECTOR, DecideForPolice, {"accept": True, "reasons": "First offence, full admission."}),
        Step(PROBATION_LEAD, DecideForProbation, {"accept": True, "reasons": "Alcohol need; will engage."}),
        Step(PROBATION_LEAD, Allocate, {"keyworker": KEYWORKER.username}),
        Step(KEYWORKER, AssessNeeds, ENTRY),
        Step(KEYWORKER, SignContract, {"signed_on": day, "ends_on": ends, "conditions": FIVE}),
        Step(KEYWORKER, BookAppointment, booking),
        Step(KEYWORKER, RecordAttendance, {"appointment": 10, "held": True, "attended": True}),
        *(
            Step(KEYWORKER, MarkConditionKept, {"condition": condition, "kept_on": day, "evidence": "Seen by me."})
            for condition in (2, 3, 4, 5)
        ),
        Step(KEYWORKER, AssessNeeds, {**ENTRY, "stage": "exit"}),
        Step(PROBATION_LEAD, CompleteCase, {"outcome_code": 22, "explanation": "All conditions kept."}),
    )
