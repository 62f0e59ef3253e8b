"""Staff: who may act, by password at a page or by bearer token over JSON. Neither is stored as it is."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from divert.models import EarlierPost, Instant, Role, Staff, StaffSession, Token
from divert.people.rights import POSTS

TOKEN_LIFE = timedelta(days=365)


@dataclass(frozen=True)
class Actor:
    """Whoever acts: a member of staff in a post."""

    username: str
    role: Role


SYSTEM = Actor("system", Role.system)
OPERATOR = Actor("operator", Role.project_manager)
"""Whoever stands at the server's own command line, where nobody else is named."""


HOLDER = (
    select(Staff.username, Staff.role)
    .join(Token, Token.username == Staff.username)
    .where(
        Token.digest == bindparam("digest"),
        Token.revoked_at.is_(None),
        Token.expires_at > bindparam("at", type_=Instant),
        Staff.active.is_(True),
    )
)
"""Whose live token has a digest. Composed once: it is asked with every request."""


@lru_cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


def add(session: Session, username: str, name: str, role: Role, password: str | None = None) -> Staff:
    """Take a person on. Raises ValueError where the username is taken, malformed, or the password is short."""
    if not username or not username.replace(".", "").replace("-", "").isalnum() or username != username.lower():
        raise ValueError("username: use small letters, digits, dots and hyphens, like j.smith")
    if role not in POSTS:
        raise ValueError("role: system is the worker's own and cannot be given to a person")
    if session.get(Staff, username) is not None or username in (SYSTEM.username, OPERATOR.username):
        raise ValueError(f"username: {username} is taken; choose another")
    if password is not None and len(password) < 12:
        raise ValueError("password: use at least 12 characters")
    person = Staff(
        username=username, name=name, role=role, password_hash=_hasher().hash(password) if password else None
    )
    session.add(person)
    session.flush()
    return person


def give_post(session: Session, username: str, role: Role, at: datetime) -> Staff:
    """Another post for an active member of staff, from an instant on; which they had until then stays known.

    KeyError if unknown; ValueError where it cannot be given.
    """
    person = _find_active(session, username)
    if role not in POSTS:
        raise ValueError("role: system is the worker's own and cannot be given to a person")
    if person.role is not role:
        session.add(EarlierPost(username=username, until=at, role=person.role))
        person.role = role
    return person


def let_go(session: Session, username: str, at: datetime) -> Staff:
    """End a person's access at once, visits and tokens included, for good: coming back revives none of them.

    What they did stays theirs. KeyError if unknown.
    """
    person = _find_active(session, username)
    person.active = False
    revoke_tokens(session, username, at)
    sign_out_everywhere(session, username, at)
    return person


def sign_out_everywhere(session: Session, username: str, at: datetime) -> None:
    """End every visit of a person to the pages."""
    session.execute(
        update(StaffSession)
        .where(StaffSession.username == username, StaffSession.ended_at.is_(None))
        .values(ended_at=at)
    )


def take_back(session: Session, username: str) -> Staff:
    """Let somebody who had left act again, by their old password or a new token. KeyError if unknown."""
    person = session.get(Staff, username)
    if person is None:
        raise KeyError(username)
    person.active = True
    return person


def _find_active(session: Session, username: str) -> Staff:
    person = session.get(Staff, username)
    if person is None or not person.active:
        raise KeyError(username)
    return person


def issue_token(session: Session, username: str, at: datetime, life: timedelta = TOKEN_LIFE) -> str:
    """A new bearer token for an active member of staff: shown this once, kept as its SHA-256. KeyError if unknown."""
    _find_active(session, username)
    token = "divert_" + secrets.token_urlsafe(32)
    session.add(Token(digest=_digest(token), username=username, made_at=at, expires_at=at + life))
    return token


def by_token(session: Session, token: str, at: datetime) -> Actor | None:
    """Whose token this is; None if nobody's, expired, revoked, or of someone who has left."""
    holder = session.connection().execute(HOLDER, {"digest": _digest(token), "at": at}).first()
    return Actor(holder.username, holder.role) if holder else None


def by_password(session: Session, username: str, password: str) -> Actor | None:
    """Who signs in with this; None if it does not fit. An unknown name takes as long as a wrong password."""
    person = session.get(Staff, username)
    stored = person.password_hash if person and person.active and person.password_hash else _nobodys_hash()
    try:
        _hasher().verify(stored, password)
    except VerificationError:
        return None
    return Actor(person.username, person.role) if person else None


def revoke_tokens(session: Session, username: str, at: datetime) -> int:
    """End every token of a person; answers how many."""
    tokens = session.scalars(select(Token).where(Token.username == username, Token.revoked_at.is_(None))).all()
    for token in tokens:
        token.revoked_at = at
    return len(tokens)


def active(session: Session, username: str) -> Actor | None:
    """The person with this username, while they are here."""
    person = session.get(Staff, username)
    return Actor(person.username, person.role) if person and person.active else None


@lru_cache
def _nobodys_hash() -> str:
    return _hasher().hash(secrets.token_urlsafe(16))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
