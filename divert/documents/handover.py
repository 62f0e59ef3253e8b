"""The prosecution bundle: everything that bears on a charge, from live rows and the ledger, with the ledger's proof.

It leaves out what does not bear on one: needs and their scores, notes, why a contract was paused (it is often health),
and how to reach the victim.
"""

import json
from collections.abc import Mapping
from datetime import UTC, date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from divert.clock import london_date, london_text, written_date
from divert.law.rulebook import rulebook
from divert.models import Appointment, Breach, Case, Condition, LedgerEntry, Staff, Victim
from divert.models.case import PRECAUTIONARY_LIMIT, STATUTORY_LIMIT
from divert.records import ledger

Inputs = dict[str, Any]

REASON_FIELDS = {
    "accept": "Decided",
    "reasons": "Reasons",
    "override_reason": "Against the verdict, because",
    "why": "Why",
    "reason_code": "Reason",
    "explanation": "Explanation",
}
"""The words of a decision that a prosecutor reads, and what they are called there."""

DECISION_COMMANDS = {
    "decide-for-police": "Decision for the police",
    "decide-for-probation": "Decision for probation",
    "reconsider": "Decision taken again",
    "return-to-force": "Return to the force",
    "decline-contract": "The contract was declined",
    "waive-condition": "A condition was waived",
    "vary-contract": "The contract was varied",
    "review-breach": "The decision on the breach was taken back, to be taken afresh",
    "record-charging-decision": "Charging decision",
}
SIGNING_COMMANDS = ("sign-contract", "vary-contract")
PROGRESS_COMMANDS = ("record-progress", "mark-condition-kept", "correct-condition")
VIEWS_COMMANDS = ("record-victim-views",)
BREACH_REPORT_COMMANDS = ("report-breach", "record-new-offence")
BREACH_DECISION_COMMANDS = ("decide-breach",)
QUOTED_COMMANDS = (
    *DECISION_COMMANDS,
    *SIGNING_COMMANDS,
    *PROGRESS_COMMANDS,
    *VIEWS_COMMANDS,
    *BREACH_REPORT_COMMANDS,
    *BREACH_DECISION_COMMANDS,
)
"""By their slugs, as the ledger has them: casework, which issues documents, is not imported here."""

BASES_IN_WORDS = {
    "statutory": "By statute",
    "precautionary": "As a precaution: on current authority no statute sets it",
}
DISPOSED = "No longer held: disposed of lawfully. The commitment below stays."


class Record:
    """A case's entries, with what each said where it is still held, and the names of those who made them."""

    def __init__(self, session: Session, case: Case) -> None:
        self.entries = ledger.entries_of(session, case)
        self.bodies: Mapping[int, Inputs | None] = {
            entry.seq: json.loads(entry.body) if entry.body is not None else None for entry in self.entries
        }
        self._names = {staff.username: staff.name for staff in session.scalars(select(Staff))}

    def body(self, seq: int) -> Inputs:
        """What an entry said; nothing where that is no longer held."""
        return self.bodies.get(seq) or {}

    def entries_of(self, *commands: str) -> list[LedgerEntry]:
        """The entries of these commands, in order."""
        return [entry for entry in self.entries if entry.command in commands]

    def name_of(self, username: str) -> str:
        """Who that is."""
        return self._names.get(username, username)

    def author_of(self, entry: LedgerEntry) -> str:
        """Who made an entry, and in what post."""
        return f"{self.name_of(entry.by)}, {entry.role.label.lower()}"


def handover(case: Case, session: Session, on: date, _about: int | None) -> Inputs:
    """What the bundle says of a case, `on` that day."""
    record = Record(session, case)
    person = case.person
    return_reason = rulebook().return_reasons.get(case.return_reason or "")
    return {
        "version": case.version,
        "head": case.head,
        "person": {
            "name": person.full_name,
            "date_of_birth": _date_in_words(person.date_of_birth),
            "pnc_id": person.pnc_id,
            "cro_no": person.cro_no,
            "asn": case.asn,
            "urn": case.urn,
            "custody_ref": case.custody_ref,
        },
        "crime_ref": case.crime_ref,
        "offence": rulebook().offences.find(case.offence_code, case.referred_on).title,
        "offence_code": case.offence_code,
        "offence_on": written_date(date.fromisoformat(case.facts["offence_on"])),
        "referred_on": written_date(case.referred_on),
        "referred_by": ", ".join(part for part in (case.officer, case.officer_unit) if part)
        or record.name_of(case.referred_by),
        "state": case.state.label.lower(),
        "since": written_date(london_date(case.state_since)),
        "return_reason": return_reason.title if return_reason else case.return_reason,
        "limit": _limit(case, on),
        "victim": _victim(case.victim, record),
        "verdict": _verdict(case),
        "decisions": [_decision(entry, record) for entry in record.entries_of(*DECISION_COMMANDS)],
        "versions": [_version(entry, record) for entry in record.entries_of(*SIGNING_COMMANDS)],
        "ends_on": _date_in_words(case.contract.ends_on) if case.contract else None,
        "pauses": [
            {
                "from": _date_in_words(pause.from_on),
                "until": _date_in_words(pause.until_on),
                "resumed": _date_in_words(pause.resumed_on),
            }
            for pause in case.pauses
        ],
        "conditions": [
            {"number": condition.number, "text": condition.text, "stands": _condition_status(condition)}
            for condition in case.conditions
        ],
        "evidence": [_evidence(entry, record) for entry in record.entries_of(*PROGRESS_COMMANDS)],
        "attendance": [
            {
                "number": appointment.number,
                "at": london_text(appointment.at),
                "what": f"{appointment.purpose}, at {appointment.place}",
                "outcome": _appointment_outcome(appointment),
            }
            for appointment in case.appointments
        ],
        "breaches": [_breach(breach, record) for breach in case.breaches],
        "chronology": [_chronology_line(entry, record) for entry in record.entries],
        "documents": [
            {
                "seq": document.seq,
                "title": document.kind.replace("_", " ").capitalize(),
                "sha256": document.sha256,
            }
            for document in case.documents
        ],
        "faults": [fault.what for fault in ledger.verify(session, case.ref)],
    }


