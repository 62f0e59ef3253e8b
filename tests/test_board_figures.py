"""The board's figures: worked out by hand and a second way, the same for ever, and each with its meaning."""

from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
from sqlalchemy import select

from divert.board.counting.counts import Cell
from divert.board.counting.tallies import daily_sums, events
from divert.board.figures.catalogue import FIGURES, figures
from divert.board.figures.definition import Figure, View
from divert.casework.commands.ending import CloseCase, Reinstate
from divert.casework.commands.referral import CorrectFacts
from divert.models import OPEN, Case, State
from tests import endings
from tests.boardroom import exactly
from tests.office import INSPECTOR, MANAGER, Office

ASSESSED = {"times", "providers", "needs", "needs-by-sex", "reoffending", "harm", "scrutiny", "cost-per-completion"}
"""Figures that nothing in these two months bears on, or that have a test of their own."""

APRIL, JUNE = date(2019, 4, 30), date(2019, 6, 30)


def read(office: Office, as_at: date) -> dict[str, Figure]:
    return {figure.id: figure for figure in figures(View(exactly(office, as_at)))}


def shares(by_id: dict[str, Figure]) -> dict[str, tuple[int | None, int | None, float | None]]:
    return {figure.id: (figure.numerator, figure.denominator, figure.value) for figure in by_id.values()}


def table(figure: Figure) -> dict[str, tuple[int | None, ...]]:
    return {row.label: tuple(row.counts[key] for key in figure.columns) for row in figure.rows}


def spring(office: Office) -> None:
    """Twenty-one people in April: six complete, five break the contract, five are refused, five decline."""
    for _ in range(6):
        endings.completes(office.on("2019-04-08"))
    for _ in range(5):
        endings.breaches(office.on("2019-04-09"))
        endings.is_refused_though_eligible(office.on("2019-04-10"))
        endings.declines(office.on("2019-04-11"))


def early_summer(office: Office) -> None:
    """Six in May: five on whom police and probation differ at first, and one who withdraws."""
    for _ in range(5):
        endings.is_disagreed_on(office.on("2019-05-07"))
    endings.withdraws(office.on("2019-05-08"))


def test_the_figures_of_a_small_scheme_are_those_worked_out_by_hand(office: Office) -> None:
    spring(office)
    early_summer(office)
    by_id = read(office, JUNE)

    assert table(by_id["funnel"]) == {
        # referred, judged, eligible, accepted, signed, first kept, completed, breach reported, returned, charged
        "2019-04": (21, 21, 21, 16, 11, 6, 6, 5, 15, 0),
        "2019-05": (6, 6, 1, 0, 0, 0, 0, 0, 5, 0),
    }
    assert {name: share for name, share in shares(by_id).items() if name not in ASSESSED} == {
        "funnel": (11, 27, 40.7),
        "completion-of-accepted": (6, 16, 37.5),
        "completion-of-ended": (6, 11, 54.5),
        "breach": (5, 11, 45.5),
        "overrides": (5, 52, 9.6),
        "disagreement": (5, 21, 23.8),
        "limits-at-risk": (0, 0, None),
        "limits-expired": (0, 0, None),
        "near-misses": (0, 0, None),
        "phases": (6, 16, 37.5),
        "take-up": (11, 16, 68.8),
        "districts": (16, 27, 59.3),
        "offences": (16, 27, 59.3),
        "refusals": (0, 27, 0.0),
        "breach-decisions": (5, 5, 100.0),
        "appointments": (6, 6, 100.0),
        "conditions": (30, 55, 54.5),
        "victims": (27, 27, 100.0),
        "caseload": (0, 20, 0.0),  # returned cases are open, and with nobody
    }
    assert table(by_id["completion-of-accepted"])["2019-04"] == (16, 6)
    assert table(by_id["completion-of-ended"])["2019-04"] == (11, 6)
    assert table(by_id["breach"])["2019-04"] == (11, 5, 5)
    assert table(by_id["overrides"]) == {"Police": (26, 5), "Probation": (26, 0)}


LASTING = (
    "funnel", "completion-of-accepted", "completion-of-ended", "breach", "overrides", "disagreement", "limits-at-risk",
    "limits-expired", "near-misses",
)  # fmt: skip


def test_a_day_that_is_over_keeps_its_answer_for_ever(office: Office) -> None:
    """The six who complete in May are still under contract on 30 April, whenever one asks."""
    spring(office)
    by_id = read(office, APRIL)
    assert {name: shares(by_id)[name] for name in LASTING} == {
        "funnel": (11, 21, 52.4),
        "completion-of-accepted": (0, 16, 0.0),
        "completion-of-ended": (0, 5, 0.0),
        "breach": (5, 11, 45.5),
        "overrides": (5, 37, 13.5),
        "disagreement": (0, 16, 0.0),
        "limits-at-risk": (0, 0, None),
        "limits-expired": (0, 0, None),
        "near-misses": (0, 0, None),
    }
    early_summer(office)
    with office.database.reading() as session:
        returned = session.scalars(select(Case.ref).where(Case.state == State.returned)).all()
    for ref in returned:
        endings.charged(office.on("2019-07-01"), ref)
    assert read(office, APRIL) == by_id
    assert table(read(office, date(2019, 7, 1))["funnel"])["2019-04"][-1] == 15


def test_before_anyone_is_referred_every_figure_is_empty(desk: Office) -> None:
    endings.withdraws(desk.on("2019-05-01"))
    empty = read(desk, APRIL)
    assert set(shares(empty).values()) == {(0, 0, None), (None, 0, None)}
    assert empty["funnel"].rows == []


