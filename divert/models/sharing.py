"""What a person said about sharing their case, and which items of another system's are here already."""

from datetime import date

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from divert.models.tables import Model, case_key, entry_key


class Consent(Model):
    """One statement: given or withdrawn, for which organisations and parts (a withdrawal of none named: of all)."""

    __tablename__ = "consents"

    case_id: Mapped[int] = case_key()
    seq: Mapped[int] = entry_key()
    given: Mapped[bool]
    said_on: Mapped[date]
    how: Mapped[str] = mapped_column(String(10))
    recipients: Mapped[list[str]] = mapped_column(JSON)
    parts: Mapped[list[str]] = mapped_column(JSON)
    until_on: Mapped[date | None]


class ReceivedItem(Model):
    """An item that came from another system and became note `seq` of a case. Its words are in the ledger.

    It names the case by reference, like the access log: it is no part of what a case's own history comes to.
    """

    __tablename__ = "received_items"

    organisation: Mapped[str] = mapped_column(String(400), primary_key=True)
    external_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    case_ref: Mapped[str] = mapped_column(String(16), index=True)
    seq: Mapped[int]
