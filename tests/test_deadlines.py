"""What is due of a case and whose it is, story after story; and the day on which it is missed."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from divert.casework import deadlines
from divert.law.rulebook import rulebook
from divert.models import OPEN, Case, Deadline, State
from divert.worker.sweep import sweep
from tests.boundaries.ending import CLOSED, DRUNK, SENT_BACK_DRUNK, escalates, keeps_everything, moves, outcome
from tests.boundaries.leaving import DISPOSES, keeps_until
from tests.boundaries.story import (
    ALLOCATED,
    ASSESSED,
    HARMED_NOBODY,
    NO,
    POLICE_SAY_NO,
    POLICE_SAY_YES,
    PROBATION_SAYS_NO,
    PROBATION_SAYS_YES,
    SENT_BACK,
    Step,
    case_in,
    decides,
    did,
    on,
    pauses,
    referred,
    reports,
    signs,
    varies,
)
from tests.golden import golden
from tests.office import (
    INSPECTOR,
    KEYWORKER,
    MANAGER,
    OFFICER,
    OTHER_KEYWORKER,
    PROBATION_LEAD,
    SIGNED_CONDITIONS,
    Office,
)

OUTSTANDING = Path(__file__).parent / "golden" / "deadlines.txt"

S = State
CHECKED = did(INSPECTOR, "check-eligibility")
COMPLETES = did(PROBATION_LEAD, "complete-case")
DATED = [*SIGNED_CONDITIONS[:4], {**SIGNED_CONDITIONS[4], "due_on": "2019-06-14"}]


def agreed(day: str) -> Step:
    return did(OFFICER, "record-referral-agreement", signed_on=day)


def heard(views: str) -> Step:
    return did(INSPECTOR, "record-victim-views", views=views)


def told(day: str) -> Step:
    return did(INSPECTOR, "record-victim-update", told_on=day)


STORIES: dict[str, tuple[Step, ...]] = {
    "Referred on Monday 6 May": (referred(),),
    "Referred on Monday, signed on Wednesday": (referred(), on("2019-05-08"), agreed("2019-05-08")),
    "Signed the Thursday before and referred on Monday": (referred(), agreed("2019-05-02")),
    "Referred on Monday, checked on Wednesday, remorse not known": (
        referred(remorse=None),
        agreed("2019-05-06"),
        on("2019-05-08"),
        CHECKED,
    ),
    "The same, remorse told on Thursday": (
        referred(remorse=None),
        agreed("2019-05-06"),
        on("2019-05-08"),
        CHECKED,
        on("2019-05-09"),
        did(OFFICER, "correct-facts"),
    ),
    "Checked on Wednesday, the shop not asked": (referred(), agreed("2019-05-06"), on("2019-05-08"), CHECKED),
    "Checked on Wednesday, the shop sought": (
        referred(),
        agreed("2019-05-06"),
        on("2019-05-08"),
        CHECKED,
        heard("sought"),
    ),
    "Checked on Monday, facts corrected on Wednesday": (
        case_in(S.under_decision),
        on("2019-05-08"),
        did(OFFICER, "correct-facts"),
    ),
    "Nobody has said whether there is a victim": (referred(victim_kind=None),),
    "There is no victim": (referred(victim_kind="none"),),
    "The police say yes": (case_in(S.under_decision), POLICE_SAY_YES),
    "Probation says no": (case_in(S.under_decision), PROBATION_SAYS_NO),
    "One says yes, the other no on Wednesday": (
        case_in(S.under_decision),
        POLICE_SAY_YES,
        on("2019-05-08"),
        PROBATION_SAYS_NO,
    ),
    "Both say no, the second on Wednesday": (
        case_in(S.under_decision),
        POLICE_SAY_NO,
        on("2019-05-08"),
        PROBATION_SAYS_NO,
    ),
    "Both say no, and on Wednesday probation reconsiders": (
        case_in(S.under_decision),
        POLICE_SAY_NO,
        PROBATION_SAYS_NO,
        on("2019-05-08"),
        did(PROBATION_LEAD, "reconsider"),
    ),
    "One says yes, the other no, who on Wednesday persuades the first": (
        case_in(S.under_decision),
        POLICE_SAY_YES,
        PROBATION_SAYS_NO,
        on("2019-05-08"),
        did(INSPECTOR, "reconsider", **NO),
    ),
    "Both have said yes": (case_in(S.accepted),),
    "Both have said yes, and the shop has enhanced rights": (case_in(S.accepted, victim_enhanced="yes"),),
    "Both have said yes, and the shop has no enhanced rights": (case_in(S.accepted, victim_enhanced="no"),),
    "Both have said yes, and the shop was told that day": (case_in(S.accepted), told("2019-05-06")),
    "Both say yes on Wednesday, and the shop was told on Tuesday": (
        case_in(S.under_decision),
        on("2019-05-07"),
        told("2019-05-07"),
        on("2019-05-08"),
        POLICE_SAY_YES,
        PROBATION_SAYS_YES,
    ),
    "Both say yes on Wednesday, and nobody was harmed": (
        DRUNK,
        agreed("2019-05-06"),
        CHECKED,
        on("2019-05-08"),
        POLICE_SAY_YES,
        PROBATION_SAYS_YES,
    ),
    "Accepted on Monday, allocated on Tuesday": (case_in(S.accepted), on("2019-05-07"), ALLOCATED),
    "The same, and allocated to another on Thursday": (
        case_in(S.accepted),
        on("2019-05-07"),
        ALLOCATED,
        on("2019-05-09"),
        did(MANAGER, "allocate", keyworker=OTHER_KEYWORKER.username),
    ),
    "Allocated and assessed": (case_in(S.accepted), ALLOCATED, ASSESSED),
    "Allocated and not yet assessed, and the person declines": (
        case_in(S.accepted),
        ALLOCATED,
        did(KEYWORKER, "decline-contract"),
    ),
    "Signed, to have the garden done by 14 June": (case_in(S.accepted), ALLOCATED, ASSESSED, signs(conditions=DATED)),
    "Signed until 4 August, with a meeting on Wednesday 15 May": (
        case_in(S.active),
        did(KEYWORKER, "book-appointment"),
    ),
    "The same, and the meeting took place": (
        case_in(S.active),
        did(KEYWORKER, "book-appointment"),
        on("2019-05-16"),
        did(KEYWORKER, "record-attendance", appointment=10),
    ),
    "Signed, and a condition is kept and another waived": (
        case_in(S.active),
        did(KEYWORKER, "mark-condition-kept", condition=2, kept_on="2019-05-06"),
        did(PROBATION_LEAD, "waive-condition", condition=5),
    ),
    "Signed, and signed again until 30 August": (case_in(S.active), varies(ends_on="2019-08-30")),
    "Signed, and paused for a week": (case_in(S.active), pauses("2019-05-06", "2019-05-12")),
    "Signed, a meeting booked, and a breach reported a week later": (
        case_in(S.active),
        did(KEYWORKER, "book-appointment"),
        on("2019-05-13"),
        reports(occurred_on="2019-05-13"),
    ),
    "The same, and on Wednesday it ends": (
        case_in(S.active),
        did(KEYWORKER, "book-appointment"),
        on("2019-05-13"),
        reports(occurred_on="2019-05-13"),
        on("2019-05-15"),
        decides("end"),
    ),
    "The same, and it goes on": (
        case_in(S.active),
        did(KEYWORKER, "book-appointment"),
        on("2019-05-13"),
        reports(occurred_on="2019-05-13"),
        on("2019-05-15"),
        decides("warn"),
    ),
    "Refused on Wednesday": (case_in(S.under_decision), on("2019-05-08"), POLICE_SAY_NO, SENT_BACK),
    "Refused, put right on Wednesday, and sent back all the same": (
        case_in(S.under_decision),
        POLICE_SAY_NO,
        on("2019-05-08"),
        did(OFFICER, "correct-facts"),
        SENT_BACK,
    ),
    "Completed a month after it was signed": (case_in(S.active), keeps_everything, COMPLETES),
    "The same, and followed up four years later": (
        case_in(S.active),
        keeps_everything,
        COMPLETES,
        on("2023-06-01"),
        did(INSPECTOR, "record-follow-up", checked_on="2023-06-01"),
    ),
    "Completed, and kept until 31 January 2027": (case_in(S.completed), keeps_until("2027-01-31")),
    "Completed, and disposed of six years later": (case_in(S.completed), on("2025-06-06"), DISPOSES),
    "Charged on Wednesday": (case_in(S.returned), on("2019-05-08"), outcome(1, "2019-05-08")),
    "Closed on Wednesday": (referred(), on("2019-05-08"), did(MANAGER, "close-case")),
    "Drunk on 25 January, and referred": (DRUNK,),
    "The same, and refused": SENT_BACK_DRUNK,
    "The same, and charged": (*SENT_BACK_DRUNK, outcome(1, "2019-05-06")),
    "Drunk on 20 November, and referred with two weeks left": (referred(**HARMED_NOBODY, offence_on="2018-11-20"),),
    "Accepted, the shop told, and a keyworker to be named by the end of May": (
        case_in(S.accepted),
        told("2019-05-06"),
        moves("allocation", "2019-05-31"),
    ),
    "The agreement is given until Friday, and the shop is heard": (
        referred(),
        moves("agreement", "2019-05-10"),
        heard("obtained"),
    ),
    "The agreement was missed": (referred(), on("2019-05-09"), escalates("agreement", "2019-05-08")),
    "The first meeting was missed, which was the keyworker's": (
        case_in(S.accepted),
        ALLOCATED,
        on("2019-05-10"),
        escalates("first_contact", "2019-05-09"),
    ),
}


def named(deadline: Deadline) -> str:
    return f"{deadline.kind} {deadline.about}" if deadline.about else deadline.kind


def lines(case: Case) -> Iterator[str]:
    """The open deadlines as a case has them, the next one first; then those that the last entry ended."""
    for deadline in deadlines.standing(case):
        yield f"    {deadline.due_on:%a %d %b %Y}  {named(deadline)}, {deadline.owner_role}"
    ended = [deadline for deadline in case.deadlines if deadline.until_seq == case.version]
    yield from sorted(f"    {deadline.status} now: {named(deadline)}" for deadline in ended)
    holder = deadlines.owner(case.held_by)
    yield f"    In the hands of {holder}, due {case.due_on:%d %B %Y}" if case.due_on else "    In nobody's hands"


def test_what_is_due_in_each_story_is_what_was_agreed(desk: Office) -> None:
    text = ["What is due of a case as each story leaves it, and of whom. Time limits are in nobody's hands.", ""]
    for title, steps in STORIES.items():
        desk.on("2019-05-06")
        for step in steps:
            step(desk)
        with desk.open(desk.refs[-1]) as case:
            text += [title, *lines(case), ""]
        if desk.state(desk.refs[-1]) in OPEN:
            CLOSED(desk)  # so that he can be referred for the same crime in the next
    golden(OUTSTANDING, "\n".join(text))


@pytest.mark.parametrize(
    ("person", "today", "missed"),
    [
        (referred(), "2019-05-08", []),
        (referred(), "2019-05-09", ["agreement"]),
        (DRUNK, "2019-05-08", []),
        (DRUNK, "2019-06-26", ["agreement"]),
        (DRUNK, "2019-06-27", ["agreement", "limit_in_28_days"]),
        (DRUNK, "2019-07-23", ["agreement", "limit_in_28_days", "limit_in_14_days", "limit_in_7_days"]),
    ],
)
def test_a_deadline_is_missed_the_day_after_it_was_due_and_a_reminder_on_its_day(
    office: Office, person: Step, today: str, missed: list[str]
) -> None:
    person(office)
    office.on(today)
    assert [deadline.kind for deadline in sweep(office.database, lambda: office.now)] == missed


@pytest.mark.parametrize("day", ["2019-05-08", "2019-05-09", "2019-06-26", "2019-06-27", "2019-07-24", "2019-08-04"])
def test_the_database_is_asked_for_the_deadlines_that_are_missed_and_no_others(office: Office, day: str) -> None:
    office.case_in(S.active)
    office.refers(**HARMED_NOBODY, offence_on="2019-01-25", crime_ref="CVP-19-100002")
    today, rules = date.fromisoformat(day), rulebook().deadlines
    with office.database.reading() as session:
        everything = set(session.scalars(select(Deadline)))
        missed = set(session.scalars(select(Deadline).where(deadlines.missed_by(today, rules))))
    assert missed == {row for row in everything if deadlines.is_missed(row.kind, row.due_on, today, rules)}
    assert missed != everything


def test_a_case_is_in_the_hands_of_a_role_by_its_name_or_of_a_person_by_theirs() -> None:
    assert deadlines.owner("police_team_lead") == "Police team lead"
    assert deadlines.owner("keyworker.two") == "keyworker.two"
    assert deadlines.owner(None) is None
