"""What the scrutiny panel found, as counts by day: the latest finding on each pack, at whatever meeting."""

import json
from datetime import date

import polars as pl
from sqlalchemy.orm import Session

from divert.board.counting import history
from divert.clock import london_date
from divert.law.rulebook import rulebook

THEMATIC = "thematic"
"""The stratum of packs that somebody chose: they prove nothing of a rate."""


def tallies(session: Session) -> pl.DataFrame:
    """Findings on packs drawn at random, by score and day. A pack found on again counts once: as found last."""
    counted: dict[tuple[str, str, str, date], int] = {}
    held: dict[int, tuple[date, dict[str, list[str]]]] = {}
    stands: dict[tuple[str, ...], tuple[str, bool]] = {}

    def count(score: str, found: bool, on: date, by: int) -> None:
        for name, dim, value in (("findings", "all", ""), ("findings", "score", score)):
            counted[name, dim, value, on] = counted.get((name, dim, value, on), 0) + by
        if found:
            counted["inappropriate", "all", "", on] = counted.get(("inappropriate", "all", "", on), 0) + by

    for number, _, at, command, text in history.findings(session).sort("at", "meeting", "seq").iter_rows():
        said, on = json.loads(text), london_date(at)
        if command != "agree-finding":
            packs = {name: [frame, pack] for name, frame, pack, *_ in said["packs"]}
            held[number] = (
                (date.fromisoformat(said["held_on"]), packs)
                if command == "open-meeting"
                else (held[number][0], held[number][1] | packs)
            )
            continue
        held_on, packs = held[number]
        pack = tuple(packs[said["pack"]])
        if pack[1].startswith(f"{THEMATIC}-"):
            continue
        if pack in stands:
            count(*stands[pack], on, -1)
        stands[pack] = (str(said["score"]), rulebook().scores_on(held_on)[said["score"]].found)
        count(*stands[pack], on, 1)
    rows = [(*cell, n) for cell, n in counted.items()]
    return pl.DataFrame(
        rows,
        schema={"name": pl.String, "dim": pl.String, "value": pl.String, "day": pl.Date, "n": pl.Int64},
        orient="row",
    )
