"""The documents there are: what each is called, who reads it, when it may be issued and by whom."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from divert.models import FINAL, OPEN, Role, State
from divert.people.staff import KEYWORKERS, TEAM


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
    by: tuple[Role, ...]
    about: Literal["appointment", "breach"] | None = None

    @property
    def read_by(self) -> tuple[Role, ...]:
        """Who may open one that was issued: whoever may issue it, and the auditor."""
        return (*self.by, Role.auditor)

    @property
    def has_large_print(self) -> bool:
        """Letters have; a bundle for lawyers has not."""
        return self.reader != "the prosecution"


LEADS = (Role.police_team_lead, Role.probation_team_lead, Role.project_manager)

KINDS = {
    DocumentKind.referral_agreement: Kind(
        "Referral agreement",
        "the person",
        (State.referred, State.under_decision),
        (Role.referring_officer, *TEAM),
    ),
    DocumentKind.contract: Kind(
        "Contract",
        "the person",
        (State.active, State.breach_review),
        (*KEYWORKERS, *LEADS),
    ),
    DocumentKind.appointment_letter: Kind(
        "Appointment letter",
        "the person",
        (State.active, State.breach_review),
        (*KEYWORKERS, *LEADS),
        about="appointment",
    ),
    DocumentKind.breach_letter: Kind(
        "Breach letter",
        "the person",
        (State.breach_review, State.active, State.returned),
        (*KEYWORKERS, *LEADS),
        about="breach",
    ),
    DocumentKind.completion_letter: Kind(
        "Completion letter",
        "the person",
        (State.completed,),
        (*KEYWORKERS, *LEADS),
    ),
    DocumentKind.victim_update: Kind(
        "Update to the victim",
        "the victim",
        OPEN + FINAL,
        TEAM,
    ),
    DocumentKind.handover: Kind(
        "Handover bundle",
        "the prosecution",
        (State.returned, State.prosecuted),
        (Role.police_team_lead, Role.project_manager),
    ),
}
"""Every kind, in the order in which a case comes to need them."""
