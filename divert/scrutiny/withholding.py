"""What may be shown of groups of cases, so that no small number can be read or worked out.

Whoever reads the table also knows what the groups come to together, for that stands on the panel's other pages. So a
small group is never withheld alone: the next smallest go with it until those withheld are at least two groups and five
cases. How many were found in a group is told only where five were, and five were not; or where none was in any group.
Where the total would still give one number away, the next smallest is kept back too.

Pure: counts in, counts out.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from divert.scrutiny.proof import Sample, estimate

FEWEST = 5
"""The smallest number of people that is told."""

TOO_FEW = "Too few seen to show."
UNSAID = "Not shown: it is small, or would give a small number away."


class Group(NamedTuple):
    """A group as it may be shown; None: withheld."""

    label: str
    cases: int | None
    drawn: int | None
    found: int | None
    says: str


def suppress(groups: Mapping[str, Sequence[Sample]]) -> list[Group]:
    """Each group, from what was seen of it in each stratum."""
    drawn = {label: sum(sample.drawn for sample in samples) for label, samples in groups.items()}
    found = {label: sum(sample.found for sample in samples) for label, samples in groups.items()}
    withheld = _withheld(drawn)
    seen = {label: (drawn[label], found[label]) for label in groups if drawn[label]}
    with_findings = _with_findings(seen, withheld)
    return [_group(label, samples, label in withheld, label in with_findings) for label, samples in groups.items()]


def _withheld(drawn: Mapping[str, int]) -> set[str]:
    """The groups to withhold whole: those of which few cases were seen, and as many more as they need beside them."""
    by_size = sorted((label for label in drawn if drawn[label]), key=lambda label: (drawn[label], label))
    few = sum(drawn[label] < FEWEST for label in by_size)
    while 0 < few < len(by_size) and (few < 2 or sum(drawn[label] for label in by_size[:few]) < FEWEST):
        few += 1
    return set(by_size[:few])


def _with_findings(seen: Mapping[str, tuple[int, int]], withheld: set[str]) -> set[str]:
    """The groups whose findings are told, from how many of each were seen and found."""
    if not any(found for _, found in seen.values()):
        return set(seen) - withheld
    labels = [
        label for label, (drawn, found) in seen.items() if label not in withheld and FEWEST <= found <= drawn - FEWEST
    ]
    labels.sort(key=lambda label: (seen[label][1], label), reverse=True)
    while labels:
        rest = [counts for label, counts in seen.items() if label not in labels]
        found_in_rest = sum(found for _, found in rest)
        if not rest or (len(rest) > 1 and 0 < found_in_rest < sum(drawn for drawn, _ in rest)):
            break
        labels.pop()
    return set(labels)


def _group(label: str, samples: Sequence[Sample], withheld: bool, with_findings: bool) -> Group:
    if withheld:
        return Group(label, None, None, None, TOO_FEW)
    together = estimate(samples)
    if with_findings or not together.drawn:
        return Group(label, together.cases, together.drawn, together.found, together.says)
    return Group(label, together.cases, together.drawn, None, UNSAID)
