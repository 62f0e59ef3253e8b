"""What the scrutiny panel found, as counts by day: the latest finding on each pack, at whatever meeting."""

import json
from collections import Counter
from datetime import date

import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from divert.clock import london_date
from divert.models import PanelEntry
from divert.records.meetings import THEMATIC, EntryKind, Meeting, MeetingPack, apply_entry

COLUMNS = {"name": pl.String, "dim": pl.String, "value": pl.String, "day": pl.Date, "n": pl.Int64}


def tallies(session: Session) -> pl.DataFrame:
    """Findings on packs drawn at random, by score and day. A pack found on again counts once: as found last."""
    counts: Counter[tuple[str, str, str, date]] = Counter()
    meetings: dict[int, Meeting] = {}
    stands: dict[MeetingPack, tuple[int, bool]] = {}
    for entry in session.scalars(select(PanelEntry).order_by(PanelEntry.at, PanelEntry.meeting, PanelEntry.seq)):
        meeting = meetings[entry.meeting] = apply_entry(meetings.get(entry.meeting), entry)
        if entry.command != EntryKind.agree_finding:
            continue
        name = json.loads(entry.body)["pack"]
        pack = MeetingPack(meeting.packs[name].frame, meeting.packs[name].pack)
        if pack.stratum == THEMATIC:
            continue
        day, score = london_date(entry.at), meeting.scale[meeting.findings[name]["score"]]
        if pack in stands:
            _count(counts, day, *stands[pack], -1)
        stands[pack] = (score.code, score.found)
        _count(counts, day, score.code, score.found, 1)
    return pl.DataFrame([(*cell, n) for cell, n in counts.items()], schema=COLUMNS, orient="row")


def _count(counts: Counter[tuple[str, str, str, date]], day: date, score: int, inappropriate: bool, by: int) -> None:
    counts["findings", "all", "", day] += by
    counts["findings", "score", str(score), day] += by
    if inappropriate:
        counts["inappropriate", "all", "", day] += by
