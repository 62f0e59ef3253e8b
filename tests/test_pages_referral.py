"""An officer refers somebody page by page, leaves off and goes on, and is told what the scheme would say."""

from collections.abc import Iterator

import pytest
from sqlalchemy import func, select

from api.desk.referrals import STEPS
from divert.casework.commands.referral import Refer
from divert.models import Case, Draft
from divert.worker.purge import purge
from tests.browsing import Visit, answers, begins, refers_this_person, through, visits
from tests.office import DALE, Office
from tests.service import SETTINGS


@pytest.fixture
def visit(desk: Office) -> Iterator[Visit]:
    with visits(desk) as opened:
        yield opened


def drafts(desk: Office) -> int:
    with desk.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Draft)) or 0


def test_every_question_of_a_referral_stands_on_exactly_one_page() -> None:
    asked = [name for step in STEPS for name in step.asks]
    assert sorted(asked) == sorted(Refer.model_fields)


def test_dale_is_referred_page_by_page(visit: Visit, desk: Office) -> None:
    officer = visit("pc.moss")
    page = through(officer, DALE)
    assert "What the scheme would say today" in page.text
    assert "Not yet known by the policy" in page.text
    assert "Ask next Has the person signed the agreement to be referred? You may refer" in page.text
    assert "Ashworth" in page.text
    assert "Ashworth" not in str(page.response.url)
    page = refers_this_person(officer, page)
    assert page.response.url.path == "/cases/D-19-0001"
    assert "Refer a person: recorded." in page.text
    assert drafts(desk) == 0
    with desk.open("D-19-0001") as case:
        assert case.person.surname == "Ashworth"
        assert case.facts["value_gbp"] == "24.50"


def test_what_was_begun_is_left_and_taken_up_again(visit: Visit, desk: Office) -> None:
    officer = visit("pc.moss")
    page = answers(officer, begins(officer), DALE)
    page = officer.sends(page.form, page.form.values | {"leave": ["yes"]}, str(page.response.url))
    assert "Dale Ashworth" in page.text
    desk.on("2019-05-07")
    officer = visit("pc.moss")
    page = officer.reads(
        next(to for words, to in officer.reads("/referrals").links.items() if words.startswith("Go on"))
    )
    assert "This is needed before you can refer." in page.text
    assert "11 March 1994" in page.text or "1994-03-11" in page.text


def test_nobody_else_can_open_it_and_a_week_later_it_is_gone(visit: Visit, desk: Office) -> None:
    officer = visit("pc.moss")
    address = begins(officer).response.url.path
    for other in ("pc.hale", "insp.reed", "m.stone"):
        assert visit(other).reads(address).status == 404
        assert "Go on with one" not in visit(other).reads("/referrals").text
    assert visit("k.ward").reads(address).status == 403
    desk.on("2019-05-13")
    assert visit("pc.moss").reads(address).status == 404
    purge(desk.database, lambda: desk.now, SETTINGS.evidence_folder)
    assert drafts(desk) == 0


def test_a_wrong_answer_is_told_on_its_page_and_kept_as_typed(visit: Visit) -> None:
    officer = visit("pc.moss")
    page = begins(officer)
    wrong = answers(officer, page, {**DALE, "postcode": "not a postcode"})
    assert wrong.status == 422
    assert "Postcode:" in wrong.text
    assert wrong.form.values["postcode"] == ["not a postcode"]
    assert wrong.form.values["surname"] == ["Ashworth"]
    assert "not a postcode" in officer.reads(str(page.response.url)).response.text
    assert officer.fills(wrong, postcode="").response.url.path.endswith("offence")


def test_what_is_needed_may_be_left_until_the_end_and_is_then_asked_for(visit: Visit, desk: Office) -> None:
    officer = visit("pc.moss")
    page = through(officer, {name: value for name, value in DALE.items() if name not in ("surname", "offence_on")})
    assert page.status == 200
    page = refers_this_person(officer, page)
    assert page.status == 422
    assert {"#surname", "#offence_on"} <= {to.replace("-day", "") for to in page.links.values()}
    with desk.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Case)) == 0
    person = page.links["Change surname"]
    officer.fills(officer.reads(person), surname="Ashworth")
    offence = page.links["Change date of the offence"]
    officer.fills(officer.reads(offence), offence_on="2019-04-30")
    page = officer.reads(str(page.response.url))
    assert refers_this_person(officer, page).response.url.path == "/cases/D-19-0001"


def test_a_second_referral_of_the_same_crime_is_refused_and_the_draft_stays(visit: Visit, desk: Office) -> None:
    ref = desk.refers()
    officer = visit("pc.moss")
    page = refers_this_person(officer, through(officer, DALE))
    assert page.status == 409
    assert ref in page.text
    assert drafts(desk) == 1


def test_a_draft_can_be_given_up(visit: Visit, desk: Office) -> None:
    officer = visit("pc.moss")
    page = through(officer, DALE)
    form = next(one for one in page.sheets if one.action.endswith("/give-up"))
    officer.sends(form, form.values, str(page.response.url))
    assert drafts(desk) == 0
