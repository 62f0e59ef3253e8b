"""The board's pages and files: one truth on every face, never a person, and questions that are refused in words."""

import csv
import io
import json
import re
import shutil
from collections.abc import Iterator
from datetime import date
from random import Random

import html5lib
import pytest
from pypdf import PdfReader

from divert.board.counting import tallies
from divert.board.figures.catalogue import FIGURES
from divert.board.figures.definition import Figure
from divert.board.reading.chart import chart
from divert.board.reading.glance import months_before
from divert.db import Database
from divert.models import Role
from divert.people.rights import Subject, may_read
from tests import endings
from tests.boardroom import generated, with_a_known_secret
from tests.office import BOARD, CAST, DALE, Office
from tests.service import Service, service, visiting

ADDRESSES = (
    "/board",
    "/board/figures",
    "/board/figures/flow",
    "/board/fairness",
    "/board/table/funnel.csv",
    "/board/chart/funnel.svg",
    "/board/chart/funnel.png",
    "/board/paper.pdf",
)


@pytest.fixture(scope="module")
def boardroom(sqlite_template: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One scheme for all of these tests: they only read."""
    file = tmp_path_factory.mktemp("board") / "divert.db"
    assert sqlite_template.file
    shutil.copy(sqlite_template.file, file)
    desk = Office(Database(f"sqlite:///{file}"))
    with_a_known_secret(desk)
    for _ in range(12):
        endings.completes(desk.on("2019-04-08"))
    for _ in range(11):
        endings.declines(desk.on("2019-04-11"))
    endings.withdraws(desk.on("2019-04-12"))
    generated(desk, Random(1), 6)
    desk.on("2028-01-01")
    with service(desk) as opened:
        yield opened


def counts_in(answer: object) -> Iterator[int]:
    """Every count of people in a JSON answer."""
    if isinstance(answer, dict):
        for name, value in answer.items():
            if name in ("numerator", "denominator", "reached", "of") and value is not None:
                yield value
            elif name == "counts":
                yield from (n for n in value.values() if n is not None)
            else:
                yield from counts_in(value)
    elif isinstance(answer, list):
        for item in answer:
            yield from counts_in(item)


@pytest.mark.parametrize("audience", ["board", "public"])
def test_every_count_that_leaves_is_rounded(boardroom: Service, audience: str) -> None:
    base = {"board": 5, "public": 10}[audience]
    counts = []
    for path in ("figures", "fairness"):
        counts += list(counts_in(boardroom.ask(BOARD, "GET", f"/api/board/{path}?audience={audience}").json()))
    assert len(counts) > 100
    assert any(counts)
    assert not [n for n in counts if n % base]


def test_page_json_and_csv_tell_the_same(boardroom: Service) -> None:
    figures = {figure["id"]: figure for figure in boardroom.ask(BOARD, "GET", "/api/board/figures").json()}
    browser = visiting(boardroom.client, BOARD)
    page = browser.get("/board/figures").text
    for name, figure in figures.items():
        table = list(csv.reader(io.StringIO(browser.get(f"/board/table/{name}.csv").text)))
        rows = {row[0]: row[1 : len(figure["columns"]) + 1] for row in table[6:]}
        for row in figure["rows"]:
            cells = ["withheld" if row["counts"][key] is None else str(row["counts"][key]) for key in figure["columns"]]
            assert rows[row["label"]] == cells, name
        section = page.split(f'id="{name}"')[1].split("</section>")[0]
        shown = re.findall(r'table__cell--numeric">(under 5|withheld|[\d,]+)</td>', section)
        expected = [
            "withheld" if n is None else "under 5" if n < 5 else str(n)
            for row in figure["rows"]
            for n in (row["counts"][key] for key in figure["columns"])
        ]
        assert shown == expected, name


def test_figures_are_cut_by_one_thing_at_a_time(boardroom: Service) -> None:
    def asked(query: str) -> tuple[int, object]:
        answer = boardroom.ask(BOARD, "GET", f"/api/board/figures?{query}")
        return answer.status_code, answer.json()

    whole = {figure["id"]: figure for figure in boardroom.ask(BOARD, "GET", "/api/board/figures").json()}
    for query in ("district=E06000001", "offence=TH68010", "phase=full", "first=2019-04&last=2019-04"):
        status, figures = asked(query)
        assert status == 200, query
        assert isinstance(figures, list)
        funnel = next(figure for figure in figures if figure["id"] == "funnel")
        assert 0 < funnel["denominator"] <= whole["funnel"]["denominator"]
        rows = [row for figure in figures for row in figure["rows"]]
        assert {row["label"] for row in rows} <= {"2019-04"}, "tables are of the whole scheme, or of a period's months"
    for query, field in (
        ("district=E06000001&offence=TH68010", "offence"),
        ("phase=pilot&first=2019-01", "first"),
        ("district=E01", "district"),
        ("first=2019-06&last=2019-04", "last"),
        ("first=April", "first"),
        ("as_at=2028-01-02", "as_at"),
    ):
        status, problem = asked(query)
        assert status == 422, query
        assert isinstance(problem, dict)
        assert problem["errors"][0]["parameter"] == field, query
    assert boardroom.ask(BOARD, "GET", "/api/board/fairness?phase=pilot").status_code == 422


def test_the_first_page_says_what_changed_and_what_it_cannot_say(boardroom: Service) -> None:
    page = visiting(boardroom.client, BOARD).get("/board?as_at=2019-06-30").text
    for words in ("Cases referred", "likely", "Too few 3 months before to compare", "rounded up or down"):
        assert words in page, words
    assert "%" in page
    assert "as at the end of 30 June 2019" in page
    assert months_before(date(2019, 5, 31)) == date(2019, 2, 28)


def test_a_form_sent_with_nothing_chosen_is_the_whole_scheme(boardroom: Service) -> None:
    browser = visiting(boardroom.client, BOARD)
    blank = browser.get("/board/figures?as_at=2020-01-01&first=&last=&district=&offence=&phase=")
    assert blank.status_code == 200
    assert "The whole scheme" in blank.text


@pytest.mark.parametrize("who", CAST, ids=lambda who: who.username)
def test_the_board_s_pages_are_for_the_board_the_leads_and_the_auditor(boardroom: Service, who: object) -> None:
    role: Role = who.role  # type: ignore[attr-defined]
    browser = visiting(boardroom.client, who)  # type: ignore[arg-type]
    for address in ADDRESSES:
        assert browser.get(address, follow_redirects=False).status_code == (
            200 if may_read(role, Subject.figures) else 403
        ), address


def test_no_page_of_the_board_leads_to_a_person_or_names_one(boardroom: Service) -> None:
    browser = visiting(boardroom.client, BOARD)
    for address in ADDRESSES:
        answer = browser.get(address)
        text = read_aloud(answer.content) if address.endswith(".pdf") else answer.text
        for never in (DALE["surname"], "Person0", "D-19-", "CVP-19", "/cases"):
            assert never not in text, (address, never)
    text = json.dumps(boardroom.ask(BOARD, "GET", "/api/board/figures").json())
    assert "Person0" not in text
    assert len(boardroom.ask(BOARD, "GET", "/api/board/figures").json()) == len(FIGURES)


def read_aloud(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def test_every_chart_stands_with_its_table_and_says_what_it_is(boardroom: Service) -> None:
    figures = boardroom.ask(BOARD, "GET", "/api/board/figures").json()
    browser = visiting(boardroom.client, BOARD)
    page = html5lib.parse(browser.get("/board/figures").text, namespaceHTMLElements=False)
    charts = 0
    for figure in figures:
        section = next(element for element in page.iter("section") if element.get("aria-labelledby") == figure["id"])
        drawn = list(section.iter("img"))
        assert len(drawn) == len(list(section.iter("table"))) == bool(figure["rows"])
        for image in drawn:
            charts += 1
            assert all(row["label"] in image.get("alt", "") for row in figure["rows"]), figure["id"]
            answer = browser.get(image.get("src", ""))
            assert answer.headers["content-type"] == "image/svg+xml"
            assert figure["title"] in answer.text.replace("&amp;", "&")
            for elsewhere in ("http://", "https://"):
                assert elsewhere not in answer.text.replace("http://www.w3.org/", ""), figure["id"]
    assert charts > 15


def test_a_chart_shows_rounded_counts_and_nothing_else(boardroom: Service) -> None:
    for figure in boardroom.ask(BOARD, "GET", "/api/board/figures").json():
        model = Figure.model_validate(figure)
        spec = chart(model)
        assert (spec is None) == (not model.rows)
        if spec is not None:
            shown = [row["n"] for row in spec["data"]["values"]]
            assert not [n for n in shown if n % 5], model.id
    picture = visiting(boardroom.client, BOARD).get("/board/chart/funnel.png").content
    assert picture.startswith(b"\x89PNG")


def test_the_board_paper_is_tagged_says_what_the_pages_say_and_is_the_same_to_the_byte(boardroom: Service) -> None:
    browser = visiting(boardroom.client, BOARD)
    pdf = browser.get("/board/paper.pdf").content
    assert pdf == browser.get("/board/paper.pdf").content
    read = PdfReader(io.BytesIO(pdf))
    assert b"/MarkInfo" in pdf
    assert b"/StructTreeRoot" in pdf
    assert read.metadata is not None
    assert read.metadata.title == "Cleveland Divert: figures for the project board"
    text = " ".join(read_aloud(pdf).split())
    for figure in boardroom.ask(BOARD, "GET", "/api/board/figures").json():
        assert figure["title"] in text, figure["id"]
    assert "Counts rounded to 5" in text
    public = " ".join(read_aloud(browser.get("/board/paper.pdf?audience=public").content).split())
    assert "Counts rounded to 10" in public
    only = " ".join(read_aloud(browser.get("/board/paper.pdf?district=E06000001").content).split())
    assert "District: Hartlepool" in only
    assert "At a glance" not in only


def test_a_figure_that_is_not_there_is_not_found(boardroom: Service) -> None:
    browser = visiting(boardroom.client, BOARD)
    assert browser.get("/board/table/nothing.csv").status_code == 404
    assert browser.get("/board/figures/nothing").status_code == 404
    assert browser.get("/board/chart/nothing.svg").status_code == 404


def test_no_figure_is_older_than_a_minute(desk: Office) -> None:
    """Within twenty seconds the board sees what was counted; after that, what has come since."""

    def referred(opened: Service) -> int:
        answer = opened.ask(BOARD, "GET", "/api/board/figures").json()
        return int(next(figure for figure in answer if figure["id"] == "funnel")["rows"][0]["counts"]["referred"])

    for _ in range(20):
        endings.somebody(desk.on("2019-04-08"))
    with service(desk) as opened:
        assert referred(opened) >= 15
        for _ in range(20):
            endings.somebody(desk)
        desk.minutes += 1
        assert referred(opened) >= 35


def test_where_there_is_too_much_to_count_a_page_says_how_far_it_is(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    generated(desk, Random(4), 7)
    desk.on("2030-01-01")
    monkeypatch.setattr(tallies, "BATCH", 3)
    with service(desk) as opened:
        answer = opened.ask(BOARD, "GET", "/api/board/figures")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
        assert "0 of 7 cases so far" in answer.json()["detail"]
        visiting(opened.client, BOARD)
        page = opened.client.get("/board", headers={"Accept": "text/html"})
        assert page.status_code == 503
        assert "0 of 7 cases so far" in page.text
        tallies.settle(desk.database, lambda: desk.now)
        assert opened.client.get("/board").status_code == 200
