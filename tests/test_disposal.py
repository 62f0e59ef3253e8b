"""Disposal: after its time a case is about nobody any more; what it counted for, and the proof of its history, stay."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import func, select
from starlette.testclient import TestClient

from api.app import create_app
from divert.acts.refusals import Refused
from divert.casework import deadlines
from divert.casework.command import Context
from divert.casework.commands.record import AddNote, RecordFollowUp
from divert.casework.commands.retention import ReviewRetention
from divert.casework.commands.sharing import RecordConsent
from divert.casework.lifecycle import COMMANDS
from divert.casework.upkeep.check import check
from divert.casework.visibility import may_see
from divert.casework.workflow import objections
from divert.db import Database
from divert.models import Access, LedgerEntry, Person, State
from divert.models.tables import Model
from divert.records import ledger
from divert.records.export import disclose
from divert.records.seal import seal, verify_seal
from tests.boardroom import exactly
from tests.browsing import Person as Visitor
from tests.office import INSPECTOR, KEYWORKER, MANAGER, PROBATION_LEAD, Office
from tests.papers import K, issued
from tests.ready import example
from tests.service import SETTINGS, Service, service, visiting

DISPOSE = ReviewRetention(decision="dispose", reason="Six years have passed; nothing is pending.")
SAID: dict[str, Any] = {
    "surname": "Ashworth-Quill",
    "forenames": "Dalemar",
    "pnc_id": "1979/0163001B",
    "postcode": "TS24 7AA",
    "phone": "07700 900123",
    "email": "dale@example.com",
    "crime_ref": "CVP-19-777001",
    "custody_ref": "CUST-9912",
    "officer": "PC 1795 Okoro",
    "victim_name": "Harbour Stores Ltd",
    "notes": "Lives with an aunt in Stranton.",
}
KNOWN = (
    *(value for name, value in SAID.items() if name != "phone"),
    *(
        "900123",
        "1994-03-11",
        "(1994, 3, 11)",
        "900312",
        "Ms Farrow",
        "Wants the goods",
        "Safety Hub",
        "community garden",
    ),
    *("Alcohol need", "Local alcohol service", "Harbour Housing", "aunt"),
)


def ended(office: Office, **facts: Any) -> str:
    """A case that holds something of everything, completed."""
    ref = office.on("2019-05-06").case_in(State.active, **{**SAID, **facts})
    issued(office, ref, KEYWORKER, K.contract)
    office.does(KEYWORKER, RecordConsent.model_validate(example(RecordConsent)), ref)
    office.does(KEYWORKER, AddNote(text="Dalemar rang; lives with an aunt now."), ref)
    office.keeps(ref)
    office.completes(ref)
    return ref


def disposed(office: Office, **facts: Any) -> str:
    """The same, six years and a day later."""
    ref = ended(office, **facts)
    office.on("2025-06-10").does(MANAGER, DISPOSE, ref)
    return ref


def faults(office: Office) -> list[str]:
    with office.database.reading() as session:
        return [str(one) for one in check(session)]


def everything(database: Database) -> str:
    """Every cell of every table, as one text."""
    with database.reading() as session:
        return "\n".join(
            str(tuple(row)) for table in Model.metadata.sorted_tables for row in session.execute(select(table))
        )


# What goes, and what stays


def test_nothing_in_the_whole_database_says_any_more_who_it_was_about(office: Office) -> None:
    ref = ended(office)
    before = everything(office.database)
    assert [known for known in KNOWN if known not in before] == []
    office.on("2025-06-10").does(MANAGER, DISPOSE, ref)
    after = everything(office.database)
    assert [known for known in KNOWN if known in after] == []


def test_on_sqlite_nothing_is_left_in_the_file_either(desk: Office) -> None:
    disposed(desk)
    with desk.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    assert desk.database.file is not None
    left = desk.database.file.read_bytes()
    assert [known for known in KNOWN if known.encode() in left] == []
    assert b"review-retention" in left


def test_the_history_still_verifies_and_the_database_is_sound(office: Office) -> None:
    ref = ended(office)
    with office.database.writing() as session:
        digest = seal(session, office.now).digest
    office.on("2025-06-10").does(MANAGER, DISPOSE, ref)
    with office.database.reading() as session:
        assert list(ledger.verify(session)) == []
        assert list(verify_seal(session, digest)) == []
        entries = session.scalars(select(LedgerEntry).order_by(LedgerEntry.seq)).all()
        assert [one.command for one in entries if one.body is not None] == ["review-retention"]
        assert json.loads(entries[-1].body or "")["decision"] == "dispose"
    assert faults(office) == []


def test_states_dates_and_codes_stay(office: Office) -> None:
    ref = ended(office)
    with office.open(ref) as case:
        told = {
            name: getattr(case, name) for name in ("state", "referred_on", "offence_code", "outcome_code", "verdict")
        }
        held = (len(case.appointments), len(case.conditions), len(case.decisions), len(case.need_scores))
    office.on("2025-06-10").does(MANAGER, DISPOSE, ref)
    with office.open(ref) as case:
        assert {name: getattr(case, name) for name in told} == told
        assert (len(case.appointments), len(case.conditions), len(case.decisions), len(case.need_scores)) == held
        assert case.disposed_at == office.now
        assert [one.status for one in case.deadlines if one.status == "open"] == []


def test_what_somebody_left_behind_by_a_merge_goes_too_and_other_people_stay(office: Office) -> None:
    ref = ended(office)
    other = office.on("2025-06-09").refers(surname="Brook", forenames="Sam", crime_ref="CVP-25-1", date_of_birth=None)
    office.on("2025-06-10").does(MANAGER, DISPOSE, ref)
    with office.open(other) as case:
        assert case.person.full_name == "Sam Brook"
    with office.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 2


def test_a_person_with_another_case_stays_but_this_one_is_no_longer_theirs(office: Office) -> None:
    ref = ended(office)
    again = {**SAID, "crime_ref": "CVP-25-2", "offence_on": "2025-06-01", "previous_divert": "yes"}
    later = office.on("2025-06-09").refers(**again)
    with office.open(later) as case, office.open(ref) as first:
        assert case.person_id == first.person_id
    office.on("2025-06-10").does(MANAGER, DISPOSE, ref)
    with office.open(later) as case, office.open(ref) as first:
        assert case.person.surname == "Ashworth-Quill"
        assert case.person_id != first.person_id
        assert (first.person.surname, first.person.date_of_birth) == ("[disposed of]", None)
    assert faults(office) == []


def test_the_erasure_is_on_record(desk: Office) -> None:
    ref = disposed(desk)
    with desk.database.reading() as session:
        erased = session.scalars(select(Access).where(Access.kind == "erasure")).all()
    assert [(one.by, one.case_ref, one.what) for one in erased] == [("manager", ref, "disposal")]


# When


def test_a_review_falls_due_six_years_after_the_end(desk: Office) -> None:
    ref = ended(desk)
    with desk.open(ref) as case:
        review = deadlines.find(case, "retention_review", 0)
        assert review is not None
        assert (review.since.isoformat(), review.due_on.isoformat()) == ("2025-06-05", "2025-07-03")
        assert review.owner_role.value == "project_manager"


def test_a_case_is_not_disposed_of_before_its_time(desk: Office) -> None:
    ref = ended(desk)
    with pytest.raises(Refused, match="This case is kept until 5 June 2025"):
        desk.on("2025-06-05").does(MANAGER, DISPOSE, ref)
    desk.on("2025-06-06").does(MANAGER, DISPOSE, ref)


def test_a_case_that_is_kept_longer_is_reviewed_again_then(office: Office) -> None:
    ref = ended(office)
    keep = ReviewRetention.model_validate({"decision": "keep", "keep_until": "2027-01-31", "reason": "A complaint."})
    office.on("2025-06-10").does(MANAGER, keep, ref)
    with office.open(ref) as case:
        review = deadlines.find(case, "retention_review", 0)
        assert review is not None
        assert review.since.isoformat() == "2027-01-31"
    with pytest.raises(Refused, match="kept until 31 January 2027"):
        office.does(MANAGER, DISPOSE, ref)
    assert faults(office) == []
    office.on("2027-02-01").does(MANAGER, DISPOSE, ref)
    assert faults(office) == []


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"decision": "keep"}, "say until which day"),
        ({"decision": "dispose", "keep_until": "2027-01-31"}, "A case that is disposed of is not kept"),
    ],
)
def test_an_answer_that_cannot_be_meant_is_refused(given: dict[str, str], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        ReviewRetention.model_validate({"reason": "Because.", **given})


def test_a_case_is_kept_until_a_day_to_come(desk: Office) -> None:
    ref = ended(desk)
    past = ReviewRetention.model_validate({"decision": "keep", "keep_until": desk.today, "reason": "A complaint."})
    with pytest.raises(Refused, match="a day to come"):
        desk.does(MANAGER, past, ref)


# After


def test_nothing_can_be_done_any_more(desk: Office) -> None:
    ref = disposed(desk)
    with desk.database.reading() as session:
        case = desk.find(session, ref)
        for who in (MANAGER, KEYWORKER, INSPECTOR, PROBATION_LEAD):
            context = Context(session, who, desk.now, case.version + 1)
            assert [one.slug() for one in COMMANDS.values() if not objections(case, one, context)] == []
    follow_up = RecordFollowUp.model_validate(example(RecordFollowUp))
    with pytest.raises(Refused, match="was disposed of"):
        desk.does(INSPECTOR, follow_up, ref)


@pytest.fixture
def ref(desk: Office) -> str:
    """A case that was disposed of."""
    return disposed(desk)


@pytest.fixture
def counter(desk: Office, ref: str) -> Iterator[Service]:
    with service(desk) as opened:
        yield opened


def test_every_page_and_answer_about_it_still_stands(desk: Office, ref: str, counter: Service) -> None:
    for address in (f"/api/cases/{ref}", f"/api/cases/{ref}/commands", f"/api/cases/{ref}/ledger", "/api/cases",
                    f"/api/cases/{ref}/documents"):  # fmt: skip
        answer = counter.ask(MANAGER, "GET", address)
        assert answer.status_code == 200, answer.text
        assert "Ashworth" not in answer.text
    assert counter.ask(MANAGER, "GET", f"/api/cases/{ref}").json()["disposed_at"] is not None
    file = counter.ask(MANAGER, "GET", f"/api/cases/{ref}/shared", params={"to": "Harbour Housing", "part": "who"})
    assert file.status_code == 409
    assert counter.ask(KEYWORKER, "GET", f"/api/cases/{ref}/documents/completion_letter/preview").status_code == 409
    with TestClient(create_app(desk.database, lambda: desk.now, SETTINGS)) as client:
        manager = Visitor(visiting(client, MANAGER))
        page = manager.reads(f"/cases/{ref}")
        assert "This case was disposed of on 10 June 2025" in page.text
        assert "What was recorded was disposed of." in page.text
        assert manager.reads(f"/cases/{ref}/review-retention").status == 409
        for address in (f"/cases/{ref}/documents", "/", "/?state=completed"):
            assert manager.reads(address).status == 200


def test_figures_and_exports_still_count_it(desk: Office) -> None:
    ref = ended(desk)

    def counted() -> Any:
        return exactly(desk, desk.today).cells

    desk.on("2025-06-10")
    before = counted()
    desk.does(MANAGER, DISPOSE, ref)
    assert counted() == before
    with desk.database.writing() as session:
        rows = disclose(session, may_see(MANAGER), MANAGER, desk.now, "manager")
        assert [(row["ref"], row["surname"], row["crime_ref"]) for row in rows] == [(ref, *["[disposed of]"] * 2)]
