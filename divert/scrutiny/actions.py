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
    return sorted(_actions(meetings), key=lambda one: (one.closed, one.due_on or date.max, one.meeting, one.pack))


def _actions(meetings: Iterable[Meeting]) -> Iterator[Action]:
    for told in meetings:
        for pack, said in told.findings.items():
            scored = told.scale[said["score"]]
            if not said["learning"] and not said["doubts"] and (not scored.found or scored.comes_back):
                continue
            answered = told.responses.get(pack, {})
            yield Action(
                meeting=told.number,
                pack=pack,
                frame=told.packs[pack].frame,
                drawn_as=told.packs[pack].pack,
                score=said["score"],
                doubts=said["doubts"],
                learning=said["learning"],
                learning_for=said["learning_for"],
                owner=said["owner"],
                due_on=date.fromisoformat(said["due_on"]) if said["due_on"] else None,
                response=answered.get("response"),
                closed=bool(answered.get("closed")),
            )
