"""The pages as a browser shows them: nothing that axe finds wrong, nothing too wide, too heavy or from elsewhere."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from html5lib import HTMLParser
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request
from sqlalchemy import update

from api.app import create_app
from api.desk.referrals import STEPS
from divert.acts.act import perform
from divert.board.spending import EnterCosts
from divert.casework.commands.sharing import RecordConsent
from divert.eligibility.policies import read_policy, released_policies
from divert.models import Case, Deadline, OutboxMessage, Staff, State
from divert.people.staff import Actor
from divert.policies.commands import ProposePolicy
from tests.office import (
    BOARD,
    COORDINATOR,
    INSPECTOR,
    KEYWORKER,
    MANAGER,
    MEMBER,
    OFFICER,
    SECOND_MEMBER,
    SPECIALIST,
    Office,
)
from tests.past import STRICTER
from tests.quarter import drawn, frozen, one_of_each
from tests.ready import example
from tests.service import SERVED, SETTINGS, cookie, serving
from tests.test_meeting import agrees, all_score, opened

WCAG = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],  # what passes need not be told at length: that took half of the time
}
REFERRALS = Path(__file__).parent / "data" / "referrals-2019.csv"
NARROWEST = 320
HEAVIEST = 100_000
PROPOSED = read_policy(STRICTER, released_policies()).digest

Seen = dict[str, tuple[Actor | None, str]]
"""Pages: what each is, who looks at it, where it is."""

SEEN: Seen = {
    "sign-in": (None, "/sign-in"),
    "visits": (INSPECTOR, "/visits"),
    "worklist": (INSPECTOR, "/"),
    "a worklist with a time limit near": (MANAGER, "/?view=team"),
    "a worklist narrowed": (MANAGER, "/?view=team&state=active&due=week"),
    "a case whose time limit is near": (INSPECTOR, "/cases/D-19-0004"),
    "a history": (KEYWORKER, "/cases/D-19-0002/history"),
    "what may be shared": (KEYWORKER, "/cases/D-19-0001/share-case"),
    "sharing without consent": (KEYWORKER, "/cases/D-19-0002/share-case"),
    "undone work": (MANAGER, "/undone"),
    "staff": (MANAGER, "/staff"),
    "somebody who is leaving": (MANAGER, "/staff/keyworker.two/leave"),
    "an active case": (KEYWORKER, "/cases/D-19-0001"),
    "a case that ended": (OFFICER, "/cases/D-19-0002"),
    "a form": (KEYWORKER, "/cases/D-19-0001/report-breach"),
    "a form with rows": (KEYWORKER, "/cases/D-19-0001/assess-needs"),
    "a form with rows that grow": (KEYWORKER, "/cases/D-19-0001/vary-contract"),
    "a form that makes unknown": (INSPECTOR, "/cases/D-19-0003/correct-facts"),
    "a form with a time": (KEYWORKER, "/cases/D-19-0001/book-appointment"),
    "documents": (KEYWORKER, "/cases/D-19-0001/documents"),
    "a form that is closed": (INSPECTOR, "/cases/D-19-0001/decide-for-police"),
    "a pre-check": (OFFICER, "/pre-check"),
    "eligibility": (INSPECTOR, "/cases/D-19-0001/eligibility"),
    "policies": (OFFICER, "/policies"),
    "a policy": (BOARD, "/policies/2019-04-01-full"),
    "proposed policies": (MANAGER, "/policies/proposed?policy=2019-04-01-full&rule=first_time"),
    "a proposed policy": (INSPECTOR, f"/policies/proposed/{PROPOSED}"),
    "a policy to sign": (INSPECTOR, f"/policies/proposed/{PROPOSED}/sign"),
    "offences": (OFFICER, "/policies/offences"),
    "conditions": (OFFICER, "/policies/conditions"),
    "periods": (OFFICER, "/policies/deadlines"),
    "referrals": (OFFICER, "/referrals"),
    "referral files": (MANAGER, "/import"),
    "the board at a glance": (BOARD, "/board"),
    "figures": (BOARD, "/board/figures"),
    "fairness": (BOARD, "/board/fairness"),
    "what a completion costs": (BOARD, "/board/figures/costs"),
    "what was spent": (MANAGER, "/board/costs"),
    "draws": (COORDINATOR, "/panel/draws"),
    "a frame to freeze": (COORDINATOR, "/panel/draws/freeze"),
    "sizes": (COORDINATOR, "/panel/sizes?cases=200&drawn=12"),
    "meetings": (COORDINATOR, "/panel/meetings"),
    "outcomes": (COORDINATOR, "/panel/outcomes"),
    "a meeting to open": (COORDINATOR, "/panel/meetings/open"),
    "a meeting": (COORDINATOR, "/panel/meetings/1"),
    "a meeting as a member sees it": (MEMBER, "/panel/meetings/1"),
    "a pack": (MEMBER, "/panel/meetings/1/packs/completed-1"),
    "a score": (MEMBER, "/panel/meetings/1/score-pack?pack=completed-1"),
    "a finding": (COORDINATOR, "/panel/meetings/1/agree-finding?pack=completed-1"),
    "actions": (INSPECTOR, "/panel/actions"),
    "a response": (INSPECTOR, "/panel/meetings/1/record-response?pack=completed-1"),
    "a year of scrutiny": (BOARD, "/panel/report"),
    "help": (None, "/help"),
    "a page that is not there": (None, "/nowhere"),
}
PARTS = [dict(list(SEEN.items())[place::4]) for place in range(4)]
"""The same, for as many workers."""

a_part = pytest.mark.parametrize("part", PARTS, ids=["a", "b", "c", "d"])


@pytest.fixture
def address(desk: Office) -> Iterator[str]:
    for place, state in enumerate((State.active, State.completed, State.referred)):
        desk.case_in(state, crime_ref=f"CVP-19-{place}")
    desk.on("2019-05-06").does(KEYWORKER, RecordConsent.model_validate(example(RecordConsent)), "D-19-0001")
    desk.case_in(State.active, crime_ref="CVP-19-9", offence_on="2018-12-01")
    with desk.database.writing() as session:
        session.get_one(Staff, SPECIALIST.username).active = False
        perform(session, ProposePolicy(text=STRICTER), MANAGER, desk.now)
        perform(session, EnterCosts.model_validate(example(EnterCosts)), MANAGER, desk.now)
        session.execute(update(Case).where(Case.ref == "D-19-0004").values(keyworker=SPECIALIST.username))
        session.execute(update(OutboxMessage).where(OutboxMessage.id == 1).values(dead_at=desk.now, fault="no answer"))
        aside = (Deadline.status == "open", Deadline.case_id == 4, Deadline.kind == "contract_end")
        session.execute(update(Deadline).where(*aside).values(attempts=1, fault="TimeoutError", retry_at=desk.now))
    before_the_panel(desk)
    with serving(create_app(desk.database, lambda: desk.now, SETTINGS)) as served:
        yield served


def before_the_panel(desk: Office) -> None:
    """The completed case is drawn, scored and learnt from."""
    frame = frozen(desk)
    drawn(desk, frame.digest, one_of_each(frame))
    opened(desk, frame.digest, MEMBER, SECOND_MEMBER)
    all_score(desk, "completed-1", 2, 3)
    learning = {"learning": "Ring sooner.", "learning_for": "team", "owner": "Police team lead", "doubts": "admission"}
    more: dict[str, Any] = {**learning, "due_on": "2019-05-01", "good_practice": "The victim was rung the same day."}
    agrees(desk, "completed-1", 2, **more)


def faults(page: Page) -> list[str]:
    """What is wrong with a page as it is shown now."""
    found = [
        f"{one['id']}: {one['nodes'][0]['html'][:90]}" for one in Axe().run(page, options=WCAG).response["violations"]
    ]
    wide = page.evaluate("document.documentElement.scrollWidth")
    return found + ([f"{wide} px wide"] if wide > NARROWEST else [])


def come_in(browser: Browser, address: str, who: Actor | None, **more: Any) -> BrowserContext:
    """A browser of its own, signed in."""
    context = browser.new_context(viewport={"width": NARROWEST, "height": 800}, **more)
    sit_down(context, address, who)
    return context


def sit_down(context: BrowserContext, address: str, who: Actor | None) -> None:
    """Signed in anew at a browser where somebody else was: to open another costs more than to look at a page."""
    context.clear_cookies()
    if who is not None:
        name, value = cookie(SERVED[address], who)
        context.add_cookies([{"name": name, "value": value, "url": address}])


@a_part
def test_no_page_has_a_fault_that_axe_finds_or_is_wider_than_the_narrowest_screen(
    browser: Browser, address: str, part: Seen
) -> None:
    found = {}
    # axe is a script that is not ours, and our pages let none run: the browser is told to let it.
    context = come_in(browser, address, None, bypass_csp=True)
    page = context.new_page()
    for what, (who, path) in part.items():
        sit_down(context, address, who)
        page.goto(address + path)
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        found[what] = faults(page)
        send = page.locator("main form[method=post] button")
        if send.count():
            send.last.click()
            found[f"{what}, sent empty"] = faults(page)
    context.close()
    assert {what: one for what, one in found.items() if one} == {}


def test_every_page_is_html_without_a_fault(browser: Browser, address: str) -> None:
    found = {}
    context = come_in(browser, address, None)
    for what, (who, path) in SEEN.items():
        sit_down(context, address, who)
        answer = context.request.get(address + path)
        parser = HTMLParser()
        parser.parse(answer.body(), transport_encoding="utf-8")
        found[what] = [f"line {at[0]}: {name} {more}" for at, name, more in parser.errors]
        ids = re.findall(r' id="([^"]+)"', answer.text())
        found[what] += [f"two of {one}" for one in {one for one in ids if ids.count(one) > 1}]
        named = re.findall(r' (?:for|aria-describedby|aria-labelledby|aria-controls)="([^"]+)"', answer.text())
        found[what] += [f"no {one}" for one in {one for each in named for one in each.split()} - set(ids)]
    context.close()
    assert {what: one for what, one in found.items() if one} == {}


def test_a_referral_and_a_referral_file_have_no_fault_at_any_step(browser: Browser, address: str) -> None:
    found = {}
    context = come_in(browser, address, OFFICER, bypass_csp=True)
    page = context.new_page()
    page.goto(f"{address}/referrals")
    page.click("text=Begin a referral")
    for step in STEPS:
        found[step.slug] = faults(page)
        page.click("button.govuk-button:has-text('Save and go on')")
    found["check"] = faults(page)
    page.click("text=Refer this person")
    found["check, refused"] = faults(page)
    context.close()
    context = come_in(browser, address, MANAGER, bypass_csp=True)
    page = context.new_page()
    page.goto(f"{address}/import")
    page.set_input_files("#file", REFERRALS)
    page.click("text=Try this file")
    page.wait_for_selector("text=The file was tried")
    found["a file that was tried"] = faults(page)
    page.goto(f"{address}/import")
    found["files lately tried"] = faults(page)
    context.close()
    context = come_in(browser, address, OFFICER, bypass_csp=True)
    page = context.new_page()
    page.goto(f"{address}/pre-check")
    page.check("input[name=admission][value=yes]")
    page.click("button.govuk-button:has-text('Go on')")
    found["a pre-check, second page"] = faults(page)
    page.check("input[name=on_bail][value=yes]")
    page.click("button.govuk-button:has-text('Go on')")
    found["a pre-check, ruled out"] = faults(page)
    context.close()
    assert {what: one for what, one in found.items() if one} == {}


def listen(page: Page, address: str, said: list[str]) -> None:
    """Note what a page asks of another machine, and what it complains of: a refusal of ours is none."""

    def asked(one: Request) -> None:
        if not one.url.startswith(address):
            said.append(one.url)

    def complained(one: ConsoleMessage) -> None:
        if "the server responded" not in one.text:
            said.append(one.text)

    page.on("request", asked)
    page.on("console", complained)
    page.on("pageerror", lambda one: said.append(str(one)))


@a_part
def test_no_page_asks_another_machine_complains_or_is_heavy_and_its_scripts_run(
    browser: Browser, address: str, part: Seen
) -> None:
    found: dict[str, list[str]] = {}
    said: list[str] = []
    context = come_in(browser, address, None)
    page = context.new_page()
    listen(page, address, said)
    for what, (who, path) in part.items():
        sit_down(context, address, who)
        answer = page.goto(address + path, wait_until="networkidle")
        assert answer
        if len(answer.body()) > HEAVIEST:
            said.append(f"{len(answer.body())} bytes")
        if not page.evaluate("document.body.classList.contains('govuk-frontend-supported')"):
            said.append("its script did not run")
        found[what] = said.copy()
        said.clear()
    context.close()
    assert {what: one for what, one in found.items() if one} == {}
