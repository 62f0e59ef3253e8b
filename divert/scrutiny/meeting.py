"""What a meeting's findings come to: what comes back, what its sample proves, how far members agreed."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy.orm import Session

from divert.models import Frame
from divert.records.meetings import Meeting, MeetingPack
from divert.scrutiny.agreement import kappa
from divert.scrutiny.proof import Estimate, Sample, estimate


class MeetingResult(NamedTuple):
    """What a meeting's sample proves of its frame: by stratum, and altogether; and how far members agreed (kappa)."""

    strata: dict[str, Estimate]
    altogether: Estimate
    kappa: float | None
    unsettled: int


def returning_packs(meetings: Sequence[Meeting]) -> dict[str, MeetingPack]:
    """The packs that an earlier meeting left without a conclusion, and none has concluded since; what was asked for."""
    last: dict[tuple[str, str], tuple[str, MeetingPack] | None] = {}
    for meeting in meetings:
        for name, finding in meeting.findings.items():
            pack = meeting.packs[name]
            if meeting.scale[finding["score"]].comes_back:
                again = MeetingPack(pack.frame, pack.pack, finding.get("asked_for"))
                last[pack.frame, pack.pack] = (f"{meeting.number}-{pack.pack}", again)
            else:
                last[pack.frame, pack.pack] = None
    return dict(waiting for waiting in last.values() if waiting is not None)


def inappropriate_by_pack(frame: str, meetings: Sequence[Meeting]) -> dict[MeetingPack, bool]:
    """Whether each pack of a frame that has a finding was found inappropriate, by the latest."""
    inappropriate = {}
    for meeting in meetings:
        for name, finding in meeting.findings.items():
            pack = meeting.packs[name]
            if pack.frame == frame:
                inappropriate[MeetingPack(pack.frame, pack.pack)] = meeting.scale[finding["score"]].found
    return inappropriate


def samples(session: Session, meeting: Meeting, meetings: Sequence[Meeting]) -> dict[str, Sample]:
    """What was drawn for a meeting, scored and found, by stratum. Thematic picks were not drawn and are not counted."""
    frame = session.get_one(Frame, meeting.frame)
    inappropriate = inappropriate_by_pack(meeting.frame, meetings)
    strata = {}
    for stratum, ids in sorted(frame.strata.items()):
        findings = [bad for pack, bad in inappropriate.items() if pack.stratum == stratum]
        strata[stratum] = Sample(cases=len(ids), drawn=len(findings), found=sum(findings))
    return strata


def meeting_result(session: Session, meeting: Meeting, meetings: Sequence[Meeting]) -> MeetingResult:
    """What the draw of a meeting proves, by the latest finding on each pack, at whatever meeting it was reached.

    A case without a conclusion counts as inappropriate until it has one, and is counted among the unsettled.
    """
    strata = samples(session, meeting, meetings)
    return MeetingResult(
        {stratum: estimate([sample]) for stratum, sample in strata.items()},
        estimate(strata.values()),
        kappa(meeting.own_scores()),
        sum(pack.frame == meeting.frame and pack.stratum in strata for pack in returning_packs(meetings).values()),
    )
