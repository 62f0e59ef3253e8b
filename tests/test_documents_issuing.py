"""Issuing a document: only what was looked at leaves the house, and what left can be proved ever after."""

import json
from io import BytesIO

import pytest
from pydantic import ValidationError
from pypdf import PdfReader
from sqlalchemy import select, text

from divert.acts.refusals import NotAllowed, Refused
from divert.casework.commands.conditions import MarkConditionKept
from divert.casework.commands.documents import IssueDocument, sha256
from divert.casework.commands.record import AddNote
from divert.casework.upkeep.check import check
from divert.documents.inputs import inputs
from divert.documents.kinds import KINDS, DocumentKind
from divert.models import Access, Document, State
from divert.people.staff import Actor
from tests.office import AUDITOR, INSPECTOR, KEYWORKER, OFFICER, PROBATION_LEAD, Office
from tests.papers import K, an_eventful_life, issued, missed, previewed, ready_for, text_of


def faults(office: Office) -> list[str]:
    with office.database.reading() as session:
        return [str(one) for one in check(session)]


def refusals(office: Office, ref: str, who: Actor, kind: DocumentKind, about: int | None = None) -> dict[str, str]:
    """Why it cannot be issued."""
    with pytest.raises(Refused) as refusal:
        office.does(who, IssueDocument(kind=kind, about=about, sha256="0" * 64), ref)
    return dict(refusal.value.reasons)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_kept_as_it_was_previewed_and_the_whole_still_checks(office: Office, kind: DocumentKind) -> None:
    ref, who, about = ready_for(office, kind)
    looked_at = previewed(office, ref, who, kind, about)
    receipt = issued(office, ref, who, kind, about)
    with office.open(ref) as case:
        kept = case.documents[-1]
        assert (kept.seq, kept.kind, kept.about, kept.large_print) == (receipt.version, kind, about, False)
        assert kept.pdf == looked_at
        assert kept.sha256 == sha256(looked_at)
    assert faults(office) == []


def test_what_is_issued_is_disclosed_and_logged_with_whom_it_is_for(desk: Office) -> None:
    ref, who, _ = ready_for(desk, K.victim_update)
    issued(desk, ref, who, K.victim_update)
    with desk.database.reading() as session:
        logged = session.scalars(select(Access).where(Access.kind == "disclosure")).one()
    assert (logged.by, logged.case_ref, logged.what, logged.recipient) == (
        who.username,
        ref,
        "document: victim_update",
        "the victim",
    )


def test_large_print_is_another_document_than_the_usual_one(desk: Office) -> None:
    ref, who, _ = ready_for(desk, K.contract)
    large = previewed(desk, ref, who, K.contract, large_print=True)
    assert large != previewed(desk, ref, who, K.contract)
    desk.does(who, IssueDocument(kind=K.contract, large_print=True, sha256=sha256(large)), ref)


# What is refused


def test_what_has_changed_since_the_preview_is_not_issued(desk: Office) -> None:
    ref, who, _ = ready_for(desk, K.contract)
    digest = sha256(previewed(desk, ref, who, K.contract))
    kept = MarkConditionKept(condition=2, kept_on=desk.today, evidence="Workbook seen.")
    desk.does(KEYWORKER, kept, ref)
    with pytest.raises(Refused) as refusal:
        desk.does(who, IssueDocument(kind=K.contract, sha256=digest), ref)
    assert dict(refusal.value.reasons).keys() == {"is_what_was_previewed"}
    assert "has changed. Look at it again." in str(refusal.value)


def test_a_letter_looked_at_yesterday_bears_yesterday_s_date_and_is_not_issued(desk: Office) -> None:
    ref, who, about = ready_for(desk, K.appointment_letter)
    digest = sha256(previewed(desk, ref, who, K.appointment_letter, about))
    desk.on("2019-05-07")
    with pytest.raises(Refused):
        desk.does(who, IssueDocument(kind=K.appointment_letter, about=about, sha256=digest), ref)


