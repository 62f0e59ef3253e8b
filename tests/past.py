"""Referrals made up at random, with gaps, as they stand on record: for what must hold of any."""

import json
from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

import polars as pl

from divert.eligibility.facts import ReferralFacts
from divert.law.rulebook import rulebook

STRICTER = """
id = "2019-07-01-stricter"
title = "Gravity counts, and contracts are shorter"
starts = 2019-07-01
extends = "2019-04-01-full"

[contract]
max_months = 3

[[rule]]
id = "gravity_max"
says = "The offence scores no more than 2."
cites = "A trial, for the sake of the rehearsal."
provenance = "recommended"
effect = "review"
ask = "What is the gravity score?"
holds = { fact = "gravity", op = "at_most", value = 2 }

[[example]]
name = "grave"
given = { gravity = 3 }
verdict = "review"
because = ["gravity_max"]

[ordinary]
gravity = 1
"""
"""A policy that asks what no past case was asked, and makes contracts shorter."""

BY_COLUMN = ("referred_on", "date_of_birth", "agreement_signed_on", "district", "offence_code")
"""What stands in columns of its own; the rest is one JSON text."""

CODES = sorted(rulebook().offences.codes)


def some_referral(random: Random) -> ReferralFacts:
    """One referral of 2019 or 2020: each answer ordinary, out of the ordinary, or not given."""
    on = date(2019, 1, 1) + timedelta(days=random.randrange(700))

    def one_of(*answers: Any) -> Any:
        """The first is the usual one; one in twelve is left out."""
        return None if random.random() < 1 / 12 else answers[0] if random.random() < 0.8 else random.choice(answers)

    def days_before(most: int) -> date:
        return on - timedelta(days=random.randrange(most))

    def offence() -> dict[str, Any]:
        return {
            "offence_code": random.choice(["TH68010", *CODES]),
            "offence_on": one_of(days_before(250), days_before(1000)),
            "offence_force": one_of("17", "11"),
            "value_gbp": one_of("24.50", "199.99", "200.00", "200.01"),
        }

    return ReferralFacts.model_validate(
        {
            "referred_on": on,
            "date_of_birth": one_of(on - timedelta(days=random.randrange(16 * 365, 60 * 365)), date(2001, 2, 28)),
            "district": one_of("E06000001", "E06000002", "E06000047"),
            **offence(),
            "admission": one_of("yes", "no", "no reply"),
            "remorse": one_of(True, False),
            "sufficient_evidence": one_of(True, False),
            "agreement_signed_on": one_of(on),
            "previous_convictions": one_of(0, 1, 4),
            "previous_divert": one_of(False, True),
            "current_order": one_of("none", "community order"),
            "on_bail": one_of(False, True),
            "detained": one_of("none", "court"),
            "co_accused": one_of(False, True),
            "hate_crime": one_of(False, True),
            "domestic_abuse": one_of(False, True),
            "custody_likely": one_of(False, True),
            "further_offences": [offence() for _ in range(random.choice((0, 0, 0, 0, 1, 2)))],
        }
    )


def in_columns(referrals: Sequence[ReferralFacts]) -> pl.DataFrame:
    """The same as the database gives them."""
    rows = [
        (f"D-19-{number:04d}", "F", None, *(getattr(one, name) for name in BY_COLUMN),
         json.dumps(one.model_dump(mode="json", exclude=set(BY_COLUMN), exclude_none=True)))
        for number, one in enumerate(referrals)
    ]  # fmt: skip
    days = {name: pl.Date() for name in BY_COLUMN[:3]}
    texts = {name: pl.String() for name in ("ref", "sex", "ethnicity", *BY_COLUMN[3:], "facts")}
    names = ("ref", "sex", "ethnicity", *BY_COLUMN, "facts")
    return pl.DataFrame(rows, {name: (texts | days)[name] for name in names}, orient="row")
