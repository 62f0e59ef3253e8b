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

Said = dict[str, Any]

REASONS = {
    "accept": "Decided",
    "reasons": "Reasons",
    "override_reason": "Against the verdict, because",
    "why": "Why",
    "reason_code": "Reason",
    "explanation": "Explanation",
}
"""The words of a decision that a prosecutor reads, and what they are called there."""

DECISIONS = {
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
SIGNINGS = ("sign-contract", "vary-contract")
PROGRESS = ("record-progress", "mark-condition-kept", "correct-condition")
BINDS = {"statutory": "By statute", "precautionary": "As a precaution: on current authority no statute sets it"}
GONE = "No longer held: disposed of lawfully. The commitment below stays."


class Record:
    """A case's entries, with what each said where it is still held, and the names of those who made them."""

    def __init__(self, session: Session, case: Case) -> None:
        self.entries = ledger.entries_of(session, case)
        self.bodies: Mapping[int, Said | None] = {
            one.seq: json.loads(one.body) if one.body is not None else None for one in self.entries
        }
        self._names = {one.username: one.name for one in session.scalars(select(Staff))}

    def said(self, seq: int) -> Said:
        """What an entry said; nothing where that is no longer held."""
        return self.bodies.get(seq) or {}

    def of(self, *commands: str) -> list[LedgerEntry]:
        """The entries of these commands, in order."""
        return [one for one in self.entries if one.command in commands]

    def name(self, username: str) -> str:
        """Who that is."""
        return self._names.get(username, username)

    def by(self, entry: LedgerEntry) -> str:
        """Who made an entry, and in what post."""
        return f"{self.name(entry.by)}, {entry.role.label.lower()}"


def handover(case: Case, session: Session, on: date, _about: int | None) -> Said:
    """What the bundle says of a case, `on` that day."""
    record = Record(session, case)
    person = case.person
    returned = rulebook().return_reasons.get(case.return_reason or "")
    return {
        "version": case.version,
        "head": case.head,
        "person": {
            "name": person.full_name,
            "date_of_birth": _written(person.date_of_birth),
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
        or record.name(case.referred_by),
        "state": case.state.label.lower(),
        "since": written_date(london_date(case.state_since)),
        "return_reason": returned.title if returned else case.return_reason,
        "limit": _limit(case, on),
        "victim": _victim(case.victim, record),
        "verdict": _verdict(case),
        "decisions": [_decision(one, record) for one in record.of(*DECISIONS)],
        "versions": [_version(one, record) for one in record.of(*SIGNINGS)],
        "ends_on": _written(case.contract.ends_on) if case.contract else None,
        "pauses": [
            {"from": _written(one.from_on), "until": _written(one.until_on), "resumed": _written(one.resumed_on)}
            for one in case.pauses
        ],
        "conditions": [{"number": one.number, "text": one.text, "stands": _stands(one)} for one in case.conditions],
        "evidence": [_evidence(one, record) for one in record.of(*PROGRESS)],
        "attendance": [
            {
                "number": one.number,
                "at": london_text(one.at),
                "what": f"{one.purpose}, at {one.place}",
                "outcome": _outcome(one),
            }
            for one in case.appointments
        ],
        "breaches": [_breach(one, record) for one in case.breaches],
        "chronology": [_line(one, record) for one in record.entries],
        "documents": [
            {"seq": one.seq, "title": one.kind.replace("_", " ").capitalize(), "sha256": one.sha256}
            for one in case.documents
        ],
        "faults": [fault.what for fault in ledger.verify(session, case.ref)],
    }


def _written(on: date | None) -> str | None:
    return written_date(on) if on is not None else None


def _verdict(case: Case) -> str | None:
    """What the policy advised before either side decided."""
    if case.check is None:
        return None
    turned_on = f" ({case.check.because.replace('_', ' ')})" if case.check.because else ""
    return f"{case.check.verdict.replace('_', ' ').capitalize()}{turned_on}, by {case.check.pack_id}: advice only"


def _limit(case: Case, on: date) -> Said | None:
    """The last day for a charge, from the deadline that holds it: on whose authority, and how long is left."""
    held = [one for one in case.deadlines if one.kind in (STATUTORY_LIMIT, PRECAUTIONARY_LIMIT)]
    if case.limit_on is None or not held:
        return None
    days = (case.limit_on - on).days
    return {
        "last_day": written_date(case.limit_on),
        "left": f"{days} days from the day this was made" if days > 0 else "today" if days == 0 else "past",
        "basis": BINDS[case.limit_basis],
        "authority": held[-1].authority,
    }


VIEWS = {
    "sought": "Sought, not yet obtained; {}",
    "obtained": "Obtained; {}",
    "declined": "Would rather not give any; {}",
    "unreachable": "Could not be reached; {}",
}


def _victim(victim: Victim | None, record: Record) -> Said | None:
    if victim is None or victim.kind == "none":
        return None
    tries = "1 attempt" if victim.attempts == 1 else f"{victim.attempts} attempts"
    heard = [record.said(one.seq).get("words") for one in record.of("record-victim-views")]
    who = victim.name
    if victim.contact_name and victim.contact_name != victim.name:
        who = f"{victim.name}, through {victim.contact_name}" if victim.name else victim.contact_name
    return {
        "who": who,
        "views": VIEWS[victim.views].format(tries) if victim.views else "Not recorded",
        "words": next((one for one in reversed(heard) if one), None),
        "told_on": _written(victim.told_on),
    }


def _answers(body: Said | None, names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Some words of a body, each with its name."""
    if body is None:
        return [("Words", GONE)]
    return [(title, _in_words(name, body[name])) for name, title in names.items() if body.get(name) is not None]


def _in_words(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if name == "reason_code" and value in rulebook().return_reasons:
        return rulebook().return_reasons[value].title
    return str(value)


def _decision(entry: LedgerEntry, record: Record) -> Said:
    return {
        "seq": entry.seq,
        "what": DECISIONS[entry.command],
        "by": record.by(entry),
        "at": london_text(entry.at),
        "said": _answers(record.bodies[entry.seq], REASONS) + _agreed(record, entry),
    }


def _agreed(record: Record, entry: LedgerEntry) -> list[tuple[str, str]]:
    agreed_by = record.said(entry.seq).get("agreed_by")
    return [("Agreed by", record.name(agreed_by))] if agreed_by else []


def _version(entry: LedgerEntry, record: Record) -> Said:
    body = record.bodies[entry.seq]
    if body is None:
        return {"seq": entry.seq, "signed_on": "–", "ends_on": "–", "conditions": [GONE], "why": None, "agreed": []}
    return {
        "seq": entry.seq,
        "signed_on": written_date(date.fromisoformat(body["signed_on"])),
        "ends_on": written_date(date.fromisoformat(body["ends_on"])),
        "conditions": [_promise(one) for one in body["conditions"]],
        "why": body.get("why"),
        "agreed": _agreed(record, entry),
    }


def _promise(said: Said) -> str:
    """A condition in the words that were signed; where they were not copied then, in those of the catalogue."""
    words = said.get("text")
    if words is None:
        known = rulebook().conditions.get(said["code"])
        words = known.text if known else said["code"]
        words += f" In particular: {said['detail']}." if said.get("detail") else ""
    with_whom = f" With: {said['provider']}." if said.get("provider") else ""
    by_when = f" By {written_date(date.fromisoformat(said['due_on']))}." if said.get("due_on") else ""
    return f"{words}{with_whom}{by_when}"


def _stands(one: Condition) -> str:
    on = f", {written_date(one.settled_on)}" if one.settled_on else ""
    return f"{one.status.capitalize()}{on}"


def _evidence(entry: LedgerEntry, record: Record) -> Said:
    body = record.bodies[entry.seq]
    return {
        "seq": entry.seq,
        "condition": body["condition"] if body else "–",
        "what": f"{_shown(body)}{body['evidence']}" if body else GONE,
        "at": london_text(entry.at),
        "by": record.name(entry.by),
    }


def _shown(body: Said) -> str:
    """What evidence was recorded as showing: a condition kept, or after all not."""
    if "kept_on" in body:
        return f"Kept on {written_date(date.fromisoformat(body['kept_on']))}.\n"
    if "effective_on" in body:
        on = written_date(date.fromisoformat(body["effective_on"]))
        return f"Came late: kept on {on}.\n" if body["kept"] else f"Came late: not kept, from {on}.\n"
    return ""


def _outcome(one: Appointment) -> str:
    """What became of a meeting: held, attended, late, and whose fault are four facts."""
    if one.status != "past":
        return one.status.capitalize()
    parts = ["attended" if one.attended else "did not attend"]
    if one.held is False:
        parts.append("the meeting did not take place")
    if one.late_minutes:
        parts.append(f"{one.late_minutes} minutes late")
    if one.acceptable is not None:
        parts.append("reason accepted" if one.acceptable else "reason not accepted")
    if one.fault:
        parts.append(f"fault: {one.fault}")
    return ", ".join(parts).capitalize()


REPORTED = {
    "conditions": "Conditions",
    "crime_ref": "Crime reference",
    "what": "What happened",
    "excuse": "What they said",
}
BREACH_ENDS = {
    "continue": "The contract goes on",
    "warn": "The contract goes on, with a warning",
    "vary": "The contract goes on, changed",
    "end": "The contract ends",
}
DECIDED_ON = {"probation_view": "Probation's view", "reasons": "Reasons for the decision"}


def _breach(one: Breach, record: Record) -> Said:
    body = record.bodies.get(one.seq)
    if body and "conditions" in body:
        body = {**body, "conditions": ", ".join(str(number) for number in body["conditions"])}
    said = _answers(body, REPORTED)
    decided = _last_decision_on(one, record)
    if one.decision and decided is not None:
        said += _answers(record.bodies[decided.seq], DECIDED_ON)
    return {
        "seq": one.seq,
        "what": "New offence reported" if one.kind == "new_offence" else "Breach reported",
        "occurred_on": written_date(one.occurred_on),
        "by": record.name(one.reported_by),
        "said": said,
        "decision": f"{BREACH_ENDS[one.decision]}. By {record.name(one.decided_by or '')} on {_written(one.decided_on)}"
        if one.decision
        else None,
    }


def _last_decision_on(report: Breach, record: Record) -> LedgerEntry | None:
    """A decision can be taken back and taken afresh: the last before the next report stands."""
    later = (each.seq for each in record.of("report-breach", "record-new-offence") if each.seq > report.seq)
    until = next(later, len(record.entries) + 1)
    decided = [each for each in record.of("decide-breach") if report.seq < each.seq < until]
    return decided[-1] if decided else None


def _line(entry: LedgerEntry, record: Record) -> Said:
    return {
        "seq": entry.seq,
        "at": london_text(entry.at),
        "what": entry.command.replace("-", " ").capitalize(),
        "command": entry.command,
        "by": record.by(entry),
        "username": entry.by,
        "state": entry.to_state.label.lower(),
        "role": entry.role.value,
        "instant": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "moves": f"{entry.from_state or 'null'} to {entry.to_state}",
        "commitment": entry.commitment,
        "hash": entry.hash,
    }
