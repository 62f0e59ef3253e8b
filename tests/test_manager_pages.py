"""The project manager's pages: what the worker could not do, and who works here."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from divert.models import Access, Deadline, OutboxMessage, Staff, State
from divert.people.staff import Actor, by_token, issue_token
from tests.browsing import Page, Person
from tests.office import AUDITOR, DALE, INSPECTOR, KEYWORKER, MANAGER, OTHER_KEYWORKER, Office
from tests.service import SETTINGS, visiting


@pytest.fixture
def client(desk: Office) -> Iterator[TestClient]:
    with TestClient(create_app(desk.database, lambda: desk.now, SETTINGS)) as opened:
        yield opened


def as_(client: TestClient, who: Actor) -> Person:
    return Person(visiting(client, who))


def sends(person: Person, page: Page, action: str, **answers: str) -> Page:
    """Send the form of a page that goes to an address."""
    form = next(one for one in page.sheets if one.action == action)
    return person.sends(form, {**form.values, **{name: [said] for name, said in answers.items()}}, "http://testserver/")


# What the worker could not do


def given_up(desk: Office) -> tuple[str, int]:
    """A case of which one message is dead; its reference and the message's id."""
    ref = desk.case_in(State.active)
    with desk.database.writing() as session:
        message = session.query(OutboxMessage).order_by(OutboxMessage.id).first()
        assert message
        message.dead_at, message.attempts, message.fault = desk.now, 30, "no answer"
        return ref, message.id


def test_a_dead_message_is_seen_without_its_words_and_tried_again_once(desk: Office, client: TestClient) -> None:
    ref, message = given_up(desk)
    manager = as_(client, MANAGER)
    page = manager.reads("/undone")
    assert "Dead since" in page.text
    assert "no answer" in page.text
    for personal in (DALE["surname"], DALE.get("phone", "07700"), "@example.com"):
        assert personal not in page.text
    action = f"/undone/messages/{message}/retry"
    after = sends(manager, page, action)
    assert f"Message {message} will be tried again" in after.text
    assert action not in after.response.text
    assert sends(manager, page, action).status == 404
    with desk.database.reading() as session:
        (logged,) = session.query(Access).where(Access.what == "message retried")
        assert (logged.by, logged.case_ref) == (MANAGER.username, ref)


def test_a_deadline_set_aside_is_seen_with_its_fault(desk: Office, client: TestClient) -> None:
    ref = desk.case_in(State.under_decision)
    with desk.database.writing() as session:
        one = session.query(Deadline).where(Deadline.kind == "police_decision").one()
        one.attempts, one.fault, one.retry_at = 2, "OperationalError", desk.now + timedelta(hours=1)
    page = as_(client, INSPECTOR).reads("/undone")
    assert page.links[ref] == f"/cases/{ref}"
    assert "Tried 2 times; fault: OperationalError" in page.text


def test_leads_see_undone_work_and_only_the_manager_retries_it(desk: Office, client: TestClient) -> None:
    _, message = given_up(desk)
    page = as_(client, INSPECTOR).reads("/undone")
    assert "Dead since" in page.text
    assert "Try again" not in page.text
    token = page.sheets[0].values["form_token"]
    assert client.post(f"/undone/messages/{message}/retry", data={"form_token": token}).status_code == 403
    for who in (KEYWORKER, AUDITOR):
        assert as_(client, who).reads("/undone").status == 403


# Who works here


def test_somebody_is_taken_on_and_can_sign_in(desk: Office, client: TestClient) -> None:
    manager = as_(client, MANAGER)
    typed = {"username": "j.smith", "name": "Jo Smith", "role": "referring_officer", "password": "short"}
    wrong = manager.fills(manager.reads("/staff"), **typed)
    assert wrong.status == 422
    assert wrong.links["Password: Use at least 12 characters."] == "#password"
    assert wrong.form.values["name"] == ["Jo Smith"]
    assert wrong.form.values["password"] == [""]
    done = manager.fills(wrong, password="a long invented one")
    assert "j.smith was taken on." in done.text
    assert manager.fills(done, **typed).links["Username: J.smith is taken; choose another."] == "#username"
    assert manager.fills(done).links.keys() >= {
        "Name: This is needed and was left out.",
        "Post: This is needed and was left out.",
    }
    with TestClient(client.app) as theirs:
        assert Person(theirs).signs_in("j.smith", "a long invented one").response.url.path == "/"


def test_whoever_leaves_is_out_at_once_and_their_cases_are_shown_until_reallocated(
    desk: Office, client: TestClient
) -> None:
    ref = desk.case_in(State.active)
    with desk.database.writing() as session:
        token = issue_token(session, KEYWORKER.username, desk.now)
    theirs = TestClient(client.app)
    assert as_(theirs, KEYWORKER).reads("/").status == 200
    manager = as_(client, MANAGER)
    page = manager.reads("/staff")
    assert page.links["1 of Keyworker"] == "/?view=team&keyworker=keyworker"
    page = manager.reads(page.links["Let somebody go: Keyworker"])
    assert "Keyworker holds 1 open case." in page.text
    page = sends(manager, page, "/staff/keyworker/leave")
    assert "keyworker has left." in page.text
    assert page.links[f"Allocate {ref}"] == f"/cases/{ref}/allocate"
    with desk.database.reading() as session:
        assert by_token(session, token, desk.now) is None
    assert Person(theirs).reads("/").response.url.path == "/sign-in"
    manager = as_(client, MANAGER)
    manager.fills(manager.reads(f"/cases/{ref}/allocate"), keyworker=OTHER_KEYWORKER.username)
    assert f"Allocate {ref}" not in manager.reads("/staff").links
    back = sends(manager, manager.reads("/staff"), "/staff/keyworker/return")
    assert "keyworker is back." in back.text
    assert Person(theirs).reads("/").response.url.path == "/sign-in"


def test_another_post_is_given_but_never_the_worker_s_and_nobody_shuts_themselves_out(
    desk: Office, client: TestClient
) -> None:
    manager = as_(client, MANAGER)
    page = manager.reads("/staff")
    sends(manager, page, "/staff/board/post", role="auditor")
    for role in ("system", "king"):
        wrong = sends(manager, page, "/staff/board/post", role=role)
        assert wrong.status == 422
        assert "role" in wrong.form.values
    token = page.form.values["form_token"]
    for address in ("/staff/manager/leave", "/staff/manager/post"):
        assert client.post(address, data={"form_token": token, "role": "auditor"}).status_code == 409
    assert client.post("/staff/nobody/leave", data={"form_token": token}).status_code == 404
    with desk.database.reading() as session:
        assert [session.get_one(Staff, one).role for one in ("board", "manager")] == ["auditor", "project_manager"]
        assert session.get_one(Staff, "manager").active
        assert session.query(Access).where(Access.what.startswith("staff")).count() == 1


@pytest.mark.parametrize("who", [INSPECTOR, KEYWORKER, AUDITOR], ids=lambda who: who.username)
def test_staff_are_the_manager_s_affair(client: TestClient, who: Actor) -> None:
    for address in ("/staff", "/staff/keyworker/leave"):
        assert as_(client, who).reads(address).status == 403
