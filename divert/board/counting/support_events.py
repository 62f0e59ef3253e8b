"""What happened within cases, as events: appointments, conditions, breaches, needs, victims, what came afterwards."""

import polars as pl

from divert.board.counting.case_events import UNDER_CONTRACT, attendances, band_of, body, changes, first, happened
from divert.board.counting.history import History
from divert.law.rulebook import rulebook
from divert.models import FINAL, State

WINDOWS = (6, 12, 24)
"""Months in which a further offence counts."""

WAITING = 6
"""Months more until a proven offence of the window will be on record (Ministry of Justice: proven reoffending)."""

HARM_WINDOW = 12
"""Months of which new offences are scored for their harm."""

WENT = {State.completed: "completed", State.prosecuted: "prosecuted", State.closed: "closed"}


def events(rows: History) -> pl.DataFrame:
    """Everything about what was done with people, and what they did."""
    moves = rows.ledger.filter(pl.col("before").is_null() | (pl.col("before") != pl.col("after"))).sort("case", "seq")
    return pl.concat(
        [
            _appointments(rows),
            _conditions(rows, moves),
            _breaches(rows),
            _needs(rows),
            _victims(rows, moves),
            _afterwards(rows, moves),
        ]
    )


def _appointments(rows: History) -> pl.DataFrame:
    """Meetings that took place or failed through the person, from the day on which that was recorded."""
    met = attendances(rows)
    counts = pl.col("attended") | (pl.col("fault").fill_null("client") != "service")
    met = met.with_columns(
        due=pl.when(counts).then(pl.lit("due")), kept=pl.when(counts & pl.col("attended")).then(pl.lit("kept"))
    )
    by = ("case", "number")
    return pl.concat(
        [
            happened(changes(met, "due", by), "appointments"),
            happened(changes(met, "kept", by), "appointments_kept"),
        ]
    )


def _conditions(rows: History, moves: pl.DataFrame) -> pl.DataFrame:
    """Conditions of contracts that are over, and whether they were kept, as known then and since."""
    over = first(
        moves.filter(pl.col("before").is_in([*UNDER_CONTRACT]) & ~pl.col("after").is_in([*UNDER_CONTRACT]))
    ).select("case", "at")
    due = rows.conditions.filter(pl.col("status") != "withdrawn").join(over, on="case")
    corrected = (
        rows.ledger.filter((pl.col("command") == "correct-condition") & pl.col("body").is_not_null())
        .sort("case", "seq")
        .select("case", number=body("condition").cast(pl.Int64), corrected_at=pl.col("at"))
        .unique(["case", "number"], keep="last")
    )
    due = due.join(corrected, on=["case", "number"], how="left").with_columns(
        later=pl.col("corrected_at").is_not_null() & (pl.col("corrected_at") > pl.col("at")),
        kept=pl.col("status") == "kept",
    )
    late = due.filter("later").with_columns(at=pl.col("corrected_at"))
    kept = pl.concat(
        [
            due.filter(~pl.col("later") & pl.col("kept")).with_columns(n=pl.lit(1)),
            late.filter("kept").with_columns(n=pl.lit(1)),
            # What is corrected differs from what was on record: it was kept until then.
            due.filter(pl.col("later") & ~pl.col("kept")).with_columns(n=pl.lit(1)),
            late.filter(~pl.col("kept")).with_columns(n=pl.lit(-1)),
        ]
    )
    known = {provider for one in rulebook().conditions.values() for provider in one.providers}
    provider = pl.when(pl.col("provider").is_in(sorted(known))).then("provider").otherwise(pl.lit("another, or none"))
    found = []
    for name, frame in (("conditions", due), ("conditions_kept", kept)):
        found += [
            happened(frame, name),
            happened(frame, name, "kind", pl.col("kind")),
            happened(frame, name, "provider", provider),
        ]
    waived = due.filter(pl.col("status") == "waived")
    return pl.concat([*found, happened(waived, "conditions_waived")])


def _breaches(rows: History) -> pl.DataFrame:
    decided = rows.ledger.filter(pl.col("command") == "decide-breach")
    ended = pl.col("after") == State.returned
    said = pl.when(ended).then(pl.lit("end")).otherwise(body("decision").fill_null("continue"))
    decided = decided.with_columns(decision=said)
    return pl.concat(
        [
            happened(rows.breaches, "breach_reports"),
            happened(rows.breaches, "breach_reports", "kind", pl.col("kind")),
            happened(decided, "breach_decisions"),
            happened(decided, "breach_decisions", "decision", pl.col("decision")),
        ]
    )


