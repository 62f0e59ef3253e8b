"""A candidate policy rehearsed over referrals already made: who would be judged otherwise, and by which rule. Pure.

A case is judged on its facts as they stand, once by the policy of its own day (or another that is named) and once by
the candidate. Old cases were never asked a question that only the candidate asks: they come out as not yet known.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from divert.eligibility.columns import derive_all, judge_all
from divert.eligibility.policies import NoPolicy, Policies
from divert.eligibility.policy import Policy, Verdict
from divert.law.offences import Catalogue

LET_IN = (Verdict.eligible.value, Verdict.review.value)
"""Verdicts that leave the door open. Ineligible shuts it; of what is not yet known nobody can say."""

GROUPS = {"offence_code": "Offence", "district": "District", "sex": "Sex", "ethnicity": "Ethnicity"}
"""What flips are counted by; columns of the referrals beside those that `derive_all` reads."""


@dataclass(frozen=True)
class Rehearsal:
    """What a candidate would have come to. `against` None: each case by the policy of its own day.

    `cases` has a row a case: `ref`, `referred_on`, the groups, `was` and `becomes` (verdicts), `by` and `open` (bits
    over `rules`): the rules that make the difference, and those that the candidate cannot answer.
    """

    candidate: Policy
    against: Policy | None
    rules: tuple[str, ...]
    cases: pl.DataFrame

    @property
    def flips(self) -> pl.DataFrame:
        """The cases judged otherwise, with their rules as a list, in the order of their references."""
        rules = pl.concat_list(
            pl.when(_has("by", place)).then(pl.lit(rule)) for place, rule in enumerate(self.rules)
        ).list.drop_nulls()
        return self.cases.filter(_flipped()).with_columns(rules.alias("rules")).drop("by", "open").sort("ref")

    def verdicts(self) -> dict[tuple[str, str], int]:
        """How many cases were one verdict and become another, or stay."""
        counts = self.cases.group_by("was", "becomes").len()
        return {(was, becomes): count for was, becomes, count in counts.iter_rows()}

    def becoming(self, verdict: Verdict) -> int:
        """How many cases the candidate gives a verdict."""
        return self.cases.filter(pl.col("becomes") == verdict.value).height

    def totals(self) -> dict[str, int]:
        """How many are judged otherwise, and of these how many are let `in`, kept `out`, left `open`."""
        totals = self._counts(pl.lit("all").alias("all")).drop("all", "cases").to_dicts()
        return totals[0] if totals else {"flips": 0, "in": 0, "out": 0, "open": 0}

    def by_rule(self) -> dict[str, int]:
        """Flips by rule, most first; a case counts under each rule that makes the difference."""
        return self._by_bits(self.cases.filter(_flipped()), "by")

    def unanswered(self) -> dict[str, int]:
        """How many cases the candidate cannot judge for want of each rule's fact, most first."""
        return self._by_bits(self.cases, "open")

    def by_group(self, group: str) -> pl.DataFrame:
        """For each value of a group: `cases`, `flips`, and of these how many are let `in`, kept `out`, left `open`.

        Most flips first.
        """
        return self._counts(pl.col(group)).sort("flips", "cases", group, descending=[True, True, False])

    def by_month(self) -> pl.DataFrame:
        """The same by the month of referral, the first day of which stands for it; earliest first."""
        return self._counts(pl.col("referred_on").dt.truncate("1mo").alias("month")).sort("month")

    def _counts(self, group: pl.Expr) -> pl.DataFrame:
        out, unknown = Verdict.ineligible.value, Verdict.not_yet_known.value
        was, becomes = pl.col("was"), pl.col("becomes")
        return self.cases.group_by(group).agg(
            pl.len().alias("cases"),
            _flipped().sum().alias("flips"),
            (becomes.is_in(LET_IN) & (was == out)).sum().alias("in"),
            (was.is_in(LET_IN) & (becomes == out)).sum().alias("out"),
            (_flipped() & (becomes == unknown)).sum().alias("open"),
        )

    def _by_bits(self, cases: pl.DataFrame, bits: str) -> dict[str, int]:
        counts = cases.select(_has(bits, place).sum().alias(rule) for place, rule in enumerate(self.rules))
        by_rule = {rule: int(count) for rule, count in counts.row(0, named=True).items() if count}
        return dict(sorted(by_rule.items(), key=lambda item: (-item[1], item[0])))


def rehearse(
    candidate: Policy, referrals: pl.DataFrame, policies: Policies, offences: Catalogue, against: Policy | None = None
) -> Rehearsal:
    """Judge every referral twice. `referrals` has `ref`, GROUPS, and what `derive_all` reads. Raises NoPolicy."""
    facts = derive_all(referrals, offences)
    compared = [*policies, candidate] if against is None else [against, candidate]
    rules = tuple(dict.fromkeys(rule.id for policy in compared for rule in policy.rules))
    places = {rule: place for place, rule in enumerate(rules)}
    was = _judge_by_own_day(policies, facts, places) if against is None else judge_all(against, facts, places)
    becomes = judge_all(candidate, facts, places)
    return Rehearsal(
        candidate,
        against,
        rules,
        referrals.select("ref", "referred_on", *GROUPS).with_columns(
            was=was["verdict"],
            becomes=becomes["verdict"],
            by=was["because"] ^ becomes["because"],
            open=pl.when(becomes["verdict"] == Verdict.not_yet_known.value).then(becomes["because"]).otherwise(0),
        ),
    )


def _judge_by_own_day(policies: Policies, facts: pl.DataFrame, places: Mapping[str, int]) -> pl.DataFrame:
    """Each row judged by the policy that was in force on its day of referral."""
    facts, parts = facts.with_row_index("case"), []
    for policy in policies:
        last = policies.last_day(policy)
        days = pl.col("referred_on") >= policy.starts
        cases = facts.filter(days if last is None else days & (pl.col("referred_on") <= last))
        parts.append(judge_all(policy, cases, places).with_columns(cases["case"]))
    judged = pl.concat(parts).sort("case")
    if judged.height != facts.height:
        raise NoPolicy("A referral was made on a day for which there is no policy.")
    return judged


def more_a_month(let_in: int, kept_out: int, left_open: int, months: int) -> str:
    """What a policy would have changed of how many may enter, in words; and how far what is not known could move it."""
    if not months:
        return "no past month to tell by"
    more, period = (let_in - kept_out) / months, "1 month" if months == 1 else f"{months} months"
    direction = "more" if more > 0 else "fewer"
    change = f"on average {abs(more):.1f} {direction} a month" if more else "as many a month as before"
    if not left_open:
        return f"{change}, over {period}"
    at_most = f"up to {left_open / months:.1f} a month more or fewer"
    return f"{change}, over {period}, as far as is known; those left open could make it {at_most}"


def _flipped() -> pl.Expr:
    return pl.col("was") != pl.col("becomes")


def _has(bits: str, place: int) -> pl.Expr:
    return (pl.col(bits) & pl.lit(1 << place, pl.UInt64)) != 0
