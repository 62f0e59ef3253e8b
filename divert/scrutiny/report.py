"""A year of scrutiny as it may be published: what was held, seen, found, proved, learnt, answered; and nobody's name.

Rates rest on what was drawn at random: thematic picks are counted apart. A stratum of fewer than `FEWEST` cases is put
together with the next smallest, for a count in it could point at somebody. Words are redacted by everything that is on
record of the case that they are about, and by the names of whoever sat at the year's meetings.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from divert.clock import written_date
from divert.documents.letterhead import letterhead
from divert.documents.render import render
from divert.models import Staff
from divert.records import ledger
from divert.records.meetings import THEMATIC, Meeting, MeetingPack, meetings
from divert.scrutiny.actions import Action, actions
from divert.scrutiny.agreement import kappa
from divert.scrutiny.meeting import comes_back, seen
from divert.scrutiny.opening import case_of, is_missing, known_today
from divert.scrutiny.proof import Seen, estimate, would_miss
from divert.scrutiny.redaction import Identifiers

FEWEST = 10
"""Cases below which a stratum is not shown by itself: twice the board's, for a paper that anyone may ask for."""

SMALLER = "smaller strata together"
ONE_IN = 20
STARTS = (4, 1)
"""A year begins on 1 April, as the Commissioner's annual report does."""

Level = Literal["person", "team", "organisation"]


class Held(BaseModel):
    """One meeting: how many attended, how many packs it had, and how many of those came back from before."""

    model_config = ConfigDict(frozen=True)

    number: int
    held_on: date
    members: int
    packs: int
    came_back: int
    theme: str | None


class Sampled(BaseModel):
    """What was drawn from one stratum over the year, and what that proves. No counts: withheld, for they are few."""

    model_config = ConfigDict(frozen=True)

    stratum: str
    cases: int | None = Field(description="N, in the frames.")
    drawn: int | None = Field(description="n, drawn and scored.")
    found: int | None = Field(description="Of those, inappropriate, or without a conclusion or a record.")
    rate: float | None
    says: str
    misses: int | None = Field(
        description="Of 100 such samples, those that would show none, were 1 in 20 inappropriate."
    )


class Learnt(BaseModel):
    """One thing to learn, whose it is, and what became of it."""

    model_config = ConfigDict(frozen=True)

    level: Level
    says: str
    owner: str
    due_on: date
    stands: Literal["closed", "open", "overdue"]
    response: str | None


class Report(BaseModel):
    """The whole of it. JSON, page and paper are this."""

    model_config = ConfigDict(frozen=True)

    first: date
    last: date
    as_at: date
    meetings: list[Held]
    strata: list[Sampled]
    altogether: Sampled
    kappa: float | None
    scored_alone: int = Field(description="Packs that two members or more scored, each alone.")
    scores: dict[str, int] | None = Field(description="Drawn packs by agreed score. null: withheld, for they are few.")
    thematic: int = Field(description="Packs picked for a theme: in no rate.")
    unsettled: int
    missing: int = Field(description="Records missing: they count as the worst case.")
    good_practice: list[str]
    learning: dict[str, int] = Field(description="Things to learn, by person, team and organisation.")
    learnt: list[Learnt]
    doubted: dict[str, int] = Field(description="Rules of policy that findings doubt, and how often.")
    actions_open: int
    actions_overdue: int
    actions_closed: int


def year_of(on: date) -> int:
    """The year of a report that holds a day: 2019 is April 2019 to March 2020."""
    return on.year if (on.month, on.day) >= STARTS else on.year - 1


def report(session: Session, year: int, as_at: date) -> Report:
    """What the meetings of a year come to, as recorded by `as_at`."""
    first, last = date(year, *STARTS), date(year + 1, *STARTS) - timedelta(days=1)
    everyone = meetings(session)
    held = [one for one in everyone if first <= one.held_on <= last]
    frames = {one.frame for one in held}
    packs = {(case.frame, case.pack): case for one in held for case in one.packs.values()}
    strata = together([seen(session, one, everyone) for one in held])
    altogether = _sampled("altogether", [counted for each in strata.values() for counted in each])
    own = [scores for one in held for scores in one.own_scores() if len(scores) > 1]
    asked = actions(held)
    blind = _Blind(session, held)
    return Report(
        first=first,
        last=last,
        as_at=as_at,
        meetings=[_held(one) for one in held],
        strata=[_sampled(stratum, each) for stratum, each in strata.items()],
        altogether=altogether,
        kappa=kappa(own),
        scored_alone=len(own),
        scores=_scores(everyone, frames) if altogether.cases else None,
        thematic=sum(case.stratum == THEMATIC for case in packs.values()),
        unsettled=sum(case.frame in frames and case.stratum != THEMATIC for case in comes_back(everyone).values()),
        missing=sum(is_missing(session, *case[:2]) for case in packs.values() if case.stratum != THEMATIC),
        good_practice=[
            blind.words(one.packs[pack], said["good_practice"])
            for one in held
            for pack, said in one.findings.items()
            if said["good_practice"]
        ],
        learning=dict(Counter(one.learning_for for one in asked if one.learning_for)),
        learnt=[_learnt(one, blind, as_at) for one in asked if one.learning],
        doubted=dict(sorted(Counter(one.doubts for one in asked if one.doubts).items())),
        actions_open=sum(not one.closed for one in asked),
        actions_overdue=sum(one.overdue(as_at) for one in asked),
        actions_closed=sum(one.closed for one in asked),
    )


