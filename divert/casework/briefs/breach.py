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
    return _without_empty(
        Section("What is reported", _report_lines(case, context)),
        Section("What has come in since", _evidence_since(case, context, REPORTS)),
        Section("What was tried before", _steps_taken(case)),
        Section("What each decision does to the clock", _effect_on_the_clock(case, context)),
        Section("How like cases were decided, and ended", _like_cases(case, context, open_breach(case))),
    )


def before_reporting(case: Case, context: Context) -> list[Section]:
    """What was tried so far, and what such reports have led to."""
    return _without_empty(
        Section("What was tried before", _steps_taken(case)),
        Section("How such reports were decided, and how those cases ended", _like_cases(case, context, None)),
    )


def before_charging(case: Case, context: Context) -> list[Section]:
    """What has come in since the contract was ended, and how it was kept as is now known."""
    since = _evidence_since(case, context, DECISION)
    return _without_empty(
        Section("What has come in since the contract was ended", since),
        Section("How it was kept, as now known", _steps_taken(case) if since else []),
    )


def _without_empty(*sections: Section) -> list[Section]:
    return [section for section in sections if section.lines]


def _report_lines(case: Case, context: Context) -> Lines:
    report = open_breach(case)
    entry = context.entry(case, report.seq) if report else None
    if report is None or entry is None or entry.body is None:
        return []
    answers = json.loads(entry.body)
    lines = [("When", written_date(report.occurred_on)), ("What happened", answers["what"])]
    if answers.get("excuse"):
        asked = answers.get("excuse_asked", True)
        lines.append(("What they said" if asked else "Why they could not be asked", answers["excuse"]))
    return lines


def _evidence_since(case: Case, context: Context, after: Sequence[str]) -> Lines:
    """The corrections since the last of these commands: what is true, of which day, and when it was recorded."""
    lines = []
    for entry in evidence_since(case, context, after):
        answers = json.loads(entry.body) if entry.body is not None else {}
        recorded = f"Recorded on {london_text(entry.at)}."
        if entry.command == CorrectCondition.slug() and answers:
            on = written_date(date.fromisoformat(answers["effective_on"]))
            what = f"Condition {answers['condition']} was {'kept on' if answers['kept'] else 'not kept, from'} {on}."
            lines.append((what, f"{answers['evidence']} {recorded}"))
        elif answers:
            came = "came" if answers["attended"] else "did not come"
            lines.append((f"Appointment {answers['appointment']}: they {came}", f"{answers['reason']} {recorded}"))
    return lines


def _steps_taken(case: Case) -> Lines:
    appointments = sorted(case.appointments, key=lambda appointment: appointment.at)
    meetings = [(london_text(appointment.at), _outcome_of(appointment)) for appointment in appointments]
    decided = [report for report in case.breaches if report.decision is not None]
    reports = [
        (
            f"{report.kind.replace('_', ' ').capitalize()}, {written_date(report.occurred_on)}",
            f"Decided: {report.decision}.",
        )
        for report in decided
    ]
    standings = Counter(condition.status for condition in case.conditions)
    so_far = f"{standings['kept']} of {standings.total() - standings['withdrawn']} kept so far."
    return [*meetings, *reports, ("Conditions", so_far)]


def _outcome_of(appointment: Appointment) -> str:
    if appointment.status != "past":
        return f"{appointment.purpose}: {appointment.status}."
    if appointment.attended:
        late = f", {appointment.late_minutes} minutes late" if appointment.late_minutes else ""
        return f"{appointment.purpose}: came{late}."
    excused = {True: "for a reason that was accepted", False: "with no acceptable reason", None: "not held"}
    return f"{appointment.purpose}: did not come, {excused[appointment.acceptable]}."


def _effect_on_the_clock(case: Case, context: Context) -> Lines:
    if case.contract is None:
        return []
    ends, limit = case.contract.ends_on, case.limit_on
    lines = [("Continue, or warn", f"The contract runs on to {written_date(ends)}.")]
    if limit is None:
        return [*lines, ("End", "The force decides on a charge. No time limit runs.")]
    days_left, at_end = (limit - context.today).days, (limit - ends).days
    binds = "" if case.limit_basis == "statutory" else ", kept as a precaution,"
    if at_end >= 0:
        after = f"If it then failed, {at_end} days would be left before the limit{binds} on {written_date(limit)}."
    else:
        after = f"The limit{binds} falls before that, on {written_date(limit)}."
    lines[0] = (lines[0][0], f"{lines[0][1]} {after}")
    vary = "A later end must still leave the days that are kept back to decide on a charge."
    return [*lines, ("Vary", vary), ("End", f"The force has {days_left} days to decide, to {written_date(limit)}.")]


def _like_cases(case: Case, context: Context, report: Breach | None) -> Lines:
    """What was decided on reports of the same kind, and how those cases ended: of the same offence, if enough are."""
    kind = report.kind if report is not None else "breach"
    query = (
        select(Breach.decision, Case.state, Case.offence_code, func.count())
        .join(Case, Case.id == Breach.case_id)
        .where(Breach.kind == kind, Breach.decision.is_not(None), Breach.case_id != case.id)
        .group_by(Breach.decision, Case.state, Case.offence_code)
    )
    rows = context.session.execute(query).all()
    alike = [row for row in rows if row.offence_code == case.offence_code]
    enough = sum(count for _, _, _, count in alike) >= ENOUGH_ALIKE
    ended: dict[str, Counter[State]] = {}
    for decision, state, _, count in alike if enough else rows:
        ended.setdefault(str(decision), Counter())[state] += count
    total = sum(states.total() for states in ended.values())
    of_what = "of the same offence" if enough else "of any offence"
    return [
        (words, f"{ended[decision].total()} of {total} {of_what}. Those cases: {_states(ended[decision])}.")
        for decision, words in DECIDED.items()
        if decision in ended
    ]


def _states(counts: Counter[State]) -> str:
    return ", ".join(f"{count} {state.label.lower()}" for state, count in counts.most_common())
