"""Every command's form, by a loop over the table: opened, sent with nothing in it, then with its own example."""

from collections import defaultdict

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.web.forms import flat
from divert.casework.lifecycle import FOR_PEOPLE
from divert.models import LedgerEntry, State
from tests.browsing import Page, Person
from tests.office import INSPECTOR, Office
from tests.ready import READY, said_in
from tests.service import SETTINGS, visiting

KEPT = ("form_token", "keepsake", "version")
HAVE_PAGES_OF_THEIR_OWN = {"issue-document", "share-case"}
"""What is issued or shared is looked at first: test_documents_service, test_sharing_page."""


def sends(person: Person, page: Page, answers: dict[str, list[str]]) -> Page:
    hidden = {name: page.form.values[name] for name in KEPT if name in page.form.values}
    return person.sends(page.form, hidden | answers, str(page.response.url))


@pytest.mark.parametrize("slug", sorted(set(READY) - HAVE_PAGES_OF_THEIR_OWN))
def test_it_opens_fails_and_is_done(slug: str, desk: Office) -> None:
    who, made = READY[slug]
    ref, command = made(desk), FOR_PEOPLE[slug]
    answers = defaultdict[str, list[str]](list)
    for name, value in flat(said_in(desk, ref, who, command)):
        answers[name].append(value)
    with TestClient(create_app(desk.database, lambda: desk.now, SETTINGS)) as client:
        person = Person(visiting(client, who))
        form = person.reads(person.reads(f"/cases/{ref}").links[command.title()])
        if any(field.is_required() for field in command.model_fields.values()):
            failed = sends(person, form, {})
            assert (failed.status, "There is a problem" in failed.text) == (422, True)
            form = failed
        done = sends(person, form, answers)
        if command.ends_a_case:
            confirm = next(one for one in done.sheets if "checked" in one.values)
            done = person.sends(confirm, confirm.values, str(done.response.url))
        assert (done.status, done.response.url.path) == (200, f"/cases/{ref}"), done.text
    with desk.database.reading() as session:
        case = desk.find(session, ref)
        last = session.get_one(LedgerEntry, (case.id, case.version))
        assert (last.command, last.by) == (slug, who.username)


def test_nobody_is_asked_to_check_answers_that_would_be_refused(desk: Office) -> None:
    ref = desk.case_in(State.returned)
    with TestClient(create_app(desk.database, lambda: desk.now, SETTINGS)) as client:
        inspector = Person(visiting(client, INSPECTOR))
        form = inspector.reads(f"/cases/{ref}/record-charging-decision")
        refused = inspector.fills(form, outcome_code=1, decided_on="2019-09-30", explanation="Charged.")
    assert refused.status == 409
    assert "A date in the future cannot be recorded as done." in refused.text
    assert "Check your answers" not in refused.text
