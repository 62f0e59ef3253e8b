"""The ledger: whatever is done to it is found, and lawful disposal is not a fault."""

import hashlib
import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DatabaseError

from divert.casework.commands.record import AddNote
from divert.db import Database
from divert.models import State
from divert.records import ledger
from divert.records.seal import seal, verify_seal
from tests.office import INSPECTOR, Office

COLUMNS = ("at", "by", "role", "command", "from_state", "to_state", "commitment", "hash", "salt", "body")


def faults(database: Database, ref: str | None = None) -> list[str]:
    with database.reading() as session:
        return [str(one) for one in ledger.verify(session, ref)]


def by_force(database: Database, statement: str, **values: Any) -> None:
    """What someone with the database's own password, and the triggers taken off, could do."""
    with database.writing() as session:
        session.execute(text(statement), values)


def without_triggers(database: Database) -> None:
    with database.writing() as session:
        if database.is_sqlite:
            for name in ("ledger_no_update", "ledger_no_delete"):
                session.execute(text(f"DROP TRIGGER {name}"))
        else:
            session.execute(text("ALTER TABLE ledger DISABLE TRIGGER USER"))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET body = '{}' WHERE seq = 2",
        "UPDATE ledger SET hash = commitment",
        "UPDATE ledger SET by = 'nobody', body = NULL, salt = NULL",
        "UPDATE ledger SET salt = salt",
        "DELETE FROM ledger",
        "DELETE FROM access_log",
        "UPDATE access_log SET by = 'nobody'",
    ],
)
def test_the_database_itself_refuses_to_change_a_record(office: Office, statement: str) -> None:
    office.case_in(State.active)
    with pytest.raises(DatabaseError, match="append-only"):
        by_force(office.database, statement)
    assert faults(office.database) == []


def test_a_postgresql_ledger_cannot_be_emptied(postgres_url: str) -> None:
    database = Database(postgres_url)
    with pytest.raises(DatabaseError, match="append-only"):
        by_force(database, "TRUNCATE ledger")
    database.dispose()


def test_bodies_go_lawfully_and_the_chain_still_verifies(office: Office) -> None:
    ref = office.case_in(State.active)
    by_force(office.database, "UPDATE ledger SET body = NULL, salt = NULL WHERE seq < 5")
    assert faults(office.database, ref) == []


def test_a_body_does_not_go_without_its_salt(office: Office) -> None:
    office.case_in(State.referred)
    with pytest.raises(DatabaseError, match="append-only"):
        by_force(office.database, "UPDATE ledger SET body = NULL")


@pytest.fixture(scope="module")
def told(sqlite_template: Database, tmp_path_factory: pytest.TempPathFactory) -> tuple[Engine, list[dict[str, Any]]]:
    """Two cases' worth of ledger without triggers, to be spoilt again and again, and its rows as they were."""
    file = tmp_path_factory.mktemp("spoilt") / "spoilt.db"
    assert sqlite_template.file
    file.write_bytes(sqlite_template.file.read_bytes())
    office = Office(Database(f"sqlite:///{file}"))
    office.case_in(State.completed)
    office.on("2019-05-06").case_in(State.returned, crime_ref="CVP-19-2", surname="Marsh")
    without_triggers(office.database)
    office.database.dispose()
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        rows = [dict(row) for row in connection.execute(text("SELECT * FROM ledger")).mappings()]
    return engine, rows


def spoil_a_byte(rows: list[dict[str, Any]], dice: random.Random) -> None:
    row = dice.choice(rows)
    column = dice.choice([name for name in COLUMNS if row[name]])
    place = dice.randrange(len(str(row[column])))
    digits = "0123456789" if column == "at" else "abcdefghijklmnopqrstuvwxyz0123456789"
    old = str(row[column])
    if column == "at" and not old[place].isdigit():
        place = 3
    letter = dice.choice([one for one in digits if one != old[place].lower()])
    row[column] = old[:place] + letter + old[place + 1 :]


def remove_a_row(rows: list[dict[str, Any]], dice: random.Random) -> None:
    rows.remove(dice.choice(rows))


