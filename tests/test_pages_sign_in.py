"""Signing in and out of the pages, what a visit may do, and what a page never lets happen."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from api.app import create_app
from api.web.sessions import COOKIE_NAME
from divert import models
from divert.casework.lifecycle import FOR_PEOPLE
from divert.models import Role, Staff
from divert.people.login_attempts import ACCOUNT
from divert.people.staff import let_go, take_back
from tests.browsing import PASSWORD, Page, Person, Visit, refers, visits
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
        assert "Nothing of it was recorded" in answer.text
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
    for forged in (manager.client.cookies[COOKIE_NAME][:-4] + "AAAA", "made up", "x" * 5000):
        forger = Person(TestClient(manager.client.app, cookies={COOKIE_NAME: forged}))
        assert forger.reads("/").response.url.path == "/sign-in"


def signs_out(person: Person) -> Page:
    page = person.reads("/")
    out = next(one for one in page.sheets if one.action == "/sign-out")
    return person.sends(out, out.values, str(page.response.url))


def copied(person: Person) -> Person:
    """Somebody else, with a copy of this person's cookie."""
    client = TestClient(person.client.app)
    client.cookies.set(COOKIE_NAME, person.client.cookies[COOKIE_NAME])
    return Person(client)


def test_a_copied_cookie_dies_when_its_owner_signs_out(visit: Visit) -> None:
    officer = visit("pc.moss")
    thief = copied(officer)
    assert thief.reads("/").response.url.path == "/"
    signs_out(officer)
    assert thief.reads("/").response.url.path == "/sign-in"


def test_signing_in_makes_a_new_cookie_and_ends_the_visit_before(visit: Visit) -> None:
    stranger = Person(TestClient(visit("pc.moss").client.app))
    stranger.reads("/sign-in")
    planted = copied(stranger)
    stranger.signs_in("pc.moss", PASSWORD)
    assert stranger.client.cookies[COOKIE_NAME] != planted.client.cookies[COOKIE_NAME]
    assert planted.reads("/").response.url.path == "/sign-in"
    first = copied(stranger)
    stranger.signs_in("pc.moss", PASSWORD)
    assert first.reads("/").response.url.path == "/sign-in"
    assert stranger.reads("/").response.url.path == "/"


def test_your_visits_are_listed_and_all_of_them_ended(visit: Visit) -> None:
    officer, inspector = visit("pc.moss"), visit("insp.reed")
    phone = Person(TestClient(officer.client.app, headers={"User-Agent": "Mozilla/5.0 (Android 14) Firefox/140.0"}))
    phone.signs_in("pc.moss", PASSWORD)
    page = officer.reads("/visits")
    assert page.text.count("This one") == 1
    assert "Firefox on Android" in page.text
    assert officer.fills(page).response.url.path == "/sign-in"
    for person in (officer, phone):
        assert person.reads("/").response.url.path == "/sign-in"
    assert inspector.reads("/").response.url.path == "/"


def test_a_visit_ends_after_an_hour_alone_and_after_twelve_in_company(visit: Visit, desk: Office) -> None:
    officer = visit("pc.moss")
    for minutes in range(30, 12 * 60, 30):
        desk.minutes = minutes
        assert officer.reads("/").response.url.path == "/", minutes
    desk.minutes = 12 * 60 + 1
    assert officer.reads("/").response.url.path == "/sign-in"
    officer.signs_in("pc.moss", PASSWORD)
    desk.minutes += 59
    assert officer.reads("/").response.url.path == "/"
    desk.minutes += 60
    assert officer.reads("/").response.url.path == "/sign-in"


def test_a_page_view_seldom_writes_that_somebody_was_seen(visit: Visit, desk: Office) -> None:
    officer = visit("pc.moss")

    def seen() -> datetime:
        with desk.database.reading() as session:
            return session.scalars(select(models.StaffSession.seen_at)).one()

    began = seen()
    desk.minutes = 4
    officer.reads("/visits")
    assert seen() == began
    desk.minutes = 5
    officer.reads("/visits")
    assert seen() == began + timedelta(minutes=5)


@pytest.mark.parametrize("change", [{"password_hash": "another"}, {"role": Role.auditor}, {"active": False}])
def test_a_visit_ends_when_password_or_post_changes_or_its_owner_leaves(
    visit: Visit, desk: Office, change: dict[str, object]
) -> None:
    officer = visit("pc.moss")
    with desk.database.writing() as session:
        for name, value in change.items():
            setattr(session.get_one(Staff, "pc.moss"), name, value)
    assert officer.reads("/").response.url.path == "/sign-in"
    assert officer.reads("/visits").response.url.path == "/sign-in"


def test_whoever_comes_back_begins_anew(visit: Visit, desk: Office) -> None:
    officer = visit("pc.moss")
    with desk.database.writing() as session:
        let_go(session, "pc.moss", desk.now)
        take_back(session, "pc.moss")
    assert officer.reads("/").response.url.path == "/sign-in"


