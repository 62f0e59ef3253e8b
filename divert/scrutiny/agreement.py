"""How far members agree before they have spoken to one another, beyond what chance alone would give."""

from collections import Counter
from collections.abc import Hashable, Sequence


def kappa(ratings: Sequence[Sequence[Hashable]]) -> float | None:
    """Fleiss' kappa over cases, each with the scores that its members gave: 1 is full agreement, 0 what chance gives.

    J. L. Fleiss, Psychological Bulletin 76 (1971) 378-382; members may differ in number from case to case, and a case
    with fewer than two scores says nothing of agreement. None where no two members scored one case, or all gave one
    same score everywhere: then chance explains everything, and there is nothing to measure.
    """
    scored = [Counter(case) for case in ratings if len(case) > 1]
    if not scored:
        return None
    agreed = [sum(n * (n - 1) for n in case.values()) / (case.total() * (case.total() - 1)) for case in scored]
    overall: Counter[Hashable] = Counter()
    for case in scored:
        overall.update(case)
    by_chance = sum((n / overall.total()) ** 2 for n in overall.values())
    observed = sum(agreed) / len(agreed)
    return None if by_chance == 1 else (observed - by_chance) / (1 - by_chance)
