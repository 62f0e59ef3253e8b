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

SAID = tuple(name for name in FACT_NAMES if name in ReferralFacts.model_fields)
"""Facts that a policy reads just as the officer stated them."""

BASES = (Basis.statutory, Basis.precautionary)
VERDICT = pl.Enum([verdict.value for verdict in Verdict])

_OFFENCE = tuple(FurtherOffence.model_fields)


def _column(kind: Any) -> pl.DataType:
    return pl.Boolean() if kind is bool else pl.Int64() if kind is int else pl.String()


BARRED, ASKED, QUESTIONED = "a bar is not met", "a fact is not known", "a review rule is not met"
"""Columns beside those of the rules, whose ids have no spaces."""

BETWEEN = " "
"""What stands between the offences of one case where they are kept as one text."""


STATED = pl.Struct(
    {
        "offence_on": pl.String,
        "offence_force": pl.String,
        "value_gbp": pl.String,
        "further_offences": pl.List(pl.Struct(dict.fromkeys(_OFFENCE, pl.String))),
        **{name: _column(get_args(FACT_TYPES[name])[0]) for name in SAID if name != "district"},
    }
)
"""What the text of a case's facts holds. Dates and pounds are text there."""


def derived(referrals: pl.DataFrame, offences: Catalogue) -> pl.DataFrame:
    """The facts of each referral, one row each and in order, but for those that turn on a policy's contract.

    `referrals` has the columns referred_on, date_of_birth, agreement_signed_on (dates), district, offence_code (text),
    and facts: the rest of what was said, as JSON. In place of `fits_time_limit` and its dates stand, for each basis,
    the day of the earliest limit, and whether an offence without a date leaves another open. Raises ValueError for an
    offence that no list in force on the day of referral holds.
    """
    said = referrals.drop("facts").hstack(_read(referrals["facts"])).with_row_index("case")
    main = said.select("case", "referred_on", *_OFFENCE)
    further = said.select("case", "referred_on", "further_offences").filter(pl.col("further_offences").list.len() > 0)
    further = further.explode("further_offences").unnest("further_offences")
    each = pl.concat([main, further]).sort("case", maintain_order=True)
    each = each.with_columns(pl.col("offence_on").str.to_date("%Y-%m-%d"))
    each = _with_law(each, offences)
    of_all = each.group_by("case", maintain_order=True).agg(
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
    facts = said.select(
        "referred_on",
        *SAID,
        _years(pl.col("date_of_birth"), pl.col("referred_on")).alias("age"),
        pl.col("agreement_signed_on").is_not_null().alias("agreement_signed"),
    )
    facts = pl.concat([facts, of_all.drop("case").rename({"offence_code": "offence_codes"})], how="horizontal")
    months = _whole_months(pl.col("oldest"), pl.col("referred_on")).alias("offence_age_months")
    listed = pl.col(pl.List(pl.String)).list.join(BETWEEN)
    return facts.with_columns(months, listed).with_columns(pl.col(pl.String).cast(pl.Categorical)).drop("oldest")


def judged(policy: Policy, facts: pl.DataFrame, places: Mapping[str, int] | None = None) -> pl.DataFrame:
    """For each row of derived facts the `verdict` of a policy, and `because`: the rules that decide it, as bits.

    Which bit is a rule's stands in `places`; without it bit n is the pack's nth rule, as in `judge`. There are 64.
    """
    places = places or {rule.id: place for place, rule in enumerate(policy.rules)}
    for basis, prefix in zip(BASES, ("fits_time_limit", "fits_precautionary_limit"), strict=True):
        facts = facts.with_columns(_fits(basis, policy).alias(prefix))
    met = {rule: _holds(rule.holds, facts).alias(rule.id) for rule in policy.rules if rule.effect is not Effect.warn}
    of = {effect: [rule.id for rule in met if rule.effect is effect] for effect in (Effect.bar, Effect.review)}
    rules = facts.select(met.values())
    barred, questioned = (pl.any_horizontal(~pl.col(of[effect])).fill_null(False) for effect in of)
    asked = pl.any_horizontal(pl.all().is_null())
    stands = rules.select(barred.alias(BARRED), asked.alias(ASKED), questioned.alias(QUESTIONED))
    verdict = pl.lit(Verdict.eligible.value, VERDICT)
    for name, comes_to in ((QUESTIONED, Verdict.review), (ASKED, Verdict.not_yet_known), (BARRED, Verdict.ineligible)):
        verdict = pl.when(pl.col(name)).then(pl.lit(comes_to.value, VERDICT)).otherwise(verdict)
    because = pl.sum_horizontal(
        pl.lit(0, pl.UInt64), *(_decides(rule).cast(pl.UInt64) * (1 << places[rule.id]) for rule in met)
    )
    return rules.hstack(stands).select(verdict.alias("verdict"), because.alias("because"))


def _decides(rule: Rule) -> pl.Expr:
    """Whether the verdict rests on a rule: a bar not met, else what is not known, else a review rule not met."""
    barred, asked, not_met = pl.col(BARRED), pl.col(ASKED), (~pl.col(rule.id)).fill_null(False)
    by_asking = ~barred & asked & pl.col(rule.id).is_null()
    return (barred & not_met if rule.effect is Effect.bar else ~barred & ~asked & not_met) | by_asking


def _read(texts: pl.Series) -> pl.DataFrame:
    """What the facts' texts hold. It is most of the work, and one core's where it is not shared out."""
    each = max(1, -(-len(texts) // pl.thread_pool_size()))
    with ThreadPoolExecutor() as cores:
        parts = cores.map(
            lambda start: texts.slice(start, each).str.json_decode(STATED), range(0, max(1, len(texts)), each)
        )
        return pl.concat(parts).struct.unnest()


def _with_law(each: pl.DataFrame, offences: Catalogue) -> pl.DataFrame:
    """Each offence with its mode of trial, the basis of its limit, and the limit's day where it can be reckoned."""
    law = pl.DataFrame(
        [
            (starts, one.code, one.mode.value, one.limit.basis.value, one.limit.months, one.limit.first_day_counts,
             None if one.limit.at_most_gbp is None else float(one.limit.at_most_gbp))
            for starts, edition in offences.editions
            for one in edition.values()
        ],
        schema={"edition": pl.Date, "offence_code": pl.String, "mode": pl.String, "basis": pl.String,
                "months": pl.Int64, "first_day_counts": pl.Boolean, "at_most": pl.Float64},
        orient="row",
    )  # fmt: skip
    edition: pl.Expr = pl.lit(None, pl.Date)
    for starts in sorted(day for day, _ in offences.editions):
        edition = pl.when(pl.col("referred_on") >= starts).then(pl.lit(starts)).otherwise(edition)
    found = each.with_columns(edition.alias("edition")).join(
        law, on=["edition", "offence_code"], how="left", maintain_order="left"
    )
    unlisted = found.filter(pl.col("offence_code").is_not_null() & pl.col("mode").is_null())
    if not unlisted.is_empty():
        raise ValueError(f"No offence that the scheme knew on its day has the code {unlisted['offence_code'][0]!r}.")
    runs = pl.col("months").is_not_null() & (
        pl.col("at_most").is_null()
        | pl.col("value_gbp").is_null()
        | (pl.col("value_gbp").cast(pl.Float64) <= pl.col("at_most"))
    )
    ends = pl.col("offence_on").dt.offset_by(pl.format("{}mo", pl.col("months")))
    ends -= pl.duration(days=pl.col("first_day_counts").cast(pl.Int64))
    return found.with_columns(pl.when(runs).then(ends).alias("limit_on"))


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
            found = facts[condition.fact].unique().drop_nulls().cast(pl.String)
            met = [text for text in found if {*text.split(BETWEEN)} <= {*listed}]
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