def test_what_was_typed_when_a_visit_ended_is_there_after_signing_in_again(visit: Visit) -> None:
    case = refers(visit)
    officer = visit("pc.moss")
    form = officer.reads(f"{case}/add-note")
    officer.client.cookies.clear()
    page = officer.fills(form, text='Rang "him";\n<will> come.')
    assert page.status == 401
    assert "Your visit has ended" in page.text
    wrong = officer.fills(page, password="not the password")
    assert wrong.status == 422
    page = officer.fills(wrong, username="pc.moss", password=PASSWORD)
    assert "What you typed is kept" in page.text
    page = officer.fills(page)
    assert page.response.url.path == f"{case}/add-note"
    assert page.form.values["text"] == ['Rang "him";\n<will> come.']
    assert "Rang" not in officer.reads(case).text
    assert officer.fills(page).status == 200
    assert "Rang" in officer.reads(case).text


def test_a_visit_that_ended_by_itself_loses_nothing_that_was_typed(visit: Visit, desk: Office) -> None:
    case = refers(visit)
    officer = visit("pc.moss")
    form = officer.reads(f"{case}/add-note")
    desk.on("2019-05-07")
    page = officer.fills(form, text="Rang him.")
    assert page.status == 401
    page = officer.fills(page, username="pc.moss", password=PASSWORD)
    assert officer.fills(page).form.values["text"] == ["Rang him."]


def test_a_form_of_an_earlier_visit_is_shown_again_to_its_owner_and_to_nobody_else(visit: Visit) -> None:
    case = refers(visit)
    officer = visit("pc.moss")
    form = officer.reads(f"{case}/add-note")
    officer.signs_in("pc.moss", PASSWORD)
    page = officer.fills(form, text="Rang him.")
    assert page.status == 200
    assert page.form.values["text"] == ["Rang him."]
    assert "Rang" not in officer.reads(case).text
    inspector = visit("insp.reed")
    assert inspector.sends(form.form, form.form.values | {"text": ["Mine now."]}, f"{case}/add-note").status == 403
    officer.client.cookies.clear()
    page = officer.fills(form, text="For my eyes.")
    page = officer.fills(page, username="insp.reed", password=PASSWORD)
    assert page.response.url.path == f"{case}/add-note"
    assert "For my eyes." not in page.response.text


def test_what_another_site_made_up_is_never_kept(visit: Visit) -> None:
    case = refers(visit)
    officer = visit("pc.moss")
    elsewhere = officer.reads(f"{case}/record-victim-views").form.values["keepsake"][0]
    officer.client.cookies.clear()
    for keepsake in ("", "made up", elsewhere):
        answer = officer.client.post(f"{case}/add-note", data={"text": "Hello.", "keepsake": keepsake})
        assert answer.status_code == 403
        assert "Hello." not in answer.text


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(visit: Visit) -> None:
    client = TestClient(visit("pc.moss").client.app)
    said = client.get("/sign-in").headers["set-cookie"].lower()
    assert "httponly" in said
    assert "samesite=lax" in said


def test_guessing_passwords_is_slowed_down_in_every_process_alike(visit: Visit, desk: Office) -> None:
    officer = visit("pc.moss")
    others = [create_app(desk.database, lambda: desk.now, SETTINGS) for _ in range(2)]
    strangers = [Person(TestClient(app, client=("192.0.2.7", 50000))) for app in others]
    for number in range(ACCOUNT.max_attempts):
        assert strangers[number % 2].signs_in("pc.moss", f"guess number {number}").status == 422
    for stranger in strangers:
        page = stranger.signs_in("pc.moss", PASSWORD)
        assert page.status == 429
        assert "Wait 1 minute, then try again" in page.text
        assert page.form.values["username"] == ["pc.moss"]
        assert int(page.response.headers["retry-after"]) == 60
    assert officer.signs_in("pc.moss", PASSWORD).status == 200  # from where the owner has been before
    desk.minutes += 1
    assert strangers[0].signs_in("pc.moss", PASSWORD).status == 200


def test_a_nonce_names_the_only_script_that_may_run_and_is_never_used_again(visit: Visit) -> None:
    said = [visit("pc.moss").reads("/help").response for _ in range(2)]
    nonces = [re.search(r"script-src 'nonce-([\w-]{20,})'", one.headers["content-security-policy"]) for one in said]
    assert nonces[0]
    assert nonces[1]
    assert nonces[0][1] != nonces[1][1]
    for one, nonce in zip(said, nonces, strict=True):
        assert re.findall(r"<script[^>]*>", one.text) == re.findall(
            rf'<script[^>]* nonce="{nonce and nonce[1]}">', one.text
        )


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
    assert headers["set-cookie"].startswith(f"__Host-{COOKIE_NAME}=")
    assert "secure" in headers["set-cookie"].lower()
    assert "max-age" in headers["strict-transport-security"]
