"""One judgement, facts derived and trace made, beside the same rules as hand-written `if`s, over the referral file.

The `if`s answer a verdict, its rules and warnings, and nothing else: what the judge takes beyond them is the price of a
policy that is data, of a trace, and of facts that re-run. Not shown: reading the file, and keeping a check on record.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from bench.by_hand import by_hand
from bench.figure import Figure, Limit, in_turn
from bench.place import Place
from divert.eligibility.derivation import derive
from divert.eligibility.facts import ReferralFacts
from divert.eligibility.judge import Judgement, judge
from divert.eligibility.policies import released_policies
from divert.law.rulebook import rulebook
from tests.conftest import DATA

ROUNDS = 60


def judgement(place: Place) -> Iterator[Figure]:
    """Microseconds a judgement, as the median over whole passes of the file."""
    rules = rulebook()
    referrals = list(_referrals(DATA / "referrals-2019.csv"))

    def judged(referral: ReferralFacts) -> Judgement:
        policy = released_policies().in_force(referral.referred_on)
        return judge(policy, derive(referral, policy, rules.offences))

    for referral in referrals:
        ours, theirs = judged(referral), by_hand(referral)
        if (ours.verdict.value, list(ours.because), list(ours.warnings)) != tuple(theirs):
            raise AssertionError(f"the judge says {ours.verdict} {ours.because} {ours.warnings}, the ifs {theirs}")

    seconds = in_turn(
        place.count(ROUNDS, 3),
        {
            "ifs": lambda: [by_hand(referral) for referral in referrals],
            "verdict": lambda: [judged(referral) for referral in referrals],
            "trace": lambda: [judged(referral).trace for referral in referrals],
            "words": lambda: [judged(referral).lines() for referral in referrals],
        },
    )
    microseconds = {name: taken / len(referrals) * 1e6 for name, taken in seconds.items()}
    limit = Limit("the same rules as ifs", microseconds["ifs"])
    yield Figure("derive and judge", microseconds["verdict"], "µs", limit)
    yield Figure("derive, judge and trace", microseconds["trace"], "µs", limit)
    yield Figure("the same, in words", microseconds["words"], "µs", limit)


def _referrals(file: Path) -> Iterator[ReferralFacts]:
    """What every row says that can be read."""
    with file.open(encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines):
            try:
                yield ReferralFacts.model_validate(
                    {name: cell for name, cell in row.items() if name in ReferralFacts.model_fields}
                )
            except ValidationError:
                continue
