"""The board's pages as they are read: side by side, on a telephone, on paper, after a slip; and never a person."""

import csv
import io
import re
import shutil
from collections.abc import Iterator
from datetime import date
from itertools import product
from string import Formatter

import html5lib
import pytest
from httpx2 import Response
from playwright.sync_api import Browser, PdfMargins
from pypdf import PdfReader

from api.app import ROUTERS, create_app
from divert.board.counting.counts import Cell, Counts
from divert.board.counting.suppression import Audience
from divert.board.figures.catalogue import figures
from divert.board.figures.definition import Theme, View
from divert.board.figures.outcomes import completion_of_accepted
from divert.board.reading.paper import headline
from divert.db import Database
from divert.models import State
from tests import endings
from tests.boardroom import exactly, with_a_known_secret
from tests.office import BOARD, DALE, MANAGER, Office
from tests.service import SETTINGS, Service, service, serving, visiting
from tests.test_pages_seen import before_the_panel, come_in, faults
from tests.test_policies import proposed

PAGES = (
    "/board",
    *(f"/board/figures/{name}" for name in Theme.__members__),
    "/board/compare",
    "/board/compare?by=district",
    "/board/fairness",
)


@pytest.fixture(scope="module")
def scheme(sqlite_template: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Twenty-two of the pilot who declined; since then eleven who completed and ten who declined, one of them drunk."""
    file = tmp_path_factory.mktemp("scheme") / "divert.db"
    assert sqlite_template.file
    shutil.copy(sqlite_template.file, file)
    desk = Office(Database(f"sqlite:///{file}"))
    with_a_known_secret(desk)
    for _ in range(22):
        endings.declines(desk.on("2019-02-04"))
    for _ in range(11):
        endings.completes(desk.on("2019-04-08"))
    for _ in range(10):
        endings.declines(desk.on("2019-04-11"))
    endings.judged(desk.on("2019-06-20"), endings.drunk(desk))
    desk.on("2019-12-01")
    with service(desk) as opened:
        yield opened


# Nobody is reached


@pytest.fixture
def watched(desk: Office) -> Iterator[Service]:
    """Cases, one of them before the panel, and a policy that would judge each otherwise."""
    for place, state in enumerate((State.active, State.completed, State.referred, State.breach_review)):
        desk.case_in(state, crime_ref=f"CVP-19-{place}")
    proposed(desk.on("2019-05-20"))
    before_the_panel(desk.on("2019-07-10"))
    with service(desk) as opened:
        yield opened


NEVER = (DALE["surname"], DALE["forenames"], "D-19-0", "CVP-19-")


def names_somebody(answer: Response) -> list[str]:
    """What of a person stands in an answer that was given."""
    if answer.status_code != 200:
        return []
    text = answer.text
    if answer.headers["content-type"] == "application/pdf":
        text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
    return [never for never in NEVER if never in text]


def every_address(service: Service) -> Iterator[str]:
    """All that can be read of the service, with what somebody could know or guess in each place that varies."""
    (frame,) = {draw["frame"] for draw in service.ask(MANAGER, "GET", "/api/panel/draws").json()}
    (proposal,) = service.ask(MANAGER, "GET", "/api/policies/proposed").json()
    known: dict[str, tuple[str, ...]] = {
        "ref": ("D-19-0001", "D-19-0002", "D-19-0003"),
        "kind": ("contract", "svg", "png"),
        "seq": ("1", "12"),
        "sha256": ("0" * 64,),
        "digest": (proposal["policy"]["digest"],),
        "does": ("sign", "withdraw"),
        "policy": ("2019-04-01-full",),
        "policy_id": ("2019-04-01-full",),
        "frame": (frame,),
        "pack": ("completed-1",),
        "number": ("1",),
        "name": ("completed-1", "funnel", "sex-signed"),
        "slug": ("report-breach", "score-pack", "who", "add-note"),
        "theme": tuple(Theme.__members__),
        "username": ("keyworker",),
    }
    for route in (route for room in ROUTERS for route in room.router.routes):
        if "GET" in (getattr(route, "methods", None) or ()):
            path: str = getattr(route, "path", "")
            parts = [name for _, name, _, _ in Formatter().parse(path) if name]
            for values in product(*(known[name] for name in parts)):
                yield path.format_map(dict(zip(parts, values, strict=True)))


def test_a_board_member_reaches_nobody_at_any_address_of_the_service(watched: Service) -> None:
    pages, asked = visiting(watched.client, BOARD), list(every_address(watched))
    shown = naming = 0
    for path in asked:
        for answer in (pages.get(path, follow_redirects=False), watched.ask(BOARD, "GET", path)):
            assert answer.status_code < 500, path
            assert names_somebody(answer) == [], path
            shown += answer.status_code == 200
    manager = visiting(watched.client, MANAGER)
    for path in asked:
        naming += bool(names_somebody(manager.get(path)))
    assert len(asked) > 150
    assert shown > 40
    assert naming > 10, "the same addresses tell the manager of people"


def test_every_link_that_a_board_member_sees_leads_somewhere_and_never_to_a_person(watched: Service) -> None:
    browser, seen, ahead = visiting(watched.client, BOARD), set[str](), ["/board"]
    while ahead:
        path = ahead.pop()
        if path in seen or not path.startswith("/") or path == "/openapi.json":  # its examples are open to all
            continue
        seen.add(path)
        answer = browser.get(path)
        assert answer.status_code == 200, path
        assert names_somebody(answer) == [], path
        if answer.headers["content-type"].startswith("text/html"):
            links = re.findall(r'(?:href|src|srcset)="([^"#]+)[^"]*"', answer.text)
            ahead += [link.replace("&amp;", "&") for link in links if not link.startswith("/assets")]
    assert {"/board", "/board/fairness", "/board/paper.pdf", "/policies/proposed"} <= seen
    assert len(seen) > 60  # the more the rounding of a few cases lets be drawn, the more


# What is asked stays on the page


@pytest.mark.parametrize(
    ("path", "field", "words"),
    [
        ("/board?as_at=2030-01-01", "as_at", "Give one up to 1 December 2019"),
        ("/board/figures/flow?as_at=2030-01-01&district=E06000001", "as_at", "Give one up to 1 December 2019"),
        ("/board/figures?district=E06000001&phase=full", "phase", "cut by one thing at a time"),
        ("/board/figures/care?first=2019-06&last=2019-02", "last", "must end in the month in which it begins"),
        ("/board/fairness?as_at=soon", "as_at", "year-month-day"),
        ("/board/compare?audience=friends", "audience", "Choose one of"),
    ],
)
def test_a_question_that_cannot_be_answered_stays_on_the_page_and_says_what_would_be_right(
    scheme: Service, path: str, field: str, words: str
) -> None:
    answer = visiting(scheme.client, BOARD).get(path)
    assert answer.status_code == 422
    assert words in answer.text
    assert f'href="#{field}"' in answer.text
    assert f'id="{field}-error"' in answer.text
    for asked in path.partition("?")[2].split("&"):
        name, _, value = asked.partition("=")
        box = answer.text.split(f'id="{name}"')[1].split("</div>")[0]
        assert f'value="{value}"' in box, name
    assert "divert-glance__value" not in answer.text, "no number stands under a question that was not answered"


def test_what_is_asked_goes_along_from_page_to_page_where_it_can(scheme: Service) -> None:
    page = visiting(scheme.client, BOARD).get("/board/figures?as_at=2019-06-30&district=E06000001&audience=public").text
    assert 'href="/board/figures/care?as_at=2019-06-30&amp;district=E06000001&amp;audience=public"' in page
    assert 'href="/board?as_at=2019-06-30&amp;audience=public"' in page, "the first page is of the whole scheme"
    assert "District: Hartlepool, as at the end of 30 June 2019." in page


def test_a_day_that_is_not_over_is_told_as_such(scheme: Service) -> None:
    browser = visiting(scheme.client, BOARD)
    assert "the day is not over" in browser.get("/board").text
    assert "the day is not over" not in browser.get("/board?as_at=2019-11-30").text


# Side by side


def test_pilot_and_full_scheme_stand_beside_each_other_and_differ_only_beyond_chance(scheme: Service) -> None:
    page = html5lib.parse(visiting(scheme.client, BOARD).get("/board/compare").text, namespaceHTMLElements=False)
    (table,) = page.iter("table")
    rows = {"".join(row[0].itertext()).split("  ")[0].strip(): ["".join(cell.itertext()) for cell in row[1:]]
            for row in table.iter("tr")}  # fmt: skip
    assert rows["Figure"] == ["Pilot (shop theft)", "Full scheme", "Full against pilot"]
    (completed,) = [cells for name, cells in rows.items() if name.startswith("Completed, of all accepted")]
    assert completed[0].startswith("under")
    assert completed[2].endswith("points higher, beyond chance")
    (needs,) = [cells for name, cells in rows.items() if name.startswith("Needs that were less")]
    assert needs[2] == "too few to compare"


def test_districts_stand_beside_each_other_too(scheme: Service) -> None:
    page = visiting(scheme.client, BOARD).get("/board/compare?by=district").text
    assert all(name in page for name in ("Hartlepool", "Stockton-on-Tees", "A league of districts"))
    assert visiting(scheme.client, BOARD).get("/board/compare?by=person").status_code == 422


def test_what_is_counted_of_the_whole_scheme_only_is_not_told_as_none_of_a_part(scheme: Service) -> None:
    """A statutory limit that is near is not counted by district: that is not the same as none being near."""
    asked = "/api/board/figures?as_at=2019-11-28&phase=full"
    by_id = {figure["id"]: figure for figure in scheme.ask(BOARD, "GET", asked).json()}
    for name in ("limits-at-risk", "scrutiny", "times"):
        assert (by_id[name]["value"], by_id[name]["note"]) == (None, "told of the whole scheme only"), name
    exact = {figure.id: figure for figure in figures(View(exactly(scheme.office, date(2019, 11, 28))))}
    assert exact["limits-at-risk"].numerator == 1


# Charts and what is taken away


def drawn(scheme: Service, path: str) -> Iterator[tuple[str, str, str]]:
    """Each chart of a page: its address, the one for a telephone, and what stands beside it."""
    page = html5lib.parse(visiting(scheme.client, BOARD).get(path).text, namespaceHTMLElements=False)
    for section in page.iter("section"):
        for picture in section.iter("picture"):
            (wide,), (narrow,) = picture.iter("img"), picture.iter("source")
            assert len(list(section.iter("table"))) == 1, section.get("aria-labelledby")
            yield wide.get("src", ""), narrow.get("srcset", ""), "".join(section.itertext())


@pytest.mark.parametrize("path", [*PAGES[1:6], "/board/fairness"])
def test_every_chart_of_a_page_has_its_table_its_files_and_a_form_for_a_telephone(scheme: Service, path: str) -> None:
    browser, charts = visiting(scheme.client, BOARD), 0
    for wide, narrow, section_text in drawn(scheme, path):
        charts += 1
        pictures = [browser.get(address).text for address in (wide, narrow)]
        widths = [float(re.search(r'<svg[^>]* width="([\d.]+)"', picture)[1]) for picture in pictures]  # type: ignore[index]
        assert widths[1] < 440 < widths[0], wide
        assert all(words in section_text for words in ("table as CSV", "chart as SVG", "chart as PNG")), wide
        assert browser.get(wide.replace(".svg", ".png")).headers["content-type"] == "image/png"
    assert charts > 0


def test_no_label_of_a_chart_is_cut_short_nor_any_number_a_power_of_ten(scheme: Service) -> None:
    browser, labels = visiting(scheme.client, BOARD), set[str]()
    for path in PAGES[1:6]:
        for wide, narrow, _ in drawn(scheme, path):
            for address in (wide, narrow):
                labels |= set(re.findall(r">([^<>]+)</(?:text|tspan)>", browser.get(address).text))
    assert "Completed" in labels
    assert not [label for label in labels if "…" in label or re.search(r"\de\+", label)]


def test_a_comparison_is_taken_away_with_what_it_means(scheme: Service) -> None:
    text = visiting(scheme.client, BOARD).get("/board/fairness/table/sex-signed.csv").text
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["Signed, of accepted", "by sex", "as at 2019-12-01"]
    assert rows[2][0].startswith("Must not be read as: ")
    assert rows[4][:6] == ["Sex", "Came to it", "Of", "Per cent", "from", "to"]
    assert {row[0] for row in rows[5:]} >= {"Men", "Not stated"}
    assert visiting(scheme.client, BOARD).get("/board/fairness/table/nothing.csv").status_code == 404


def test_a_share_of_what_is_shown_as_under_five_is_never_told_as_none(scheme: Service) -> None:
    for audience in Audience:
        for figure in scheme.ask(BOARD, "GET", f"/api/board/figures?audience={audience.value}").json():
            for row in figure["rows"]:
                assert row["value"] != 0, figure["id"]
    nobody_yet = completion_of_accepted(View(Counts(date(2019, 12, 1), {Cell("accepted"): 20}, base=5)))
    assert re.fullmatch(r"under \d+%: under 5 of 20; likely 0 to \d+%\.", headline(nobody_yet))


# As a browser shows them


@pytest.mark.parametrize("people", ["none", "some"])
def test_no_page_of_the_board_has_a_fault_in_any_state(
    browser: Browser, desk: Office, scheme: Service, people: str
) -> None:
    """With nobody yet, with some; with a question that cannot be answered: on the narrowest screen."""
    office = desk.on("2019-12-01") if people == "none" else scheme.office
    slips = ("/board?as_at=2030-01-01", "/board/figures/flow?district=E06000001&phase=full", "/board/fairness?as_at=x")
    with serving(create_app(office.database, lambda: office.now, SETTINGS)) as address:
        faults_by_path = {}
        context = come_in(browser, address, BOARD, bypass_csp=True)
        page = context.new_page()
        parts = ("/board/figures/care?district=E06000001",) if people == "some" else ()
        for path in (*(PAGES if people == "some" else PAGES[:2] + PAGES[-3:]), *slips, *parts):
            page.goto(address + path)
            faults_by_path[path] = faults(page)
            parser = html5lib.HTMLParser()
            parser.parse(page.content())
            faults_by_path[path] += [name for _, name, _ in parser.errors]
        context.close()
    assert {path: what for path, what in faults_by_path.items() if what} == {}


def test_the_first_page_is_asked_another_day_by_keys_alone_and_prints_on_one_sheet(
    browser: Browser, scheme: Service
) -> None:
    office = scheme.office
    with serving(create_app(office.database, lambda: office.now, SETTINGS)) as address:
        context = come_in(browser, address, BOARD)
        page = context.new_page()
        page.goto(f"{address}/board")
        assert len(PdfReader(io.BytesIO(page.pdf(format="A4", margin=MARGIN))).pages) == 1
        page.focus("#as_at")
        page.keyboard.type("06302019")
        page.keyboard.press("Enter")
        page.wait_for_url("**as_at=2019-06-30**")
        assert "as at the end of 30 June 2019" in page.inner_text("main")
        context.close()


MARGIN: PdfMargins = {"top": "10mm", "right": "10mm", "bottom": "10mm", "left": "10mm"}
