"""A contract before it is signed: read through together, printed, and nothing kept of it."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from api.app import create_app
from divert.acts.refusals import NotAllowed, Refused
from divert.casework.command import Context
from divert.casework.commands.contract import SignContract, Terms, VaryContract
from divert.casework.commands.support import Allocate, AssessNeeds
from divert.casework.preview import draft
from divert.models import Access, State
from divert.people.staff import Actor
from tests.browsing import Person
from tests.command_line import counts
from tests.office import ENTRY, INSPECTOR, KEYWORKER, OTHER_KEYWORKER, PROBATION_LEAD, SIGNED_CONDITIONS, Office
from tests.papers import K, pages, previewed, text_of
from tests.service import SETTINGS, Service, service, visiting

TERMS: dict[str, Any] = {"signed_on": "2019-05-06", "ends_on": "2019-08-04", "conditions": SIGNED_CONDITIONS}
CHANGED: dict[str, Any] = {
    **TERMS,
    "conditions": [*SIGNED_CONDITIONS[:4], {"code": "HOUSING_SUPPORT", "provider": "Harbour Housing"}],
    "why": "The garden closed.",
    "agreed_by": "probation.lead",
}


@pytest.fixture
def counter(desk: Office) -> Iterator[Service]:
    with service(desk) as opened:
        yield opened


def about_to_sign(office: Office) -> str:
    """Taken, allocated, assessed: the contract is next."""
    ref = office.on("2019-05-06").case_in(State.accepted)
    office.does(PROBATION_LEAD, Allocate(keyworker=KEYWORKER.username), ref)
    office.does(KEYWORKER, AssessNeeds.model_validate(ENTRY), ref)
    return ref


def drafted(office: Office, ref: str, terms: Terms, who: Actor = KEYWORKER, *, large_print: bool = False) -> bytes:
    with office.database.writing() as session:
        case = office.find(session, ref)
        return draft(case, Context(session, who, office.now, case.version + 1), terms, large_print=large_print)


def test_a_draft_says_what_would_be_signed_and_that_it_is_not(office: Office) -> None:
    ref = about_to_sign(office)
    pdf = drafted(office, ref, SignContract.model_validate(TERMS))
    assert all("DRAFT" in page and "Draft of 6 May 2019, not signed" in page for page in pages(pdf))
    said = text_of(pdf)
    assert "Signed on Not signed: this is a draft" in said
    assert "5. I will do the agreed hours of unpaid work for the community. In particular: six hours" in said
    assert "Last day 4 August 2019" in said
    assert said.count("Signed Date") == 2


def test_nothing_is_kept_of_a_draft(office: Office) -> None:
    ref = about_to_sign(office)
    before = counts(office.database)
    drafted(office, ref, SignContract.model_validate(TERMS))
    assert counts(office.database) == before
    with office.open(ref) as case:
        assert (case.state, case.contracts, case.conditions) == (State.accepted, [], [])
    office.does(KEYWORKER, SignContract.model_validate(TERMS), ref)
    assert "DRAFT" not in text_of(previewed(office, ref, KEYWORKER, K.contract))


def test_a_draft_of_a_change_shows_the_contract_as_it_would_then_stand(office: Office) -> None:
    ref = office.on("2019-05-06").case_in(State.active)
    said = text_of(drafted(office, ref, VaryContract.model_validate(CHANGED)))
    assert "This is version 2 of the contract. Once signed, it replaces what was signed before" in said
    assert "With: Harbour Housing" in said
    assert "garden" not in said
    with office.open(ref) as case:
        assert [one.status for one in case.conditions] == ["open"] * 5


def test_a_condition_with_a_day_of_its_own_says_so(desk: Office) -> None:
    ref = about_to_sign(desk)
    conditions = [*SIGNED_CONDITIONS[:4], {**SIGNED_CONDITIONS[4], "due_on": "2019-06-30"}]
    said = text_of(drafted(desk, ref, SignContract.model_validate({**TERMS, "conditions": conditions})))
    assert said.count("Until: 4 August 2019") == 4
    assert said.count("By: 30 June 2019") == 1


def test_a_draft_may_bear_a_day_of_signing_that_is_still_to_come(desk: Office) -> None:
    ref = about_to_sign(desk)
    assert drafted(desk, ref, SignContract.model_validate({**TERMS, "signed_on": "2019-05-10"})).startswith(b"%PDF")


def test_what_could_not_be_signed_is_not_drafted_either(desk: Office) -> None:
    ref = about_to_sign(desk)
    with pytest.raises(Refused) as refusal:
        drafted(desk, ref, SignContract.model_validate({**TERMS, "ends_on": "2019-12-01"}))
    assert "no_longer_than_the_pack_allows" in dict(refusal.value.reasons)
    with pytest.raises(NotAllowed):
        drafted(desk, ref, SignContract.model_validate(TERMS), INSPECTOR)
    with pytest.raises(Refused, match="keyworker"):
        drafted(desk, ref, SignContract.model_validate(TERMS), OTHER_KEYWORKER)


# Over HTTP


def test_a_draft_is_made_over_http_and_the_look_is_on_record(counter: Service, desk: Office) -> None:
    ref = about_to_sign(desk)
    address = f"/api/cases/{ref}/contract-draft"
    made = counter.ask(KEYWORKER, "POST", address, json=TERMS, params={"large_print": "yes"})
    assert made.status_code == 200, made.text
    assert made.headers["Content-Disposition"] == f'inline; filename="contract-{ref}-draft.pdf"'
    assert len(pages(made.content)) > len(pages(counter.ask(KEYWORKER, "POST", address, json=TERMS).content))
    with desk.database.reading() as session:
        looks = session.scalars(select(Access.what).where(Access.kind == "consultation")).all()
    assert looks == ["draft: contract"] * 2


def test_a_draft_that_cannot_be_made_says_why(counter: Service, desk: Office) -> None:
    ref = about_to_sign(desk)
    address = f"/api/cases/{ref}/contract-draft"
    long = counter.ask(KEYWORKER, "POST", address, json={**TERMS, "ends_on": "2019-12-01"})
    assert long.status_code == 409
    assert "no_longer_than_the_pack_allows" in [one["guard"] for one in long.json()["reasons"]]
    early = counter.ask(KEYWORKER, "POST", address, json=CHANGED)
    assert early.status_code == 409
    assert "is not done while a case is accepted" in early.text
    assert counter.ask(KEYWORKER, "POST", address, json={"signed_on": "2019-05-06"}).status_code == 422
    assert counter.ask(INSPECTOR, "POST", address, json=TERMS).status_code == 403


# At the page


def test_a_keyworker_reads_the_draft_from_the_form_and_signs_what_was_typed(desk: Office) -> None:
    ref = about_to_sign(desk)
    with TestClient(create_app(desk.database, lambda: desk.now, SETTINGS)) as client:
        keyworker = Person(visiting(client, KEYWORKER))
        page = keyworker.reads(f"/cases/{ref}/sign-contract")
        assert page.form.buttons[-2:] == ["Preview as a document (PDF)", "Preview in large print (PDF)"]
        typed = {
            "signed_on": "2019-05-06",
            "ends_on": "2019-08-04",
            **{f"conditions-{place}-code": one["code"] for place, one in enumerate(SIGNED_CONDITIONS)},
        }
        values = {name: list(value) for name, value in page.form.values.items()}
        values |= {name: [answer] for name, answer in typed.items()}
        at = str(page.response.url)
        opened = client.post(at, data={**values, "draft": ["plain"]})
        assert opened.headers["Content-Type"] == "application/pdf"
        assert "Draft of 6 May 2019" in text_of(opened.content)
        assert len(pages(client.post(at, data={**values, "draft": ["large"]}).content)) > len(pages(opened.content))
        refused = keyworker.sends(page.form, {**values, "ends_on": ["2019-12-01"], "draft": ["plain"]}, at)
        assert refused.status == 409
        assert refused.form.values["ends_on-month"] == ["12"]
        assert desk.state(ref) is State.accepted
        assert keyworker.sends(page.form, values, at).status == 200
        assert desk.state(ref) is State.active
