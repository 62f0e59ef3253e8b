"""At the end of a case and beside it: outcomes, deadlines, notes, and who may open it."""

from divert.models import OPEN, State
from divert.people.staff import SYSTEM
from tests.boundaries.story import (
    POLICE_SAY_NO,
    SENT_BACK,
    Boundary,
    Fork,
    Step,
    case_in,
    checked,
    did,
    on,
    referred,
)
from tests.office import INSPECTOR, MANAGER, OFFICER, PROBATION_LEAD, Office

S = State
ACTIVE = (case_in(S.active),)
AGREED = did(OFFICER, "record-referral-agreement", signed_on="2019-05-06")
DRUNK = referred(offence_code="CJ67002", victim_kind="none", value_gbp=None, offence_on="2019-01-25")
"""To be charged by 25 July."""

SENT_BACK_DRUNK = (checked(offence_on="2019-01-25"), POLICE_SAY_NO, SENT_BACK)
NOTED = did(INSPECTOR, "add-note")
FOLLOWED_UP = did(INSPECTOR, "record-follow-up", checked_on="2023-04-30")
CLOSED = did(MANAGER, "close-case", reason_code="opened_in_error")


def outcome(code: int, day: str) -> Step:
    """The inspector records what became of the offence."""
    return did(INSPECTOR, "record-charging-decision", outcome_code=code, decided_on=day)


def closes(reason: str) -> Step:
    """The manager closes the case."""
    return did(MANAGER, "close-case", reason_code=reason)


def moves(kind: str, day: str, about: int = 0) -> Step:
    """The manager moves a deadline."""
    return did(MANAGER, "move-deadline", kind=kind, due_on=day, about=about)


def escalates(kind: str, day: str) -> Step:
    """The worker puts a missed deadline before the next person up."""
    return did(SYSTEM, "escalate-deadline", kind=kind, due_on=day)


def keeps_everything(office: Office) -> None:
    """A month later every condition is kept and needs are assessed at exit."""
    office.keeps(office.refs[-1])


