"""What the scrutiny panel keeps: frames, the draw on each and what was added, and meetings. None of it ever changes."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from divert.models.states import Role
from divert.models.tables import Model, entry_key


class Pseudonym(Model):
    """The random id under which the panel knows a case (`of` is its reference) or who decided it (a username)."""

    __tablename__ = "pseudonyms"

    of: Mapped[str] = mapped_column(String(60), primary_key=True)
    id: Mapped[str] = mapped_column(String(16), unique=True)


class Frame(Model):
    """A frozen population of cases to draw from, published before any seed: ids by stratum."""

    __tablename__ = "frames"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    rule: Mapped[str] = mapped_column(String(300))
    cut_off: Mapped[date]
    strata: Mapped[dict[str, Any]]
    frozen_at: Mapped[datetime]
    frozen_by: Mapped[str] = mapped_column(String(60))


class Draw(Model):
    """The one draw on a frame."""

    __tablename__ = "draws"

    frame_digest: Mapped[str] = mapped_column(ForeignKey("frames.digest"), primary_key=True)
    seed: Mapped[str] = mapped_column(String(200))
    sizes: Mapped[dict[str, Any]]
    drawn: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(60))

    top_ups: Mapped[list["TopUp"]] = relationship(order_by="TopUp.number", viewonly=True, lazy="selectin")
    picks: Mapped[list["ThematicPick"]] = relationship(order_by="ThematicPick.number", viewonly=True, lazy="selectin")


def draw_key() -> Mapped[str]:
    """The draw a row was added to; with its number it is the row's key."""
    return mapped_column(ForeignKey("draws.frame_digest"), primary_key=True)


class TopUp(Model):
    """More cases by the same tickets, from where the draw and earlier top-ups stopped."""

    __tablename__ = "top_ups"

    frame_digest: Mapped[str] = draw_key()
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    reason: Mapped[str] = mapped_column(String(300))
    sizes: Mapped[dict[str, Any]]
    drawn: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(60))


class ThematicPick(Model):
    """A case that was chosen and not drawn: read beside the sample, and in no rate."""

    __tablename__ = "thematic_picks"

    frame_digest: Mapped[str] = draw_key()
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[str] = mapped_column(String(16))
    theme: Mapped[str] = mapped_column(String(300))
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(60))


class PanelEntry(Model):
    """One thing done at a meeting of the scrutiny panel, chained to the one before: a correction is another entry."""

    __tablename__ = "panel_entries"

    meeting: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = entry_key()
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(60))
    role: Mapped[Role]
    command: Mapped[str] = mapped_column(String(40))
    body: Mapped[str] = mapped_column(Text)
    hash: Mapped[str] = mapped_column(String(64))
