"""The Divert office as tests see it: a database, a calendar, and people who do things to cases."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from divert.casework.command import CaseCommand
from divert.casework.commands.appointments import BookAppointment, RecordAttendance
from divert.casework.commands.breach import ReportBreach
from divert.casework.commands.conditions import MarkConditionKept
from divert.casework.commands.contract import FIVE, SignContract
from divert.casework.commands.decisions import CheckEligibility, DecideForPolice, DecideForProbation, ReturnToForce
from divert.casework.commands.ending import CloseCase, CompleteCase, RecordChargingDecision
from divert.casework.commands.referral import RecordReferralAgreement, Refer
from divert.casework.commands.support import Allocate, AssessNeeds
from divert.casework.commands.victim import RecordVictimViews
from divert.casework.workflow import Receipt, perform
from divert.db import Database
from divert.models import Case, Role, State
from divert.people.staff import Actor

OFFICER = Actor("officer", Role.referring_officer)
OTHER_OFFICER = Actor("officer.two", Role.referring_officer)
INSPECTOR = Actor("police.lead", Role.police_team_lead)
OTHER_INSPECTOR = Actor("police.lead.two", Role.police_team_lead)
PROBATION_LEAD = Actor("probation.lead", Role.probation_team_lead)
KEYWORKER = Actor("keyworker", Role.probation_service_officer)
OTHER_KEYWORKER = Actor("keyworker.two", Role.probation_service_officer)
SPECIALIST = Actor("specialist", Role.complex_needs_specialist)
MANAGER = Actor("manager", Role.project_manager)
COORDINATOR = Actor("panel.coordinator", Role.panel_coordinator)
MEMBER = Actor("panel.member", Role.panel_member)
SECOND_MEMBER = Actor("panel.two", Role.panel_member)
THIRD_MEMBER = Actor("panel.three", Role.panel_member)
BOARD = Actor("board", Role.board_member)
AUDITOR = Actor("auditor", Role.auditor)
CAST = (
    OFFICER, OTHER_OFFICER, INSPECTOR, OTHER_INSPECTOR, PROBATION_LEAD, KEYWORKER, OTHER_KEYWORKER, SPECIALIST,
    MANAGER, COORDINATOR, MEMBER, SECOND_MEMBER, THIRD_MEMBER, BOARD, AUDITOR,
)  # fmt: skip

DALE: dict[str, Any] = dict(Refer.model_json_schema()["examples"][0])
"""Dale Ashworth, 25, took £24.50 of groceries from Harbour Stores on 30 April 2019: eligible in every way."""

ENTRY: dict[str, Any] = dict(AssessNeeds.model_json_schema()["examples"][0])
SIGNED_CONDITIONS = FIVE
MONDAY = date(2019, 5, 6)


@dataclass
class Office:
    """People acting, one after another, on a day that only `on` moves."""

    database: Database
    today: date = MONDAY
    minutes: int = 0
    refs: list[str] = field(default_factory=list)

    def on(self, day: str | date) -> "Office":
        """Turn the calendar."""
        self.today, self.minutes = (date.fromisoformat(day) if isinstance(day, str) else day), 0
        return self

    @property
    def now(self) -> datetime:
        """Nine in the morning UTC, and a minute for everything done since."""
        return datetime.combine(self.today, time(9), UTC) + timedelta(minutes=self.minutes)

    def does(self, who: Actor, command: CaseCommand, ref: str | None = None, seen: int | None = None) -> Receipt:
        """One person does one thing, kept at once."""
        self.minutes += 1
        with self.database.writing() as session:
            return perform(session, ref, command, who, self.now, seen)

    @contextmanager
    def open(self, ref: str) -> Iterator[Case]:
        """Look at a case."""
        with self.database.reading() as session:
            yield self.find(session, ref)

    @staticmethod
    def find(session: Session, ref: str) -> Case:
        """The case itself."""
        return session.scalars(select(Case).where(Case.ref == ref)).one()

    def state(self, ref: str) -> State:
        """Where a case stands."""
        with self.open(ref) as case:
            return case.state

    # The path of a case that goes well, in stages

    def refers(self, **facts: Any) -> str:
        """The officer refers Dale, or somebody like him."""
        said = {**DALE, "referred_on": self.today.isoformat(), **facts}
        ref = self.does(OFFICER, Refer.model_validate(said)).ref
        self.refs.append(ref)
        return ref

    def checks(self, ref: str) -> str:
        """Agreement signed, shop asked, eligibility checked."""
        self.does(OFFICER, RecordReferralAgreement(signed_on=self.today), ref)
        heard = RecordVictimViews(views="obtained", contact_name="Ms Farrow", words="Wants the goods paid for.")
        self.does(INSPECTOR, heard, ref)
        self.does(INSPECTOR, CheckEligibility(), ref)
        return ref

    def accepts(self, ref: str) -> str:
        """Both say yes."""
        self.does(INSPECTOR, DecideForPolice(accept=True, reasons="First offence, full admission."), ref)
        self.does(PROBATION_LEAD, DecideForProbation(accept=True, reasons="Alcohol need; will engage."), ref)
        return ref

    def signs(self, ref: str, **terms: Any) -> str:
        """Allocated, assessed and signed for three months."""
        self.does(PROBATION_LEAD, Allocate(keyworker=KEYWORKER.username), ref)
        self.does(KEYWORKER, AssessNeeds.model_validate(ENTRY), ref)
        said = {"signed_on": self.today, "ends_on": self.today + timedelta(days=90), "conditions": FIVE, **terms}
        self.does(KEYWORKER, SignContract.model_validate(said), ref)
        return ref

    def keeps(self, ref: str) -> str:
        """An appointment kept, every condition kept, exit assessed, a month later."""
        meeting = BookAppointment.model_validate(
            {"starts_at": f"{self.today + timedelta(7)}T10:00", "purpose": "First meeting", "place": "Safety Hub"}
        )
        booked = self.does(KEYWORKER, meeting, ref).version
        self.on(self.today + timedelta(days=30))
        self.does(KEYWORKER, RecordAttendance(appointment=booked, held=True, attended=True), ref)
        for number in (2, 3, 4, 5):
            kept = MarkConditionKept(condition=number, kept_on=self.today, evidence="Seen by the keyworker.")
            self.does(KEYWORKER, kept, ref)
        self.does(KEYWORKER, AssessNeeds.model_validate({**ENTRY, "stage": "exit"}), ref)
        return ref

    def completes(self, ref: str) -> str:
        """The probation lead completes it."""
        self.does(PROBATION_LEAD, CompleteCase(outcome_code=22), ref)
        return ref

    def case_in(self, state: State, **facts: Any) -> str:
        """A case brought to a state by its shortest path."""
        return PATHS[state](self, self.refers(**facts))


def _breached(office: Office, ref: str) -> str:
    office.accepts(office.checks(ref))
    office.signs(ref)
    office.on(office.today + timedelta(days=14))
    report = ReportBreach(
        conditions=[3], occurred_on=office.today, what="Two meetings missed.", excuse_asked=True, excuse="None given."
    )
    office.does(KEYWORKER, report, ref)
    return ref


def _returned(office: Office, ref: str) -> str:
    office.checks(ref)
    no = DecideForPolice(accept=False, reasons="Too grave.", override_reason="A vulnerable shopkeeper, a second visit.")
    office.does(INSPECTOR, no, ref)
    office.does(INSPECTOR, ReturnToForce(reason_code="not_agreed", reasons="Police said no."), ref)
    return ref


def _prosecuted(office: Office, ref: str) -> str:
    office.does(INSPECTOR, RecordChargingDecision(outcome_code=1, decided_on=office.today), _returned(office, ref))
    return ref


def _closed(office: Office, ref: str) -> str:
    office.does(MANAGER, CloseCase(reason_code="opened_in_error", explanation="Wrong person picked."), ref)
    return ref


PATHS: dict[State, Callable[[Office, str], str]] = {
    State.referred: lambda office, ref: ref,
    State.under_decision: lambda office, ref: office.checks(ref),
    State.accepted: lambda office, ref: office.accepts(office.checks(ref)),
    State.active: lambda office, ref: office.signs(office.accepts(office.checks(ref))),
    State.breach_review: _breached,
    State.returned: _returned,
    State.completed: lambda office, ref: office.completes(
        office.keeps(office.signs(office.accepts(office.checks(ref))))
    ),
    State.prosecuted: _prosecuted,
    State.closed: _closed,
}
