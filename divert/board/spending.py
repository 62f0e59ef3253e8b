"""What the scheme spent, as the project manager enters it for the board: what stands, and since when.

An amount is of one month and one heading. Entered again, it takes the place of the one before from then on; both stay
on record, so that an earlier day is answered as it was. It is a public body's spending, and about nobody.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, Field, field_validator, model_validator
from sqlalchemy import select
from sqlalchemy.orm import Session

from divert.acts.act import Act, ActContext
from divert.acts.answers import IsoMonth, Money, fault
from divert.acts.command import Short
from divert.acts.refusals import Unusable
from divert.board.counting.count_store import CountStore
from divert.board.counting.counts import Spent
from divert.board.counting.suppression import Audience
from divert.board.figures.costs import days, first_of, spread
from divert.board.figures.definition import months_between
from divert.clock import london_date
from divert.law.rulebook import rulebook
from divert.models import Cost
from divert.people.rights import MANAGER

AT_ONCE = 12
"""Months over which one amount may be spread."""


def _not_blank(words: str) -> str:
    if not words:
        raise fault("Say who vouches for it, like: finance ledger, March 2019.")
    return words


class EnterCosts(
    Act,
    title="Enter costs",
    json_schema_extra={
        "examples": [
            {"heading": "staff", "month": "2019-03", "pounds": "18250.40", "source": "Finance ledger, March 2019"}
        ]
    },
):
    """Enter what was spent. What was entered of the same month and heading before stays on record, and counts no more.

    An amount for several months is spread evenly over them, to the penny.
    """

    by = MANAGER

    heading: str = Field(title="What for", max_length=40, json_schema_extra={"choices": "cost_headings"})
    month: IsoMonth = Field(title="Month", description="One that is over, as year-month.")
    last_month: IsoMonth | None = Field(
        default=None, title="Last month", description="Where the amount is for several months together."
    )
    pounds: Money = Field(title="Amount in pounds", description="0 where it is known that nothing was spent.")
    source: Annotated[Short, AfterValidator(_not_blank)] = Field(
        title="Source",
        description="Who vouches for it, without naming anybody.",
        examples=["finance ledger, March 2019"],
    )

    @field_validator("month", "last_month")
    @classmethod
    def _since_the_scheme_began(cls, month: str | None) -> str | None:
        begins = f"{rulebook().costs_start:%Y-%m}"
        if month is not None and month < begins:
            raise fault(f"This is before the scheme began. Give a month from {begins} on.")
        return month

    @model_validator(mode="after")
    def _is_plausible(self) -> "EnterCosts":
        """The months are in order and not too many, the heading is one, and the amount no slip of the keys."""
        if self.months[-1:] != [self.last_month or self.month]:
            raise ValueError(f"last_month: this is before the first. Give {self.month} or a later month, or none.")
        if len(self.months) > AT_ONCE:
            raise ValueError(f"last_month: these are more than {AT_ONCE} months. Enter them in parts.")
        for month in self.months:
            headings = rulebook().cost_headings_on(first_of(month))
            if self.heading not in headings:
                raise ValueError(f"heading: there is no such heading in {month}. Use one of: {', '.join(headings)}.")
            most = headings[self.heading].most_gbp_a_month
            if self.pounds > most * len(self.months):
                raise ValueError(f"pounds: this is over £{most:,} a month, more than can be meant. Look at it again.")
        return self

    @property
    def months(self) -> list[str]:
        """Each month that it is for."""
        return months_between(self.month, self.last_month or self.month)

    def apply(self, subject: None, context: ActContext) -> list[Cost]:
        """An amount a month, each on record. The months are over."""
        now = f"{context.today:%Y-%m}"
        for name, month in (("month", self.month), ("last_month", self.last_month)):
            if month is not None and month >= now:
                raise Unusable({(name,): f"This month is not over. Give one before {now}."})
        amounts = spread(int(self.pounds * 100), len(self.months))
        costs = [
            Cost(
                month=month,
                heading=self.heading,
                pence=amount,
                source=self.source,
                at=context.at,
                by=context.by.username,
                role=context.by.role,
            )
            for month, amount in zip(self.months, amounts, strict=True)
        ]
        context.session.add_all(costs)
        context.session.flush()
        return costs


def entries(session: Session, as_at: date) -> Sequence[Cost]:
    """Everything entered by the end of a day, in order."""
    costs = session.scalars(select(Cost).order_by(Cost.at, Cost.id))
    return [cost for cost in costs if london_date(cost.at) <= as_at]


def latest(costs: Sequence[Cost]) -> dict[tuple[str, str], Cost]:
    """Of entries in order, the last of each month and heading."""
    return {(cost.month, cost.heading): cost for cost in costs}


def pence_by_month(costs: Iterable[Cost]) -> dict[str, dict[str, int]]:
    """What entries come to, by month and heading."""
    months: dict[str, dict[str, int]] = {}
    for cost in sorted(costs, key=lambda cost: cost.month):
        months.setdefault(cost.month, {})[cost.heading] = cost.pence
    return months


def read_spent(store: CountStore, as_at: date, at: datetime, audience: Audience) -> Spent:
    """What had been entered by the end of a day, with the counts, as they may be shown, that it is set beside."""
    with store.database.reading() as session:
        amounts = pence_by_month(latest(entries(session, as_at)).values())
    return Spent(amounts, {day: store.shown(day, at, audience) for day in days(amounts)})
