"""What leaves the system as a table: cases, one row each, for whoever may see them.

Every case that leaves is a disclosure, and is logged with its recipient (Data Protection Act 2018 s.62).
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, joinedload, selectinload

from divert.models import Case
from divert.people.staff import Actor
from divert.records import access

Cell = str | int | bool | None


def _decision_column(side: str) -> Callable[[Case], Any]:
    """What one side last decided: yes, no, or nothing yet."""

    def read(case: Case) -> str | None:
        decision = case.decision(side)
        return None if decision is None else "yes" if decision.accept else "no"

    return read


COLUMNS: dict[str, Callable[[Case], Any]] = {
    "ref": lambda case: case.ref,
    "state": lambda case: case.state.value,
    "state_since": lambda case: case.state_since,
    "opened_at": lambda case: case.opened_at,
    "sensitivity": lambda case: case.sensitivity.value,
    "crime_ref": lambda case: case.crime_ref,
    "custody_ref": lambda case: case.custody_ref,
    "asn": lambda case: case.asn,
    "urn": lambda case: case.urn,
    "referred_on": lambda case: case.referred_on,
    "referred_by": lambda case: case.referred_by,
    "surname": lambda case: case.person.surname,
    "forenames": lambda case: case.person.forenames,
    "date_of_birth": lambda case: case.person.date_of_birth,
    "sex": lambda case: case.person.sex,
    "ethnicity": lambda case: case.person.ethnicity,
    "pnc_id": lambda case: case.person.pnc_id,
    "district": lambda case: case.district,
    "offence_code": lambda case: case.offence_code,
    "offence_on": lambda case: case.facts.get("offence_on"),
    "verdict": lambda case: case.verdict,
    "police_decision": _decision_column("police"),
    "probation_decision": _decision_column("probation"),
    "keyworker": lambda case: case.keyworker,
    "contract_signed_on": lambda case: case.contracts[0].signed_on if case.contracts else None,
    "contract_ends_on": lambda case: case.contract.ends_on if case.contract else None,
    "conditions_kept": lambda case: sum(condition.status == "kept" for condition in case.conditions),
    "conditions_open": lambda case: sum(condition.status == "open" for condition in case.conditions),
    "breaches_reported": lambda case: len(case.breaches),
    "limit_on": lambda case: case.limit_on,
    "limit_basis": lambda case: case.limit_basis,
    "return_reason": lambda case: case.return_reason,
    "close_reason": lambda case: case.close_reason,
    "outcome_code": lambda case: case.outcome_code,
}
"""Every column and how it is read off a case. Free text and the victim stay behind: they have no place in a table."""


def disclose(
    session: Session, visible: ColumnElement[bool], by: Actor, at: datetime, recipient: str
) -> list[dict[str, Cell]]:
    """The cases under the condition `visible`, as plain values, in order of reference; each logged as given away.

    Instants and dates are ISO text. Commit before handing the rows on: what is not logged must not leave.
    """
    query = (
        select(Case)
        .where(visible)
        .options(
            joinedload(Case.person),
            selectinload(Case.decisions),
            selectinload(Case.contracts),
            selectinload(Case.conditions),
            selectinload(Case.breaches),
        )
        .order_by(Case.id)
    )
    rows = []
    for case in session.scalars(query):
        access.record(session, by, "disclosure", at, case_ref=case.ref, what="export", recipient=recipient)
        rows.append({name: _plain(read(case)) for name, read in COLUMNS.items()})
    return rows


def _plain(value: Any) -> Cell:
    return value.isoformat() if isinstance(value, date) else value


def escape_formula(cell: Any) -> str:
    """A cell that no spreadsheet takes for a formula: one that begins like a formula gets a leading apostrophe."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
