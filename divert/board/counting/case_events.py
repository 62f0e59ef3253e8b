"""How far each case has come, as events: something that began (1) or ceased (-1) to be counted, and when.

An event is (case, name, dim, value, at, known, n). What had happened by a day is the sum of `n` up to its end; since
history is only ever added to, that sum never changes. `dim` and `value` say what else it is counted by: a side, a
rule, a band. `known` is when it was recorded, where it counts from later.
"""

from collections.abc import Sequence

import polars as pl

from divert.board.counting.history import History
from divert.casework.commands.appointments import CorrectAttendance, RecordAttendance
from divert.law.rulebook import rulebook
from divert.models import OPEN, TAKEN, State
from divert.models.case import PRECAUTIONARY_LIMIT, STATUTORY_LIMIT

UNDER_CONTRACT = (State.active, State.breach_review)
JUDGED = {"eligible": "eligible", "review": "for_review", "ineligible": "ineligible"}

TIMES = {
    "took_to_accept": ("referred", "accepted"),
    "took_to_sign": ("accepted", "signed"),
    "took_to_meet": ("signed", "met"),
    "took_to_complete": ("signed", "completed"),
    "took_to_charge": ("returned", "charged"),
}
"""Times between two stages: the first day of each."""

BANDS = (3, 7, 14, 21, 28, 42, 56, 84, 112, 140, 182)
"""Days, the last of each band; and a band beyond them."""


def events(history: History) -> pl.DataFrame:
    """Everything about where cases stood and went."""
    moves = history.ledger.filter(pl.col("before").is_null() | (pl.col("before") != pl.col("after"))).sort(
        "case", "seq"
    )
    stages = _stages(history, moves)
    return pl.concat(
        [
            stages,
            _verdicts(history),
            _decisions(history),
            _times(stages),
            _contract_over(moves),
            _open(moves),
            _caseload(history, moves),
            _limits(history),
            _endings(history, moves),
        ]
    )


def as_events(frame: pl.DataFrame, name: str, dim: str | None = None, value: pl.Expr | None = None) -> pl.DataFrame:
    """Each row of a frame as one event of that name; with a `dim`, counted by that alone, and not by who it was."""
    number = pl.col("n") if "n" in frame.columns else pl.lit(1, pl.Int32)
    return frame.select(
        pl.col("case").cast(pl.Int64),
        pl.lit(name).alias("name"),
        pl.lit(dim, pl.String).alias("dim"),
        (pl.lit(None, pl.String) if value is None else value.cast(pl.String)).alias("value"),
        pl.col("at"),
        (pl.col("known") if "known" in frame.columns else pl.col("at")).alias("known"),
        number.cast(pl.Int32).alias("n"),
    )


def changes(frame: pl.DataFrame, column: str, by: tuple[str, ...] = ("case",)) -> pl.DataFrame:
    """What stood and what stands, from rows in order of which each says anew how it stands (null: not at all)."""
    before = pl.col(column).shift(1).over(by)
    differs = frame.with_columns(before.alias("_before")).filter(pl.col(column).ne_missing(pl.col("_before")))
    began = differs.filter(pl.col(column).is_not_null()).with_columns(pl.lit(1).alias("n"))
    ceased = differs.filter(pl.col("_before").is_not_null()).with_columns(
        pl.col("_before").alias(column), pl.lit(-1).alias("n")
    )
    return pl.concat([began, ceased]).drop("_before")


def first_rows(frame: pl.DataFrame) -> pl.DataFrame:
    """The first row of each case, by its place in the history."""
    return frame.sort("case", "seq").unique("case", keep="first", maintain_order=True)


def body_text(field: str) -> pl.Expr:
    """What an entry says of something, as text; null where it does not, or was disposed of."""
    return pl.col("body").str.json_path_match(f"$.{field}")


def _stages(history: History, moves: pl.DataFrame) -> pl.DataFrame:
    before, after = pl.col("before"), pl.col("after")
    reached = {
        "referred": before.is_null(),
        "accepted": after == State.accepted,
        "signed": (before == State.accepted) & (after == State.active),
        "breached": (before == State.active) & (after == State.breach_review),
        "ended_by_breach": (before == State.breach_review) & (after == State.returned),
        "completed": after == State.completed,
        "returned": after == State.returned,
        "charged": after == State.prosecuted,
    }
    # An entry refused to be reinstated to `accepted` is no new acceptance: the first counts.
    firsts = [as_events(first_rows(moves.filter(when)), name) for name, when in reached.items()]
    met = attendances(history).filter("attended").sort("case", "at").unique("case", keep="first", maintain_order=True)
    return pl.concat([*firsts, as_events(met, "met")])


