"""What a rehearsal counts, as it is told: exactly to whoever may know of cases; to others as the board's figures are.

The board's counts are broken down and rounded by the rule of its figures (`divert.board.counting.suppression`), so that
no step from one day to the next tells how many there are; and how many cases there are in a place stands there as it
stands in them.
"""

from datetime import date
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from divert.board.counting.breakdowns import ALL, FACTS, district_value, ethnicity_value, sex_value, values
from divert.board.counting.counts import Cell, Counts
from divert.board.counting.suppression import suppress
from divert.eligibility.policy import Verdict
from divert.eligibility.rehearsal import GROUPS, Rehearsal, more_a_month
from divert.models import RoundingKey

WAYS = ("flips", "in", "out", "open")
"""What is counted of cases: judged otherwise, and of these let in, kept out, left open."""

DIMS = {fact: column for column, fact in FACTS.items() if fact in GROUPS}
"""The board's breakdown for each group of a rehearsal."""


class Flip(BaseModel):
    """A case judged otherwise."""

    model_config = ConfigDict(from_attributes=True)

    ref: str
    offence_code: str
    was: Verdict
    becomes: Verdict
    rules: list[str] = Field(description="The rules that make the difference.")


class RehearsalView(BaseModel):
    """What a policy would have come to over all past cases. No count: withheld."""

    rounded_to: int = Field(description="What counts are multiples of: 1, or 5 for whoever may not know of cases.")
    cases: int | None
    flips: int | None
    let_in: int | None
    kept_out: int | None
    left_open: int | None
    more: str = Field(description="How many more or fewer could enter each month, in words.")
    not_yet_known: int | None
    asked: dict[str, int | None] = Field(description="Cases that cannot be judged for want of a rule's fact.")
    by_rule: dict[str, int | None]
    by_group: dict[str, list[dict[str, Any]]]
    by_month: list[dict[str, Any]]
    each: list[Flip] = Field(description="Each case judged otherwise; none for whoever may not know of cases.")


def exact_view(rehearsal: Rehearsal) -> RehearsalView:
    """For whoever may know of cases."""
    return _view(
        rehearsal,
        1,
        {
            **rehearsal.totals(),
            "cases": rehearsal.cases.height,
            "not_yet_known": rehearsal.becoming(Verdict.not_yet_known),
        },
        asked=rehearsal.unanswered(),
        by_rule=rehearsal.by_rule(),
        by_group={group: rehearsal.by_group(group).to_dicts() for group in GROUPS},
        by_month=rehearsal.by_month().to_dicts(),
        each=[Flip.model_validate(flip) for flip in rehearsal.flips.to_dicts()],
    )


def board_view(rehearsal: Rehearsal, session: Session, referred: Counts) -> RehearsalView:
    """For whoever may not. `referred`: the board's counts of today."""
    key = bytes.fromhex(session.scalars(select(RoundingKey.key)).one())
    rounded = suppress(_counts(rehearsal, referred.as_at), key)

    def count(name: str, dim: str = ALL, value: str = "") -> int | None:
        return rounded[Cell(name, dim, value)]

    def row(group: str, value: str) -> dict[str, Any]:
        cases = referred[Cell("referred", DIMS[group], value)]
        return {group: value, "cases": cases, **{way: count(way, DIMS[group], value) for way in WAYS}}

    return _view(
        rehearsal,
        rounded.base,
        {**{way: count(way) for way in WAYS}, "cases": referred[Cell("referred")], "not_yet_known": count("unknown")},
        asked={rule: count("asked", "rule", rule) for rule in rehearsal.unanswered()},
        by_rule={rule: count("flips", "rule", rule) for rule in rehearsal.by_rule()},
        by_group={group: [row(group, value) for value in values(DIMS[group])] for group in GROUPS},
        # Months of referral here, of its record in figures: how many cases there were is not told twice.
        by_month=[
            {"month": month, "cases": None, **{way: count(way, "month", f"{month:%Y-%m}") for way in WAYS}}
            for month in rehearsal.by_month()["month"]
        ],
        each=[],
    )


def _view(rehearsal: Rehearsal, base: int, totals: dict[str, int | None], **more: Any) -> RehearsalView:
    return RehearsalView(
        rounded_to=base,
        cases=totals["cases"],
        flips=totals["flips"],
        let_in=totals["in"],
        kept_out=totals["out"],
        left_open=totals["open"],
        more=more_a_month(totals["in"] or 0, totals["out"] or 0, totals["open"] or 0, rehearsal.by_month().height),
        not_yet_known=totals["not_yet_known"],
        **more,
    )


def _counts(rehearsal: Rehearsal, on: date) -> Counts:
    """What the board is told of, by the board's breakdowns, before it is rounded."""
    by_board_groups = Rehearsal(
        rehearsal.candidate,
        rehearsal.against,
        rehearsal.rules,
        rehearsal.cases.with_columns(
            district_value(pl.col("district")),
            sex_value(pl.col("sex")).alias("sex"),
            ethnicity_value(pl.col("ethnicity")),
        ),
    )
    cells = {Cell(way): n for way, n in rehearsal.totals().items()}
    cells[Cell("unknown")] = rehearsal.becoming(Verdict.not_yet_known)
    tables = [(DIMS[group], group, by_board_groups.by_group(group)) for group in GROUPS]
    months = rehearsal.by_month().with_columns(pl.col("month").dt.strftime("%Y-%m"))
    for dim, group, table in [*tables, ("month", "month", months)]:
        for row in table.iter_rows(named=True):
            cells |= {Cell(way, dim, row[group]): row[way] for way in WAYS}
    cells |= {Cell("asked", "rule", rule): n for rule, n in rehearsal.unanswered().items()}
    cells |= {Cell("flips", "rule", rule): n for rule, n in rehearsal.by_rule().items()}
    return Counts(on, {cell: n for cell, n in cells.items() if n})
