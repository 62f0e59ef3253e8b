"""A long list of choices: found by typing where scripts run, a plain list where not, and never what nobody chose."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page

from api.app import create_app
from divert.models import Draft, Staff
from tests.hands import Keys
from tests.office import DALE, INSPECTOR, OFFICER, Office
from tests.service import SERVED, SETTINGS, cookie, serving
from tests.test_pages_seen import WCAG

SHOP = "Theft from a shop (TH68010)"


@pytest.fixture
def address(desk: Office) -> Iterator[str]:
    with serving(create_app(desk.database, lambda: desk.now, SETTINGS)) as served:
        yield served


def offence_page(browser: Browser, address: str, **more: bool) -> tuple[Page, list[str]]:
    """The page of a referral that asks for the offence, and what its console says."""
    context = browser.new_context(**more)  # type: ignore[arg-type]  # each is a yes or no
    context.set_default_timeout(10_000)
    name, value = cookie(SERVED[address], OFFICER)
    context.add_cookies([{"name": name, "value": value, "url": address}])
    page, said = context.new_page(), list[str]()

    def complained(one: ConsoleMessage) -> None:
        said.append(one.text)

    page.on("console", complained)
    page.goto(f"{address}/referrals")
    page.click("text=Begin a referral")
    page.goto(page.url.replace("/person", "/offence"))
    if more.get("java_script_enabled", True):
        the_box(page).wait_for()
    return page, said


def the_box(page: Page) -> Locator:
    """The box to type in, once the script has put it where the list was, whose role is the same."""
    return page.get_by_role("combobox", name="Offence", exact=True).and_(page.locator("input"))


def shown(page: Page, name: str) -> list[str]:
    """What the open list under a box offers."""
    return page.locator(f"#{name}__listbox li").all_inner_texts()


def sends(page: Page) -> None:
    with page.expect_navigation():
        page.locator("button:has-text('Save and go on')").last.click()


def kept(desk: Office) -> object:
    """The offence in the only draft there is."""
    with desk.database.reading() as session:
        return session.query(Draft).one().body.get("offence_code")


def test_an_offence_is_found_by_keyboard_and_the_security_policy_has_nothing_to_refuse(
    browser: Browser, desk: Office, address: str
) -> None:
    page, said = offence_page(browser, address)
    keys = Keys(page, address)
    (control,) = [one for one in keys.controls() if one.name == "offence_code"]
    keys.gives(control, DALE["offence_code"])
    assert page.input_value("#offence_code") == SHOP
    sends(page)
    assert kept(desk) == DALE["offence_code"]
    assert said == []


def test_any_words_in_any_order_narrow_it_and_the_answer_given_before_stands_there_again(
    browser: Browser, desk: Office, address: str
) -> None:
    page, _ = offence_page(browser, address)
    page.fill("#offence_code", "SHOP theft")
    assert shown(page, "offence_code") == [SHOP, "Attempted theft from a shop (TH68010A)"]
    page.get_by_role("option", name=SHOP).click()
    address_of_it = page.url
    sends(page)
    page.goto(address_of_it)
    the_box(page).wait_for()
    assert page.input_value("#offence_code") == SHOP


@pytest.mark.parametrize("typed", ["", "nonsense", "theft"])
def test_what_was_chosen_before_is_not_sent_once_something_else_is_typed(
    browser: Browser, desk: Office, address: str, typed: str
) -> None:
    page, _ = offence_page(browser, address)
    page.fill("#offence_code", SHOP.upper())
    place = page.url
    sends(page)
    assert kept(desk) == "TH68010"
    page.goto(place)
    the_box(page).wait_for()
    page.fill("#offence_code", typed)
    sends(page)
    assert kept(desk) is None


def test_hint_and_fault_are_told_with_it_and_axe_finds_nothing_open_or_closed(browser: Browser, address: str) -> None:
    page, _ = offence_page(browser, address, bypass_csp=True)
    described = page.get_attribute("#offence_code", "aria-describedby")
    said = page.locator(f"#{described}").text_content() or ""
    assert said.startswith("The CJS offence code, like TH68010.")
    assert Axe().run(page, options=WCAG).response["violations"] == []
    page.fill("#offence_code", "theft")
    page.locator("#offence_code__listbox li").first.wait_for()
    assert Axe().run(page, options=WCAG).response["violations"] == []


def test_without_scripts_it_is_a_plain_list(browser: Browser, desk: Office, address: str) -> None:
    page, _ = offence_page(browser, address, java_script_enabled=False)
    page.select_option("#offence_code", DALE["offence_code"])
    sends(page)
    assert kept(desk) == DALE["offence_code"]


def test_a_name_with_markup_in_it_is_shown_as_it_is_written_and_two_alike_keep_the_plain_list(
    browser: Browser, desk: Office, address: str
) -> None:
    with desk.database.writing() as session:
        named = [f"Ward {number}" for number in range(20)] + ["<b>Bold</b> & Co"]
        session.add_all(
            Staff(username=f"k{place}", name=name, role="probation_service_officer") for place, name in enumerate(named)
        )
    context = browser.new_context()
    context.set_default_timeout(10_000)
    name, value = cookie(SERVED[address], INSPECTOR)
    context.add_cookies([{"name": name, "value": value, "url": address}])
    page = context.new_page()
    page.goto(f"{address}/")
    page.click("text=Narrow this list")
    page.fill("input#keyworker", "bold")
    assert shown(page, "keyworker") == ["<b>Bold</b> & Co"]
    with desk.database.writing() as session:
        session.add(Staff(username="k99", name="Ward 1", role="probation_service_officer"))
    page.goto(f"{address}/")
    page.click("text=Narrow this list")
    assert page.locator("select#keyworker").is_visible()
    context.close()
