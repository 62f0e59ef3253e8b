"""Every count the board may ask for, kept ready in this process: by name, breakdown and day, and never by person.

What the worker has settled is read as it is kept (`divert.board.counting.tallies`); what came since is counted again
whenever something was added, so that a late commit is not lost. A day's counts are asked for again and again: they are
remembered for as long as nothing was added that could change them.
"""

from collections import OrderedDict
from datetime import date, datetime, timedelta
from functools import lru_cache
from threading import Lock

import polars as pl
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from divert.board.counting import history, panel_events, tallies
from divert.board.counting.breakdowns import ALL
from divert.board.counting.case_events import limit_bands
from divert.board.counting.counts import Cell, Counts
from divert.board.counting.suppression import Audience, suppress
from divert.clock import london_date
from divert.db import Database
from divert.models import Case, LedgerEntry, PanelEntry, RoundingKey

REMEMBERED = 64
BETWEEN = "\x1f"

SCHEMA = pl.Schema({"cell": pl.Categorical(), "day": pl.Date(), "n": pl.Int64()})
"""How much was added that day to a cell. Few cells, each on many days: they are kept as numbers."""


class StillCounting(Exception):
    """There is more to count than a page can wait for; the worker is at it. `done` of `cases` are counted."""

    def __init__(self, done: int, cases: int) -> None:
        super().__init__(f"{done:,} of {cases:,} cases counted")
        self.done, self.cases = done, cases


class CountStore:
    """The counts of one database. `fresh_for`: so long an answer may be kept though something was added since."""

    def __init__(self, database: Database, fresh_for: timedelta = timedelta(seconds=20)) -> None:
        self.database = database
        self.fresh_for = fresh_for
        self.counted_at: datetime | None = None
        self._settled = pl.DataFrame(schema=SCHEMA)
        self._number = 0
        self._until: datetime | None = None
        self._recent = pl.DataFrame(schema=SCHEMA)
        self._newest: object = None
        self._key = b""
        self._answers: OrderedDict[tuple[date, Audience | None], Counts] = OrderedDict()
        self._lock = Lock()

    def shown(self, as_at: date, at: datetime, audience: Audience = Audience.board) -> Counts:
        """The counts as at the end of a day, as they may be shown. None of what is known at `at` is older than
        `fresh_for`. StillCounting where they cannot be told yet.
        """
        with self._lock:
            self._refresh(at)
            return self._answer(as_at, audience)

    def exact(self, as_at: date, at: datetime) -> Counts:
        """The same as they are: for proof, never for a face."""
        with self._lock:
            self._refresh(at)
            return self._answer(as_at, None)

    def _answer(self, as_at: date, audience: Audience | None) -> Counts:
        if (counts := self._answers.get((as_at, audience))) is None:
            counts = self._sum(as_at) if audience is None else suppress(self._answer(as_at, None), self._key, audience)
            self._answers[as_at, audience] = counts
            while len(self._answers) > REMEMBERED:
                self._answers.popitem(last=False)
        return counts

    def _sum(self, as_at: date) -> Counts:
        both = pl.concat([_up_to(self._settled, as_at), _up_to(self._recent, as_at)])
        sums = both.group_by("cell").agg(pl.col("n").sum()).filter(pl.col("n") != 0)
        cells = {_cell(text): n for text, n in sums.iter_rows()}
        return Counts(as_at, {cell: n for cell, n in cells.items() if cell.dim != "due"} | near_limits(cells, as_at))

    def _refresh(self, at: datetime) -> None:
        if self.counted_at is not None and timedelta() < at - self.counted_at < self.fresh_for:
            return
        with self.database.reading() as session:
            self._key = self._key or bytes.fromhex(session.scalars(select(RoundingKey.key)).one())
            self._read_settled(session)
            newest = self._newest_in(session)
            if newest != self._newest:
                self._recent = self._since(session)
                self._forget()
        self._newest, self.counted_at = newest, at

    def _read_settled(self, session: Session) -> None:
        """What was kept since this process last looked: all of it is of the day up to which it had looked, or later."""
        last = tallies.last_settlement(session)
        if last is None or last.cases_to is not None:
            cases = session.scalar(select(func.count()).select_from(Case)) or 0
            if cases > tallies.BATCH:
                raise StillCounting(last.cases_to or 0 if last else 0, cases)
        elif last.number != self._number:
            since = london_date(self._until) if self._until else date.min
            settled = _as_cells(tallies.read(session, since))
            now = tallies.last_settlement(session)
            if now is None or now.number != last.number:
                self._read_settled(session)  # more was kept while this was read
                return
            self._forget()
            self._settled = pl.concat([self._settled.filter(pl.col("day") < since), settled])
            self._number, self._until = last.number, last.until

    def _since(self, session: Session) -> pl.DataFrame:
        """What came since, counted anew."""
        cases = history.changed_since(session, self._until)
        if len(cases) > tallies.BATCH:
            raise StillCounting(0, len(cases))
        events = tallies.events(session, cases) if cases else pl.DataFrame(schema=tallies.EVENT_SCHEMA)
        if self._until is not None:
            events = events.filter(pl.col("known") > self._until)
        return _as_cells(pl.concat([tallies.daily_sums(events), panel_events.tallies(session)]))

    def _forget(self) -> None:
        """The answers that what came since may have changed: of the day up to which counts are kept, and after it."""
        since = london_date(self._until) if self._until else date.min
        for day, audience in [*self._answers]:
            if day >= since:
                del self._answers[day, audience]

    def _newest_in(self, session: Session) -> object:
        """Something that differs whenever an entry was added."""
        entries = select(func.max(LedgerEntry.at), func.count())
        if self._until is not None:
            entries = entries.where(LedgerEntry.at > self._until)
        panel_entries = select(func.count()).select_from(PanelEntry)
        return self._number, session.execute(entries).one(), session.scalar(panel_entries)


def _as_cells(sums: pl.DataFrame) -> pl.DataFrame:
    """Tallies with their cell in one word, in order of days."""
    cell = pl.concat_str("name", "dim", "value", separator=BETWEEN).cast(pl.Categorical).alias("cell")
    return sums.select(cell, "day", pl.col("n").cast(pl.Int64)).sort("day")


@lru_cache(maxsize=100_000)
def _cell(text: str) -> Cell:
    return Cell(*text.split(BETWEEN))


def _up_to(sums: pl.DataFrame, as_at: date) -> pl.DataFrame:
    return sums.head(sums["day"].search_sorted(as_at, side="right"))


def near_limits(cells: dict[Cell, int], as_at: date) -> dict[Cell, int]:
    """Of the limits of open cases, those that are near or past, by how many days are left."""
    near_counts: dict[Cell, int] = {}
    bands = limit_bands()
    for cell, n in cells.items():
        if cell.dim == "due":
            left = (date.fromisoformat(cell.value) - as_at).days
            for band in (name for name, days in bands.items() if left in days):
                near = Cell(f"near_{cell.name}", "left", band)
                for near_cell in (near, Cell(near.name, ALL)):
                    near_counts[near_cell] = near_counts.get(near_cell, 0) + n
    return near_counts