def test_a_month_begins_at_midnight_in_cleveland(desk: Office) -> None:
    """23:30 UTC on 30 April is half past midnight on 1 May there."""
    desk.on("2019-04-30").minutes = 14 * 60 + 29
    endings.somebody(desk)
    assert exactly(desk, APRIL).cells == {}
    assert exactly(desk, JUNE)[Cell("referred", "month", "2019-05")] == 1


# Time limits


def limits_as_live(office: Office) -> Counter[Any]:
    """The limits of open cases, from the case rows as they stand now."""
    with office.database.reading() as session:
        cases = session.scalars(select(Case).where(Case.state.in_(OPEN), Case.limit_on.is_not(None)))
        return Counter((case.limit_basis, case.limit_on) for case in cases)


def limits_as_at(office: Office, day: date) -> Counter[Any]:
    """The limits of open cases, from the history."""
    with office.database.reading() as session:
        tallies = daily_sums(events(session, range(1, 1000))).filter(pl.col("day") <= day, pl.col("dim") == "due")
    stood = tallies.group_by("name", "value").agg(pl.col("n").sum()).filter(pl.col("n") != 0)
    return Counter({(name.removesuffix("_limit"), date.fromisoformat(due)): n for name, due, n in stood.iter_rows()})


def test_limits_as_at_a_day_are_those_that_stood_on_it(office: Office) -> None:
    """Limits are set, moved, withdrawn and outlived; asked later, each day still answers as it did."""
    stood: dict[date, Counter[Any]] = {}

    def day_is_over() -> None:
        stood[office.today] = limits_as_live(office)

    drunk = [endings.drunk(office.on("2019-05-06")) for _ in range(3)]
    shoplifter = endings.somebody(office)
    day_is_over()
    office.on("2019-05-07")
    earlier = CorrectFacts(reason="The day before.", offence_on=date(2019, 5, 2))
    office.does(INSPECTOR, earlier, drunk[0])
    office.does(INSPECTOR, CorrectFacts(reason="It was heroin.", offence_code="MD71211"), drunk[1])
    office.does(INSPECTOR, CorrectFacts(reason="Spelt wrongly.", surname="Marsh"), drunk[2])
    day_is_over()
    office.on("2019-05-08")
    endings.withdraws(office)
    office.does(MANAGER, CloseCase(reason_code="duplicate", explanation="In another case."), drunk[2])
    office.does(INSPECTOR, CorrectFacts(reason="Worth more.", value_gbp=Decimal(250)), shoplifter)
    day_is_over()
    office.on("2019-05-09").does(MANAGER, Reinstate(reason="It was not."), drunk[2])
    day_is_over()

    assert list(stood.values()) == [
        {("statutory", date(2019, 11, 3)): 3, ("precautionary", date(2019, 11, 3)): 1},
        {
            ("statutory", date(2019, 11, 2)): 1,
            ("statutory", date(2019, 11, 3)): 1,
            ("precautionary", date(2019, 11, 3)): 1,
        },
        {("statutory", date(2019, 11, 2)): 1},
        {("statutory", date(2019, 11, 2)): 1, ("statutory", date(2019, 11, 3)): 1},
    ]
    assert {day: limits_as_at(office, day) for day in stood} == stood


def test_a_limit_comes_nearer_and_passes(desk: Office) -> None:
    """Five drunk on 3 May 2019: the last day for a charge is 3 November."""
    for _ in range(5):
        endings.drunk(desk.on("2019-05-06"))
    where = {
        "2019-10-05": None,
        "2019-10-06": "15 to 28 days left",
        "2019-10-20": "8 to 14 days left",
        "2019-10-27": "2 to 7 days left",
        "2019-11-03": "0 to 1 days left",
        "2019-11-04": "Passed",
    }
    for day, band in where.items():
        at_risk = read(desk, date.fromisoformat(day))["limits-at-risk"]
        assert (at_risk.numerator, at_risk.denominator) == (5 if band else 0, 5), day
        assert [label for label, (statutory, _) in table(at_risk).items() if statutory] == [band] * bool(band), day


def test_an_expired_limit_is_counted_as_a_failure_and_a_late_charge_as_a_near_miss(desk: Office) -> None:
    """Of fifteen returned, five are charged in summer, five on 31 October, five are found on 4 November: too late."""
    refs = []
    for _ in range(15):
        ref = endings.judged(desk, endings.drunk(desk.on("2019-05-06"), previous_convictions=1))
        refs.append(endings.sent_back(desk, ref))
    for place, ref in enumerate(refs):
        desk.on(("2019-07-01", "2019-10-31", "2019-11-04")[place // 5])
        endings.charged(desk, ref, outcome_code=17 if place >= 10 else 1)
    by_id = read(desk, date(2019, 12, 31))
    assert shares(by_id)["limits-expired"] == (5, 15, 33.3)
    assert shares(by_id)["near-misses"] == (5, 10, 50.0)
    assert table(by_id["near-misses"])["2 to 7 days left"] == (5,)
    assert "failure of the scheme" in by_id["limits-expired"].definition
    assert shares(read(desk, date(2019, 10, 31)))["limits-expired"] == (0, 10, 0.0)


def test_every_figure_says_what_it_is_and_what_it_is_not(desk: Office) -> None:
    endings.withdraws(desk.on("2019-04-08"))
    by_id = read(desk, JUNE)
    assert len(by_id) == len(FIGURES)
    for figure in by_id.values():
        for text in (figure.title, figure.definition, figure.cohort, figure.authority, figure.must_not_be_read_as):
            assert len(text) > 10, figure.id
        assert "%" not in figure.model_dump_json()
        assert figure.cut_off == JUNE
        for row in figure.rows:
            assert set(row.counts) == set(figure.columns), figure.id
