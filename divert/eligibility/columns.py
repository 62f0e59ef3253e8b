"""Many referrals judged at once: the same facts, rules and verdicts as `derive` and `judge`, a column at a time. Pure.

Unknown is null, and nulls follow Kleene's logic as `None` does in `judge`: a rule is met, not met, or unknown. A test
holds the two to one another. A million referrals take seconds here, and minutes one by one.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, get_args

import polars as pl

from divert.eligibility.facts import FACT_NAMES, FACT_TYPES, FurtherOffence, ReferralFacts
from divert.eligibility.policy import Condition, Effect, Operator, Policy, Rule, Verdict
from divert.law.offences import Basis, Catalogue

STATED_FACTS = tuple(name for name in FACT_NAMES if name in ReferralFacts.model_fields)
"""Facts that a policy reads just as the officer stated them."""

BASES = (Basis.statutory, Basis.precautionary)
VERDICT = pl.Enum([verdict.value for verdict in Verdict])

_OFFENCE = tuple(FurtherOffence.model_fields)


def _column(kind: Any) -> pl.DataType:
    return pl.Boolean() if kind is bool else pl.Int64() if kind is int else pl.String()


BARRED, UNKNOWN, QUESTIONED = "a bar is not met", "a fact is not known", "a review rule is not met"
"""Columns beside those of the rules, whose ids have no spaces."""

SEPARATOR = " "
"""What stands between the offences of one case where they are kept as one text."""


FACTS_SCHEMA = pl.Struct(
    {
        "offence_on": pl.String,
        "offence_force": pl.String,
        "value_gbp": pl.String,
        "further_offences": pl.List(pl.Struct(dict.fromkeys(_OFFENCE, pl.String))),
        **{name: _column(get_args(FACT_TYPES[name])[0]) for name in STATED_FACTS if name != "district"},
    }
)
"""What the text of a case's facts holds. Dates and pounds are text there."""


def derive_all(referrals: pl.DataFrame, offences: Catalogue) -> pl.DataFrame:
    """The facts of each referral, one row each and in order, but for those that turn on a policy's contract.

    `referrals` has the columns referred_on, date_of_birth, agreement_signed_on (dates), district, offence_code (text),
    and facts: the rest of what was said, as JSON. In place of `fits_time_limit` and its dates stand, for each basis,
    the day of the earliest limit, and whether an offence without a date leaves another open. Raises ValueError for an
    offence that no list in force on the day of referral holds.
    """
    stated = referrals.drop("facts").hstack(_read(referrals["facts"])).with_row_index("case")
    main_offences = stated.select("case", "referred_on", *_OFFENCE)
    further_offences = stated.select("case", "referred_on", "further_offences").filter(
        pl.col("further_offences").list.len() > 0
    )
    further_offences = further_offences.explode("further_offences").unnest("further_offences")
    alleged = pl.concat([main_offences, further_offences]).sort("case", maintain_order=True)
    alleged = alleged.with_columns(pl.col("offence_on").str.to_date("%Y-%m-%d"))
    alleged = _with_law(alleged, offences)
    by_case = alleged.group_by("case", maintain_order=True).agg(
        _all_known("offence_code"),
        _all_known("mode").alias("offence_modes"),
        _all_known("offence_force").alias("offence_forces"),
        pl.when(pl.col("offence_on").is_not_null().all()).then(pl.col("offence_on").min()).alias("oldest"),
        *(
            pl.col("limit_on").filter(pl.col("basis") == basis.value).min().alias(f"{basis.value}_on")
            for basis in BASES
        ),
        *(_undated(basis).any().alias(f"{basis.value}_undated") for basis in BASES),
    )
    facts = stated.select(
        "referred_on",
        *STATED_FACTS,
        _years(pl.col("date_of_birth"), pl.col("referred_on")).alias("age"),
        pl.col("agreement_signed_on").is_not_null().alias("agreement_signed"),
    )
    facts = pl.concat([facts, by_case.drop("case").rename({"offence_code": "offence_codes"})], how="horizontal")
    months = _whole_months(pl.col("oldest"), pl.col("referred_on")).alias("offence_age_months")
    listed = pl.col(pl.List(pl.String)).list.join(SEPARATOR)
    return facts.with_columns(months, listed).with_columns(pl.col(pl.String).cast(pl.Categorical)).drop("oldest")


