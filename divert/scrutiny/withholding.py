"""What may be shown of groups of cases, so that no small number can be read or worked out.

Whoever reads the table also knows what the groups come to together, for that stands on the panel's other pages. So a
small group is never withheld alone: the next smallest go with it until those withheld are at least two groups and five
cases. How many were found in a group is told only where five were, and five were not; or where none was in any group.
Where the total would still give one number away, the next smallest is kept back too.

Pure: counts in, counts out.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from divert.scrutiny.proof import Seen, estimate

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


def shown(groups: Mapping[str, Sequence[Seen]]) -> list[Group]:
    """Each group, from what was seen of it in each stratum."""
    drawn = {label: sum(one.drawn for one in strata) for label, strata in groups.items()}
    found = {label: sum(one.found for one in strata) for label, strata in groups.items()}
    hidden = _hidden(drawn)
    told = _told({label: (drawn[label], found[label]) for label in groups if drawn[label]}, hidden)
    return [_group(label, strata, label in hidden, label in told) for label, strata in groups.items()]


def _hidden(drawn: Mapping[str, int]) -> set[str]:
    """The groups to withhold whole: those of which few cases were seen, and as many more as they need beside them."""
    by_size = sorted((label for label in drawn if drawn[label]), key=lambda label: (drawn[label], label))
    few = sum(drawn[label] < FEWEST for label in by_size)
    while 0 < few < len(by_size) and (few < 2 or sum(drawn[label] for label in by_size[:few]) < FEWEST):
        few += 1
    return set(by_size[:few])


def _told(seen: Mapping[str, tuple[int, int]], hidden: set[str]) -> set[str]:
    """The groups whose findings are told, from how many of each were seen and found."""
    if not any(found for _, found in seen.values()):
        return set(seen) - hidden
    told = [one for one, (drawn, found) in seen.items() if one not in hidden and FEWEST <= found <= drawn - FEWEST]
    told.sort(key=lambda one: (seen[one][1], one), reverse=True)
    while told:
        unsaid = [seen[one] for one in seen if one not in told]
        bad = sum(found for _, found in unsaid)
        if not unsaid or (len(unsaid) > 1 and 0 < bad < sum(drawn for drawn, _ in unsaid)):
            break
        told.pop()
    return set(told)


def _group(label: str, strata: Sequence[Seen], hidden: bool, told: bool) -> Group:
    if hidden:
        return Group(label, None, None, None, TOO_FEW)
    together = estimate(strata)
    if told or not together.drawn:
        return Group(label, together.cases, together.drawn, together.found, together.says)
    return Group(label, together.cases, together.drawn, None, UNSAID)