def _date_in_words(on: date | None) -> str | None:
    return written_date(on) if on is not None else None


def _verdict(case: Case) -> str | None:
    """What the policy advised before either side decided."""
    if case.check is None:
        return None
    turned_on = f" ({case.check.because.replace('_', ' ')})" if case.check.because else ""
    return f"{case.check.verdict.replace('_', ' ').capitalize()}{turned_on}, by {case.check.pack_id}: advice only"


def _limit(case: Case, on: date) -> Inputs | None:
    """The last day for a charge, from the deadline that holds it: on whose authority, and how long is left."""
    deadlines = [deadline for deadline in case.deadlines if deadline.kind in (STATUTORY_LIMIT, PRECAUTIONARY_LIMIT)]
    if case.limit_on is None or not deadlines:
        return None
    days = (case.limit_on - on).days
    return {
        "last_day": written_date(case.limit_on),
        "left": f"{days} days from the day this was made" if days > 0 else "today" if days == 0 else "past",
        "basis": BASES_IN_WORDS[case.limit_basis],
        "authority": deadlines[-1].authority,
    }


VIEWS_IN_WORDS = {
    "sought": "Sought, not yet obtained; {}",
    "obtained": "Obtained; {}",
    "declined": "Would rather not give any; {}",
    "unreachable": "Could not be reached; {}",
}


def _victim(victim: Victim | None, record: Record) -> Inputs | None:
    if victim is None or victim.kind == "none":
        return None
    attempts = "1 attempt" if victim.attempts == 1 else f"{victim.attempts} attempts"
    words = [record.body(entry.seq).get("words") for entry in record.entries_of(*VIEWS_COMMANDS)]
    who = victim.name
    if victim.contact_name and victim.contact_name != victim.name:
        who = f"{victim.name}, through {victim.contact_name}" if victim.name else victim.contact_name
    return {
        "who": who,
        "views": VIEWS_IN_WORDS[victim.views].format(attempts) if victim.views else "Not recorded",
        "words": next((text for text in reversed(words) if text), None),
        "told_on": _date_in_words(victim.told_on),
    }


