"""What is kept: the tables. Instants are UTC, dates Europe/London."""

from divert.models.case import (
    Allocation,
    Appointment,
    Breach,
    Case,
    CaseLink,
    Check,
    Condition,
    Contract,
    Deadline,
    Decision,
    Document,
    NeedScore,
    Pause,
    Victim,
)
from divert.models.counter import Draft, Import, ImportedRow
from divert.models.people import Guesses, Person, Staff, Token, Visit
from divert.models.records import Access, Counter, Draw, Frame, IdempotencyKey, LedgerEntry, OutboxMessage, Seal
from divert.models.row import Instant, Row
from divert.models.sharing import Consent, ReceivedItem
from divert.models.states import ANSWERED, FINAL, OPEN, Role, Sensitivity, State

__all__ = [
    "ANSWERED",
    "FINAL",
    "OPEN",
    "Access",
    "Allocation",
    "Appointment",
    "Breach",
    "Case",
    "CaseLink",
    "Check",
    "Condition",
    "Consent",
    "Contract",
    "Counter",
    "Deadline",
    "Decision",
    "Document",
    "Draft",
    "Draw",
    "Frame",
    "Guesses",
    "IdempotencyKey",
    "Import",
    "ImportedRow",
    "Instant",
    "LedgerEntry",
    "NeedScore",
    "OutboxMessage",
    "Pause",
    "Person",
    "ReceivedItem",
    "Role",
    "Row",
    "Seal",
    "Sensitivity",
    "Staff",
    "State",
    "Token",
    "Victim",
    "Visit",
]
