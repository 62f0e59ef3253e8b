"""`python -m tests.pictures`: the pictures of the README, taken anew from an office of invented people."""

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from api.app import create_app
from divert.db import Database
from divert.migrate import migrate
from divert.models import Staff, State
from tests.browser import ARGUMENTS, chromium_path
from tests.office import CAST, INSPECTOR, KEYWORKER, Office
from tests.service import SERVED, SETTINGS, cookie, serving

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
WIDE, PHONE = {"width": 1100, "height": 900}, {"width": 390, "height": 800}
NAMES = ("Ashworth", "Brook", "Carr", "Doyle", "Ellis", "Frost", "Grange", "Holt")
STATES = (State.active, State.under_decision, State.breach_review, State.referred, State.accepted, State.returned)


def main() -> None:
    """Into docs/pictures: the worklist, a case, a form with errors, and an eligibility trace."""
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
            for name, who, path, press, size in (
                ("worklist", INSPECTOR, "/", False, WIDE),
                ("case", KEYWORKER, "/cases/D-19-0001", False, WIDE),
                ("errors", KEYWORKER, "/cases/D-19-0001/report-breach", True, PHONE),
                ("eligibility", INSPECTOR, "/cases/D-19-0002/eligibility", False, WIDE),
            ):
                context = browser.new_context(viewport=size)  # type: ignore[arg-type]  # two numbers, as it asks
                key, value = cookie(SERVED[address], who)
                context.add_cookies([{"name": key, "value": value, "url": address}])
                page = context.new_page()
                page.goto(address + path)
                if press:
                    page.locator("main form[method=post] button.govuk-button").last.click()
                page.screenshot(path=FOLDER / f"{name}.png")
                context.close()
        browser.close()
        database.dispose()


if __name__ == "__main__":
    main()
