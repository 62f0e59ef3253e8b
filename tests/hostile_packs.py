"""`python -m tests.hostile_packs [how many [from which round on]]`: whole packs of cases in which every box that takes
words gives somebody away; read as JSON, page and paper. What was missed is told with the words around it and its round;
the counts go into docs/redaction.md, unless only later rounds were asked for.
"""

import os
import random
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from io import StringIO
from itertools import cycle, islice
from pathlib import Path
from typing import Any, NamedTuple

from divert.casework.commands.breach import DecideBreach, ReportBreach
from divert.casework.commands.conditions import MarkConditionKept, RecordProgress, WaiveCondition
from divert.casework.commands.contract import FIVE, DeclineContract, SignContract
from divert.casework.commands.decisions import CheckEligibility, DecideForPolice, DecideForProbation, ReturnToForce
from divert.casework.commands.ending import CloseCase, CompleteCase
from divert.casework.commands.record import AddNote
from divert.casework.commands.referral import RecordReferralAgreement
from divert.casework.commands.support import Allocate, AssessNeeds
from divert.casework.commands.victim import RecordVictimUpdate, RecordVictimViews
from divert.db import Database
from divert.migrate import migrate
from divert.models import Staff
from divert.scrutiny.opening import packs_of
from divert.scrutiny.redaction import parts_of
from tests.hostile import BEYOND, SENTENCES, WAYS, Somebody, somebody
from tests.office import (
    CAST,
    ENTRY,
    INSPECTOR,
    KEYWORKER,
    MANAGER,
    MEMBER,
    OFFICER,
    PROBATION_LEAD,
    Office,
)
from tests.papers import text_of
from tests.quarter import drawn, frozen
from tests.service import service, visiting
from tests.test_meeting import opened

PAGE = Path(__file__).parent.parent / "docs" / "redaction.md"
BEGINS, ENDS = "<!-- measured: packs -->\n", "<!-- end -->\n"
AT_ONCE = 100
NAMES = ("Imran Thackeray", "Beth Ollerenshaw", "Gwen Postlethwaite", "Arun Desai", "Nell Cartwright")
INVISIBLE = "\u200b"
AROUND = 40
"""Characters told before and after what was missed."""


class Planted(NamedTuple):
    """One identifier given away in one way, in one box."""

    way: str
    secret: str


@dataclass
class Person:
    """Somebody whose case is told by hostile hands: who they are, and what was planted where."""

    about: Somebody
    chance: random.Random
    ways: Iterator[str]
    planted: list[Planted] = field(default_factory=list)

    def words(self) -> str:
        """A sentence that gives one of them away."""
        return self.chance.choice(SENTENCES).format(self.name())

    def name(self) -> str:
        """The same without a sentence, for a short box."""
        way = next(self.ways)
        subject = self.chance.choice((self.about, self.about, self.about.as_victim, self.about.as_officer))
        secret = (WAYS | BEYOND)[way](subject, self.chance)
        self.planted.append(Planted(way, secret))
        return secret


class Found(NamedTuple):
    """Over so many packs: what was planted, and what of it still stood somewhere, by way; packs where any did.

    told: of what redaction claims to find, the way and the text around each that was missed.
    """

    packs: int
    written: Counter[str]
    missed: Counter[str]
    recorded: Counter[str]
    with_any: int
    told: tuple[str, ...] = ()

    def __add__(self, other: "Found") -> "Found":  # type: ignore[override]  # two measurements, not two tuples
        return Found(
            self.packs + other.packs,
            self.written + other.written,
            self.missed + other.missed,
            self.recorded + other.recorded,
            self.with_any + other.with_any,
            self.told + other.told,
        )


NOTHING = Found(0, Counter(), Counter(), Counter(), 0)


def refers(office: Office, who: Person) -> str:
    """Referred, agreed, the victim asked, checked: every box filled in."""
    one = who.about
    ref = office.refers(
        surname=one.surname, forenames=one.forename, phone=one.phone, email=one.email, postcode=one.postcode,
        pnc_id=one.pnc, crime_ref=one.crime, offence_place=one.street, officer=one.officer,
        victim_kind="business", victim_name=one.shop, victim_contact=one.victim_phone, notes=who.words(),
        offence_on=(office.today - timedelta(days=3)).isoformat(),
    )  # fmt: skip
    office.does(OFFICER, RecordReferralAgreement(signed_on=office.today, explained_by=one.officer), ref)
    office.does(INSPECTOR, RecordVictimViews(views="obtained", contact_name=one.victim, words=who.words()), ref)
    office.does(INSPECTOR, CheckEligibility(), ref)
    office.does(INSPECTOR, AddNote(text=who.words()), ref)
    return ref


