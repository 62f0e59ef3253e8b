"""The board's first figures: worked out by hand and a second way, the same for ever, and never of few people."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, select

from divert.board import limits
from divert.board.as_at import AsAt
from divert.board.figure import FEWEST, Figure, shown_share
from divert.board.figures import FIGURES, figures
from divert.casework.commands.ending import CloseCase, Reinstate
from divert.casework.commands.referral import CorrectFacts
from divert.clock import london_date
from divert.db import Database
from divert.models import OPEN, Case, Check, Decision, LedgerEntry, State
from tests import endings
from tests.office import INSPECTOR, MANAGER, PATHS, Office

APRIL, JUNE = date(2019, 4, 30), date(2019, 6, 30)


def read(office: Office, as_at: date) -> dict[str, Figure]:
    with office.database.reading() as session:
        return {figure.id: figure for figure in figures(session, as_at)}


def shares(found: dict[str, Figure]) -> dict[str, tuple[int | None, int | None, float | None]]:
    return {one.id: (one.numerator, one.denominator, one.value) for one in found.values()}


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
    found = read(office, JUNE)

    assert table(found["funnel"]) == {
        # referred, judged, eligible, accepted, signed, completed, breach reported, returned, charged
        "2019-04": (21, 21, 21, 16, 11, 6, 5, 15, 0),
        "2019-05": (6, 6, None, 0, 0, 0, 0, 5, 0),  # one of the six was eligible: too few to show
        "2019-06": (0, 0, 0, 0, 0, 0, 0, 0, 0),
    }
    assert [row.note for row in found["funnel"].rows] == [None, "fewer than 5", None]
    assert shares(found) == {
        "funnel": (11, 27, 40.7),
        "completion-of-accepted": (6, 16, 37.5),
        "completion-of-ended": (6, 11, 54.5),
        "breach": (5, 11, 45.5),
        "overrides": (5, 52, 9.6),
        "disagreement": (5, 21, 23.8),
        "limits-at-risk": (0, 0, None),
        "limits-expired": (0, 0, None),
        "near-misses": (0, 0, None),
    }
    assert table(found["completion-of-accepted"])["2019-04"] == (16, 6)
    assert table(found["completion-of-ended"])["2019-04"] == (11, 6)
    assert table(found["breach"])["2019-04"] == (11, 5, 5)
    assert table(found["overrides"]) == {"Police": (26, 5), "Probation": (26, 0)}


def test_a_day_that_is_over_keeps_its_answer_for_ever(office: Office) -> None:
    """The six who complete in May are still under contract on 30 April, whenever one asks."""
    spring(office)
    told = read(office, APRIL)
    assert shares(told) == {
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
    assert read(office, APRIL) == told
    assert table(read(office, date(2019, 7, 1))["funnel"])["2019-04"][-1] == 15


def test_before_anyone_is_referred_every_figure_is_empty(desk: Office) -> None:
    endings.withdraws(desk.on("2019-05-01"))
    empty = read(desk, APRIL)
    assert set(shares(empty).values()) == {(0, 0, None)}
    assert empty["funnel"].rows == []


def test_a_month_begins_at_midnight_in_cleveland(desk: Office) -> None:
    """23:30 UTC on 30 April is half past midnight on 1 May there."""
    desk.on("2019-04-30").minutes = 14 * 60 + 29
    endings.somebody(desk)
    with desk.database.reading() as session:
        assert AsAt(session, APRIL).months == ()
        assert {month.label: month.counts["referred"] for month in AsAt(session, JUNE).months} == {
            "2019-05": 1,
            "2019-06": 0,
        }


# A second computation, in plain Python over the rows

STORIES: tuple[Callable[[Office], str], ...] = (
    endings.completes,
    endings.declines,
    endings.breaches,
    lambda office: endings.breaches(office, "warn"),
    endings.is_ineligible,
    endings.is_refused,
    endings.is_disagreed_on,
    endings.is_refused_though_eligible,
    endings.withdraws,
    lambda office: PATHS[State.active](office, endings.somebody(office)),
    lambda office: endings.somebody(office, admission=None),
)


def generated(office: Office, random: Random, size: int) -> None:
    """People referred on random days of spring 2019 whose cases go random ways; some are charged or brought back."""
    for _ in range(size):
        ref = random.choice(STORIES)(office.on(date(2019, 3, 25) + timedelta(days=random.randrange(60))))
        later = office.on(office.today + timedelta(days=random.randrange(1, 30)))
        if office.state(ref) is State.returned and random.random() < 0.7:
            endings.charged(later, ref, outcome_code=random.choice([1, 1, 16]))
        elif office.state(ref) is State.closed and random.random() < 0.5:
            later.does(MANAGER, Reinstate(reason="Has changed their mind."), ref)
        elif office.state(ref) in OPEN and random.random() < 0.3:
            later.does(MANAGER, CloseCase(reason_code="moved_away", explanation="To Leeds."), ref)


def second_computation(database: Database, day: date) -> dict[str, tuple[int, int]]:
    """Numerator and denominator of each figure, from every row, one case at a time."""
    with database.reading() as session:
        entries = [one for one in session.scalars(select(LedgerEntry)) if london_date(one.at) <= day]
        decisions = [one for one in session.scalars(select(Decision)) if london_date(one.at) <= day]
    path: dict[int, list[str]] = defaultdict(list)
    for entry in sorted(entries, key=lambda one: (one.case_id, one.seq)):
        path[entry.case_id].append(f"{entry.command} > {entry.to_state}")
    said: dict[int, dict[str, bool]] = defaultdict(dict)
    for decision in sorted(decisions, key=lambda one: one.seq):
        said[decision.case_id].setdefault(decision.side, decision.accept)
    signed = [steps for steps in path.values() if "sign-contract > active" in steps]
    completed = sum("complete-case > completed" in steps for steps in signed)
    accepted = sum(any(step.endswith("> accepted") for step in steps) for steps in path.values())
    over = sum(not steps[-1].endswith(("> active", "> breach_review")) for steps in signed)
    both = [answers for answers in said.values() if len(answers) == 2]
    sent_back = [steps for steps in path.values() if any(step.endswith("> returned") for step in steps)]
    return {
        "funnel": (len(signed), len(path)),
        "completion-of-accepted": (completed, accepted),
        "completion-of-ended": (completed, over),
        "breach": (sum("report-breach > breach_review" in steps for steps in signed), len(signed)),
        "overrides": (sum(one.override for one in decisions), len(decisions)),
        "disagreement": (sum(answers["police"] != answers["probation"] for answers in both), len(both)),
        "limits-expired": (0, sum(steps[-1].endswith(("> prosecuted", "> closed")) for steps in sent_back)),
    }


def second_funnel(database: Database, day: date) -> dict[str, Counter[str]]:
    """Cases by month and stage."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    with database.reading() as session:
        for case in session.scalars(select(Case)):
            steps = session.scalars(select(LedgerEntry).where(LedgerEntry.case_id == case.id)).all()
            checks = session.scalars(select(Check).where(Check.case_id == case.id).order_by(Check.seq)).all()
            been = {(one.from_state, one.to_state) for one in steps if london_date(one.at) <= day}
            verdicts = [one.verdict for one in checks if london_date(one.at) <= day]
            month = f"{min(london_date(one.at) for one in steps):%Y-%m}"
            found[month].update(
                referred=(None, State.referred) in been,
                judged=bool(verdicts) and verdicts[-1] != "not_yet_known",
                eligible=verdicts[-1:] == ["eligible"],
                completed=(State.active, State.completed) in been,
                returned=any(after is State.returned for _, after in been),
                charged=(State.returned, State.prosecuted) in been,
            )
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_a_second_computation_over_the_rows_gives_the_same(office: Office, seed: int) -> None:
    generated(office, Random(seed), 40)
    for day in (date(2019, 4, 20), date(2019, 5, 10), date(2019, 6, 1), date(2019, 12, 31)):
        told = read(office, day)
        for name, (counted, of) in second_computation(office.database, day).items():
            few = 0 < counted < 5 or 0 < of - counted < 5
            assert told[name].numerator == (None if few else counted), (day, name)
            assert told[name].denominator == (None if 0 < of < 5 else of), (day, name)
        expected = second_funnel(office.database, day)
        with office.database.reading() as session:
            for month in AsAt(session, day).months:
                stages = ("referred", "judged", "eligible", "completed", "returned", "charged")
                assert {stage: month.counts[stage] for stage in stages} == {
                    stage: expected[month.label][stage] for stage in stages
                }, (day, month.label)


