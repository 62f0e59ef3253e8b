"""What the board's counts are sums of: how much was added to each on each day, kept once it is settled.

A million cases come to some hundred thousand such numbers, and any day's answer is their sum up to it. What is kept is
never counted again: so a past answer stands though a case is disposed of, or two people turn out to be one.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from divert.board.counting import case_events, history, support_events
from divert.board.counting.breakdowns import ALL, BREAKDOWNS, placements
from divert.board.counting.case_events import london_day
from divert.board.counting.history import DAY, NUMBER, TEXT, Columns
from divert.clock import Clock
from divert.db import Database
from divert.models import Case, LedgerEntry, Tallied, Tally

WAY = 1
"""The way of counting. Where what is counted changes, so does this, and everything is counted anew."""

BATCH = 20_000
"""Cases read at once."""

SETTLED = timedelta(minutes=10)
"""Older than this, nothing can still be on its way into the history: transactions last seconds."""

DUE = timedelta(hours=1)
"""So long after counts were kept, more are."""

EVENT_SCHEMA: dict[str, Any] = {
    "name": pl.String,
    "dim": pl.String,
    "value": pl.String,
    "day": pl.Date,
    "known": pl.Datetime("us", "UTC"),
    "n": pl.Int32,
}
"""Something counted in one place, on a day; `known`: when it was recorded, or found to be so."""

COLUMNS: Columns = {
    "name": (Tally.name, TEXT),
    "dim": (Tally.dim, TEXT),
    "value": (Tally.value, TEXT),
    "day": (Tally.day, DAY),
    "n": (Tally.n, NUMBER),
}


def events(session: Session, cases: range | Sequence[int]) -> pl.DataFrame:
    """Every event of some cases, in every place in which it counts."""
    rows = history.read(session, lambda column: column.between(cases[0], cases[-1]) if isinstance(cases, range)
                        else column.in_(cases))  # fmt: skip
    frame = pl.concat([case_events.events(rows), support_events.events(rows)])
    by_own_dim = frame.filter(pl.col("dim").is_not_null())
    by_place = frame.filter(pl.col("dim").is_null()).drop("dim", "value").join(placements(rows), on="case")
    by_place = by_place.filter(pl.col("until").is_null() | (pl.col("at") < pl.col("until")))
    added = by_place.with_columns(at=pl.max_horizontal("at", "since"), known=pl.max_horizontal("known", "since"))
    removed = by_place.filter(pl.col("until").is_not_null()).with_columns(
        at=pl.col("until"), known=pl.max_horizontal("known", "until"), n=-pl.col("n")
    )
    by_place = pl.concat([added, removed])
    day = london_day("at").alias("day")
    parts = [by_place.select("name", pl.lit(ALL).alias("dim"), pl.lit("").alias("value"), day, "known", "n")]
    parts += [by_place.select("name", pl.lit(dim).alias("dim"), pl.col(dim).alias("value"), day, "known", "n")
              for dim in BREAKDOWNS]  # fmt: skip
    parts.append(by_own_dim.select("name", "dim", "value", day, "known", "n"))
    return pl.concat(parts)


def daily_sums(events: pl.DataFrame) -> pl.DataFrame:
    """The sums of events for each count, place and day."""
    sums = events.group_by("name", "dim", "value", "day").agg(pl.col("n").cast(pl.Int64).sum())
    return sums.filter(pl.col("n") != 0)


def last_settlement(session: Session) -> Tallied | None:
    """The last time that counts were kept, in today's way; None: never."""
    last = _last_of_any_way(session)
    return last if last is not None and last.way == WAY else None


def _last_of_any_way(session: Session) -> Tallied | None:
    return session.scalars(select(Tallied).order_by(Tallied.number.desc()).limit(1)).first()


def read(session: Session, since: date | None = None) -> pl.DataFrame:
    """What is kept: all, or of a day and those after it."""
    query = select(*(column for column, _ in COLUMNS.values()))
    return history.fetch(session, query if since is None else query.where(Tally.day >= since), COLUMNS)


def settle(database: Database, clock: Clock) -> None:
    """Keep what has settled since the last time, if that is due. Where nothing was kept yet that is everything, and
    what was done of it stands if it is cut short.
    """
    while _settle_some(database, clock()):
        pass


def _settle_some(database: Database, at: datetime) -> bool:
    """Count and keep some; answers whether there is more to do."""
    with database.reading() as session:
        latest = _last_of_any_way(
            session
        )  # read once: what is counted follows from the same row as the number that guards it
        number = 1 if latest is None else latest.number + 1
        last = latest if latest is not None and latest.way == WAY else None
        until = last.until if last is not None and last.cases_to is not None else at - SETTLED
        if last is None or last.cases_to is not None:
            begin, end = last.cases_to or 0 if last else 0, session.scalar(select(func.max(Case.id))) or 0
            settled = events(session, range(begin + 1, begin + BATCH + 1)).filter(pl.col("known") <= until)
            to = begin + BATCH if begin + BATCH < end else None
        else:
            if at - last.until < DUE:
                return False
            entry_since = select(LedgerEntry.at).where(LedgerEntry.at > last.until, LedgerEntry.at <= until).limit(1)
            if session.scalar(entry_since) is None:
                return False
            cases, to = history.changed_since(session, last.until), None
            parts = [events(session, cases[i : i + BATCH]) for i in range(0, len(cases), BATCH)]
            settled = pl.concat(parts).filter(pl.col("known").is_between(last.until, until, closed="right"))
    try:
        with database.writing() as session:
            session.add(Tallied(number=number, way=WAY, until=until, cases_to=to))
            session.flush()
            if last is None:
                session.execute(delete(Tally))
            _add(session, daily_sums(settled))
    except IntegrityError:  # somebody else was quicker
        return False
    return to is not None


def _add(session: Session, tallies: pl.DataFrame) -> None:
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(Tally)
    upsert = statement.on_conflict_do_update(
        index_elements=list(COLUMNS)[:4], set_={"n": Tally.n + statement.excluded.n}
    )
    for batch in tallies.iter_slices(BATCH):
        session.execute(upsert, batch.to_dicts())
