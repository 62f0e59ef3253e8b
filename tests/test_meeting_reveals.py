"""When the independent scores of a pack may be seen: once everybody who may score it has, or scoring is closed."""

from datetime import date

import pytest

from divert.records.meetings import Meeting, MeetingPack

PACK = "completed-1"
OTHER = "refused-1"


def a_meeting(
    *, attending: str, conflicted: str = "", scored: str = "", elsewhere: str = "", closed: bool = False
) -> Meeting:
    """A meeting about two packs: who attends, who has a conflict in the first, who scored it, and who the second."""
    score = {"score": 1, "reason": "Sound."}
    return Meeting(
        number=1,
        held_on=date(2019, 7, 10),
        frame="a frame",
        theme=None,
        opened_by="coordinator",
        packs={PACK: MeetingPack("a frame", PACK), OTHER: MeetingPack("a frame", OTHER)},
        attending=set(attending.split()),
        conflicts={(member, PACK) for member in conflicted.split()},
        scores={PACK: dict.fromkeys(scored.split(), score), OTHER: dict.fromkeys(elsewhere.split(), score)},
        scoring_closed={PACK} if closed else set(),
    )


@pytest.mark.parametrize(
    ("meeting", "waits_for", "revealed"),
    [
        (a_meeting(attending="ann bob"), {"ann", "bob"}, False),
        (a_meeting(attending="ann bob", scored="ann"), {"bob"}, False),
        (a_meeting(attending="ann bob", scored="ann bob"), set(), True),
        (a_meeting(attending="ann bob", scored="ann", conflicted="bob"), set(), True),
        (a_meeting(attending="ann bob", scored="ann", elsewhere="ann bob"), {"bob"}, False),
        (a_meeting(attending="ann bob", conflicted="ann bob"), set(), False),
        (a_meeting(attending=""), set(), False),
        (a_meeting(attending="ann bob", conflicted="ann bob", closed=True), set(), True),
        (a_meeting(attending="ann bob", scored="ann", closed=True), set(), True),
        (a_meeting(attending="ann bob", closed=True), set(), True),
    ],
    ids=[
        "nobody has scored",
        "one of two has",
        "both have",
        "one has and the other may not",
        "one has, and the other scored another pack",
        "nobody may, so nothing was thought independently",
        "nobody came",
        "nobody may, and scoring is closed",
        "one of two has, and scoring is closed",
        "nobody has, and scoring is closed",
    ],
)
def test_scores_are_seen_once_all_who_may_score_have(meeting: Meeting, waits_for: set[str], revealed: bool) -> None:
    assert (meeting.waits_for(PACK), meeting.revealed(PACK)) == (waits_for, revealed)


def test_only_scores_that_may_be_seen_say_how_far_members_agree() -> None:
    assert a_meeting(attending="ann bob", scored="ann bob", elsewhere="ann").own_scores() == [[1, 1]]
    assert a_meeting(attending="ann bob", scored="ann", elsewhere="ann bob").own_scores() == [[1, 1]]


@pytest.mark.parametrize(
    ("member", "pack", "is_open", "may"),
    [
        ("ann", PACK, True, True),
        ("ann", PACK, False, False),
        ("ann", "completed-2", True, False),
        ("bob", PACK, True, False),
        ("bob", OTHER, True, True),
        ("cyd", PACK, True, False),
    ],
    ids=["attends", "the meeting is over", "no such pack", "has a conflict", "has none in another", "does not attend"],
)
def test_a_member_reads_a_pack_where_they_attend_without_conflict_while_the_meeting_is_open(
    member: str, pack: str, is_open: bool, may: bool
) -> None:
    meeting = a_meeting(attending="ann bob", conflicted="bob")
    meeting.is_open = is_open
    assert meeting.may_open(member, pack) is may
