"""`divert import` of a generated file, beside the csv module and bare INSERTs of the same rows.

Both read the file and commit every fifty rows. What the import takes beyond that is asking whether each row's person
and crime are known, validation, judgement, and two commands a row. Not shown: the start of the program, and a report.
"""

import csv
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from itertools import islice
from pathlib import Path

from bench.figure import Figure, Limit, timed
from bench.place import Place
from bench.rows import CRIME, Driver, Recorded, recorded
from bench.steps import Step, referral
from divert.casework.commands.decisions import CheckEligibility
from divert.casework.commands.referral import Refer
from divert.casework.intake.referral_file import BATCH, COLUMNS, check_shape, rows, take
from divert.clock import system_clock
from divert.db import Database
from divert.people.staff import OPERATOR

ROWS = 1_000


def importing(place: Place) -> Iterator[Figure]:
    """Rows a second, on both databases."""
    count = place.count(ROWS)
    file = place.folder / "referrals.csv"
    _generate(file, count, place.today)
    for kind in place.kinds:
        body = {**referral(CRIME, place.today), "agreement_signed_on": place.today.isoformat()}
        recording = recorded(place, kind, [Step(OPERATOR, Refer, body), Step(OPERATOR, CheckEligibility, {})])
        with place.database(kind) as database, place.database(kind) as twin:
            ours = timed(lambda: _import(database, file, count))
            theirs = timed(lambda: _insert(twin, file, recording))  # noqa: B023 - called at once
        limit = Limit("csv and bare INSERTs", count / theirs)
        yield Figure(f"{kind}: a file of {count:,} rows", count / ours, "rows/s", limit)


def _generate(file: Path, count: int, today: date) -> None:
    """A file in which every row is another person, eligible, with the agreement signed."""
    with file.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, COLUMNS, restval="")
        writer.writeheader()
        for number in range(1, count + 1):
            writer.writerow({**referral(number, today), "agreement_signed_on": today.isoformat()})


def _import(database: Database, file: Path, count: int) -> None:
    with file.open("rb") as opened:
        check_shape(opened)
        results = [outcome.result for outcome in take(database, rows(opened), OPERATOR, system_clock)]
    if results != ["eligible"] * count:
        raise AssertionError(f"the rows came to {sorted(set(results))}, {len(results)} of {count}")


def _insert(database: Database, file: Path, recording: Recorded) -> None:
    """A lot of rows a transaction, each with what its two commands would have written."""
    writes = [write for step in recording.steps for write in step]
    with file.open(encoding="utf-8", newline="") as lines, closing(Driver(database.url)) as driver:
        numbers = (int(row["crime_ref"].removeprefix("BENCH-")) for row in csv.DictReader(lines))
        while batch := list(islice(numbers, BATCH)):
            driver.write((writes, recording.named(number)) for number in batch)
