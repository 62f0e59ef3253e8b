"""How far each case has come, as events: something that began (1) or ceased (-1) to be counted, and when.

An event is (case, name, dim, value, at, known, n). What had happened by a day is the sum of `n` up to its end; since
history is only ever added to, that sum never changes. `dim` and `value` say what else it is counted by: a side, a
rule, a band. `known` is when it was recorded, where it counts from later.
"""

from collections.abc import Sequence

import polars as pl

from divert.board.counting.history import History
from divert.law.rulebook import rulebook
from divert.models import OPEN, TAKEN, State

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


def events(rows: History) -> pl.DataFrame:
    """Everything about where cases stood and went."""
    moves = rows.ledger.filter(pl.col("before").is_null() | (pl.col("before") != pl.col("after"))).sort("case", "seq")
    stages = _stages(rows, moves)
    return pl.concat(
        [
            stages,
            _verdicts(rows),
            _decisions(rows),
            _times(stages),
            _contract_over(moves),
            _open(moves),
            _caseload(rows, moves),
            _limits(rows),
            _endings(rows, moves),
        ]
    )


def happened(frame: pl.DataFrame, name: str, dim: str | None = None, value: pl.Expr | None = None) -> pl.DataFrame:
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


def first(frame: pl.DataFrame) -> pl.DataFrame:
    """The first row of each case, by its place in the history."""
    return frame.sort("case", "seq").unique("case", keep="first", maintain_order=True)


def body(field: str) -> pl.Expr:
    """What an entry says of something, as text; null where it does not, or was disposed of."""
    return pl.col("body").str.json_path_match(f"$.{field}")


