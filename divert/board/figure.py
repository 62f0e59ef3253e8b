"""A figure as the board sees it: what it says, of whom, up to when, on what authority, and what it does not say.

Counts of 1 to 4 are withheld here, before any face sees them, and with them every share from which one follows: its
own numerator, or those left over. Whether a withheld count could be worked out from others beside it is not asked yet.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

FEWEST = 5
"""The smallest count of people that the board is shown."""

WITHHELD = f"fewer than {FEWEST}"


class FigureRow(BaseModel):
    """One line of a figure's table. No count, with the note beside it: withheld."""

    model_config = ConfigDict(frozen=True)

    label: str
    counts: dict[str, int | None]
    note: str | None = None


class Figure(BaseModel):
    """One figure. `value` is the numerator as a share of the denominator, in per cent; none where that is nought."""

    model_config = ConfigDict(frozen=True)

    id: str
    title: str
    unit: str = "per cent"
    definition: str = Field(description="What exactly is counted, and out of what.")
    numerator: int | None
    denominator: int | None
    value: float | None
    cohort: str
    cut_off: date = Field(description="Only what was recorded up to the end of this day counts.")
    authority: str
    must_not_be_read_as: str
    note: str | None = None
    columns: dict[str, str] = Field(description="The heading of each count in the rows.")
    rows: list[FigureRow]

    @classmethod
    def share(
        cls,
        *,
        counted: int,
        of: int,
        rows: Iterable[FigureRow] = (),
        columns: Mapping[str, str] | None = None,
        **words: object,
    ) -> Self:
        """A share of a cohort, suppressed. `words` are the texts of the figure."""
        numerator, denominator = shown_share(counted, of)
        shown = numerator is not None and denominator is not None
        return cls.model_validate(
            {
                **words,
                "numerator": numerator,
                "denominator": denominator,
                "value": round(100 * counted / of, 1) if shown and of else None,
                "note": None if shown else WITHHELD,
                "columns": dict(columns or {}),
                "rows": list(rows),
            }
        )


def shown(count: int) -> int | None:
    """A count, unless it is small enough to point at people."""
    return count if count == 0 or count >= FEWEST else None


def shown_share(counted: int, of: int) -> tuple[int | None, int | None]:
    """Numerator and denominator, each only as far as neither those counted nor those left over are few."""
    few = shown(counted) is None or shown(of - counted) is None
    return (None if few else counted), shown(of)


def row(label: str, counts: Mapping[str, int]) -> FigureRow:
    """A line of counts that stand for themselves."""
    kept = {key: shown(count) for key, count in counts.items()}
    return FigureRow(label=label, counts=kept, note=WITHHELD if None in kept.values() else None)


def share_row(label: str, of: tuple[str, int], *counted: tuple[str, int]) -> FigureRow:
    """A line of a whole, and parts of it: key and count of each."""
    key, whole = of
    kept = {key: shown(whole)} | {part: shown_share(count, whole)[0] for part, count in counted}
    return FigureRow(label=label, counts=kept, note=WITHHELD if None in kept.values() else None)
