"""What the board's figures rest on, beside casework's own history: counts, never a row about a person."""

from datetime import date, datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from divert.models.states import Role
from divert.models.tables import Model


class RoundingKey(Model):
    """The secret by which the board's counts are rounded: made with the database, never changed, never shown."""

    __tablename__ = "rounding_keys"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)


class Tallied(Model):
    """One time that counts were kept: of what was recorded up to `until`, in the way of counting numbered `way`.

    Whoever keeps counts next writes the next `number`, so two cannot both add the same. `cases_to` is the last case
    that was counted where the first counting is still under way.
    """

    __tablename__ = "tallied"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    way: Mapped[int]
    until: Mapped[datetime]
    cases_to: Mapped[int | None]


class Tally(Model):
    """How much was added, on one day, to one count in one place of a cut."""

    __tablename__ = "tallies"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    dim: Mapped[str] = mapped_column(String(20), primary_key=True)
    value: Mapped[str] = mapped_column(String(200), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True, index=True)
    n: Mapped[int]


class Cost(Model):
    """What was spent in one month under one heading, as somebody entered it. It never changes: the last one stands."""

    __tablename__ = "costs"

    id: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[str] = mapped_column(String(7))
    heading: Mapped[str] = mapped_column(String(40))
    pence: Mapped[int]
    source: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(60))
    role: Mapped[Role]