def _needs(rows: History) -> pl.DataFrame:
    """Each need that somebody had on entry, against the exit assessment made last."""
    shown = [need.code for need in rulebook().needs.values() if not need.restricted]
    scored = rows.needs.filter(pl.col("need").is_in(shown)).sort("case", "need", "seq")
    entry = scored.filter(pl.col("stage") == "entry").unique(["case", "need"], keep="first", maintain_order=True)
    entry = entry.filter(pl.col("score") > 0).select("case", "need", entry="score")
    found = scored.filter(pl.col("stage") == "exit").join(entry, on=["case", "need"]).sort("case", "need", "seq")
    less = pl.when(pl.col("score") < pl.col("entry")).then(pl.lit("less")).otherwise(pl.lit("not"))
    stood = changes(found.with_columns(less=less), "less", ("case", "need"))
    stood = stood.join(rows.cases.select("case", "sex"), on="case")
    by_sex = pl.concat_str([pl.col("need"), sex_of(pl.col("sex"))], separator="|")
    parts = []
    for name, frame in (("needs_compared", stood), ("needs_less", stood.filter(pl.col("less") == "less"))):
        parts += [happened(frame, name), happened(frame, name, "need", pl.col("need"))]
        parts.append(happened(frame, name, "need and sex", by_sex))
    return pl.concat(parts)


def sex_of(column: pl.Expr) -> pl.Expr:
    """F, M, or not stated."""
    return pl.when(column.is_in(["F", "M"])).then(column).otherwise(pl.lit("not stated"))


def _victims(rows: History, moves: pl.DataFrame) -> pl.DataFrame:
    """Cases with a victim: asked or tried, and with their wishes on record (or that they would not say)."""
    opened = first(moves.filter(pl.col("before").is_null())).select("case", "at", seq="seq")
    victims = rows.cases.filter(pl.col("victim").is_in(["person", "business"])).join(opened, on="case")
    asked = rows.ledger.filter(pl.col("command") == "record-victim-views").join(
        victims.select("case", latest="views"), on="case"
    )
    asked = asked.with_columns(views=pl.coalesce(body("views"), pl.col("latest")))
    at_referral = victims.join(asked, on="case", how="anti").filter(pl.col("views").is_not_null())
    told = pl.concat([asked.select("case", "seq", "at", "views"), at_referral.select("case", "seq", "at", "views")])
    wished = told.filter(pl.col("views").is_in(["obtained", "declined"]))
    return pl.concat(
        [
            happened(victims, "victims"),
            happened(first(told), "victims_asked"),
            happened(first(wished), "victims_answered"),
        ]
    )


def _afterwards(rows: History, moves: pl.DataFrame) -> pl.DataFrame:
    """People who had been accepted and whose case has ended: followed up when mature, and whether they offended."""
    accepted = moves.filter(pl.col("after") == State.accepted).select("case").unique()
    last = moves.unique("case", keep="last", maintain_order=True)
    ended = last.filter(pl.col("after").is_in([*FINAL])).join(accepted, on="case", how="semi")
    ended = ended.select("case", ended_at="at", went=pl.col("after").replace_strict(WENT, return_dtype=pl.String))
    checks = (
        rows.ledger.filter((pl.col("command") == "record-follow-up") & pl.col("body").is_not_null())
        .join(ended, on="case")
        .sort("case", "seq")
        .with_columns(
            ended_on=_london("ended_at"),
            checked_on=body("checked_on").str.to_date("%Y-%m-%d"),
            offence_on=body("offence_on").str.to_date("%Y-%m-%d"),
            offended=body("reoffended") == "true",
            harm=_harm_band(),
        )
    )
    found = []
    for months in WINDOWS:
        mature = pl.col("ended_at").dt.offset_by(f"{months + WAITING}mo")
        ripe = ended.with_columns(known=pl.col("ended_at"), at=mature)
        seen = checks.filter(pl.col("checked_on") >= pl.col("ended_on").dt.offset_by(f"{months + WAITING}mo"))
        within = pl.col("offence_on").fill_null(pl.col("ended_on")) <= pl.col("ended_on").dt.offset_by(f"{months}mo")
        seen = seen.with_columns(again=pl.when(pl.col("offended") & within).then(pl.lit("yes")))
        counted = {
            f"matured_{months}": ripe,
            f"checked_{months}": first(seen),
            f"reoffended_{months}": changes(seen, "again"),
        }
        for name, frame in counted.items():
            found += [happened(frame, name), happened(frame, name, "ended", pl.col("went"))]
        if months == HARM_WINDOW:
            scored = changes(seen.with_columns(harm=pl.when(pl.col("again").is_not_null()).then("harm")), "harm")
            found += [happened(scored, "harm_scored"), happened(scored, "harm_scored", "harm", pl.col("harm"))]
    return pl.concat(found)


def _harm_band() -> pl.Expr:
    """The table that a follow-up took its score from, and the band of days in it; null where there is no score."""
    days, taken_from = body("harm_days").cast(pl.Int64), body("harm_table")
    said = pl.lit(None, pl.String)
    for table in rulebook().harm_tables.values():
        place = pl.lit(f"{table.code}|") + band_of(days, table.bands)
        said = pl.when((taken_from == table.code) & days.is_not_null()).then(place).otherwise(said)
    return said


def _london(column: str) -> pl.Expr:
    return pl.col(column).dt.convert_time_zone("Europe/London").dt.date()
