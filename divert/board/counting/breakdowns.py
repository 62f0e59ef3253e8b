"""What every count can be broken down by: one thing at a time, since a scheme of a few hundred people bears no more.

A breakdown is as it was known on the day asked for: a district put right later moves the case from then on, not before.
"""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import polars as pl

from divert.board.counting.history import History
from divert.casework.commands.referral import CorrectFacts
from divert.eligibility.policies import released_policies
from divert.law.rulebook import rulebook
from divert.people.identifiers import DISTRICTS, ELSEWHERE, ETHNIC_GROUPS

ALL: Final = "all"
NOT_STATED: Final = "not stated"

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

AGE_BANDS = ((18, "under 18"), (25, "18 to 24"), (35, "25 to 34"), (50, "35 to 49"), (200, "50 and over"))
SEXES = {"F": "Women", "M": "Men"}
PHASES = {"pilot": "Pilot (shop theft)", "full": "Full scheme"}


def values(breakdown: str) -> dict[str, str]:
    """Every place of a breakdown, known beforehand: that one is listed says nothing of anybody. Empty: months."""
    return {
        "phase": PHASES,
        "district": DISTRICTS | {ELSEWHERE: ELSEWHERE.capitalize()},
        "offence": {offence.code: offence.title for offence in rulebook().offences.all},
        "sex": SEXES | {NOT_STATED: NOT_STATED.capitalize()},
        "ethnicity": {group: group for group in ETHNIC_GROUPS.values()} | {NOT_STATED: NOT_STATED.capitalize()},
        "age": {band: band.capitalize() for _, band in AGE_BANDS} | {NOT_STATED: "Not known"},
        "month": {},
    }[breakdown]


def placements(history: History) -> pl.DataFrame:
    """Where each case stands in each breakdown, `since` an instant (null: always) `until` another (null: still).

    By what was said of the person in this case: what another case says of them moves only that one.
    """
    cases = history.cases.with_columns(
        since=pl.lit(None, pl.Datetime("us", "UTC")), until=pl.lit(None, pl.Datetime("us", "UTC"))
    )
    referrals = history.ledger.filter(pl.col("before").is_null() & pl.col("body").is_not_null())
    if not referrals.is_empty():
        cases = pl.concat([cases.join(referrals, on="case", how="anti"), _versions(history, referrals, cases)])
    return _in_places(cases)


FACTS = {
    "district": "district",
    "offence": "offence_code",
    "sex": "sex",
    "ethnicity": "ethnicity",
    "born_on": "date_of_birth",
    "referred_on": "referred_on",
}
"""What a correction can change of a breakdown: our column, and the referral's fact."""


def _versions(history: History, referrals: pl.DataFrame, cases: pl.DataFrame) -> pl.DataFrame:
    """A row for each time between corrections, first to last, from what was said at referral."""
    is_correction = (pl.col("command") == CorrectFacts.slug()) & pl.col("body").is_not_null()
    by_case = history.ledger.filter(is_correction).sort("case", "seq").partition_by("case", as_dict=True)
    versions: list[dict[str, Any]] = []
    for row in cases.join(referrals.select("case", "body"), on="case").iter_rows(named=True):
        referral = json.loads(row.pop("body"))
        row |= {column: _fact(column, referral.get(fact)) for column, fact in FACTS.items()}
        corrections = by_case.get((row["case"],))
        for at, text in corrections.select("at", "body").iter_rows() if corrections is not None else ():
            correction = json.loads(text)
            if any(fact in correction for fact in FACTS.values()):
                versions.append({**row, "until": at})
                row |= {col: _fact(col, correction[fact]) for col, fact in FACTS.items() if fact in correction}
                row["since"] = at
        versions.append({**row, "until": None})
    return pl.DataFrame(versions, schema=cases.schema)


def _fact(column: str, value: Any) -> Any:
    return date.fromisoformat(value) if value is not None and column.endswith("_on") else value


def district_value(code: pl.Expr) -> pl.Expr:
    """The place of a district's code."""
    return pl.when(code.is_in([*DISTRICTS])).then(code).otherwise(pl.lit(ELSEWHERE))


def ethnicity_value(code: pl.Expr) -> pl.Expr:
    """The place of an ethnicity's code: its first letter tells the group."""
    letter = code.str.slice(0, 1)
    return pl.when(letter.is_in([*ETHNIC_GROUPS])).then(letter.replace(ETHNIC_GROUPS)).otherwise(pl.lit(NOT_STATED))


def sex_value(code: pl.Expr) -> pl.Expr:
    """The place of a sex's code: F, M, or not stated."""
    return pl.when(code.is_in([*SEXES])).then(code).otherwise(pl.lit(NOT_STATED))


def _in_places(cases: pl.DataFrame) -> pl.DataFrame:
    born, on = pl.col("born_on"), pl.col("referred_on")
    had_birthday = (on.dt.month() > born.dt.month()) | (
        (on.dt.month() == born.dt.month()) & (on.dt.day() >= born.dt.day())
    )
    age = on.dt.year() - born.dt.year() - (~had_birthday).cast(pl.Int32)
    remembered = pl.col("facts").str.json_path_match("$.age").cast(pl.Int32, strict=False)
    known = pl.coalesce(age.cast(pl.Int32), remembered)
    age_band: pl.Expr = pl.lit(NOT_STATED)
    for below, band in reversed(AGE_BANDS):
        age_band = pl.when(known < below).then(pl.lit(band)).otherwise(age_band)
    second = sorted(policy.starts for policy in released_policies())[1:2]
    pilot = (on < second[0]) if second else pl.lit(value=False)
    return cases.select(
        "case",
        "since",
        "until",
        month=pl.col("opened_at").dt.convert_time_zone("Europe/London").dt.strftime("%Y-%m"),
        phase=pl.when(pilot).then(pl.lit("pilot")).otherwise(pl.lit("full")),
        district=district_value(pl.col("district")),
        offence=pl.col("offence"),
        sex=sex_value(pl.col("sex")),
        ethnicity=ethnicity_value(pl.col("ethnicity")),
        age=age_band,
    )
