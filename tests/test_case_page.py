"""A case's page: where it stands, how much time is left, what came late, and that somebody else has changed it."""

from collections.abc import Iterator
from datetime import date

import pytest
from playwright.sync_api import Browser
from starlette.testclient import TestClient

from api.app import create_app
from api.case.support_view import support_view
from api.case.view import case_view
from api.case.words import appointments, due_deadlines, needs
from divert.casework.commands.appointments import BookAppointment, RescheduleAppointment
from divert.casework.commands.conditions import CorrectCondition, MarkConditionKept
from divert.casework.commands.record import AddNote
from divert.casework.commands.support import AssessNeeds
from divert.law.rulebook import rulebook
from divert.models import State
from divert.people.staff import Actor
from divert.records.ledger import entries_of
from tests.browsing import Person
from tests.office import ENTRY, INSPECTOR, KEYWORKER, OFFICER, OTHER_OFFICER, Office
from tests.service import SETTINGS, serving, visiting
from tests.test_pages_seen import come_in


@pytest.fixture
def client(desk: Office) -> Iterator[TestClient]:
    with TestClient(create_app(desk.database, lambda: desk.now, SETTINGS)) as opened:
        yield opened


def as_(client: TestClient, who: Actor) -> Person:
    return Person(visiting(client, who))


def test_the_clock_says_how_long_is_left_what_the_contract_leaves_and_why(desk: Office, client: TestClient) -> None:
    ref = desk.case_in(State.active, offence_code="CJ88116", offence_on="2019-04-30")
    page = as_(client, KEYWORKER).reads(f"/cases/{ref}")
    with desk.open(ref) as case:
        limit = case.limit_on
    assert limit == date(2019, 10, 30)
    assert "The clock: 177 days left" in page.text
    assert "The contract's last day is 4 August 2019. If it failed only then, 87 days would be left." in page.text
    assert "A contract must end by" in page.text
    assert "s.127" in page.text
    desk.on("2019-10-30")
    assert "The clock: today is the last day" in as_(client, KEYWORKER).reads(f"/cases/{ref}").text
    desk.on("2019-10-31")
    page = as_(client, KEYWORKER).reads(f"/cases/{ref}")
    assert "The clock: the limit has passed" in page.text
    assert "divert-clock--near" in page.response.text


def test_what_may_be_done_is_told_apart_by_whether_it_moves_the_case(desk: Office, client: TestClient) -> None:
    ref = desk.case_in(State.active)
    page = as_(client, INSPECTOR).reads(f"/cases/{ref}")
    moves, _, rest = page.text.partition("Add to the record")
    assert "Report a breach" in moves
    assert "Add a note" in rest
    assert "'Decide what follows' is not done while a case is active." in rest


def test_evidence_that_came_late_shows_both_its_days(desk: Office, client: TestClient) -> None:
    ref = desk.case_in(State.active)
    desk.on("2019-05-20").does(KEYWORKER, MarkConditionKept(condition=2, kept_on=desk.today, evidence="Seen."), ref)
    late = CorrectCondition(condition=3, kept=True, effective_on=date(2019, 5, 10), evidence="Their sheet, found now.")
    desk.on("2019-06-11").does(KEYWORKER, late, ref)
    text = as_(client, KEYWORKER).reads(f"/cases/{ref}").text
    assert "Kept, true of 10 May 2019: Their sheet, found now. Recorded on 11 June 2019" in text
    assert text.count("Recorded afterwards.") == 1
    assert "Kept on 20 May 2019, in time." in text


def test_meetings_to_come_stand_first_and_a_moved_one_says_where_it_went(desk: Office) -> None:
    ref = desk.case_in(State.active)
    said = {"starts_at": "2019-05-15T10:00", "purpose": "Progress", "place": "Hub"}
    first = desk.does(KEYWORKER, BookAppointment.model_validate(said), ref).version
    series = {**said, "starts_at": "2019-06-04T10:00", "every_weeks": 1, "until_on": "2019-06-18"}
    desk.does(KEYWORKER, BookAppointment.model_validate(series), ref)
    moved = {"appointment": first, "starts_at": "2019-05-17T11:00", "asked_by": "client", "why": "New shift."}
    desk.does(KEYWORKER, RescheduleAppointment.model_validate(moved), ref)
    with desk.database.reading() as session:
        case = desk.find(session, ref)
        found = appointments(support_view(case, entries_of(session, case), {}, KEYWORKER), desk.on("2019-06-05").now)
    assert [one.more for one in found.ahead] == [
        ["Meeting 2 of 3 of a series."],
        ["Meeting 3 of 3 of a series."],
    ]
    assert [(one.became, one.more) for one in found.unsaid] == [
        ("Booked.", ["Moved from 15 May 2019, 10:00am."]),
        ("Booked.", ["Meeting 1 of 3 of a series."]),
    ]
    assert [(one.became, one.more) for one in found.past] == [("Moved.", ["Moved to 17 May 2019, 11:00am."])]


