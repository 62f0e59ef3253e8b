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
from divert.records.meetings import THEMATIC, Meeting, MeetingPack, all_meetings
from divert.scrutiny.actions import Action, actions
from divert.scrutiny.agreement import kappa
from divert.scrutiny.meeting import returning_packs, samples
from divert.scrutiny.opening import case_of, identifiers_today, is_missing
from divert.scrutiny.proof import Sample, estimate, miss_probability
from divert.scrutiny.redaction import Identifiers

FEWEST = 10
"""Cases below which a stratum is not shown by itself: twice the board's, for a paper that anyone may ask for."""

SMALLER = "smaller strata together"
ONE_IN = 20
STARTS = (4, 1)
"""A year begins on 1 April, as the Commissioner's annual report does."""

Level = Literal["person", "team", "organisation"]


class MeetingSummary(BaseModel):
    """One meeting: how many attended, how many packs it had, and how many of those came back from before."""

    model_config = ConfigDict(frozen=True)

    number: int
    held_on: date
    members: int
    packs: int
    came_back: int
    theme: str | None


class StratumResult(BaseModel):
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


class LearningPoint(BaseModel):
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
    meetings: list[MeetingSummary]
    strata: list[StratumResult]
    altogether: StratumResult
    kappa: float | None
    scored_alone: int = Field(description="Packs that two members or more scored, each alone.")
    scores: dict[str, int] | None = Field(description="Drawn packs by agreed score. null: withheld, for they are few.")
    thematic: int = Field(description="Packs picked for a theme: in no rate.")
    unsettled: int
    missing: int = Field(description="Records missing: they count as the worst case.")
    good_practice: list[str]
    learning: dict[str, int] = Field(description="Things to learn, by person, team and organisation.")
    learnt: list[LearningPoint]
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
    every_meeting = all_meetings(session)
    meetings = [meeting for meeting in every_meeting if first <= meeting.held_on <= last]
    frames = {meeting.frame for meeting in meetings}
    packs = {MeetingPack(pack.frame, pack.pack) for meeting in meetings for pack in meeting.packs.values()}
    drawn = {pack for pack in packs if pack.stratum != THEMATIC}
    unsettled = [
        pack for pack in returning_packs(every_meeting).values() if pack.frame in frames and pack.stratum != THEMATIC
    ]
    strata = merge_small_strata([samples(session, meeting, every_meeting) for meeting in meetings])
    altogether = _stratum_result("altogether", [sample for merged in strata.values() for sample in merged])
    own_scores = [scores for meeting in meetings for scores in meeting.own_scores() if len(scores) > 1]
    year_actions = actions(meetings)
    redactor = _Redactor(session, meetings)
    return Report(
        first=first,
        last=last,
        as_at=as_at,
        meetings=[_summary(meeting) for meeting in meetings],
        strata=[_stratum_result(stratum, merged) for stratum, merged in strata.items()],
        altogether=altogether,
        kappa=kappa(own_scores),
        scored_alone=len(own_scores),
        scores=_scores(every_meeting, frames) if altogether.cases else None,
        thematic=len(packs) - len(drawn),
        unsettled=len(unsettled),
        missing=sum(is_missing(session, pack.frame, pack.pack) for pack in drawn),
        good_practice=[
            redactor.redact(meeting.packs[name], finding["good_practice"])
            for meeting in meetings
            for name, finding in meeting.findings.items()
            if finding["good_practice"]
        ],
        learning=dict(Counter(action.learning_for for action in year_actions if action.learning_for)),
        learnt=[_learning_point(action, redactor, as_at) for action in year_actions if action.learning],
        doubted=dict(sorted(Counter(action.doubts for action in year_actions if action.doubts).items())),
        actions_open=sum(not action.closed for action in year_actions),
        actions_overdue=sum(action.overdue(as_at) for action in year_actions),
        actions_closed=sum(action.closed for action in year_actions),
    )


def explanations(report: Report) -> tuple[str, ...]:
    """How the figures came about and how they must be read, for whoever was not there."""
    return (
        "Cases are drawn at random from lists of decided cases that are frozen and published before the seed is made,"
        " with refused and ineligible cases among them. Anyone can draw again from what was published.",
        "Each case is judged by what was known when it left the scheme, from a record that names nobody. Members score"
        " alone before they speak.",
        "A case without a conclusion, and a case whose record is missing, count as inappropriate: no case takes their"
        f" place. {_count(report.unsettled, 'case')} without a conclusion yet,"
        f" and {_count(report.missing, 'record')} missing.",
        "A range holds with 95% confidence and is exact for the number of cases. “Would miss” says in how many of 100"
        f" samples like this none would show, were 1 case in {ONE_IN} inappropriate and lay where it is missed best.",
        f"{_count(report.thematic, 'case')} chosen for a theme and not drawn: in no rate here.",
        f"A stratum of fewer than {FEWEST} cases is put together with others, so that no count points at anybody.",
    )


