"""How many cases of each stratum a sample of a given size holds, by one stated rule.

First the strata that are drawn with certainty, whole or with the size stated for them. Then each other stratum has the
least number, or all its cases where it has fewer. What is left goes case by case to the stratum that is sampled most
thinly for its size: the highest cases / (2 x drawn + 1), the first by name where two are level (Webster's method; M. L.
Balinski and H. P. Young, Fair Representation, 1982). A larger sample never holds fewer of any stratum, so what is
allotted for a top-up only adds.

Pure: counts in, counts out.
"""

from collections.abc import Collection, Mapping
from heapq import heapify, heapreplace

LEAST = 2
"""Of each stratum at least so many: one case says nothing of how cases differ."""


def allot(
    cases: Mapping[str, int],
    total: int | None = None,
    *,
    least: int = LEAST,
    certain: Collection[str] = (),
    stated: Mapping[str, int] | None = None,
) -> dict[str, int]:
    """The size of each stratum's sample, from how many cases each holds: `total` together, or as few as may be.

    Raises ValueError where a size is stated for what is no stratum or over its cases, or `total` cannot be met.
    """
    fixed = {stratum: cases[stratum] for stratum in certain if stratum in cases} | dict(stated or {})
    for stratum, size in fixed.items():
        if not 0 <= size <= cases.get(stratum, -1):
            raise ValueError(f"A size of {size} is stated for {stratum}, which holds {cases.get(stratum, 0)}.")
    sizes = {stratum: fixed.get(stratum, min(least, count)) for stratum, count in cases.items()}
    fewest = sum(sizes.values())
    total = fewest if total is None else total
    most = sum(fixed.get(stratum, count) for stratum, count in cases.items())
    if not fewest <= total <= most:
        raise ValueError(
            f"A sample of {total} cannot be allotted: with {least} of each stratum, and those that are drawn whole or"
            f" with a stated size, it is at least {fewest}; and at most {most}."
        )
    thinnest = [
        (-cases[stratum] / (2 * size + 1), stratum)
        for stratum, size in sizes.items()
        if stratum not in fixed and size < cases[stratum]
    ]
    heapify(thinnest)
    for _ in range(total - fewest):
        stratum = thinnest[0][1]
        sizes[stratum] += 1
        has_more = sizes[stratum] < cases[stratum]
        heapreplace(thinnest, (-cases[stratum] / (2 * sizes[stratum] + 1) if has_more else 0.0, stratum))
    return sizes
