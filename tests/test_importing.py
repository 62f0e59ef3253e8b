"""A referral file in the background: each batch is kept whole with what is noted of it, or it is not there at all."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count

import pytest
from sqlalchemy import func, select

from divert.casework.intake import importing
from divert.casework.intake.referral_file import BATCH, FileRow, Outcome, rows, take
from divert.casework.upkeep.check import check
from divert.db import Database, Turn
from divert.models import Case, Import, ImportedRow
from divert.people.staff import OPERATOR
from tests.command_line import counts
from tests.conftest import DATA
from tests.office import MANAGER

FILE = (DATA / "referrals-2019.csv").read_bytes()
with (DATA / "referrals-2019.expected.csv").open(encoding="utf-8", newline="") as expected:
    EXPECTED = list(csv.reader(expected))[1:]
GOOD = next(rows(io.BytesIO(FILE))).cells
KEPT = [row for row in EXPECTED if row[2] not in ("rejected", "duplicate")]


class Fault(Exception):
    """Something that nobody foresaw."""


def at() -> datetime:
    return datetime(2019, 9, 2, 9, tzinfo=UTC)


def failing_after(calls: int) -> Callable[[], datetime]:
    """A clock that stops for good after so many looks at it: one for each row, and one for each batch's note."""
    looks = count(1)

    def clock() -> datetime:
        if next(looks) > calls:
            raise Fault
        return at()

    return clock


def begun(database: Database, *, dry_run: bool = False) -> str:
    with database.writing() as session:
        return importing.begin(session, MANAGER.username, FILE, at(), dry_run=dry_run)


def noted(database: Database) -> list[list[str]]:
    """The report of the one run that there is, so far."""
    with database.reading() as session:
        run = session.scalars(select(Import)).one()
        return [
            Outcome(row.row, row.crime_ref, row.result, tuple(row.because.split())).report()
            for row in importing.outcomes(session, run)
        ]


def crimes(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(Case.crime_ref).order_by(Case.id)))


def never() -> bool:
    return False


@pytest.mark.parametrize(
    ("looks", "batches"),
    [(0, 0), (17, 0), (BATCH, 0), (BATCH + 1, 1), (BATCH + 40, 1), (2 * BATCH + 1, 1), (2 * BATCH + 2, 2)],
)
def test_a_fault_leaves_every_batch_whole_or_not_there_and_the_run_goes_on_from_it(
    database: Database, looks: int, batches: int
) -> None:
    ref = begun(database)
    with pytest.raises(Fault):
        importing.run(database, ref, failing_after(looks), never)
    assert noted(database) == EXPECTED[: batches * BATCH]
    assert crimes(database) == [row[1] for row in KEPT if int(row[0]) <= batches * BATCH]
    importing.run(database, ref, at, never)
    assert noted(database) == EXPECTED
    assert crimes(database) == [row[1] for row in KEPT]


def test_a_trial_that_was_cut_short_comes_to_the_same_when_it_goes_on(sqlite: Database) -> None:
    ref = begun(sqlite, dry_run=True)
    importing.run(sqlite, ref, at, lambda: True)
    assert noted(sqlite) == EXPECTED[:BATCH]
    importing.run(sqlite, ref, at, never)
    assert noted(sqlite) == EXPECTED
    assert crimes(sqlite) == []


def test_a_trial_knows_the_rows_of_the_batches_before(database: Database) -> None:
    others = [{**GOOD, "crime_ref": f"CVP-19-{number:06d}"} for number in range(BATCH)]
    file = [FileRow(number, cells) for number, cells in enumerate([GOOD, *others, GOOD], start=1)]
    before = counts(database)
    tried = list(take(database, file, OPERATOR, at, dry_run=True))
    assert counts(database) == before
    assert [tried[0].result, tried[-1].result] == ["eligible", "duplicate"]
    assert list(take(database, file, OPERATOR, at)) == tried


def test_a_refused_row_leaves_nothing_behind_and_those_beside_it_stay(database: Database) -> None:
    """Its agreement is dated tomorrow: the procedure refuses it, after its person and crime were looked up."""
    refused = {**GOOD, "crime_ref": "CVP-19-000002", "agreement_signed_on": "2019-09-03"}
    file = [GOOD, refused, {**GOOD, "crime_ref": "CVP-19-000003"}]
    outcomes = list(take(database, [FileRow(number, cells) for number, cells in enumerate(file, 1)], OPERATOR, at))
    assert [outcome.result for outcome in outcomes] == ["eligible", "rejected", "eligible"]
    with database.reading() as session:
        assert session.scalars(select(Case.ref).order_by(Case.id)).all() == ["D-19-0001", "D-19-0002"]
        assert list(check(session)) == []


def test_a_batch_waits_for_whoever_opens_cases_before_it_asks_who_is_known(postgres_url: str) -> None:
    database = Database(postgres_url)
    turns = []

    def clock() -> datetime:
        with database.reading() as session:
            turns.append(session.scalar(select(func.pg_try_advisory_xact_lock(Turn.opening_cases.value))))
        return at()

    list(take(database, [FileRow(1, GOOD)], OPERATOR, clock))
    database.dispose()
    assert turns == [False]


def test_a_file_that_two_take_at_once_is_noted_and_taken_once(sqlite: Database) -> None:
    """The second begins while the first is at its second batch, as after a silence that was taken for its end."""
    ref = begun(sqlite)

    def overtaken() -> bool:
        importing.run(sqlite, ref, at, never)
        return True

    importing.run(sqlite, ref, at, overtaken)
    assert noted(sqlite) == EXPECTED
    assert crimes(sqlite) == [row[1] for row in KEPT]
    with sqlite.reading() as session:
        assert session.scalar(select(func.count()).select_from(ImportedRow)) == len(EXPECTED)
