"""What a meeting's findings come to: what comes back, what its sample proves, how far members agreed."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy.orm import Session

from divert.models import Frame
from divert.records.meetings import Meeting, MeetingPack
from divert.scrutiny.agreement import kappa
from divert.scrutiny.proof import Estimate, Seen, estimate


class Proved(NamedTuple):
    """What a meeting's sample proves of its frame: by stratum, and altogether; and how far members agreed (kappa)."""

    strata: dict[str, Estimate]
    altogether: Estimate
    kappa: float | None
    unsettled: int


def comes_back(earlier: Sequence[Meeting]) -> dict[str, MeetingPack]:
    """The packs that an earlier meeting left without a conclusion, and none has concluded since; what was asked for."""
    last: dict[tuple[str, str], tuple[str, MeetingPack] | None] = {}
    for one in earlier:
        for name, said in one.findings.items():
            pack = one.packs[name]
            asked = MeetingPack(pack.frame, pack.pack, said.get("asked_for"))
            back = one.scale[said["score"]].comes_back
            last[pack.frame, pack.pack] = (f"{one.number}-{pack.pack}", asked) if back else None
    return dict(waiting for waiting in last.values() if waiting is not None)


def found_of(frame: str, everyone: Sequence[Meeting]) -> dict[MeetingPack, bool]:
    """Whether each pack of a frame that has a finding was found inappropriate, by the latest."""
    return {
        MeetingPack(*one.packs[name][:2]): one.scale[said["score"]].found
        for one in everyone
        for name, said in one.findings.items()
        if one.packs[name].frame == frame
    }


def seen(session: Session, one: Meeting, everyone: Sequence[Meeting]) -> dict[str, Seen]:
    """What was drawn for a meeting, scored and found, by stratum. Thematic picks were not drawn and are not counted."""
    frozen = session.get_one(Frame, one.frame)
    found = found_of(one.frame, everyone)
    strata = {}
    for stratum, ids in sorted(frozen.strata.items()):
        mine = [bad for pack, bad in found.items() if pack.stratum == stratum]
        strata[stratum] = Seen(len(ids), len(mine), sum(mine))
    return strata


def proved(session: Session, one: Meeting, everyone: Sequence[Meeting]) -> Proved:
    """What the draw of a meeting proves, by the latest finding on each pack, at whatever meeting it was reached.

    A case without a conclusion counts as inappropriate until it has one, and is counted among the unsettled.
    """
    strata = seen(session, one, everyone)
    return Proved(
        {stratum: estimate([counted]) for stratum, counted in strata.items()},
        estimate(strata.values()),
        kappa(one.own_scores()),
        sum(case.frame == one.frame and case.stratum in strata for case in comes_back(everyone).values()),
    )
