"""The worker's purge: what is kept for a while only goes in time, and what is younger stays."""

from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import func, select

from divert.casework.intake import drafts, importing
from divert.models import Draft, IdempotencyKey, Import
from divert.worker.purge import KEYS_KEPT, purge
from tests.conftest import DATA
from tests.office import OFFICER, Office


@pytest.mark.parametrize(
    ("table", "kept"), [(Draft, drafts.KEPT), (Import, importing.KEPT), (IdempotencyKey, KEYS_KEPT)]
)
def test_it_goes_when_its_time_has_passed_and_not_before(
    office: Office, tmp_path: Path, table: type, kept: timedelta
) -> None:
    file = (DATA / "referrals-2019.csv").read_bytes()
    with office.database.writing() as session:
        drafts.begin(session, OFFICER.username, office.now)
        importing.begin(session, OFFICER.username, file, office.now, dry_run=True)
        session.add(
            IdempotencyKey(by=OFFICER.username, key="a", request_digest="", status=200, answer="", at=office.now)
        )
    left = []
    for now in (office.now + kept - timedelta(seconds=1), office.now + kept):
        purge(office.database, partial(datetime.fromisoformat, now.isoformat()), tmp_path)
        with office.database.reading() as session:
            left.append(session.scalar(select(func.count()).select_from(table)))
    assert left == [1, 0]