def attendances(history: History) -> pl.DataFrame:
    """What was recorded of each appointment, in order.

    Where bodies were disposed of, the appointments are left, and when something was recorded of one: in their order.
    """
    place = pl.int_range(pl.len()).over("case").alias("place")
    when = history.ledger.filter((pl.col("command") == RecordAttendance.slug()) & pl.col("body").is_null())
    when = when.sort("case", "seq").select("case", "seq", "at", place)
    commands = [RecordAttendance.slug(), CorrectAttendance.slug()]
    recorded = history.ledger.filter(pl.col("command").is_in(commands) & pl.col("body").is_not_null()).select(
        "case",
        "seq",
        "at",
        number=body_text("appointment").cast(pl.Int64),
        attended=body_text("attended") == "true",
        fault=body_text("fault"),
    )
    left = history.appointments.join(recorded, on=["case", "number"], how="anti").sort("case", "at", "number")
    left = left.drop("at").with_columns(place).join(when, on=["case", "place"])
    return pl.concat([recorded, left.select(recorded.columns)]).sort("case", "number", "seq")


def _verdicts(history: History) -> pl.DataFrame:
    checks = history.checks.sort("case", "seq")
    known = checks.with_columns(pl.when(pl.col("verdict") != "not_yet_known").then(pl.lit("judged")).alias("judged"))
    verdicts = changes(checks, "verdict")
    by_verdict = [as_events(verdicts.filter(pl.col("verdict") == verdict), name) for verdict, name in JUDGED.items()]
    why = checks.with_columns(pl.when(pl.col("verdict") == "ineligible").then(pl.col("because")).alias("why"))
    rules = changes(why, "why").with_columns(pl.col("why").str.split(" ")).explode("why")
    return pl.concat(
        [
            as_events(changes(known, "judged"), "judged"),
            *by_verdict,
            as_events(rules, "ineligible", "rule", pl.col("why")),
        ]
    )


def _decisions(history: History) -> pl.DataFrame:
    decisions = history.decisions.sort("case", "seq")
    overrides = decisions.filter(pl.col("override"))
    firsts = decisions.unique(["case", "side"], keep="first", maintain_order=True)
    both = (
        firsts.group_by("case")
        .agg(pl.len().alias("sides"), pl.col("accept").sum().alias("yes"), pl.col("at").max())
        .filter(pl.col("sides") == 2)
    )
    return pl.concat(
        [
            as_events(decisions, "decisions"),
            as_events(decisions, "decisions", "side", pl.col("side")),
            as_events(overrides, "overrides"),
            as_events(overrides, "overrides", "side", pl.col("side")),
            as_events(both, "both_decided"),
            as_events(both.filter(pl.col("yes") == 1), "disagreed"),
        ]
    )


def bands(ends: Sequence[int]) -> list[tuple[int, int | None]]:
    """The first and last of each band, by the last of each; and the one beyond them, that has no end."""
    least, pairs = 0, []
    for most in (*ends, None):
        pairs.append((least, most))
        least = (most or 0) + 1
    return pairs


def band_in(days: pl.Expr, ends: Sequence[int] = BANDS) -> pl.Expr:
    """The band of a number of days, as text that sorts: 0000-0003 … 0183-."""
    *closed, (beyond, _) = bands(ends)
    band: pl.Expr = pl.lit(band_name(beyond, None))
    for least, most in reversed(closed):
        band = pl.when(days <= most).then(pl.lit(band_name(least, most))).otherwise(band)
    return band


def band_name(least: int, most: int | None) -> str:
    """How a band of days is written in a cell."""
    return f"{least:04}-" + ("" if most is None else f"{most:04}")


def _times(stages: pl.DataFrame) -> pl.DataFrame:
    frames = []
    for name, (start, end) in TIMES.items():
        began = stages.filter(pl.col("name") == start).select("case", began=london_day("at"))
        ended = stages.filter(pl.col("name") == end).join(began, on="case")
        took = (london_day("at") - pl.col("began")).dt.total_days()
        frames += [
            as_events(ended, name),
            as_events(ended.with_columns(band_in(took).alias("took")), name, "days", pl.col("took")),
        ]
    return pl.concat(frames)


def london_day(column: str) -> pl.Expr:
    """The day in Cleveland of an instant."""
    return pl.col(column).dt.convert_time_zone("Europe/London").dt.date()