def explained(told: Report) -> tuple[str, ...]:
    """How the figures came about and how they must be read, for whoever was not there."""
    said = [
        "Cases are drawn at random from lists of decided cases that are frozen and published before the seed is made,"
        " with refused and ineligible cases among them. Anyone can draw again from what was published.",
        "Each case is judged by what was known when it left the scheme, from a record that names nobody. Members score"
        " alone before they speak.",
        "A case without a conclusion, and a case whose record is missing, count as inappropriate: no case takes their"
        f" place. {_count(told.unsettled, 'case')} without a conclusion yet,"
        f" and {_count(told.missing, 'record')} missing.",
        "A range holds with 95% confidence and is exact for the number of cases. “Would miss” says in how many of 100"
        f" samples like this none would show, were 1 case in {ONE_IN} inappropriate and lay where it is missed best.",
        f"{_count(told.thematic, 'case')} chosen for a theme and not drawn: in no rate here.",
        f"A stratum of fewer than {FEWEST} cases is put together with others, so that no count points at anybody.",
    ]
    return tuple(said)


def report_paper(told: Report) -> bytes:
    """The report as a PDF: the same bytes for the same report."""
    words = {
        "period": f"{written_date(told.first)} to {written_date(told.last)}",
        "as_at": written_date(told.as_at),
        "meetings": [{**one.model_dump(), "held_on": written_date(one.held_on)} for one in told.meetings],
        "learnt": [{**one.model_dump(), "due_on": written_date(one.due_on)} for one in told.learnt],
    }
    said = {**told.model_dump(mode="json"), **words, "explained": explained(told)}
    return render("report", {**said, "office": letterhead(), "ref": f"scrutiny {told.first.year}"})


class _Blind:
    """Takes out of what was written at a meeting whoever is on record of the case, and whoever sat there."""

    def __init__(self, session: Session, held: Sequence[Meeting]) -> None:
        sat = {who for one in held for who in (*one.attending, one.opened_by)}
        self._session = session
        self._panel = Identifiers(
            frozenset(session.scalars(select(Staff.name).where(Staff.username.in_(sat)))), frozenset(sat)
        )

    def words(self, one: MeetingPack, text: str) -> str:
        """The text without them."""
        case = case_of(self._session, one.frame, one.pack)
        names, references = self._panel
        if case is not None:
            known = known_today(self._session, case, ledger.entries_of(self._session, case))
            names, references = names | known.names, references | known.references
        return Identifiers(names, references).redact(text).text


def _held(one: Meeting) -> Held:
    return Held(
        number=one.number,
        held_on=one.held_on,
        members=len(one.attending),
        packs=len(one.packs),
        came_back=sum(case.asked_for is not None for case in one.packs.values()),
        theme=one.theme,
    )


def together(counted: Sequence[Mapping[str, Seen]]) -> dict[str, list[Seen]]:
    """What each frame's strata held, by stratum; those with few cases put together until they are not few."""
    strata: dict[str, list[Seen]] = defaultdict(list)
    for each in counted:
        for stratum, one in each.items():
            strata[stratum].append(one)
    by_size = sorted(strata, key=lambda stratum: (_cases(strata[stratum]), stratum))
    few = [stratum for stratum in by_size if _cases(strata[stratum]) < FEWEST]
    while few and len(few) < len(by_size) and sum(_cases(strata[stratum]) for stratum in few) < FEWEST:
        few.append(by_size[len(few)])
    shown = {stratum: each for stratum, each in sorted(strata.items()) if stratum not in few}
    return shown | ({SMALLER: [one for stratum in few for one in strata[stratum]]} if few else {})


def _cases(each: Iterable[Seen]) -> int:
    return sum(one.cases for one in each)


def _sampled(stratum: str, each: Sequence[Seen]) -> Sampled:
    if 0 < _cases(each) < FEWEST:
        few = f"Fewer than {FEWEST} cases: not shown."
        return Sampled(stratum=stratum, cases=None, drawn=None, found=None, rate=None, says=few, misses=None)
    proof = estimate(each)
    missed = would_miss([one for one in each if one.cases], -(-proof.cases // ONE_IN))
    return Sampled(
        stratum=stratum,
        cases=proof.cases,
        drawn=proof.drawn,
        found=proof.found,
        rate=proof.rate,
        says=proof.says,
        misses=round(100 * missed),
    )


def _scores(everyone: Sequence[Meeting], frames: Collection[str]) -> dict[str, int]:
    """How many drawn packs have each agreed score, by the latest finding on each."""
    latest = {
        (case.frame, case.pack): f"{said['score']}: {one.scale[said['score']].title}"
        for one in everyone
        for name, said in one.findings.items()
        if (case := one.packs[name]).frame in frames and case.stratum != THEMATIC
    }
    return dict(sorted(Counter(latest.values()).items()))


def _learnt(one: Action, blind: _Blind, as_at: date) -> Learnt:
    case = MeetingPack(one.frame, one.drawn_as)
    return Learnt.model_validate({
        "level": one.learning_for,
        "says": blind.words(case, one.learning or ""),
        "owner": blind.words(case, one.owner or ""),
        "due_on": one.due_on,
        "stands": "closed" if one.closed else "overdue" if one.overdue(as_at) else "open",
        "response": blind.words(case, one.response) if one.response else None,
    })  # fmt: skip


def _count(number: int, what: str) -> str:
    return f"{number} {what} was" if number == 1 else f"{number} {what}s were"
