"""Every count the board may ask for, kept ready in this process: by name, cut and day, and never by person.

Since a figure is cut by one thing at a time, a count for each day and place is all that need be kept. A million cases
come to some hundred thousand of them, and any day's answer is their sum up to it. What is older than a few minutes is
counted once; what came since is counted again whenever something was added, so a late commit is not lost.
"""

from collections import OrderedDict
from datetime import date, datetime, timedelta
from threading import Lock
from typing import Any

import polars as pl
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from divert.board import engagement, history, journeys, panel
from divert.board.counts import Cell, Counts
from divert.board.cuts import ALL, CUTS, placed
from divert.board.suppression import Audience, suppressed
from divert.db import Database
from divert.models import Case, LedgerEntry, PanelEntry, RoundingKey

BATCH = 20_000
"""Cases read at once."""

SETTLED = timedelta(minutes=10)
"""Older than this, nothing can still be on its way into the history: transactions last seconds."""

FOLDED = timedelta(hours=1)
REMEMBERED = 64

SCHEMA = pl.Schema(
    {
        "name": pl.Categorical(),
        "dim": pl.Categorical(),
        "value": pl.Categorical(),
        "day": pl.Date(),
        "n": pl.Int64(),
    }
)
"""A tally: how much was added that day to a count in a place. Few words, each many times: they are kept as numbers."""


class Population:
    """The counts of one database. `fresh_for`: so long an answer may be kept though something was added since."""

    def __init__(self, database: Database, fresh_for: timedelta = timedelta(seconds=20)) -> None:
        self.database = database
        self.fresh_for = fresh_for
        self.counted_at: datetime | None = None
        self._settled = pl.DataFrame(schema=SCHEMA)
        self._until: datetime | None = None
        self._recent = pl.DataFrame(schema=SCHEMA)
        self._latest: object = None
        self._key = b""
        self._answers: OrderedDict[tuple[date, Audience | None], Counts] = OrderedDict()
        self._lock = Lock()

    def shown(self, as_at: date, at: datetime, audience: Audience = Audience.board) -> Counts:
        """The counts as at the end of a day, as they may be shown. None of what is known at `at` is older than that."""
        with self._lock:
            self._refresh(at)
            return self._kept(as_at, audience)

    def exact(self, as_at: date, at: datetime) -> Counts:
        """The same as they are: for proof, never for a face."""
        with self._lock:
            self._refresh(at)
            return self._kept(as_at, None)

    def tallies(self, at: datetime) -> pl.DataFrame:
        """Every count that is kept, by day: for proof."""
        with self._lock:
            self._refresh(at)
            return pl.concat([self._settled, self._recent])

    def _kept(self, as_at: date, audience: Audience | None) -> Counts:
        if (found := self._answers.get((as_at, audience))) is None:
            found = self._sum(as_at) if audience is None else suppressed(self._kept(as_at, None), self._key, audience)
            self._answers[as_at, audience] = found
            while len(self._answers) > REMEMBERED:
                self._answers.popitem(last=False)
        return found

    def _sum(self, as_at: date) -> Counts:
        both = pl.concat([self._settled, self._recent]).filter(pl.col("day") <= as_at)
        found = _with_near_limits(both, as_at).group_by("name", "dim", "value").agg(pl.col("n").sum())
        rows = found.filter(pl.col("n") != 0).iter_rows()
        return Counts(as_at, {Cell(name, dim, value): n for name, dim, value, n in rows})

    def _refresh(self, at: datetime) -> None:
        if self.counted_at is not None and timedelta() < at - self.counted_at < self.fresh_for:
            return
        with self.database.reading() as session:
            latest = self._newest(session)
            if self._until is None:
                self._key = bytes.fromhex(session.scalars(select(RoundingKey.key)).one())
                self._count_all(session, at - SETTLED)
            elif latest != self._latest:
                cases = history.touched_since(session, self._until)
                made = [_counted(session, cases[i : i + BATCH]) for i in range(0, len(cases), BATCH)]
                recent = _events(pl.concat(made) if made else None, after=self._until)
                if at - self._until > FOLDED:
                    self._fold(recent, at - SETTLED)
                else:
                    self._recent = pl.concat([_by_day(recent), panel.tallies(session).cast(SCHEMA)])
            else:
                self.counted_at = at
                return
        self._latest, self.counted_at = latest, at
        self._answers.clear()

    def _newest(self, session: Session) -> object:
        """Something that differs whenever an entry was added."""
        last = session.execute(select(func.max(LedgerEntry.at))).scalar()
        after, new = self._until or last, 0
        if after is not None:
            query = select(func.count()).select_from(LedgerEntry).where(LedgerEntry.at >= after)
            new = session.execute(query).scalar_one()
        met = session.execute(select(func.count()).select_from(PanelEntry)).scalar()
        return last, new, met

    def _count_all(self, session: Session, until: datetime) -> None:
        settled, recent = [], []
        last = session.scalar(select(func.max(Case.id))) or 0
        for low in range(0, last, BATCH):
            made = _counted(session, range(low + 1, low + BATCH + 1))
            settled.append(_by_day(made.filter(pl.col("known") <= until)))
            recent.append(_by_day(made.filter(pl.col("known") > until)))
        self._settled, self._until = _together(settled), until
        self._recent = pl.concat([_together(recent), panel.tallies(session).cast(SCHEMA)])

    def _fold(self, recent: pl.DataFrame, until: datetime) -> None:
        self._settled = _together([self._settled, _by_day(recent.filter(pl.col("known") <= until))])
        tallies = [_by_day(recent.filter(pl.col("known") > until))]
        with self.database.reading() as session:
            self._recent = pl.concat([*tallies, panel.tallies(session).cast(SCHEMA)])
        self._until = until


