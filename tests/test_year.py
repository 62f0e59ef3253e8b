"""A small simulated year: 25 people, 45 days, two workers at a time, three of them killed (`python3 dev.py year`)."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from divert.db import Database
from tests.databases import drop_postgres, fresh_postgres
from tests.year.proof import looked_back_on
from tests.year.simulation import live

KILLS = 3


def test_nothing_is_forgotten_nothing_is_done_twice_and_nothing_is_lost(
    postgres_admin_url: str, tmp_path: Path
) -> None:
    url = fresh_postgres(postgres_admin_url)
    lived = live(url, tmp_path, referrals=25, kills=KILLS, days=45, referred_within=30, seed=3)
    database = Database(url)
    proof = looked_back_on(database, lived)
    assert proof.faults == []
    assert (proof.told["cases"], len(lived.killed)) == (25, KILLS)  # and it could have gone wrong
    assert proof.told["escalated, each once"] > 20
    assert proof.told["messages delivered"] > 150

    _, second, *others = lived.log.read_text(encoding="utf-8").splitlines()
    lived.log.write_text("\n".join([second, second, *others]) + "\n", encoding="utf-8")  # one lost, one sent twice
    idle = replace(lived, last=lived.last + timedelta(days=30), killed=())  # and a month in which no worker went round
    faults = "\n".join(looked_back_on(database, idle).faults)
    for fault in ("is marked as delivered and was not", "was sent again though", "was escalated [], not on"):
        assert fault in faults
    database.dispose()
    drop_postgres(postgres_admin_url, url)
