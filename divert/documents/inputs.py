"""What a document says, read off a case: for each reader only what that reader may know.

Letters read live rows alone, so that a case whose words were lawfully disposed of can still be written about. One thing
more is read where it is still held: which conditions a report of a breach named. Dates are as people write them.
"""

import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from divert.clock import LONDON, london_date, written_date
from divert.documents.handover import handover
from divert.documents.kinds import DocumentKind
from divert.documents.letterhead import letterhead
from divert.law.rulebook import rulebook
from divert.models import FINAL, Appointment, Case, Condition, LedgerEntry, Staff, State

Said = dict[str, Any]


def inputs(kind: DocumentKind, case: Case, session: Session, on: date, about: int | None) -> Said:
    """What a document of that kind would say if it were issued `on` that day. JSON-ready.

    `about` is the number of the appointment or breach that the kind speaks of. LookupError where there is none.
    """
    return {
        "office": letterhead(),
        "ref": case.ref,
        "date": written_date(on),
        **READS[kind](case, session, on, about),
    }


def _to_the_person(case: Case, session: Session) -> Said:
    """What every document for the person begins from."""
    keyworker = session.get(Staff, case.keyworker) if case.keyworker else None
    return {
        "name": case.person.full_name,
        "postcode": case.person.postcode,
        "interpreter": case.person.interpreter,
        "keyworker": keyworker.name if keyworker else None,
    }


def _offence(case: Case) -> Said:
    """What it is about, in words: for papers that are handed over, never for a letter."""
    return {
        "offence": rulebook().offences.find(case.offence_code, case.referred_on).title,
        "offence_on": _day_of_offence(case),
        "crime_ref": case.crime_ref,
    }


def _day_of_offence(case: Case) -> str:
    return written_date(date.fromisoformat(case.facts["offence_on"]))


def _referral_agreement(case: Case, session: Session, _on: date, _about: int | None) -> Said:
    return {**_to_the_person(case, session), **_offence(case), "officer": case.officer}


SETTLED = {"kept": "Kept", "waived": "Let go"}


def _contract(case: Case, session: Session, on: date, _about: int | None) -> Said:
    in_force = case.contract
    if in_force is None:
        raise LookupError("this case has no contract")
    pause = next((one for one in case.pauses if one.from_on <= on <= one.until_on and one.resumed_on is None), None)
    return {
        **_to_the_person(case, session),
        **_offence(case),
        "draft": False,
        "version": len(case.contracts),
        "first_signed_on": written_date(case.contracts[0].signed_on),
        "signed_on": written_date(in_force.signed_on),
        "ends_on": written_date(in_force.ends_on),
        "paused": {"from": written_date(pause.from_on), "until": written_date(pause.until_on)} if pause else None,
        "conditions": [
            {
                "number": one.number,
                "text": one.text,
                "provider": one.provider,
                "due_on": written_date(one.due_on) if one.due_on else None,
                "settled": _settled(one),
            }
            for one in case.conditions
            if one.status != "withdrawn"
        ],
    }


def _settled(one: Condition) -> Said | None:
    word = SETTLED.get(one.status)
    return {"word": word, "on": written_date(one.settled_on)} if word and one.settled_on else None


def _appointment_letter(case: Case, session: Session, _on: date, about: int | None) -> Said:
    booked = _meeting(case, about)
    if booked is None:
        raise LookupError(f"there is no appointment with number {about}")
    before = _meeting(case, booked.moved_from)
    return {
        **_to_the_person(case, session),
        "day": _weekday(booked.at),
        "time": _time(booked.at),
        "place": booked.place,
        "purpose": booked.purpose,
        "instead_of": f"{_weekday(before.at)} at {_time(before.at)}" if before else None,
    }


def _meeting(case: Case, number: int | None) -> Appointment | None:
    return next((one for one in case.appointments if one.number == number), None)


def _weekday(at: datetime) -> str:
    on = london_date(at)
    return f"{on:%A} {written_date(on)}"


def _time(at: datetime) -> str:
    return f"{at.astimezone(LONDON):%I:%M%p}".removeprefix("0").lower()


def _breach_letter(case: Case, session: Session, _on: date, about: int | None) -> Said:
    report = next((one for one in case.breaches if one.seq == about), None)
    if report is None:
        raise LookupError(f"there is no breach with number {about}")
    waiting = next((one for one in case.deadlines if one.kind == "breach_decision" and one.status == "open"), None)
    entry = session.get(LedgerEntry, (case.id, report.seq))
    named = json.loads(entry.body).get("conditions", []) if entry is not None and entry.body is not None else []
    return {
        **_to_the_person(case, session),
        "new_offence": report.kind == "new_offence",
        "occurred_on": written_date(report.occurred_on),
        "conditions": [one.text for one in case.conditions if one.number in named],
        "decision": report.decision,
        "decided_on": written_date(report.decided_on) if report.decided_on else None,
        "decide_by": written_date(waiting.due_on) if waiting and report.decision is None else None,
        "ends_on": written_date(case.contract.ends_on) if case.contract else None,
    }


def _completion_letter(case: Case, session: Session, _on: date, _about: int | None) -> Said:
    return {
        **_to_the_person(case, session),
        "offence_on": _day_of_offence(case),
        "crime_ref": case.crime_ref,
        "signed_on": written_date(case.contracts[0].signed_on),
        "completed_on": written_date(london_date(case.state_since)),
        "conditions": [one.text for one in case.conditions if one.status == "kept"],
    }


def _victim_update(case: Case, _session: Session, _on: date, _about: int | None) -> Said:
    """A victim may know where their crime stands: not who the person is, what they need, or how they are getting on."""
    victim = case.victim
    if victim is None:
        raise LookupError("this case has no victim")
    name = victim.contact_name or victim.name
    running = case.contract if case.state in (State.active, State.breach_review) else None
    return {
        "name": name or "Sir or Madam",
        "business": victim.name if victim.kind == "business" and victim.name != name else None,
        "keyworker": None,
        "crime_ref": case.crime_ref,
        "state": case.state.value,
        "since": written_date(london_date(case.state_since)),
        "ends_on": written_date(running.ends_on) if running else None,
        "open": case.state not in FINAL,
    }


READS: dict[DocumentKind, Callable[[Case, Session, date, int | None], Said]] = {
    DocumentKind.referral_agreement: _referral_agreement,
    DocumentKind.contract: _contract,
    DocumentKind.appointment_letter: _appointment_letter,
    DocumentKind.breach_letter: _breach_letter,
    DocumentKind.completion_letter: _completion_letter,
    DocumentKind.victim_update: _victim_update,
    DocumentKind.handover: handover,
}
