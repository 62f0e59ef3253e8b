"""Who may know that a case exists: said once, inside every query, never in a page."""

from sqlalchemy import ColumnElement, false, or_, true

from divert.models import Case, Sensitivity
from divert.people.rights import Rows, Subject, rows_for
from divert.people.staff import Actor


def may_see(actor: Actor) -> ColumnElement[bool]:
    """The condition on a case under which `actor` may open it, by the table of rights."""
    match rows_for(actor.role, Subject.cases):
        case Rows.all:
            return true()
        case Rows.unrestricted:
            return or_(Case.sensitivity != Sensitivity.restricted, Case.keyworker == actor.username)
        case Rows.own:
            return Case.referred_by == actor.username
        case _:
            return false()