def _contract_over(moves: pl.DataFrame) -> pl.DataFrame:
    before = pl.col("before").is_in([*UNDER_CONTRACT])
    after = pl.col("after").is_in([*UNDER_CONTRACT])
    left = pl.when(before & ~after).then(1).when(~before & after & (pl.col("before") != State.accepted)).then(-1)
    return as_events(moves.with_columns(left.alias("n")).filter(pl.col("n").is_not_null()), "contract_over")


def _open(moves: pl.DataFrame) -> pl.DataFrame:
    stands = moves.with_columns(pl.when(pl.col("after").is_in([*OPEN])).then(pl.lit("open")).alias("open"))
    return as_events(changes(stands, "open"), "open")


def _caseload(history: History, moves: pl.DataFrame) -> pl.DataFrame:
    """By the post of whoever holds a case: from the allocation until another, or until it is nobody's any more."""
    post = pl.col("post").fill_null("left")
    allocations = history.allocations.select("case", "seq", "at", post.alias("post"), after=pl.lit(None, pl.String))
    states = moves.select("case", "seq", "at", pl.lit(None, pl.String).alias("post"), "after")
    timeline = pl.concat([allocations, states]).sort("case", "seq")
    timeline = timeline.with_columns(pl.col("post", "after").forward_fill().over("case"))
    holder = pl.when(pl.col("after").is_in([*TAKEN])).then(pl.col("post")).alias("holder")
    holders = changes(timeline.with_columns(holder), "holder")
    return pl.concat([as_events(holders, "caseload"), as_events(holders, "caseload", "post", pl.col("holder"))])


def _limits(history: History) -> pl.DataFrame:
    """Limits of open cases, by their last day."""
    began = history.limits.with_columns(pl.lit(1).alias("n"))
    ended = history.limits.filter(pl.col("until").is_not_null()).with_columns(
        pl.col("until").alias("at"), pl.lit(-1).alias("n")
    )
    limits = pl.concat([began, ended])
    frames = []
    for kind in (STATUTORY_LIMIT, PRECAUTIONARY_LIMIT):
        of_kind = limits.filter(pl.col("kind") == kind)
        frames += [as_events(of_kind, kind), as_events(of_kind, kind, "due", pl.col("due_on"))]
    return pl.concat(frames)


def _endings(history: History, moves: pl.DataFrame) -> pl.DataFrame:
    """How returned cases ended, for as long as that stands."""
    until = pl.col("at").shift(-1).over("case").alias("until")
    ended = moves.with_columns(until).filter(
        (pl.col("before") == State.returned) & pl.col("after").is_in([State.prosecuted, State.closed])
    )
    undone = ended.filter(pl.col("until").is_not_null()).with_columns(pl.col("until").alias("at"))
    endings = pl.concat([ended.with_columns(n=pl.lit(1)), undone.with_columns(n=pl.lit(-1))])
    endings = endings.join(history.cases.select("case", "outcome"), on="case")
    code = (
        pl.when(pl.col("body").is_null()).then(pl.col("outcome").cast(pl.String)).otherwise(body_text("outcome_code"))
    )
    expired = (code == "17") | (body_text("reason_code") == "time_expired")
    limits = history.limits.filter(pl.col("kind") == STATUTORY_LIMIT).select("case", "due_on", seq="until_seq")
    charged = endings.filter(pl.col("after") == State.prosecuted).join(limits, on=["case", "seq"])
    on = body_text("decided_on").str.to_date("%Y-%m-%d").fill_null(london_day("at"))
    left = (pl.col("due_on") - on).dt.total_days()
    charged = charged.with_columns(left.alias("left"))
    return pl.concat(
        [
            as_events(endings, "returned_ended"),
            as_events(endings.filter(expired), "expired"),
            as_events(charged, "charged_with_limit"),
            as_events(charged.filter(pl.col("left") <= NEAR_MISS), "near_miss"),
            as_events(charged, "charged_with_limit", "left", limit_band("left")),
        ]
    )


NEAR_MISS = 7
PASSED = "passed"


def limit_bands() -> dict[str, range]:
    """The last weeks before a limit, in days left, by the days on which its owner is reminded; and after it."""
    ranges, least = {PASSED: range(-1_000_000, 0)}, 0
    for most in sorted({1, *rulebook().limit_alert_days}):
        ranges[f"{least} to {most} days left"] = range(least, most + 1)
        least = most + 1
    return ranges


def limit_band(column: str) -> pl.Expr:
    """The band of a number of days left; `more` where there is no hurry."""
    band: pl.Expr = pl.lit("more")
    for name, days in reversed(limit_bands().items()):
        band = pl.when(pl.col(column) < days.stop).then(pl.lit(name)).otherwise(band)
    return band
