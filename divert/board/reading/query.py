"""What may be asked of the board's figures: a day, for whom, and at most one breakdown.

One at a time, because more would leave so few people in each place that nothing honest could be told of them, and
because only then can it be proved that no count can be worked out from others (decision record 0023).
"""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, field_validator, model_validator

from divert.acts.answers import MONTH_PATTERN, IsoDate
from divert.board.counting import breakdowns
from divert.board.counting.counts import WHOLE, Cell
from divert.board.counting.suppression import Audience
from divert.board.figures.definition import Period

BREAKDOWNS_ASKED = ("district", "offence", "phase")
"""The breakdowns of which one place can be asked for; of months, a period."""


def or_blank(**schema: Any) -> WithJsonSchema:
    """A form sends what was left out as blank: the schema says so too."""
    return WithJsonSchema({"anyOf": [{"type": "string", **schema}, {"type": "string", "const": ""}, {"type": "null"}]})


class BoardQuery(BaseModel):
    """One view of the figures."""

    model_config = ConfigDict(extra="forbid")

    as_at: Annotated[IsoDate | None, or_blank(format="date")] = Field(
        default=None, description="As things stood at the end of this day; left out: today.", examples=["2019-06-30"]
    )
    district: str | None = Field(
        default=None, description="Only people who live there: its code.", examples=["E06000001"], max_length=30
    )
    offence: str | None = Field(
        default=None, description="Only cases referred for this: its CJS code.", examples=["TH68010"], max_length=10
    )
    phase: Annotated[Literal["pilot", "full"] | None, or_blank(enum=["pilot", "full"])] = Field(
        default=None, description="Only the pilot, or the full scheme."
    )
    first: Annotated[str | None, or_blank(pattern=MONTH_PATTERN)] = Field(
        default=None,
        pattern=MONTH_PATTERN,
        description="Only referrals recorded from this month on.",
        examples=["2019-04"],
    )
    last: Annotated[str | None, or_blank(pattern=MONTH_PATTERN)] = Field(
        default=None,
        pattern=MONTH_PATTERN,
        description="Only referrals recorded up to this month.",
        examples=["2019-06"],
    )
    audience: Annotated[Audience, or_blank(enum=[audience.value for audience in Audience])] = Field(
        default=Audience.board, description="For whom: the board's counts are multiples of 5, the public's of 10."
    )

    @field_validator("*", mode="before")
    @classmethod
    def _blank_is_left_out(cls, value: Any) -> Any:
        return None if value == "" else value

    @field_validator("audience", mode="before")
    @classmethod
    def _the_board(cls, value: Any) -> Any:
        return Audience.board if value in ("", None) else value

    @field_validator("district", "offence")
    @classmethod
    def _known(cls, value: str | None, info: Any) -> str | None:
        known = breakdowns.values(info.field_name)
        if value is not None and value not in known:
            raise ValueError(f"There is no {info.field_name} {value!r}. Use one of: {', '.join(known)}.")
        return value

    @model_validator(mode="after")
    def _one_breakdown(self) -> "BoardQuery":
        if self.first and self.last and self.last < self.first:
            raise ValueError("last: the period must end in the month in which it begins, or later.")
        given = [name for name in BREAKDOWNS_ASKED if getattr(self, name) is not None]
        given += ["first" if self.first else "last"] if self.first or self.last else []
        if len(given) > 1:
            raise ValueError(f"{given[1]}: figures are cut by one thing at a time. Leave out {given[0]} or {given[1]}.")
        return self

    @property
    def place(self) -> Cell | Period:
        """The place of the breakdown asked for."""
        if self.first or self.last:
            return Period(self.first, self.last)
        for name in BREAKDOWNS_ASKED:
            if (value := getattr(self, name)) is not None:
                return Cell("", name, value)
        return WHOLE

    def words(self) -> str:
        """Of whom, as a page says it."""
        if self.first or self.last:
            since = f" from {self.first}" if self.first else ""
            return f"Referrals recorded{since}{f' to {self.last}' if self.last else ''}"
        for name in BREAKDOWNS_ASKED:
            if (value := getattr(self, name)) is not None:
                return f"{breakdowns.BREAKDOWNS[name]}: {breakdowns.values(name)[value]}"
        return "The whole scheme"

    def on(self, today: date) -> date:
        """The day asked for, else today."""
        return self.as_at or today
