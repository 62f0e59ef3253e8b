"""Who may know that a case exists: said once, inside every query, never in a page."""

from sqlalchemy import ColumnElement, false, or_, true

from divert.models import Case, Role, Sensitivity
from divert.people.staff import TEAM, Actor

SEES_RESTRICTED = (
    Role.police_team_lead,
    Role.probation_team_lead,
    Role.project_manager,
    Role.auditor,
    Role.system,
)


def may_see(actor: Actor) -> ColumnElement[bool]:
    """The condition on a case under which `actor` may open it.

    The team: all but restricted ones, which the leads, the manager and the case's keyworker see. An officer: their own
    referrals. The auditor and the worker: all. The panel and the board: none; they have samples and figures.
    """
    if actor.role in SEES_RESTRICTED:
        return true()
    if actor.role in TEAM:
        return or_(Case.sensitivity != Sensitivity.restricted, Case.keyworker == actor.username)
    if actor.role is Role.referring_officer:
        return Case.referred_by == actor.username
    return false()
