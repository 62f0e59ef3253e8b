"""In a contract's term and after a breach: what may be said of conditions, meetings and evidence, and on which day."""

from hashlib import sha256
from typing import Any

from divert.casework.command import Context
from divert.casework.giving import give
from divert.models import State
from tests.boundaries.story import (
    ASSESSED_AT_EXIT,
    Boundary,
    Fork,
    Step,
    case_in,
    corrects,
    decides,
    did,
    on,
    reports,
    varies,
)
from tests.office import INSPECTOR, KEYWORKER, OTHER_INSPECTOR, PROBATION_LEAD, Office
from tests.service import SETTINGS

S = State
ACTIVE = (case_in(S.active),)
LETTER = "He came to every session."
REVIEWS = did(INSPECTOR, "review-breach")
NEW_OFFENCE = did(INSPECTOR, "record-new-offence", occurred_on="2019-05-06")
WAIVED = did(PROBATION_LEAD, "waive-condition", condition=5)
COMPLETES = did(PROBATION_LEAD, "complete-case")
ALL_BUT_THE_GARDEN = tuple(
    did(KEYWORKER, "mark-condition-kept", condition=number, kept_on="2019-05-06") for number in (2, 3, 4)
)


def gives(text: str = LETTER) -> Step:
    """The keyworker gives the case a letter to keep."""

    def step(office: Office) -> None:
        with office.database.writing() as session:
            case = office.find(session, office.refs[-1])
            context = Context(session, KEYWORKER, office.now, case.version + 1)
            give(case, context, SETTINGS.evidence_folder, text.encode(), len(text))

    return step


def names(**otherwise: Any) -> Step:
    """The keyworker records progress that the letter shows."""
    digest = sha256(LETTER.encode()).hexdigest()
    file = {"sha256": digest, "media_type": "text/plain", "size": len(LETTER), **otherwise}
    return did(KEYWORKER, "record-progress", files=[{"title": "Letter", "file": file}])


def books(at: str) -> Step:
    """The first thing booked after a contract is signed is appointment 10."""
    return did(KEYWORKER, "book-appointment", starts_at=at)


BOOKED = books("2019-05-06T09:00")
MOVED = did(KEYWORKER, "reschedule-appointment", appointment=10)
CALLED_OFF = did(KEYWORKER, "cancel-appointment", appointment=10)
CAME = did(KEYWORKER, "record-attendance", appointment=10)
EXCUSED = did(KEYWORKER, "correct-attendance", appointment=10)


