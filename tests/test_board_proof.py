"""Every count of the board, beside a second computation that shares nothing with the first but the ledger."""

from datetime import date, timedelta
from random import Random

import pytest

from divert.board.counts import Cell
from divert.board.cuts import ALL, CUTS
from divert.board.population import SETTLED, Population
from divert.board.suppression import PARTS, WITHIN
from tests.boardroom import exactly, generated
from tests.office import Office
from tests.second import second_counts

DAYS = (date(2019, 4, 20), date(2019, 5, 10), date(2019, 6, 1), date(2019, 12, 31), date(2021, 6, 1), date(2024, 1, 1),
        date(2025, 12, 1))  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2])
def test_a_second_computation_gives_every_count_of_every_cut_on_every_day(office: Office, seed: int) -> None:
    generated(office, Random(seed), 40)
    office.on("2026-01-01")
    told, second = 0, dict[Cell, int]()
    for day in DAYS:
        second = second_counts(office.database, day)
        assert dict(exactly(office, day).cells) == second, day
        told += len(second)
    assert told > 1000
    assert second[Cell("harm_scored")] > 1
    by = {cell.dim for cell in second} - {ALL, *CUTS, *PARTS, *WITHIN}
    assert by == {"rule"}, "whatever else makes up a whole has to be known to the rounding"


def test_counts_kept_up_to_date_are_those_counted_anew(desk: Office) -> None:
    """One population is asked now and then while the office works: half settled, half recent, some folded in."""
    kept, random = Population(desk.database, fresh_for=timedelta()), Random(7)
    since = date(2019, 3, 25)
    for size in (6, 1, 0, 5, 4):
        generated(desk, random, size, since)
        since += timedelta(days=3200)  # all of one spring's cases have been followed up before the next is counted
        desk.on(since - timedelta(days=random.randrange(1, 30)))
        for day in (*DAYS, desk.today):
            assert kept.exact(day, desk.now).cells == exactly(desk, day).cells, (size, day)


def test_what_is_added_is_counted_though_it_was_stamped_earlier(desk: Office) -> None:
    """A transaction that was long under way ends after the counting that should have seen it."""
    generated(desk, Random(3), 3)
    desk.on("2020-01-01")
    kept = Population(desk.database, fresh_for=timedelta())
    kept.exact(DAYS[3], desk.now)
    desk.minutes -= SETTLED.seconds // 60 - 2
    generated_before = desk.now
    desk.refers(crime_ref="CVP-19-late")
    assert generated_before < desk.now
    desk.on("2020-01-01").minutes = 30
    assert kept.exact(date(2020, 1, 2), desk.now).cells == exactly(desk, date(2020, 1, 2)).cells
