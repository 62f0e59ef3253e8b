"""Pages in the states that only somebody's acts bring about: as a browser shows them, and on paper."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from html5lib import HTMLParser
from playwright.sync_api import Browser, Page, Response

from api.app import create_app
from divert.casework.commands.record import AddNote
from divert.models import State
from divert.people.staff import Actor
from tests.office import COORDINATOR, INSPECTOR, KEYWORKER, MANAGER, MEMBER, Office
from tests.service import SETTINGS, serving
from tests.test_meeting import summer
from tests.test_pages_seen import HEAVIEST, come_in, faults, listen

PDF = {"name": "certificate.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 A certificate."}
GIF = {"name": "picture.gif", "mimeType": "image/gif", "buffer": b"GIF89a" + bytes(20)}
Brings = Callable[[Page, str], Response]


@pytest.fixture
def address(desk: Office) -> Iterator[str]:
    desk.case_in(State.active)
    with serving(create_app(desk.database, lambda: desk.now, SETTINGS)) as served:
        yield served


def sends(page: Page, button: str) -> Response:
    """Press a button; the page that comes of it."""
    with page.expect_navigation() as going:
        page.locator(f"main button.govuk-button:has-text('{button}')").last.click()
    return going.value


def opens(page: Page, address: str) -> Response:
    answer = page.goto(address)
    assert answer
    return answer


def goes_to(page: Page, address: str, path: str) -> Response:
    return opens(page, address + path)


def a_file_given(page: Page, address: str, file: Any) -> Response:
    opens(page, f"{address}/cases/D-19-0001/record-progress")
    page.set_input_files("#files-0-file", files=[file])
    return sends(page, "Record progress")


def wrong_with(browser: Browser, address: str, who: Actor, brings: Brings) -> list[str]:
    """What axe, an HTML parser and the console find wrong with a page, and what it weighs too much."""
    context = come_in(browser, address, who, bypass_csp=True)  # axe is not a script of ours
    context.set_default_timeout(10_000)
    page, said = context.new_page(), list[str]()
    listen(page, address, said)
    answer = brings(page, address)
    body = answer.body()
    parser = HTMLParser()
    parser.parse(body, transport_encoding="utf-8")
    said += [f"line {at[0]}: {name}" for at, name, _ in parser.errors]
    said += [f"{len(body)} bytes"] if len(body) > HEAVIEST else []
    said += faults(page)
    context.close()
    return said


def test_what_a_form_comes_to_has_no_fault(browser: Browser, desk: Office, address: str) -> None:
    def overtaken(page: Page, at: str) -> Response:
        opens(page, f"{at}/cases/D-19-0001/add-note")
        desk.does(INSPECTOR, AddNote(text="Seen the tape."), "D-19-0001")
        page.fill("#text", "Rang him.")
        answer = sends(page, "Add a note")
        assert "What has happened since you opened this form" in page.inner_text("main")
        return answer

    def to_be_checked(page: Page, at: str) -> Response:
        opens(page, f"{at}/cases/D-19-0001/close-case")
        page.select_option("#reason_code", "died")
        page.fill("#explanation", "Told by the family.")
        answer = sends(page, "Close the case")
        assert "Check your answers" in page.inner_text("main")
        return answer

    def kept(page: Page, at: str) -> Response:
        answer = a_file_given(page, at, PDF)
        assert "Kept: PDF, 1 KB." in page.inner_text("main")
        return answer

    def not_taken(page: Page, at: str) -> Response:
        answer = a_file_given(page, at, GIF)
        assert "This file is not taken" in page.inner_text("main")
        return answer

    states = {"overtaken": (KEYWORKER, overtaken), "to be checked": (MANAGER, to_be_checked),
              "a file kept": (KEYWORKER, kept), "a file not taken": (KEYWORKER, not_taken)}  # fmt: skip
    found = {what: wrong_with(browser, address, who, brings) for what, (who, brings) in states.items()}
    assert {what: one for what, one in found.items() if one} == {}


def test_a_meeting_in_progress_and_a_pack_have_no_fault(browser: Browser, desk: Office) -> None:
    number = summer(desk)
    seen = {
        "the meeting, to its coordinator": (COORDINATOR, f"/panel/meetings/{number}"),
        "the meeting, to a member": (MEMBER, f"/panel/meetings/{number}"),
        "a pack": (MEMBER, f"/panel/meetings/{number}/packs/completed-1"),
        "a score": (MEMBER, f"/panel/meetings/{number}/score-pack"),
    }
    with serving(create_app(desk.database, lambda: desk.now, SETTINGS)) as address:
        found = {
            what: wrong_with(browser, address, who, partial(goes_to, path=path)) for what, (who, path) in seen.items()
        }
    assert {what: one for what, one in found.items() if one} == {}


UNPRINTED = (
    ".govuk-service-navigation, footer, .govuk-button, .divert-filters, .divert-search, .moj-sub-navigation, "
    ".govuk-skip-link"
)


@pytest.mark.parametrize(
    ("who", "path"),
    [
        (KEYWORKER, "/"),
        (KEYWORKER, "/cases/D-19-0001"),
        (KEYWORKER, "/cases/D-19-0001/report-breach"),
        (INSPECTOR, "/cases/D-19-0001/eligibility"),
    ],
)
def test_on_paper_there_is_what_the_page_says_and_nothing_to_press(
    browser: Browser, address: str, who: Actor, path: str
) -> None:
    context = come_in(browser, address, who)
    page = context.new_page()
    opens(page, address + path)
    page.emulate_media(media="print")
    shown = page.evaluate(
        "what => [...document.querySelectorAll(what)].filter(one => one.checkVisibility()).map(one => one.outerHTML)",
        UNPRINTED,
    )
    assert shown == []
    assert page.locator("h1").is_visible()
    hidden = page.evaluate(
        "() => [...document.querySelectorAll('.govuk-details__text')].filter(one => !one.checkVisibility()).length"
        " - document.querySelectorAll('.divert-unprinted .govuk-details__text').length"
    )
    assert hidden == 0, "what is folded up on the screen is not on paper"
    assert page.pdf(format="A4").startswith(b"%PDF")
    context.close()
