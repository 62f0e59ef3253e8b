"""What the panel's findings ask of others: whose it is, by when, what was answered, and whether that closed it."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from divert.models import Role
from divert.scrutiny.meeting import MEETS, Meeting

FOLLOWS = (Role.panel_coordinator, Role.police_team_lead, Role.project_manager, Role.auditor)
"""Who may see them. Members see those of the meetings that they attend, at the meeting."""

ANSWERS = (Role.police_team_lead,)
"""Who answers for the force."""

AT_MEETINGS = (*MEETS, *ANSWERS)
"""Everyone who does something at a meeting or after it."""


class Action(NamedTuple):
    """One finding that asks for something. `due_on` and `owner`: a post, where the panel gave them."""

    meeting: int
    pack: str
    score: int
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
    """Every finding with something to learn, and every inappropriate case: the open ones first, by their day."""
    return sorted(_actions(meetings), key=lambda one: (one.closed, one.due_on or date.max, one.meeting, one.pack))


def _actions(meetings: Iterable[Meeting]) -> Iterator[Action]:
    for told in meetings:
        for pack, said in told.findings.items():
            scored = told.scale[said["score"]]
            if not said["learning"] and (not scored.found or scored.comes_back):
                continue
            answered = told.responses.get(pack, {})
            yield Action(
                meeting=told.number,
                pack=pack,
                score=said["score"],
                learning=said["learning"],
                learning_for=said["learning_for"],
                owner=said["owner"],
                due_on=date.fromisoformat(said["due_on"]) if said["due_on"] else None,
                response=answered.get("response"),
                closed=bool(answered.get("closed")),
            )
