"""How grave new offences were: a score is of an offence and a table, and the board sees how many lie in which band."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from divert.board.counting.counts import Cell, Counts
from divert.board.figures.catalogue import figures
from divert.board.figures.definition import Figure, Period, View
from divert.casework.commands.record import RecordFollowUp
from divert.casework.commands.retention import ReviewRetention
from divert.law.rule_files import RulesError
from divert.law.rulebook import rulebook
from divert.models import State
from tests import endings
from tests.boardroom import exactly
from tests.browsing import Person
from tests.office import INSPECTOR, KEYWORKER, MANAGER, Office
from tests.service import Service, service, visiting

CHECKED, LATER = date(2023, 6, 1), date(2023, 12, 31)
OFFENDED: dict[str, Any] = {"checked_on": CHECKED, "reoffended": True}
TABLE = "cchi-2023-05"


def harm(counts: Counts, place: Cell | Period | None = None) -> Figure:
    view = View(counts) if place is None else View(counts, place)
    return next(figure for figure in figures(view) if figure.id == "harm")


def table(figure: Figure) -> dict[str, int | None]:
    return {row.label: row.counts["harm_scored"] for row in figure.rows}


def completes(office: Office) -> str:
    ref = endings.completes(office.on("2019-04-08"))
    office.on(CHECKED)
    return ref


def scored(office: Office, days: int | None = None, ref: str | None = None, **answers: Any) -> str:
    """Somebody who completed in 2019 is followed up in 2023, has offended, and has a score or none."""
    ref = ref or completes(office)
    more = {} if days is None else {"harm_days": days, "harm_table": TABLE}
    office.does(KEYWORKER, RecordFollowUp.model_validate(OFFENDED | more | answers), ref)
    return ref


def test_scores_are_counted_in_their_bands_out_of_all_who_offended_again(office: Office) -> None:
    for days in (0, 1, 5, 20, 30, 31, 92, 400, 2000):
        scored(office, days)
    for _ in range(3):
        scored(office)
    scored(office, 5000, offence_on="2021-06-30")  # after the twelve months
    completes(office)  # nobody has looked
    office.does(KEYWORKER, RecordFollowUp(checked_on=CHECKED, reoffended=False), completes(office))
    figure = harm(exactly(office, LATER))
    assert (figure.numerator, figure.denominator, figure.value) == (9, 12, 75.0)
    assert table(figure) == {
        "May 2023: 0 to 1 days": 2,
        "May 2023: 2 to 7 days": 1,
        "May 2023: 8 to 31 days": 3,
        "May 2023: 32 to 92 days": 1,
        "May 2023: 366 to 1825 days": 1,
        "May 2023: 1826 and more days": 1,
    }
    # the fifth of nine in order lies half way through the three of 8 to 31
    assert [(measure.label, measure.value) for measure in figure.measures] == [
        ("Half scored no more than, Cambridge Crime Harm Index, table of May 2023", 20)
    ]
    assert figure.rests_on == "Scores taken from: Cambridge Crime Harm Index, table of May 2023."


def test_the_latest_follow_up_stands_and_an_earlier_day_keeps_its_answer(office: Office) -> None:
    ref = scored(office, 20)
    then = harm(exactly(office, CHECKED))
    assert table(then) == {"May 2023: 8 to 31 days": 1}
    scored(office.on("2023-07-01"), 400, ref)
    assert table(harm(exactly(office, LATER))) == {"May 2023: 366 to 1825 days": 1}
    scored(office.on("2023-08-01"), None, ref)
    assert (harm(exactly(office, LATER)).numerator, table(harm(exactly(office, LATER)))) == (0, {})
    assert harm(exactly(office, CHECKED)) == then


def test_what_was_scored_by_a_later_table_stands_apart(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "rules"
    copytree(rulebook().folder, folder)
    first = (folder / "harm" / "2023-05-01.toml").read_text(encoding="utf-8")
    second = first.replace(TABLE, "cchi-2030-01").replace('"May 2023"', '"January 2030"').replace("[1, 7,", "[10,")
    (folder / "harm" / "2030-01-01.toml").write_text(second, encoding="utf-8")
    monkeypatch.setenv("DIVERT_RULES", str(folder))
    rulebook.cache_clear()
    try:
        for days in (3, 20):
            scored(office, days)
        ref = completes(office)
        scored(office.on("2030-02-01"), None, ref, harm_days=3, harm_table="cchi-2030-01")
        figure = harm(exactly(office, office.today))
        assert table(figure) == {
            "May 2023: 2 to 7 days": 1,
            "May 2023: 8 to 31 days": 1,
            "January 2030: 0 to 10 days": 1,
        }
        assert [measure.value for measure in figure.measures] == [8, 6]
    finally:
        rulebook.cache_clear()


def test_with_a_cut_it_is_a_share_and_no_table(desk: Office) -> None:
    scored(desk, 20)
    scored(desk)
    figure = harm(exactly(desk, LATER), Cell("", "phase", "full"))
    assert (figure.numerator, figure.denominator, figure.rows, figure.measures[0].value) == (1, 2, [], None)


def test_what_is_shown_is_rounded_like_every_count(counter: Service) -> None:
    figures = counter.ask(MANAGER, "GET", "/api/board/figures").json()
    (figure,) = [figure for figure in figures if figure["id"] == "harm"]
    assert {figure["numerator"], *(row["counts"]["harm_scored"] for row in figure["rows"])} <= {0, 5, None}
    assert figure["value"] is None


def test_a_case_disposed_of_takes_its_score_with_it(desk: Office) -> None:
    ref = scored(desk, 20)
    desk.on("2026-06-01")
    review = {"decision": "dispose", "reason": "Kept for its period."}
    desk.does(MANAGER, ReviewRetention.model_validate(review), ref)
    assert harm(exactly(desk, desk.today)).numerator == 0


@pytest.mark.parametrize(
    ("answers", "field", "words"),
    [
        ({"harm_days": 20}, "harm_table", "From which table"),
        ({"harm_table": TABLE}, "harm_days", "Give the score in days"),
        ({"harm_days": 20, "harm_table": TABLE, "reoffended": "no"}, "harm_days", "Only a proven offence has a score"),
        ({"harm_days": -1, "harm_table": TABLE}, "harm_days", "0 or more"),
        ({"harm_days": "a week", "harm_table": TABLE}, "harm_days", "a whole number"),
        ({"harm_days": 200_000, "harm_table": TABLE}, "harm_days", "100000 or less"),
    ],
)
def test_half_a_score_is_refused_where_it_is_missing(
    counter: Service, answers: dict[str, Any], field: str, words: str
) -> None:
    body = {"checked_on": CHECKED.isoformat(), "reoffended": "yes"} | answers
    answer = counter.does(INSPECTOR, "record-follow-up", "D-19-0001", body)
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert (fault["pointer"], words in fault["detail"]) == (f"#/{field}", True), fault


@pytest.fixture
def counter(desk: Office) -> Iterator[Service]:
    assert desk.on("2019-05-06").case_in(State.completed) == "D-19-0001"
    scored(desk, 20)
    with service(desk.on(CHECKED)) as opened:
        yield opened


def test_a_score_is_recorded_by_the_form_and_read_in_the_history(counter: Service) -> None:
    keyworker = Person(visiting(counter.client, KEYWORKER))
    page = keyworker.reads("/cases/D-19-0001/record-follow-up")
    page = keyworker.fills(page, checked_on="2023-06-01", reoffended="yes", harm_days="20")
    assert page.status == 422
    assert "From which table" in page.text
    page = keyworker.fills(page, harm_table=TABLE)
    assert page.status == 200
    history = keyworker.reads("/cases/D-19-0001/history").text
    assert "Cambridge Crime Harm Index, table of May 2023 (cchi-2023-05)" in history


def test_a_table_whose_bands_do_not_rise_is_not_used(tmp_path: Path) -> None:
    copytree(rulebook().folder, tmp_path / "rules")
    file = tmp_path / "rules" / "harm" / "2023-05-01.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("[1, 7,", "[7, 1,"), encoding="utf-8")
    with pytest.raises(RulesError, match="the bands do not rise"):
        rulebook(tmp_path / "rules")
