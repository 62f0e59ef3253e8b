"""Documents over HTTP and at the pages: chosen, opened, read, and only then issued."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select, text
from starlette.testclient import TestClient

from api.app import create_app
from divert.casework.commands.documents import sha256
from divert.casework.commands.record import SetSensitivity
from divert.models import Access, Sensitivity, State
from tests.browsing import Person
from tests.office import (
    AUDITOR,
    BOARD,
    INSPECTOR,
    KEYWORKER,
    MANAGER,
    OFFICER,
    OTHER_KEYWORKER,
    OTHER_OFFICER,
    PROBATION_LEAD,
    Office,
)
from tests.papers import K, booked, issued, missed, previewed, ready_for, text_of
from tests.service import SETTINGS, Service, service, visiting


@pytest.fixture
def counter(desk: Office) -> Iterator[Service]:
    with service(desk) as opened:
        yield opened


@pytest.fixture
def active(desk: Office) -> str:
    return desk.on("2019-05-06").case_in(State.active)


# Over HTTP


def test_what_is_previewed_is_issued_and_read_again_to_the_byte(counter: Service, active: str) -> None:
    address = f"/api/cases/{active}/documents"
    looked_at = counter.ask(KEYWORKER, "GET", f"{address}/contract/preview", params={"large_print": "yes"})
    assert looked_at.status_code == 200
    assert looked_at.headers["Content-Type"] == "application/pdf"
    assert looked_at.headers["Content-Disposition"] == f'inline; filename="contract-{active}-preview.pdf"'
    body = {"kind": "contract", "large_print": "yes", "sha256": looked_at.headers["ETag"].strip('"')}
    done = counter.does(KEYWORKER, "issue-document", active, body)
    assert done.status_code == 200, done.text
    read = counter.ask(KEYWORKER, "GET", f"{address}/{done.json()['version']}")
    assert read.content == looked_at.content
    assert read.headers["ETag"] == looked_at.headers["ETag"]
    listed = counter.ask(KEYWORKER, "GET", address).json()["issued"]
    assert [(one["kind"], one["large_print"], one["by"], one["sha256"]) for one in listed] == [
        ("contract", True, "keyworker", sha256(looked_at.content))
    ]
    assert counter.ask(KEYWORKER, "GET", listed[0]["href"]).content == looked_at.content


def test_a_case_offers_what_could_be_issued_now_and_each_offer_can_be_opened(
    counter: Service, desk: Office, active: str
) -> None:
    meeting, report = booked(desk, active), missed(desk, active)
    offered = counter.ask(KEYWORKER, "GET", f"/api/cases/{active}/documents").json()["possible"]
    assert [(one["kind"], one["about"]) for one in offered] == [
        ("contract", None),
        ("appointment_letter", meeting),
        ("breach_letter", report),
        ("victim_update", None),
    ]
    assert offered[1]["about_words"] == "First meeting, 15 May 2019, 10:00am"
    for one in offered:
        assert counter.ask(KEYWORKER, "GET", one["href"]).content.startswith(b"%PDF")


def test_a_preview_that_cannot_be_made_says_why(counter: Service, active: str) -> None:
    address = f"/api/cases/{active}/documents"
    early = counter.ask(KEYWORKER, "GET", f"{address}/completion_letter/preview")
    assert early.status_code == 409
    assert [one["guard"] for one in early.json()["reasons"]] == ["document_fits_the_state"]
    vague = counter.ask(KEYWORKER, "GET", f"{address}/appointment_letter/preview")
    assert vague.status_code == 422
    assert vague.json()["errors"] == [
        {"parameter": "about", "detail": "Say which appointment it is about, by its number, like 11."}
    ]
    assert counter.ask(KEYWORKER, "GET", f"{address}/summons/preview").status_code == 404
    assert counter.ask(KEYWORKER, "GET", f"{address}/contract/preview", params={"size": "18"}).status_code == 422
    assert counter.ask(KEYWORKER, "GET", f"{address}/3").status_code == 404


def test_who_may_not_issue_a_kind_may_not_read_it_either(counter: Service, desk: Office) -> None:
    ref, who, _ = ready_for(desk, K.handover)
    seq = issued(desk, ref, who, K.handover).version
    address = f"/api/cases/{ref}/documents/{seq}"
    assert counter.ask(PROBATION_LEAD, "GET", address).status_code == 403
    assert counter.ask(OFFICER, "GET", address).status_code == 403
    assert counter.ask(OTHER_OFFICER, "GET", address).status_code == 404
    assert counter.ask(BOARD, "GET", address).status_code == 404
    assert counter.ask(None, "GET", address).status_code == 401
    assert counter.ask(AUDITOR, "GET", address).status_code == 200
    assert counter.ask(OFFICER, "GET", f"/api/cases/{ref}/documents").json()["issued"] == []


def test_an_officer_is_shown_no_contract_and_a_restricted_case_shows_nothing(
    counter: Service, desk: Office, active: str
) -> None:
    address = f"/api/cases/{active}/documents"
    assert counter.ask(OFFICER, "GET", f"{address}/contract/preview").status_code == 403
    desk.does(MANAGER, SetSensitivity(level=Sensitivity.restricted, reason="Known to staff."), active)
    assert counter.ask(OTHER_KEYWORKER, "GET", f"{address}/contract/preview").status_code == 404
    assert counter.ask(KEYWORKER, "GET", f"{address}/contract/preview").status_code == 200


def test_every_look_at_a_document_is_on_record(counter: Service, desk: Office, active: str) -> None:
    seq = issued(desk, active, KEYWORKER, K.contract).version
    counter.ask(KEYWORKER, "GET", f"/api/cases/{active}/documents/contract/preview")
    counter.ask(INSPECTOR, "GET", f"/api/cases/{active}/documents/{seq}")
    with desk.database.reading() as session:
        looks = session.scalars(select(Access).where(Access.kind == "consultation").order_by(Access.id)).all()
    assert [(one.by, one.case_ref, one.what) for one in looks] == [
        ("keyworker", active, "preview: contract"),
        ("police.lead", active, f"document {seq}"),
    ]


def test_a_document_that_is_not_what_was_issued_is_never_handed_out(
    counter: Service, desk: Office, active: str
) -> None:
    seq = issued(desk, active, KEYWORKER, K.contract).version
    with desk.database.writing() as session:
        session.execute(text("DROP TRIGGER documents_no_update"))
        session.execute(text("UPDATE documents SET pdf = x'25'"))
    answer = counter.ask(KEYWORKER, "GET", f"/api/cases/{active}/documents/{seq}")
    assert answer.status_code == 500
    assert "not what was issued" in answer.json()["detail"]


# At the pages


def test_a_keyworker_chooses_opens_reads_and_issues_a_contract_in_large_print(desk: Office, active: str) -> None:
    with TestClient(create_app(desk.database, lambda: desk.now, SETTINGS)) as client:
        keyworker = Person(visiting(client, KEYWORKER))
        page = keyworker.reads(keyworker.reads(f"/cases/{active}").links["Issue a document"])
        assert "Documents" in page.text
        page = keyworker.reads(page.links["Contract"])
        page = keyworker.reads(page.links["In large print instead"])
        opened = client.get(page.links["Open the contract (PDF, large print)"])
        assert "My Divert contract" in text_of(opened.content)
        page = keyworker.fills(page)
        assert "Issue a document" in page.text.partition("What has happened")[2]
        page = keyworker.reads(f"/cases/{active}/documents")
        kept = client.get(next(link for words, link in page.links.items() if words.startswith("Contract (PDF)")))
        assert kept.content == opened.content


def test_what_has_changed_behind_the_page_is_not_issued(desk: Office) -> None:
    ref, who, about = ready_for(desk, K.breach_letter)
    desk.minutes = 13 * 60 + 55  # five to midnight in Cleveland
    with TestClient(create_app(desk.database, lambda: desk.now, SETTINGS)) as client:
        keyworker = Person(visiting(client, who))
        page = keyworker.reads(f"/cases/{ref}/documents/breach_letter?about={about}")
        desk.minutes += 10  # it is past midnight
        assert sha256(previewed(desk, ref, who, K.breach_letter, about)) != page.form.values["sha256"][0]
        refused = keyworker.fills(page)
        assert refused.status == 409
        assert "What would be issued now is not what was previewed" in refused.text
