"""The procedure: everything anyone may do, when, who, and on what authority. It reads like the operating manual.

A row says: this command, from these states, to that state (None: it stays; a mapping: the first whose guard holds),
by these roles, provided that these guards hold, under this authority. Machine, routes, forms, buttons, OpenAPI,
diagram and test grid come from this table by loops.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from transitions import Machine

from divert.casework.command import CaseCommand, Context
from divert.casework.commands.appointments import (
    BookAppointment,
    CancelAppointment,
    CorrectAttendance,
    RecordAttendance,
    RescheduleAppointment,
)
from divert.casework.commands.breach import DecideBreach, RecordNewOffence, ReportBreach, ReviewBreach
from divert.casework.commands.conditions import CorrectCondition, MarkConditionKept, RecordProgress, WaiveCondition
from divert.casework.commands.contract import DeclineContract, PauseContract, ResumeContract, SignContract, VaryContract
from divert.casework.commands.deadline import EscalateDeadline, MoveDeadline
from divert.casework.commands.decisions import (
    CheckEligibility,
    DecideForPolice,
    DecideForProbation,
    Reconsider,
    ReturnToForce,
)
from divert.casework.commands.documents import IssueDocument
from divert.casework.commands.ending import CloseCase, CompleteCase, RecordChargingDecision, Reinstate
from divert.casework.commands.record import (
    AddNote,
    CorrectNote,
    LiftSensitivity,
    LinkCases,
    MergePerson,
    RecordFollowUp,
    SetSensitivity,
)
from divert.casework.commands.referral import CorrectFacts, RecordReferralAgreement, Refer
from divert.casework.commands.retention import ReviewRetention
from divert.casework.commands.sharing import RecordConsent, ShareCase
from divert.casework.commands.support import Allocate, AssessNeeds
from divert.casework.commands.victim import RecordVictimUpdate, RecordVictimViews
from divert.casework.guard import Guard
from divert.casework.guards import (
    compliance,
    dates,
    deadline,
    decisions,
    documents,
    ending,
    evidence,
    opening,
    retention,
    sharing,
    term,
    victim,
)
from divert.models import FINAL, OPEN, TAKEN, Case, Role, State
from divert.people.rights import KEYWORKERS, MANAGER, OFFICER, POLICE, PROBATION, TEAM, WORKER

S = State

To = State | Mapping[Guard, State] | None


@dataclass(frozen=True)
class Row:
    """One row of the procedure."""

    command: type[CaseCommand]
    source: State | tuple[State, ...] | None
    to: To
    by: tuple[Role, ...]
    provided: tuple[Guard, ...]
    under: str

    @property
    def sources(self) -> tuple[State, ...]:
        """The states it may be done from; none for the command that opens a case."""
        if self.source is None:
            return ()
        return (self.source,) if isinstance(self.source, State) else self.source

    @property
    def targets(self) -> tuple[State, ...]:
        """The states it may lead to."""
        if self.to is None:
            return ()
        return (self.to,) if isinstance(self.to, State) else tuple(self.to.values())


SCHEME = "Scheme procedure"
REPORT = "Commissioner's report, 13 November 2018"
ACCURATE = "Data Protection Act 2018 s.38: facts are accurate and kept up to date"
COMPLIANCE = "Scheme procedure: failure may, not must, lead to prosecution"

# fmt: off
TRANSITIONS = (
    # command                   from                          to
    #   by, provided that, under
    Row(Refer,                  None,                         S.referred,
      OFFICER + POLICE + MANAGER, (opening.no_open_case, dates.not_in_the_future),
      f"{REPORT}: officers refer at their discretion"),
    Row(CorrectFacts,           (S.referred, S.under_decision), None,
      OFFICER + TEAM, (dates.not_in_the_future,),
      ACCURATE),
    Row(RecordReferralAgreement, S.referred,                  None,
      OFFICER + TEAM, (dates.not_in_the_future,),
      f"{SCHEME}: signed at referral, before eligibility is decided"),
    Row(RecordVictimViews,      OPEN,                         None,
      OFFICER + TEAM, (victim.has_a_victim, victim.business_has_a_contact, evidence.files_were_given),
      "Code of Practice for Victims of Crime; Anti-social Behaviour, Crime and Policing Act 2014 s.102"),
    Row(RecordVictimUpdate,     OPEN + FINAL,                 None,
      TEAM, (victim.has_a_victim, dates.not_in_the_future),
      "Code of Practice for Victims of Crime"),

    Row(CheckEligibility,       S.referred,                   {decisions.verdict_known: S.under_decision},
      OFFICER + TEAM, (opening.agreement_recorded,),
      f"{SCHEME}: the team checks the criteria; the verdict is advice"),
    Row(CheckEligibility,       S.under_decision,             None,
      OFFICER + TEAM, (),
      f"{SCHEME}: checked again when facts change"),
    Row(DecideForPolice,        S.under_decision,             {decisions.both_agree: S.accepted},
      POLICE, (decisions.verdict_known, decisions.verdict_up_to_date, decisions.side_has_not_decided,
               decisions.two_different_people, victim.victim_heard_before_a_yes, decisions.override_is_explained),
      f"{SCHEME}: police and probation must both agree"),
    Row(DecideForProbation,     S.under_decision,             {decisions.both_agree: S.accepted},
      PROBATION, (decisions.verdict_known, decisions.verdict_up_to_date, decisions.side_has_not_decided,
                  decisions.two_different_people, victim.victim_heard_before_a_yes, decisions.override_is_explained),
      f"{SCHEME}: police and probation must both agree"),
    Row(Reconsider,             S.under_decision,             {decisions.both_agree: S.accepted},
      POLICE + PROBATION, (decisions.decided_before, decisions.verdict_known, decisions.verdict_up_to_date,
                           victim.victim_heard_before_a_yes, decisions.override_is_explained),
      f"{SCHEME}: a disagreement is talked through"),
    Row(ReturnToForce,          S.under_decision,             S.returned,
      POLICE, (decisions.someone_refused, decisions.return_reason_fits),
      f"{SCHEME}: not taken without both agreeing"),

    Row(Allocate,               TAKEN,                        None,
      PROBATION + MANAGER, (term.names_a_keyworker, term.names_another),
      f"{REPORT}: keyworkers and the complex needs specialist"),
    Row(AssessNeeds,            (S.accepted, S.active),       None,
      KEYWORKERS, (term.by_the_keyworker, term.restricted_need_by_specialist, term.one_entry_assessment,
                   term.exit_after_the_start),
      f"{SCHEME}: assessed on entry and exit"),

    Row(SignContract,           S.accepted,                   S.active,
      KEYWORKERS, (term.by_the_keyworker, term.entry_assessed, term.mandatory_conditions_present,
                   term.conditions_within_the_maximum, term.conditions_offered,
                   term.words_of_the_catalogue, term.no_victim_contact_as_condition,
                   term.ends_after_it_is_signed, term.no_longer_than_the_pack_allows, term.fits_time_limit,
                   dates.not_in_the_future),
      f"{SCHEME}: up to four months; Magistrates' Courts Act 1980 s.127"),
    Row(DeclineContract,        S.accepted,                   S.returned,
      KEYWORKERS + POLICE, (term.by_the_keyworker,),
      f"{SCHEME}: taking part is voluntary"),

    Row(BookAppointment,        (S.active, S.breach_review),  None,
      KEYWORKERS, (term.by_the_keyworker, compliance.series_within_the_contract), SCHEME),
    Row(RescheduleAppointment,  (S.active, S.breach_review),  None,
      KEYWORKERS, (term.by_the_keyworker, compliance.appointment_is_booked), SCHEME),
    Row(CancelAppointment,      (S.active, S.breach_review),  None,
      KEYWORKERS, (term.by_the_keyworker, compliance.appointment_is_booked), SCHEME),
    Row(RecordAttendance,       (S.active, S.breach_review),  None,
      KEYWORKERS, (term.by_the_keyworker, compliance.appointment_is_booked, compliance.appointment_is_past), SCHEME),
    Row(CorrectAttendance,      (S.active, S.breach_review, S.returned), None,
      KEYWORKERS, (term.by_the_keyworker, compliance.attendance_recorded), ACCURATE),

    Row(RecordProgress,         S.active,                     None,
      KEYWORKERS, (term.by_the_keyworker, compliance.condition_is_open, evidence.files_were_given), SCHEME),
    Row(MarkConditionKept,      S.active,                     None,
      KEYWORKERS, (term.by_the_keyworker, compliance.condition_is_open, dates.not_in_the_future,
                   evidence.files_were_given), SCHEME),
    Row(WaiveCondition,         S.active,                     None,
      PROBATION, (compliance.condition_is_open,), SCHEME),
    Row(CorrectCondition,       (S.active, S.breach_review, S.returned), None,
      KEYWORKERS + PROBATION, (term.by_the_keyworker, compliance.condition_in_force, compliance.record_differs,
                               compliance.true_of_the_term, dates.not_in_the_future, evidence.files_were_given),
      ACCURATE),
    Row(VaryContract,           S.active,                     None,
      KEYWORKERS, (term.by_the_keyworker, term.probation_lead_agreed, term.mandatory_conditions_present,
                   term.conditions_within_the_maximum, term.conditions_offered,
                   term.words_of_the_catalogue, term.no_victim_contact_as_condition,
                   term.ends_after_it_is_signed, term.no_longer_than_the_pack_allows, term.fits_time_limit,
                   dates.not_in_the_future),
      f"{SCHEME}; Magistrates' Courts Act 1980 s.127"),
    Row(PauseContract,          S.active,                     None,
      PROBATION, (term.not_paused, term.pause_within_the_term, term.fits_time_limit),
      f"{SCHEME}; Magistrates' Courts Act 1980 s.127"),
    Row(ResumeContract,         S.active,                     None,
      PROBATION, (term.paused, term.resumed_within_the_pause), SCHEME),

    Row(ReportBreach,           S.active,                     S.breach_review,
      TEAM, (compliance.within_term, compliance.conditions_of_this_contract, compliance.excuse_asked,
             dates.not_in_the_future, evidence.files_were_given),
      COMPLIANCE),
    Row(RecordNewOffence,       S.active,                     S.breach_review,
      POLICE, (compliance.within_term, dates.not_in_the_future), COMPLIANCE),
    Row(DecideBreach,           S.breach_review,
      {compliance.it_ends: S.returned, compliance.it_goes_on: S.active},
      POLICE, (compliance.not_the_reporter,), COMPLIANCE),

    Row(ReviewBreach,           S.returned,                   S.breach_review,
      POLICE, (compliance.ended_for_a_breach, compliance.evidence_since_the_decision), COMPLIANCE),

    Row(CompleteCase,           S.active,                     S.completed,
      PROBATION, (compliance.conditions_kept_or_waived, term.exit_assessed, ending.outcome_fits_the_date),
      "Home Office counting rules: outcome 22 from 1 April 2019, only once the activity is done"),
    Row(RecordChargingDecision, S.returned,
      {ending.charged: S.prosecuted, ending.not_charged: S.closed},
      POLICE, (ending.expired_only_when_past_the_limit, ending.not_diverted, dates.not_in_the_future),
      "Director's Guidance on Charging; Magistrates' Courts Act 1980 s.127"),
    Row(CloseCase,              OPEN,                         S.closed,
      POLICE + MANAGER, (ending.reason_fits_the_state, ending.expired_if_it_says_so), SCHEME),
    Row(Reinstate,              S.closed,                     {ending.stood(state): state for state in OPEN},
      MANAGER, (ending.was_closed_by_reason,), SCHEME),
    Row(MoveDeadline,           OPEN + FINAL,                 None,
      POLICE + PROBATION + MANAGER, (deadline.deadline_is_open, deadline.not_set_by_law, deadline.moved_ahead),
      f"{SCHEME}: nothing is forgotten"),
    Row(EscalateDeadline,       OPEN + FINAL,                 None,
      WORKER, (deadline.deadline_is_open, deadline.deadline_missed), f"{SCHEME}: nothing is forgotten"),

    Row(IssueDocument,          (S.referred, S.under_decision), None,
      OFFICER + TEAM, (*documents.CAN_BE_MADE, documents.is_what_was_previewed),
      f"{SCHEME}: what is sent was looked at first"),
    Row(IssueDocument,          (S.accepted, S.active, S.breach_review, S.returned, *FINAL), None,
      TEAM, (*documents.CAN_BE_MADE, documents.is_what_was_previewed),
      f"{SCHEME}: what is sent was looked at first"),

    Row(RecordConsent,          OPEN + FINAL,                 None,
      TEAM, (dates.not_in_the_future,),
      f"{SCHEME}: what is shared with other agencies, the person has agreed to"),
    Row(ShareCase,              OPEN + FINAL,                 None,
      TEAM, (sharing.some_consent_stands, sharing.consent_covers_it, sharing.restricted_shared_by_leads,
             sharing.is_what_would_be_shared),
      f"{SCHEME}; Data Protection Act 2018 s.62: each disclosure is logged"),

    Row(AddNote,                OPEN,                         None,
      OFFICER + TEAM, (), SCHEME),
    Row(CorrectNote,            OPEN,                         None,
      TEAM, (ending.note_exists,), ACCURATE),
    Row(SetSensitivity,         OPEN + FINAL,                 None,
      TEAM, (ending.upwards,), "Data Protection Act 2018 s.40: security"),
    Row(LiftSensitivity,        OPEN + FINAL,                 None,
      POLICE + MANAGER, (ending.downwards,), "Data Protection Act 2018 s.40: security"),
    Row(LinkCases,              OPEN,                         None,
      TEAM, (ending.other_case_exists,), SCHEME),
    Row(MergePerson,            OPEN,                         None,
      MANAGER, (ending.other_case_exists,), ACCURATE),
    Row(RecordFollowUp,         FINAL,                        None,
      TEAM, (dates.not_in_the_future, ending.harm_table_is_out), f"{SCHEME}: what became of people afterwards"),
    Row(ReviewRetention,        FINAL,                        None,
      MANAGER, (retention.its_time_has_passed, retention.kept_until_a_day_to_come),
      "Data Protection Act 2018 s.39: kept no longer than is necessary"),
)
# fmt: on

COMMANDS: dict[str, type[CaseCommand]] = {row.command.slug(): row.command for row in TRANSITIONS}
"""Every command by its slug, in the order of the procedure."""


FOR_PEOPLE = {
    slug: command
    for slug, command in COMMANDS.items()
    if any(row.by != WORKER for row in TRANSITIONS if row.command is command)
}
"""Those that people carry out: the worker's own have no route, form or button."""

