"""Looking back on a simulated year: what must be true of it, from the ledger and from what the receiver was given."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from divert.casework import deadlines
from divert.casework.upkeep.check import check
from divert.clock import london_date
from divert.db import Database
from divert.law.rulebook import rulebook
from divert.models import FINAL, OPEN, Case, Deadline, LedgerEntry, OutboxMessage, State
from divert.records import ledger
from divert.worker.sweep import deadlines_set_aside
from tests.year.clock import in_cleveland
from tests.year.simulation import NIGHT, Lived

REMINDERS = (28, 14, 7, 1)


class Escalated(NamedTuple):
    """One entry by which a deadline was escalated."""

    seq: int
    on: date
    kind: str
    about: int
    due_on: date


@dataclass
class Story:
    """One case as its ledger tells it."""

    case: Case
    entries: Sequence[LedgerEntry]
    escalations: Sequence[Escalated]

    def at(self, seq: int) -> datetime:
        """When an entry was made."""
        return self.entries[seq - 1].at

    def state_at(self, at: datetime) -> State | None:
        """Where it stood at an instant; None before it was opened."""
        return next((one.to_state for one in reversed(self.entries) if one.at <= at), None)


@dataclass
class Proof:
    """Every fault that was found, and what there is to tell."""

    faults: list[str]
    told: dict[str, Any]


def looked_back_on(database: Database, lived: Lived) -> Proof:
    """Prove a whole year. A year of which everything is true has no fault."""
    with database.reading() as session:
        faults = [str(one) for one in check(session)]  # it verifies every ledger first
        faults += [f"{ref}: {one.kind} was set aside" for ref, one in deadlines_set_aside(session)]
    with database.reading() as session:
        stories = [_story(session, case) for case in session.scalars(select(Case).order_by(Case.id))]
        messages = list(session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))
        deliveries = [json.loads(line) for line in lived.log.read_text(encoding="utf-8").splitlines()]
        for story in stories:
            faults += [f"{story.case.ref}: {fault}" for fault in _of_one(story, lived)]
        faults += _of_deliveries(stories, messages, deliveries, lived)
        return Proof(faults, _told(stories, messages, deliveries, lived))


def _story(session: Session, case: Case) -> Story:
    entries = list(ledger.entries_of(session, case))
    escalations = []
    for one in entries:
        if one.command == "escalate-deadline":
            said = json.loads(one.body or "")
            on, due_on = london_date(one.at), date.fromisoformat(said["due_on"])
            escalations.append(Escalated(one.seq, on, said["kind"], said["about"], due_on))
    return Story(case, entries, escalations)


# Each case


def _of_one(story: Story, lived: Lived) -> Iterator[str]:
    """It ends or waits for somebody; each deadline was escalated as often as it was missed; no limit passed unseen."""
    case = story.case
    if case.state in OPEN:
        waiting = next(deadlines.in_somebodys_hands(case), None)
        if waiting is None or not case.held_by:
            yield "it is open and waits for nobody"
    for row in case.deadlines:
        yield from _escalated_as_often_as_missed(story, row, lived)
    if len(story.escalations) != sum(len(_entries_for(story, row)) for row in case.deadlines):
        yield "it has an escalation of no deadline"
    if case.limit_basis == "statutory" and case.limit_on is not None:
        for days in REMINDERS:
            kind = f"limit_in_{days}_day{'s' if days > 1 else ''}"
            yield from _seen(story, kind, case.limit_on - timedelta(days=days), lived)
        yield from _seen(story, "statutory_limit", case.limit_on + timedelta(days=1), lived)


def _entries_for(story: Story, row: Deadline) -> list[Escalated]:
    """The escalations of one row, which stood from its entry to the one that ended it."""
    until = row.until_seq or len(story.entries) + 1
    same = (one for one in story.escalations if (one.kind, one.about, one.due_on) == (row.kind, row.about, row.due_on))
    return [one for one in same if row.seq < one.seq < until]


def _escalated_as_often_as_missed(story: Story, row: Deadline, lived: Lived) -> Iterator[str]:
    """Once, in the night it was missed, where it stood open then; never where it was not missed."""
    done = _entries_for(story, row)
    if len(done) > 1:
        yield f"{row.kind} of {row.due_on} was escalated {len(done)} times"
    missed_on = row.due_on if rulebook().deadlines[row.kind].days < 0 else row.due_on + timedelta(days=1)
    opened, ended = story.at(row.seq), story.at(row.until_seq) if row.until_seq else None
    night = in_cleveland(max(missed_on, london_date(opened)), NIGHT)
    if night <= opened:  # it was missed before it was written down: the same day, or the night after
        early = {night.date()}
        night += timedelta(days=1)
    else:
        early = set()
    stood = night <= in_cleveland(lived.last, NIGHT) and (ended is None or ended > night)
    if stood and {one.on for one in done} - early != {london_date(night)} and not {one.on for one in done} & early:
        yield f"{row.kind} of {row.due_on} was escalated {[str(one.on) for one in done]}, not on {london_date(night)}"
    if not stood and done and not early:
        yield f"{row.kind} of {row.due_on} was met in time and escalated"


def _seen(story: Story, kind: str, day: date, lived: Lived) -> Iterator[str]:
    """Where the case was open on the night of that day, somebody was told: that night, or as soon as it was opened."""
    opened = london_date(story.entries[0].at)
    night = in_cleveland(max(day, opened), NIGHT)
    if night <= story.entries[0].at:
        night += timedelta(days=1)
    if night > in_cleveland(lived.last, NIGHT) or story.state_at(night - timedelta(seconds=1)) not in OPEN:
        return
    if not any(one.kind == kind and one.on <= london_date(night) for one in story.escalations):
        yield f"{kind} went unseen on {london_date(night)}"


# What was sent


def _of_deliveries(
    stories: Sequence[Story], messages: Sequence[OutboxMessage], deliveries: Sequence[dict[str, Any]], lived: Lived
) -> Iterator[str]:
    """Everything that was to be told was told, once but for redeliveries after a death, and in order."""
    yield from _nothing_is_lost(stories, messages, deliveries, lived)
    last_words = {one["by"]: one["key"] for one in deliveries}
    of_key: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in deliveries:
        of_key[one["key"]].append(one)
    for key, times in of_key.items():
        for earlier in times[:-1]:
            if earlier["by"] not in lived.killed or last_words[earlier["by"]] != key:
                yield f"{key} was sent again though {earlier['by']} was not killed with it"
        if len({one["id"] for one in times}) > 1:
            yield f"{key} is the key of two messages"
    first = {key: times[0] for key, times in of_key.items()}.values()
    in_line = [one for one in first if one["kind"] != "appointment_reminder"]
    for (ref, channel), queue in groupby(
        sorted(in_line, key=lambda one: (one["case"], one["channel"])), lambda one: (one["case"], one["channel"])
    ):
        ids = [one["id"] for one in queue]
        if ids != sorted(ids):
            yield f"{ref}: {channel} messages came in another order than they were written"


def _nothing_is_lost(
    stories: Sequence[Story], messages: Sequence[OutboxMessage], deliveries: Sequence[dict[str, Any]], lived: Lived
) -> Iterator[str]:
    had = {one["id"] for one in deliveries}
    end = in_cleveland(lived.last, NIGHT)
    for one in messages:
        if one.delivered_at is not None and one.id not in had:
            yield f"message {one.id} is marked as delivered and was not"
        if one.delivered_at is None and one.dead_at is None and one.due_at <= end:
            yield f"message {one.id} still waits ({one.fault})"
        if one.dead_at is not None and one.fault != "the appointment it tells of has begun":
            yield f"message {one.id} is dead ({one.fault})"
    keys = {one["key"] for one in deliveries}
    for story in stories:
        ref, before = story.case.ref, None
        for entry in story.entries:
            escalated = entry.command == "escalate-deadline"
            if (escalated or entry.to_state != before) and f"{ref}.{entry.seq}" not in keys:
                yield f"{ref}: no subscriber was told of entry {entry.seq}"
            if escalated and not any(key.startswith(f"{ref}.{entry.seq}.email.deadline_escalated.") for key in keys):
                yield f"{ref}: nobody was told of the deadline escalated by entry {entry.seq}"
            before = entry.to_state


# The report


def _told(
    stories: Sequence[Story], messages: Sequence[OutboxMessage], deliveries: Sequence[dict[str, Any]], lived: Lived
) -> dict[str, Any]:
    states = Counter(story.case.state.value for story in stories)
    past = [story for story in stories if any(one.kind == "statutory_limit" for one in story.escalations)]
    kinds = Counter(
        "limit" if one.kind in deadlines.ABOUT_THE_LIMIT else "other" for s in stories for one in s.escalations
    )
    keys = {one["key"] for one in deliveries}
    in_time = sum(len(story.escalations) == 0 for story in stories)
    final = {state.value for state in FINAL}
    return {
        "days": (lived.last - lived.first).days + 1,
        "cases": len(stories),
        "cases by state": ", ".join(f"{state} {n}" for state, n in sorted(states.items())),
        "open at the end": sum(n for state, n in states.items() if state not in final),
        "commands by people": sum(lived.done.values()),
        "refused": sum(lived.refused.values()),
        "deadlines": sum(len(story.case.deadlines) for story in stories),
        "escalated, each once": sum(kinds.values()),
        "of these about a time limit": kinds["limit"],
        "cases with none missed": in_time,
        "cases open past a statutory limit, all seen": len(past),
        "messages delivered": len(keys),
        "workers killed": len(lived.killed),
        "redelivered by the same key": len(deliveries) - len(keys),
        "not sent: the appointment had begun": sum(one.dead_at is not None for one in messages),
        "hours without a receiver": sum(((b - a) / timedelta(hours=1) for a, b in lived.outages), 0.0),
    }