def _answers(body: Inputs | None, names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Some words of a body, each with its name."""
    if body is None:
        return [("Words", DISPOSED)]
    return [(title, _in_words(name, body[name])) for name, title in names.items() if body.get(name) is not None]


def _in_words(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if name == "reason_code" and value in rulebook().return_reasons:
        return rulebook().return_reasons[value].title
    return str(value)


def _decision(entry: LedgerEntry, record: Record) -> Inputs:
    return {
        "seq": entry.seq,
        "what": DECISION_COMMANDS[entry.command],
        "by": record.author_of(entry),
        "at": london_text(entry.at),
        "said": _answers(record.bodies[entry.seq], REASON_FIELDS) + _agreed(record, entry),
    }


def _agreed(record: Record, entry: LedgerEntry) -> list[tuple[str, str]]:
    agreed_by = record.body(entry.seq).get("agreed_by")
    return [("Agreed by", record.name_of(agreed_by))] if agreed_by else []


def _version(entry: LedgerEntry, record: Record) -> Inputs:
    body = record.bodies[entry.seq]
    if body is None:
        return {"seq": entry.seq, "signed_on": "–", "ends_on": "–", "conditions": [DISPOSED], "why": None, "agreed": []}
    return {
        "seq": entry.seq,
        "signed_on": written_date(date.fromisoformat(body["signed_on"])),
        "ends_on": written_date(date.fromisoformat(body["ends_on"])),
        "conditions": [_condition_as_signed(condition) for condition in body["conditions"]],
        "why": body.get("why"),
        "agreed": _agreed(record, entry),
    }


def _condition_as_signed(condition: Inputs) -> str:
    """A condition in the words that were signed; where they were not copied then, in those of the catalogue."""
    words = condition.get("text")
    if words is None:
        condition_type = rulebook().conditions.get(condition["code"])
        words = condition_type.text if condition_type else condition["code"]
        words += f" In particular: {condition['detail']}." if condition.get("detail") else ""
    provider = f" With: {condition['provider']}." if condition.get("provider") else ""
    due = f" By {written_date(date.fromisoformat(condition['due_on']))}." if condition.get("due_on") else ""
    return f"{words}{provider}{due}"


def _condition_status(condition: Condition) -> str:
    settled = f", {written_date(condition.settled_on)}" if condition.settled_on else ""
    return f"{condition.status.capitalize()}{settled}"


def _evidence(entry: LedgerEntry, record: Record) -> Inputs:
    body = record.bodies[entry.seq]
    return {
        "seq": entry.seq,
        "condition": body["condition"] if body else "–",
        "what": f"{_kept_or_not(body)}{body['evidence']}" if body else DISPOSED,
        "at": london_text(entry.at),
        "by": record.name_of(entry.by),
    }


def _kept_or_not(body: Inputs) -> str:
    """What evidence was recorded as showing: a condition kept, or after all not."""
    if "kept_on" in body:
        return f"Kept on {written_date(date.fromisoformat(body['kept_on']))}.\n"
    if "effective_on" in body:
        on = written_date(date.fromisoformat(body["effective_on"]))
        return f"Came late: kept on {on}.\n" if body["kept"] else f"Came late: not kept, from {on}.\n"
    return ""


def _appointment_outcome(appointment: Appointment) -> str:
    """What became of a meeting: held, attended, late, and whose fault are four facts."""
    if appointment.status != "past":
        return appointment.status.capitalize()
    parts = ["attended" if appointment.attended else "did not attend"]
    if appointment.held is False:
        parts.append("the meeting did not take place")
    if appointment.late_minutes:
        parts.append(f"{appointment.late_minutes} minutes late")
    if appointment.acceptable is not None:
        parts.append("reason accepted" if appointment.acceptable else "reason not accepted")
    if appointment.fault:
        parts.append(f"fault: {appointment.fault}")
    return ", ".join(parts).capitalize()


REPORT_FIELDS = {
    "conditions": "Conditions",
    "crime_ref": "Crime reference",
    "what": "What happened",
    "excuse": "What they said",
}
DECISIONS_IN_WORDS = {
    "continue": "The contract goes on",
    "warn": "The contract goes on, with a warning",
    "vary": "The contract goes on, changed",
    "end": "The contract ends",
}
DECISION_FIELDS = {"probation_view": "Probation's view", "reasons": "Reasons for the decision"}


def _breach(report: Breach, record: Record) -> Inputs:
    body = record.bodies.get(report.seq)
    if body and "conditions" in body:
        body = {**body, "conditions": ", ".join(str(number) for number in body["conditions"])}
    answers = _answers(body, REPORT_FIELDS)
    decision = _last_decision_on(report, record)
    if report.decision and decision is not None:
        answers += _answers(record.bodies[decision.seq], DECISION_FIELDS)
    outcome = None
    if report.decision:
        decided_by, decided_on = record.name_of(report.decided_by or ""), _date_in_words(report.decided_on)
        outcome = f"{DECISIONS_IN_WORDS[report.decision]}. By {decided_by} on {decided_on}"
    return {
        "seq": report.seq,
        "what": "New offence reported" if report.kind == "new_offence" else "Breach reported",
        "occurred_on": written_date(report.occurred_on),
        "by": record.name_of(report.reported_by),
        "said": answers,
        "decision": outcome,
    }


def _last_decision_on(report: Breach, record: Record) -> LedgerEntry | None:
    """A decision can be taken back and taken afresh: the last before the next report stands."""
    later = (entry.seq for entry in record.entries_of(*BREACH_REPORT_COMMANDS) if entry.seq > report.seq)
    until = next(later, len(record.entries) + 1)
    decisions = [entry for entry in record.entries_of(*BREACH_DECISION_COMMANDS) if report.seq < entry.seq < until]
    return decisions[-1] if decisions else None


def _chronology_line(entry: LedgerEntry, record: Record) -> Inputs:
    return {
        "seq": entry.seq,
        "at": london_text(entry.at),
        "what": entry.command.replace("-", " ").capitalize(),
        "command": entry.command,
        "by": record.author_of(entry),
        "username": entry.by,
        "state": entry.to_state.label.lower(),
        "role": entry.role.value,
        "instant": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "moves": f"{entry.from_state or 'null'} to {entry.to_state}",
        "commitment": entry.commitment,
        "hash": entry.hash,
    }
