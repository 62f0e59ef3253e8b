"""Referrals half written: kept for their officer alone until they are sent, given up, or a week old."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from divert.models import Draft

KEPT = timedelta(days=7)
"""After the last answer."""


def begin(session: Session, username: str, at: datetime) -> str:
    """A new one; answers its reference, which says nothing about anybody."""
    draft = Draft(id=secrets.token_urlsafe(32), username=username, body={}, begun_at=at, saved_at=at)
    session.add(draft)
    return draft.id


def find(session: Session, ref: str, username: str, at: datetime) -> Draft | None:
    """The one with this reference, if it is this officer's and not too old."""
    draft = session.get(Draft, ref)
    return draft if draft is not None and draft.username == username and draft.saved_at > at - KEPT else None


def begun_by(session: Session, username: str, at: datetime) -> list[Draft]:
    """Everything this officer has begun, the latest first."""
    query = select(Draft).where(Draft.username == username, Draft.saved_at > at - KEPT)
    return list(session.scalars(query.order_by(Draft.saved_at.desc())))


def purge(session: Session, at: datetime) -> None:
    """Delete what is too old, whosever it is."""
    session.execute(delete(Draft).where(Draft.saved_at <= at - KEPT))
