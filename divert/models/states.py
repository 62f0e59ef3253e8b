"""Where a case may stand, who may act, and how closely a case is held."""

from enum import StrEnum


class State(StrEnum):
    """Where a case stands."""

    referred = "referred"
    under_decision = "under_decision"
    accepted = "accepted"
    active = "active"
    breach_review = "breach_review"
    returned = "returned"
    completed = "completed"
    prosecuted = "prosecuted"
    closed = "closed"

    @property
    def label(self) -> str:
        """As a page shows it."""
        return self.value.replace("_", " ").capitalize()


OPEN = (
    State.referred,
    State.under_decision,
    State.accepted,
    State.active,
    State.breach_review,
    State.returned,
)
TAKEN = (State.accepted, State.active, State.breach_review)
"""Where a keyworker holds the case, or one must be named."""

ANSWERED = ("obtained", "declined", "unreachable")
"""Victim's views that are an answer; `sought` waits for one."""

FINAL = (State.completed, State.prosecuted, State.closed)


class Role(StrEnum):
    """The posts of the scheme (Commissioner's report, 13 November 2018), its readers, and the worker."""

    referring_officer = "referring_officer"
    police_team_lead = "police_team_lead"
    probation_team_lead = "probation_team_lead"
    probation_service_officer = "probation_service_officer"
    complex_needs_specialist = "complex_needs_specialist"
    project_manager = "project_manager"
    panel_coordinator = "panel_coordinator"
    panel_member = "panel_member"
    board_member = "board_member"
    auditor = "auditor"
    system = "system"

    @property
    def label(self) -> str:
        """As a page shows it."""
        return self.value.replace("_", " ").capitalize()


class Sensitivity(StrEnum):
    """Who of the team may open a case: everyone; everyone, marked; its keyworker, the leads and the manager."""

    standard = "standard"
    sensitive = "sensitive"
    restricted = "restricted"
