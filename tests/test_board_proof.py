"""Every count of the board, beside a second computation that shares nothing with the first but the ledger."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import select

from divert.board.counting import tallies
from divert.board.counting.breakdowns import ALL, BREAKDOWNS
from divert.board.counting.count_store import CountStore, StillCounting
from divert.board.counting.counts import Cell
from divert.board.counting.suppression import PARTS, WITHIN
from divert.board.counting.tallies import SETTLED, settle
from divert.casework.commands.ending import CloseCase
from divert.casework.commands.record import MergePerson
from divert.casework.commands.referral import CorrectFacts
from divert.casework.commands.retention import ReviewRetention
from divert.models import Role, State, Tallied
from divert.people.staff import give_post
from tests import endings
from tests.boardroom import exactly, generated
from tests.golden import golden
from tests.office import INSPECTOR, KEYWORKER, MANAGER, PATHS, Office
from tests.second import second_counts

DAYS = (date(2019, 4, 20), date(2019, 5, 10), date(2019, 6, 1), date(2019, 12, 31), date(2021, 6, 1), date(2024, 1, 1),
        date(2025, 12, 1))  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2])
def test_a_second_computation_gives_every_count_of_every_cut_on_every_day(office: Office, seed: int) -> None:
    generated(office, Random(seed), 40)
    office.on("2026-01-01")
    counted, second = 0, dict[Cell, int]()
    for day in DAYS:
        second = second_counts(office.database, day)
        assert dict(exactly(office, day).cells) == second, day
        counted += len(second)
    assert counted > 1000
    assert second[Cell("harm_scored")] > 1
    by = {cell.dim for cell in second} - {ALL, *BREAKDOWNS, *PARTS, *WITHIN}
    assert by == {"rule"}, "whatever else makes up a whole has to be known to the rounding"
    if seed == 1:
        golden(COUNTED, count_lines(second))


COUNTED = Path(__file__).parent / "golden" / "counted.txt"


def count_lines(cells: Mapping[Cell, int]) -> str:
    """Every count with its breakdowns. Where this differs, counting has changed: `WAY` must be another."""
    breakdowns: dict[str, set[str]] = {}
    for cell in cells:
        breakdowns.setdefault(cell.name, set()).add(cell.dim)
    lines = [
        f"{name} {cells.get(Cell(name), 0)}: {' '.join(sorted(dims - {ALL}))}" for name, dims in breakdowns.items()
    ]
    return f"way {tallies.WAY}\n" + "".join(f"{line}\n" for line in sorted(lines))


def test_counts_kept_up_to_date_are_those_counted_anew(desk: Office) -> None:
    """One population is asked now and then while the office works and the worker settles what it may."""
    store, random = CountStore(desk.database, fresh_for=timedelta()), Random(7)
    since = date(2019, 3, 25)
    for size in (6, 1, 0, 5, 4):
        generated(desk, random, size, since)
        since += timedelta(days=3200)  # all of one spring's cases have been followed up before the next is counted
        desk.on(since - timedelta(days=random.randrange(1, 30)))
        for day in (*DAYS, desk.today):
            assert store.exact(day, desk.now).cells == second_counts(desk.database, day), (size, day)
        settle(desk.database, lambda: desk.now)


@pytest.mark.parametrize("settled", [False, True])
def test_what_is_added_is_counted_though_it_was_stamped_earlier(desk: Office, *, settled: bool) -> None:
    """A transaction that was long under way ends after the counting that should have seen it."""
    generated(desk, Random(3), 3)
    desk.on("2020-01-01")
    if settled:
        settle(desk.database, lambda: desk.now)
    store = CountStore(desk.database, fresh_for=timedelta())
    store.exact(DAYS[3], desk.now)
    desk.minutes -= SETTLED.seconds // 60 - 2
    stamped = desk.now
    ref = desk.refers(crime_ref="CVP-19-late")
    desk.on("2020-01-01").minutes = 30
    assert stamped < desk.now
    assert store.exact(date(2020, 1, 2), desk.now).cells == second_counts(desk.database, date(2020, 1, 2)), ref


def totals(office: Office) -> list[tuple[Cell, int]]:
    """What is kept, as counts of all days together."""
    with office.database.reading() as session:
        return sorted((Cell(*cell), n) for *cell, _, n in tallies.read(session).iter_rows())


def test_a_past_answer_stands_though_what_it_was_counted_from_is_gone(office: Office) -> None:
    """Dana's case is disposed of, Ahmed and another turn out to be one person, and the keyworker gets another post."""
    woman = {"sex": "F", "ethnicity": "A1", "date_of_birth": "1970-01-01"}
    gone = endings.completes(office)
    same, other = endings.somebody(office), endings.somebody(office, **woman)
    active = PATHS[State.active](office, endings.somebody(office))
    office.on("2026-01-02")
    settle(office.database, lambda: office.now)
    days = [date(2019, 12, 31), date(2025, 6, 1), office.today]
    answers = [exactly(office, day).cells for day in days]
    assert all(answers)
    office.on("2026-01-05")
    office.does(MANAGER, ReviewRetention(decision="dispose", reason="Six years are over."), gone)
    office.does(MANAGER, MergePerson(other_ref=other, why="Same fingerprints."), same)
    office.does(INSPECTOR, CorrectFacts(reason="Asked again.", ethnicity="B1"), other)
    with office.database.writing() as session:
        give_post(session, KEYWORKER.username, Role.complex_needs_specialist, office.now)
    assert [exactly(office, day).cells for day in days] == answers
    office.on("2026-02-01")
    office.does(MANAGER, CloseCase(reason_code="moved_away", explanation="To Leeds."), active)
    settle(office.database, lambda: office.now)
    assert [exactly(office, day).cells for day in days] == answers
    now = exactly(office, office.today).cells
    assert all(n > 0 for n in now.values())
    assert now[Cell("referred", "ethnicity", "Black")] == 1
    assert Cell("caseload", "post", "probation_service_officer") not in now


def test_counting_cut_short_goes_on_where_it_was(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    generated(office, Random(5), 7)
    office.on("2030-01-01")
    monkeypatch.setattr(tallies, "BATCH", 3)
    assert tallies._settle_some(office.database, office.now)
    with pytest.raises(StillCounting, match="3 of 7 cases"):
        exactly(office, office.today)
    settle(office.database, lambda: office.now)
    assert dict(exactly(office, office.today).cells) == second_counts(office.database, office.today)
    before = totals(office)
    settle(office.database, lambda: office.now)
    assert totals(office) == before


def test_two_who_settle_at_once_count_everything_once(office: Office) -> None:
    generated(office, Random(6), 8)
    office.on("2030-01-01")
    with ThreadPoolExecutor(4) as several:
        for settling in [several.submit(settle, office.database, lambda: office.now) for _ in range(4)]:
            settling.result()
    assert dict(exactly(office, office.today).cells) == second_counts(office.database, office.today)
    with office.database.reading() as session:
        assert [settlement.number for settlement in session.scalars(select(Tallied))] == [1]


def test_another_way_of_counting_counts_everything_anew(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    generated(office, Random(8), 5)
    office.on("2030-01-01")
    settle(office.database, lambda: office.now)
    before = totals(office)
    monkeypatch.setattr(tallies, "WAY", tallies.WAY + 1)
    office.on("2030-01-02")
    settle(office.database, lambda: office.now)
    assert totals(office) == before
    assert dict(exactly(office, office.today).cells) == second_counts(office.database, office.today)
