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
        days_left = (case.limit_on - contract.ends_on).days
        lines.append(f"The contract's last day is {written_date(contract.ends_on)}.")
        outlook = (
            f"If it failed only then, {_days(days_left)} would be left."
            if days_left >= 0
            else "The limit falls before that."
        )
        lines.append(outlook)
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
    questions = type(case.facts).model_fields
    facts = [
        (questions[name].title or name, in_words(answer, name))
        for name, answer in case.facts
        if name != "further_offences"
    ]
    further = [
        f"{in_words(offence.offence_code, 'offence_code')}, {in_words(offence.offence_on)}"
        for offence in case.facts.further_offences
    ]
    return Who(
        [(_title(name), in_words(value, name)) for name, value in case.person if value is not None],
        facts + [("Further offence", words) for words in further],
        [(_title(name), in_words(value, name)) for name, value in case.victim or () if value not in (None, 0)],
    )


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


class DueWords(NamedTuple):
    """What must happen by a day, and how many such things there are."""

    due_on: date
    title: str
    whose: str
    escalated_on: date | None
    basis: str
    times: int


def due_deadlines(case: CaseView) -> list[DueWords]:
    """The open deadlines, the next first, like ones as one. Of reminders of the time limit the clock speaks already."""
    rules = rulebook().deadlines
    alike = Counter(
        DueWords(
            deadline.due_on,
            rules[deadline.kind].title,
            _whose(deadline, case),
            deadline.escalated_on,
            deadline.basis,
            times=0,
        )
        for deadline in case.deadlines
        if deadline.status == "open" and deadline.kind not in ABOUT_THE_LIMIT
    )
    counted = [words._replace(times=times) for words, times in alike.items()]
    return sorted(counted, key=lambda words: words.due_on)


def past_deadlines(case: CaseView) -> Pairs:
    """The deadlines that are over, in the order in which they arose."""
    rules = rulebook().deadlines
    lines = []
    for deadline in case.deadlines:
        if deadline.status != "open":
            title = rules[deadline.kind].title if deadline.kind in rules else _title(deadline.kind)
            lines.append((written_date(deadline.due_on), f"{title}: {deadline.status}."))
    return lines


def _whose(deadline: DeadlineView, case: CaseView) -> str:
    whose = holder(deadline.kind, deadline.owner_role, deadline.escalated_on, case.keyworker, rulebook().deadlines)
    return owner(whose) or ""


class AppointmentWords(NamedTuple):
    """One appointment, as it is told."""

    number: int
    at: datetime
    title: str
    became: str
    more: list[str]


class AppointmentLists(NamedTuple):
    """All of them: those to come, those of which nobody has said what became, and the rest, the latest first."""

    ahead: list[AppointmentWords]
    unsaid: list[AppointmentWords]
    past: list[AppointmentWords]


def appointments(support: SupportView, now: datetime) -> AppointmentLists:
    """The appointments. One that was moved says where to; one that it was moved to, from where."""
    lists = AppointmentLists([], [], [])
    for appointment in support.appointments:
        words = _appointment_words(appointment, support.appointments)
        if appointment.status != "booked":
            lists.past.insert(0, words)
        elif appointment.at > now:
            lists.ahead.append(words)
        else:
            lists.unsaid.append(words)
    return lists


def _appointment_words(appointment: AppointmentView, others: Sequence[AppointmentView]) -> AppointmentWords:
    series = [other.number for other in others if other.seq == appointment.seq]
    more = []
    if len(series) > 1:
        more.append(f"Meeting {series.index(appointment.number) + 1} of {len(series)} of a series.")
    before = next((other for other in others if other.number == appointment.moved_from), None)
    if before is not None:
        more.append(f"Moved from {london_text(before.at)}.")
    after = next((other for other in others if other.moved_from == appointment.number), None)
    if after is not None:
        more.append(f"Moved to {london_text(after.at)}.")
    title = f"{appointment.purpose}, {appointment.place}"
    return AppointmentWords(appointment.number, appointment.at, title, " ".join(_became(appointment)), more)


def _became(appointment: AppointmentView) -> Iterator[str]:
    if appointment.status != "past":
        words = {"booked": "Booked.", "moved": "Moved.", "cancelled": "Called off."}
        yield words.get(appointment.status, appointment.status)
        return
    if not appointment.held:
        yield "Did not take place."
    late = f", {appointment.late_minutes} minutes late" if appointment.late_minutes else ""
    yield f"Came{late}." if appointment.attended else "Did not come."
    if not appointment.attended and appointment.acceptable is not None:
        yield "The reason was accepted." if appointment.acceptable else "No acceptable reason."
    if appointment.fault not in (None, "nobody"):
        yield f"It was the {appointment.fault}'s doing."


class NeedWords(NamedTuple):
    """One need from entry to exit. `change`: exit against entry; None until both are known."""

    title: str
    entry: int | None
    review: int | None
    exit: int | None
    change: str | None
    linked: bool


def needs(scores: Sequence[NeedView], need_types: Mapping[str, NeedType]) -> list[NeedWords]:
    """Each need with its scores side by side: the last of each stage counts."""
    by_need: dict[str, dict[str, NeedView]] = {}
    for score in scores:
        by_need.setdefault(score.need, {})[score.stage] = score
    return [
        _need_words(need_types[code].title if code in need_types else code, stages) for code, stages in by_need.items()
    ]


def _need_words(title: str, stages: Mapping[str, NeedView]) -> NeedWords:
    entry, review, end = (stages[stage].score if stage in stages else None for stage in ("entry", "review", "exit"))
    change = None
    if entry is not None and end is not None:
        change = "the same" if end == entry else f"{abs(end - entry)} {'less' if end < entry else 'more'}"
    return NeedWords(title, entry, review, end, change, any(score.linked for score in stages.values()))


class MayShare(NamedTuple):
    """An organisation, and what it may be given today."""

    organisation: str
    parts: list[str]
    until_on: date | None


def may_share(case: Case, today: date) -> list[MayShare]:
    """Every organisation that the person has agreed to, with what still stands of it."""
    organisations: list[str] = []
    for consent in case.consents:
        for name in consent.recipients:
            if not any(same_organisation(name, other) for other in organisations):
                organisations.append(name)
    shares = []
    for name in organisations:
        allowed = consents_in_force(case, name, today)
        until_on = min((consent.until_on for consent in allowed.values() if consent.until_on), default=None)
        if allowed:
            shares.append(MayShare(name, [part.label for part in Part if part in allowed], until_on))
    return shares
