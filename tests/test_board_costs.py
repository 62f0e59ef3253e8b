"""What the scheme spent and what a completion costs: entered in the open, kept for ever, worked out a second way."""

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from divert.acts.act import perform
from divert.acts.refusals import NotAllowed, Unusable
from divert.board import spending
from divert.board.counting.count_store import CountStore
from divert.board.counting.counts import Spent
from divert.board.counting.suppression import Audience
from divert.board.figures.costs import (
    NONE_ENTERED,
    NOT_BY_BREAKDOWN,
    TOO_FEW,
    cost_per_completion,
    days,
    runs,
    spread,
)
from divert.board.figures.definition import Figure, View, months_between
from divert.board.reading.query import BoardQuery
from divert.board.spending import EnterCosts, entries, latest, pence_by_month
from divert.clock import london_date
from divert.models import Cost, LedgerEntry, Role
from divert.people.rights import Subject, may_read
from divert.people.staff import Actor
from tests import endings
from tests.boardroom import exactly, generated
from tests.browsing import Person
from tests.office import BOARD, CAST, KEYWORKER, MANAGER, Office
from tests.service import Service, service, visiting

JULY = date(2019, 7, 1)
HERE = "http://testserver/board/costs"
COSTS: dict[str, Any] = {"heading": "staff", "month": "2019-05", "pounds": "9000", "source": "Finance ledger, May 2019"}


def enters(office: Office, **answers: Any) -> list[Cost]:
    office.minutes += 1
    with office.database.writing() as session:
        costs: list[Cost] = perform(session, EnterCosts.model_validate(COSTS | answers), MANAGER, office.now)
        return costs


def exact(office: Office, as_at: date) -> Figure:
    """The figure before anything is rounded."""
    with office.database.reading() as session:
        known = pence_by_month(latest(entries(session, as_at)).values())
    spent = Spent(known, {day: exactly(office, day) for day in days(known)})
    return cost_per_completion(View(exactly(office, as_at), spent=spent))


def shown(office: Office, as_at: date, **asked: str) -> Figure:
    """The figure as every face has it."""
    population = CountStore(office.database)
    counts = population.shown(as_at, office.now)
    spent = spending.read_spent(population, as_at, office.now, Audience.board)
    return cost_per_completion(View(counts, BoardQuery.model_validate(asked).place, spent))


def spring(office: Office) -> None:
    """Six complete in May, of eleven accepted in April."""
    for _ in range(6):
        endings.completes(office.on("2019-04-08"))
    for _ in range(5):
        endings.declines(office.on("2019-04-11"))


def test_a_completion_s_cost_is_that_worked_out_by_hand(office: Office) -> None:
    spring(office)
    office.on(JULY)
    enters(office, month="2019-04", pounds="4500")
    enters(office, pounds="9000")
    enters(office, heading="providers", pounds="1200.60")
    figure = exact(office, JULY)
    # (4500 + 9000 + 1200.60) / 6 completed; / 11 accepted
    assert (figure.denominator, figure.value, figure.low, figure.high) == (6, 2450, 2450, 2450)
    assert {measure.label: measure.value for measure in figure.measures} == {
        "Per person accepted": 1336,
        "Spent in these months": 14700.6,
        "Spent: staff": 13500,
        "Spent: providers": 1200.6,
    }
    assert figure.rests_on == (
        "£14,700.60 was spent in April 2019 to May 2019, in which 6 completed and 11 were accepted."
        " Nothing is entered of January 2019 to March 2019 and June 2019: that is not nought, and these months are left"
        " out. Not entered, and so not in the cost: Providers, April 2019; Premises, April 2019 to May 2019;"
        " Systems, April 2019 to May 2019; Other, April 2019 to May 2019."
    )


def test_only_what_happened_in_the_months_that_are_paid_for_counts(office: Office) -> None:
    """April's costs alone: eleven were accepted in it, and nobody had completed."""
    spring(office)
    enters(office.on(JULY), month="2019-04", pounds="4500")
    figure = exact(office, JULY)
    assert (figure.denominator, figure.value, figure.note) == (0, None, TOO_FEW)
    assert figure.rests_on is not None
    assert figure.rests_on.startswith("£4,500.00 was spent in April 2019, in which 0 completed and 11 were accepted.")
    assert figure.measures[0].value == 409


@pytest.mark.parametrize("seed", [1, 2])
def test_a_second_computation_gives_the_same_and_the_range_holds_the_truth(office: Office, seed: int) -> None:
    random = Random(seed)
    generated(office, random, 40)
    months = months_between("2019-01", "2019-11")
    for _ in range(12):
        office.on(date(2019, 12, 1) + timedelta(days=random.randrange(60)))
        more = {"heading": random.choice(["staff", "other"]), "pounds": f"{random.randrange(1, 900_000) / 100:.2f}"}
        enters(office, month=random.choice(months), **more)
    office.on("2020-03-01")
    for as_at in (date(2019, 12, 20), date(2020, 1, 5), date(2020, 3, 1)):
        spent, completed = second(office, as_at)
        figure, rounded = exact(office, as_at), shown(office, as_at)
        assert figure.denominator == completed
        assert figure.value == (round(spent / completed / 100) if completed else None)
        if rounded.value is not None:
            assert rounded.low is not None
            assert rounded.high is not None
            assert rounded.low <= round(spent / completed / 100) <= rounded.high


