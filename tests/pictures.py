"""`python -m tests.pictures`: the pictures of the README, taken anew from an office of invented people."""

import tempfile
from pathlib import Path
from random import Random

from playwright.sync_api import ViewportSize, sync_playwright

from api.app import create_app
from divert.db import Database
from divert.migrate import migrate
from divert.models import Staff, State
from divert.people.staff import Actor
from tests.boardroom import generated
from tests.browser import ARGUMENTS, chromium_path
from tests.office import BOARD, CAST, INSPECTOR, KEYWORKER, MANAGER, Office
from tests.service import SERVED, SETTINGS, cookie, serving
from tests.test_policies import proposed

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
WIDE: ViewportSize = {"width": 1100, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 800}
NAMES = ("Ashworth", "Brook", "Carr", "Doyle", "Ellis", "Frost", "Grange", "Holt")
STATES = (State.active, State.under_decision, State.breach_review, State.referred, State.accepted, State.returned)


def main() -> None:
    """Into docs/pictures: a worklist, a case, a form with errors, an eligibility trace, the board and a rehearsal."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        database = Database(f"sqlite:///{folder}/divert.db")
        migrate(database)
        with database.writing() as session:
            session.add_all(Staff(username=one.username, name=one.username, role=one.role) for one in CAST)
        office = Office(database)
        for place, name in enumerate(NAMES):
            office.on("2019-05-06")
            state = STATES[place % len(STATES)]
            office.case_in(state, crime_ref=f"CVP-19-10{place:04}", surname=name, remorse=None if place == 3 else "yes")
        office.on("2019-05-21")
        app = create_app(database, lambda: office.now, SETTINGS)
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        with serving(app) as address:

            def take(name: str, who: Actor, path: str, press: bool = False, size: ViewportSize = WIDE) -> None:
                context = browser.new_context(viewport=size)
                key, value = cookie(SERVED[address], who)
                context.add_cookies([{"name": key, "value": value, "url": address}])
                page = context.new_page()
                page.goto(address + path)
                if press:
                    page.locator("main form[method=post] button.govuk-button").last.click()
                page.screenshot(path=FOLDER / f"{name}.png")
                context.close()

            take("worklist", INSPECTOR, "/")
            take("case", KEYWORKER, "/cases/D-19-0001")
            take("errors", KEYWORKER, "/cases/D-19-0001/report-breach", press=True, size=PHONE)
            take("eligibility", INSPECTOR, "/cases/D-19-0002/eligibility")
            generated(office, Random(6), 90)
            digest = proposed(office.on("2019-06-20"))
            office.on("2019-12-01")
            take("board", BOARD, "/board")
            take("rehearsal", MANAGER, f"/policies/proposed/{digest}#rehearsal")
        browser.close()
        database.dispose()


if __name__ == "__main__":
    main()
