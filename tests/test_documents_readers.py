"""Who reads what: each document holds, of all that a case knows, what stands in its row below, and nothing else.

Every field that somebody fills in holds a word of its own: a word found in a document says which field it is from.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from divert.casework.commands.appointments import BookAppointment, RecordAttendance
from divert.casework.commands.breach import DecideBreach, ReportBreach
from divert.casework.commands.conditions import CorrectCondition, MarkConditionKept, RecordProgress
from divert.casework.commands.contract import FIVE, PauseContract, SignContract, VaryContract
from divert.casework.commands.decisions import CheckEligibility, DecideForPolice, DecideForProbation
from divert.casework.commands.ending import CompleteCase
from divert.casework.commands.record import AddNote
from divert.casework.commands.referral import CorrectFacts, RecordReferralAgreement, Refer
from divert.casework.commands.support import Allocate, AssessNeeds
from divert.casework.commands.victim import RecordVictimViews
from divert.documents.kinds import KINDS, DocumentKind
from divert.law.rulebook import rulebook
from divert.people.staff import Actor
from tests.office import (
    DALE,
    ENTRY,
    INSPECTOR,
    OFFICER,
    OTHER_INSPECTOR,
    PROBATION_LEAD,
    SPECIALIST,
    Office,
)
from tests.papers import K, pages, previewed, text_of

REFERRAL = {
    "surname": "Qsurname",
    "forenames": "Qforenames",
    "date_of_birth": "1994-03-11",
    "pnc_id": "1979/0163001B",
    "custody_ref": "Qcustody",
    "crime_ref": "Qcrime",
    "officer": "Qofficer",
    "officer_unit": "Qunit",
    "postcode": "TS24 7AA",
    "phone": "07700 900123",
    "email": "qmail@example.com",
    "offence_place": "Qoffenceplace",
    "victim_name": "Qvictim",
    "victim_contact": "Qvictimcontact",
    "notes": "Qreferralnote",
}
THEM = {"Qsurname", "Qforenames"}
PROMISED = {"Qdetail", "Alcohol"}
"""What conditions say: one of them is to go to the alcohol service."""

MAY_HOLD: dict[DocumentKind, set[str]] = {
    K.referral_agreement: {*THEM, "Qcrime", "Qofficer", "Theft"},
    K.contract: {*THEM, "Qcrime", "Theft", *PROMISED, "Qprovider"},
    K.appointment_letter: {*THEM, "TS24 7AA", "Qpurpose", "Qplace"},
    K.breach_letter: {*THEM, "TS24 7AA", *PROMISED},
    K.completion_letter: {*THEM, "TS24 7AA", "Qcrime", *PROMISED},
    K.victim_update: {"Qvictim", "Qcontactname", "Qcrime"},
    K.handover: {
        *THEM, "11 March 1994", "1979/0163001B", "Qcustody", "Qcrime", "Qofficer", "Qunit", "Theft",
        "Qvictim", "Qcontactname", "Qvictimwords", "Qpolicereasons", "Qprobationreasons", *PROMISED, "Qprovider",
        "Qpurpose", "Qplace", "Qprogress", "Qkept", "Qvarywhy", "Qbreach", "Qexcuse", "Qprobationview",
        "Qdecisionreasons", "Qlate",
    },
}  # fmt: skip
NEEDS = {need.title for need in rulebook().needs.values()}
SECRETS = (
    {str(value) for name, value in REFERRAL.items() if name != "date_of_birth"}
    | {"900123", "11 March 1994", "1994-03-11", "Qneedsummary", "Qallocation", "Qnote", "Qattendance", "Qpausewhy"}
    | {"Qcorrected", "Qoutcome"}
    | {secret for held in MAY_HOLD.values() for secret in held}
)


def _signed(office: Office, **facts: Any) -> str:
    """A case full of words, from the referral to the contract."""
    office.on("2019-05-06")
    said = {**DALE, "referred_on": "2019-05-06", **REFERRAL, **facts}
    ref = office.does(OFFICER, Refer.model_validate(said)).ref
    office.does(OFFICER, CorrectFacts.model_validate({"reason": "Qcorrected", "remorse": "yes"}), ref)
    office.does(OFFICER, RecordReferralAgreement(signed_on=office.today, explained_by="Qexplained"), ref)
    heard = RecordVictimViews(views="obtained", contact_name="Qcontactname", words="Qvictimwords")
    office.does(INSPECTOR, heard, ref)
    office.does(INSPECTOR, CheckEligibility(), ref)
    office.does(INSPECTOR, DecideForPolice(accept=True, reasons="Qpolicereasons"), ref)
    office.does(PROBATION_LEAD, DecideForProbation(accept=True, reasons="Qprobationreasons"), ref)
    office.does(PROBATION_LEAD, Allocate(keyworker=SPECIALIST.username, why="Qallocation"), ref)
    scores = [*ENTRY["scores"], {"need": "abuse_exploitation", "score": 9, "linked": "yes"}]
    needs = AssessNeeds.model_validate({"stage": "entry", "scores": scores, "summary": "Qneedsummary"})
    office.does(SPECIALIST, needs, ref)
    terms = {"signed_on": office.today, "ends_on": office.today + timedelta(days=80), "conditions": CONDITIONS}
    office.does(SPECIALIST, SignContract.model_validate(terms), ref)
    office.does(SPECIALIST, AddNote(text="Qnote"), ref)
    return ref


CONDITIONS = [*FIVE[:3], {**FIVE[3], "provider": "Qprovider"}, {**FIVE[4], "detail": "Qdetail"}]


def _booked(office: Office, ref: str) -> int:
    at = datetime(2019, 5, 15, 9, tzinfo=UTC)
    return office.does(SPECIALIST, BookAppointment(starts_at=at, purpose="Qpurpose", place="Qplace"), ref).version


def _lived(office: Office, ref: str) -> int:
    """An appointment missed, some progress, a pause, a change; then a breach. Its number."""
    meeting = _booked(office, ref)
    office.on("2019-05-16")
    missed = {"appointment": meeting, "held": True, "attended": False, "acceptable": False, "note": "Qattendance"}
    office.does(SPECIALIST, RecordAttendance.model_validate(missed), ref)
    office.does(SPECIALIST, RecordProgress(condition=4, evidence="Qprogress"), ref)
    office.does(SPECIALIST, MarkConditionKept(condition=2, kept_on=office.today, evidence="Qkept"), ref)
    away = PauseContract(from_on=office.today, until_on=office.today + timedelta(days=5), why="Qpausewhy")
    office.does(PROBATION_LEAD, away, ref)
    terms = {"signed_on": office.today, "ends_on": "2019-07-31", "conditions": CONDITIONS}
    changed = {**terms, "why": "Qvarywhy", "agreed_by": PROBATION_LEAD.username}
    office.does(SPECIALIST, VaryContract.model_validate(changed), ref)
    office.on("2019-06-03")
    report = {"conditions": [3, 5], "occurred_on": office.today, "what": "Qbreach", "excuse_asked": True}
    return office.does(SPECIALIST, ReportBreach.model_validate({**report, "excuse": "Qexcuse"}), ref).version


def _decided(office: Office, ref: str, decision: str) -> None:
    said = {"decision": decision, "probation_view": "Qprobationview", "reasons": "Qdecisionreasons"}
    office.does(OTHER_INSPECTOR, DecideBreach.model_validate(said), ref)


def _completed(office: Office, ref: str) -> None:
    _lived(office, ref)
    _decided(office, ref, "warn")
    for number in (3, 4, 5):
        office.does(SPECIALIST, MarkConditionKept(condition=number, kept_on=office.today, evidence="Qkept"), ref)
    office.does(SPECIALIST, AssessNeeds.model_validate({**ENTRY, "stage": "exit", "summary": "Qneedsummary"}), ref)
    office.does(PROBATION_LEAD, CompleteCase(outcome_code=22, explanation="Qoutcome"), ref)


Papers = list[tuple[DocumentKind, Actor, int | None]]


def _while_it_runs(office: Office, ref: str) -> Papers:
    meeting = _booked(office, ref)
    return [
        (K.contract, SPECIALIST, None),
        (K.appointment_letter, SPECIALIST, meeting),
        (K.victim_update, INSPECTOR, None),
    ]


def _in_review(office: Office, ref: str) -> Papers:
    return [(K.breach_letter, SPECIALIST, _lived(office, ref)), (K.victim_update, INSPECTOR, None)]


def _after_a_breach(office: Office, ref: str) -> Papers:
    report = _lived(office, ref)
    late = {"condition": 3, "kept": "yes", "effective_on": office.today, "evidence": "Qlate"}
    office.does(SPECIALIST, CorrectCondition.model_validate(late), ref)
    _decided(office, ref, "end")
    return [(K.handover, INSPECTOR, None), (K.breach_letter, SPECIALIST, report), (K.victim_update, INSPECTOR, None)]


def _at_the_end(office: Office, ref: str) -> Papers:
    _completed(office, ref)
    return [(K.completion_letter, SPECIALIST, None), (K.victim_update, INSPECTOR, None)]


LIVES: dict[str, Callable[[Office, str], Papers]] = {
    "running": _while_it_runs,
    "in review": _in_review,
    "returned": _after_a_breach,
    "completed": _at_the_end,
}


def _held(said: str) -> set[str]:
    return {secret for secret in SECRETS if secret in said} | {need for need in NEEDS if need.lower() in said.lower()}


@pytest.mark.parametrize("facts", [{}, {"victim_kind": "person", "interpreter": "Polish"}], ids=["a shop", "a person"])
@pytest.mark.parametrize("life", LIVES)
def test_a_document_holds_what_its_reader_may_know_and_nothing_else(
    desk: Office, life: str, facts: dict[str, str]
) -> None:
    ref = _signed(desk, **facts)
    for kind, who, about in LIVES[life](desk, ref):
        for large in (False, True) if KINDS[kind].has_large_print else (False,):
            said = text_of(previewed(desk, ref, who, kind, about, large_print=large))
            assert _held(said) - MAY_HOLD[kind] == set(), kind


def test_an_agreement_holds_what_the_person_may_know_and_nothing_else(desk: Office) -> None:
    ref = desk.on("2019-05-06").refers(**REFERRAL)
    assert _held(text_of(previewed(desk, ref, OFFICER, K.referral_agreement))) == MAY_HOLD[K.referral_agreement]


def test_a_bundle_holds_all_that_bears_on_a_charge(desk: Office) -> None:
    ref = _signed(desk)
    _after_a_breach(desk, ref)
    assert _held(text_of(previewed(desk, ref, INSPECTOR, K.handover))) == MAY_HOLD[K.handover]


def test_a_contract_and_letters_hold_what_they_are_about(desk: Office) -> None:
    ref = _signed(desk)
    for kind, who, about in _while_it_runs(desk, ref):
        missing = MAY_HOLD[kind] - _held(text_of(previewed(desk, ref, who, kind, about)))
        assert missing == set(), kind


def test_the_restricted_need_stands_in_no_document_not_even_as_a_hint_that_there_is_one(desk: Office) -> None:
    ref = _signed(desk)
    for kind, who, about in _after_a_breach(desk, ref):
        said = text_of(previewed(desk, ref, who, kind, about)).lower()
        assert [word for word in ("abuse", "exploit", "restricted", "complex need", "traffick") if word in said] in (
            [],
            ["complex need"],  # the post of whoever did it, in a bundle
        )
        assert "complex need" not in said or kind is K.handover


# What shows before the envelope is opened

WINDOW = {"left": 20, "right": 110, "top": 44, "bottom": 86}
"""Where the window of a DL envelope can lie over a letter folded in three, in millimetres, with room for it to slip."""


@pytest.mark.parametrize("large", [False, True], ids=["12 point", "18 point"])
@pytest.mark.parametrize("kind", [K.appointment_letter, K.breach_letter, K.completion_letter, K.victim_update])
def test_what_shows_in_the_window_of_an_envelope_says_nothing(desk: Office, kind: DocumentKind, large: bool) -> None:
    ref = _signed(desk)
    life = {K.appointment_letter: _while_it_runs, K.breach_letter: _in_review}.get(kind, _at_the_end)
    who, about = next((who, about) for one, who, about in life(desk, ref) if one is kind)
    shown = _in_the_window(previewed(desk, ref, who, kind, about, large_print=large))
    reader = {"Qcontactname", "Qvictim"} if kind is K.victim_update else {"Qforenames Qsurname", "TS24 7AA"}
    assert reader <= shown
    assert {words for words in shown - reader if not re.fullmatch(r"\d+ \w+ \d{4}|Dear .*", words)} == set()


def _in_the_window(pdf: bytes) -> set[str]:
    shown: set[str] = set()

    def look(words: str, page: list[float], at: list[float], _font: object, _size: float) -> None:
        across = (at[4] * page[0] + at[5] * page[2] + page[4]) / 72 * 25.4
        down = 297 - (at[4] * page[1] + at[5] * page[3] + page[5]) / 72 * 25.4
        if WINDOW["left"] < across < WINDOW["right"] and WINDOW["top"] < down < WINDOW["bottom"] and words.strip():
            shown.update(line.strip() for line in words.split("\n") if line.strip())

    PdfReader(BytesIO(pdf)).pages[0].extract_text(visitor_text=look)
    return shown


# What is promised is true


def test_a_letter_at_the_end_promises_no_clean_record(desk: Office) -> None:
    ref = _signed(desk)
    (kind, who, _), *_rest = _at_the_end(desk, ref)
    said = text_of(previewed(desk, ref, who, kind))
    assert "It is not a conviction. The police keep a record of it" in said
    for overclaimed in ("no record", "no criminal record", "clean", "wiped", "never be mentioned", "deleted"):
        assert overclaimed not in said.lower()


def test_no_page_ends_with_a_heading_and_nobody_signs_on_a_page_alone(desk: Office) -> None:
    ref = _signed(desk)
    for kind, who, about in _while_it_runs(desk, ref):
        for large in (False, True):
            for page in pages(previewed(desk, ref, who, kind, about, large_print=large)):
                lines = [line for line in page.splitlines() if line.strip()]
                assert not lines[-2].startswith(("What ", "My ", "If ", "How to ")), (kind, large)
                assert not lines[0].startswith(("Yours sincerely", "Signed")), (kind, large)


def test_a_document_cannot_be_of_a_kind_without_a_row_above() -> None:
    assert set(MAY_HOLD) == set(KINDS) == set(DocumentKind)