BOUNDARIES = (
    Boundary(
        "files_were_given",
        "a letter that was given, not one that was not",
        ACTIVE,
        (gives(), names()),
        (names(),),
    ),
    Boundary(
        "files_were_given",
        "of its size, not a byte longer",
        (*ACTIVE, gives()),
        (names(),),
        (names(size=len(LETTER) + 1),),
    ),
    Boundary(
        "files_were_given",
        "of its kind, not of another",
        (*ACTIVE, gives()),
        (names(),),
        (names(media_type="application/pdf"),),
    ),
    Boundary(
        "files_were_given",
        "to this case, not to another",
        (*ACTIVE, gives()),
        (names(),),
        (case_in(S.active, crime_ref="CVP-19-100002"), names()),
    ),
    Boundary(
        "condition_is_open",
        "progress with what is open, not with what was kept",
        ACTIVE,
        (did(KEYWORKER, "record-progress", condition=2),),
        (*ALL_BUT_THE_GARDEN, did(KEYWORKER, "record-progress", condition=2)),
    ),
    Boundary(
        "condition_is_open",
        "the fifth of five, not the sixth",
        ACTIVE,
        (did(PROBATION_LEAD, "waive-condition", condition=5),),
        (did(PROBATION_LEAD, "waive-condition", condition=6),),
    ),
    Boundary(
        "conditions_kept_or_waived",
        "the last one waived, not left open",
        (*ACTIVE, *ALL_BUT_THE_GARDEN, ASSESSED_AT_EXIT),
        (WAIVED, COMPLETES),
        (COMPLETES,),
        reads="Every condition must be kept or waived. Still open: 5 (GIVING_BACK).",
    ),
    Boundary(
        "exit_assessed",
        "assessed at exit, not only at entry",
        (*ACTIVE, *ALL_BUT_THE_GARDEN, WAIVED),
        (ASSESSED_AT_EXIT, COMPLETES),
        (COMPLETES,),
    ),
    Boundary(
        "condition_in_force",
        "a condition that stands, not one that was dropped",
        ACTIVE,
        (corrects(5, "yes", "2019-05-06"),),
        (varies(), corrects(5, "yes", "2019-05-06")),
    ),
    Boundary(
        "condition_in_force",
        "the fifth of five, not the sixth",
        ACTIVE,
        (corrects(5, "yes", "2019-05-06"),),
        (corrects(6, "yes", "2019-05-06"),),
    ),
    Boundary(
        "record_differs",
        "kept a day later than recorded, not on the same day",
        (*ACTIVE, corrects(4, "yes", "2019-05-06"), on("2019-05-07")),
        (corrects(4, "yes", "2019-05-07"),),
        (corrects(4, "yes", "2019-05-06"),),
    ),
    Boundary(
        "record_differs",
        "not kept, where it is recorded as kept, not where it is open",
        (*ACTIVE, corrects(4, "yes", "2019-05-06")),
        (corrects(4, "no", "2019-05-06"),),
        (corrects(5, "no", "2019-05-06"),),
    ),
    Boundary(
        "record_differs",
        "kept on the day it was waived, not kept again",
        (*ACTIVE, WAIVED, corrects(4, "yes", "2019-05-06")),
        (corrects(5, "yes", "2019-05-06"),),
        (corrects(4, "yes", "2019-05-06"),),
    ),
    Boundary(
        "true_of_the_term",
        "from the day it was signed, not the day before",
        ACTIVE,
        (corrects(4, "yes", "2019-05-06"),),
        (corrects(4, "yes", "2019-05-05"),),
    ),
    Boundary(
        "true_of_the_term",
        "signed again in June: from the first signature on, not the day before",
        (*ACTIVE, on("2019-06-03"), varies(signed_on="2019-06-03")),
        (corrects(4, "yes", "2019-05-06"),),
        (corrects(4, "yes", "2019-05-05"),),
    ),
    Boundary(
        "true_of_the_term",
        "back with the force after a contract, not without one",
        (),
        (*ACTIVE, reports(), decides("end"), corrects(4, "yes", "2019-05-06")),
        (case_in(S.returned), corrects(4, "yes", "2019-05-06", PROBATION_LEAD)),
        besides=frozenset(("condition_in_force",)),
    ),
    Boundary(
        "series_within_the_contract",
        "until the contract's last day, not the day after",
        ACTIVE,
        (did(KEYWORKER, "book-appointment", every_weeks=1, until_on="2019-08-04"),),
        (did(KEYWORKER, "book-appointment", every_weeks=1, until_on="2019-08-05"),),
        reads="A series ends with the contract, on 4 August 2019.",
    ),
    Boundary(
        "appointment_is_booked",
        "a meeting that stands, not one that was called off",
        (*ACTIVE, BOOKED),
        (MOVED,),
        (CALLED_OFF, MOVED),
    ),
    Boundary(
        "appointment_is_booked",
        "a meeting nobody has said anything of, not one that took place",
        (*ACTIVE, BOOKED),
        (CAME,),
        (CAME, CAME),
    ),
    Boundary(
        "appointment_is_booked",
        "the meeting that was booked, not the next number",
        (*ACTIVE, BOOKED),
        (CAME,),
        (did(KEYWORKER, "record-attendance", appointment=11),),
    ),
    Boundary(
        "attendance_recorded",
        "what was recorded, not a meeting of which nothing is",
        (*ACTIVE, BOOKED),
        (CAME, EXCUSED),
        (EXCUSED,),
    ),
    Boundary(
        "attendance_recorded",
        "the meeting that took place, not the next number",
        (*ACTIVE, BOOKED, CAME),
        (EXCUSED,),
        (did(KEYWORKER, "correct-attendance", appointment=11),),
    ),
    Boundary(
        "appointment_is_past",
        "in the very minute, not a minute before it begins",
        (*ACTIVE, on("2019-05-15")),
        (books("2019-05-15T10:02"), CAME),
        (books("2019-05-15T10:03"), CAME),
    ),
    Boundary(
        "within_term",
        "on the first day of the contract, not the day before",
        ACTIVE,
        (reports(occurred_on="2019-05-06"),),
        (reports(occurred_on="2019-05-05"),),
    ),
    Boundary(
        "within_term",
        "on the last day of the contract, not the day after",
        (*ACTIVE, on("2019-08-05")),
        (reports(occurred_on="2019-08-04"),),
        (reports(occurred_on="2019-08-05"),),
    ),
    Boundary(
        "within_term",
        "a new offence on the last day as it was put off, not the day after",
        (*ACTIVE, varies(ends_on="2019-08-11"), on("2019-08-12")),
        (did(INSPECTOR, "record-new-offence", occurred_on="2019-08-11"),),
        (did(INSPECTOR, "record-new-offence", occurred_on="2019-08-12"),),
    ),
    Boundary(
        "within_term",
        "signed again in June: from the first signature on, not the day before",
        (*ACTIVE, on("2019-06-03"), varies(signed_on="2019-06-03")),
        (reports(occurred_on="2019-05-06"),),
        (reports(occurred_on="2019-05-05"),),
    ),
    Boundary(
        "conditions_of_this_contract",
        "two that stand, not one beside one that was dropped",
        (*ACTIVE, varies()),
        (reports(conditions=[3, 4]),),
        (reports(conditions=[4, 5]),),
    ),
    Boundary(
        "conditions_of_this_contract",
        "one that was kept once, not a number of no condition",
        (*ACTIVE, *ALL_BUT_THE_GARDEN),
        (reports(conditions=[4]),),
        (reports(conditions=[4, 6]),),
    ),
    Boundary(
        "conditions_of_this_contract",
        "all five, not a sixth",
        ACTIVE,
        (reports(conditions=[1, 2, 3, 4, 5]),),
        (reports(conditions=[1, 2, 3, 4, 5, 6]),),
    ),
    Boundary(
        "excuse_asked",
        "why they could not be asked in ten characters, not in nine",
        ACTIVE,
        (reports(excuse_asked="no", excuse="Moved away"),),
        (reports(excuse_asked="no", excuse="Phone off"),),
    ),
    Boundary(
        "excuse_asked",
        "what they said in five characters, not why they were not asked",
        ACTIVE,
        (reports(excuse_asked="yes", excuse="None."),),
        (reports(excuse_asked="no", excuse="None."),),
    ),
    Boundary(
        "not_the_reporter",
        "another inspector, not the one who reported it",
        (*ACTIVE, reports(INSPECTOR)),
        (decides("warn", OTHER_INSPECTOR),),
        (decides("warn", INSPECTOR),),
    ),
    Boundary(
        "ended_for_a_breach",
        "ended for a breach, not refused at the outset",
        (),
        (*ACTIVE, reports(), decides("end"), corrects(4, "yes", "2019-05-06"), REVIEWS),
        (case_in(S.returned), REVIEWS),
        besides=frozenset(("evidence_since_the_decision",)),
    ),
    Boundary(
        "ended_for_a_breach",
        "ended for a new offence, not declined",
        (),
        (*ACTIVE, NEW_OFFENCE, decides("end", OTHER_INSPECTOR), corrects(4, "yes", "2019-05-06"), REVIEWS),
        (case_in(S.accepted), did(INSPECTOR, "decline-contract"), REVIEWS),
        besides=frozenset(("evidence_since_the_decision",)),
    ),
    Boundary(
        "evidence_since_the_decision",
        "evidence of after the decision, not of before it",
        (*ACTIVE, reports()),
        (decides("end"), corrects(4, "yes", "2019-05-06"), REVIEWS),
        (corrects(4, "yes", "2019-05-06"), decides("end"), REVIEWS),
    ),
    Boundary(
        "evidence_since_the_decision",
        "evidence reviews a decision once, not twice",
        (*ACTIVE, reports(), decides("end"), corrects(4, "yes", "2019-05-06")),
        (REVIEWS,),
        (REVIEWS, decides("end"), REVIEWS),
    ),
)

FORKS = (
    *(
        Fork(
            guard,
            f"the case ends, it does not where the decision is {decision}",
            (case_in(S.breach_review),),
            (decides(holds),),
            leads_to,
            (decides(fails),),
            leads_else,
        )
        for decision in ("continue", "warn", "vary")
        for guard, holds, leads_to, fails, leads_else in (
            ("it_ends", "end", S.returned, decision, S.active),
            ("it_goes_on", decision, S.active, "end", S.returned),
        )
    ),
    Fork(
        "it_ends",
        "the last of two breaches ends it, a first that was forgiven does not",
        (*ACTIVE, reports(), decides("warn"), reports()),
        (decides("end"),),
        S.returned,
        (decides("warn"),),
        S.active,
    ),
)