def second(office: Office, as_at: date) -> tuple[int, int]:
    """Pence spent and cases completed in the months that have costs, from the rows and the ledger alone."""
    stands: dict[tuple[str, str], int] = {}
    with office.database.reading() as session:
        for cost in sorted(session.scalars(select(Cost)), key=lambda cost: cost.at):
            if london_date(cost.at) <= as_at:
                stands[cost.month, cost.heading] = cost.pence
        paid = {month for month, _ in stands}
        moves = session.scalars(select(LedgerEntry).where(LedgerEntry.to_state == "completed")).all()
        first = {entry.case_id: london_date(entry.at) for entry in sorted(moves, key=lambda entry: -entry.seq)}
    return sum(stands.values()), sum(f"{on:%Y-%m}" in paid for on in first.values())


def test_an_amount_entered_again_counts_from_then_on_and_an_earlier_day_keeps_its_answer(office: Office) -> None:
    spring(office)
    enters(office.on("2019-06-10"), pounds="9000")
    then = exact(office, date(2019, 6, 30))
    assert then.value == 1500
    enters(office.on("2019-07-01"), pounds="6000", source="Finance ledger, corrected")
    assert exact(office, JULY).value == 1000
    assert exact(office, date(2019, 6, 30)) == then
    assert exact(office, date(2019, 6, 9)).note == NONE_ENTERED
    with office.database.reading() as session:
        assert len(entries(session, JULY)) == 2


def test_what_was_entered_can_neither_be_changed_nor_taken_out(office: Office) -> None:
    enters(office.on(JULY))
    for statement in ("UPDATE costs SET pence = 0", "DELETE FROM costs"):
        with pytest.raises(DBAPIError, match="append-only"), office.database.writing() as session:
            session.execute(text(statement))


@given(pence=st.integers(0, 10**9), over=st.integers(1, 12))
def test_an_amount_for_several_months_is_spread_to_the_penny(pence: int, over: int) -> None:
    amounts = spread(pence, over)
    assert (len(amounts), sum(amounts)) == (over, pence)
    assert max(amounts) - min(amounts) <= 1


@given(st.sets(st.sampled_from(months_between("2019-01", "2021-12"))))
def test_months_that_follow_each_other_are_put_together_and_none_is_lost(months: set[str]) -> None:
    runs_of_months = runs(months)
    assert {month for first, last in runs_of_months for month in months_between(first, last)} == months
    assert all(len(months_between(last, first)) > 2 for (_, last), (first, _) in pairwise(runs_of_months))


@pytest.fixture
def counter(desk: Office) -> Iterator[Service]:
    spring(desk)
    with service(desk.on(JULY)) as opened:
        yield opened


