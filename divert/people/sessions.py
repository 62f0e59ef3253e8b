"""Visits to the pages: begun at sign-in; over by signing out, by idleness, by age, and when the account changes.

A visit's token is random and kept as its SHA-256 alone. Whether a visit still holds is asked of the database with every
page, so that a copied cookie is worth nothing once its owner has signed out.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from divert.models import Instant, Role, Staff, StaffSession
from divert.people.staff import Actor

IDLE = timedelta(hours=1)
"""How long a visit lasts without a page."""

LASTS = timedelta(hours=12)
"""How long a visit lasts at most: a shift and a little more."""

COARSE = timedelta(minutes=5)
"""How exactly it is known when somebody was last seen: a page view rarely writes."""

KEPT = timedelta(days=30)
"""How long a visit that is over stays on record."""


STANDING = (
    StaffSession.ended_at.is_(None),
    StaffSession.seen_at > bindparam("seen", type_=Instant),
    StaffSession.began_at > bindparam("began", type_=Instant),
    Staff.active.is_(True),
)
HOLDER = (
    select(Staff.username, Staff.role, Staff.password_hash, StaffSession.stamp, StaffSession.seen_at)
    .join(Staff)
    .where(StaffSession.digest == bindparam("digest"), *STANDING)
)
"""Whose visit has a digest. Composed once: it is asked with every page."""


class Held(NamedTuple):
    """Whose visit it is, and whether it is time to note that they were seen."""

    actor: Actor
    unnoted: bool


def begin(session: Session, username: str, at: datetime, browser: str = "", address: str = "") -> str:
    """A new visit of an active member of staff; answers its token, which is kept nowhere. KeyError if there is none."""
    one = session.get(Staff, username)
    if one is None or not one.active:
        raise KeyError(username)
    token = secrets.token_urlsafe(32)
    session.execute(delete(StaffSession).where(StaffSession.username == username, StaffSession.began_at < at - KEPT))
    session.add(
        StaffSession(
            digest=_digest(token),
            username=username,
            stamp=_stamp(one.role, one.password_hash),
            began_at=at,
            seen_at=at,
            browser=browser[:60],
            address=address[:45],
        )
    )
    return token


def holder(session: Session, token: str, at: datetime) -> Held | None:
    """Whose visit this is; None if nobody's, over, or begun before the account changed."""
    found = session.connection().execute(HOLDER, {"digest": _digest(token), **_longest(at)}).first()
    if found is None or found.stamp != _stamp(found.role, found.password_hash):
        return None
    return Held(Actor(found.username, found.role), found.seen_at <= at - COARSE)


def note(session: Session, token: str, at: datetime) -> None:
    """Its owner was seen."""
    session.execute(
        update(StaffSession).where(StaffSession.digest == _digest(token), StaffSession.seen_at < at).values(seen_at=at)
    )


def end(session: Session, token: str, at: datetime) -> None:
    """Its owner signs out."""
    session.execute(
        update(StaffSession)
        .where(StaffSession.digest == _digest(token), StaffSession.ended_at.is_(None))
        .values(ended_at=at)
    )


def standing(session: Session, username: str, at: datetime) -> list[StaffSession]:
    """Where somebody is signed in now, the latest first."""
    query = (
        select(StaffSession)
        .join(Staff)
        .where(StaffSession.username == username, *STANDING)
        .order_by(StaffSession.began_at.desc())
    )
    one = session.get(Staff, username)
    stamp = _stamp(one.role, one.password_hash) if one else ""
    return [visit for visit in session.scalars(query, _longest(at)) if visit.stamp == stamp]


def is_of(visit: StaffSession, token: str) -> bool:
    """Whether a visit is the one with this token."""
    return visit.digest == _digest(token)


def _longest(at: datetime) -> dict[str, datetime]:
    """Since when one that still stands must have been seen, and have begun."""
    return {"seen": at - IDLE, "began": at - LASTS}


def _stamp(role: Role, password_hash: str | None) -> str:
    return hashlib.sha256(f"{role.value} {password_hash}".encode()).hexdigest()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
