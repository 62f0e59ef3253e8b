"""The year's report: what was held, found and proved, what is to be learnt, and nobody's name."""

from collections.abc import Iterator
from datetime import date
from html import unescape
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader
from scipy.stats import hypergeom
from sqlalchemy import update

from divert.casework.commands.retention import ReviewRetention
from divert.models import Staff
from divert.records.meetings import all_meetings
from divert.scrutiny.opening import case_of
from divert.scrutiny.proof import Sample, miss_probability
from divert.scrutiny.report import Report, merge_small_strata, report, year_of
from tests import endings
from tests.office import CAST, COORDINATOR, INSPECTOR, MANAGER, MEMBER, SECOND_MEMBER, Office
from tests.papers import text_of
from tests.quarter import drawn, frozen, picks
from tests.service import Service, service, visiting
from tests.test_meeting import agrees, all_score, does, opened

LEARNING: dict[str, str] = {
    "learning": "Ring {name} sooner; PC 1795 and Beth Ollerenshaw agreed.", "learning_for": "team",
    "owner": "Victim contact team", "due_on": "2019-09-30",
}  # fmt: skip
AS_AT = date(2019, 10, 1)


@pytest.fixture
def year(desk: Office) -> Office:
    """A meeting on twelve refused cases and one completed: three and one of them drawn, scored and answered."""
    names = ("Imran Thackeray", "Beth Ollerenshaw", "Gwen Postlethwaite", "Arun Desai", "Nell Cartwright")
    with desk.database.writing() as session:
        for place, one in enumerate(CAST):
            session.execute(update(Staff).where(Staff.username == one.username).values(name=names[place % len(names)]))
    endings.completes(desk.on("2019-05-06"))
    for _ in range(12):
        endings.is_refused(desk.on("2019-05-06"))
    frame = frozen(desk)
    drawn(desk, frame.digest, {"completed": 1, "refused": 3})
    opened(desk, frame.digest, MEMBER, SECOND_MEMBER)
    for pack, own, agreed, more in (
        ("completed-1", (1, 1), 1, {"good_practice": "{name} was rung the same day."}),
        ("refused-1", (1, 3), 3, {**LEARNING, "doubts": "first_time"}),
        ("refused-2", (2, 2), 2, {**LEARNING, "learning": "Say why in plain words.", "learning_for": "organisation"}),
        ("refused-3", (4, 4), 4, {}),
    ):  # fmt: skip
        with desk.database.reading() as session:
            case = case_of(session, frame.digest, pack)
            name = case.person.surname if case else ""
        all_score(desk, pack, *own)
        said: dict[str, Any] = {field: words.format(name=name) for field, words in more.items()}
        agrees(desk, pack, agreed, **said)
    does(desk, INSPECTOR, "record-response", pack="refused-2", response="Imran Thackeray has told all.", closed="yes")
    return desk


def told(office: Office, of: int = 2019, as_at: date = AS_AT) -> Report:
    with office.database.reading() as session:
        return report(session, of, as_at)


def test_a_year_is_told_in_numbers(year: Office) -> None:
    said = told(year)
    assert (said.first, said.last) == (date(2019, 4, 1), date(2020, 3, 31))
    [held] = said.meetings
    assert (held.number, held.members, held.packs, held.came_back) == (1, 2, 4, 0)
    assert (said.altogether.cases, said.altogether.drawn, said.altogether.found) == (13, 4, 2)
    assert said.altogether.rate == pytest.approx((12 * 2 / 3 + 0) / 13)
    assert said.altogether.says.startswith("2 of 4 found; between ")
    assert said.kappa is not None
    assert said.scored_alone == 4
    titles = ("1: Consistent", "2: Appropriate, with observations", "3: Inappropriate", "4: No conclusion")
    assert said.scores == dict.fromkeys(titles, 1)
    assert (said.unsettled, said.missing, said.thematic) == (1, 0, 0)
    assert said.learning == {"team": 1, "organisation": 1}
    assert [(one.level, one.stands) for one in said.learnt] == [("team", "overdue"), ("organisation", "closed")]
    assert (said.actions_open, said.actions_overdue, said.actions_closed) == (1, 1, 1)
    assert said.doubted == {"first_time": 1}
    assert told(year, as_at=date(2019, 9, 30)).actions_overdue == 0


def test_it_names_nobody(year: Office) -> None:
    said = told(year)
    assert said.learnt[0].says == "Ring [withheld] sooner; [withheld] and [withheld] agreed."
    assert said.good_practice == ["[withheld] was rung the same day."]
    assert said.learnt[1].response == "[withheld] has told all."
    whole = said.model_dump_json()
    for name in ("Person00", "Ollerenshaw", "Thackeray", "1795", "panel.", "D-19", "CVP", '-1"'):
        assert name not in whole


def test_a_thematic_pick_is_counted_apart_and_in_no_rate(year: Office) -> None:
    before = told(year)
    with year.database.writing() as session:
        [meeting] = all_meetings(session)
        had = {case_of(session, one.frame, one.pack) for one in meeting.packs.values()}
        spared = next(ref for ref in year.refs if ref not in {one.ref for one in had if one})
        picks(session, meeting.frame, spared)
    does(year, COORDINATOR, "close-scoring", pack="thematic-1")
    agrees(year, "thematic-1", 3)
    after = told(year)
    assert (after.thematic, after.altogether, after.scores) == (1, before.altogether, before.scores)


