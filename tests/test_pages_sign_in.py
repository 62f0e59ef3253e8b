"""Signing in and out of the pages, what a visit may do, and what a page never lets happen."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.commands import FOR_PEOPLE
from api.visit import COOKIE
from divert.models import Staff
from tests.browsing import PASSWORD, Person, Visit, refers, visits
from tests.office import DALE, Office
from tests.service import SETTINGS


@pytest.fixture
def visit(desk: Office) -> Iterator[Visit]:
    with visits(desk) as opened:
        yield opened


def test_a_wrong_password_and_an_unknown_name_read_alike(visit: Visit) -> None:
    stranger = Person(TestClient(visit("pc.moss").client.app))
    wrong, unknown = (stranger.signs_in(name, "not the password") for name in ("pc.moss", "nobody.here"))
    assert wrong.status == unknown.status == 422
    assert wrong.text.replace("pc.moss", "") == unknown.text.replace("nobody.here", "")
    assert wrong.form.values["password"] == [""]
    assert wrong.form.values["username"] == ["pc.moss"]


def test_without_signing_in_every_page_leads_to_it_and_back(visit: Visit) -> None:
    case = refers(visit)
    stranger = Person(TestClient(visit("insp.reed").client.app))
    page = stranger.reads(case)
    assert page.response.url.path == "/sign-in"
    assert DALE["surname"] not in page.text
    page = stranger.fills(page, username="insp.reed", password=PASSWORD)
    assert page.response.url.path == case


@pytest.mark.parametrize("then", ["https://example.com/", "//example.com", r"/\example.com", "javascript:alert(1)"])
def test_signing_in_never_leads_elsewhere(visit: Visit, then: str) -> None:
    person = Person(TestClient(visit("pc.moss").client.app, follow_redirects=False))
    page = person.reads(f"/sign-in?then={then}")
    page = person.fills(page, username="pc.moss", password=PASSWORD)
    assert page.response.headers["Location"] == "/"


def test_a_form_that_another_site_made_up_is_refused(visit: Visit, desk: Office) -> None:
    case = refers(visit)
    officer = visit("pc.moss")
    for forged in ({"text": "Hello."}, {"text": "Hello.", "form_token": "made up"}):
        answer = officer.client.post(f"{case}/add-note", data=forged)
        assert answer.status_code == 403
    theirs = visit("insp.reed").reads(f"{case}/add-note").form.values["form_token"][0]
    assert officer.client.post(f"{case}/add-note", data={"text": "Hello.", "form_token": theirs}).status_code == 403


def test_a_visit_ends_by_signing_out_by_leaving_and_by_a_forged_cookie(visit: Visit, desk: Office) -> None:
    officer, inspector = visit("pc.moss"), visit("insp.reed")
    page = officer.reads("/")
    out = next(one for one in page.sheets if one.action == "/sign-out")
    assert officer.sends(out, out.values, str(page.response.url)).response.url.path == "/sign-in"
    assert officer.reads("/").response.url.path == "/sign-in"
    with desk.database.writing() as session:
        session.get_one(Staff, "insp.reed").active = False
    assert inspector.reads("/").response.url.path == "/sign-in"
    manager = visit("m.stone")
    forger = Person(TestClient(manager.client.app, cookies={COOKIE: manager.client.cookies[COOKIE][:-4] + "AAAA"}))
    assert forger.reads("/").response.url.path == "/sign-in"


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(visit: Visit) -> None:
    client = TestClient(visit("pc.moss").client.app)
    said = client.get("/sign-in").headers["set-cookie"].lower()
    assert "httponly" in said
    assert "samesite=lax" in said


def test_guessing_passwords_is_slowed_down(desk: Office) -> None:
    settings = SETTINGS.model_copy(update={"requests_per_minute": 240})
    with TestClient(create_app(desk.database, lambda: desk.now, settings)) as client:
        stranger = Person(client)
        tries = [stranger.signs_in("pc.moss", f"guess number {place}").status for place in range(5)]
        assert tries == [422] * 4 + [429]


def test_a_commit_that_fails_is_a_page_that_says_so_and_never_the_case(visit: Visit, desk: Office) -> None:
    from tests.test_api_commands import failing_commits

    case = refers(visit)
    officer = visit("pc.moss")
    form = officer.reads(f"{case}/add-note")
    mended = failing_commits(desk.database)
    page = officer.fills(form, text="Rang.")
    mended()
    assert page.status == 500
    assert "Ashworth" not in page.text
    assert officer.fills(form, text="Rang.").status == 200


def test_help_is_open_to_all_and_tells_every_command(visit: Visit) -> None:
    page = Person(TestClient(visit("pc.moss").client.app)).reads("/help")
    assert page.status == 200
    for command in FOR_PEOPLE.values():
        assert command.title() in page.text


def test_over_https_the_cookie_is_secure_and_the_browser_is_told_to_stay(desk: Office) -> None:
    app = create_app(desk.database, lambda: desk.now, SETTINGS.model_copy(update={"https": True}))
    with TestClient(app, base_url="https://testserver") as client:
        headers = client.get("/sign-in").headers
    assert "secure" in headers["set-cookie"].lower()
    assert "max-age" in headers["strict-transport-security"]
