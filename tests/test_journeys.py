"""Whole journeys in a real Chromium: each of the cast signs in, and does only what the pages offer."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser

from api.app import create_app
from divert.clock import LONDON
from divert.people.staff import add
from tests.browsing import PASSWORD
from tests.hands import Hands, Keys
from tests.office import (
    AUDITOR,
    BOARD,
    CAST,
    COORDINATOR,
    DALE,
    INSPECTOR,
    KEYWORKER,
    MANAGER,
    MEMBER,
    OFFICER,
    PROBATION_LEAD,
    SPECIALIST,
    Office,
)
from tests.service import SETTINGS, serving

MONDAY, LATE_JUNE = date(2019, 5, 6), date(2019, 6, 20)
ONE_OF_EACH_ROLE = (
    OFFICER, INSPECTOR, PROBATION_LEAD, KEYWORKER, SPECIALIST, MANAGER, COORDINATOR, MEMBER, BOARD, AUDITOR,
)  # fmt: skip

Sits = Callable[[str], Hands]
"""Somebody sits down at the browser, signed in."""


@contextmanager
def sitting(browser: Browser, desk: Office, address: str, kind: type[Hands], scripts: bool) -> Iterator[Sits]:
    context = browser.new_context(java_script_enabled=scripts)
    context.set_default_timeout(10_000)
    hands = kind(context.new_page(), address)
    now: list[str] = []

    def sits(username: str) -> Hands:
        """Whoever sat there before signs out first."""
        if now != [username, desk.today.isoformat()]:
            context.clear_cookies()
            hands.opens("/sign-in")
            hands.answers(username=username, password=PASSWORD)
            hands.sends()
            now[:] = [username, desk.today.isoformat()]
        return hands

    yield sits
    context.close()


@pytest.fixture
def address(desk: Office) -> Iterator[str]:
    with desk.database.writing() as session:
        for one in CAST:
            add(session, f"{one.username}.here", one.username.title(), one.role, PASSWORD)
    with serving(create_app(desk.database, lambda: desk.now, SETTINGS)) as served:
        yield served


def does(hands: Hands, case: str, link: str, **said: Any) -> str:
    """Open the case, follow the link of a command, answer, send; and confirm, where the page asks to check."""
    hands.opens(case)
    hands.follows(link)
    asked = hands.answers(**said)
    assert {name.partition("-")[0] for name in asked} == set(said), f"{link} asked only {sorted(asked)}"
    hands.sends()
    if "Check your answers" in hands.reads():
        hands.sends()
    assert hands.path == case, hands.reads()
    return hands.reads()


def refers(hands: Hands) -> str:
    """Dale is referred, in however many steps the pages ask; where the case now stands."""
    dates = {name: date.fromisoformat(DALE[name]) for name in ("referred_on", "date_of_birth", "offence_on")}
    said = DALE | dates
    hands.opens("/")
    hands.follows("Refer a person")
    for _ in range(12):
        hands.answers(**said)
        hands.sends()
        if hands.path.startswith("/cases/"):
            return hands.path
    raise AssertionError(f"the referral never ended: {hands.reads()}")


def takes(sits: Sits, case: str) -> None:
    """Agreement, victim, eligibility, both decisions, keyworker, needs and contract."""
    officer = sits("officer.here")
    does(officer, case, "Record the referral agreement", signed_on=MONDAY)
    does(officer, case, "Record the victim's views", views="obtained", contact_name="Ms Farrow", words="Wants payment.")
    assert "Eligible" in does(officer, case, "Check eligibility")
    does(sits("police.lead.here"), case, "Decide for the police", accept=True, reasons="First offence.")
    does(sits("probation.lead.here"), case, "Decide for probation", accept=True, reasons="Will engage.")
    does(sits("probation.lead.here"), case, "Allocate to a keyworker", keyworker="keyworker.here")
    assesses(sits("keyworker.here"), case, "entry", 4)
    keyworker = sits("keyworker.here")
    keyworker.opens(case)
    keyworker.follows("Sign the contract")
    keyworker.answers(signed_on=MONDAY, ends_on=date(2019, 8, 4))
    keyworker.sends()
    assert "Active" in keyworker.reads()


def assesses(hands: Hands, case: str, stage: str, score: int) -> None:
    hands.opens(case)
    hands.follows("Assess needs")
    scores = {control.name: score for control in hands.controls() if re.fullmatch(r"scores-\d+-score", control.name)}
    hands.answers(stage=stage, **scores)
    hands.sends()
    assert hands.path == case, hands.reads()


def completes(sits: Sits, desk: Office, case: str) -> str:
    """Met once, every condition kept, assessed again, and completed."""
    keyworker = sits("keyworker.here")
    at = datetime(2019, 5, 15, 10, tzinfo=LONDON)
    does(keyworker, case, "Book an appointment", starts_at=at, purpose="First meeting", place="Community Safety Hub")
    desk.on(LATE_JUNE)
    keyworker = sits("keyworker.here")
    keyworker.opens(case)
    keyworker.follows("Record attendance")
    offered = keyworker.page.locator("[name=appointment][value], [name=appointment] option:not([value=''])").first
    booked = offered.get_attribute("value")
    keyworker.answers(appointment=booked, held=True, attended=True)
    keyworker.sends()
    for number in (2, 3):
        does(keyworker, case, "Mark a condition as kept", condition=number, kept_on=LATE_JUNE, evidence="Seen.")
    assesses(keyworker, case, "exit", 1)
    lead = sits("probation.lead.here")
    return does(lead, case, "Complete the case", outcome_code=22, explanation="All conditions kept.")


def is_prosecuted(sits: Sits, desk: Office, case: str) -> str:
    """Two meetings missed, reported, ended, and charged."""
    desk.on("2019-06-04")
    on = date(2019, 6, 3)
    said = {"what": "Missed two meetings.", "excuse_asked": True, "excuse": "None given."}
    does(sits("keyworker.here"), case, "Report a breach", conditions=[3], occurred_on=on, **said)
    inspector = sits("police.lead.here")
    ended = {"decision": "end", "probation_view": "Has stopped coming.", "reasons": "Nothing to go on with."}
    does(inspector, case, "Decide what follows", **ended)
    charged = {"outcome_code": 1, "decided_on": date(2019, 6, 4), "explanation": "Charged."}
    return does(inspector, case, "Record the charging decision", **charged)


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_dale_is_carried_to_completion_by_clicking_what_the_pages_offer(
    browser: Browser, desk: Office, address: str, scripts: bool
) -> None:
    with sitting(browser, desk, address, Hands, scripts) as sits:
        case = refers(sits("officer.here"))
        takes(sits, case)
        assert "Completed" in completes(sits, desk, case)


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_dale_breaks_the_contract_and_is_prosecuted_by_clicking_what_the_pages_offer(
    browser: Browser, desk: Office, address: str, scripts: bool
) -> None:
    with sitting(browser, desk, address, Hands, scripts) as sits:
        case = refers(sits("officer.here"))
        takes(sits, case)
        assert "Prosecuted" in is_prosecuted(sits, desk, case)


def test_dale_is_carried_to_completion_by_keyboard_alone(browser: Browser, desk: Office, address: str) -> None:
    with sitting(browser, desk, address, Keys, scripts=True) as sits:
        case = refers(sits("officer.here"))
        takes(sits, case)
        assert "Completed" in completes(sits, desk, case)


def test_each_role_signs_in_and_finds_its_own_first_page(browser: Browser, desk: Office, address: str) -> None:
    with sitting(browser, desk, address, Hands, scripts=True) as sits:
        for one in ONE_OF_EACH_ROLE:
            hands = sits(f"{one.username}.here")
            assert hands.path != "/sign-in"
            assert hands.page.locator("h1").count() == 1, one.role
