"""How often a password may be guessed, for an account and from an address, whichever process is asked.

What was guessed wrong drains away evenly. A guess counts before it is looked at, so that a hundred at once count as a
hundred, and one that was right is taken back. Whoever comes from where the account's owner has signed in before is
counted apart: strangers who guess cannot lock the owner out.
"""

import hashlib
import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from divert.models import LoginAttempts, StaffSession


class Limit(NamedTuple):
    """How many may be open at once, and how long one takes to drain away."""

    max_attempts: int
    drains_in: timedelta


ACCOUNT = Limit(10, timedelta(minutes=1))
ADDRESS = Limit(100, timedelta(seconds=10))
FORGOTTEN_AFTER = timedelta(days=1)
"""After this long nothing is left of any."""


def count_attempt(session: Session, username: str, address: str, at: datetime) -> int:
    """Count one guess; or the seconds to wait before, and nothing is counted."""
    session.execute(delete(LoginAttempts).where(LoginAttempts.at < at - FORGOTTEN_AFTER))
    rows = [(_attempts(session, key, at), limit) for key, limit in _keys(session, username, address)]
    waits = [
        limit.drains_in * (attempts.count + 1 - limit.max_attempts)
        for attempts, limit in rows
        if attempts.count + 1 > limit.max_attempts
    ]
    if waits:
        return math.ceil(max(waits).total_seconds())
    for attempts, _ in rows:
        attempts.count += 1
    return 0


def count_success(session: Session, username: str, address: str, at: datetime) -> None:
    """The last guess was right: nothing is held against the account, and that one not against the address."""
    (account_key, _), (address_key, _) = _keys(session, username, address)
    _attempts(session, account_key, at).count = 0
    address_attempts = _attempts(session, address_key, at)
    address_attempts.count = max(0.0, address_attempts.count - 1)


def _keys(session: Session, username: str, address: str) -> Sequence[tuple[str, Limit]]:
    known_address = session.scalar(
        select(StaffSession.digest).where(StaffSession.username == username, StaffSession.address == address).limit(1)
    )
    account_key = f"account {username} at {address}" if known_address else f"account {username}"
    return ((account_key, ACCOUNT), (f"address {address}", ADDRESS))


def _attempts(session: Session, key: str, at: datetime) -> LoginAttempts:
    """The count as it stands now, locked."""
    key_digest = hashlib.sha256(key.encode()).hexdigest()
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(insert(LoginAttempts).values(of=key_digest, count=0.0, at=at).on_conflict_do_nothing())
    attempts = session.scalars(select(LoginAttempts).where(LoginAttempts.of == key_digest).with_for_update()).one()
    limit = ACCOUNT if key.startswith("account") else ADDRESS
    attempts.count = max(0.0, attempts.count - (at - attempts.at) / limit.drains_in)
    attempts.at = at
    return attempts
