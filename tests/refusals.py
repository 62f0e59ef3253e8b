"""Someone trying what the procedure does not allow: for each guard one line, with who, where and what."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from divert.casework.command import CaseCommand
from divert.casework.commands import appointments as a
from divert.casework.commands import breach as b
from divert.casework.commands import conditions as k
from divert.casework.commands import contract as c
from divert.casework.commands import deadline as w
from divert.casework.commands import decisions as d
from divert.casework.commands import ending as e
from divert.casework.commands import record as n
from divert.casework.commands import referral as r
from divert.casework.commands import support as s
from divert.casework.commands import victim as v
from divert.models import Role, Sensitivity, State
from divert.people.staff import SYSTEM, Actor
from tests.office import (
    ENTRY,
    INSPECTOR,
    KEYWORKER,
    MANAGER,
    OFFICER,
    OTHER_INSPECTOR,
    PROBATION_LEAD,
    SIGNED_CONDITIONS,
    Office,
)

DAY = date(2019, 5, 6)
LATER = DAY + timedelta(days=400)
BOTH_HATS = Actor(INSPECTOR.username, Role.probation_team_lead)
MEETING: dict[str, Any] = {"starts_at": "2019-07-01T10:00", "purpose": "Review", "place": "Safety Hub"}
TERMS: dict[str, Any] = {"signed_on": "2019-05-06", "ends_on": "2019-08-05", "conditions": SIGNED_CONDITIONS}
CLINIC: list[dict[str, str]] = [*SIGNED_CONDITIONS[:3], {"code": "HEROIN_ASSISTED_TREATMENT"}]
VARIED: dict[str, Any] = {**TERMS, "why": "Garden closed.", "agreed_by": PROBATION_LEAD.username}
BREACH: dict[str, Any] = {
    "conditions": [3],
    "occurred_on": "2019-05-06",
    "what": "Missed.",
    "excuse_asked": True,
    "excuse": "None.",
}
STRANGE_FILE: dict[str, Any] = {
    "condition": 4,
    "evidence": "Done.",
    "files": [{"title": "Letter", "file": {"sha256": "0" * 64, "media_type": "text/plain", "size": 1}}],
}
AGAIN = b.ReviewBreach(reasons="Thought again.")
PAUSE: dict[str, Any] = {"from_on": "2019-05-06", "until_on": "2019-05-12", "why": "Hospital."}
YES: dict[str, Any] = {"accept": True, "reasons": "First offence."}
NO: dict[str, Any] = {"accept": False, "reasons": "No.", "override_reason": "A vulnerable shopkeeper."}
UNEXPLAINED: dict[str, Any] = {"accept": False, "reasons": "No."}
DRUNK: dict[str, Any] = {"offence_code": "CJ67002", "victim_kind": "none", "value_gbp": None}
CAME: dict[str, Any] = {"held": True, "attended": True}
ENDS: dict[str, Any] = {"decision": "end", "probation_view": "Agrees.", "reasons": "Enough."}


def sign(**terms: Any) -> c.SignContract:
    return c.SignContract.model_validate({**TERMS, **terms})


def corrected(number: int, kept: str, on: date) -> k.CorrectCondition:
    said = {"condition": number, "kept": kept, "effective_on": on, "evidence": "The service's sheet."}
    return k.CorrectCondition.model_validate(said)


def moved(kind: str, due_on: date) -> w.MoveDeadline:
    return w.MoveDeadline(kind=kind, due_on=due_on, reason="More time.")


def no_setting(_office: Office, _ref: str) -> None:
    """Nothing besides."""


def stage(who: Actor, command: CaseCommand) -> Callable[[Office, str], None]:
    def before(office: Office, ref: str) -> None:
        office.does(who, command, ref)

    return before


def booked(office: Office, ref: str) -> None:
    office.does(KEYWORKER, a.BookAppointment.model_validate(MEETING), ref)


def accepted_and_allocated(office: Office, ref: str) -> None:
    office.does(PROBATION_LEAD, s.Allocate(keyworker=KEYWORKER.username), ref)


def ready_to_sign(office: Office, ref: str) -> None:
    accepted_and_allocated(office, ref)
    office.does(KEYWORKER, s.AssessNeeds.model_validate(ENTRY), ref)


def facts_changed(office: Office, ref: str) -> None:
    office.does(OFFICER, r.CorrectFacts.model_validate({"reason": "Checked.", "remorse": "no"}), ref)


def facts_lost(office: Office, ref: str) -> None:
    office.does(OFFICER, r.CorrectFacts.model_validate({"reason": "Never asked.", "remorse": None}), ref)
    office.does(OFFICER, d.CheckEligibility(), ref)


# guard, state, facts, what comes before, who tries, what they try
REFUSALS: list[tuple[str, State, dict[str, Any], Callable[[Office, str], None], Actor, CaseCommand]] = [
    ("not_in_the_future", State.referred, {}, no_setting, OFFICER, r.RecordReferralAgreement(signed_on=LATER)),
    ("agreement_recorded", State.referred, {}, no_setting, INSPECTOR, d.CheckEligibility()),
    ("has_a_victim", State.referred, DRUNK, no_setting, INSPECTOR, v.RecordVictimViews(views="obtained")),
    ("files_were_given", State.active, {}, no_setting, KEYWORKER, k.RecordProgress.model_validate(STRANGE_FILE)),
    ("business_has_a_contact", State.referred, {}, no_setting, INSPECTOR, v.RecordVictimViews(views="declined")),
    ("verdict_up_to_date", State.under_decision, {}, facts_changed, INSPECTOR, d.DecideForPolice(**NO)),
    ("verdict_known", State.under_decision, {}, facts_lost, INSPECTOR, d.DecideForPolice(**NO)),
    (
        "side_has_not_decided",
        State.under_decision,
        {},
        stage(INSPECTOR, d.DecideForPolice(**YES)),
        OTHER_INSPECTOR,
        d.DecideForPolice(**YES),
    ),
    (
        "two_different_people",
        State.under_decision,
        {},
        stage(INSPECTOR, d.DecideForPolice(**YES)),
        BOTH_HATS,
        d.DecideForProbation(**YES),
    ),
    ("decided_before", State.under_decision, {}, no_setting, INSPECTOR, d.Reconsider(**YES)),
    (
        "victim_heard_before_a_yes",
        State.under_decision,
        {},
        stage(INSPECTOR, v.RecordVictimViews(views="sought")),
        INSPECTOR,
        d.DecideForPolice(**YES),
    ),
    ("override_is_explained", State.under_decision, {}, no_setting, INSPECTOR, d.DecideForPolice(**UNEXPLAINED)),
    (
        "someone_refused",
        State.under_decision,
        {},
        no_setting,
        INSPECTOR,
        d.ReturnToForce(reason_code="not_agreed", reasons="Back."),
    ),
    (
        "return_reason_fits",
        State.under_decision,
        {},
        stage(INSPECTOR, d.DecideForPolice(**NO)),
        INSPECTOR,
        d.ReturnToForce(reason_code="breached", reasons="Back."),
    ),
    ("names_a_keyworker", State.accepted, {}, no_setting, MANAGER, s.Allocate(keyworker="board")),
    ("names_another", State.accepted, {}, accepted_and_allocated, MANAGER, s.Allocate(keyworker="keyworker")),
    ("by_the_keyworker", State.accepted, {}, no_setting, KEYWORKER, s.AssessNeeds.model_validate(ENTRY)),
    (
        "restricted_need_by_specialist",
        State.accepted,
        {},
        accepted_and_allocated,
        KEYWORKER,
        s.AssessNeeds.model_validate(
            {**ENTRY, "scores": [*ENTRY["scores"], {"need": "abuse_exploitation", "score": 3, "linked": "no"}]}
        ),
    ),
    ("one_entry_assessment", State.active, {}, no_setting, KEYWORKER, s.AssessNeeds.model_validate(ENTRY)),
    (
        "exit_after_the_start",
        State.accepted,
        {},
        accepted_and_allocated,
        KEYWORKER,
        s.AssessNeeds.model_validate({**ENTRY, "stage": "exit"}),
    ),
    ("entry_assessed", State.accepted, {}, accepted_and_allocated, KEYWORKER, sign()),
    (
        "mandatory_conditions_present",
        State.accepted,
        {},
        ready_to_sign,
        KEYWORKER,
        sign(conditions=SIGNED_CONDITIONS[1:]),
    ),
    (
        "conditions_within_the_maximum",
        State.accepted,
        {},
        ready_to_sign,
        KEYWORKER,
        sign(conditions=[*SIGNED_CONDITIONS, {"code": "MONEY_ADVICE"}]),
    ),
    (
        "no_victim_contact_as_condition",
        State.accepted,
        {},
        ready_to_sign,
        KEYWORKER,
        sign(conditions=[*SIGNED_CONDITIONS[:3], {"code": "RESTORATIVE_JUSTICE"}]),
    ),
    ("conditions_offered", State.accepted, {}, ready_to_sign, KEYWORKER, sign(conditions=CLINIC)),
    (
        "words_of_the_catalogue",
        State.accepted,
        {},
        ready_to_sign,
        KEYWORKER,
        sign(conditions=[{**one, "text": "I will try."} for one in SIGNED_CONDITIONS]),
    ),
    ("ends_after_it_is_signed", State.accepted, {}, ready_to_sign, KEYWORKER, sign(ends_on="2019-05-06")),
    ("no_longer_than_the_pack_allows", State.accepted, {}, ready_to_sign, KEYWORKER, sign(ends_on="2019-09-07")),
    (
        "fits_time_limit",
        State.accepted,
        {**DRUNK, "offence_on": "2019-01-25"},
        ready_to_sign,
        KEYWORKER,
        sign(ends_on="2019-07-12"),
    ),
    (
        "probation_lead_agreed",
        State.active,
        {},
        no_setting,
        KEYWORKER,
        c.VaryContract.model_validate({**VARIED, "agreed_by": "keyworker"}),
    ),
    (
        "not_paused",
        State.active,
        {},
        stage(PROBATION_LEAD, c.PauseContract.model_validate(PAUSE)),
        PROBATION_LEAD,
        c.PauseContract.model_validate(PAUSE),
    ),
    (
        "resumed_within_the_pause",
        State.active,
        {},
        stage(PROBATION_LEAD, c.PauseContract.model_validate(PAUSE)),
        PROBATION_LEAD,
        c.ResumeContract(resumed_on=DAY + timedelta(days=7)),
    ),
    (
        "pause_within_the_term",
        State.active,
        {},
        no_setting,
        PROBATION_LEAD,
        c.PauseContract.model_validate({**PAUSE, "from_on": "2019-05-05"}),
    ),
    ("condition_in_force", State.active, {}, no_setting, KEYWORKER, corrected(9, "yes", DAY)),
    ("record_differs", State.active, {}, no_setting, KEYWORKER, corrected(4, "no", DAY)),
    ("true_of_the_term", State.active, {}, no_setting, KEYWORKER, corrected(4, "yes", DAY - timedelta(days=1))),
    ("ended_for_a_breach", State.returned, {}, no_setting, INSPECTOR, AGAIN),
    (
        "evidence_since_the_decision",
        State.returned,
        {},
        no_setting,
        INSPECTOR,
        AGAIN,
    ),
    (
        "series_within_the_contract",
        State.active,
        {},
        no_setting,
        KEYWORKER,
        a.BookAppointment.model_validate({**MEETING, "every_weeks": 1, "until_on": "2019-08-05"}),
    ),
    ("paused", State.active, {}, no_setting, PROBATION_LEAD, c.ResumeContract(resumed_on=DAY)),
    ("condition_is_open", State.active, {}, no_setting, KEYWORKER, k.RecordProgress(condition=9, evidence="Seen.")),
    (
        "appointment_is_booked",
        State.active,
        {},
        no_setting,
        KEYWORKER,
        a.CancelAppointment(appointment=3, asked_by="client", why="Ill."),
    ),
    (
        "appointment_is_past",
        State.active,
        {},
        booked,
        KEYWORKER,
        a.RecordAttendance.model_validate({**CAME, "appointment": 10}),
    ),
    (
        "attendance_recorded",
        State.active,
        {},
        booked,
        KEYWORKER,
        a.CorrectAttendance.model_validate({**CAME, "appointment": 10, "reason": "Letter."}),
    ),
    (
        "within_term",
        State.active,
        {},
        no_setting,
        KEYWORKER,
        b.ReportBreach.model_validate({**BREACH, "occurred_on": "2019-05-05"}),
    ),
    (
        "conditions_of_this_contract",
        State.active,
        {},
        no_setting,
        KEYWORKER,
        b.ReportBreach.model_validate({**BREACH, "conditions": [9]}),
    ),
    (
        "excuse_asked",
        State.active,
        {},
        no_setting,
        KEYWORKER,
        b.ReportBreach.model_validate({**BREACH, "excuse_asked": False}),
    ),
    (
        "not_the_reporter",
        State.active,
        {},
        stage(INSPECTOR, b.ReportBreach.model_validate(BREACH)),
        INSPECTOR,
        b.DecideBreach.model_validate(ENDS),
    ),
    ("conditions_kept_or_waived", State.active, {}, no_setting, PROBATION_LEAD, e.CompleteCase(outcome_code=22)),
    ("exit_assessed", State.active, {}, no_setting, PROBATION_LEAD, e.CompleteCase(outcome_code=22)),
    ("outcome_fits_the_date", State.active, {}, no_setting, PROBATION_LEAD, e.CompleteCase(outcome_code=8)),
    (
        "expired_only_when_past_the_limit",
        State.returned,
        {},
        no_setting,
        INSPECTOR,
        e.RecordChargingDecision(outcome_code=17, decided_on=DAY),
    ),
    (
        "not_diverted",
        State.returned,
        {},
        no_setting,
        INSPECTOR,
        e.RecordChargingDecision(outcome_code=22, decided_on=DAY),
    ),
    (
        "harm_table_is_out",
        State.completed,
        {},
        no_setting,
        INSPECTOR,
        n.RecordFollowUp(checked_on=DAY, reoffended=True, harm_days=3, harm_table="cchi-2023-05"),
    ),
    (
        "reason_fits_the_state",
        State.referred,
        {},
        no_setting,
        MANAGER,
        e.CloseCase(reason_code="withdrew_after_start", explanation="Left."),
    ),
    (
        "expired_if_it_says_so",
        State.returned,
        {},
        no_setting,
        MANAGER,
        e.CloseCase(reason_code="time_expired", explanation="Too late."),
    ),
    ("deadline_missed", State.referred, {}, no_setting, SYSTEM, w.EscalateDeadline(kind="agreement", due_on=DAY)),
    ("deadline_is_open", State.referred, {}, no_setting, MANAGER, moved("allocation", LATER)),
    ("not_set_by_law", State.referred, DRUNK, no_setting, MANAGER, moved("statutory_limit", LATER)),
    ("moved_ahead", State.referred, {}, no_setting, MANAGER, moved("agreement", DAY - timedelta(1))),
    ("note_exists", State.referred, {}, no_setting, MANAGER, n.CorrectNote(note=1, text="So.", reason="Wrong.")),
    ("upwards", State.referred, {}, no_setting, MANAGER, n.SetSensitivity(level=Sensitivity.standard, reason="No.")),
    ("downwards", State.referred, {}, no_setting, MANAGER, n.LiftSensitivity(level=Sensitivity.standard, reason="No.")),
    ("other_case_exists", State.referred, {}, no_setting, MANAGER, n.LinkCases(other_ref="D-19-9999", why="Same.")),
]
