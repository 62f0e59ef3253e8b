"""The two policies of 2019 as a programmer in a hurry would write them: `if`s, with no authority, trace or data.

They are the limit that the judge is measured against, and no part of the scheme. The bench runs them over the whole
referral file first and stops where they and the judge differ.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from divert.eligibility.facts import FurtherOffence, ReferralFacts
from divert.law.time_limits import add_months

FULL_FROM = date(2019, 4, 1)
PILOT = {"TH68010", "TH68010A"}
TAKEN = PILOT | {
    "TH68020", "TH78011", "TH68006", "TH68007", "TH68003", "TH68073", "TH68078", "CA81001", "CD71039", "CJ88001",
    "CJ88116", "MD71530", "MD71210", "MD71211", "MD71225", "PU86004", "PU86116", "PU86149", "MT88005", "CA03005",
    "CJ67002", "FA06001",
}  # fmt: skip
SUMMARY = {
    "CA81001", "CJ88001", "CJ88116", "PL96001", "PU86004", "PU86116", "PU86149", "PH97004", "PH97006", "CJ67002",
}  # fmt: skip
FROM_EVIDENCE = {"TH68050", "CA03005"}
INDICTABLE = {"TH68023"}
DISTRICTS = {"E06000001", "E06000002", "E06000003", "E06000004"}


class Answer(NamedTuple):
    """A verdict, the rules that decide it, and the warnings."""

    verdict: str
    because: list[str]
    warnings: list[str]


def by_hand(referral: ReferralFacts) -> Answer:
    """What the policy of the referral's day comes to."""
    on = referral.referred_on
    taken = TAKEN if on >= FULL_FROM else PILOT
    alleged: Sequence[ReferralFacts | FurtherOffence] = (referral, *referral.further_offences)
    codes = [offence.offence_code for offence in alleged]
    bars: list[str] = []
    reviews: list[str] = []
    unknown: list[str] = []

    if referral.date_of_birth is None:
        unknown.append("age_min")
    elif add_months(referral.date_of_birth, 18 * 12) > on:
        bars.append("age_min")
    if None in codes:
        unknown += ["offence", "indictable_only"]
    else:
        if not all(code in taken for code in codes):
            bars.append("offence")
        if any(code in INDICTABLE for code in codes):
            bars.append("indictable_only")
    if referral.admission is None:
        unknown.append("admission")
    elif referral.admission != "yes":
        bars.append("admission")
    if referral.remorse is None:
        unknown.append("remorse")
    elif not referral.remorse:
        bars.append("remorse")
    if referral.agreement_signed_on is None:
        bars.append("voluntary_agreement")
    if referral.sufficient_evidence is None:
        unknown.append("sufficient_evidence")
    elif not referral.sufficient_evidence:
        bars.append("sufficient_evidence")
    if referral.current_order is None:
        unknown.append("current_order")
    elif referral.current_order != "none":
        bars.append("current_order")
    if referral.on_bail is None:
        unknown.append("on_bail")
    elif referral.on_bail:
        bars.append("on_bail")
    if referral.detained is None:
        unknown.append("detained")
    elif referral.detained != "none":
        bars.append("detained")
    if referral.hate_crime is None:
        unknown.append("hate_crime")
    elif referral.hate_crime:
        bars.append("hate_crime")
    if referral.domestic_abuse is None:
        unknown.append("domestic_abuse")
    elif referral.domestic_abuse:
        bars.append("domestic_abuse")

    if referral.previous_convictions is None:
        unknown.append("first_time")
    elif referral.previous_convictions > 0:
        reviews.append("first_time")
    if referral.district is None:
        unknown.append("residence")
    elif referral.district not in DISTRICTS:
        reviews.append("residence")
    if any(offence.offence_force is None for offence in alleged):
        unknown.append("offence_location")
    elif any(offence.offence_force != "17" for offence in alleged):
        reviews.append("offence_location")
    if referral.co_accused is None:
        unknown.append("co_accused")
    elif referral.co_accused:
        reviews.append("co_accused")
    if referral.custody_likely is None:
        unknown.append("custody_likely")
    elif referral.custody_likely:
        reviews.append("custody_likely")
    if referral.previous_divert is None:
        unknown.append("previous_divert")
    elif referral.previous_divert:
        reviews.append("previous_divert")
    late = [_too_late(offence, on) for offence in alleged if offence.offence_code in SUMMARY]
    if True in late:
        reviews.append("time_limit_fit")
    elif None in late or None in codes:
        unknown.append("time_limit_fit")

    warnings = _warnings(alleged, on)
    if bars:
        return Answer("ineligible", sorted(bars), warnings)
    if unknown:
        return Answer("not_yet_known", sorted(unknown), warnings)
    if reviews:
        return Answer("review", sorted(reviews), warnings)
    return Answer("eligible", [], warnings)


def _too_late(offence: ReferralFacts | FurtherOffence, on: date, less: int = 0) -> bool | None:
    """Whether four months and a fortnight no longer fit into six months from the offence."""
    if offence.offence_on is None:
        return None
    last_day = add_months(offence.offence_on, 6) - timedelta(days=less)
    return on > add_months(last_day - timedelta(days=14), -4)


def _warnings(alleged: Sequence[ReferralFacts | FurtherOffence], on: date) -> list[str]:
    warnings = []
    days = [offence.offence_on for offence in alleged if offence.offence_on is not None]
    if len(days) == len(alleged) and add_months(min(days), 3) <= on:
        warnings.append("offence_age")
    for offence in alleged:
        cheap = offence.offence_code in PILOT and (offence.value_gbp is None or offence.value_gbp <= 200)
        if (cheap or offence.offence_code in FROM_EVIDENCE) and _too_late(offence, on, 0 if cheap else 1):
            warnings.append("precautionary_limit")
            break
    return warnings
