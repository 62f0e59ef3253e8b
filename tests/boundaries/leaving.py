"""What leaves the house, as it was looked at and agreed to; and how long the rest stays in it."""

from divert.models import State
from tests.boundaries.story import Boundary, Step, case_in, decides, did, looked_at, on, referred, reports
from tests.office import INSPECTOR, KEYWORKER, MANAGER, OFFICER, PROBATION_LEAD

S = State
ACTIVE = (case_in(S.active),)
DISPOSES = did(MANAGER, "review-retention", decision="dispose", keep_until=None)


def agrees(*parts: str) -> Step:
    """The person agrees that Harbour Housing is told this, for a week."""
    return did(KEYWORKER, "record-consent", said_on="2019-05-06", parts=list(parts), until_on="2019-05-12")


def keeps_until(day: str) -> Step:
    """The manager keeps the case for longer."""
    return did(MANAGER, "review-retention", decision="keep", keep_until=day)


BOUNDARIES = (
    Boundary(
        "document_fits_the_state",
        "a contract once it is signed, not before",
        (),
        (case_in(S.active), looked_at(MANAGER, "issue-document")),
        (case_in(S.accepted), looked_at(MANAGER, "issue-document")),
        reads="The contract is issued while a case is active or breach review. This one is accepted.",
    ),
    Boundary(
        "document_is_theirs_to_issue",
        "the agreement by the officer, not the update to the victim",
        (case_in(S.under_decision),),
        (looked_at(OFFICER, "issue-document", kind="referral_agreement"),),
        (looked_at(OFFICER, "issue-document", kind="victim_update"),),
        reads=(
            "The update to the victim is issued by the police team lead or probation team lead or "
            "probation service officer or complex needs specialist or project manager."
        ),
    ),
    Boundary(
        "there_is_a_reader",
        "an update to a shop, not where nobody was harmed",
        (),
        (referred(), looked_at(INSPECTOR, "issue-document", kind="victim_update")),
        (referred(victim_kind="none"), looked_at(INSPECTOR, "issue-document", kind="victim_update")),
    ),
    Boundary(
        "there_is_a_reader",
        "where nobody was harmed the agreement is for the person, the update for nobody",
        (referred(victim_kind="none"),),
        (looked_at(INSPECTOR, "issue-document", kind="referral_agreement"),),
        (looked_at(INSPECTOR, "issue-document", kind="victim_update"),),
    ),
    Boundary(
        "what_it_is_about_is_there",
        "a letter about a meeting that stands, not one that was called off",
        (*ACTIVE, did(KEYWORKER, "book-appointment")),
        (looked_at(KEYWORKER, "issue-document", kind="appointment_letter", about=10),),
        (
            did(KEYWORKER, "cancel-appointment", appointment=10),
            looked_at(KEYWORKER, "issue-document", kind="appointment_letter", about=10),
        ),
        reads="There is no booked appointment with number 10 in this case.",
    ),
    Boundary(
        "what_it_is_about_is_there",
        "a letter about the second of two meetings, not about a third",
        (*ACTIVE, did(KEYWORKER, "book-appointment"), did(KEYWORKER, "book-appointment")),
        (looked_at(KEYWORKER, "issue-document", kind="appointment_letter", about=11),),
        (looked_at(KEYWORKER, "issue-document", kind="appointment_letter", about=12),),
    ),
    Boundary(
        "what_it_is_about_is_there",
        "a letter about the second report, which is entry 12, not about entry 11, which is a warning",
        (*ACTIVE, reports(), decides("warn"), reports()),
        (looked_at(KEYWORKER, "issue-document", kind="breach_letter", about=12),),
        (looked_at(KEYWORKER, "issue-document", kind="breach_letter", about=11),),
        reads="There is no report of a breach with number 11 in this case.",
    ),
    Boundary(
        "is_what_was_previewed",
        "looked at and issued, not looked at, changed and issued",
        ACTIVE,
        (looked_at(KEYWORKER, "issue-document"),),
        (looked_at(KEYWORKER, "issue-document", did(PROBATION_LEAD, "waive-condition", condition=5)),),
    ),
    Boundary(
        "some_consent_stands",
        "on the last day it holds, not the day after",
        (*ACTIVE, agrees("who")),
        (on("2019-05-12"), looked_at(KEYWORKER, "share-case", parts=["who"])),
        (on("2019-05-13"), looked_at(KEYWORKER, "share-case", parts=["who"])),
        besides=frozenset(("consent_covers_it",)),
    ),
    Boundary(
        "consent_covers_it",
        "what was agreed to, not a part more",
        (*ACTIVE, agrees("who", "needs")),
        (looked_at(KEYWORKER, "share-case", parts=["who", "needs"]),),
        (looked_at(KEYWORKER, "share-case", parts=["who", "needs", "contract"]),),
        reads="No consent is in force to share this with Harbour Housing: contract.",
    ),
    Boundary(
        "restricted_shared_by_leads",
        "the keyworker of a sensitive case, not of a restricted one",
        (*ACTIVE, agrees("who")),
        (
            did(INSPECTOR, "set-sensitivity", level="sensitive"),
            looked_at(KEYWORKER, "share-case", parts=["who"]),
        ),
        (
            did(INSPECTOR, "set-sensitivity", level="restricted"),
            looked_at(KEYWORKER, "share-case", parts=["who"]),
        ),
    ),
    *(
        Boundary(
            "restricted_shared_by_leads",
            f"{lead.username} of a restricted case, not the manager",
            (*ACTIVE, agrees("who"), did(INSPECTOR, "set-sensitivity", level="restricted")),
            (looked_at(lead, "share-case", parts=["who"]),),
            (looked_at(MANAGER, "share-case", parts=["who"]),),
        )
        for lead in (INSPECTOR, PROBATION_LEAD)
    ),
    Boundary(
        "is_what_would_be_shared",
        "looked at and sent, not looked at, changed and sent",
        (*ACTIVE, agrees("contract")),
        (looked_at(KEYWORKER, "share-case", parts=["contract"]),),
        (
            looked_at(
                KEYWORKER,
                "share-case",
                did(PROBATION_LEAD, "waive-condition", condition=5),
                parts=["contract"],
            ),
        ),
    ),
    Boundary(
        "its_time_has_passed",
        "six years and a day after the end, not six years",
        (case_in(S.completed),),
        (on("2025-06-06"), DISPOSES),
        (on("2025-06-05"), DISPOSES),
        reads="This case is kept until 5 June 2025. It can be disposed of once that day has passed.",
    ),
    Boundary(
        "its_time_has_passed",
        "the day after it was kept until, not on it",
        (case_in(S.completed), keeps_until("2027-01-31")),
        (on("2027-02-01"), DISPOSES),
        (on("2027-01-31"), DISPOSES),
    ),
    Boundary(
        "its_time_has_passed",
        "kept for longer at any time, not disposed of",
        (case_in(S.completed),),
        (keeps_until("2027-01-31"),),
        (DISPOSES,),
    ),
    Boundary(
        "kept_until_a_day_to_come",
        "until tomorrow, not until today",
        (case_in(S.completed), on("2019-07-01")),
        (keeps_until("2019-07-02"),),
        (keeps_until("2019-07-01"),),
    ),
)
