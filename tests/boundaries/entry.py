"""From referral to the two decisions: no date ahead, the victim heard, everybody of the facts as they now stand."""

from typing import Any

from divert.models import Role, State
from divert.people.staff import Actor
from tests.boundaries.story import (
    ALLOCATED,
    ASSESSED,
    HARMED_NOBODY,
    NO,
    POLICE_SAY_NO,
    POLICE_SAY_YES,
    PROBATION_SAYS_NO,
    PROBATION_SAYS_YES,
    SENT_BACK,
    YES,
    Boundary,
    Fork,
    Told,
    case_in,
    checked,
    did,
    on,
    referred,
)
from tests.office import INSPECTOR, KEYWORKER, MANAGER, OFFICER, OTHER_INSPECTOR, PROBATION_LEAD

S = State
ALSO_PROBATION = Actor(INSPECTOR.username, Role.probation_team_lead)
ALSO_POLICE = Actor(PROBATION_LEAD.username, Role.police_team_lead)
ACTIVE = (case_in(S.active),)
UNKNOWN_HARM: dict[str, Any] = {"offence_on": None, "harm_days": None, "harm_table": None}

DATED: tuple[tuple[Told, Actor, str, str, dict[str, Any]], ...] = (
    ((), OFFICER, "refer", "referred_on", {}),
    ((referred(),), OFFICER, "correct-facts", "referred_on", {}),
    ((referred(),), OFFICER, "record-referral-agreement", "signed_on", {}),
    ((referred(),), INSPECTOR, "record-victim-update", "told_on", {}),
    ((case_in(S.accepted), ALLOCATED, ASSESSED), KEYWORKER, "sign-contract", "signed_on", {}),
    (ACTIVE, KEYWORKER, "vary-contract", "signed_on", {}),
    (ACTIVE, KEYWORKER, "mark-condition-kept", "kept_on", {}),
    (ACTIVE, KEYWORKER, "correct-condition", "effective_on", {}),
    (ACTIVE, KEYWORKER, "report-breach", "occurred_on", {}),
    (ACTIVE, INSPECTOR, "record-new-offence", "occurred_on", {}),
    ((case_in(S.returned),), INSPECTOR, "record-charging-decision", "decided_on", {}),
    ((referred(),), INSPECTOR, "record-consent", "said_on", {}),
    ((case_in(S.completed), on("2019-05-06")), INSPECTOR, "record-follow-up", "checked_on", UNKNOWN_HARM),
)
"""What may not lie ahead: where a case stands, who records what of it, and under which date."""

