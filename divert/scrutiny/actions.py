"""What the panel's findings ask of others: whose it is, by when, what was answered, and whether that closed it."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from divert.records.meetings import Meeting


class Action(NamedTuple):
    """A finding that asks for something of `owner` (a post), or doubts a rule. `pack`: its name at the meeting;
    `drawn_as`: in the draw on `frame`.
    """

    meeting: int
    pack: str
    frame: str
    drawn_as: str
    score: int
    doubts: str | None
    learning: str | None
    learning_for: str | None
    owner: str | None
    due_on: date | None
    response: str | None
    closed: bool

    def overdue(self, today: date) -> bool:
        """Whether its day has passed and nothing closed it."""
        return not self.closed and self.due_on is not None and self.due_on < today


def actions(meetings: Iterable[Meeting]) -> list[Action]:
    """Every finding to learn from or that doubts a rule, and every inappropriate case: the open first, by their day."""
    return sorted(
        _actions(meetings),
        key=lambda action: (action.closed, action.due_on or date.max, action.meeting, action.pack),
    )


def _actions(meetings: Iterable[Meeting]) -> Iterator[Action]:
    for meeting in meetings:
        for pack, finding in meeting.findings.items():
            score = meeting.scale[finding["score"]]
            inappropriate = score.found and not score.comes_back
            if not (finding["learning"] or finding["doubts"] or inappropriate):
                continue
            response = meeting.responses.get(pack, {})
            yield Action(
                meeting=meeting.number,
                pack=pack,
                frame=meeting.packs[pack].frame,
                drawn_as=meeting.packs[pack].pack,
                score=finding["score"],
                doubts=finding["doubts"],
                learning=finding["learning"],
                learning_for=finding["learning_for"],
                owner=finding["owner"],
                due_on=date.fromisoformat(finding["due_on"]) if finding["due_on"] else None,
                response=response.get("response"),
                closed=bool(response.get("closed")),
            )
