"""The worklist: what is due stands first, each finds their own, and no name ever stands in an address."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event, text
from starlette.testclient import TestClient

from api.app import create_app
from api.case.listing import Filters, cases, count_cases
from api.desk.worklist import views
from bench.population import populate
from divert.casework.commands.breach import DecideBreach
from divert.casework.commands.decisions import DecideForPolice
from divert.casework.commands.record import SetSensitivity
from divert.casework.commands.support import Allocate
from divert.casework.deadlines import in_somebodys_hands
from divert.clock import london_date, system_clock
from divert.db import Database
from divert.models import Access, Case, Sensitivity, State
from divert.people.staff import Actor
from tests.browsing import Page, Person, Sheet
from tests.office import (
    AUDITOR,
    INSPECTOR,
    KEYWORKER,
    MANAGER,
    OFFICER,
    OTHER_KEYWORKER,
    OTHER_OFFICER,
    PROBATION_LEAD,
    Office,
)
from tests.service import SETTINGS, visiting


@pytest.fixture
def client(desk: Office) -> Iterator[TestClient]:
    with TestClient(create_app(desk.database, lambda: desk.now, SETTINGS)) as opened:
        yield opened


def as_(client: TestClient, who: Actor) -> Person:
    return Person(visiting(client, who))


def listed(page: Page) -> list[str]:
    """The cases of a page, in its order."""
    assert page.status == 200, page.text
    return re.findall(r'href="/cases/(D-\d\d-\d{4})"', page.response.text)


def sought(person: Person, words: str) -> Page:
    """What a search for words finds."""
    page = person.reads("/")
    form = next(one for one in page.sheets if one.action == "/search")
    return person.sends(form, {**form.values, "q": [words]}, str(page.response.url))


# Whose work it is


def test_each_begins_with_what_waits_for_them_the_nearest_deadline_first(desk: Office, client: TestClient) -> None:
    referred = desk.refers(crime_ref="CVP-19-1")
    active = desk.case_in(State.active, crime_ref="CVP-19-2")
    decided = desk.case_in(State.under_decision, crime_ref="CVP-19-3")
    desk.does(INSPECTOR, DecideForPolice(accept=True, reasons="First offence."), decided)
    assert listed(as_(client, KEYWORKER).reads("/")) == [active]
    assert listed(as_(client, OTHER_KEYWORKER).reads("/")) == []
    assert listed(as_(client, INSPECTOR).reads("/")) == [referred]
    assert listed(as_(client, PROBATION_LEAD).reads("/")) == [decided]
    assert listed(as_(client, AUDITOR).reads("/")) == [referred, decided, active]
    assert listed(as_(client, OFFICER).reads("/")) == [referred, decided, active]
    assert listed(as_(client, OTHER_OFFICER).reads("/")) == []


def test_a_missed_deadline_is_overdue_and_then_its_case_waits_for_the_next_person_up(
    desk: Office, client: TestClient
) -> None:
    ref = desk.case_in(State.under_decision)
    desk.on("2019-05-10")
    page = as_(client, INSPECTOR).reads("/?view=team&due=overdue")
    assert listed(page) == [ref]
    assert "overdue" in page.text
    assert listed(as_(client, INSPECTOR).reads("/?view=team&due=today")) == [ref]
    assert "Only: deadline Overdue" in page.text
    desk.on("2019-05-09")
    assert listed(as_(client, INSPECTOR).reads("/?view=team&due=overdue")) == []


def test_a_case_taken_and_given_to_nobody_is_without_a_keyworker(desk: Office, client: TestClient) -> None:
    accepted = desk.case_in(State.accepted, crime_ref="CVP-19-1")
    desk.refers(crime_ref="CVP-19-2")
    lead = as_(client, PROBATION_LEAD)
    page = lead.reads("/?view=unallocated")
    assert listed(page) == [accepted]
    assert "Allocate a keyworker" in page.text
    desk.does(PROBATION_LEAD, Allocate(keyworker=KEYWORKER.username), accepted)
    assert listed(lead.reads("/?view=unallocated")) == []


def test_an_ended_case_stays_on_a_list_while_its_victim_is_to_be_told(desk: Office, client: TestClient) -> None:
    returned = desk.case_in(State.completed)
    assert listed(as_(client, MANAGER).reads("/?view=team")) == []
    assert listed(as_(client, MANAGER).reads("/?view=ended")) == [returned]
    assert "Tell the victim" in as_(client, MANAGER).reads("/?view=ended").text


def test_a_time_limit_that_is_near_stands_before_all_else(desk: Office, client: TestClient) -> None:
    near = desk.case_in(State.under_decision, crime_ref="CVP-19-1", offence_on="2019-04-30")
    desk.on("2019-10-05").refers(crime_ref="CVP-19-2", offence_on="2019-10-01")
    page = as_(client, MANAGER).reads("/?view=team")
    first = page.response.text.partition("Look at these first")[2]
    assert listed(page)[0] == near
    assert re.findall(r"D-19-\d{4}", first)[0] == near
    assert "25 days left" in page.text
    assert "kept as a precaution" in page.text
    desk.on("2019-11-01")
    page = as_(client, MANAGER).reads("/?view=risk")
    assert listed(page) == [near]
    assert "passed" in page.text
    desk.on("2019-10-01")
    assert "Look at these first" not in as_(client, MANAGER).reads("/?view=team").text


def test_a_restricted_case_is_in_no_list_of_those_who_may_not_know_of_it(desk: Office, client: TestClient) -> None:
    ref = desk.case_in(State.active)
    desk.does(INSPECTOR, SetSensitivity(level=Sensitivity.restricted, reason="Known to staff."), ref)
    assert listed(as_(client, OTHER_KEYWORKER).reads("/?view=team")) == []
    assert "All open 0" in as_(client, OTHER_KEYWORKER).reads("/").text
    assert "No case fits" in sought(as_(client, OTHER_KEYWORKER), "ashworth").text
    assert listed(as_(client, KEYWORKER).reads("/?view=team")) == [ref]


# Finding, narrowing, keeping


def test_words_are_posted_and_the_answer_is_the_page_itself(desk: Office, client: TestClient) -> None:
    ref = desk.case_in(State.active, pnc_id="2019/0012345G")
    person = as_(client, MANAGER)
    for words in ("ashw", "Dale Ash", "2019/0012345G", "CVP-19-100001"):
        page = sought(person, words)
        assert listed(page) == [ref], words
        assert page.response.url.path == "/search"
        assert not page.response.url.query
    assert sought(person, ref.lower()).response.url.path == f"/cases/{ref}"
    for address in (one for page in (page, person.reads("/")) for one in page.links.values()):
        assert "shworth" not in address
        assert "0012345" not in address
    assert person.reads("/?q=Ashworth").status == 422
    assert sought(person, "").response.url.path == "/"


def test_what_is_found_is_paged_and_so_are_the_lists(desk: Office, client: TestClient) -> None:
    refs = [desk.refers(crime_ref=f"CVP-19-{place}", surname=f"Brook{'ab'[place % 2]}") for place in range(30)]
    person = as_(client, MANAGER)
    first = person.reads("/?view=team")
    second = person.reads(first.links["Next page"])
    assert listed(first) + listed(second) == refs
    assert person.reads(second.links["First page"]).links.keys() >= {"Next page"}
    found = sought(person, "brook")
    more = person.sends(found.form, found.form.values, str(found.response.url))
    assert listed(found) + listed(more) == refs[::-1]
    assert "All open 30" in first.text


def test_a_list_is_narrowed_kept_under_a_name_and_removed(desk: Office, client: TestClient) -> None:
    desk.refers(crime_ref="CVP-19-1")
    there = desk.refers(crime_ref="CVP-19-2", district="E06000002", surname="Brook")
    person = as_(client, MANAGER)
    page = person.reads("/?view=team&district=E06000002&state=referred")
    assert listed(page) == [there]
    assert "Only: where it stands Referred , district Middlesbrough" in page.text
    form = next(one for one in page.sheets if one.action == "/saved-filters")
    refused = person.sends(form, {**form.values, "name": [" "]}, str(page.response.url))
    assert refused.status == 422
    assert "Give it a name" in refused.text
    kept = person.sends(form, {**form.values, "name": ["Middlesbrough, new"]}, str(page.response.url))
    assert listed(kept) == [there]
    assert listed(person.reads(person.reads("/").links["Middlesbrough, new"])) == [there]
    assert "Middlesbrough, new" not in as_(client, INSPECTOR).reads("/").text
    page = as_(client, MANAGER).reads("/")
    form = next(one for one in page.sheets if one.action == "/saved-filters/remove")
    assert "Middlesbrough, new" not in person.sends(form, form.values, str(page.response.url)).text
    other = Sheet("/saved-filters", "post", {**form.values, "query": ["surname=Ashworth"]})
    assert person.sends(other, other.values, str(page.response.url)).status == 422


def test_an_address_that_asks_for_what_there_is_not_is_refused(client: TestClient) -> None:
    for query in ("view=theirs", "due=soon", "order=random", "state=gone", "cursor=x", "colour=red"):
        assert as_(client, MANAGER).reads(f"/?{query}").status == 422, query


def test_looking_at_a_list_and_searching_are_on_record_without_the_words(desk: Office, client: TestClient) -> None:
    sought(as_(client, MANAGER), "ashworth")
    with desk.database.reading() as session:
        logged = [one.what for one in session.query(Access).where(Access.by == MANAGER.username)]
    assert logged == ["worklist", "search of cases"]


# The cost of a list


@contextmanager
def statements(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """Every statement that is sent meanwhile."""
    said: list[tuple[str, Any]] = []

    def keep(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        said.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", keep)
    yield said
    event.remove(database.engine, "before_cursor_execute", keep)


def test_a_longer_list_takes_no_more_statements(desk: Office, client: TestClient) -> None:
    person, counts = as_(client, MANAGER), []
    for place in range(12):
        desk.refers(crime_ref=f"CVP-19-{place}")
        if place in (0, 11):
            person.reads("/")  # that somebody is here again is noted, once in a while
            with statements(desk.database) as said:
                assert len(listed(person.reads("/?view=team"))) == place + 1
            counts.append(len(said))
    assert counts[0] == counts[1] < 12


SLOW = re.compile(r"SCAN cases$|SCAN (people|deadlines|name_words)|TEMP B-TREE FOR ORDER|Seq Scan|Sort Key")
TODAY = date(2019, 5, 6)


@pytest.mark.parametrize("who", [KEYWORKER, MANAGER], ids=lambda who: who.username)
def test_every_list_is_read_off_an_index_in_its_order(database: Database, who: Actor) -> None:
    """So that it costs the same at a thousand cases and at a million. bench/ measures it."""
    populate(database, 400, stories=30)
    explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
    slow = []
    with database.reading() as session:
        if not database.is_sqlite:  # of so few cases it would rather read all
            session.execute(text("SET enable_seqscan = off"))
            session.execute(text("SET enable_bitmapscan = off"))
            session.execute(text("SET enable_sort = off"))
        for name, view in views(who, london_date(system_clock())).items():
            found = cases(session, who, view.cases.model_copy(update={"limit": 2}))
            onward = view.cases.model_copy(update={"cursor": found.next})
            with statements(database) as said:
                cases(session, who, onward)
                count_cases(session, who, [view.cases], 100)
            for statement, parameters in (one for one in said if "deadlines" not in one[0]):
                plan = session.connection().exec_driver_sql(explain + statement, parameters)
                lines = ["".join(str(cell) for cell in row[-1:]) for row in plan]
                slow += [f"{name}: {line}" for line in lines if SLOW.search(line) and name != "all"]
    assert slow == []


def test_the_next_deadline_on_a_case_is_that_of_its_deadlines_all_along(office: Office) -> None:
    for state in State:
        office.on("2019-05-06").case_in(state, crime_ref=f"CVP-19-{state}")
    ended = office.on("2019-05-06").case_in(State.breach_review, crime_ref="CVP-19-x")
    office.does(INSPECTOR, DecideBreach(decision="continue", probation_view="Yes.", reasons="A first slip."), ended)
    with office.database.reading() as session:
        for case in session.query(Case):
            waiting = next(in_somebodys_hands(case), None)
            assert case.due_on == (waiting.due_on if waiting else None)
            assert (case.held_by is None) == (waiting is None)
        assert session.query(Case).count() == len(State) + 1
        soon = cases(session, MANAGER, Filters(open_only=True, due_before=TODAY + timedelta(days=400)))
        assert {one.owner for one in soon.cases} >= {"Police team lead", KEYWORKER.username}