BOUNDARIES = (
    Boundary(
        "outcome_fits_the_date",
        "outcome 22 from 1 April, not on 31 March",
        (on("2019-01-07"), case_in(S.active, offence_on="2019-01-05"), keeps_everything),
        (on("2019-04-01"), did(PROBATION_LEAD, "complete-case", outcome_code=22)),
        (on("2019-03-31"), did(PROBATION_LEAD, "complete-case", outcome_code=22)),
        reads=(
            "From 1 April 2019 a completed case is outcome 22; before that day outcome 22 did not "
            "exist: choose another code and explain it."
        ),
    ),
    Boundary(
        "outcome_fits_the_date",
        "another outcome until 31 March, not from 1 April",
        (on("2019-01-07"), case_in(S.active, offence_on="2019-01-05"), keeps_everything),
        (on("2019-03-31"), did(PROBATION_LEAD, "complete-case", outcome_code=8)),
        (on("2019-04-01"), did(PROBATION_LEAD, "complete-case", outcome_code=8)),
    ),
    Boundary(
        "outcome_fits_the_date",
        "before April explained, not without a word",
        (on("2019-01-07"), case_in(S.active, offence_on="2019-01-05"), keeps_everything),
        (did(PROBATION_LEAD, "complete-case", outcome_code=8),),
        (did(PROBATION_LEAD, "complete-case", outcome_code=8, explanation=None),),
    ),
    *(
        Boundary(
            "outcome_fits_the_date",
            f"before April outcome {near}, not {code}",
            (on("2019-01-07"), case_in(S.active, offence_on="2019-01-05"), keeps_everything),
            (did(PROBATION_LEAD, "complete-case", outcome_code=near),),
            (did(PROBATION_LEAD, "complete-case", outcome_code=code),),
        )
        for near, code in ((2, 1), (16, 17))
    ),
    Boundary(
        "expired_only_when_past_the_limit",
        "charged on the last day, not the day after",
        SENT_BACK_DRUNK,
        (on("2019-07-25"), outcome(1, "2019-07-25")),
        (on("2019-07-26"), outcome(1, "2019-07-26")),
        reads=(
            "The time limit passed on 25 July 2019: this can only be outcome 17, and it is reported as "
            "a failure of the scheme."
        ),
    ),
    Boundary(
        "expired_only_when_past_the_limit",
        "out of time the day after the last, not on it",
        SENT_BACK_DRUNK,
        (on("2019-07-26"), outcome(17, "2019-07-26")),
        (on("2019-07-25"), outcome(17, "2019-07-25")),
        reads="Outcome 17 is for an offence whose time limit has passed. This one's has not.",
    ),
    Boundary(
        "expired_only_when_past_the_limit",
        "recorded late and charged in time, not expired in time",
        (*SENT_BACK_DRUNK, on("2019-07-26")),
        (outcome(1, "2019-07-25"),),
        (outcome(17, "2019-07-25"),),
    ),
    Boundary(
        "expired_only_when_past_the_limit",
        "past a limit that caution keeps a charge is possible, and nothing is out of time",
        (case_in(S.returned, offence_on="2019-01-25"), on("2019-07-26")),
        (outcome(1, "2019-07-26"),),
        (outcome(17, "2019-07-26"),),
    ),
    Boundary(
        "not_diverted",
        "outcome 21 for a case sent back, not 22",
        (case_in(S.returned),),
        (outcome(21, "2019-05-06"),),
        (outcome(22, "2019-05-06"),),
    ),
    Boundary(
        "reason_fits_the_state",
        "withdrawn before the start while nothing is signed, not withdrawn after it",
        (case_in(S.accepted),),
        (closes("withdrew_before_start"),),
        (closes("withdrew_after_start"),),
    ),
    Boundary(
        "reason_fits_the_state",
        "a death closes an active case, no further action does not",
        ACTIVE,
        (closes("died"),),
        (closes("no_further_action"),),
    ),
    Boundary(
        "expired_if_it_says_so",
        "closed as out of time the day after the last for a charge, not on it",
        SENT_BACK_DRUNK,
        (on("2019-07-26"), closes("time_expired")),
        (on("2019-07-25"), closes("time_expired")),
    ),
    Boundary(
        "expired_if_it_says_so",
        "past a limit that caution keeps: no further action, not out of time",
        (case_in(S.returned, offence_on="2019-01-25"), on("2019-07-26")),
        (closes("no_further_action"),),
        (closes("time_expired"),),
    ),
    Boundary(
        "was_closed_by_reason",
        "closed in error, not closed by the force's own decision",
        (case_in(S.returned),),
        (CLOSED, did(MANAGER, "reinstate")),
        (outcome(10, "2019-05-06"), did(MANAGER, "reinstate")),
    ),
    # Deadlines
    Boundary(
        "deadline_is_open",
        "the agreement while it is not signed, not once it is",
        (referred(),),
        (moves("agreement", "2019-05-10"),),
        (AGREED, moves("agreement", "2019-05-10")),
    ),
    Boundary(
        "deadline_is_open",
        "of the case itself, not of its first condition",
        (referred(),),
        (moves("agreement", "2019-05-10", about=0),),
        (moves("agreement", "2019-05-10", about=1),),
    ),
    Boundary(
        "deadline_is_open",
        "an agreement that is late and not signed is escalated, not one that was signed meanwhile",
        (referred(), on("2019-05-09")),
        (escalates("agreement", "2019-05-08"),),
        (AGREED, escalates("agreement", "2019-05-08")),
        besides=frozenset(("deadline_missed",)),
    ),
    *(
        Boundary(
            "not_set_by_law",
            f"the agreement, not {kind}",
            (DRUNK,),
            (moves("agreement", "2019-05-10"),),
            (moves(kind, "2019-07-25"),),
        )
        for kind in ("statutory_limit", "limit_in_28_days", "limit_in_14_days", "limit_in_7_days", "limit_in_1_day")
    ),
    Boundary(
        "not_set_by_law",
        "the agreement, not the limit that caution keeps",
        (referred(),),
        (moves("agreement", "2019-05-10"),),
        (moves("precautionary_limit", "2019-11-30"),),
    ),
    Boundary(
        "moved_ahead",
        "to today, not to yesterday",
        (referred(),),
        (moves("agreement", "2019-05-06"),),
        (moves("agreement", "2019-05-05"),),
    ),
    Boundary(
        "deadline_missed",
        "the day after it was due, not on it",
        (referred(),),
        (on("2019-05-09"), escalates("agreement", "2019-05-08")),
        (on("2019-05-08"), escalates("agreement", "2019-05-08")),
    ),
    Boundary(
        "deadline_missed",
        "a reminder on its day, not the day before",
        (DRUNK,),
        (on("2019-06-27"), escalates("limit_in_28_days", "2019-06-27")),
        (on("2019-06-26"), escalates("limit_in_28_days", "2019-06-27")),
    ),
    Boundary(
        "deadline_missed",
        "the reminder that is one day ahead on its day, not the day before",
        (DRUNK,),
        (on("2019-07-24"), escalates("limit_in_1_day", "2019-07-24")),
        (on("2019-07-23"), escalates("limit_in_1_day", "2019-07-24")),
    ),
    Boundary(
        "deadline_missed",
        "the end of a contract the day after, not on it",
        ACTIVE,
        (on("2019-08-05"), escalates("contract_end", "2019-08-04")),
        (on("2019-08-04"), escalates("contract_end", "2019-08-04")),
    ),
    Boundary(
        "deadline_missed",
        "due on that day, not the day before",
        (referred(), on("2019-05-09")),
        (escalates("agreement", "2019-05-08"),),
        (escalates("agreement", "2019-05-07"),),
    ),
    Boundary(
        "deadline_missed",
        "once, not twice",
        (referred(), on("2019-05-09")),
        (escalates("agreement", "2019-05-08"),),
        (escalates("agreement", "2019-05-08"), escalates("agreement", "2019-05-08")),
    ),
    # Beside a case
    Boundary(
        "note_exists",
        "the second entry, which is a note, not the first, which is the referral",
        (referred(), NOTED),
        (did(MANAGER, "correct-note", note=2),),
        (did(MANAGER, "correct-note", note=1),),
    ),
    Boundary(
        "note_exists",
        "the third entry, which corrects a note, not the fourth, which there is not",
        (referred(), NOTED, did(MANAGER, "correct-note", note=2)),
        (did(MANAGER, "correct-note", note=3),),
        (did(MANAGER, "correct-note", note=4),),
    ),
    Boundary(
        "upwards",
        "a sensitive case to restricted, not to sensitive",
        (referred(), did(MANAGER, "set-sensitivity", level="sensitive")),
        (did(MANAGER, "set-sensitivity", level="restricted"),),
        (did(MANAGER, "set-sensitivity", level="sensitive"),),
    ),
    Boundary(
        "downwards",
        "a sensitive case to standard, not to sensitive",
        (referred(), did(MANAGER, "set-sensitivity", level="sensitive")),
        (did(MANAGER, "lift-sensitivity", level="standard"),),
        (did(MANAGER, "lift-sensitivity", level="sensitive"),),
    ),
    Boundary(
        "other_case_exists",
        "the case opened before, not the case itself",
        (referred(), referred(crime_ref="CVP-19-100002")),
        (did(MANAGER, "link-cases", other_ref="D-19-0001"),),
        (did(MANAGER, "link-cases", other_ref="D-19-0002"),),
    ),
    Boundary(
        "other_case_exists",
        "the case opened before, not one that is still to come",
        (referred(), referred(crime_ref="CVP-19-100002")),
        (did(MANAGER, "merge-person", other_ref="D-19-0001"),),
        (did(MANAGER, "merge-person", other_ref="D-19-0003"),),
    ),
    Boundary(
        "harm_table_is_out",
        "a table that is known, not another of that month",
        (case_in(S.completed), on("2023-05-01")),
        (FOLLOWED_UP,),
        (did(INSPECTOR, "record-follow-up", checked_on="2023-04-30", harm_table="cchi-2023-04"),),
        reads="There is no such table of harm scores yet: there is cchi-2023-05. Leave out score and table.",
    ),
    Boundary(
        "harm_table_is_out",
        "from the day it is out, not the day before",
        (case_in(S.completed),),
        (on("2023-05-01"), FOLLOWED_UP),
        (on("2023-04-30"), FOLLOWED_UP),
        reads="There is no such table of harm scores yet: there is none. Leave out score and table.",
    ),
)

FORKS = (
    Fork(
        "charged",
        "outcome 1 prosecutes, outcome 2 closes",
        (case_in(S.returned),),
        (outcome(1, "2019-05-06"),),
        S.prosecuted,
        (outcome(2, "2019-05-06"),),
        S.closed,
    ),
    Fork(
        "not_charged",
        "outcome 2 closes, outcome 1 prosecutes",
        (case_in(S.returned),),
        (outcome(2, "2019-05-06"),),
        S.closed,
        (outcome(1, "2019-05-06"),),
        S.prosecuted,
    ),
    *(
        Fork(
            f"stood_{state}",
            f"{state} before it was closed in error, not {other}",
            (),
            (case_in(state), CLOSED, did(MANAGER, "reinstate")),
            state,
            (case_in(other), CLOSED, did(MANAGER, "reinstate")),
            other,
        )
        for state, other in zip(OPEN, (*OPEN[1:], OPEN[0]), strict=True)
    ),
)
