"""A referral file is tried, taken and reported at a page, while everybody else goes on working."""

import csv
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from api.app import create_app
from divert.models import Case, Import
from divert.worker.purge import purge
from tests.browsing import Page, Person
from tests.office import INSPECTOR, MANAGER, OFFICER, Office
from tests.service import SETTINGS, visiting

FILE = Path(__file__).parent / "data" / "referrals-2019.csv"
EXPECTED = FILE.with_name("referrals-2019.expected.csv")


class Counter:
    """The manager at the page of referral files, and a clock that the work behind it can be held up by."""

    def __init__(self, desk: Office) -> None:
        self.desk = desk.on("2019-12-31")
        self.go = threading.Event()
        self.go.set()
        self.app = create_app(desk.database, self.clock, SETTINGS)
        self.manager = Person(visiting(TestClient(self.app), MANAGER))

    def clock(self) -> datetime:
        if threading.current_thread().name.startswith("background"):
            assert self.go.wait(timeout=60)
        return self.desk.now

    def tries(self, file: bytes, name: str = "may.csv") -> Page:
        page = self.manager.reads("/import")
        token = page.form.values["form_token"][0]
        answer = self.manager.client.post("/import", data={"form_token": token}, files={"file": (name, file)})
        return self.manager._page(answer)

    def waits(self) -> None:
        """Until the work behind the page is done."""
        self.app.state.divert.background.submit(lambda: None).result(timeout=120)

    def looks(self, page: Page) -> Page:
        self.waits()
        return self.manager.reads(page.response.url.path)

    def takes(self, tried: Page) -> Page:
        return self.looks(self.manager.fills(tried))

    def cases(self) -> int:
        with self.desk.database.reading() as session:
            return session.scalar(select(func.count()).select_from(Case)) or 0


@pytest.fixture
def counter(desk: Office) -> Iterator[Counter]:
    one = Counter(desk)
    yield one
    one.go.set()
    one.app.state.divert.close()


def report(counter: Counter, page: Page) -> list[dict[str, str]]:
    answer = counter.manager.client.get(page.links["Download what every row came to (CSV)"])
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="report.csv"'
    return list(csv.DictReader(StringIO(answer.text)))


def test_a_file_is_tried_then_taken_and_each_row_comes_to_what_is_expected(counter: Counter) -> None:
    tried = counter.looks(counter.tries(FILE.read_bytes()))
    assert "Nothing was written" in tried.text
    assert counter.cases() == 0
    with EXPECTED.open(encoding="utf-8", newline="") as file:
        expected = list(csv.DictReader(file))
    assert report(counter, tried) == expected
    taken = counter.takes(tried)
    assert "The file was taken" in taken.text
    assert report(counter, taken) == expected
    assert counter.cases() == sum(row["expect"] not in ("rejected", "duplicate") for row in expected)


def test_the_same_file_again_is_all_duplicates(counter: Counter) -> None:
    good = b"\n".join(FILE.read_bytes().splitlines()[:4]) + b"\n"
    counter.takes(counter.looks(counter.tries(good)))
    before = counter.cases()
    again = counter.takes(counter.looks(counter.tries(good)))
    assert {row["expect"] for row in report(counter, again)} <= {"duplicate", "rejected"}
    assert counter.cases() == before > 0


def test_while_it_runs_the_page_looks_again_and_everybody_else_works_on(counter: Counter, desk: Office) -> None:
    counter.go.clear()
    page = counter.tries(FILE.read_bytes())
    assert "The file is being tried" in page.text
    assert page.response.headers["refresh"] == "3"
    assert "refresh" not in counter.manager.reads(f"{page.response.url.path}?still").response.headers
    inspector = Person(visiting(TestClient(counter.app), INSPECTOR))
    assert inspector.reads("/").status == 200
    assert desk.refers(crime_ref="CVP-19-900001")
    counter.go.set()
    page = counter.looks(page)
    assert "The file was tried" in page.text
    assert "refresh" not in page.response.headers


def test_a_run_that_was_cut_short_goes_on_and_nothing_is_taken_twice(counter: Counter) -> None:
    tried = counter.looks(counter.tries(FILE.read_bytes()))
    counter.app.state.divert.closing.set()
    page = counter.takes(tried)
    assert "The file is being taken" in page.text
    counter.app.state.divert.closing.clear()
    counter.desk.minutes += 3
    page = counter.manager.reads(page.response.url.path)
    assert "It was cut short" in page.text
    page = counter.takes(page)
    assert "The file was taken" in page.text
    with EXPECTED.open(encoding="utf-8", newline="") as file:
        assert report(counter, page) == list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("file", "told"),
    [
        (b"", "The file is empty"),
        (b"PK\x03\x04\xff\xfe", "not UTF-8"),
        (b"name,colour\nAnn,red\n", "names no column of a referral file"),
        (FILE.read_bytes() + b'"cut', "cut short"),
    ],
)
def test_what_is_no_referral_file_is_refused_whole_and_says_why(counter: Counter, file: bytes, told: str) -> None:
    page = counter.tries(file)
    assert page.status == 422
    assert told in page.text
    with counter.desk.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Import)) == 0


def test_no_file_and_a_form_from_elsewhere_are_refused(counter: Counter) -> None:
    client = counter.manager.client
    token = counter.manager.reads("/import").form.values["form_token"][0]
    assert client.post("/import", data={"form_token": token}).status_code == 422
    assert client.post("/import", files={"file": ("may.csv", FILE.read_bytes())}).status_code == 403


def test_it_is_for_the_police_lead_and_the_manager_and_each_sees_their_own(counter: Counter) -> None:
    page = counter.looks(counter.tries(FILE.read_bytes(), "Ashworth, Dale.csv"))
    assert "Ashworth, Dale" not in page.text
    assert "Ashworth" not in str(page.response.url)
    inspector = Person(visiting(TestClient(counter.app), INSPECTOR))
    assert inspector.reads("/import").status == 200
    assert inspector.reads(page.response.url.path).status == 404
    assert inspector.reads(f"{page.response.url.path}/report.csv").status == 404
    assert Person(visiting(TestClient(counter.app), OFFICER)).reads("/import").status == 403


def test_a_file_is_forgotten_after_a_week(counter: Counter) -> None:
    page = counter.looks(counter.tries(FILE.read_bytes()))
    counter.desk.today += timedelta(days=7)
    purge(counter.desk.database, lambda: counter.desk.now, SETTINGS.evidence_folder)
    counter.manager = Person(visiting(TestClient(counter.app), MANAGER))
    assert counter.manager.reads(page.response.url.path).status == 404
