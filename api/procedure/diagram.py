"""A picture of the lifecycle, drawn from the table: a box for each state, a numbered arrow for each move.

The way of a case that goes well runs straight down on the left; every other state stands to its right, one row below
what it can come from. What may be done from every open state alike is told in words: arrows from all would hide the
rest. The numbers lead to the same in words, so that nothing is in the picture alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from divert.casework.lifecycle import TRANSITIONS, Row
from divert.models import FINAL, OPEN, State

WIDE, HIGH, ACROSS, DOWN, MARGIN, LANE = 190, 48, 280, 112, 24, 34
"""Of a box, between boxes, around them, and between arrows that run beside them. In units of the picture."""

Point = tuple[float, float]
Move = tuple[State | None, State]


@dataclass(frozen=True)
class Box:
    """One state, by its upper left corner."""

    state: State
    x: float
    y: float

    @property
    def final(self) -> bool:
        """Whether a case ends there."""
        return self.state in FINAL


@dataclass(frozen=True)
class Arrow:
    """One move: where it runs, where its number stands, and what may bring it about."""

    number: int
    source: State | None
    target: State
    titles: tuple[str, ...]
    points: tuple[Point, ...]
    at: Point

    @property
    def path(self) -> str:
        """As SVG writes it."""
        return "M" + " L".join(f"{x:g},{y:g}" for x, y in self.points)

    @property
    def words(self) -> str:
        """The same in words."""
        begins = self.source.label if self.source else "Nothing"
        return f"{begins} to {self.target.label.lower()}: {' or '.join(self.titles).lower()}"


@dataclass(frozen=True)
class Diagram:
    """The whole picture."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    everywhere: tuple[str, ...]
    """What may be done from every open state, in words."""

    width: float
    height: float


@lru_cache
def diagram() -> Diagram:
    """The lifecycle as the table has it."""
    return draw(TRANSITIONS)


def draw(table: Sequence[Row]) -> Diagram:
    """A picture of a table."""
    moves, everywhere = _moves(table)
    places = _places(moves)
    boxes = {state: Box(state, MARGIN + ACROSS * x, MARGIN + 40 + DOWN * y) for state, (x, y) in places.items()}
    arrows: list[Arrow] = []
    long: list[Move] = [(source, to) for source, to in moves if source and places[to][1] - places[source][1] > 1]
    for number, ((source, target), titles) in enumerate(moves.items(), start=1):
        lane = len(long) - long.index((source, target)) if (source, target) in long else 0  # the longest outside
        points = _points(boxes, places, moves, (source, target), lane)
        arrows.append(Arrow(number, source, target, tuple(titles), points, _number_place(points)))
    right = max(box.x for box in boxes.values()) + WIDE + MARGIN + LANE * (len(long) + bool(long))
    return Diagram(
        boxes=tuple(boxes.values()),
        arrows=tuple(arrows),
        everywhere=tuple(everywhere),
        width=right,
        height=max(box.y for box in boxes.values()) + HIGH + MARGIN,
    )


def _moves(table: Sequence[Row]) -> tuple[dict[Move, list[str]], list[str]]:
    """What each move may be brought about by; and, apart, what leads on from every open state or out of a final one."""
    moves: dict[Move, list[str]] = {}
    everywhere: list[str] = []
    for row in table:
        targets = list(row.targets)
        final = [source for source in row.sources if source in FINAL]
        if targets and (set(OPEN) <= set(row.sources) or final):
            begins = " or ".join(state.label.lower() for state in final) if final else "every open state"
            ends = "to " + targets[0].label.lower() if len(targets) == 1 else "back to where it stood"
            everywhere.append(f"From {begins} {ends}: {row.command.title().lower()}")
            continue
        for source in row.sources or (None,):
            for target in targets:
                titles = moves.setdefault((source, target), [])
                if row.command.title() not in titles:
                    titles.append(row.command.title())
    return moves, everywhere


def _places(moves: Mapping[Move, list[str]]) -> dict[State, tuple[int, int]]:
    """Column and row of each state: as deep as the longest way to it, where the order of states says what is ahead."""
    order = {state: place for place, state in enumerate(State)}
    depth: dict[State, int] = {}
    for state in sorted({target for _, target in moves}, key=order.__getitem__):
        before = [
            depth[source]
            for source, target in moves
            if target is state and source is not None and order[source] < order[state]
        ]
        depth[state] = 1 + max(before, default=-1)
    straight = _way_to(FINAL[0], moves)
    places: dict[State, tuple[int, int]] = {}
    for state, row in depth.items():
        columns = (0, 1, 2, 3) if state in straight else (1, 0, 2, 3)
        reserved = {(0, depth[step]) for step in straight} - {(0, depth[state])} if state not in straight else set()
        places[state] = next((x, row) for x in columns if (x, row) not in {*places.values(), *reserved})
    return places


def _way_to(end: State, moves: Mapping[Move, list[str]]) -> list[State]:
    """The shortest way from the beginning."""
    ways = [[target] for source, target in moves if source is None]
    while ways:
        way = ways.pop(0)
        if way[-1] is end:
            return way
        ways += [[*way, target] for source, target in moves if source is way[-1] and target not in way]
    return []


def _points(
    boxes: Mapping[State, Box], places: Mapping[State, tuple[int, int]], moves: Mapping[Move, list[str]], move: Move,
    lane: int,
) -> tuple[Point, ...]:  # fmt: skip
    source, target = move
    end = boxes[target]
    middle = end.x + WIDE / 2
    if source is None:
        return ((middle, end.y - 40), (middle, end.y))
    begin = boxes[source]
    if lane:
        x = max(box.x for box in boxes.values()) + WIDE + LANE * lane
        return (
            (begin.x + WIDE, begin.y + HIGH / 2),
            (x, begin.y + HIGH / 2),
            (x, end.y + HIGH / 2 + 6 * lane - 9),
            (end.x + WIDE, end.y + HIGH / 2 + 6 * lane - 9),
        )
    aside = 26 * ((target, source) in moves) * (1 if places[source][1] < places[target][1] else -1)
    start = begin.x + WIDE / 2
    if places[source][1] < places[target][1]:
        return ((start + aside, begin.y + HIGH), (middle + aside, end.y))
    return ((start + aside, begin.y), (middle + aside, end.y + HIGH))


def _number_place(points: tuple[Point, ...]) -> Point:
    """Where the number stands: halfway along a straight arrow, on the first corner of any other."""
    if len(points) > 2:
        return points[1][0], (points[1][1] + points[2][1]) / 2
    (x, y), (to_x, to_y) = points
    return (x + to_x) / 2, (y + to_y) / 2
