"""What a document says, read off a case: for each reader only what that reader may know.

Letters read live rows alone, so that a case whose words were lawfully disposed of can still be written about. One thing
more is read where it is still held: which conditions a report of a breach named. Dates are as people write them.
"""

import json
from collections.abc import Callable
from datetime import date, datetime

from sqlalchemy.orm import Session

from divert.clock import london_date, london_time, written_date
from divert.documents.handover import Inputs, handover
from divert.documents.kinds import DocumentKind
from divert.documents.letterhead import letterhead
from divert.law.rulebook import rulebook
from divert.models import FINAL, Appointment, Case, Condition, LedgerEntry, Staff, State


def inputs(kind: DocumentKind, case: Case, session: Session, on: date, about: int | None) -> Inputs:
    """What a document of that kind would say if it were issued `on` that day. JSON-ready.

    `about` is the number of the appointment or breach that the kind speaks of. LookupError where there is none.
    """
    return {
        "office": letterhead(),
        "ref": case.ref,
        "date": written_date(on),
        **READERS[kind](case, session, on, about),
    }


def _person_inputs(case: Case, session: Session) -> Inputs:
    """What every document for the person begins from."""
    keyworker = session.get(Staff, case.keyworker) if case.keyworker else None
    return {
        "name": case.person.full_name,
        "postcode": case.person.postcode,
        "interpreter": case.person.interpreter,
        "keyworker": keyworker.name if keyworker else None,
    }


def _offence_inputs(case: Case) -> Inputs:
    """What it is about, in words: for papers that are handed over, never for a letter."""
    return {
        "offence": rulebook().offences.find(case.offence_code, case.referred_on).title,
        "offence_on": _day_of_offence(case),
        "crime_ref": case.crime_ref,
    }


def _day_of_offence(case: Case) -> str:
    return written_date(date.fromisoformat(case.facts["offence_on"]))


def _referral_agreement(case: Case, session: Session, _on: date, _about: int | None) -> Inputs:
    return {**_person_inputs(case, session), **_offence_inputs(case), "officer": case.officer}


SETTLED_WORDS = {"kept": "Kept", "waived": "Let go"}


def _contract(case: Case, session: Session, on: date, _about: int | None) -> Inputs:
    contract = case.contract
    if contract is None:
        raise LookupError("this case has no contract")
    pause = next(
        (pause for pause in case.pauses if pause.from_on <= on <= pause.until_on and pause.resumed_on is None), None
    )
    return {
        **_person_inputs(case, session),
        **_offence_inputs(case),
        "draft": False,
        "version": len(case.contracts),
        "first_signed_on": written_date(case.contracts[0].signed_on),
        "signed_on": written_date(contract.signed_on),
        "ends_on": written_date(contract.ends_on),
        "paused": {"from": written_date(pause.from_on), "until": written_date(pause.until_on)} if pause else None,
        "conditions": [
            {
                "number": condition.number,
                "text": condition.text,
                "provider": condition.provider,
                "due_on": written_date(condition.due_on) if condition.due_on else None,
                "settled": _settlement(condition),
            }
            for condition in case.conditions
            if condition.status != "withdrawn"
        ],
    }


def _settlement(condition: Condition) -> Inputs | None:
    word = SETTLED_WORDS.get(condition.status)
    return {"word": word, "on": written_date(condition.settled_on)} if word and condition.settled_on else None


def _appointment_letter(case: Case, session: Session, _on: date, about: int | None) -> Inputs:
    appointment = _appointment(case, about)
    if appointment is None:
        raise LookupError(f"there is no appointment with number {about}")
    previous = _appointment(case, appointment.moved_from)
    return {
        **_person_inputs(case, session),
        "day": _weekday(appointment.at),
        "time": london_time(appointment.at),
        "place": appointment.place,
        "purpose": appointment.purpose,
        "instead_of": f"{_weekday(previous.at)} at {london_time(previous.at)}" if previous else None,
    }


def _appointment(case: Case, number: int | None) -> Appointment | None:
    return next((appointment for appointment in case.appointments if appointment.number == number), None)


def _weekday(at: datetime) -> str:
    on = london_date(at)
    return f"{on:%A} {written_date(on)}"


def _breach_letter(case: Case, session: Session, _on: date, about: int | None) -> Inputs:
    report = next((breach for breach in case.breaches if breach.seq == about), None)
    if report is None:
        raise LookupError(f"there is no breach with number {about}")
    open_deadlines = [deadline for deadline in case.deadlines if deadline.status == "open"]
    decision_deadline = next((deadline for deadline in open_deadlines if deadline.kind == "breach_decision"), None)
    entry = session.get(LedgerEntry, (case.id, report.seq))
    body = json.loads(entry.body) if entry is not None and entry.body is not None else {}
    conditions_named = body.get("conditions", [])
    return {
        **_person_inputs(case, session),
        "new_offence": report.kind == "new_offence",
        "occurred_on": written_date(report.occurred_on),
        "conditions": [condition.text for condition in case.conditions if condition.number in conditions_named],
        "decision": report.decision,
        "decided_on": written_date(report.decided_on) if report.decided_on else None,
        "decide_by": written_date(decision_deadline.due_on) if decision_deadline and report.decision is None else None,
        "ends_on": written_date(case.contract.ends_on) if case.contract else None,
    }


def _completion_letter(case: Case, session: Session, _on: date, _about: int | None) -> Inputs:
    return {
        **_person_inputs(case, session),
        "offence_on": _day_of_offence(case),
        "crime_ref": case.crime_ref,
        "signed_on": written_date(case.contracts[0].signed_on),
        "completed_on": written_date(london_date(case.state_since)),
        "conditions": [condition.text for condition in case.conditions if condition.status == "kept"],
    }


def _victim_update(case: Case, _session: Session, _on: date, _about: int | None) -> Inputs:
    """A victim may know where their crime stands: not who the person is, what they need, or how they are getting on."""
    victim = case.victim
    if victim is None:
        raise LookupError("this case has no victim")
    name = victim.contact_name or victim.name
    contract = case.contract if case.state in (State.active, State.breach_review) else None
    return {
        "name": name or "Sir or Madam",
        "business": victim.name if victim.kind == "business" and victim.name != name else None,
        "keyworker": None,
        "crime_ref": case.crime_ref,
        "state": case.state.value,
        "since": written_date(london_date(case.state_since)),
        "ends_on": written_date(contract.ends_on) if contract else None,
        "open": case.state not in FINAL,
    }


READERS: dict[DocumentKind, Callable[[Case, Session, date, int | None], Inputs]] = {
    DocumentKind.referral_agreement: _referral_agreement,
    DocumentKind.contract: _contract,
    DocumentKind.appointment_letter: _appointment_letter,
    DocumentKind.breach_letter: _breach_letter,
    DocumentKind.completion_letter: _completion_letter,
    DocumentKind.victim_update: _victim_update,
    DocumentKind.handover: handover,
}
