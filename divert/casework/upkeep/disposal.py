"""Lawful disposal: what says who a case was about goes, for good; what only counts stays, and the chain still verifies.

It goes from the live rows, the bodies and salts of the ledger, the documents, the messages, the consents. A file of
evidence is nobody's from then on, unless another case holds it too, and goes with the worker's next round. What stays
is the reference, states, dates and codes that figures are made of, and who of the staff did what and when.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from divert.casework.command import Context
from divert.models import (
    Case,
    CaseLink,
    Consent,
    Document,
    Evidence,
    LedgerEntry,
    NameWord,
    NeedScore,
    OutboxMessage,
    Person,
    ReceivedItem,
)
from divert.records import access

GONE = "[disposed of]"
"""What stands where a word must stand."""


def dispose_of(case: Case, context: Context) -> None:
    """Erase what says who the case was about: all at once, and on record. The command that does it is kept."""
    session = context.session
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("PRAGMA secure_delete = ON"))  # what is deleted is overwritten in the file
    case.disposed_at = context.at
    _forget_the_rows(case, context)
    session.flush()
    restricted = [need.code for need in context.rules.needs.values() if need.restricted]
    session.execute(delete(NeedScore).where(NeedScore.case_id == case.id, NeedScore.need.in_(restricted)))
    for table in (CaseLink, Document, Evidence, Consent, OutboxMessage):
        session.execute(delete(table).where(table.case_id == case.id))
    session.execute(delete(ReceivedItem).where(ReceivedItem.case_ref == case.ref))
    session.execute(update(LedgerEntry).where(LedgerEntry.case_id == case.id).values(body=None, salt=None))
    session.execute(delete(NameWord).where(NameWord.person_id.not_in(select(Case.person_id))))
    session.execute(delete(Person).where(Person.id.not_in(select(Case.person_id))))  # whom no other case is about
    session.expire(case, ["need_scores", "links", "documents", "evidence", "consents"])
    access.record(session, context.by, "erasure", context.at, case_ref=case.ref, what="disposal")


def _forget_the_rows(case: Case, context: Context) -> None:
    """From now on this case is about nobody in particular."""
    case.person = Person(surname=GONE, sex=case.person.sex, ethnicity=case.person.ethnicity)
    case.crime_ref = GONE
    case.custody_ref = case.asn = case.urn = case.officer = case.officer_unit = None
    if case.victim is not None:
        case.victim.name = case.victim.contact = case.victim.contact_name = None
    for condition in case.conditions:
        condition.text, condition.provider = context.rules.conditions[condition.code].text, None
    for appointment in case.appointments:
        appointment.purpose = appointment.place = GONE


def tables_left(session: Session, case: Case) -> Sequence[str]:
    """What is left, of a case that was disposed of, that should not be: names of tables."""
    bodies = select(LedgerEntry.seq).where(
        LedgerEntry.case_id == case.id, LedgerEntry.seq < case.version, LedgerEntry.body.is_not(None)
    )
    left: dict[str, Any] = {
        "ledger": session.scalar(bodies.limit(1)),
        "people": case.person.forenames or case.person.date_of_birth or case.person.pnc_id,
        "documents": case.documents,
        "evidence": case.evidence,
        "consents": case.consents,
        "outbox": session.scalar(select(OutboxMessage.id).where(OutboxMessage.case_id == case.id).limit(1)),
    }
    return [table for table, rows in left.items() if rows]