def _stages(rows: History, moves: pl.DataFrame) -> pl.DataFrame:
    before, after = pl.col("before"), pl.col("after")
    been = {
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
    found = [happened(first(moves.filter(when)), name) for name, when in been.items()]
    met = attendances(rows).filter("attended").sort("case", "at").unique("case", keep="first", maintain_order=True)
    return pl.concat([*found, happened(met, "met")])


def attendances(rows: History) -> pl.DataFrame:
    """What was recorded of each appointment, in order.

    Where bodies were disposed of, the appointments are left, and when something was recorded of one: in their order.
    """
    place = pl.int_range(pl.len()).over("case").alias("place")
    when = rows.ledger.filter((pl.col("command") == "record-attendance") & pl.col("body").is_null())
    when = when.sort("case", "seq").select("case", "seq", "at", place)
    said = rows.ledger.filter(
        pl.col("command").is_in(["record-attendance", "correct-attendance"]) & pl.col("body").is_not_null()
    ).select(
        "case",
        "seq",
        "at",
        number=body("appointment").cast(pl.Int64),
        attended=body("attended") == "true",
        fault=body("fault"),
    )
    kept = rows.appointments.join(said, on=["case", "number"], how="anti").sort("case", "at", "number")
    kept = kept.drop("at").with_columns(place).join(when, on=["case", "place"])
    return pl.concat([said, kept.select(said.columns)]).sort("case", "number", "seq")


def _verdicts(rows: History) -> pl.DataFrame:
    checks = rows.checks.sort("case", "seq")
    known = checks.with_columns(pl.when(pl.col("verdict") != "not_yet_known").then(pl.lit("judged")).alias("judged"))
    stood = changes(checks, "verdict")
    each = [happened(stood.filter(pl.col("verdict") == verdict), name) for verdict, name in JUDGED.items()]
    why = checks.with_columns(pl.when(pl.col("verdict") == "ineligible").then(pl.col("because")).alias("why"))
    rules = changes(why, "why").with_columns(pl.col("why").str.split(" ")).explode("why")
    return pl.concat(
        [happened(changes(known, "judged"), "judged"), *each, happened(rules, "ineligible", "rule", pl.col("why"))]
    )


def _decisions(rows: History) -> pl.DataFrame:
    made = rows.decisions.sort("case", "seq")
    against = made.filter(pl.col("override"))
    firsts = made.unique(["case", "side"], keep="first", maintain_order=True)
    both = (
        firsts.group_by("case")
        .agg(pl.len().alias("sides"), pl.col("accept").sum().alias("yes"), pl.col("at").max())
        .filter(pl.col("sides") == 2)
    )
    return pl.concat(
        [
            happened(made, "decisions"),
            happened(made, "decisions", "side", pl.col("side")),
            happened(against, "overrides"),
            happened(against, "overrides", "side", pl.col("side")),
            happened(both, "both_decided"),
            happened(both.filter(pl.col("yes") == 1), "disagreed"),
        ]
    )


def bands(ends: Sequence[int]) -> list[tuple[int, int | None]]:
    """The first and last of each band, by the last of each; and the one beyond them, that has no end."""
    least, found = 0, []
    for most in (*ends, None):
        found.append((least, most))
        least = (most or 0) + 1
    return found


def band_of(days: pl.Expr, ends: Sequence[int] = BANDS) -> pl.Expr:
    """The band of a number of days, as text that sorts: 0000-0003 … 0183-."""
    *closed, (beyond, _) = bands(ends)
    said: pl.Expr = pl.lit(band_name(beyond, None))
    for least, most in reversed(closed):
        said = pl.when(days <= most).then(pl.lit(band_name(least, most))).otherwise(said)
    return said


def band_name(least: int, most: int | None) -> str:
    """How a band of days is written in a cell."""
    return f"{least:04}-" + ("" if most is None else f"{most:04}")


def _times(stages: pl.DataFrame) -> pl.DataFrame:
    found = []
    for name, (start, end) in TIMES.items():
        began = stages.filter(pl.col("name") == start).select("case", began=_day("at"))
        ended = stages.filter(pl.col("name") == end).join(began, on="case")
        took = (_day("at") - pl.col("began")).dt.total_days()
        found += [
            happened(ended, name),
            happened(ended.with_columns(band_of(took).alias("took")), name, "days", pl.col("took")),
        ]
    return pl.concat(found)


def _day(column: str) -> pl.Expr:
    return pl.col(column).dt.convert_time_zone("Europe/London").dt.date()


def _contract_over(moves: pl.DataFrame) -> pl.DataFrame:
    before = pl.col("before").is_in([*UNDER_CONTRACT])
    after = pl.col("after").is_in([*UNDER_CONTRACT])
    left = pl.when(before & ~after).then(1).when(~before & after & (pl.col("before") != State.accepted)).then(-1)
    return happened(moves.with_columns(left.alias("n")).filter(pl.col("n").is_not_null()), "contract_over")


def _open(moves: pl.DataFrame) -> pl.DataFrame:
    stands = moves.with_columns(pl.when(pl.col("after").is_in([*OPEN])).then(pl.lit("open")).alias("open"))
    return happened(changes(stands, "open"), "open")


def _caseload(rows: History, moves: pl.DataFrame) -> pl.DataFrame:
    """By the post of whoever holds a case: from the allocation until another, or until it is nobody's any more."""
    post = pl.col("post").fill_null("left")
    given = rows.allocations.select("case", "seq", "at", post.alias("post"), after=pl.lit(None, pl.String))
    went = moves.select("case", "seq", "at", pl.lit(None, pl.String).alias("post"), "after")
    line = (
        pl.concat([given, went]).sort("case", "seq").with_columns(pl.col("post", "after").forward_fill().over("case"))
    )
    held = line.with_columns(pl.when(pl.col("after").is_in([*TAKEN])).then(pl.col("post")).alias("held"))
    stood = changes(held, "held")
    return pl.concat([happened(stood, "caseload"), happened(stood, "caseload", "post", pl.col("held"))])


def _limits(rows: History) -> pl.DataFrame:
    """Limits of open cases, by their last day."""
    began = rows.limits.with_columns(pl.lit(1).alias("n"))
    ended = rows.limits.filter(pl.col("until").is_not_null()).with_columns(
        pl.col("until").alias("at"), pl.lit(-1).alias("n")
    )
    both = pl.concat([began, ended])
    found = []
    for kind in ("statutory_limit", "precautionary_limit"):
        mine = both.filter(pl.col("kind") == kind)
        found += [happened(mine, kind), happened(mine, kind, "due", pl.col("due_on"))]
    return pl.concat(found)


def _endings(rows: History, moves: pl.DataFrame) -> pl.DataFrame:
    """How returned cases ended, for as long as that stands."""
    until = pl.col("at").shift(-1).over("case").alias("until")
    ended = moves.with_columns(until).filter(
        (pl.col("before") == State.returned) & pl.col("after").is_in([State.prosecuted, State.closed])
    )
    undone = ended.filter(pl.col("until").is_not_null()).with_columns(pl.col("until").alias("at"))
    both = pl.concat([ended.with_columns(n=pl.lit(1)), undone.with_columns(n=pl.lit(-1))])
    both = both.join(rows.cases.select("case", "outcome"), on="case")
    code = pl.when(pl.col("body").is_null()).then(pl.col("outcome").cast(pl.String)).otherwise(body("outcome_code"))
    expired = (code == "17") | (body("reason_code") == "time_expired")
    law = rows.limits.filter(pl.col("kind") == "statutory_limit").select("case", "due_on", seq="until_seq")
    charged = both.filter(pl.col("after") == State.prosecuted).join(law, on=["case", "seq"])
    on = body("decided_on").str.to_date("%Y-%m-%d").fill_null(_day("at"))
    left = (pl.col("due_on") - on).dt.total_days()
    charged = charged.with_columns(left.alias("left"))
    return pl.concat(
        [
            happened(both, "returned_ended"),
            happened(both.filter(expired), "expired"),
            happened(charged, "charged_with_limit"),
            happened(charged.filter(pl.col("left") <= NEAR_MISS), "near_miss"),
            happened(charged, "charged_with_limit", "left", limit_band("left")),
        ]
    )


NEAR_MISS = 7
PASSED = "passed"


def limit_bands() -> dict[str, range]:
    """The last weeks before a limit, in days left, by the days on which its owner is reminded; and after it."""
    found, least = {PASSED: range(-1_000_000, 0)}, 0
    for most in sorted({1, *rulebook().limit_alert_days}):
        found[f"{least} to {most} days left"] = range(least, most + 1)
        least = most + 1
    return found


def limit_band(column: str) -> pl.Expr:
    """The band of a number of days left; `more` where there is no hurry."""
    said: pl.Expr = pl.lit("more")
    for name, days in reversed(limit_bands().items()):
        said = pl.when(pl.col(column) < days.stop).then(pl.lit(name)).otherwise(said)
    return said
