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

    most: int
    drains_in: timedelta


ACCOUNT = Limit(10, timedelta(minutes=1))
ADDRESS = Limit(100, timedelta(seconds=10))
FORGOTTEN = timedelta(days=1)
"""After this long nothing is left of any."""


def guess(session: Session, username: str, address: str, at: datetime) -> int:
    """Count one guess; or the seconds to wait before, and nothing is counted."""
    session.execute(delete(LoginAttempts).where(LoginAttempts.at < at - FORGOTTEN))
    rows = [(_row(session, key, at), limit) for key, limit in _keys(session, username, address)]
    over = [limit.drains_in * (row.count + 1 - limit.most) for row, limit in rows if row.count + 1 > limit.most]
    if over:
        return math.ceil(max(over).total_seconds())
    for row, _ in rows:
        row.count += 1
    return 0


def was_right(session: Session, username: str, address: str, at: datetime) -> None:
    """The last guess was right: nothing is held against the account, and that one not against the address."""
    (account, _), (place, _) = _keys(session, username, address)
    _row(session, account, at).count = 0
    row = _row(session, place, at)
    row.count = max(0.0, row.count - 1)


def _keys(session: Session, username: str, address: str) -> Sequence[tuple[str, Limit]]:
    known = session.scalar(
        select(StaffSession.digest).where(StaffSession.username == username, StaffSession.address == address).limit(1)
    )
    account = f"account {username} at {address}" if known else f"account {username}"
    return ((account, ACCOUNT), (f"address {address}", ADDRESS))


def _row(session: Session, key: str, at: datetime) -> LoginAttempts:
    """The count as it stands now, locked."""
    of = hashlib.sha256(key.encode()).hexdigest()
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(insert(LoginAttempts).values(of=of, count=0.0, at=at).on_conflict_do_nothing())
    row = session.scalars(select(LoginAttempts).where(LoginAttempts.of == of).with_for_update()).one()
    limit = ACCOUNT if key.startswith("account") else ADDRESS
    row.count = max(0.0, row.count - (at - row.at) / limit.drains_in)
    row.at = at
    return row