def test_a_bundle_takes_in_every_entry_so_that_one_more_makes_it_another(desk: Office) -> None:
    ref, who, _ = ready_for(desk, K.handover)
    digest = sha256(previewed(desk, ref, who, K.handover))
    desk.does(INSPECTOR, AddNote(text="Rang the court."), ref)
    with pytest.raises(Refused):
        desk.does(who, IssueDocument(kind=K.handover, sha256=digest), ref)


def test_a_kind_is_issued_only_where_the_case_has_come_to_it(desk: Office) -> None:
    ref = desk.on("2019-05-06").case_in(State.referred)
    said = refusals(desk, ref, KEYWORKER, K.contract)
    assert said["document_fits_the_state"] == (
        "The contract is issued while a case is active or breach review. This one is referred."
    )


def test_an_officer_issues_the_referral_agreement_and_nothing_else(desk: Office) -> None:
    ref = desk.on("2019-05-06").case_in(State.under_decision)
    assert "document_is_theirs_to_issue" in refusals(desk, ref, OFFICER, K.victim_update)
    issued(desk, ref, OFFICER, K.referral_agreement)
    with pytest.raises(NotAllowed):
        previewed(desk, desk.case_in(State.active, crime_ref="CVP-19-2"), OFFICER, K.contract)


def test_the_bundle_is_for_the_police_to_hand_over(desk: Office) -> None:
    ref = desk.on("2019-05-06").case_in(State.returned)
    assert "document_is_theirs_to_issue" in refusals(desk, ref, PROBATION_LEAD, K.handover)


def test_where_there_is_no_victim_nobody_is_written_to(desk: Office) -> None:
    ref = desk.on("2019-05-06").refers(victim_kind="none")
    assert refusals(desk, ref, INSPECTOR, K.victim_update).keys() == {"there_is_a_reader"}


def test_a_letter_about_nothing_on_record_is_not_written(desk: Office) -> None:
    ref = desk.on("2019-05-06").case_in(State.active)
    said = refusals(desk, ref, KEYWORKER, K.appointment_letter, about=99)
    assert said == {"what_it_is_about_is_there": "There is no booked appointment with number 99 in this case."}
    said = refusals(desk, ref, KEYWORKER, K.breach_letter, about=99)
    assert said == {"what_it_is_about_is_there": "There is no report of a breach with number 99 in this case."}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"kind": "appointment_letter"}, "about: say which appointment it is about"),
        ({"kind": "contract", "about": 4}, "about: leave this out"),
        ({"kind": "handover", "large_print": True}, "large_print: the handover bundle has no large print"),
        ({"kind": "contract", "sha256": "9F86"}, "String should match pattern"),
        ({"kind": "summons"}, "Input should be 'referral_agreement'"),
    ],
)
def test_an_answer_that_cannot_be_meant_is_refused_with_what_a_right_one_is(
    given: dict[str, object], says: str
) -> None:
    with pytest.raises(ValidationError, match=says):
        IssueDocument.model_validate({"sha256": "0" * 64, **given})


@pytest.mark.parametrize("who", [AUDITOR], ids=["auditor"])
def test_who_changes_nothing_issues_nothing(desk: Office, who: Actor) -> None:
    ref = desk.on("2019-05-06").case_in(State.active)
    with pytest.raises(NotAllowed):
        previewed(desk, ref, who, K.contract)


# What is kept


@pytest.mark.parametrize("change", ["UPDATE documents SET about = 3", "UPDATE documents SET sha256 = 'x'"])
def test_the_database_refuses_to_change_a_document(office: Office, change: str) -> None:
    ref, who, _ = ready_for(office, K.contract)
    issued(office, ref, who, K.contract)
    with pytest.raises(Exception, match=r"cannot be changed|append-only"), office.database.writing() as session:
        session.execute(text(change))