def _events(made: pl.DataFrame | None, after: datetime) -> pl.DataFrame:
    return pl.DataFrame(schema=PLACED) if made is None else made.filter(pl.col("known") > after)


PLACED: dict[str, Any] = {
    "name": pl.String,
    "dim": pl.String,
    "value": pl.String,
    "day": pl.Date,
    "known": pl.Datetime("us", "UTC"),
    "n": pl.Int32,
}


def _counted(session: Session, cases: range | list[int]) -> pl.DataFrame:
    """Every event of some cases, in every place in which it counts."""
    rows = history.read(session, lambda column: column.between(cases[0], cases[-1]) if isinstance(cases, range)
                        else column.in_(cases))  # fmt: skip
    made = pl.concat([journeys.events(rows), engagement.events(rows)])
    alone = made.filter(pl.col("dim").is_not_null())
    where = placed(rows)
    joined = made.filter(pl.col("dim").is_null()).drop("dim", "value").join(where, on="case")
    joined = joined.filter(pl.col("until").is_null() | (pl.col("at") < pl.col("until")))
    here = joined.with_columns(at=pl.max_horizontal("at", "since"), known=pl.max_horizontal("known", "since"))
    gone = joined.filter(pl.col("until").is_not_null()).with_columns(
        at=pl.col("until"), known=pl.max_horizontal("known", "until"), n=-pl.col("n")
    )
    both = pl.concat([here, gone])
    parts = [both.select("name", pl.lit(ALL).alias("dim"), pl.lit("").alias("value"), _day(), "known", "n")]
    parts += [both.select("name", pl.lit(dim).alias("dim"), pl.col(dim).alias("value"), _day(), "known", "n")
              for dim in CUTS]  # fmt: skip
    parts.append(alone.select("name", "dim", "value", _day(), "known", "n"))
    return pl.concat(parts)


def _day() -> pl.Expr:
    return pl.col("at").dt.convert_time_zone("Europe/London").dt.date().alias("day")


def _by_day(made: pl.DataFrame) -> pl.DataFrame:
    counted = made.group_by("name", "dim", "value", "day").agg(pl.col("n").cast(pl.Int64).sum())
    return counted.select([*SCHEMA]).cast(SCHEMA)


def _with_near_limits(tallies: pl.DataFrame, as_at: date) -> pl.DataFrame:
    """Limits by their last day, as the bands of days that were left of them."""
    left = (pl.col("value").cast(pl.String).str.to_date("%Y-%m-%d") - pl.lit(as_at)).dt.total_days()
    due = tallies.filter(pl.col("dim") == "due").with_columns(left=left)
    name = "near_" + pl.col("name").cast(pl.String)
    near = due.with_columns(value=journeys.limit_band("left"), name=name).drop("left").filter(pl.col("value") != "more")
    whole = near.with_columns(dim=pl.lit(ALL), value=pl.lit("")).cast(SCHEMA)
    by_band = near.with_columns(dim=pl.lit("left")).cast(SCHEMA)
    return pl.concat([tallies.filter(pl.col("dim") != "due"), by_band, whole])


def _together(tallies: list[pl.DataFrame]) -> pl.DataFrame:
    """Sums of the same name, cut and day, put together."""
    if not tallies:
        return pl.DataFrame(schema=SCHEMA)
    return pl.concat(tallies).group_by("name", "dim", "value", "day").agg(pl.col("n").sum()).select([*SCHEMA])
