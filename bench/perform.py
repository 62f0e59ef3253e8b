"""One `perform` with its commit, in this process, beside a bare transaction that writes the same rows.

A case's seventeen steps and a note, one after another, each timed with its commit; a twin is written by the bare driver
in between, into another database of the same kind. What `perform` takes beyond that is reading the case, asking role
and guards, the command itself, the hashes, and the object mapper. The number of statements is the one figure that no
noise can touch. Not shown: HTTP, and several people at once.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from statistics import fmean, median
from time import perf_counter

from bench.figure import Figure, Limit
from bench.place import Place
from bench.rows import CRIME, Driver, Recorded, recorded
from bench.steps import NOTE, Step, path
from divert.casework import workflow
from divert.casework.commands.contract import SignContract
from divert.casework.commands.decisions import DecideForProbation
from divert.casework.commands.referral import Refer
from divert.clock import system_clock
from divert.db import Database

CASES = 60
PATH = "all of the path"
SHOWN = {
    NOTE.command.slug(): "a note, the least there is",
    Refer.slug(): "a referral",
    DecideForProbation.slug(): "a decision that moves the case",
    SignContract.slug(): "a contract of five conditions",
    PATH: "a write of the path, on average",
}

Times = Mapping[str, list[float]]


def perform(place: Place) -> Iterator[Figure]:
    """Milliseconds a write, as medians, on both databases."""
    for kind in place.kinds:
        rows = recorded(place, kind, _steps(CRIME, place.today))
        with place.database(kind) as database, place.database(kind) as twin:
            driver = Driver(twin.url)
            ours, theirs = _timed(database, driver, rows, place.count(CASES), place.today)
            driver.close()
        for slug, words in SHOWN.items():
            limit = Limit("the same rows, bare", median(theirs[slug]) * 1e3)
            yield Figure(f"{kind}: {words}", median(ours[slug]) * 1e3, "ms", limit)
        writing = fmean(len(step) for step in rows.steps)
        reading = rows.reads / len(rows.steps)
        limit = Limit("those that write", writing)
        yield Figure(f"{kind}: statements of each, on average", writing + reading, "statements", limit)


def _timed(database: Database, driver: Driver, rows: Recorded, cases: int, today: date) -> tuple[Times, Times]:
    """Seconds by command, ours and the driver's, taking turns. The first case warms both and is not counted."""
    ours, theirs = defaultdict[str, list[float]](list), defaultdict[str, list[float]](list)
    for number in range(cases + 1):
        ref: str | None = None
        names, spent = rows.named(number), []
        for step, writes in zip(_steps(number, today), rows.steps, strict=True):
            begun = perf_counter()
            ref = _performed(database, ref, step)
            between = perf_counter()
            driver.write([(writes, names)])
            spent.append((step.command.slug(), between - begun, perf_counter() - between))
        if number:
            for slug, seconds, bare_seconds in (*spent, (PATH, *_average(spent))):
                ours[slug].append(seconds)
                theirs[slug].append(bare_seconds)
    return ours, theirs


def _performed(database: Database, ref: str | None, step: Step) -> str:
    with database.writing() as session:
        return workflow.perform(session, ref, step.given(), step.who, system_clock()).ref


def _average(spent: list[tuple[str, float, float]]) -> tuple[float, float]:
    """Seconds a step of the path, ours and the driver's."""
    steps = [step for step in spent if step[0] != NOTE.command.slug()]
    return fmean(ours for _, ours, _ in steps), fmean(theirs for _, _, theirs in steps)


def _steps(number: int, today: date) -> list[Step]:
    """The path, with a note before its last step."""
    *before, last = path(number, today)
    return [*before, NOTE, last]
