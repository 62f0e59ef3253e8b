"""A meeting of the panel, as its entries tell it: who attends, what each thinks, what all agree.

Everything done at a meeting is an entry that never changes (`PanelEntry`); what is corrected is said again, and the
last counts. A pack is named as in its draw; one that came back from an earlier meeting is named after that, like
1-completed-2. The panel reads cases and never touches one.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from divert.law.rulebook import Score, rulebook
from divert.models import Frame, PanelEntry, Role
from divert.scrutiny.agreement import kappa
from divert.scrutiny.proof import Estimate, Seen, estimate

MEETS = (Role.panel_coordinator, Role.panel_member, Role.auditor)
"""Who may see meetings; a member, those they attend."""


class Case(NamedTuple):
    """A pack before a meeting: from which draw, as which of its packs, and what was asked for if it came back."""

    frame: str
    pack: str
    asked_for: str | None = None

    @property
    def stratum(self) -> str:
        """The stratum it was drawn from, or `thematic`."""
        return self.pack.rpartition("-")[0]


class Proved(NamedTuple):
    """What a meeting's sample proves of its frame: by stratum, and altogether; and how far members agreed (kappa)."""

    strata: dict[str, Estimate]
    altogether: Estimate
    kappa: float | None
    unsettled: int


@dataclass
class Meeting:
    """One meeting. Sets and mappings are by member (a username) and by the pack's name."""

    number: int
    held_on: date
    frame: str
    theme: str | None
    opened_by: str
    packs: dict[str, Case]
    attending: set[str]
    is_open: bool = True
    entries: int = 1
    conflicts: set[tuple[str, str]] = field(default_factory=set)
    scores: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    scoring_closed: set[str] = field(default_factory=set)
    findings: dict[str, dict[str, Any]] = field(default_factory=dict)
    responses: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def scale(self) -> dict[int, Score]:
        """The scores that may be given, by code."""
        return dict(rulebook().scores_on(self.held_on))

    @property
    def themes(self) -> tuple[str, ...]:
        """What the packs show because the meeting is about it."""
        return (self.theme,) if self.theme else ()

    def may_score(self, pack: str) -> set[str]:
        """The members who attend and have no conflict."""
        return {member for member in self.attending if (member, pack) not in self.conflicts}

    def waits_for(self, pack: str) -> set[str]:
        """Whose own score is still to come, before anybody sees another's."""
        return set() if pack in self.scoring_closed else self.may_score(pack) - self.scores.get(pack, {}).keys()

    def revealed(self, pack: str) -> bool:
        """Whether the independent scores may be seen: all are in, or scoring was closed."""
        return pack in self.scoring_closed or (bool(self.may_score(pack)) and not self.waits_for(pack))

    def own_scores(self) -> list[list[int]]:
        """What each member thought by themselves of each pack, of those whose scores may be seen."""
        return [[said["score"] for said in each.values()] for pack, each in self.scores.items() if self.revealed(pack)]

    def may_open(self, member: str, pack: str) -> bool:
        """Whether a member may read a pack: while the meeting is open, attending, without conflict."""
        return self.is_open and pack in self.packs and member in self.may_score(pack)


def meeting(session: Session, number: int) -> Meeting | None:
    """The meeting of that number."""
    query = select(PanelEntry).where(PanelEntry.meeting == number).order_by(PanelEntry.seq)
    return next(_told(session.scalars(query)), None)


def meetings(session: Session) -> list[Meeting]:
    """Every meeting, the first first."""
    return list(_told(session.scalars(select(PanelEntry).order_by(PanelEntry.meeting, PanelEntry.seq))))


def comes_back(earlier: Sequence[Meeting]) -> dict[str, Case]:
    """The packs that an earlier meeting left without a conclusion, and none has concluded since; what was asked for."""
    last: dict[tuple[str, str], tuple[str, Case] | None] = {}
    for one in earlier:
        for name, said in one.findings.items():
            pack = one.packs[name]
            asked = Case(pack.frame, pack.pack, said.get("asked_for"))
            back = one.scale[said["score"]].comes_back
            last[pack.frame, pack.pack] = (f"{one.number}-{pack.pack}", asked) if back else None
    return dict(waiting for waiting in last.values() if waiting is not None)


def found_of(frame: str, everyone: Sequence[Meeting]) -> dict[Case, bool]:
    """Whether each pack of a frame that has a finding was found inappropriate, by the latest."""
    return {
        Case(*one.packs[name][:2]): one.scale[said["score"]].found
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


def _told(entries: Iterable[PanelEntry]) -> Iterator[Meeting]:
    for _, each in groupby(entries, key=lambda entry: entry.meeting):
        first, *rest = each
        told = _opened(first)
        for entry in rest:
            _follow(told, entry, json.loads(entry.body))
        yield told


def _opened(first: PanelEntry) -> Meeting:
    said = json.loads(first.body)
    return Meeting(
        number=first.meeting,
        held_on=date.fromisoformat(said["held_on"]),
        frame=said["frame"],
        theme=said["theme"],
        opened_by=first.by,
        packs={name: Case(*case) for name, *case in said["packs"]},
        attending=set(said["attending"]),
    )


def _follow(told: Meeting, entry: PanelEntry, said: dict[str, Any]) -> None:
    """What one entry more changes."""
    told.entries = entry.seq
    pack = str(said.get("pack", ""))
    match entry.command:
        case "attend":
            told.attending.add(said["member"])
        case "take-additions":
            told.packs |= {name: Case(*case) for name, *case in said["packs"]}
        case "declare-conflict":
            member = said.get("member") or entry.by
            told.conflicts.add((member, pack))
            told.scores.get(pack, {}).pop(member, None)
        case "score-pack":
            told.scores.setdefault(pack, {})[entry.by] = said
        case "close-scoring":
            told.scoring_closed.add(pack)
        case "agree-finding":
            told.findings[pack] = said
        case "record-response":
            told.responses[pack] = said
        case "close-meeting":
            told.is_open = False
        case unknown:
            raise ValueError(f"Entry {entry.seq} of meeting {entry.meeting} says {unknown}, which nobody can do.")
