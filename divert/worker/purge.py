"""What is kept for a while only and then goes, whosever it is: each for as long as its own room says.

Referrals half written and referral files hold personal data; files of evidence that no entry came to name do too.
"""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import delete

from divert.casework.intake import drafts, importing
from divert.clock import Clock
from divert.db import Database
from divert.models import IdempotencyKey
from divert.records import evidence

KEYS_KEPT = timedelta(days=7)
"""How long a request sent again under its key gets its first answer."""


def purge(database: Database, clock: Clock, evidence_folder: Path) -> None:
    """Delete all that is too old."""
    at = clock()
    with database.writing() as session:
        drafts.purge(session, at)
        importing.purge(session, at)
        session.execute(delete(IdempotencyKey).where(IdempotencyKey.at <= at - KEYS_KEPT))
        evidence.purge(session, evidence_folder, at)