def test_needs_stand_entry_against_exit(desk: Office) -> None:
    ref = desk.case_in(State.active)
    desk.on("2019-06-20")
    scores = [{**one, "score": 1, "linked": "no"} for one in ENTRY["scores"]]
    desk.does(KEYWORKER, AssessNeeds.model_validate({"stage": "exit", "scores": scores}), ref)
    with desk.database.reading() as session:
        case = desk.find(session, ref)
        shown = case_view(case, KEYWORKER, entries_of(session, case)).support
    assert shown
    alcohol = next(one for one in needs(shown.needs, rulebook().needs) if one.title == "Alcohol")
    assert alcohol[1:] == (4, None, 1, "3 less", True)
    assert {one.change for one in needs(shown.needs, rulebook().needs)} == {"3 less", "the same"}


def test_like_deadlines_are_told_once_and_reminders_of_the_limit_not_at_all(desk: Office) -> None:
    ref = desk.case_in(State.active)
    with desk.database.reading() as session:
        case = desk.find(session, ref)
        shown = case_view(case, KEYWORKER, entries_of(session, case))
    told = due_deadlines(shown)
    assert [one.due_on for one in told] == sorted(one.due_on for one in told)
    assert {one.title: one.times for one in told}["Keep a condition"] == 4
    assert {one.whose for one in told} == {KEYWORKER.username}
    assert not [one for one in told if "limit" in one.title.lower()]


def test_all_that_happened_can_be_reached_however_long_it_is(desk: Office, client: TestClient) -> None:
    ref = desk.refers()
    for number in range(60):
        desk.does(OFFICER, AddNote(text=f"Note {number}."), ref)
    person = as_(client, OFFICER)
    page = person.reads(f"/cases/{ref}")
    assert page.response.text.count('class="moj-timeline__item"') == 20
    whole = person.reads(page.links["All 61 entries"])
    assert "Note 59." in whole.text
    assert "Entries 12 to 61 of 61" in whole.text
    first = person.reads(whole.links["Earlier entries"])
    assert "Entries 1 to 11 of 61" in first.text
    assert person.reads(first.links["Latest entries"]).text == whole.text
    assert as_(client, OTHER_OFFICER).reads(f"/cases/{ref}/history").status == 404


def test_the_version_is_asked_for_cheaply_and_only_by_those_who_may_know(desk: Office, client: TestClient) -> None:
    ref = desk.refers()
    person = as_(client, OFFICER)
    answer = person.client.get(f"/cases/{ref}/version")
    assert (answer.json(), answer.headers["ETag"]) == ({"version": 1}, '"1"')
    assert person.client.get(f"/cases/{ref}/version", headers={"If-None-Match": '"1"'}).status_code == 304
    desk.does(INSPECTOR, AddNote(text="Rang."), ref)
    assert person.client.get(f"/cases/{ref}/version", headers={"If-None-Match": '"1"'}).json() == {"version": 2}
    assert as_(client, OTHER_OFFICER).client.get(f"/cases/{ref}/version").status_code == 404


def test_a_page_says_that_somebody_else_changed_the_case_and_stays_as_it_is(desk: Office, browser: Browser) -> None:
    ref = desk.refers()
    with serving(create_app(desk.database, lambda: desk.now, SETTINGS)) as address:
        context = come_in(browser, address, OFFICER)
        page = context.new_page()
        page.clock.install()
        page.goto(f"{address}/cases/{ref}", wait_until="networkidle")
        with page.expect_response("**/version") as asked:
            page.clock.fast_forward(31_000)
        assert asked.value.status == 304
        assert not page.locator("[data-watched]").inner_text()
        desk.does(INSPECTOR, AddNote(text="Rang."), ref)
        page.clock.fast_forward(31_000)
        page.get_by_role("link", name="Show it as it is now").wait_for()
        assert "at version 2" in page.locator("[data-watched]").inner_text()
        assert "version 1" in page.locator("h1").inner_text()
        context.close()
