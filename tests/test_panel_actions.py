"""After a meeting: what the panel asked for is followed, the force answers it, and no case is touched by any of it."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from starlette.testclient import TestClient

from divert.casework.lifecycle import COMMANDS, TRANSITIONS
from divert.models import Role
from divert.records.meetings import all_meetings
from divert.scrutiny.actions import actions
from tests.browsing import Person
from tests.office import CAST, COORDINATOR, DALE, INSPECTOR, MEMBER, Office
from tests.ready import example
from tests.service import Service, service, visiting
from tests.test_meeting import PACKS, agrees, all_score, does, summer


@pytest.fixture
def room(desk: Office) -> Iterator[Service]:
    """The first meeting, at the service."""
    summer(desk)
    desk.on("2019-07-10")
    with service(desk) as counter:
        yield counter


def test_nobody_of_the_panel_can_do_anything_to_a_case(desk: Office) -> None:
    """Every command there is, asked for by the coordinator and by a member of a meeting that the case is before."""
    summer(desk)
    ref = desk.refs[0]
    panel = (Role.panel_coordinator, Role.panel_member)
    assert [rule.command.slug() for rule in TRANSITIONS if set(rule.by) & set(panel)] == []

    def stands() -> tuple[int, str]:
        with desk.open(ref) as case:
            return case.version, case.head

    before = stands()
    with service(desk.on("2019-07-10")) as counter:
        for who in (COORDINATOR, MEMBER):
            for slug, command in COMMANDS.items():
                answer = counter.does(who, slug, ref, example(command), If_Match=f'"{before[0]}"')
                assert answer.status_code in (403, 404), (who.username, slug, answer.text)
                page = visiting(counter.client, who).get(f"/cases/{ref}/{slug}")
                assert page.status_code in (403, 404), (who.username, slug)
            opened_by_them = counter.ask(who, "POST", "/api/cases", DALE)
            assert opened_by_them.status_code == 403
    assert stands() == before


def learnt(office: Office, pack: str = "completed-1", **more: Any) -> None:
    """A finding from which somebody is to learn something."""
    all_score(office, pack, 2, 2)
    learning = {"learning": "Tell the victim sooner.", "learning_for": "team", "owner": "Police team lead"}
    agrees(office, pack, 2, **{**learning, "due_on": "2019-09-30", **more})


def test_what_was_asked_for_is_followed_until_it_is_closed(office: Office) -> None:
    summer(office)
    learnt(office)
    all_score(office, "refused-1", 3, 3)
    agrees(office, "refused-1", 3)

    def found() -> list[tuple[str, bool, bool, bool]]:
        with office.database.reading() as session:
            return [
                (one.pack, one.overdue(date(2019, 9, 30)), one.overdue(date(2019, 10, 1)), one.closed)
                for one in actions(all_meetings(session))
            ]

    assert found() == [("completed-1", False, True, False), ("refused-1", False, False, False)]
    does(office, INSPECTOR, "record-response", pack="completed-1", response="A briefing is planned.", closed="no")
    assert found()[0] == ("completed-1", False, True, False)
    does(office, INSPECTOR, "record-response", pack="completed-1", response="The team was briefed.", closed="yes")
    assert found() == [("refused-1", False, False, False), ("completed-1", False, False, True)]


def test_what_has_no_conclusion_yet_or_nothing_to_learn_is_no_action(office: Office) -> None:
    summer(office)
    for pack, score in zip(PACKS, (1, 4), strict=True):
        all_score(office, pack, score, score)
        agrees(office, pack, score)
    with office.database.reading() as session:
        assert actions(all_meetings(session)) == []


def test_the_force_answers_by_its_page_and_sees_what_is_asked_and_not_who_scored_what(
    room: Service, desk: Office
) -> None:
    learnt(desk)
    desk.on("2019-10-01")
    coordinator, inspector = (Person(visiting(TestClient(room.client.app), who)) for who in (COORDINATOR, INSPECTOR))
    listed = coordinator.reads("/panel/actions")
    assert "1 open, 1 overdue." in listed.text
    assert "30 September 2019 overdue Police team lead Learning for the team: Tell the victim sooner." in listed.text
    page = inspector.reads("/panel/actions")
    assert "As I see it." not in page.text
    form = inspector.reads(page.links["Respond"])
    done = inspector.fills(form, response="The team was briefed.", closed="yes")
    assert (done.status, done.response.url.path) == (200, "/panel/actions")
    assert "Nothing is open." in done.text
    assert "The team was briefed." in done.text
    for address in ("/panel/meetings", "/panel/meetings/1", "/panel/meetings/1/packs/completed-1"):
        assert inspector.reads(address).status == 403
    said = {"pack": "completed-1", "response": "And again in May.", "closed": "yes"}
    answer = room.ask(INSPECTOR, "POST", "/api/panel/meetings/1/record-response", said)
    assert [(one["response"], one["closed"]) for one in answer.json()] == [("And again in May.", True)]
    assert [
        who.role.value for who in CAST if room.ask(who, "GET", "/api/panel/actions").status_code == 200
    ] == ["police_team_lead", "police_team_lead", "project_manager", "panel_coordinator", "auditor"]  # fmt: skip


def test_a_finding_names_the_rule_it_doubts_among_those_that_judged_the_case(room: Service, desk: Office) -> None:
    all_score(desk, "refused-1", 2, 2)
    coordinator = Person(visiting(TestClient(room.client.app), COORDINATOR))
    form = coordinator.reads("/panel/meetings/1/agree-finding?pack=refused-1")
    assert {"", "first_time", "admission"} <= set(form.form.offers["doubts"])
    before = desk.state(desk.refs[1])
    done = coordinator.fills(form, score="2", reason="One old theft.", doubts="first_time")
    link = done.links["first time, of 2019-04-01-full"]
    assert link == "/policies/2019-04-01-full#rule-first_time"
    assert 'id="rule-first_time"' in coordinator.reads(link).response.text
    inspector = Person(visiting(TestClient(room.client.app), INSPECTOR))
    rehearsal = inspector.reads(inspector.reads("/panel/actions").links["Rehearse a change of first time"])
    assert 'id = "first_time"' in rehearsal.form.values["text"][0]
    assert "Rehearse a change of first time" not in coordinator.reads("/panel/actions").links
    assert desk.state(desk.refs[1]) == before
