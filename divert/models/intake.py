"""What lies on the counter for a while and then goes: referrals half written, referral files being taken."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from divert.models.tables import Model


class Draft(Model):
    """A referral as far as its officer has come: every answer as it was typed. Only they may open it."""

    __tablename__ = "drafts"

    id: Mapped[str] = mapped_column(String(43), primary_key=True)
    username: Mapped[str] = mapped_column(ForeignKey("staff.username"), index=True)
    body: Mapped[dict[str, Any]]
    begun_at: Mapped[datetime]
    saved_at: Mapped[datetime] = mapped_column(index=True)


class Import(Model):
    """A referral file being taken, or tried without writing anything. `beat_at` is when it last came on."""

    __tablename__ = "imports"

    id: Mapped[str] = mapped_column(String(43), primary_key=True)
    username: Mapped[str] = mapped_column(ForeignKey("staff.username"), index=True)
    begun_at: Mapped[datetime] = mapped_column(index=True)
    beat_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    dry_run: Mapped[bool]
    rows: Mapped[int]
    file: Mapped[bytes] = mapped_column(LargeBinary)


class ImportedRow(Model):
    """What one row of such a file came to."""

    __tablename__ = "imported_rows"

    import_id: Mapped[str] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    row: Mapped[int] = mapped_column(primary_key=True)
    crime_ref: Mapped[str] = mapped_column(Text)
    result: Mapped[str] = mapped_column(String(20))
    because: Mapped[str] = mapped_column(Text)
    why: Mapped[str] = mapped_column(Text)
