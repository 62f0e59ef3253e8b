"""A meeting of the panel, as its entries tell it: who attends, what each thinks, what all agree.

Everything done at a meeting is an entry that never changes (`PanelEntry`), in a hash chain of the meeting's own; what
is corrected is said again, and the last counts. A pack is named as in its draw; one that came back from an earlier
meeting is named after that, like 1-completed-2. The panel reads cases and never touches one.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from divert.acts.chain import Fault, Link, as_stored, instant_text, verify_chain
from divert.law.rulebook import Score, rulebook
from divert.models import PanelEntry

THEMATIC = "thematic"
"""Stands where a stratum would in the name of a pack that was picked: it was not drawn, and proves nothing of a rate.
"""


class EntryKind(StrEnum):
    """What an entry of a meeting can say: the slugs of its commands, and what the service itself puts before it."""

    open_meeting = "open-meeting"
    attend = "attend"
    take_additions = "take-additions"
    declare_conflict = "declare-conflict"
    score_pack = "score-pack"
    close_scoring = "close-scoring"
    agree_finding = "agree-finding"
    record_response = "record-response"
    close_meeting = "close-meeting"


class MeetingPack(NamedTuple):
    """A pack before a meeting: from which draw, as which of its packs, and what was asked for if it came back."""

    frame: str
    pack: str
    asked_for: str | None = None

    @property
    def stratum(self) -> str:
        """The stratum it was drawn from, or `thematic`."""
        return self.pack.rpartition("-")[0]


@dataclass
class Meeting:
    """One meeting. Sets and mappings are by member (a username) and by the pack's name."""

    number: int
    held_on: date
    frame: str
    theme: str | None
    opened_by: str
    packs: dict[str, MeetingPack]
    attending: set[str]
    is_open: bool = True
    entries: int = 1
    head: str = ""
    """The hash of the last entry."""

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
        return [
            [score["score"] for score in scores.values()] for pack, scores in self.scores.items() if self.revealed(pack)
        ]

    def may_open(self, member: str, pack: str) -> bool:
        """Whether a member may read a pack: while the meeting is open, attending, without conflict."""
        return self.is_open and pack in self.packs and member in self.may_score(pack)


def get_meeting(session: Session, number: int) -> Meeting | None:
    """The meeting of that number."""
    query = select(PanelEntry).where(PanelEntry.meeting == number).order_by(PanelEntry.seq)
    return next(replay_meetings(session.scalars(query)), None)


def all_meetings(session: Session) -> list[Meeting]:
    """Every meeting, the first first."""
    return list(replay_meetings(entries(session)))


def entries(session: Session) -> Sequence[PanelEntry]:
    """The entries of all meetings, meeting by meeting."""
    return session.scalars(select(PanelEntry).order_by(PanelEntry.meeting, PanelEntry.seq)).all()


def replay_meetings(entries: Iterable[PanelEntry]) -> Iterator[Meeting]:
    """Each meeting as its entries leave it; they come meeting by meeting, each in order."""
    for _, meeting_entries in groupby(entries, key=lambda entry: entry.meeting):
        meeting: Meeting | None = None
        for entry in meeting_entries:
            meeting = apply_entry(meeting, entry)
        if meeting is not None:
            yield meeting


def apply_entry(meeting: Meeting | None, entry: PanelEntry) -> Meeting:
    """A meeting as one entry more leaves it; its first entry opens it."""
    body = json.loads(entry.body)
    if meeting is None:
        return Meeting(
            number=entry.meeting,
            held_on=date.fromisoformat(body["held_on"]),
            frame=body["frame"],
            theme=body["theme"],
            opened_by=entry.by,
            packs=_packs(body),
            attending=set(body["attending"]),
            head=entry.hash,
        )
    meeting.entries, meeting.head = entry.seq, entry.hash
    pack = str(body.get("pack", ""))
    match entry.command:
        case EntryKind.attend:
            meeting.attending.add(body["member"])
        case EntryKind.take_additions:
            meeting.packs |= _packs(body)
        case EntryKind.declare_conflict:
            member = body.get("member") or entry.by
            meeting.conflicts.add((member, pack))
            meeting.scores.get(pack, {}).pop(member, None)
        case EntryKind.score_pack:
            meeting.scores.setdefault(pack, {})[entry.by] = body
        case EntryKind.close_scoring:
            meeting.scoring_closed.add(pack)
        case EntryKind.agree_finding:
            meeting.findings[pack] = body
        case EntryKind.record_response:
            meeting.responses[pack] = body
        case EntryKind.close_meeting:
            meeting.is_open = False
        case command:
            raise ValueError(f"Entry {entry.seq} of meeting {entry.meeting} says {command}, which nobody can do.")
    return meeting


def entry_content(entry: Any) -> dict[str, Any]:
    """What the hash of an entry covers, beside the hash before it. The entry may be a row as it is stored."""
    return {
        "meeting": entry.meeting,
        "seq": entry.seq,
        "at": instant_text(entry.at),
        "by": entry.by,
        "role": entry.role,
        "command": entry.command,
        "body": entry.body,
    }


def chain_name(number: int) -> str:
    """What the chain of a meeting is called, where a case has its reference."""
    return f"meeting-{number}"


def verify(session: Session) -> Iterator[Fault]:
    """Every fault in the chains of the meetings. Nothing yielded: all that was ever done there is as it was written.

    It cannot see a chain cut at its end, nor the last meeting removed: a seal can.
    """
    rows = session.execute(select(*as_stored(PanelEntry.__table__)).order_by(PanelEntry.meeting, PanelEntry.seq)).all()
    for place, (number, chain) in enumerate(groupby(rows, key=lambda row: row.meeting), start=1):
        if number != place:
            yield Fault(
                chain_name(number), None, f"stands where meeting {place} should: a meeting was removed or added"
            )
            return
        yield from verify_chain(
            chain_name(number), (Link(entry.seq, entry.hash, entry_content(entry)) for entry in chain)
        )


def _packs(body: dict[str, Any]) -> dict[str, MeetingPack]:
    return {name: MeetingPack(*pack) for name, *pack in body["packs"]}
