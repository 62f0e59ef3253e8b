"""The documents there are: what each is called, who reads it, when it may be issued and by whom."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from divert.models import FINAL, OPEN, Role, State
from divert.people.rights import CASEWORK, Subject, readers


class DocumentKind(StrEnum):
    """One kind of document; its template has the same name."""

    referral_agreement = "referral_agreement"
    contract = "contract"
    appointment_letter = "appointment_letter"
    breach_letter = "breach_letter"
    completion_letter = "completion_letter"
    victim_update = "victim_update"
    handover = "handover"


Reader = Literal["the person", "the victim", "the prosecution"]


@dataclass(frozen=True)
class Kind:
    """What is settled about a kind beforehand. `about`: the row it speaks of, where it speaks of one."""

    title: str
    reader: Reader
    states: tuple[State, ...]
    subject: Subject
    about: Literal["appointment", "breach"] | None = None

    @property
    def by(self) -> tuple[Role, ...]:
        """Who may issue one: whoever works on cases and may read it. The auditor only reads."""
        return tuple(role for role in readers(self.subject) if role in CASEWORK)

    @property
    def has_large_print(self) -> bool:
        """Letters have; a bundle for lawyers has not."""
        return self.reader != "the prosecution"


KINDS = {
    DocumentKind.referral_agreement: Kind(
        "Referral agreement",
        "the person",
        (State.referred, State.under_decision),
        Subject.referral_agreement,
    ),
    DocumentKind.contract: Kind(
        "Contract",
        "the person",
        (State.active, State.breach_review),
        Subject.letters,
    ),
    DocumentKind.appointment_letter: Kind(
        "Appointment letter",
        "the person",
        (State.active, State.breach_review),
        Subject.letters,
        about="appointment",
    ),
    DocumentKind.breach_letter: Kind(
        "Breach letter",
        "the person",
        (State.breach_review, State.active, State.returned),
        Subject.letters,
        about="breach",
    ),
    DocumentKind.completion_letter: Kind(
        "Completion letter",
        "the person",
        (State.completed,),
        Subject.letters,
    ),
    DocumentKind.victim_update: Kind(
        "Update to the victim",
        "the victim",
        OPEN + FINAL,
        Subject.victim_update,
    ),
    DocumentKind.handover: Kind(
        "Handover bundle",
        "the prosecution",
        (State.returned, State.prosecuted),
        Subject.handover,
    ),
}
"""Every kind, in the order in which a case comes to need them."""
