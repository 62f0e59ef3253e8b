"""People at the pages: everything is done by reading a page and sending the form it offers. No JavaScript is needed."""

import re
from collections.abc import Iterator
from threading import Barrier, Thread

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from api.app import create_app
from api.desk.referrals import STEPS
from divert.casework.lifecycle import FOR_PEOPLE
from divert.models import Access
from tests.browsing import Page, Person, Visit, asks, begins, refers, refers_this_person, visits
from tests.office import DALE, Office
from tests.ready import READY
from tests.service import SETTINGS, visiting


@pytest.fixture
def visit(desk: Office) -> Iterator[Visit]:
    with visits(desk) as opened:
        yield opened


def follows(person: Person, page: Page, link: str, **answers: object) -> Page:
    """Follow a link on a page to its form, fill it in, and arrive at the case again."""
    assert link in page.links, f"no {link!r} among {sorted(page.links)}"
    arrived = person.fills(person.reads(page.links[link]), **answers)
    assert arrived.status == 200, arrived.text
    return arrived


def confirms(person: Person, page: Page) -> Page:
    """Of a page that asks to check the answers first: confirm them."""
    form = next(one for one in page.sheets if "checked" in one.values)
    return person.sends(form, form.values, str(page.response.url))


def takes(visit: Visit, case: str, today: str) -> None:
    """Agreement, victim, eligibility, both decisions, keyworker, needs and contract."""
    officer, inspector, probation, keyworker = (visit(one) for one in ("pc.moss", "insp.reed", "p.lane", "k.ward"))
    page = follows(officer, officer.reads(case), "Record the referral agreement", signed_on=today)
    page = follows(
        officer, page, "Record the victim's views", views="obtained", contact_name="Ms Farrow", words="Wants payment."
    )
    page = follows(officer, page, "Check eligibility")
    assert "Eligible by the policy" in page.text
    follows(inspector, inspector.reads(case), "Decide for the police", accept="yes", reasons="First offence.")
    page = follows(probation, probation.reads(case), "Decide for probation", accept="yes", reasons="Will engage.")
    follows(probation, page, "Allocate to a keyworker", keyworker="k.ward")
    page = keyworker.reads(case)
    form = keyworker.reads(page.links["Assess needs"])
    asked = {name: value for name, value in form.form.values.items() if re.fullmatch(r"scores-\d+-need", name)}
    scores = {name.replace("-need", "-score"): 2 for name, value in asked.items() if value != [""]}
    page = keyworker.fills(form, stage="entry", **scores)
    assert page.status == 200, page.text
    form = keyworker.reads(page.links["Sign the contract"])
    form = keyworker.presses(form, "Add another condition", ends_on="2019-08-04")
    page = keyworker.fills(
        form, **{"conditions-3-code": "ALCOHOL_SUPPORT", "conditions-3-provider": "Local alcohol service"}
    )
    assert "Active since" in page.text


def test_dale_is_carried_from_referral_to_completion_by_forms_alone(visit: Visit, desk: Office) -> None:
    case = refers(visit)
    takes(visit, case, "2019-05-06")
    keyworker, probation = visit("k.ward"), visit("p.lane")
    page = follows(
        keyworker,
        keyworker.reads(case),
        "Book an appointment",
        starts_at="2019-05-15T10:00",
        purpose="First meeting",
        place="Community Safety Hub",
    )
    desk.on("2019-06-20")
    keyworker, probation = visit("k.ward"), visit("p.lane")
    form = keyworker.reads(page.links["Record attendance"])
    (booked,) = [one for one in form.form.offers["appointment"] if one]
    page = keyworker.fills(form, appointment=booked, held="yes", attended="yes")
    for number in ("2", "3", "4"):
        page = follows(
            keyworker, page, "Mark a condition as kept", condition=number, kept_on="2019-06-20", evidence="Seen."
        )
    form = keyworker.reads(page.links["Assess needs"])
    asked = {name: value for name, value in form.form.values.items() if re.fullmatch(r"scores-\d+-need", name)}
    scores = {name.replace("-need", "-score"): 1 for name, value in asked.items() if value != [""]}
    assert keyworker.fills(form, stage="exit", **scores).status == 200
    page = probation.reads(probation.reads(case).links["Complete the case"])
    page = probation.fills(page, outcome_code="22", explanation="All conditions kept.")
    assert "Check your answers" in page.text
    assert "Active since" in probation.reads(case).text
    page = confirms(probation, page)
    assert "Completed since 20 June 2019" in page.text
    assert "Outcome 22" in page.text
    assert "Completed" in visit("pc.moss").reads(case).text