BOUNDARIES = (
    *(
        Boundary(
            "not_in_the_future",
            f"{slug}, {field} today, not tomorrow",
            given,
            (did(who, slug, **{**more, field: "2019-05-06"}),),
            (did(who, slug, **{**more, field: "2019-05-07"}),),
        )
        for given, who, slug, field, more in DATED
    ),
    Boundary(
        "no_open_case",
        "the same man for another crime, not for the same",
        (referred(),),
        (referred(crime_ref="CVP-19-100002"),),
        (referred(),),
        reads="Case D-19-0001 is already open for this person and crime.",
    ),
    Boundary(
        "no_open_case",
        "once the first case is closed, not while it is open",
        (referred(),),
        (did(MANAGER, "close-case"), referred()),
        (referred(),),
    ),
    Boundary(
        "no_open_case",
        "while it is with the force it is still open; charged it is not",
        (case_in(S.returned),),
        (did(INSPECTOR, "record-charging-decision", decided_on="2019-05-06"), referred()),
        (referred(),),
    ),
    Boundary(
        "agreement_recorded",
        "signed today, not unsigned",
        (referred(),),
        (
            did(OFFICER, "record-referral-agreement", signed_on="2019-05-06"),
            did(INSPECTOR, "check-eligibility"),
        ),
        (did(INSPECTOR, "check-eligibility"),),
    ),
    Boundary(
        "has_a_victim",
        "where nobody has said yet whether there is one, not where there is none",
        (),
        (referred(victim_kind=None), did(INSPECTOR, "record-victim-views")),
        (referred(victim_kind="none"), did(INSPECTOR, "record-victim-views")),
    ),
    *(
        Boundary(
            "business_has_a_contact",
            f"{unspoken} by nobody, not {spoken} by nobody",
            (referred(),),
            (did(INSPECTOR, "record-victim-views", views=unspoken, contact_name=None),),
            (did(INSPECTOR, "record-victim-views", views=spoken, contact_name=None),),
        )
        for unspoken, spoken in (("sought", "obtained"), ("unreachable", "declined"))
    ),
    Boundary(
        "business_has_a_contact",
        "declined by somebody with a name, not by nobody",
        (referred(),),
        (did(INSPECTOR, "record-victim-views", views="declined", contact_name="F"),),
        (did(INSPECTOR, "record-victim-views", views="declined", contact_name=""),),
    ),
    Boundary(
        "business_has_a_contact",
        "declined by whoever spoke for it before, not by nobody",
        (referred(),),
        (
            did(INSPECTOR, "record-victim-views", views="sought", contact_name="Ms Farrow"),
            did(INSPECTOR, "record-victim-views", views="declined", contact_name=None),
        ),
        (did(INSPECTOR, "record-victim-views", views="declined", contact_name=None),),
    ),
    Boundary(
        "business_has_a_contact",
        "a person speaks for herself, a business does not",
        (),
        (referred(victim_kind="person"), did(INSPECTOR, "record-victim-views", contact_name=None)),
        (referred(victim_kind="business"), did(INSPECTOR, "record-victim-views", contact_name=None)),
    ),
    Boundary(
        "verdict_known",
        "an answer away from review, not one that is still owed",
        (case_in(S.under_decision),),
        (
            did(OFFICER, "correct-facts", previous_convictions=1),
            did(OFFICER, "check-eligibility"),
            POLICE_SAY_YES,
        ),
        (
            did(OFFICER, "correct-facts", previous_convictions=None),
            did(OFFICER, "check-eligibility"),
            POLICE_SAY_YES,
        ),
    ),
    Boundary(
        "verdict_up_to_date",
        "facts changed and checked again, not only changed",
        (case_in(S.under_decision), did(OFFICER, "correct-facts", remorse="no")),
        (did(OFFICER, "check-eligibility"), POLICE_SAY_NO),
        (POLICE_SAY_NO,),
    ),
    Boundary(
        "side_has_not_decided",
        "police after probation, not after police",
        (case_in(S.under_decision),),
        (PROBATION_SAYS_YES, did(OTHER_INSPECTOR, "decide-for-police", **YES)),
        (POLICE_SAY_YES, did(OTHER_INSPECTOR, "decide-for-police", **YES)),
    ),
    Boundary(
        "side_has_not_decided",
        "probation after police, not after probation",
        (case_in(S.under_decision),),
        (POLICE_SAY_NO, PROBATION_SAYS_YES),
        (PROBATION_SAYS_NO, PROBATION_SAYS_YES),
    ),
    Boundary(
        "two_different_people",
        "another for probation, not the inspector who decided for the police",
        (case_in(S.under_decision), POLICE_SAY_YES),
        (did(PROBATION_LEAD, "decide-for-probation", **YES),),
        (did(ALSO_PROBATION, "decide-for-probation", **YES),),
    ),
    Boundary(
        "two_different_people",
        "another for the police, not whoever decided for probation",
        (case_in(S.under_decision), PROBATION_SAYS_YES),
        (did(INSPECTOR, "decide-for-police", **YES),),
        (did(ALSO_POLICE, "decide-for-police", **YES),),
    ),
    Boundary(
        "decided_before",
        "the inspector who decided, not another",
        (case_in(S.under_decision), POLICE_SAY_NO),
        (did(INSPECTOR, "reconsider", **YES),),
        (did(OTHER_INSPECTOR, "reconsider", **YES),),
    ),
    Boundary(
        "decided_before",
        "for the side one decided for, not for the other",
        (case_in(S.under_decision),),
        (PROBATION_SAYS_NO, did(PROBATION_LEAD, "reconsider", **YES)),
        (PROBATION_SAYS_NO, did(ALSO_POLICE, "reconsider", **YES)),
    ),
    *(
        Boundary(
            "victim_heard_before_a_yes",
            f"a victim whose views are {answer}, not only sought",
            (case_in(S.under_decision),),
            (did(INSPECTOR, "record-victim-views", views=answer), POLICE_SAY_YES),
            (did(INSPECTOR, "record-victim-views", views="sought"), POLICE_SAY_YES),
        )
        for answer in ("obtained", "declined", "unreachable")
    ),
    Boundary(
        "victim_heard_before_a_yes",
        "a no needs no answer, a yes does",
        (case_in(S.under_decision), did(INSPECTOR, "record-victim-views", views="sought")),
        (POLICE_SAY_NO,),
        (POLICE_SAY_YES,),
    ),
    Boundary(
        "victim_heard_before_a_yes",
        "where there is none, not where nobody has said",
        (),
        (checked(victim_kind="none"), POLICE_SAY_YES),
        (checked(victim_kind=None), POLICE_SAY_YES),
    ),
    Boundary(
        "override_is_explained",
        "no to the eligible for a reason of one letter, not for none",
        (case_in(S.under_decision),),
        (did(INSPECTOR, "decide-for-police", **{**NO, "override_reason": "x"}),),
        (did(INSPECTOR, "decide-for-police", **{**NO, "override_reason": ""}),),
    ),
    Boundary(
        "override_is_explained",
        "no to the ineligible needs none, yes does",
        (case_in(S.under_decision, admission="no"),),
        (did(INSPECTOR, "decide-for-police", **{**NO, "override_reason": None}),),
        (POLICE_SAY_YES,),
    ),
    Boundary(
        "override_is_explained",
        "no to one for review needs none, to the eligible it does",
        (),
        (
            case_in(S.under_decision, previous_convictions=1),
            did(INSPECTOR, "decide-for-police", **{**NO, "override_reason": None}),
        ),
        (
            case_in(S.under_decision, previous_convictions=0),
            did(INSPECTOR, "decide-for-police", **{**NO, "override_reason": None}),
        ),
    ),
    Boundary(
        "someone_refused",
        "one no beside a yes, not a yes alone",
        (case_in(S.under_decision), POLICE_SAY_YES),
        (PROBATION_SAYS_NO, SENT_BACK),
        (SENT_BACK,),
    ),
    Boundary(
        "someone_refused",
        "a no of the police alone, not one that was reconsidered",
        (case_in(S.under_decision), POLICE_SAY_NO),
        (SENT_BACK,),
        (did(INSPECTOR, "reconsider", **YES), SENT_BACK),
    ),
    Boundary(
        "return_reason_fits",
        "not agreed before acceptance, not declined",
        (case_in(S.under_decision), POLICE_SAY_NO),
        (did(INSPECTOR, "return-to-force", reason_code="not_agreed"),),
        (did(INSPECTOR, "return-to-force", reason_code="declined"),),
    ),
)

FORKS = (
    Fork(
        "verdict_known",
        "an eligible man goes before the two, one of whom something is not known does not",
        (),
        (referred(**HARMED_NOBODY), did(OFFICER, "record-referral-agreement"), did(INSPECTOR, "check-eligibility")),
        S.under_decision,
        (
            referred(**HARMED_NOBODY, remorse=None),
            did(OFFICER, "record-referral-agreement"),
            did(INSPECTOR, "check-eligibility"),
        ),
        S.referred,
    ),
    Fork(
        "both_agree",
        "two say yes, not one yes and one no",
        (case_in(S.under_decision), POLICE_SAY_YES),
        (PROBATION_SAYS_YES,),
        S.accepted,
        (PROBATION_SAYS_NO,),
        S.under_decision,
    ),
    Fork(
        "both_agree",
        "two say yes, not the police alone",
        (case_in(S.under_decision), POLICE_SAY_YES),
        (PROBATION_SAYS_YES,),
        S.accepted,
        (did(INSPECTOR, "reconsider", **YES),),
        S.under_decision,
    ),
)
