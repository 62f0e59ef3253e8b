"""Putting the facts right at a page: only what is answered changes, and what stands is shown before it is changed."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from divert.models import LedgerEntry
from tests.browsing import Page, Person, Visit, refers, visits
from tests.office import OFFICER, Office
from tests.service import SETTINGS, visiting

FURTHER = [
    {"offence_code": "CJ67002", "offence_on": "2019-04-29", "offence_force": "17"},
    {"offence_code": "TH68010", "offence_on": "2019-04-28", "value_gbp": "3.50"},
]


@pytest.fixture
def visit(desk: Office) -> Iterator[Visit]:
    with visits(desk) as opened:
        yield opened


@pytest.fixture
def officer(desk: Office) -> Iterator[Person]:
    """The officer who referred a case of three offences."""
    desk.refers(further_offences=FURTHER)
    with TestClient(create_app(desk.database, lambda: desk.now, SETTINGS)) as client:
        yield Person(visiting(client, OFFICER))


def opens(officer: Person) -> Page:
    """The form that corrects the facts."""
    return officer.reads("/cases/D-19-0001/correct-facts")


def further(desk: Office) -> list[str]:
    """The further offences that now stand."""
    with desk.open("D-19-0001") as case:
        return [one["offence_code"] for one in case.facts["further_offences"]]


def last_said(desk: Office) -> dict[str, Any]:
    """What the last entry of the case says."""
    with desk.database.reading() as session:
        case = desk.find(session, "D-19-0001")
        said: dict[str, Any] = json.loads(session.get_one(LedgerEntry, (case.id, case.version)).body or "")
        return said


def test_the_further_offences_that_stand_are_shown_and_left_alone_where_nobody_changes_them(
    desk: Office, officer: Person
) -> None:
    form = opens(officer)
    assert form.form.values["further_offences-0-offence_code"] == ["CJ67002"]
    assert form.form.values["further_offences-1-value_gbp"] == ["3.50"]
    assert form.text.count("On record: Theft from a shop") == 1  # of the offence itself, not in every row again
    assert officer.fills(form, reason="Misheard.", remorse="no").response.url.path == "/cases/D-19-0001"
    assert set(last_said(desk)) == {"reason", "remorse"}
    assert further(desk) == ["CJ67002", "TH68010"]


def test_one_is_taken_out_and_then_all_of_them(desk: Office, officer: Person) -> None:
    form = opens(officer)
    one = officer.presses(form, "Remove further offence 1", reason="Not him.")
    assert officer.fills(one).status == 200
    assert further(desk) == ["TH68010"]
    none = officer.presses(opens(officer), "Remove further offence 1", reason="Nor that.")
    assert officer.fills(none).status == 200
    assert further(desk) == []
    assert last_said(desk)["further_offences"] == []
    assert "Further offences none" in officer.reads("/cases/D-19-0001").text


def test_one_is_added_to_those_that_stand_and_a_slip_elsewhere_loses_none(desk: Office, officer: Person) -> None:
    form = opens(officer)
    more = officer.presses(form, "Add another further offence")
    failed = officer.fills(more, **{"further_offences-2-offence_code": "CJ67002"})
    assert failed.status == 422
    assert officer.fills(failed, reason="A third came to light.").status == 200
    assert further(desk) == ["CJ67002", "TH68010", "CJ67002"]


def test_a_fact_once_known_can_become_unknown_again(visit: Visit) -> None:
    case = refers(visit)
    officer = visit("pc.moss")
    page = officer.reads(officer.reads(case).links["Correct the facts"])
    assert "On record: yes." in page.text
    both = officer.fills(page, reason="Misheard.", remorse="no", **{"remorse-unknown": "yes"})
    assert both.status == 422
    assert "Shows remorse: Write what is right, or say that it is not known: not both." in both.links
    assert both.form.values["reason"] == ["Misheard."]
    page = officer.fills(page, reason="Misheard.", **{"remorse-unknown": "yes"})
    assert page.status == 200
    assert "Correct the facts: recorded." in page.text
    facts = page.text.partition("The facts as they stand")[2]
    assert "Shows remorse not known" in facts
    assert "Admits the offence yes" in facts
    form = officer.reads(page.links["Correct the facts"]).form
    assert "surname-unknown" not in form.offers
    assert "remorse-unknown" not in form.offers