def judge_all(policy: Policy, facts: pl.DataFrame, places: Mapping[str, int] | None = None) -> pl.DataFrame:
    """For each row of derived facts the `verdict` of a policy, and `because`: the rules that decide it, as bits.

    Which bit is a rule's stands in `places`; without it bit n is the pack's nth rule, as in `judge`. There are 64.
    """
    places = places or {rule.id: place for place, rule in enumerate(policy.rules)}
    for basis, prefix in zip(BASES, ("fits_time_limit", "fits_precautionary_limit"), strict=True):
        facts = facts.with_columns(_fits(basis, policy).alias(prefix))
    met = {rule: _holds(rule.holds, facts).alias(rule.id) for rule in policy.rules if rule.effect is not Effect.warn}
    rules_of = {effect: [rule.id for rule in met if rule.effect is effect] for effect in (Effect.bar, Effect.review)}
    rules = facts.select(met.values())
    barred = pl.any_horizontal(~pl.col(rules_of[Effect.bar])).fill_null(False)
    questioned = pl.any_horizontal(~pl.col(rules_of[Effect.review])).fill_null(False)
    unknown = pl.any_horizontal(pl.all().is_null())
    outcomes = rules.select(barred.alias(BARRED), unknown.alias(UNKNOWN), questioned.alias(QUESTIONED))
    verdict = pl.lit(Verdict.eligible.value, VERDICT)
    for name, outcome in ((QUESTIONED, Verdict.review), (UNKNOWN, Verdict.not_yet_known), (BARRED, Verdict.ineligible)):
        verdict = pl.when(pl.col(name)).then(pl.lit(outcome.value, VERDICT)).otherwise(verdict)
    because = pl.sum_horizontal(
        pl.lit(0, pl.UInt64), *(_decides(rule).cast(pl.UInt64) * (1 << places[rule.id]) for rule in met)
    )
    return rules.hstack(outcomes).select(verdict.alias("verdict"), because.alias("because"))


def _decides(rule: Rule) -> pl.Expr:
    """Whether the verdict rests on a rule: a bar not met, else what is not known, else a review rule not met."""
    barred, unknown, not_met = pl.col(BARRED), pl.col(UNKNOWN), (~pl.col(rule.id)).fill_null(False)
    by_unknown = ~barred & unknown & pl.col(rule.id).is_null()
    return (barred & not_met if rule.effect is Effect.bar else ~barred & ~unknown & not_met) | by_unknown