ROWS = {command: tuple(row for row in TRANSITIONS if row.command is command) for command in COMMANDS.values()}


def able(command: type[CaseCommand]) -> tuple[Role, ...]:
    """Who may ever carry out a command, in the order of the posts."""
    return tuple(role for role in Role if any(role in row.by for row in rows_of(command)))


def row_for(command: type[CaseCommand], state: State | None) -> Row | None:
    """The row that lets `command` be done from `state` (None: where no case is yet)."""
    for row in rows_of(command):
        if (state is None and row.source is None) or state in row.sources:
            return row
    return None


def rows_of(command: type[CaseCommand]) -> Iterator[Row]:
    """All rows of one command."""
    return iter(ROWS.get(command, ()))


def _machine() -> Machine:
    """One machine for all cases: no model of its own, no callbacks, no back doors to a state."""
    machine = Machine(model=None, states=State, initial=None, auto_transitions=False)
    for row in TRANSITIONS:
        for source in row.sources:
            choices = row.to.items() if isinstance(row.to, Mapping) else [(None, row.to)]
            for when, target in choices:
                machine.add_transition(row.command.slug(), source, target, conditions=[when.holds] if when else None)
            if isinstance(row.to, Mapping):
                machine.add_transition(row.command.slug(), source, None)  # none of them holds: it stays
    return machine


MACHINE = _machine()


def move(case: Case, command: type[CaseCommand], context: Context) -> None:
    """Put a case where the table says, after `command` was applied. MachineError where the table has no such row."""
    event: Any = MACHINE.events[command.slug()]
    event.trigger(case, case, context)


def mermaid() -> str:
    """The lifecycle as a Mermaid state diagram: only what moves a case."""
    lines = ["stateDiagram-v2", f"    [*] --> {State.referred}: {Refer.title()}"]
    for row in TRANSITIONS:
        for source in row.sources:
            for target in row.targets:
                if row.command is not Reinstate:
                    lines.append(f"    {source} --> {target}: {row.command.title()}")
    lines += [f"    {state} --> [*]" for state in FINAL]
    return "\n".join(lines) + "\n"