def signs(office: Office, who: Person) -> str:
    """Taken by both, assessed, signed with particulars, and some of it done."""
    ref = refers(office, who)
    office.does(INSPECTOR, DecideForPolice(accept=True, reasons=who.words()), ref)
    office.does(PROBATION_LEAD, DecideForProbation(accept=True, reasons=who.words()), ref)
    office.does(PROBATION_LEAD, Allocate(keyworker=KEYWORKER.username, why=who.words()), ref)
    office.does(KEYWORKER, AssessNeeds.model_validate({**ENTRY, "summary": who.words()}), ref)
    conditions = [*FIVE[:3], *({**one, "detail": who.name(), "provider": who.name()} for one in FIVE[3:])]
    terms = {"signed_on": office.today, "ends_on": office.today + timedelta(days=80), "conditions": conditions}
    office.does(KEYWORKER, SignContract.model_validate(terms), ref)
    office.on(office.today + timedelta(days=14))
    office.does(KEYWORKER, RecordProgress(condition=4, evidence=who.words()), ref)
    office.does(INSPECTOR, RecordVictimUpdate(told_on=office.today, how="telephone", what=who.words()), ref)
    return ref


def completes(office: Office, who: Person) -> None:
    ref = signs(office, who)
    for number in (2, 3, 4):
        kept = MarkConditionKept(condition=number, kept_on=office.today, evidence=who.words())
        office.does(KEYWORKER, kept, ref)
    office.does(PROBATION_LEAD, WaiveCondition(condition=5, reasons=who.words()), ref)
    leaving = {**ENTRY, "stage": "exit", "summary": who.words()}
    office.does(KEYWORKER, AssessNeeds.model_validate(leaving), ref)
    office.does(PROBATION_LEAD, CompleteCase(outcome_code=22, explanation=who.words()), ref)


def breaches(office: Office, who: Person) -> None:
    ref = signs(office, who)
    report = ReportBreach(
        conditions=[3], occurred_on=office.today, what=who.words(), excuse_asked=True, excuse=who.words()
    )
    office.does(KEYWORKER, report, ref)
    office.does(INSPECTOR, DecideBreach(decision="end", probation_view=who.words(), reasons=who.words()), ref)


def declines(office: Office, who: Person) -> None:
    ref = refers(office, who)
    office.does(INSPECTOR, DecideForPolice(accept=True, reasons=who.words()), ref)
    office.does(PROBATION_LEAD, DecideForProbation(accept=True, reasons=who.words()), ref)
    office.does(INSPECTOR, DeclineContract(reasons=who.words()), ref)


def refuses(office: Office, who: Person) -> None:
    ref = refers(office, who)
    no = DecideForPolice(accept=False, reasons=who.words(), override_reason=who.words())
    office.does(INSPECTOR, no, ref)
    office.does(INSPECTOR, ReturnToForce(reason_code="not_agreed", reasons=who.words()), ref)


def closes(office: Office, who: Person) -> None:
    ref = refers(office, who)
    office.does(MANAGER, CloseCase(reason_code="withdrew_before_start", explanation=who.words()), ref)


STORIES: tuple[Callable[[Office, Person], None], ...] = (completes, breaches, declines, refuses, closes)


def standing(text: str, secret: str) -> str | None:
    """Where an identifier still stands in a text as it was written: the words around it."""
    spaced = re.escape(" ".join(secret.replace(INVISIBLE, "").split()))
    found = re.search(rf"(?<!\w){spaced}(?!\w)", text, re.IGNORECASE)
    return text[max(found.start() - AROUND, 0) : found.end() + AROUND] if found else None


def gives_away(text: str, secret: str) -> bool:
    """Whether it does."""
    return standing(text, secret) is not None


def everyones(texts: Iterable[str]) -> frozenset[str]:
    """The words in every pack, which are the scheme's: "Page" at the foot of a paper is not Paige, misspelt."""
    return frozenset.intersection(*(frozenset(re.findall(r"\w+", text.lower())) for text in texts))


