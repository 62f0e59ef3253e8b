"""The procedure: everything anyone may do, when, who, and on what authority. It reads like the operating manual.

A row says: this command, from these states, to that state (None: it stays; a mapping: the first whose guard holds),
by these roles, provided that these guards hold, under this authority. Machine, routes, forms, buttons, OpenAPI,
diagram and test grid come from this table by loops.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from transitions import Machine

from divert.casework.command import Command, Context
from divert.casework.commands import appointments as a
from divert.casework.commands import breach as b
from divert.casework.commands import conditions as k
from divert.casework.commands import contract as c
from divert.casework.commands import deadline as w
from divert.casework.commands import decisions as d
from divert.casework.commands import documents as p
from divert.casework.commands import ending as e
from divert.casework.commands import record as n
from divert.casework.commands import referral as r
from divert.casework.commands import retention as z
from divert.casework.commands import sharing as x
from divert.casework.commands import support as s
from divert.casework.commands import victim as v
from divert.casework.guard import Guard
from divert.casework.guards import compliance as as_kept
from divert.casework.guards import deadline as about_time
from divert.casework.guards import documents as on_paper
from divert.casework.guards import ending as at_end
from divert.casework.guards import evidence as on_file
from divert.casework.guards import opening as at_start
from divert.casework.guards import retention as on_keeping
from divert.casework.guards import sharing as on_sharing
from divert.casework.guards import term as in_term
from divert.models import FINAL, OPEN, TAKEN, Case, Role, State
from divert.people.staff import KEYWORKERS, TEAM

S = State
OFFICER = (Role.referring_officer,)
POLICE = (Role.police_team_lead,)
PROBATION = (Role.probation_team_lead,)
MANAGER = (Role.project_manager,)
ANYONE = tuple(State)

To = State | Mapping[Guard, State] | None


@dataclass(frozen=True)
class Row:
    """One row of the procedure."""

    command: type[Command]
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
    Row(r.Refer,                  None,                         S.referred,
      OFFICER + POLICE + MANAGER, (at_start.no_open_case, at_start.not_in_the_future),
      f"{REPORT}: officers refer at their discretion"),
    Row(r.CorrectFacts,           (S.referred, S.under_decision), None,
      OFFICER + TEAM, (at_start.not_in_the_future,),
      ACCURATE),
    Row(r.RecordReferralAgreement, S.referred,                  None,
      OFFICER + TEAM, (at_start.not_in_the_future,),
      f"{SCHEME}: signed at referral, before eligibility is decided"),
    Row(v.RecordVictimViews,      OPEN,                         None,
      OFFICER + TEAM, (at_start.has_a_victim, at_start.business_has_a_contact, on_file.files_were_given),
      "Code of Practice for Victims of Crime; Anti-social Behaviour, Crime and Policing Act 2014 s.102"),
    Row(v.RecordVictimUpdate,     OPEN + FINAL,                 None,
      TEAM, (at_start.has_a_victim, at_start.not_in_the_future),
      "Code of Practice for Victims of Crime"),

    Row(d.CheckEligibility,       S.referred,                   {at_start.verdict_known: S.under_decision},
      OFFICER + TEAM, (at_start.agreement_recorded,),
      f"{SCHEME}: the team checks the criteria; the verdict is advice"),
    Row(d.CheckEligibility,       S.under_decision,             None,
      OFFICER + TEAM, (),
      f"{SCHEME}: checked again when facts change"),
    Row(d.DecideForPolice,        S.under_decision,             {at_start.both_agree: S.accepted},
      POLICE, (at_start.verdict_known, at_start.verdict_up_to_date, at_start.side_has_not_decided,
               at_start.two_different_people, at_start.victim_heard_before_a_yes, at_start.override_is_explained),
      f"{SCHEME}: police and probation must both agree"),
    Row(d.DecideForProbation,     S.under_decision,             {at_start.both_agree: S.accepted},
      PROBATION, (at_start.verdict_known, at_start.verdict_up_to_date, at_start.side_has_not_decided,
                  at_start.two_different_people, at_start.victim_heard_before_a_yes, at_start.override_is_explained),
      f"{SCHEME}: police and probation must both agree"),
    Row(d.Reconsider,             S.under_decision,             {at_start.both_agree: S.accepted},
      POLICE + PROBATION, (at_start.decided_before, at_start.verdict_known, at_start.verdict_up_to_date,
                           at_start.victim_heard_before_a_yes, at_start.override_is_explained),
      f"{SCHEME}: a disagreement is talked through"),
    Row(d.ReturnToForce,          S.under_decision,             S.returned,
      POLICE, (at_start.someone_refused, at_start.return_reason_fits),
      f"{SCHEME}: not taken without both agreeing"),

    Row(s.Allocate,               TAKEN,                        None,
      PROBATION + MANAGER, (in_term.names_a_keyworker, in_term.names_another),
      f"{REPORT}: keyworkers and the complex needs specialist"),
    Row(s.AssessNeeds,            (S.accepted, S.active),       None,
      KEYWORKERS, (in_term.by_the_keyworker, in_term.restricted_need_by_specialist, in_term.one_entry_assessment,
                   in_term.exit_after_the_start),
      f"{SCHEME}: assessed on entry and exit"),

    Row(c.SignContract,           S.accepted,                   S.active,
      KEYWORKERS, (in_term.by_the_keyworker, in_term.entry_assessed, in_term.mandatory_conditions_present,
                   in_term.conditions_within_the_maximum, in_term.conditions_offered,
                   in_term.words_of_the_catalogue, in_term.no_victim_contact_as_condition,
                   in_term.ends_after_it_is_signed, in_term.no_longer_than_the_pack_allows, in_term.fits_time_limit,
                   at_start.not_in_the_future),
      f"{SCHEME}: up to four months; Magistrates' Courts Act 1980 s.127"),
    Row(c.DeclineContract,        S.accepted,                   S.returned,
      KEYWORKERS + POLICE, (in_term.by_the_keyworker,),
      f"{SCHEME}: taking part is voluntary"),

    Row(a.BookAppointment,        (S.active, S.breach_review),  None,
      KEYWORKERS, (in_term.by_the_keyworker, as_kept.series_within_the_contract), SCHEME),
    Row(a.RescheduleAppointment,  (S.active, S.breach_review),  None,
      KEYWORKERS, (in_term.by_the_keyworker, as_kept.appointment_is_booked), SCHEME),
    Row(a.CancelAppointment,      (S.active, S.breach_review),  None,
      KEYWORKERS, (in_term.by_the_keyworker, as_kept.appointment_is_booked), SCHEME),
    Row(a.RecordAttendance,       (S.active, S.breach_review),  None,
      KEYWORKERS, (in_term.by_the_keyworker, as_kept.appointment_is_booked, as_kept.appointment_is_past), SCHEME),
    Row(a.CorrectAttendance,      (S.active, S.breach_review, S.returned), None,
      KEYWORKERS, (in_term.by_the_keyworker, as_kept.attendance_recorded), ACCURATE),

    Row(k.RecordProgress,         S.active,                     None,
      KEYWORKERS, (in_term.by_the_keyworker, as_kept.condition_is_open, on_file.files_were_given), SCHEME),
    Row(k.MarkConditionKept,      S.active,                     None,
      KEYWORKERS, (in_term.by_the_keyworker, as_kept.condition_is_open, at_start.not_in_the_future,
                   on_file.files_were_given), SCHEME),
    Row(k.WaiveCondition,         S.active,                     None,
      PROBATION, (as_kept.condition_is_open,), SCHEME),
    Row(k.CorrectCondition,       (S.active, S.breach_review, S.returned), None,
      KEYWORKERS + PROBATION, (in_term.by_the_keyworker, as_kept.condition_in_force, as_kept.record_differs,
                               as_kept.true_of_the_term, at_start.not_in_the_future, on_file.files_were_given),
      ACCURATE),
    Row(c.VaryContract,           S.active,                     None,
      KEYWORKERS, (in_term.by_the_keyworker, in_term.probation_lead_agreed, in_term.mandatory_conditions_present,
                   in_term.conditions_within_the_maximum, in_term.conditions_offered,
                   in_term.words_of_the_catalogue, in_term.no_victim_contact_as_condition,
                   in_term.ends_after_it_is_signed, in_term.no_longer_than_the_pack_allows, in_term.fits_time_limit,
                   at_start.not_in_the_future),
      f"{SCHEME}; Magistrates' Courts Act 1980 s.127"),
    Row(c.PauseContract,          S.active,                     None,
      PROBATION, (in_term.not_paused, in_term.pause_within_the_term, in_term.fits_time_limit),
      f"{SCHEME}; Magistrates' Courts Act 1980 s.127"),
    Row(c.ResumeContract,         S.active,                     None,
      PROBATION, (in_term.paused, in_term.resumed_within_the_pause), SCHEME),

    Row(b.ReportBreach,           S.active,                     S.breach_review,
      TEAM, (as_kept.within_term, as_kept.conditions_of_this_contract, as_kept.excuse_asked,
             at_start.not_in_the_future, on_file.files_were_given),
      COMPLIANCE),
    Row(b.RecordNewOffence,       S.active,                     S.breach_review,
      POLICE, (as_kept.within_term, at_start.not_in_the_future), COMPLIANCE),
    Row(b.DecideBreach,           S.breach_review,
      {as_kept.it_ends: S.returned, as_kept.it_goes_on: S.active},
      POLICE, (as_kept.not_the_reporter,), COMPLIANCE),

    Row(b.ReviewBreach,           S.returned,                   S.breach_review,
      POLICE, (as_kept.ended_for_a_breach, as_kept.evidence_since_the_decision), COMPLIANCE),

    Row(e.CompleteCase,           S.active,                     S.completed,
      PROBATION, (as_kept.conditions_kept_or_waived, in_term.exit_assessed, at_end.outcome_fits_the_date),
      "Home Office counting rules: outcome 22 from 1 April 2019, only once the activity is done"),
    Row(e.RecordChargingDecision, S.returned,
      {at_end.charged: S.prosecuted, at_end.not_charged: S.closed},
      POLICE, (at_end.expired_only_when_past_the_limit, at_end.not_diverted, at_start.not_in_the_future),
      "Director's Guidance on Charging; Magistrates' Courts Act 1980 s.127"),
    Row(e.CloseCase,              OPEN,                         S.closed,
      POLICE + MANAGER, (at_end.reason_fits_the_state, at_end.expired_if_it_says_so), SCHEME),
    Row(e.Reinstate,              S.closed,                     {at_end.stood(state): state for state in OPEN},
      MANAGER, (at_end.was_closed_by_reason,), SCHEME),
    Row(w.MoveDeadline,           OPEN + FINAL,                 None,
      POLICE + PROBATION + MANAGER, (about_time.deadline_is_open, about_time.not_set_by_law, about_time.moved_ahead),
      f"{SCHEME}: nothing is forgotten"),
    Row(w.EscalateDeadline,       OPEN + FINAL,                 None,
      (Role.system,), (about_time.deadline_is_open, about_time.deadline_missed), f"{SCHEME}: nothing is forgotten"),

    Row(p.IssueDocument,          (S.referred, S.under_decision), None,
      OFFICER + TEAM, (*on_paper.CAN_BE_MADE, on_paper.is_what_was_previewed),
      f"{SCHEME}: what is sent was looked at first"),
    Row(p.IssueDocument,          (S.accepted, S.active, S.breach_review, S.returned, *FINAL), None,
      TEAM, (*on_paper.CAN_BE_MADE, on_paper.is_what_was_previewed),
      f"{SCHEME}: what is sent was looked at first"),

    Row(x.RecordConsent,          OPEN + FINAL,                 None,
      TEAM, (at_start.not_in_the_future,),
      f"{SCHEME}: what is shared with other agencies, the person has agreed to"),
    Row(x.ShareCase,              OPEN + FINAL,                 None,
      TEAM, (on_sharing.some_consent_stands, on_sharing.consent_covers_it, on_sharing.restricted_shared_by_leads,
             on_sharing.is_what_would_be_shared),
      f"{SCHEME}; Data Protection Act 2018 s.62: each disclosure is logged"),

    Row(n.AddNote,                OPEN,                         None,
      OFFICER + TEAM, (), SCHEME),
    Row(n.CorrectNote,            OPEN,                         None,
      TEAM, (at_end.note_exists,), ACCURATE),
    Row(n.SetSensitivity,         OPEN + FINAL,                 None,
      TEAM, (at_end.upwards,), "Data Protection Act 2018 s.40: security"),
    Row(n.LiftSensitivity,        OPEN + FINAL,                 None,
      POLICE + MANAGER, (at_end.downwards,), "Data Protection Act 2018 s.40: security"),
    Row(n.LinkCases,              OPEN,                         None,
      TEAM, (at_end.other_case_exists,), SCHEME),
    Row(n.MergePerson,            OPEN,                         None,
      MANAGER, (at_end.other_case_exists,), ACCURATE),
    Row(n.RecordFollowUp,         FINAL,                        None,
      TEAM, (at_start.not_in_the_future, at_end.harm_table_is_out), f"{SCHEME}: what became of people afterwards"),
    Row(z.ReviewRetention,        FINAL,                        None,
      MANAGER, (on_keeping.its_time_has_passed, on_keeping.kept_until_a_day_to_come),
      "Data Protection Act 2018 s.39: kept no longer than is necessary"),
)
# fmt: on

COMMANDS: dict[str, type[Command]] = {row.command.slug(): row.command for row in TRANSITIONS}
"""Every command by its slug, in the order of the procedure."""


ROWS = {command: tuple(row for row in TRANSITIONS if row.command is command) for command in COMMANDS.values()}


def row_for(command: type[Command], state: State | None) -> Row | None:
    """The row that lets `command` be done from `state` (None: where no case is yet)."""
    for row in rows_of(command):
        if (state is None and row.source is None) or state in row.sources:
            return row
    return None


def rows_of(command: type[Command]) -> Iterator[Row]:
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


def move(case: Case, command: type[Command], context: Context) -> None:
    """Put a case where the table says, after `command` was applied. MachineError where the table has no such row."""
    event: Any = MACHINE.events[command.slug()]
    event.trigger(case, case, context)


def mermaid() -> str:
    """The lifecycle as a Mermaid state diagram: only what moves a case."""
    lines = ["stateDiagram-v2", f"    [*] --> {State.referred}: {r.Refer.title()}"]
    for row in TRANSITIONS:
        for source in row.sources:
            for target in row.targets:
                if row.command is not e.Reinstate:
                    lines.append(f"    {source} --> {target}: {row.command.title()}")
    lines += [f"    {state} --> [*]" for state in FINAL]
    return "\n".join(lines) + "\n"