def report_paper(report: Report) -> bytes:
    """The report as a PDF: the same bytes for the same report."""
    written = {
        "period": f"{written_date(report.first)} to {written_date(report.last)}",
        "as_at": written_date(report.as_at),
        "meetings": [{**meeting.model_dump(), "held_on": written_date(meeting.held_on)} for meeting in report.meetings],
        "learnt": [{**point.model_dump(), "due_on": written_date(point.due_on)} for point in report.learnt],
    }
    return render(
        "report",
        {
            **report.model_dump(mode="json"),
            **written,
            "explained": explanations(report),
            "office": letterhead(),
            "ref": f"scrutiny {report.first.year}",
        },
    )


class _Redactor:
    """Takes out of what was written at a meeting whoever is on record of the case, and whoever sat there."""

    def __init__(self, session: Session, meetings: Sequence[Meeting]) -> None:
        usernames = {username for meeting in meetings for username in (*meeting.attending, meeting.opened_by)}
        names = session.scalars(select(Staff.name).where(Staff.username.in_(usernames)))
        self._session = session
        self._panel = Identifiers(frozenset(names), frozenset(usernames))

    def redact(self, pack: MeetingPack, text: str) -> str:
        """The text without them."""
        case = case_of(self._session, pack.frame, pack.pack)
        names, references = self._panel
        if case is not None:
            of_case = identifiers_today(self._session, case, ledger.entries_of(self._session, case))
            names, references = names | of_case.names, references | of_case.references
        return Identifiers(names, references).redact(text).text


def _summary(meeting: Meeting) -> MeetingSummary:
    return MeetingSummary(
        number=meeting.number,
        held_on=meeting.held_on,
        members=len(meeting.attending),
        packs=len(meeting.packs),
        came_back=sum(pack.asked_for is not None for pack in meeting.packs.values()),
        theme=meeting.theme,
    )


def merge_small_strata(frames: Sequence[Mapping[str, Sample]]) -> dict[str, list[Sample]]:
    """What each frame's strata held, by stratum; those with few cases put together until they are not few."""
    strata: dict[str, list[Sample]] = defaultdict(list)
    for frame in frames:
        for stratum, sample in frame.items():
            strata[stratum].append(sample)
    cases = {stratum: _cases(of_stratum) for stratum, of_stratum in strata.items()}
    by_size = sorted(strata, key=lambda stratum: (cases[stratum], stratum))
    small = [stratum for stratum in by_size if cases[stratum] < FEWEST]
    while small and len(small) < len(by_size) and sum(cases[stratum] for stratum in small) < FEWEST:
        small.append(by_size[len(small)])
    merged = {stratum: of_stratum for stratum, of_stratum in sorted(strata.items()) if stratum not in small}
    if small:
        merged[SMALLER] = [sample for stratum in small for sample in strata[stratum]]
    return merged


def _cases(of_stratum: Iterable[Sample]) -> int:
    return sum(sample.cases for sample in of_stratum)


def _stratum_result(stratum: str, of_stratum: Sequence[Sample]) -> StratumResult:
    if 0 < _cases(of_stratum) < FEWEST:
        few = f"Fewer than {FEWEST} cases: not shown."
        return StratumResult(stratum=stratum, cases=None, drawn=None, found=None, rate=None, says=few, misses=None)
    proof = estimate(of_stratum)
    missed = miss_probability([sample for sample in of_stratum if sample.cases], -(-proof.cases // ONE_IN))
    return StratumResult(
        stratum=stratum,
        cases=proof.cases,
        drawn=proof.drawn,
        found=proof.found,
        rate=proof.rate,
        says=proof.says,
        misses=round(100 * missed),
    )


def _scores(meetings: Sequence[Meeting], frames: Collection[str]) -> dict[str, int]:
    """How many drawn packs have each agreed score, by the latest finding on each."""
    latest = {}
    for meeting in meetings:
        for name, finding in meeting.findings.items():
            pack = meeting.packs[name]
            if pack.frame in frames and pack.stratum != THEMATIC:
                score = meeting.scale[finding["score"]]
                latest[pack.frame, pack.pack] = f"{score.code}: {score.title}"
    return dict(sorted(Counter(latest.values()).items()))


def _learning_point(action: Action, redactor: _Redactor, as_at: date) -> LearningPoint:
    pack = MeetingPack(action.frame, action.drawn_as)
    return LearningPoint.model_validate({
        "level": action.learning_for,
        "says": redactor.redact(pack, action.learning or ""),
        "owner": redactor.redact(pack, action.owner or ""),
        "due_on": action.due_on,
        "stands": "closed" if action.closed else "overdue" if action.overdue(as_at) else "open",
        "response": redactor.redact(pack, action.response) if action.response else None,
    })  # fmt: skip


def _count(number: int, what: str) -> str:
    return f"{number} {what} was" if number == 1 else f"{number} {what}s were"
