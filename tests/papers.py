"""A case that each kind of document can be made of, who would issue it, and what a PDF says."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

from pypdf import PdfReader

from divert.casework.command import Context
from divert.casework.commands.appointments import BookAppointment, RecordAttendance
from divert.casework.commands.breach import DecideBreach, ReportBreach
from divert.casework.commands.conditions import MarkConditionKept, RecordProgress
from divert.casework.commands.contract import PauseContract, VaryContract
from divert.casework.commands.documents import IssueDocument, sha256
from divert.casework.commands.record import AddNote
from divert.casework.preview import preview
from divert.casework.workflow import Receipt
from divert.documents.kinds import DocumentKind
from divert.models import State
from divert.people.staff import Actor
from tests.office import (
    INSPECTOR,
    KEYWORKER,
    OFFICER,
    OTHER_INSPECTOR,
    PROBATION_LEAD,
    SIGNED_CONDITIONS,
    Office,
)

K = DocumentKind
Made = tuple[str, Actor, int | None]
"""A case, who issues the document, and what it is about."""


def booked(office: Office, ref: str) -> int:
    """A first meeting, in nine days. Its number."""
    at = datetime(2019, 5, 15, 9, tzinfo=UTC)
    meeting = BookAppointment(starts_at=at, purpose="First meeting", place="Community Safety Hub")
    return office.does(KEYWORKER, meeting, ref).version


def an_eventful_life(office: Office, ref: str) -> str:
    """Signed, helped, paused, varied, missed a meeting, warned; then missed another, and ended. One note on the way."""
    meeting = booked(office, ref)
    office.does(KEYWORKER, AddNote(text="Seems low; mentions his mother's illness."), ref)
    office.on("2019-05-16")
    absent = RecordAttendance(appointment=meeting, held=True, attended=False, acceptable=False, note="No call.")
    office.does(KEYWORKER, absent, ref)
    office.does(KEYWORKER, RecordProgress(condition=4, evidence="Two of four sessions attended.\nEngaged well."), ref)
    kept = MarkConditionKept(condition=2, kept_on=date(2019, 5, 14), evidence="Workbook seen by the keyworker.")
    office.does(KEYWORKER, kept, ref)
    office.on("2019-05-20")
    away = PauseContract(from_on=office.today, until_on=date(2019, 5, 26), why="In hospital for a week.")
    office.does(PROBATION_LEAD, away, ref)
    office.on("2019-05-27")
    terms = {"signed_on": office.today, "ends_on": "2019-08-11", "conditions": SIGNED_CONDITIONS[:4]}
    varied = VaryContract.model_validate({**terms, "why": "The garden closed.", "agreed_by": "probation.lead"})
    office.does(KEYWORKER, varied, ref)
    for day, decision in (("2019-06-03", "warn"), ("2019-06-12", "end")):
        office.on(day)
        missed(office, ref)
        said = {"decision": decision, "probation_view": "Agrees.", "reasons": f"It came to this: {decision}."}
        office.does(OTHER_INSPECTOR, DecideBreach.model_validate(said), ref)
    return ref


def missed(office: Office, ref: str) -> int:
    """A report that two conditions were not kept. Its number."""
    report = ReportBreach(
        conditions=[3, 4],
        occurred_on=office.today,
        what="Missed two meetings.",
        excuse_asked=True,
        excuse="None given.",
    )
    return office.does(KEYWORKER, report, ref).version


def _letter_for_a_meeting(office: Office, ref: str) -> Made:
    return ref, KEYWORKER, booked(office, ref)


def _letter_after_a_report(office: Office, ref: str) -> Made:
    return ref, KEYWORKER, missed(office, ref)


MAKES: dict[DocumentKind, tuple[State, Callable[[Office, str], Made]]] = {
    K.referral_agreement: (State.referred, lambda _, ref: (ref, OFFICER, None)),
    K.contract: (State.active, lambda _, ref: (ref, KEYWORKER, None)),
    K.appointment_letter: (State.active, _letter_for_a_meeting),
    K.breach_letter: (State.active, _letter_after_a_report),
    K.completion_letter: (State.completed, lambda _, ref: (ref, KEYWORKER, None)),
    K.victim_update: (State.active, lambda _, ref: (ref, INSPECTOR, None)),
    K.handover: (State.active, lambda office, ref: (an_eventful_life(office, ref), INSPECTOR, None)),
}


def ready_for(office: Office, kind: DocumentKind, **facts: Any) -> Made:
    """A case of which that kind can be made now."""
    state, made = MAKES[kind]
    return made(office, office.on("2019-05-06").case_in(state, **facts))


def previewed(
    office: Office, ref: str, who: Actor, kind: DocumentKind, about: int | None = None, *, large_print: bool = False
) -> bytes:
    """The document as that person would look at it now."""
    with office.database.reading() as session:
        case = office.find(session, ref)
        context = Context(session, who, office.now, case.version + 1)
        return preview(case, context, kind, about, large_print=large_print)


def issued(office: Office, ref: str, who: Actor, kind: DocumentKind, about: int | None = None) -> Receipt:
    """Looked at, then issued."""
    digest = sha256(previewed(office, ref, who, kind, about))
    return office.does(who, IssueDocument(kind=kind, about=about, sha256=digest), ref)


def pages(pdf: bytes) -> list[str]:
    """What each page says."""
    return [page.extract_text() for page in PdfReader(BytesIO(pdf)).pages]


def text_of(pdf: bytes) -> str:
    """What a document says, on one line: where a line happened to end is nobody's affair."""
    return re.sub(r"\s+", " ", " ".join(pages(pdf)))