def swap_two_rows(rows: list[dict[str, Any]], dice: random.Random) -> None:
    one, other = dice.sample(rows, 2)
    for key in ("case_id", "seq"):
        one[key], other[key] = other[key], one[key]


def add_a_row(rows: list[dict[str, Any]], dice: random.Random) -> None:
    copied = dict(dice.choice(rows))
    copied["seq"] = max(row["seq"] for row in rows if row["case_id"] == copied["case_id"]) + 1
    rows.append(copied)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    spoil=st.sampled_from([spoil_a_byte, spoil_a_byte, spoil_a_byte, remove_a_row, swap_two_rows, add_a_row]),
    chance=st.integers(min_value=0, max_value=2**32),
)
def test_one_byte_changed_or_a_row_removed_swapped_or_added_is_found(
    told: tuple[Engine, list[dict[str, Any]]],
    spoil: Callable[[list[dict[str, Any]], random.Random], None],
    chance: int,
) -> None:
    engine, rows = told
    spoilt = [dict(row) for row in rows]
    spoil(spoilt, random.Random(chance))
    names = ", ".join(f'"{name}"' for name in rows[0])
    values = ", ".join(f":{name}" for name in rows[0])
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM ledger"))
        connection.execute(text(f"INSERT INTO ledger ({names}) VALUES ({values})"), spoilt)
    database = Database(str(engine.url))
    try:
        assert faults(database)
    finally:
        database.dispose()


def test_a_rewritten_chain_that_verifies_is_still_found_against_a_seal(office: Office) -> None:
    kept, removed, cut = (
        office.on("2019-05-06").case_in(State.referred, crime_ref=f"CVP-19-{n}", surname=f"Marsh {n}") for n in "abc"
    )
    office.does(INSPECTOR, AddNote(text="Rang."), cut)
    with office.database.writing() as session:
        digest = seal(session, office.now).digest
    office.does(INSPECTOR, AddNote(text="After the seal."), kept)
    with office.database.reading() as session:
        assert list(verify_seal(session, digest)) == []
        assert list(verify_seal(session, digest[::-1]))

    without_triggers(office.database)
    with office.database.writing() as session:
        gone, short = office.find(session, removed), office.find(session, cut)
        for table in ("ledger", "deadlines", "victims", "outbox"):
            session.execute(text(f"DELETE FROM {table} WHERE case_id = :id"), {"id": gone.id})
        session.execute(text("DELETE FROM cases WHERE id = :id"), {"id": gone.id})
        session.execute(text("DELETE FROM ledger WHERE case_id = :id AND seq = 2"), {"id": short.id})
        first = ledger.entries_of(session, short)[0]
        session.execute(
            text("UPDATE cases SET version = 1, head = :h WHERE id = :id"), {"h": first.hash, "id": short.id}
        )
    assert faults(office.database) == []
    with office.database.reading() as session:
        found = {(one.chain, one.what) for one in verify_seal(session, digest)}
    assert found == {
        (removed, "the case was removed since the seal"),
        (cut, "the chain was cut since the seal"),
    }


def test_a_commitment_can_be_checked_with_nothing_but_sha_256(office: Office) -> None:
    """What the documentation tells a stranger, done by hand."""
    ref = office.case_in(State.under_decision)
    previous = "0" * 64
    with office.database.reading() as session:
        case = office.find(session, ref)
        for entry in ledger.entries_of(session, case):
            assert entry.salt
            assert entry.body
            committed = hashlib.sha256(bytes.fromhex(entry.salt) + entry.body.encode()).hexdigest()
            header = {
                "at": entry.at.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00"),
                "by": entry.by,
                "case": ref,
                "command": entry.command,
                "commitment": committed,
                "from": entry.from_state,
                "role": entry.role,
                "seq": entry.seq,
                "to": entry.to_state,
            }
            text_of_it = json.dumps(header, sort_keys=True, separators=(",", ":"))
            previous = hashlib.sha256((previous + text_of_it).encode()).hexdigest()
            assert previous == entry.hash
        assert previous == case.head
