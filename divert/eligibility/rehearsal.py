"""A candidate policy rehearsed over referrals already made: who would be judged otherwise, and by which rule. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from divert.eligibility.facts import ReferralFacts, derive
from divert.eligibility.judge import judge
from divert.eligibility.pack import Pack, Verdict
from divert.eligibility.policy import Packs
from divert.offences import Catalogue


class Flip(NamedTuple):
    """A case that the candidate judges otherwise, with the rules that decide each way."""

    case_ref: str
    offence_code: str
    was: Verdict
    was_because: tuple[str, ...]
    becomes: Verdict
    because: tuple[str, ...]

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that make the difference: those that decide on one side only."""
        return tuple(sorted(set(self.was_because) ^ set(self.because)))


@dataclass
class Rehearsal:
    """What a candidate would have come to. Verdicts are counted under it; flips by offence and by rule."""

    pack: Pack
    cases: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    flips: list[Flip] = field(default_factory=list)

    @property
    def unknown(self) -> int:
        """How many cases the candidate could not judge on what is on record."""
        return self.verdicts[Verdict.not_yet_known.value]

    @property
    def by_offence(self) -> Counter[str]:
        """Flips by offence code."""
        return Counter(flip.offence_code for flip in self.flips)

    @property
    def by_rule(self) -> Counter[str]:
        """Flips by rule; a case counts under each rule that makes the difference."""
        return Counter(rule for flip in self.flips for rule in flip.rules)


def rehearse(
    candidate: Pack, referrals: Iterable[tuple[str, ReferralFacts]], packs: Packs, offences: Catalogue
) -> Rehearsal:
    """Judge each referral (case reference, facts as they stand) by its own day's policy and by the candidate."""
    found = Rehearsal(candidate)
    for ref, referral in referrals:
        own = packs.in_force(referral.referred_on)
        was = judge(own, derive(referral, own, offences))
        now = judge(candidate, derive(referral, candidate, offences))
        found.cases += 1
        found.verdicts[now.verdict.value] += 1
        if was.verdict is not now.verdict:
            code = referral.offence_code or ""
            found.flips.append(Flip(ref, code, was.verdict, was.because, now.verdict, now.because))
    return found
