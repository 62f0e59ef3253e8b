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

IDLE_TIMEOUT = timedelta(hours=1)
"""How long a visit lasts without a page."""

MAX_AGE = timedelta(hours=12)
"""How long a visit lasts at most: a shift and a little more."""

TOUCH_INTERVAL = timedelta(minutes=5)
"""How exactly it is known when somebody was last seen: a page view rarely writes."""

RETENTION = timedelta(days=30)
"""How long a visit that is over stays on record."""


IN_FORCE = (
    StaffSession.ended_at.is_(None),
    StaffSession.seen_at > bindparam("seen", type_=Instant),
    StaffSession.began_at > bindparam("began", type_=Instant),
    Staff.active.is_(True),
)
HOLDER_QUERY = (
    select(Staff.username, Staff.role, Staff.password_hash, StaffSession.stamp, StaffSession.seen_at)
    .join(Staff)
    .where(StaffSession.digest == bindparam("digest"), *IN_FORCE)
)
"""Whose visit has a digest. Composed once: it is asked with every page."""


class SessionHolder(NamedTuple):
    """Whose visit it is, and whether it is time to note that they were seen."""

    actor: Actor
    touch_due: bool


def begin(session: Session, username: str, at: datetime, browser: str = "", address: str = "") -> str:
    """A new visit of an active member of staff; answers its token, which is kept nowhere. KeyError if there is none."""
    member = session.get(Staff, username)
    if member is None or not member.active:
        raise KeyError(username)
    token = secrets.token_urlsafe(32)
    session.execute(
        delete(StaffSession).where(StaffSession.username == username, StaffSession.began_at < at - RETENTION)
    )
    session.add(
        StaffSession(
            digest=_digest(token),
            username=username,
            stamp=_stamp(member.role, member.password_hash),
            began_at=at,
            seen_at=at,
            browser=browser[:60],
            address=address[:45],
        )
    )
    return token


def holder(session: Session, token: str, at: datetime) -> SessionHolder | None:
    """Whose visit this is; None if nobody's, over, or begun before the account changed."""
    row = session.connection().execute(HOLDER_QUERY, {"digest": _digest(token), **_cutoffs(at)}).first()
    if row is None or row.stamp != _stamp(row.role, row.password_hash):
        return None
    return SessionHolder(Actor(row.username, row.role), row.seen_at <= at - TOUCH_INTERVAL)


def touch(session: Session, token: str, at: datetime) -> None:
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


def active_sessions(session: Session, username: str, at: datetime) -> list[StaffSession]:
    """Where somebody is signed in now, the latest first."""
    query = (
        select(StaffSession)
        .join(Staff)
        .where(StaffSession.username == username, *IN_FORCE)
        .order_by(StaffSession.began_at.desc())
    )
    member = session.get(Staff, username)
    stamp = _stamp(member.role, member.password_hash) if member else ""
    return [visit for visit in session.scalars(query, _cutoffs(at)) if visit.stamp == stamp]


def has_token(visit: StaffSession, token: str) -> bool:
    """Whether a visit is the one with this token."""
    return visit.digest == _digest(token)


def _cutoffs(at: datetime) -> dict[str, datetime]:
    """Since when one that still stands must have been seen, and have begun."""
    return {"seen": at - IDLE_TIMEOUT, "began": at - MAX_AGE}


def _stamp(role: Role, password_hash: str | None) -> str:
    return hashlib.sha256(f"{role.value} {password_hash}".encode()).hexdigest()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