def round_of(database: Database, number: int, seed: int) -> Found:
    """So many cases told, drawn whole, and read at a meeting: as JSON, page by page, and all on paper."""
    chance = random.Random(seed)
    ways = islice(cycle((*WAYS, *BEYOND)), chance.randrange(len(WAYS)), None)
    office = Office(database)
    people: dict[str, Person] = {}
    for place in range(number):
        told = Person(somebody(chance), chance, ways)
        STORIES[place % len(STORIES)](office.on("2019-05-06"), told)
        people[office.refs[-1]] = told
    frame = frozen(office)
    drawn(office, frame.digest, {stratum: len(refs) for stratum, refs in frame.strata.items()})
    opened(office, frame.digest, MEMBER)
    with database.reading() as session:
        refs = packs_of(session, frame.digest)
    with service(office.on("2019-07-10")) as counter:
        paper = text_of(counter.ask(MEMBER, "GET", "/api/panel/meetings/1/packs.pdf").content)
        pages = re.split(r"Pack \d+ of meeting 1: ", paper)[1:]
        pages = [each for each in pages if "Age at referral" in each]
        visitor = visiting(counter.client, MEMBER)
        base = "/panel/meetings/1/packs"
        shown: list[tuple[Person, dict[str, Any], str]] = []
        for (name, ref), printed in zip(refs.items(), pages, strict=True):
            assert printed.startswith(name)
            known = counter.ask(MEMBER, "GET", f"/api{base}/{name}").json()["known"]
            page = " ".join(unescape(re.sub(r"<[^>]+>", " ", visitor.get(f"{base}/{name}").text)).split())
            shown.append((people[ref], known, f"{page} {printed}"))
    ours = everyones(text for _, _, text in shown)
    return sum((read(*each, ours) for each in shown), start=NOTHING)


def read(who: Person, known: dict[str, Any], shown: str, ours: frozenset[str]) -> Found:
    """What stands in one pack of what was planted in its case, or was on record of it.

    shown: the pack on the page and on paper, where words of ours stand too.
    """
    said = [" ".join(words.split()) for words in strings(known)]
    written = Counter(one.way for one in who.planted)
    left: list[tuple[str, str]] = []
    for one in who.planted:
        claimed = one.way in WAYS and one.secret.lower() not in ours
        places = (standing(text, one.secret) for text in (*said, *([shown] if claimed else ())))
        if around := next(filter(None, places), None):
            left.append((one.way, around))
    missed = Counter(way for way, _ in left)
    told = [f"{way}: {around}" for way, around in left if way in WAYS]
    names, numbers = who.about.known
    tokens = {part for words in said for part in parts_of(words)}
    recorded = Counter(part for name in names for part in parts_of(name) if part in tokens and len(part) > 1)
    recorded += Counter(one for one in numbers if any(gives_away(words, one) for words in said))
    told += [f"on record: {one}" for one in recorded]
    return Found(1, written, missed, recorded, int(bool(missed or recorded)), tuple(told))


def strings(said: Any) -> Iterator[str]:
    """Every text in a pack, but for the rules of the policy, which are the same for everybody."""
    if isinstance(said, dict):
        for name, one in said.items():
            yield from () if name == "eligibility" else strings(one)
    elif isinstance(said, list):
        for one in said:
            yield from strings(one)
    elif isinstance(said, str):
        yield said


def a_round(seed: int, number: int = AT_ONCE) -> Found:
    """One round on a database of its own."""
    with tempfile.TemporaryDirectory(dir=_in_memory()) as folder:
        database = Database(f"sqlite:///{folder}/divert.db")
        migrate(database)
        with database.writing() as session:
            session.add_all(
                Staff(username=one.username, name=name, role=one.role)
                for one, name in zip(CAST, cycle(NAMES), strict=False)
            )
        try:
            with redirect_stdout(StringIO()):  # the service's log
                return round_of(database, number, seed)
        finally:
            database.dispose()


def _in_memory() -> Path | None:
    memory = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
    return memory if memory.is_dir() and shutil.disk_usage(memory).free > 2_000_000_000 else None


def table(found: Found) -> str:
    """What was measured, in the words of docs/redaction.md."""
    claimed = sum(found.missed[way] for way in WAYS)
    lines = [
        f"In {found.packs:,} packs, {found.written.total():,} boxes gave somebody away. Of the ways that redaction"
        f" claims to find, {claimed} were missed; of names and numbers on record, {found.recorded.total()} stood as"
        f" recorded. {found.with_any:,} packs still held something.",
        "",
        "| way | boxes | missed |",
        "|---|---|---|",
        *(f"| {way} | {found.written[way]:,} | {found.missed[way]:,} |" for way in (*WAYS, *BEYOND)),
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Measure, print, and put it on record."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    rounds = range(first, first - (-number // AT_ONCE))
    found = NOTHING
    with ProcessPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        for place, one in zip(rounds, pool.map(a_round, rounds), strict=True):
            found += one
            print(f"{found.packs} packs", end="\r", file=sys.stderr, flush=True)
            for told in one.told:
                print(f"missed in round {place}: {told}")
    print(table(found))
    if first:
        return verdict(found)
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGINS)
    PAGE.write_text(before + BEGINS + table(found) + ENDS + rest.split(ENDS)[1], encoding="utf-8")
    return verdict(found)


def verdict(found: Found) -> int:
    """The command's exit code: an error where a claim was missed even once."""
    return 1 if found.told else 0


if __name__ == "__main__":
    sys.exit(main())
