"""People: those who act, and those who were referred."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from divert.models.names import words_of
from divert.models.states import Role
from divert.models.tables import Model


class Staff(Model):
    """A person who may act, or the worker. One post each; a leaver is made inactive, never removed."""

    __tablename__ = "staff"

    username: Mapped[str] = mapped_column(String(60), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    role: Mapped[Role]
    password_hash: Mapped[str | None] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(default=True)


class EarlierPost(Model):
    """The post that somebody had until an instant at which they were given another."""

    __tablename__ = "earlier_posts"

    username: Mapped[str] = mapped_column(ForeignKey("staff.username"), primary_key=True)
    until: Mapped[datetime] = mapped_column(primary_key=True)
    role: Mapped[Role]


class Token(Model):
    """A bearer token, kept only as its SHA-256."""

    __tablename__ = "tokens"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    username: Mapped[str] = mapped_column(ForeignKey("staff.username"), index=True)
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class StaffSession(Model):
    """One stay at the pages, from sign-in on. The cookie holds a random token, this row only its SHA-256.

    `stamp` is of the password and post that the visit was begun with: where either changes, it is over.
    """

    __tablename__ = "visits"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    username: Mapped[str] = mapped_column(ForeignKey("staff.username"), index=True)
    stamp: Mapped[str] = mapped_column(String(64))
    began_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    browser: Mapped[str] = mapped_column(String(60))
    address: Mapped[str] = mapped_column(String(45))


class LoginAttempts(Model):
    """How many wrong passwords were lately given for an account or from an address: `of` is a SHA-256 of which."""

    __tablename__ = "guesses"

    of: Mapped[str] = mapped_column(String(64), primary_key=True)
    count: Mapped[float]
    at: Mapped[datetime] = mapped_column(index=True)


class Person(Model):
    """A referred person: the only place, beside the ledger's bodies, that holds who they are."""

    __tablename__ = "people"

    id: Mapped[int] = mapped_column(primary_key=True)
    surname: Mapped[str] = mapped_column(String(80), index=True)
    forenames: Mapped[str | None] = mapped_column(String(120))
    date_of_birth: Mapped[date | None] = mapped_column(index=True)
    sex: Mapped[str | None] = mapped_column(String(2))
    ethnicity: Mapped[str | None] = mapped_column(String(2))
    pnc_id: Mapped[str | None] = mapped_column(String(13), index=True)
    cro_no: Mapped[str | None] = mapped_column(String(14))
    postcode: Mapped[str | None] = mapped_column(String(8))
    phone: Mapped[str | None] = mapped_column(String(20))
    email: Mapped[str | None] = mapped_column(String(254))
    interpreter: Mapped[str | None] = mapped_column(String(40))

    words: Mapped[list["NameWord"]] = relationship(cascade="all, delete-orphan")

    @validates("surname", "forenames")
    def _keep_words(self, field: str, value: str | None) -> str | None:
        """Whoever changes a name changes what it is found by."""
        names = {"surname": self.surname, "forenames": self.forenames, field: value}
        wanted = words_of(*names.values())
        remaining = [name_word for name_word in self.words if name_word.word in wanted]
        added = [NameWord(word=word) for word in wanted if word not in {name_word.word for name_word in remaining}]
        self.words = remaining + added
        return value

    @property
    def full_name(self) -> str:
        """Forenames, then surname."""
        return " ".join(part for part in (self.forenames, self.surname) if part)


BY_BYTE = String(240).with_variant(String(240, collation="C"), "postgresql")


class NameWord(Model):
    """A word of a person's name, by whose beginning they are found. Compared byte by byte on both databases."""

    __tablename__ = "name_words"

    word: Mapped[str] = mapped_column(BY_BYTE, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True, index=True)


class SavedFilter(Model):
    """A list of cases that a member of staff goes back to: what they asked for, as its address says it."""

    __tablename__ = "saved_filters"

    username: Mapped[str] = mapped_column(ForeignKey("staff.username"), primary_key=True)
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    query: Mapped[str] = mapped_column(String(400))