@pytest.mark.parametrize(
    ("tampering", "noticed"),
    [
        ("UPDATE documents SET pdf = x'78'", "a document is not the one that was issued"),
        (f"UPDATE documents SET sha256 = '{sha256(b'x')}', pdf = x'78'", "documents are not what its history comes to"),
        ("DELETE FROM documents", "documents are not what its history comes to"),
    ],
)
def test_a_document_changed_behind_the_database_s_back_is_noticed(desk: Office, tampering: str, noticed: str) -> None:
    ref, who, _ = ready_for(desk, K.contract)
    issued(desk, ref, who, K.contract)
    with desk.database.writing() as session:
        session.execute(text("DROP TRIGGER documents_no_update"))
        session.execute(text(tampering))
    assert any(noticed in fault for fault in faults(desk)), faults(desk)


def test_a_bundle_lists_the_documents_issued_and_proves_the_record(desk: Office) -> None:
    ref = desk.on("2019-05-06").case_in(State.active)
    contract = issued(desk, ref, KEYWORKER, K.contract)
    an_eventful_life(desk, ref)
    said = text_of(previewed(desk, ref, INSPECTOR, K.handover))
    with desk.open(ref) as case:
        digest = case.documents[0].sha256
        assert f"Verified Yes, all {case.version} entries" in said
        assert case.head in said.replace(" ", "")
    assert f"{contract.version} Contract" in said
    assert digest in said.replace(" ", "")


def test_the_record_is_verified_from_a_bundle_alone_as_it_says(desk: Office) -> None:
    ref, who, about = ready_for(desk, K.handover)
    with desk.database.reading() as session:
        said = inputs(K.handover, desk.find(session, ref), session, desk.today, about)
    before = "0" * 64
    for one in said["chronology"]:
        came, went = one["moves"].split(" to ")
        header = {
            "at": one["instant"],
            "by": one["username"],
            "case": ref,
            "command": one["command"],
            "commitment": one["commitment"],
            "from": None if came == "null" else came,
            "role": one["role"],
            "seq": one["seq"],
            "to": went,
        }
        before = sha256((before + json.dumps(header, separators=(",", ":"))).encode())
        assert before == one["hash"]
    assert before == said["head"]
    paper = text_of(previewed(desk, ref, who, K.handover))
    assert f"divert verify {ref}" in paper
    for one in said["chronology"]:
        for stands in (one["instant"], one["moves"], f"{one['username']}, {one['role']}"):
            assert stands.replace(" ", "") in paper.replace(" ", "")


def test_each_version_of_a_contract_stands_in_a_bundle_as_it_was_signed(desk: Office) -> None:
    ref, who, _ = ready_for(desk, K.handover)
    said = text_of(previewed(desk, ref, who, K.handover))
    first, _, second = said.partition("Version 1, signed on 6 May 2019")[2].partition(
        "Version 2, signed on 27 May 2019"
    )
    second = second.partition("How each condition stands")[0]
    assert "Last day, as signed: 4 August 2019" in first
    for number, version in ((5, first), (4, second)):
        assert "4. I will go to the agreed sessions with the alcohol service. With: Local alcohol service." in version
        assert ("In particular: six hours at the community garden." in version) == (number == 5)
    assert "Why it changed The garden closed. Agreed by Probation Lead" in second


def test_a_bundle_of_a_record_that_was_tampered_with_says_so(desk: Office) -> None:
    ref, who, _ = ready_for(desk, K.handover)
    with desk.database.writing() as session:
        session.execute(text("DROP TRIGGER ledger_no_update"))
        session.execute(text("UPDATE ledger SET by = 'nobody' WHERE seq = 5"))
    said = text_of(previewed(desk, ref, who, K.handover))
    assert "Verified No: see below" in said
    assert "its hash does not follow from the entry before it" in said


def test_the_pages_of_an_issued_document_are_read_back_as_they_went_out(office: Office) -> None:
    ref = office.on("2019-05-06").case_in(State.active)
    report = missed(office, ref)
    issued(office, ref, KEYWORKER, K.breach_letter, report)
    with office.database.reading() as session:
        kept = session.scalars(select(Document)).one()
        assert PdfReader(BytesIO(kept.pdf)).metadata is not None
        assert "We need to hear from you" in text_of(kept.pdf)
