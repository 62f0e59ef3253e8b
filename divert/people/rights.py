"""Who may read what: one table. Queries, pages, navigation and the API take it from here and name no role themselves.

What may be *done*, and by whom, the acts say: commands on a case in `divert.casework.lifecycle`, all others in their
classes. Both name their posts by the groups that stand here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Literal

from divert.models import Role

OFFICER = (Role.referring_officer,)
POLICE = (Role.police_team_lead,)
PROBATION = (Role.probation_team_lead,)
SPECIALIST = (Role.complex_needs_specialist,)
MANAGER = (Role.project_manager,)
COORDINATOR = (Role.panel_coordinator,)
MEMBER = (Role.panel_member,)
BOARD = (Role.board_member,)
AUDITOR = (Role.auditor,)
WORKER = (Role.system,)

KEYWORKERS = (Role.probation_service_officer, *SPECIALIST)
LEADS = (*POLICE, *PROBATION)
"""Who decides for a side."""

SIGNATORIES = (*LEADS, *MANAGER)
"""The posts that must each sign a policy before it is adopted: both sides that decide, and the scheme's manager."""

TEAM = (*LEADS, *KEYWORKERS, *MANAGER)
CASEWORK = (*OFFICER, *TEAM)
POSTS = tuple(role for role in Role if role not in WORKER)
"""Every post that a person may have."""

Side = Literal["police", "probation"]
SIDES: Mapping[Role, Side] = {**dict.fromkeys(POLICE, "police"), **dict.fromkeys(PROBATION, "probation")}
"""For which side each lead decides."""


class Subject(StrEnum):
    """What can be read, in the words of the golden text and of `/help`."""

    cases = "cases"
    support = "what the scheme works on with a person, and a case's whole history"
    restricted_need = "scores of the restricted need"
    referral_agreement = "the referral agreement"
    letters = "contract and letters to the person"
    victim_update = "updates to the victim"
    handover = "the handover bundle"
    referral_files = "referral files"
    failed_work = "what the worker could not do"
    staff = "staff"
    policies = "policies in force"
    proposals = "proposed policies"
    rehearsals = "what a policy would have come to"
    figures = "the board's figures and costs"
    draws = "frames and draws"
    drawn_packs = "packs of a draw"
    pack_identities = "which case a pack is of"
    meetings = "meetings of the panel and their packs"
    findings = "the panel's findings and their answers"
    comparisons = "findings by decision maker and by group"
    scrutiny_report = "the year of scrutiny"


class Rows(StrEnum):
    """Which of them."""

    all = "all"
    unrestricted = "all but restricted ones that they are not the keyworker of"
    own = "their own"
    attended = "of meetings that they attend, and have no conflict in"
    aggregates = "aggregates only"


@dataclass(frozen=True)
class Right:
    """These roles may read these rows of a subject."""

    subject: Subject
    rows: Rows
    roles: tuple[Role, ...]


S, R = Subject, Rows

# fmt: off
RIGHTS = (
    Right(S.cases,              R.all,          (*SIGNATORIES, *AUDITOR, *WORKER)),
    Right(S.cases,              R.unrestricted, KEYWORKERS),
    Right(S.cases,              R.own,          OFFICER),
    Right(S.support,            R.all,          (*TEAM, *AUDITOR)),
    Right(S.restricted_need,    R.all,          (*SPECIALIST, *AUDITOR)),
    Right(S.referral_agreement, R.all,          (*CASEWORK, *AUDITOR)),
    Right(S.letters,            R.all,          (*KEYWORKERS, *SIGNATORIES, *AUDITOR)),
    Right(S.victim_update,      R.all,          (*TEAM, *AUDITOR)),
    Right(S.handover,           R.all,          (*POLICE, *MANAGER, *AUDITOR)),
    Right(S.referral_files,     R.own,          (*POLICE, *MANAGER)),
    Right(S.failed_work,        R.all,          SIGNATORIES),
    Right(S.staff,              R.all,          MANAGER),
    Right(S.policies,           R.all,          tuple(Role)),
    Right(S.proposals,          R.all,          (*SIGNATORIES, *BOARD, *AUDITOR)),
    Right(S.rehearsals,         R.all,          SIGNATORIES),
    Right(S.rehearsals,         R.aggregates,   (*BOARD, *AUDITOR)),
    Right(S.figures,            R.aggregates,   (*BOARD, *SIGNATORIES, *AUDITOR)),
    Right(S.draws,              R.all,          (*COORDINATOR, *MANAGER, *MEMBER, *AUDITOR)),
    Right(S.drawn_packs,        R.all,          (*COORDINATOR, *MANAGER, *AUDITOR)),
    Right(S.pack_identities,    R.all,          MANAGER),
    Right(S.meetings,           R.all,          (*COORDINATOR, *AUDITOR)),
    Right(S.meetings,           R.attended,     MEMBER),
    Right(S.findings,           R.all,          (*COORDINATOR, *POLICE, *MANAGER, *AUDITOR)),
    Right(S.comparisons,        R.all,          (*COORDINATOR, *AUDITOR)),
    Right(S.scrutiny_report,    R.aggregates,   (*COORDINATOR, *POLICE, *MANAGER, *AUDITOR, *MEMBER, *BOARD)),
)
# fmt: on


@lru_cache
def rows_for(role: Role, subject: Subject) -> Rows | None:
    """Which rows of a subject a role may read; None: none at all."""
    return next((right.rows for right in RIGHTS if right.subject is subject and role in right.roles), None)


def may_read(role: Role, subject: Subject) -> bool:
    """Whether a role may read anything of a subject."""
    return rows_for(role, subject) is not None


@lru_cache
def readers(subject: Subject) -> tuple[Role, ...]:
    """Who may read anything of a subject, in the order of the posts."""
    return tuple(role for role in Role if may_read(role, subject))


def listed(roles: tuple[Role, ...], between: str = ", ") -> str:
    """Posts as a sentence names them."""
    return between.join(role.label.lower() for role in Role if role in roles)
