"""What lies before whoever decides a breach: what was tried, what was said, how like cases went, and the clock."""

import json
from collections import Counter
from typing import NamedTuple

from sqlalchemy import func, select

from divert.casework.command import Context
from divert.casework.commands.breach import DecideBreach, open_breach
from divert.clock import london_text, written_date
from divert.models import Appointment, Breach, Case

Lines = list[tuple[str, str]]


class Section(NamedTuple):
    """A heading and lines of (title, words)."""

    heading: str
    lines: Lines


def brief(case: Case, context: Context) -> list[Section]:
    """Everything beside the decision; empty sections are left out."""
    sections = (
        Section("What is reported", _reported(case, context)),
        Section("What was tried before", _tried(case)),
        Section("What each decision does to the clock", _clock(case, context)),
        Section("How like cases were decided", _like_cases(case, context)),
    )
    return [one for one in sections if one.lines]


def _reported(case: Case, context: Context) -> Lines:
    report = open_breach(case)
    entry = context.entry(case, report.seq) if report else None
    if report is None or entry is None or entry.body is None:
        return []
    said = json.loads(entry.body)
    lines = [("When", written_date(report.occurred_on)), ("What happened", said["what"])]
    if said.get("excuse"):
        asked = said.get("excuse_asked", True)
        lines.append(("What they said" if asked else "Why they could not be asked", said["excuse"]))
    return lines


def _tried(case: Case) -> Lines:
    met = [(london_text(one.at), _became(one)) for one in case.appointments]
    earlier = [
        (f"{one.kind.replace('_', ' ').capitalize()}, {written_date(one.occurred_on)}", f"Decided: {one.decision}.")
        for one in case.breaches
        if one.decision is not None
    ]
    kept = [one for one in case.conditions if one.status == "kept"]
    so_far = f"{len(kept)} of {sum(one.status != 'withdrawn' for one in case.conditions)} kept so far."
    return [*met, *earlier, ("Conditions", so_far)]


def _became(one: Appointment) -> str:
    if one.status != "past":
        return f"{one.purpose}: {one.status}."
    if one.attended:
        late = f", {one.late_minutes} minutes late" if one.late_minutes else ""
        return f"{one.purpose}: came{late}."
    excused = {True: "for a reason that was accepted", False: "with no acceptable reason", None: "not held"}
    return f"{one.purpose}: did not come, {excused[one.acceptable]}."


def _clock(case: Case, context: Context) -> Lines:
    if case.contract is None:
        return []
    ends, limit = case.contract.ends_on, case.limit_on
    lines = [("Continue, or warn", f"The contract runs on to {written_date(ends)}.")]
    if limit is None:
        return [*lines, ("End", "The force decides on a charge. No time limit runs.")]
    left, at_end = (limit - context.today).days, (limit - ends).days
    binds = "" if case.limit_basis == "statutory" else ", kept as a precaution,"
    if at_end >= 0:
        after = f"If it then failed, {at_end} days would be left before the limit{binds} on {written_date(limit)}."
    else:
        after = f"The limit{binds} falls before that, on {written_date(limit)}."
    lines[0] = (lines[0][0], f"{lines[0][1]} {after}")
    vary = "A later end must still leave the days that are kept back to decide on a charge."
    return [*lines, ("Vary", vary), ("End", f"The force has {left} days to decide, to {written_date(limit)}.")]


def _like_cases(case: Case, context: Context) -> Lines:
    report = open_breach(case)
    if report is None:
        return []
    query = (
        select(Breach.decision, func.count())
        .where(Breach.kind == report.kind, Breach.decision.is_not(None), Breach.case_id != case.id)
        .group_by(Breach.decision)
    )
    found: Counter[str] = Counter({str(decision): count for decision, count in context.session.execute(query)})
    words = {"continue": "Went on", "warn": "Warned", "vary": "Contract varied", "end": "Ended"}
    total = found.total()
    return [(words[one], f"{found[one]} of {total}") for one in words if found[one]]


BEFORE = {DecideBreach: brief}
"""The commands whose form shows what lies before the person who decides."""
