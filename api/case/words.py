"""A case in the words of its page: the clock, each meeting and each need, read off what the reader may know of it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from api.case.support_view import AppointmentView, NeedView, SupportView
from api.case.view import CaseView, DeadlineView
from api.web.pages import in_words
from divert.casework.deadlines import ABOUT_THE_LIMIT, holder, owner
from divert.clock import london_text, written_date
from divert.exchange.consent import Part, consents_in_force, same_organisation
from divert.law.rulebook import NeedType, rulebook
from divert.models import OPEN, Case


class ClockWords(NamedTuple):
    """How much time is left to charge. `days` None: none runs, or the case has ended. `lines` say what follows."""

    days: int | None
    headline: str
    lines: list[str]
    reasoning: str | None


def clock(case: CaseView, latest_end: date | None, today: date) -> ClockWords:
    """The clock, its reasoning, and what the contract leaves of it."""
    if case.limit_on is None:
        return ClockWords(None, "no time limit for a charge", [], None)
    last = written_date(case.limit_on)
    if case.state not in OPEN:
        return ClockWords(None, f"it ended; the last day to charge was {last}", [], case.limit_reasoning)
    days = (case.limit_on - today).days
    lines = [f"The last day to charge {'is' if days >= 0 else 'was'} {last}."]
    if case.limit_basis == "precautionary":
        lines.append("On current authority no limit binds; this one is kept as a precaution.")
    contract = case.support.contracts[-1] if case.support and case.support.contracts else None
    if contract is not None:
        left = (case.limit_on - contract.ends_on).days
        lines.append(f"The contract's last day is {written_date(contract.ends_on)}.")
        after = f"If it failed only then, {_days(left)} would be left." if left >= 0 else "The limit falls before that."
        lines.append(after)
    if latest_end is not None:
        lines.append(f"A contract must end by {written_date(latest_end)}: time is kept back to decide on a charge.")
    headline = "today is the last day" if days == 0 else f"{_days(days)} left" if days > 0 else "the limit has passed"
    return ClockWords(days, headline, lines, case.limit_reasoning)


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


Pairs = list[tuple[str, str]]


class Who(NamedTuple):
    """Who it is about, what was said of them and of the offence, and who was harmed: each under its title."""

    person: Pairs
    facts: Pairs
    victim: Pairs


def who(case: CaseView) -> Who:
    """What is on record of them, as far as it is known; of the facts also what is not."""
    asked = type(case.facts).model_fields
    facts = [(asked[name].title or name, in_words(one, name)) for name, one in case.facts if name != "further_offences"]
    further = [
        f"{in_words(one.offence_code, 'offence_code')}, {in_words(one.offence_on)}"
        for one in case.facts.further_offences
    ]
    return Who(
        [(_titled(name), in_words(value, name)) for name, value in case.person if value is not None],
        facts + [("Further offence", words) for words in further],
        [(_titled(name), in_words(value, name)) for name, value in case.victim or () if value not in (None, 0)],
    )


def _titled(name: str) -> str:
    return name.replace("_", " ").capitalize()


class Due(NamedTuple):
    """What must happen by a day, and how many such things there are."""

    due_on: date
    title: str
    whose: str
    escalated_on: date | None
    basis: str
    times: int


def due(case: CaseView) -> list[Due]:
    """The open deadlines, the next first, like ones as one. Of reminders of the time limit the clock speaks already."""
    known = rulebook().deadlines
    found = Counter(
        Due(one.due_on, known[one.kind].title, _whose(one, case), one.escalated_on, one.basis, 0)
        for one in case.deadlines
        if one.status == "open" and one.kind not in ABOUT_THE_LIMIT
    )
    return [one._replace(times=times) for one, times in sorted(found.items(), key=lambda each: each[0].due_on)]


def over(case: CaseView) -> Pairs:
    """The deadlines that are over, in the order in which they arose."""
    known = rulebook().deadlines
    titles = {one.kind: known[one.kind].title if one.kind in known else _titled(one.kind) for one in case.deadlines}
    past = (one for one in case.deadlines if one.status != "open")
    return [(written_date(one.due_on), f"{titles[one.kind]}: {one.status}.") for one in past]


def _whose(one: DeadlineView, case: CaseView) -> str:
    whose = holder(one.kind, one.owner_role, one.escalated_on, case.keyworker, rulebook().deadlines)
    return owner(whose) or ""


class Meeting(NamedTuple):
    """One appointment, as it is told."""

    number: int
    at: datetime
    title: str
    became: str
    more: list[str]


class Meetings(NamedTuple):
    """All of them: those to come, those of which nobody has said what became, and the rest, the latest first."""

    ahead: list[Meeting]
    unsaid: list[Meeting]
    past: list[Meeting]


def meetings(support: SupportView, now: datetime) -> Meetings:
    """The appointments. One that was moved says where to; one that it was moved to, from where."""
    known = {one.number: one for one in support.appointments}
    moved_to = {one.moved_from: one for one in support.appointments if one.moved_from is not None}
    told = [(one, _meeting(one, known, moved_to, support.appointments)) for one in support.appointments]
    ahead = [words for one, words in told if one.status == "booked" and one.at > now]
    unsaid = [words for one, words in told if one.status == "booked" and one.at <= now]
    past = [words for one, words in told if one.status != "booked"]
    return Meetings(ahead, unsaid, past[::-1])


def _meeting(
    one: AppointmentView,
    known: Mapping[int, AppointmentView],
    moved_to: Mapping[int, AppointmentView],
    everyone: Sequence[AppointmentView],
) -> Meeting:
    series = [other.number for other in everyone if other.seq == one.seq]
    more = [f"Meeting {series.index(one.number) + 1} of {len(series)} of a series."] if len(series) > 1 else []
    if (before := known.get(one.moved_from or 0)) is not None:
        more.append(f"Moved from {london_text(before.at)}.")
    if (after := moved_to.get(one.number)) is not None:
        more.append(f"Moved to {london_text(after.at)}.")
    return Meeting(one.number, one.at, f"{one.purpose}, {one.place}", " ".join(_became(one)), more)


def _became(one: AppointmentView) -> Iterator[str]:
    if one.status != "past":
        yield {"booked": "Booked.", "moved": "Moved.", "cancelled": "Called off."}.get(one.status, one.status)
        return
    if not one.held:
        yield "Did not take place."
    late = f", {one.late_minutes} minutes late" if one.late_minutes else ""
    yield f"Came{late}." if one.attended else "Did not come."
    if not one.attended and one.acceptable is not None:
        yield "The reason was accepted." if one.acceptable else "No acceptable reason."
    if one.fault not in (None, "nobody"):
        yield f"It was the {one.fault}'s doing."


class NeedWords(NamedTuple):
    """One need from entry to exit. `change`: exit against entry; None until both are known."""

    title: str
    entry: int | None
    review: int | None
    exit: int | None
    change: str | None
    linked: bool


def needs(scores: Sequence[NeedView], known: Mapping[str, NeedType]) -> list[NeedWords]:
    """Each need with its scores side by side: the last of each stage counts."""
    found: dict[str, dict[str, NeedView]] = {}
    for one in scores:
        found.setdefault(one.need, {})[one.stage] = one
    return [_need(known[code].title if code in known else code, stages) for code, stages in found.items()]


def _need(title: str, stages: Mapping[str, NeedView]) -> NeedWords:
    entry, review, end = (stages[stage].score if stage in stages else None for stage in ("entry", "review", "exit"))
    change = None
    if entry is not None and end is not None:
        change = "the same" if end == entry else f"{abs(end - entry)} {'less' if end < entry else 'more'}"
    return NeedWords(title, entry, review, end, change, any(one.linked for one in stages.values()))


class MayShare(NamedTuple):
    """An organisation, and what it may be given today."""

    organisation: str
    parts: list[str]
    until_on: date | None


def may_share(case: Case, today: date) -> list[MayShare]:
    """Every organisation that the person has agreed to, with what still stands of it."""
    named: list[str] = []
    for name in (name for one in case.consents for name in one.recipients):
        if not any(same_organisation(name, other) for other in named):
            named.append(name)
    found = []
    for name in named:
        allowed = consents_in_force(case, name, today)
        until = min((one.until_on for one in allowed.values() if one.until_on), default=None)
        found.append(MayShare(name, [part.label for part in Part if part in allowed], until))
    return [one for one in found if one.parts]