def test_dale_breaks_the_contract_and_is_prosecuted_by_forms_alone(visit: Visit, desk: Office) -> None:
    case = refers(visit)
    takes(visit, case, "2019-05-06")
    keyworker, inspector = visit("k.ward"), visit("insp.reed")
    desk.on("2019-06-04")
    keyworker, inspector = visit("k.ward"), visit("insp.reed")
    follows(
        keyworker,
        keyworker.reads(case),
        "Report a breach",
        conditions=["2", "3"],
        occurred_on="2019-06-03",
        what="Missed two meetings running.",
        excuse_asked="yes",
        excuse="None given.",
    )
    page = inspector.reads(inspector.reads(case).links["Decide what follows"])
    page = inspector.fills(page, decision="end", probation_view="Has stopped coming.", reasons="Nothing to go on with.")
    page = confirms(inspector, page)
    assert "Returned since" in page.text
    page = inspector.reads(page.links["Record the charging decision"])
    page = confirms(inspector, inspector.fills(page, outcome_code="1", decided_on="2019-06-04", explanation="Charged."))
    assert "Prosecuted since 4 June 2019" in page.text


@pytest.mark.parametrize("slug", sorted(set(READY) - {"issue-document", "share-case"}))  # their own pages
def test_every_command_has_a_form_that_opens_and_asks_all_its_questions(slug: str, desk: Office) -> None:
    who, made = READY[slug]
    ref = made(desk)
    with TestClient(create_app(desk.database, lambda: desk.now, SETTINGS)) as client:
        person = Person(visiting(client, who))
        command = FOR_PEOPLE[slug]
        page = person.reads(person.reads(f"/cases/{ref}").links[command.title()])
        assert page.status == 200
        assert f"{command.title()}</h1>".replace("'", "&#39;") in page.response.text
        lists = [value for name, value in page.form.presses.values() if name == "another"]
        asked = {name.partition("-")[0] for name in (*page.form.values, *page.form.offers, *lists)}
        assert set(command.model_json_schema()["properties"] if command.model_fields else ()) <= asked


def test_what_has_a_closed_set_of_answers_is_chosen_never_typed(visit: Visit) -> None:
    officer = visit("pc.moss")
    address = begins(officer).response.url.path
    offers: dict[str, list[str]] = {}
    for step in STEPS:
        offers |= officer.reads(address.replace("person", step.slug)).form.offers
    assert offers["admission"] == ["yes", "no", "no reply", ""]
    assert offers["sex"] == ["M", "F", "X", "U", ""]
    assert offers["remorse"] == ["yes", "no", ""]
    assert {"offence_code", "ethnicity", "current_order", "detained", "victim_kind", "victim_views"} <= set(offers)


# What was typed stays


def test_a_wrong_answer_is_pointed_at_and_everything_typed_is_kept(visit: Visit) -> None:
    officer = visit("pc.moss")
    typed = {"date_of_birth": "31 June 1994", "surname": "O'Brien & Fry", "ethnicity": "W1", "complex_needs": "no"}
    page = officer.fills(asks(officer, "person"), **typed)
    assert page.status == 422
    assert page.text.startswith("Error: The person")
    assert page.links["Date of birth: This is not a date that exists. Write it like 27 3 2019."] == "#date_of_birth-day"
    assert 'id="date_of_birth-day"' in page.response.text
    boxes = [page.form.values[f"date_of_birth-{part}"] for part in ("day", "month", "year")]
    assert boxes == [["31"], ["June"], ["1994"]]
    assert page.form.values["surname"] == ["O'Brien & Fry"]
    assert page.form.values["complex_needs"] == ["no"]
    assert page.form.values["ethnicity"] == ["W1"]
    mended = officer.fills(page, date_of_birth="1994-06-30")
    assert mended.response.url.path.endswith("/offence")
    assert "O'Brien & Fry" in officer.reads(mended.response.url.path.replace("offence", "check")).text


