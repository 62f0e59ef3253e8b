"""What every count can be cut by: one thing at a time, for a whole scheme of a few hundred people bears no more.

A cut is as it was known on the day asked for: a district put right later moves the case from then on, not before.
"""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import polars as pl

from divert.board.counting.history import History
from divert.board.counting.support_events import sex_of
from divert.eligibility.policies import released_policies
from divert.law.rulebook import rulebook

NOT_STATED: Final = "not stated"
ALL: Final = "all"

BREAKDOWNS: Mapping[str, str] = {
    "month": "Month of referral",
    "phase": "Pilot or full scheme",
    "district": "District",
    "offence": "Offence",
    "sex": "Sex",
    "ethnicity": "Ethnicity",
    "age": "Age",
}
"""Each puts every case in exactly one place."""

AGES = ((18, "under 18"), (25, "18 to 24"), (35, "25 to 34"), (50, "35 to 49"), (200, "50 and over"))
ETHNICITIES = {"W": "White", "M": "Mixed", "A": "Asian", "B": "Black", "O": "Other"}
DISTRICTS = {
    "E06000001": "Hartlepool",
    "E06000002": "Middlesbrough",
    "E06000003": "Redcar and Cleveland",
    "E06000004": "Stockton-on-Tees",
}
ELSEWHERE = "elsewhere or not known"
SEXES = {"F": "Women", "M": "Men", NOT_STATED: "Not stated"}
PHASES = {"pilot": "Pilot (shop theft)", "full": "Full scheme"}


def values(dim: str) -> dict[str, str]:
    """Every place of a cut, known beforehand: that a place is listed says nothing of anybody. Empty: months."""
    return {
        "phase": PHASES,
        "district": DISTRICTS | {ELSEWHERE: "Elsewhere or not known"},
        "offence": {one.code: one.title for one in rulebook().offences.all},
        "sex": SEXES,
        "ethnicity": {name: name for name in ETHNICITIES.values()} | {NOT_STATED: "Not stated"},
        "age": {name: name.capitalize() for _, name in AGES} | {NOT_STATED: "Not known"},
        "month": {},
    }[dim]


def placed(rows: History) -> pl.DataFrame:
    """Where each case stands in each cut, `since` an instant (null: always) `until` another (null: still).

    By what was said of the person in this case: what another case says of them moves only that one.
    """
    now = rows.cases.with_columns(
        since=pl.lit(None, pl.Datetime("us", "UTC")), until=pl.lit(None, pl.Datetime("us", "UTC"))
    )
    said = rows.ledger.filter(pl.col("before").is_null() & pl.col("body").is_not_null())
    if not said.is_empty():
        now = pl.concat([now.join(said, on="case", how="anti"), _versions(rows, said, now)])
    return _in_places(now)


FACTS = {
    "district": "district",
    "offence": "offence_code",
    "sex": "sex",
    "ethnicity": "ethnicity",
    "born_on": "date_of_birth",
    "referred_on": "referred_on",
}
"""What a correction can change of a cut: our name, and the referral's."""


def _versions(rows: History, said: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """A row for each time between corrections, first to last, from what was said at referral."""
    corrections = rows.ledger.filter((pl.col("command") == "correct-facts") & pl.col("body").is_not_null())
    by_case = corrections.sort("case", "seq").partition_by("case", as_dict=True)
    found: list[dict[str, Any]] = []
    cases = now.join(said.select("case", "body"), on="case")
    for row in cases.iter_rows(named=True):
        first = json.loads(row.pop("body"))
        row |= {ours: _fact(ours, first.get(theirs)) for ours, theirs in FACTS.items()}
        entries = by_case.get((row["case"],))
        for at, text in entries.select("at", "body").iter_rows() if entries is not None else ():
            told = json.loads(text)
            if any(theirs in told for theirs in FACTS.values()):
                found.append({**row, "until": at})
                row |= {ours: _fact(ours, told[theirs]) for ours, theirs in FACTS.items() if theirs in told}
                row["since"] = at
        found.append({**row, "until": None})
    return pl.DataFrame(found, schema=now.schema)


def _fact(name: str, value: Any) -> Any:
    return date.fromisoformat(value) if value is not None and name.endswith("_on") else value


def in_district(code: pl.Expr) -> pl.Expr:
    """The place of a district's code."""
    return pl.when(code.is_in([*DISTRICTS])).then(code).otherwise(pl.lit(ELSEWHERE))


def of_ethnicity(code: pl.Expr) -> pl.Expr:
    """The place of an ethnicity's code: its first letter tells the group."""
    letter = code.str.slice(0, 1)
    is_known = letter.is_in([*ETHNICITIES]) & (code != "NS")
    return pl.when(is_known).then(letter.replace(ETHNICITIES)).otherwise(pl.lit(NOT_STATED))


def _in_places(cases: pl.DataFrame) -> pl.DataFrame:
    born, on = pl.col("born_on"), pl.col("referred_on")
    had_birthday = (on.dt.month() > born.dt.month()) | (
        (on.dt.month() == born.dt.month()) & (on.dt.day() >= born.dt.day())
    )
    age = on.dt.year() - born.dt.year() - (~had_birthday).cast(pl.Int32)
    remembered = pl.col("facts").str.json_path_match("$.age").cast(pl.Int32, strict=False)
    known = pl.coalesce(age.cast(pl.Int32), remembered)
    band: pl.Expr = pl.lit(NOT_STATED)
    for below, name in reversed(AGES):
        band = pl.when(known < below).then(pl.lit(name)).otherwise(band)
    second = sorted(policy.starts for policy in released_policies())[1:2]
    pilot = (on < second[0]) if second else pl.lit(value=False)
    return cases.select(
        "case",
        "since",
        "until",
        month=pl.col("opened_at").dt.convert_time_zone("Europe/London").dt.strftime("%Y-%m"),
        phase=pl.when(pilot).then(pl.lit("pilot")).otherwise(pl.lit("full")),
        district=in_district(pl.col("district")),
        offence=pl.col("offence"),
        sex=sex_of(pl.col("sex")),
        ethnicity=of_ethnicity(pl.col("ethnicity")),
        age=band,
    )
