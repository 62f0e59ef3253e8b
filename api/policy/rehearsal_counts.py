"""What a rehearsal counts, as it is told: exactly to whoever may know of cases; to others as the board's figures are.

The board's counts are cut and rounded by the rule of its figures (`divert.board.counting.suppression`), so that no step
from one day to the next tells how many there are; and how many cases there are in a place stands there as it stands in
them.
"""

from datetime import date
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from divert.board.counting.breakdowns import in_district, of_ethnicity, values
from divert.board.counting.counts import Cell, Counts
from divert.board.counting.support_events import sex_of
from divert.board.counting.suppression import suppressed
from divert.eligibility.policy import Verdict
from divert.eligibility.rehearsal import GROUPS, Rehearsal, more_a_month
from divert.models import RoundingKey

WAYS = ("flips", "in", "out", "open")
"""What is counted of cases: judged otherwise, and of these let in, kept out, left open."""

DIMS = {"offence_code": "offence", "district": "district", "sex": "sex", "ethnicity": "ethnicity"}
"""The board's cut for each group of a rehearsal."""


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


def exactly(found: Rehearsal) -> RehearsalView:
    """For whoever may know of cases."""
    return _view(
        found,
        1,
        {**found.totals(), "cases": found.cases.height, "not_yet_known": found.becoming(Verdict.not_yet_known)},
        asked=found.unanswered(),
        by_rule=found.by_rule(),
        by_group={group: found.by_group(group).to_dicts() for group in GROUPS},
        by_month=found.by_month().to_dicts(),
        each=[Flip.model_validate(one) for one in found.flips.to_dicts()],
    )


def as_to_the_board(found: Rehearsal, session: Session, referred: Counts) -> RehearsalView:
    """For whoever may not. `referred`: the board's counts of today."""
    key = bytes.fromhex(session.scalars(select(RoundingKey.key)).one())
    shown = suppressed(_exact(found, referred.as_at), key)

    def told(name: str, dim: str = "all", value: str = "") -> int | None:
        return shown[Cell(name, dim, value)]

    def row(group: str, value: str) -> dict[str, Any]:
        cases = referred[Cell("referred", DIMS[group], value)]
        return {group: value, "cases": cases, **{way: told(way, DIMS[group], value) for way in WAYS}}

    return _view(
        found,
        shown.base,
        {**{way: told(way) for way in WAYS}, "cases": referred[Cell("referred")], "not_yet_known": told("unknown")},
        asked={rule: told("asked", "rule", rule) for rule in found.unanswered()},
        by_rule={rule: told("flips", "rule", rule) for rule in found.by_rule()},
        by_group={group: [row(group, value) for value in values(DIMS[group])] for group in GROUPS},
        # Months of referral here, of its record in figures: how many cases there were is not told twice.
        by_month=[
            {"month": month, "cases": None, **{way: told(way, "month", f"{month:%Y-%m}") for way in WAYS}}
            for month in found.by_month()["month"]
        ],
        each=[],
    )


def _view(found: Rehearsal, base: int, whole: dict[str, int | None], **more: Any) -> RehearsalView:
    return RehearsalView(
        rounded_to=base,
        cases=whole["cases"],
        flips=whole["flips"],
        let_in=whole["in"],
        kept_out=whole["out"],
        left_open=whole["open"],
        more=more_a_month(whole["in"] or 0, whole["out"] or 0, whole["open"] or 0, found.by_month().height),
        not_yet_known=whole["not_yet_known"],
        **more,
    )


def _exact(found: Rehearsal, on: date) -> Counts:
    """What the board is told of, by the board's cuts, before it is rounded."""
    placed = Rehearsal(
        found.candidate,
        found.against,
        found.rules,
        found.cases.with_columns(
            in_district(pl.col("district")), sex_of(pl.col("sex")).alias("sex"), of_ethnicity(pl.col("ethnicity"))
        ),
    )
    cells = {Cell(way): n for way, n in found.totals().items()}
    cells[Cell("unknown")] = found.becoming(Verdict.not_yet_known)
    tables = [(DIMS[group], group, placed.by_group(group)) for group in GROUPS]
    months = found.by_month().with_columns(pl.col("month").dt.strftime("%Y-%m"))
    for dim, group, table in [*tables, ("month", "month", months)]:
        for one in table.iter_rows(named=True):
            cells |= {Cell(way, dim, one[group]): one[way] for way in WAYS}
    cells |= {Cell("asked", "rule", rule): n for rule, n in found.unanswered().items()}
    cells |= {Cell("flips", "rule", rule): n for rule, n in found.by_rule().items()}
    return Counts(on, {cell: n for cell, n in cells.items() if n})