def _read(texts: pl.Series) -> pl.DataFrame:
    """What the facts' texts hold. It is most of the work, and one core's where it is not shared out."""
    size = max(1, -(-len(texts) // pl.thread_pool_size()))
    chunks = [texts.slice(start, size) for start in range(0, max(1, len(texts)), size)]

    def decode(chunk: pl.Series) -> pl.Series:
        return chunk.str.json_decode(FACTS_SCHEMA)

    with ThreadPoolExecutor() as cores:
        return pl.concat(cores.map(decode, chunks)).struct.unnest()


def _with_law(alleged: pl.DataFrame, offences: Catalogue) -> pl.DataFrame:
    """Each offence with its mode of trial, the basis of its limit, and the limit's day where it can be reckoned."""
    rows = []
    for starts, edition_offences in offences.editions:
        for offence in edition_offences.values():
            limit = offence.limit
            at_most = None if limit.at_most_gbp is None else float(limit.at_most_gbp)
            rows.append((starts, offence.code, offence.mode.value, limit.basis.value, limit.months,
                         limit.first_day_counts, at_most))  # fmt: skip
    law = pl.DataFrame(
        rows,
        schema={"edition": pl.Date, "offence_code": pl.String, "mode": pl.String, "basis": pl.String,
                "months": pl.Int64, "first_day_counts": pl.Boolean, "at_most": pl.Float64},
        orient="row",
    )  # fmt: skip
    edition: pl.Expr = pl.lit(None, pl.Date)
    for starts in sorted(day for day, _ in offences.editions):
        edition = pl.when(pl.col("referred_on") >= starts).then(pl.lit(starts)).otherwise(edition)
    joined = alleged.with_columns(edition.alias("edition")).join(
        law, on=["edition", "offence_code"], how="left", maintain_order="left"
    )
    unlisted = joined.filter(pl.col("offence_code").is_not_null() & pl.col("mode").is_null())
    if not unlisted.is_empty():
        raise ValueError(f"No offence that the scheme knew on its day has the code {unlisted['offence_code'][0]!r}.")
    runs = pl.col("months").is_not_null() & (
        pl.col("at_most").is_null()
        | pl.col("value_gbp").is_null()
        | (pl.col("value_gbp").cast(pl.Float64) <= pl.col("at_most"))
    )
    ends = pl.col("offence_on").dt.offset_by(pl.format("{}mo", pl.col("months")))
    ends -= pl.duration(days=pl.col("first_day_counts").cast(pl.Int64))
    return joined.with_columns(pl.when(runs).then(ends).alias("limit_on"))


def _all_known(name: str) -> pl.Expr:
    """What is so of each of a case's offences; unknown if it is of any of them."""
    return pl.when(pl.col(name).is_not_null().all()).then(pl.col(name).implode())


def _undated(basis: Basis) -> pl.Expr:
    """Whether an offence may have a limit of this kind that cannot be reckoned."""
    return pl.col("offence_code").is_null() | ((pl.col("basis") == basis.value) & pl.col("offence_on").is_null())


def _fits(basis: Basis, policy: Policy) -> pl.Expr:
    """Whether a contract of full length, begun on the day of referral, leaves the buffer before the limit."""
    buffer, months = pl.duration(days=policy.time_limit.buffer_days), f"-{policy.contract.max_months}mo"
    late = pl.col("referred_on") > (pl.col(f"{basis.value}_on") - buffer).dt.offset_by(months)
    return pl.when(late).then(pl.lit(False)).when(~pl.col(f"{basis.value}_undated")).then(pl.lit(True))


def _holds(condition: Condition, facts: pl.DataFrame) -> pl.Expr:
    """A rule's comparison of its column. What several offences come to is compared once for each that occurs."""
    fact, value = pl.col(condition.fact), condition.value
    listed = value if isinstance(value, tuple) else (value,)
    match condition.op:
        case Operator.equals:
            return fact == pl.lit(value)
        case Operator.at_least:
            return fact >= pl.lit(value)
        case Operator.at_most:
            return fact <= pl.lit(value)
        case Operator.one_of:
            return pl.when(fact.is_not_null()).then(fact.is_in(listed))
        case Operator.all_in:
            texts = facts[condition.fact].unique().drop_nulls().cast(pl.String)
            met = [text for text in texts if {*text.split(SEPARATOR)} <= {*listed}]
            return pl.when(fact.is_not_null()).then(fact.is_in(met))


def _years(start: pl.Expr, end: pl.Expr) -> pl.Expr:
    """Whole years between two days, as a birthday counts."""
    not_yet = (end.dt.month() < start.dt.month()) | (
        (end.dt.month() == start.dt.month()) & (end.dt.day() < start.dt.day())
    )
    return end.dt.year().cast(pl.Int64) - start.dt.year() - not_yet.cast(pl.Int64)


def _whole_months(start: pl.Expr, end: pl.Expr) -> pl.Expr:
    """Whole calendar months between two days; a month's last day stands in for one that it has not."""
    months = (end.dt.year().cast(pl.Int64) - start.dt.year()) * 12 + end.dt.month() - start.dt.month()
    return months - (start.dt.offset_by(pl.format("{}mo", months)) > end).cast(pl.Int64)
