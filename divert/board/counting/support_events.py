"""What happened within cases, as events: appointments, conditions, breaches, needs, victims, what came afterwards."""

import polars as pl

from divert.board.counting.breakdowns import sex_value
from divert.board.counting.case_events import (
    UNDER_CONTRACT,
    as_events,
    attendances,
    band_in,
    body_text,
    changes,
    first_rows,
    london_day,
)
from divert.board.counting.history import History
from divert.casework.commands.breach import DecideBreach
from divert.casework.commands.conditions import CorrectCondition
from divert.casework.commands.record import RecordFollowUp
from divert.casework.commands.victim import RecordVictimViews
from divert.law.rulebook import rulebook
from divert.models import FINAL, State

WINDOWS = (6, 12, 24)
"""Months in which a further offence counts."""

WAITING = 6
"""Months more until a proven offence of the window will be on record (Ministry of Justice: proven reoffending)."""

HARM_WINDOW = 12
"""Months of which new offences are scored for their harm."""

ENDINGS = {State.completed: "completed", State.prosecuted: "prosecuted", State.closed: "closed"}


def events(history: History) -> pl.DataFrame:
    """Everything about what was done with people, and what they did."""
    moves = history.ledger.filter(pl.col("before").is_null() | (pl.col("before") != pl.col("after"))).sort(
        "case", "seq"
    )
    return pl.concat(
        [
            _appointments(history),
            _conditions(history, moves),
            _breaches(history),
            _needs(history),
            _victims(history, moves),
            _afterwards(history, moves),
        ]
    )


def _appointments(history: History) -> pl.DataFrame:
    """Meetings that took place or failed through the person, from the day on which that was recorded."""
    met = attendances(history)
    counts = pl.col("attended") | (pl.col("fault").fill_null("client") != "service")
    met = met.with_columns(
        due=pl.when(counts).then(pl.lit("due")), kept=pl.when(counts & pl.col("attended")).then(pl.lit("kept"))
    )
    by = ("case", "number")
    return pl.concat(
        [
            as_events(changes(met, "due", by), "appointments"),
            as_events(changes(met, "kept", by), "appointments_kept"),
        ]
    )