def test_a_missing_record_is_counted(year: Office) -> None:
    gone = ReviewRetention(decision="dispose", reason="Six years have passed.")
    year.on("2025-06-10").does(MANAGER, gone, year.refs[0])
    assert told(year).missing == 1
    assert "1 record was missing" in " ".join(visiting_page(year))


def test_few_cases_are_put_together_until_they_are_not_few() -> None:
    few, more, many = Sample(3, 2, 1), Sample(9, 3, 0), Sample(40, 5, 1)
    assert merge_small_strata([{"override": few, "breached": more, "refused": many}]) == {
        "refused": [many], "smaller strata together": [few, more],
    }  # fmt: skip
    assert merge_small_strata([{"override": few, "refused": many}]) == {"smaller strata together": [few, many]}
    assert merge_small_strata([{"refused": many}, {"refused": few}]) == {"refused": [many, few]}
    assert merge_small_strata([{"override": few}]) == {"smaller strata together": [few]}
    assert merge_small_strata([]) == {}


def test_fewer_than_ten_cases_in_all_are_not_shown(desk: Office) -> None:
    endings.is_refused(desk.on("2019-05-06"))
    frame = frozen(desk)
    drawn(desk, frame.digest, {"refused": 1})
    opened(desk, frame.digest, MEMBER, SECOND_MEMBER)
    all_score(desk, "refused-1", 3, 3)
    agrees(desk, "refused-1", 3)
    said = told(desk)
    assert (said.altogether.cases, said.altogether.found, said.altogether.rate, said.scores) == (None, None, None, None)
    assert said.altogether.says == "Fewer than 10 cases: not shown."


def test_a_year_without_a_meeting_is_told_too(desk: Office) -> None:
    said = told(desk)
    assert (said.meetings, said.strata, said.altogether.says) == ([], [], "None was seen, so nothing is known.")


@pytest.mark.parametrize(("on", "of"), [("2019-03-31", 2018), ("2019-04-01", 2019), ("2020-03-31", 2019)])
def test_a_year_begins_in_april(on: str, of: int) -> None:
    assert year_of(date.fromisoformat(on)) == of


def test_what_a_sample_would_miss_is_the_worst_that_can_be() -> None:
    for cases, bad, size in ((10, 1, 3), (200, 10, 51), (200, 10, 50), (5, 1, 5), (40, 2, 0)):
        assert miss_probability([Sample(cases, size, 0)], bad) == pytest.approx(hypergeom.cdf(0, cases, bad, size))
    two = [Sample(12, 3, 0), Sample(9, 4, 2)]
    for bad in range(1, 15):
        each = (hypergeom.cdf(0, 12, put, 3) * hypergeom.cdf(0, 9, bad - put, 4) for put in range(bad + 1)
                if put <= 12 and bad - put <= 9)  # fmt: skip
        assert miss_probability(two, bad) == pytest.approx(max(each))


# As page, paper and JSON


@pytest.fixture
def room(year: Office) -> Iterator[Service]:
    with service(year.on("2019-10-01")) as counter:
        yield counter


def visiting_page(office: Office) -> list[str]:
    with service(office.on("2019-10-01")) as counter:
        return unescape(visiting(counter.client, MEMBER).get("/panel/report?year=2019").text).split("\n")


def test_page_paper_and_json_say_the_same(room: Service) -> None:
    said = room.ask(COORDINATOR, "GET", "/api/panel/report").json()
    page = " ".join(unescape(visiting(room.client, COORDINATOR).get("/panel/report?year=2019").text).split())
    paper = room.ask(COORDINATOR, "GET", "/api/panel/report.pdf?year=2019")
    printed = text_of(paper.content)
    for words in (
        said["altogether"]["says"], "Ring [withheld] sooner", "Say why in plain words.", "Victim contact team",
        "1 case was without a conclusion yet", "1 April 2019 to 31 March 2020", "first time (1)", "overdue",
    ):  # fmt: skip
        assert words in page, words
        assert words in printed, words
    read = PdfReader(BytesIO(paper.content))
    assert b"<pdfuaid:part>1</pdfuaid:part>" in paper.content
    assert read.metadata
    assert read.metadata.title == "Scrutiny of out of court disposals, 1 April 2019 to 31 March 2020"
    assert room.ask(COORDINATOR, "GET", "/api/panel/report.pdf").content == paper.content


def test_who_may_make_it_and_for_which_years(room: Service) -> None:
    def able(address: str) -> set[str]:
        return {who.role.value for who in CAST if room.ask(who, "GET", address).status_code == 200}

    readers = {
        "panel_coordinator", "panel_member", "police_team_lead", "project_manager", "auditor", "board_member",
    }  # fmt: skip
    assert able("/api/panel/report") == able("/api/panel/report.pdf") == readers
    assert room.ask(COORDINATOR, "GET", "/api/panel/report?year=1990").status_code == 422
    assert room.ask(COORDINATOR, "GET", "/api/panel/report?year=2020").json()["meetings"] == []
