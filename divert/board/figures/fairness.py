"""Whether people of each sex, ethnicity, age and district come as far as others, stage by stage."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from divert.board.counting import breakdowns
from divert.board.counting.counts import Cell, Counts
from divert.board.figures.disparity import Comparison, compare_groups
from divert.board.figures.estimates import FEWEST, Interval, rounding_noise

STEPS = (
    ("judged", "referred", "Judged, of referred"),
    ("eligible", "judged", "Found eligible, of judged"),
    ("accepted", "judged", "Offered a place (accepted by both), of judged"),
    ("signed", "accepted", "Signed, of accepted"),
    ("met", "signed", "First appointment kept, of signed"),
    ("breached", "signed", "Breach reported, of signed"),
    ("completed", "signed", "Completed, of signed"),
)
"""Each stage and the one before it, of which it is a share."""

GROUPS = ("ethnicity", "sex", "age", "district")
LESSON = (
    "Proof that somebody was treated unfairly, or that nobody was. Ratios of coming to a stage and of not coming to it"
    " can point apart, so both are shown with the gap, and a difference is said to be one only where all three lie"
    " beyond chance. Of many comparisons some do so by chance alone, and few people hide a difference that there is."
)
DEFINITION = (
    "Of those of a group who came to the stage before, how many came to this one by the cut-off. Ratio of rates: that"
    " rate over the rate of the largest group, with whom the others are compared. Ratio of not: the same for not coming"
    " to it. Gap in 100: how many more of a hundred came to it than in the largest group."
)
AUTHORITY = (
    "Relative rate index, of the stage before (Office of Juvenile Justice and Delinquency Prevention; Uhrig 2016);"
    " Lammy review, recommendation 4: explain or reform. Intervals: Katz's logarithms, exact where a count is nought."
)


class Range(BaseModel):
    """A number and where the truth lies 95 times in 100. Without an end: infinite."""

    model_config = ConfigDict(frozen=True)

    value: float | None
    low: float | None
    high: float | None


class FairnessRow(BaseModel):
    """One group at one stage, beside the reference group."""

    model_config = ConfigDict(frozen=True)

    group: str
    reached: int | None
    of: int | None
    rate: Range | None = Field(description="Per cent who came to the stage.")
    ratio: Range | None = Field(description="Their rate over the reference group's.")
    ratio_not: Range | None = Field(description="Their rate of not coming to it over the reference group's.")
    gap: Range | None = Field(description="How many more of a hundred came to it than in the reference group.")
    finding: str


class Fairness(BaseModel):
    """One stage by one kind of group. The first row is the reference: the largest group."""

    model_config = ConfigDict(frozen=True)

    id: str
    title: str
    by: str
    cut_off: date
    rounded_to: int
    reference: str | None
    rows: list[FairnessRow]
    unit: str = "per cent"
    definition: str = DEFINITION
    cohort: str = "Every case, by what was known of the person on the day. Not stated is a group of its own."
    authority: str = AUTHORITY
    must_not_be_read_as: str = LESSON


def fairness(counts: Counts) -> list[Fairness]:
    """Every stage by every kind of group, from counts as they may be shown."""
    return [_fairness(counts, dim, *step) for dim in GROUPS for step in STEPS]


def _fairness(counts: Counts, dim: str, name: str, before: str, title: str) -> Fairness:
    labels = breakdowns.values(dim)
    shown: dict[str, tuple[int, int]] = {}
    withheld: list[str] = []
    for value, label in labels.items():
        reached, total = counts[Cell(name, dim, value)], counts[Cell(before, dim, value)]
        if reached is None or total is None:
            withheld.append(label)
        elif total or counts.base == 1 or value == breakdowns.NOT_STATED:
            shown[label] = (reached, total)
    fewest = FEWEST * counts.base if counts.base > 1 else 1
    rows = [_row(comparison) for comparison in compare_groups(shown, fewest, rounding_noise(counts.base))]
    rows += [
        FairnessRow(group=label, reached=None, of=None, rate=None, ratio=None, ratio_not=None, gap=None,
                    finding="withheld")
        for label in withheld
    ]  # fmt: skip
    return Fairness(
        id=f"{dim}-{name}",
        title=title,
        by=breakdowns.BREAKDOWNS[dim],
        cut_off=counts.as_at,
        rounded_to=counts.base,
        reference=rows[0].group if rows and rows[0].rate else None,
        rows=rows,
    )


def _row(comparison: Comparison) -> FairnessRow:
    return FairnessRow(
        group=comparison.group,
        reached=comparison.reached,
        of=comparison.total,
        rate=_range(comparison.rate, 100, 1),
        ratio=_range(comparison.ratio, 1, 2),
        ratio_not=_range(comparison.ratio_not, 1, 2),
        gap=_range(comparison.gap, 100, 1),
        finding=comparison.words,
    )


def _range(interval: Interval | None, times: float, places: int) -> Range | None:
    if interval is None:
        return None
    value, low, high = (None if number == float("inf") else round(times * number, places) for number in interval)
    return Range(value=value, low=low, high=high)