@pytest.mark.parametrize(
    ("field", "given", "words"),
    [
        ("month", "2019-07", "This month is not over. Give one before 2019-07."),
        ("last_month", "2019-08", "This month is not over."),
        ("month", "2018-12", "Give a month from 2019-01 on."),
        ("month", "May", "Write year-month, like 2019-04."),
        ("month", "2019-13", "Write year-month, like 2019-04."),
        ("last_month", "2019-04", "This is before the first. Give 2019-05 or a later month, or none."),
        ("pounds", "-5", "This is below zero."),
        ("pounds", "about 9000", "Write pounds and pence in figures"),
        ("pounds", "900000", "This is over £250,000 a month"),
        ("heading", "gifts", "There is no such heading in 2019-05. Use one of: staff, providers"),
        ("source", "  ", "Say who vouches for it"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_its_field_on_both_faces(
    counter: Service, field: str, given: str, words: str
) -> None:
    answers = COSTS | {field: given}
    answer = counter.ask(MANAGER, "POST", "/api/board/costs", answers)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"#/{field}"]
    assert words in answer.json()["errors"][0]["detail"]
    manager = Person(visiting(counter.client, MANAGER))
    page = manager.reads("/board/costs")
    page = manager.sends(page.form, page.form.values | {name: [value] for name, value in answers.items()}, HERE)
    assert page.status == 422
    if field != "source":  # blank is left out: the question says that it needs an answer
        assert words in page.text
    assert f"#{field}" in page.links.values()
    for name in set(answers) - {field, "heading"}:
        assert page.form.values[name] == [answers[name]], "what was typed is kept"
    assert counter.ask(BOARD, "GET", "/api/board/costs").json() == []


def test_the_manager_enters_costs_at_the_page_and_every_face_tells_what_they_come_to(counter: Service) -> None:
    for _ in range(20):
        endings.completes(counter.office.on("2019-04-08"))
    counter.office.on(JULY)
    manager = Person(visiting(counter.client, MANAGER))
    assert "Nothing is entered of January 2019 to June 2019." in manager.reads("/board/costs").text
    assert NONE_ENTERED[1:] in manager.reads("/board/figures/costs").text
    page = manager.fills(manager.reads("/board/costs"), **COSTS | {"month": "2019-01", "last_month": "2019-06"})
    assert (page.status, "It is on record." in page.text) == (200, True)
    page = manager.fills(manager.reads("/board/costs"), **COSTS | {"pounds": "3000", "source": "Corrected"})
    assert "no: entered again" in page.text
    assert "Nothing is entered of" not in page.text

    board = Person(visiting(counter.client, BOARD))
    page = board.reads("/board/costs")
    for words in ("1,500.00", "3,000.00", "Finance ledger, May 2019", "Corrected", "by manager"):
        assert words in page.text, words
    assert "Enter costs" not in page.text
    (figure,) = [
        figure
        for figure in counter.ask(BOARD, "GET", "/api/board/figures").json()
        if figure["id"] == "cost-per-completion"
    ]
    # 5 months of 1,500 and one of 3,000, over 26 completed as shown
    assert figure["denominator"] in (25, 30)
    assert figure["value"] == round(10_500 / figure["denominator"])
    assert figure["low"] < figure["value"] < figure["high"]
    assert figure["rows"] == []
    sentence = (
        f"{figure['value']:.0f} pounds, likely {figure['low']:.0f} to {figure['high']:.0f}."
        f" £10,500.00 was spent in January 2019 to June 2019, in which {figure['denominator']} completed"
    )
    assert sentence in board.reads("/board/figures/costs").text
    assert sentence in board.reads("/board/figures").text
    table = list(csv.reader(io.StringIO(counter.client.get("/board/table/cost-per-completion.csv").text)))
    assert figure["rests_on"] in table[1]
    assert ["All", str(figure["value"]), str(figure["low"]), str(figure["high"])] in table
    assert ["Spent in these months (pounds)", "10500.0", "", ""] in table
    pdf = PdfReader(io.BytesIO(counter.client.get("/board/paper.pdf").content))
    assert sentence in " ".join("\n".join(page.extract_text() for page in pdf.pages).split())


def test_costs_are_of_the_whole_scheme_and_known_by_no_cut(counter: Service) -> None:
    enters(counter.office)
    for asked in ({"district": "E06000001"}, {"phase": "full"}, {"first": "2019-04", "last": "2019-05"}):
        figure = shown(counter.office, JULY, **asked)
        assert (figure.value, figure.denominator, figure.note) == (None, None, NOT_BY_BREAKDOWN)
        assert [measure.value for measure in figure.measures] == [None]


def test_costs_over_json_are_told_as_they_were_known(counter: Service) -> None:
    entered = counter.ask(MANAGER, "POST", "/api/board/costs", COSTS | {"month": "2019-04", "last_month": "2019-05"})
    assert entered.status_code == 201
    assert [(cost["month"], cost["pence"], cost["stands"]) for cost in entered.json()] == [
        ("2019-05", 450_000, True),
        ("2019-04", 450_000, True),
    ]
    counter.office.on("2019-07-03")
    counter.ask(MANAGER, "POST", "/api/board/costs", COSTS)
    costs = counter.ask(BOARD, "GET", "/api/board/costs").json()
    assert [(cost["month"], cost["stands"]) for cost in costs] == [
        ("2019-05", True),
        ("2019-05", False),
        ("2019-04", True),
    ]
    assert counter.ask(BOARD, "GET", "/api/board/costs?as_at=2019-07-02").json() == entered.json()
    assert counter.ask(BOARD, "GET", "/api/board/costs?as_at=2019-07-04").status_code == 422


@pytest.mark.parametrize("who", CAST, ids=lambda who: who.username)
def test_costs_are_read_by_the_board_s_readers_and_entered_by_the_manager_alone(counter: Service, who: Actor) -> None:
    reads, enters_them = may_read(who.role, Subject.figures), who.role is Role.project_manager
    assert counter.ask(who, "GET", "/api/board/costs").status_code == (200 if reads else 403)
    assert counter.ask(who, "POST", "/api/board/costs", COSTS).status_code == (201 if enters_them else 403)
    browser = visiting(counter.client, who)
    assert browser.get("/board/costs").status_code == (200 if reads else 403)
    with counter.office.database.reading() as session:
        assert len(entries(session, JULY)) == enters_them


def test_nobody_else_enters_them_by_any_other_way(desk: Office) -> None:
    command = EnterCosts.model_validate(COSTS)
    with pytest.raises(NotAllowed, match="project manager"), desk.database.writing() as session:
        perform(session, command, KEYWORKER, desk.on(JULY).now)
    with pytest.raises(Unusable, match="not over"), desk.database.writing() as session:
        perform(session, command, MANAGER, desk.on("2019-05-31").now)
