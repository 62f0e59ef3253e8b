"""What lies before whoever reports, decides or reviews a breach: what was tried and said, like cases, the clock."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import func, select

from divert.casework.command import Context
from divert.casework.commands.breach import DecideBreach, RecordNewOffence, ReportBreach, open_breach
from divert.casework.commands.conditions import CorrectCondition
from divert.casework.compliance import evidence_since
from divert.clock import london_text, written_date
from divert.models import Appointment, Breach, Case, State

Lines = list[tuple[str, str]]
REPORTS = (ReportBreach.slug(), RecordNewOffence.slug())
DECISION = (DecideBreach.slug(),)
DECIDED = {"continue": "Went on", "warn": "Warned", "vary": "Contract varied", "end": "Ended"}
ENOUGH_ALIKE = 5
"""From so many reports in cases of the same offence on, only those are shown."""


class Section(NamedTuple):
    """A heading and lines of (title, words)."""

    heading: str
    lines: Lines


def before_deciding(case: Case, context: Context) -> list[Section]:
    """Everything beside the decision; empty sections are left out."""
    return _filled(
        Section("What is reported", _reported(case, context)),
        Section("What has come in since", _come_in(case, context, REPORTS)),
        Section("What was tried before", _tried(case)),
        Section("What each decision does to the clock", _clock(case, context)),
        Section("How like cases were decided, and ended", _like_cases(case, context, open_breach(case))),
    )


def before_reporting(case: Case, context: Context) -> list[Section]:
    """What was tried so far, and what such reports have led to."""
    return _filled(
        Section("What was tried before", _tried(case)),
        Section("How such reports were decided, and how those cases ended", _like_cases(case, context, None)),
    )


def before_charging(case: Case, context: Context) -> list[Section]:
    """What has come in since the contract was ended, and how it was kept as is now known."""
    since = _come_in(case, context, DECISION)
    return _filled(
        Section("What has come in since the contract was ended", since),
        Section("How it was kept, as now known", _tried(case) if since else []),
    )


def _filled(*sections: Section) -> list[Section]:
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


def _come_in(case: Case, context: Context, after: Sequence[str]) -> Lines:
    """The corrections since the last of these commands: what is true, of which day, and when it was recorded."""
    found = []
    for entry in evidence_since(case, context, after):
        said = json.loads(entry.body) if entry.body is not None else {}
        recorded = f"Recorded on {london_text(entry.at)}."
        if entry.command == CorrectCondition.slug() and said:
            on = written_date(date.fromisoformat(said["effective_on"]))
            what = f"Condition {said['condition']} was {'kept on' if said['kept'] else 'not kept, from'} {on}."
            found.append((what, f"{said['evidence']} {recorded}"))
        elif said:
            came = "came" if said["attended"] else "did not come"
            found.append((f"Appointment {said['appointment']}: they {came}", f"{said['reason']} {recorded}"))
    return found


def _tried(case: Case) -> Lines:
    in_order = sorted(case.appointments, key=lambda one: one.at)
    met = [(london_text(one.at), _became(one)) for one in in_order]
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


def _like_cases(case: Case, context: Context, report: Breach | None) -> Lines:
    """What was decided on reports of the same kind, and how those cases ended: of the same offence, if enough are."""
    kind = report.kind if report is not None else "breach"
    query = (
        select(Breach.decision, Case.state, Case.offence_code, func.count())
        .join(Case, Case.id == Breach.case_id)
        .where(Breach.kind == kind, Breach.decision.is_not(None), Breach.case_id != case.id)
        .group_by(Breach.decision, Case.state, Case.offence_code)
    )
    found = context.session.execute(query).all()
    alike = [one for one in found if one[2] == case.offence_code]
    enough = sum(one[3] for one in alike) >= ENOUGH_ALIKE
    ended: dict[str, Counter[State]] = {}
    for decision, state, _, count in alike if enough else found:
        ended.setdefault(str(decision), Counter())[state] += count
    total = sum(each.total() for each in ended.values())
    of_what = "of the same offence" if enough else "of any offence"
    return [
        (words, f"{ended[one].total()} of {total} {of_what}. Those cases: {_states(ended[one])}.")
        for one, words in DECIDED.items()
        if one in ended
    ]


def _states(found: Counter[State]) -> str:
    return ", ".join(f"{count} {state.label.lower()}" for state, count in found.most_common())