# Time limits


def limits_as_live(office: Office) -> Counter[Any]:
    """The limits of open cases, from the case rows as they stand now."""
    with office.database.reading() as session:
        cases = session.scalars(select(Case).where(Case.state.in_(OPEN), Case.limit_on.is_not(None)))
        return Counter((one.limit_basis, one.limit_on) for one in cases)


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
    with office.database.reading() as session:
        assert {day: limits.open_cases(AsAt(session, day)) for day in stood} == stood


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
        "2019-11-04": "passed",
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
    found = read(desk, date(2019, 12, 31))
    assert shares(found)["limits-expired"] == (5, 15, 33.3)
    assert shares(found)["near-misses"] == (5, 10, 50.0)
    assert table(found["near-misses"])["2 to 7 days left"] == (5,)
    assert "failure of the scheme" in found["limits-expired"].definition
    assert shares(read(desk, date(2019, 10, 31)))["limits-expired"] == (0, 10, 0.0)


# What the board is not shown


@given(st.integers(0, 40).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_no_share_gives_away_a_count_below_five(counts: tuple[int, int]) -> None:
    counted, of = counts
    numerator, denominator = shown_share(counted, of)
    assert denominator in (None, of)
    assert (denominator is None) == (0 < of < FEWEST)
    if numerator is not None:
        assert numerator == counted
        assert denominator == of
        assert not 0 < counted < FEWEST
        assert not 0 < of - counted < FEWEST


def test_small_counts_are_withheld_and_their_shares_with_them(desk: Office) -> None:
    """Four complete and two decline: both few, so neither is told, nor the share, though six are."""
    for _ in range(4):
        endings.completes(desk.on("2019-04-08"))
    for _ in range(2):
        endings.declines(desk.on("2019-04-08"))
    found = read(desk, JUNE)
    told = found["completion-of-accepted"]
    assert (told.numerator, told.denominator, told.value, told.note) == (None, 6, None, "fewer than 5")
    assert table(told)["2019-04"] == (6, None)
    assert table(found["funnel"])["2019-04"] == (6, 6, 6, 6, None, None, 0, None, 0)


def test_every_figure_says_what_it_is_and_what_it_is_not(desk: Office) -> None:
    endings.withdraws(desk.on("2019-04-08"))
    found = read(desk, JUNE)
    assert len(found) == len(FIGURES)
    for figure in found.values():
        for text in (figure.title, figure.definition, figure.cohort, figure.authority, figure.must_not_be_read_as):
            assert len(text) > 10, figure.id
        assert "%" not in figure.model_dump_json()
        assert figure.cut_off == JUNE
        for row in figure.rows:
            assert set(row.counts) == set(figure.columns), figure.id


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """What the database is asked meanwhile."""
    asked: list[str] = []

    def listen(*told: Any) -> None:
        asked.append(told[2])

    event.listen(database.engine, "before_cursor_execute", listen)
    yield asked
    event.remove(database.engine, "before_cursor_execute", listen)


def test_all_figures_take_a_few_questions_and_none_of_the_access_log(desk: Office) -> None:
    endings.withdraws(desk.on("2019-04-08"))
    with statements(desk.database) as asked:
        read(desk, JUNE)
    assert 0 < len(asked) <= len(FIGURES)
    assert not any("access_log" in statement for statement in asked)