def _conditions(history: History, moves: pl.DataFrame) -> pl.DataFrame:
    """Conditions of contracts that are over, and whether they were kept, as known then and since."""
    over = first_rows(
        moves.filter(pl.col("before").is_in([*UNDER_CONTRACT]) & ~pl.col("after").is_in([*UNDER_CONTRACT]))
    ).select("case", "at")
    due = history.conditions.filter(pl.col("status") != "withdrawn").join(over, on="case")
    corrected = (
        history.ledger.filter((pl.col("command") == CorrectCondition.slug()) & pl.col("body").is_not_null())
        .sort("case", "seq")
        .select("case", number=body_text("condition").cast(pl.Int64), corrected_at=pl.col("at"))
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
    known = {provider for condition in rulebook().conditions.values() for provider in condition.providers}
    provider = pl.when(pl.col("provider").is_in(sorted(known))).then("provider").otherwise(pl.lit("another, or none"))
    frames = []
    for name, frame in (("conditions", due), ("conditions_kept", kept)):
        frames += [
            as_events(frame, name),
            as_events(frame, name, "kind", pl.col("kind")),
            as_events(frame, name, "provider", provider),
        ]
    waived = due.filter(pl.col("status") == "waived")
    return pl.concat([*frames, as_events(waived, "conditions_waived")])


def _breaches(history: History) -> pl.DataFrame:
    decided = history.ledger.filter(pl.col("command") == DecideBreach.slug())
    ended = pl.col("after") == State.returned
    decision = pl.when(ended).then(pl.lit("end")).otherwise(body_text("decision").fill_null("continue"))
    decided = decided.with_columns(decision=decision)
    return pl.concat(
        [
            as_events(history.breaches, "breach_reports"),
            as_events(history.breaches, "breach_reports", "kind", pl.col("kind")),
            as_events(decided, "breach_decisions"),
            as_events(decided, "breach_decisions", "decision", pl.col("decision")),
        ]
    )


def _needs(history: History) -> pl.DataFrame:
    """Each need that somebody had on entry, against the exit assessment made last."""
    shown = [need.code for need in rulebook().needs.values() if not need.restricted]
    scored = history.needs.filter(pl.col("need").is_in(shown)).sort("case", "need", "seq")
    entry = scored.filter(pl.col("stage") == "entry").unique(["case", "need"], keep="first", maintain_order=True)
    entry = entry.filter(pl.col("score") > 0).select("case", "need", entry="score")
    at_exit = scored.filter(pl.col("stage") == "exit").join(entry, on=["case", "need"]).sort("case", "need", "seq")
    less = pl.when(pl.col("score") < pl.col("entry")).then(pl.lit("less")).otherwise(pl.lit("not"))
    compared = changes(at_exit.with_columns(less=less), "less", ("case", "need"))
    compared = compared.join(history.cases.select("case", "sex"), on="case")
    by_sex = pl.concat_str([pl.col("need"), sex_value(pl.col("sex"))], separator="|")
    frames = []
    for name, frame in (("needs_compared", compared), ("needs_less", compared.filter(pl.col("less") == "less"))):
        frames += [as_events(frame, name), as_events(frame, name, "need", pl.col("need"))]
        frames.append(as_events(frame, name, "need and sex", by_sex))
    return pl.concat(frames)


def _victims(history: History, moves: pl.DataFrame) -> pl.DataFrame:
    """Cases with a victim: asked or tried, and with their wishes on record (or that they would not say)."""
    opened = first_rows(moves.filter(pl.col("before").is_null())).select("case", "at", seq="seq")
    victims = history.cases.filter(pl.col("victim").is_in(["person", "business"])).join(opened, on="case")
    contacts = history.ledger.filter(pl.col("command") == RecordVictimViews.slug()).join(
        victims.select("case", latest="views"), on="case"
    )
    contacts = contacts.with_columns(views=pl.coalesce(body_text("views"), pl.col("latest")))
    at_referral = victims.join(contacts, on="case", how="anti").filter(pl.col("views").is_not_null())
    views = pl.concat([contacts.select("case", "seq", "at", "views"), at_referral.select("case", "seq", "at", "views")])
    answered = views.filter(pl.col("views").is_in(["obtained", "declined"]))
    return pl.concat(
        [
            as_events(victims, "victims"),
            as_events(first_rows(views), "victims_asked"),
            as_events(first_rows(answered), "victims_answered"),
        ]
    )


def _afterwards(history: History, moves: pl.DataFrame) -> pl.DataFrame:
    """People who had been accepted and whose case has ended: followed up when mature, and whether they offended."""
    accepted = moves.filter(pl.col("after") == State.accepted).select("case").unique()
    last = moves.unique("case", keep="last", maintain_order=True)
    ended = last.filter(pl.col("after").is_in([*FINAL])).join(accepted, on="case", how="semi")
    ended = ended.select("case", ended_at="at", ending=pl.col("after").replace_strict(ENDINGS, return_dtype=pl.String))
    checks = (
        history.ledger.filter((pl.col("command") == RecordFollowUp.slug()) & pl.col("body").is_not_null())
        .join(ended, on="case")
        .sort("case", "seq")
        .with_columns(
            ended_on=london_day("ended_at"),
            checked_on=body_text("checked_on").str.to_date("%Y-%m-%d"),
            offence_on=body_text("offence_on").str.to_date("%Y-%m-%d"),
            offended=body_text("reoffended") == "true",
            harm=_harm_band(),
        )
    )
    frames = []
    for months in WINDOWS:
        mature = pl.col("ended_at").dt.offset_by(f"{months + WAITING}mo")
        matured = ended.with_columns(known=pl.col("ended_at"), at=mature)
        mature_checks = checks.filter(pl.col("checked_on") >= pl.col("ended_on").dt.offset_by(f"{months + WAITING}mo"))
        within = pl.col("offence_on").fill_null(pl.col("ended_on")) <= pl.col("ended_on").dt.offset_by(f"{months}mo")
        mature_checks = mature_checks.with_columns(again=pl.when(pl.col("offended") & within).then(pl.lit("yes")))
        counted = {
            f"matured_{months}": matured,
            f"checked_{months}": first_rows(mature_checks),
            f"reoffended_{months}": changes(mature_checks, "again"),
        }
        for name, frame in counted.items():
            frames += [as_events(frame, name), as_events(frame, name, "ended", pl.col("ending"))]
        if months == HARM_WINDOW:
            scored = changes(
                mature_checks.with_columns(harm=pl.when(pl.col("again").is_not_null()).then("harm")), "harm"
            )
            frames += [as_events(scored, "harm_scored"), as_events(scored, "harm_scored", "harm", pl.col("harm"))]
    return pl.concat(frames)


def _harm_band() -> pl.Expr:
    """The table that a follow-up took its score from, and the band of days in it; null where there is no score."""
    days, taken_from = body_text("harm_days").cast(pl.Int64), body_text("harm_table")
    band = pl.lit(None, pl.String)
    for table in rulebook().harm_tables.values():
        place = pl.lit(f"{table.code}|") + band_in(days, table.bands)
        band = pl.when((taken_from == table.code) & days.is_not_null()).then(place).otherwise(band)
    return band