def test_nothing_filled_in_names_everything_that_is_needed(visit: Visit) -> None:
    officer = visit("pc.moss")
    page = refers_this_person(officer, asks(officer, "check"))
    assert page.status == 422
    wanted = {"#crime_ref", "#surname", "#offence_code", "#offence_on-day"}
    assert wanted == set(re.findall(r'<li>\s*<a href="(#[^"]+)">', page.response.text))


def test_a_fault_in_a_row_is_pointed_at_in_its_row(visit: Visit, desk: Office) -> None:
    officer = visit("pc.moss")
    page = officer.presses(asks(officer, "offence"), "Add a further offence", crime_ref=DALE["crime_ref"])
    assert page.status == 200
    assert page.form.values["crime_ref"] == [DALE["crime_ref"]]
    further = {"further_offences-0-offence_code": "CJ67002", "further_offences-0-offence_on": "2019-04-"}
    page = officer.fills(page, **further)
    assert page.status == 422
    assert page.form.values["further_offences-0-offence_code"] == ["CJ67002"]
    assert page.form.values["further_offences-0-offence_on-month"] == ["04"]
    said = "Further offence 1, Date of the offence: This must include a day."
    assert page.links[said] == "#further_offences-0-offence_on-day"


def test_a_row_is_added_and_taken_out_and_nothing_else_is_lost(visit: Visit) -> None:
    officer = visit("pc.moss")
    page = officer.presses(asks(officer, "offence"), "Add a further offence", crime_ref=DALE["crime_ref"])
    page = officer.presses(page, "Add another further offence", **{"further_offences-0-offence_code": "CJ67002"})
    page = officer.presses(page, "Remove further offence 1", **{"further_offences-1-offence_code": "TH68010"})
    assert page.form.values["further_offences-0-offence_code"] == ["TH68010"]
    assert "further_offences-1-offence_code" not in page.form.values
    assert page.form.values["crime_ref"] == [DALE["crime_ref"]]
    assert not [one for one in officer.reads("/").links if one.startswith("D-19-")]


def test_a_refusal_shows_every_reason_and_keeps_what_was_typed(visit: Visit) -> None:
    case = refers(visit)
    takes(visit, case, "2019-05-06")
    keyworker = visit("k.ward")
    form = keyworker.reads(keyworker.reads(case).links["Report a breach"])
    page = keyworker.fills(
        form,
        conditions=["2"],
        occurred_on="2019-05-01",
        what="Did not come.",
        excuse_asked="no",
        excuse="No time",
    )
    assert page.status == 409
    assert "outside the contract's term" in page.text
    assert "Ask the person for their reasonable excuse" in page.text
    assert page.form.values["what"] == ["Did not come."]
    assert page.form.values["conditions"] == ["2"]
    assert keyworker.fills(page, occurred_on="2019-05-06", excuse_asked="yes").status == 200


def test_whoever_was_slower_is_told_keeps_what_they_typed_and_may_send_it_again(visit: Visit) -> None:
    case = refers(visit)
    officer, inspector = visit("pc.moss"), visit("insp.reed")
    form = officer.reads(officer.reads(case).links["Add a note"])
    follows(inspector, inspector.reads(case), "Add a note", text="Seen the tape.")
    page = officer.fills(form, text="Rang him;\nwill come.")
    assert page.status == 409
    assert "The case has changed since you opened it" in page.text
    assert page.form.values["text"] == ["Rang him;\nwill come."]
    page = officer.fills(page)
    assert page.status == 200
    assert "Rang him;" in officer.reads(case).text


