"""Sharing from the page: chosen from what was agreed to, looked at, then shared exactly as it was looked at."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from divert.casework.commands.conditions import MarkConditionKept
from divert.casework.commands.sharing import RecordConsent
from divert.exchange.format import read
from divert.models import Access, State
from tests.browsing import Page, Person
from tests.office import KEYWORKER, OFFICER, Office
from tests.ready import example
from tests.service import SETTINGS, visiting


@pytest.fixture
def worker(desk: Office) -> Iterator[Person]:
    with TestClient(create_app(desk.database, lambda: desk.now, SETTINGS)) as client:
        yield Person(visiting(client, KEYWORKER))


def agreed(desk: Office) -> str:
    """An active case whose person agrees to Harbour Housing knowing who they are, the contract and the appointments."""
    ref = desk.case_in(State.active)
    desk.does(KEYWORKER, RecordConsent.model_validate(example(RecordConsent)), ref)
    return ref


def looks(worker: Person, ref: str, **wanted: object) -> Page:
    case = worker.reads(f"/cases/{ref}")
    assert "Harbour Housing who, contract, appointments, until 5 August 2019" in case.text
    return worker.fills(worker.reads(case.links["Share with another organisation"]), **wanted)


@pytest.mark.parametrize("spelling", ["json", "csv"])
def test_what_was_looked_at_is_what_is_shared_and_downloaded(desk: Office, worker: Person, spelling: str) -> None:
    ref = agreed(desk)
    page = looks(worker, ref, part=["who", "contract"], format=spelling)
    assert page.status == 200
    assert "What Harbour Housing would get" in page.text
    assert "Surname Ashworth" in page.text
    assert "Agreed on 6 May 2019 (signed), until 5 August 2019." in page.text
    assert "Condition 2 Number: 2 Text: I will finish the sessions" in page.text
    assert "Appointments" not in page.text
    shared = worker.fills(page).response
    assert shared.status_code == 200
    assert shared.headers["Content-Disposition"] == f'attachment; filename="{ref}-shared.{spelling}"'
    assert read(shared.content, "csv" if spelling == "csv" else "json").parts == ["who", "contract"]
    with desk.database.reading() as session:
        (disclosed,) = session.query(Access).where(Access.kind == "disclosure")
        assert (disclosed.recipient, disclosed.what) == ("Harbour Housing", "shared: who, contract")
    assert "Share with another organisation" in worker.reads(f"/cases/{ref}/history").text


def test_a_file_that_has_changed_since_it_was_looked_at_is_not_shared(desk: Office, worker: Person) -> None:
    ref = agreed(desk)
    page = looks(worker, ref, part=["contract"])
    desk.does(KEYWORKER, MarkConditionKept(condition=2, kept_on=desk.today, evidence="Seen."), ref)
    refused = worker.fills(page)
    assert refused.status == 409
    assert "There is a problem" in refused.text
    with desk.database.reading() as session:
        assert session.query(Access).where(Access.kind == "disclosure").all() == []


def test_nothing_is_offered_without_consent_nor_to_those_who_may_not_share(desk: Office, worker: Person) -> None:
    ref = desk.case_in(State.active)
    page = worker.reads(f"/cases/{ref}/share-case")
    assert page.status == 409
    assert "record what they say" in page.links
    assert "no consent stands" in worker.reads(f"/cases/{ref}").text
    token = worker.reads(f"/cases/{ref}/add-note").form.values["form_token"]
    forced = worker.client.post(f"/cases/{ref}/share-case", data={"form_token": token, "to": "Harbour Housing"})
    assert forced.status_code == 409
    nobody = worker.client.post(f"/cases/{ref}/share-case", data={"form_token": token, "to": ""})
    assert nobody.status_code == 409
    officer = Person(visiting(worker.client, OFFICER))
    assert officer.reads(f"/cases/{ref}/share-case").status == 403
