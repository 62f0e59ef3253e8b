"""Files of evidence: what was given to a case, and which entries name it. The bytes lie in a folder, not in a table."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from divert.models.tables import Model, case_key, entry_key


class File(Model):
    """A file that was given to a case, under the SHA-256 of its bytes. It goes unless an entry comes to name it."""

    __tablename__ = "files"
    __table_args__ = (Index("ix_files_at", "at"), Index("ix_files_sha256", "sha256"))

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    media_type: Mapped[str] = mapped_column(String(80))
    size: Mapped[int]
    """Bytes."""

    by: Mapped[str] = mapped_column(String(60))
    at: Mapped[datetime]


class Evidence(Model):
    """That entry `seq` of a case names a file. What it is called there, the entry says."""

    __tablename__ = "evidence"

    case_id: Mapped[int] = case_key()
    seq: Mapped[int] = entry_key()
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
