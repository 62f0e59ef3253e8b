"""What was done at meetings stands in chains, from before there were any too; and any change of it is found."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from divert.acts.chain import Link, chain_hash, verify_chain
from divert.db import Database
from divert.migrate import downgrade, migrate
from divert.models import PanelEntry
from divert.records.meetings import verify
from divert.records.seal import seal, verify_seal
from tests.office import COORDINATOR, MEMBER, SECOND_MEMBER, Office
from tests.quarter import MEETING
from tests.test_meeting import PACKS, all_score, does, opened, sample


def a_meeting_held(office: Office) -> None:
    """Two members score two packs, the findings are agreed, and the meeting is closed: eight entries."""
    opened(office, sample(office), MEMBER, SECOND_MEMBER)
    for pack in PACKS:
        all_score(office, pack, 1, 1)
        does(
            office, COORDINATOR, "agree-finding", pack=pack, score=1, reason="Well reasoned, and kindly said: “go on”."
        )
    does(office, COORDINATOR, "close-meeting")


def faults(database: Database) -> list[str]:
    with database.reading() as session:
        return [str(fault) for fault in verify(session)]


def forged(database: Database, statement: str, **values: Any) -> None:
    """What somebody does who may write to the database itself, past its triggers."""
    with database.engine.begin() as connection:
        if database.is_sqlite:
            for kind in ("update", "delete"):
                connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS panel_entries_no_{kind}")
        else:
            connection.exec_driver_sql("ALTER TABLE panel_entries DISABLE TRIGGER ALL")
        connection.execute(text(statement), values)


def test_what_was_done_before_there_were_chains_is_chained_and_stays_as_it_was(office: Office) -> None:
    a_meeting_held(office)
    columns = [column for column in PanelEntry.__table__.c if column.name != "hash"]
    query = select(*columns).order_by(PanelEntry.meeting, PanelEntry.seq)
    with office.database.reading() as session:
        before = session.execute(query).all()
        hashes = session.scalars(select(PanelEntry.hash).order_by(PanelEntry.meeting, PanelEntry.seq)).all()
    downgrade(office.database, "0020")
    migrate(office.database)
    with office.database.reading() as session:
        assert session.execute(query).all() == before
        assert session.scalars(select(PanelEntry.hash).order_by(PanelEntry.meeting, PanelEntry.seq)).all() == hashes
    assert faults(office.database) == []
    for statement in ("UPDATE panel_entries SET body = '{}'", "DELETE FROM panel_entries"):
        with pytest.raises(DBAPIError, match="append-only"), office.database.writing() as session:
            session.execute(text(statement))


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE panel_entries SET body = replace(body, '1', '4') WHERE seq = 3", "meeting-1 entry 3: its hash"),
        ("UPDATE panel_entries SET \"by\" = 'panel.three' WHERE seq = 2", "meeting-1 entry 2: its hash"),
        ("DELETE FROM panel_entries WHERE seq = 4", "meeting-1 entry 5: stands where entry 4 should"),
        ("UPDATE panel_entries SET meeting = 2 WHERE seq = 8", "meeting-2 entry 8: stands where entry 1 should"),
        ("UPDATE panel_entries SET role = 'nobody' WHERE seq = 3", "meeting-1 entry 3: its hash"),
        ("UPDATE panel_entries SET body = '{' WHERE seq = 3", "meeting-1 entry 3: its hash"),
        ("UPDATE panel_entries SET meeting = 2", "meeting-2: stands where meeting 1 should"),
    ],
    ids=[
        "a score rewritten",
        "a score given to somebody else",
        "a score taken out",
        "the closing moved elsewhere",
        "a role that is none",
        "what is no longer JSON",
        "an earlier meeting taken away",
    ],
)
def test_a_change_of_a_meeting_is_found(office: Office, statement: str, fault: str) -> None:
    a_meeting_held(office)
    forged(office.database, statement)
    assert any(found.startswith(fault) for found in faults(office.database)), faults(office.database)


def test_an_instant_that_cannot_be_read_is_a_fault_to_report(desk: Office) -> None:
    """PostgreSQL holds none in such a column."""
    a_meeting_held(desk)
    forged(desk.database, "UPDATE panel_entries SET at = 'rubbish' WHERE seq = 3")
    assert faults(desk.database) == [
        "meeting-1 entry 3: its hash does not follow from the entry before it and what it says"
    ]


def test_a_meeting_cut_short_or_taken_away_verifies_and_is_found_against_a_seal(office: Office) -> None:
    a_meeting_held(office)
    with office.database.writing() as session:
        digest = seal(session, MEETING + timedelta(days=1)).digest
    forged(office.database, "DELETE FROM panel_entries WHERE seq > 6")
    assert faults(office.database) == []
    with office.database.reading() as session:
        assert [str(fault) for fault in verify_seal(session, digest)] == [
            "meeting-1 entry 8: the chain was cut since the seal"
        ]
    forged(office.database, "DELETE FROM panel_entries")
    with office.database.reading() as session:
        assert [str(fault) for fault in verify_seal(session, digest)] == ["meeting-1: the chain was removed since"]


def test_a_seal_is_over_heads_and_reads_nothing_that_may_be_spoilt(office: Office) -> None:
    a_meeting_held(office)
    with office.database.writing() as session:
        digest = seal(session, MEETING + timedelta(days=1)).digest
    forged(office.database, "UPDATE panel_entries SET body = '{', role = 'nobody' WHERE seq = 3")
    with office.database.writing() as session:
        assert seal(session, MEETING + timedelta(days=2)).digest == digest
        assert [*verify_seal(session, digest)] == []
    assert len(faults(office.database)) == 1


SAYS = st.dictionaries(st.text(max_size=5), st.one_of(st.text(max_size=8), st.integers(), st.none()), max_size=4)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(SAYS, min_size=1, max_size=6), st.data())
def test_a_chain_verifies_as_written_and_in_no_other_way(contents: list[dict[str, Any]], data: st.DataObject) -> None:
    links: list[Link] = []
    previous = "0" * 64
    for seq, content in enumerate(contents, start=1):
        previous = chain_hash(previous, content)
        links.append(Link(seq, previous, content))
    assert list(verify_chain("x", links)) == []
    place = data.draw(st.integers(0, len(links) - 1))
    changed = [*links]
    changed[place] = links[place]._replace(content={**(links[place].content or {}), "added": True})
    assert [fault.seq for fault in verify_chain("x", changed)] == [place + 1]
    assert list(verify_chain("x", [*links[:place], *links[place + 1 :]])) != [] or place == len(links) - 1