def test_whoever_was_slower_reads_what_happened_meanwhile_beside_what_they_typed(visit: Visit) -> None:
    case = refers(visit)
    officer, inspector = visit("pc.moss"), visit("insp.reed")
    form = officer.reads(officer.reads(case).links["Add a note"])
    follows(inspector, inspector.reads(case), "Add a note", text="Seen the tape: it is not him.")
    page = officer.fills(form, text="Rang him.")
    assert "What has happened since you opened this form" in page.text
    assert "insp.reed" in page.text
    told = page.text.partition("What has happened since")[2]
    assert "Add a note" in told
    assert "Refer a person" not in told


def test_needs_are_scored_one_row_a_need(desk: Office) -> None:
    who, made = READY["assess-needs"]
    ref = made(desk)
    with TestClient(create_app(desk.database, lambda: desk.now, SETTINGS)) as client:
        keyworker = Person(visiting(client, who))
        page = keyworker.reads(f"/cases/{ref}/assess-needs")
        scores = {name: 0 for name in page.form.values if name.endswith("-score")}
        last = max(scores)
        page = keyworker.fills(page, stage="entry", **{**scores, "scores-0-linked": "yes", last: 11})
        assert page.status == 422
        assert f"#{last}" in page.links.values()
        assert page.form.values["scores-0-linked"] == ["yes"]
        assert keyworker.fills(page, **{last: ""}).status == 422
        assert keyworker.fills(page, **{last: 10}).status == 200


def test_two_who_decide_at_once_by_form_one_wins_and_the_other_loses_nothing(visit: Visit) -> None:
    case = refers(visit)
    officer, inspector, probation = visit("pc.moss"), visit("insp.reed"), visit("p.lane")
    page = follows(officer, officer.reads(case), "Record the referral agreement", signed_on="2019-05-06")
    page = follows(officer, page, "Record the victim's views", views="declined", contact_name="Ms Farrow")
    follows(officer, page, "Check eligibility")
    forms = [
        (person, person.reads(person.reads(case).links[link]))
        for person, link in ((inspector, "Decide for the police"), (probation, "Decide for probation"))
    ]
    ready, answered = Barrier(2), []

    def decides(person: Person, form: Page) -> None:
        ready.wait(timeout=30)
        answered.append(person.fills(form, accept="yes", reasons="A first offence, fully admitted."))

    threads = [Thread(target=decides, args=each) for each in forms]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(one.status for one in answered) == [200, 409]
    lost = next(one for one in answered if one.status == 409)
    assert lost.form.values["reasons"] == ["A first offence, fully admitted."]
    assert lost.form.values["accept"] == ["yes"]


# What may be seen and done


def test_a_closed_form_says_why_instead_of_opening(visit: Visit) -> None:
    case = refers(visit)
    page = visit("insp.reed").reads(f"{case}/check-eligibility")
    assert page.status == 409
    assert "The agreement has not been signed" in page.text
    assert not [one for one in page.sheets if one.method == "post" and one.action != "/sign-out"]
    assert visit("pc.moss").reads(f"{case}/decide-for-police").status == 403
    assert visit("pc.moss").reads(f"{case}/fly").status == 404


def test_another_officer_finds_nothing(visit: Visit) -> None:
    case = refers(visit)
    page = visit("pc.hale").reads(case)
    assert page.status == 404
    assert DALE["surname"] not in page.text
    assert case not in visit("pc.hale").reads("/").links.values()


def test_the_board_and_the_panel_have_their_own_pages_and_no_case(visit: Visit) -> None:
    case = refers(visit)
    for username, page in (("b.field", "/board"), ("c.marsh", "/panel/draws")):
        arrived = visit(username).reads("/")
        assert arrived.status == 200
        assert arrived.response.url.path == page
        for address in (case, f"{case}/add-note", "/referrals", "/pre-check"):
            refused = visit(username).reads(address)
            assert refused.status in (403, 404)
            assert DALE["surname"] not in refused.text


def test_a_page_of_a_case_is_a_consultation_on_record(visit: Visit, desk: Office) -> None:
    case = refers(visit)
    visit("insp.reed").reads(case)
    with desk.database.reading() as session:
        logged = session.scalars(select(Access).where(Access.by == "insp.reed")).all()
    assert ("consultation", case.rpartition("/")[2]) in {(one.kind, one.case_ref) for one in logged}
