"""The exchange: nothing leaves without consent, what leaves is on record, and what comes back is added once."""

import csv
import io
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import select

from divert.acts.refusals import NotAllowed, Refused
from divert.casework.commands.appointments import BookAppointment
from divert.casework.commands.record import SetSensitivity
from divert.casework.commands.sharing import RecordConsent, ShareCase
from divert.casework.commands.support import AssessNeeds
from divert.casework.sharing import share
from divert.casework.upkeep.check import check
from divert.exchange.consent import Part
from divert.exchange.format import (
    Allowed,
    Meeting,
    Promise,
    SharedCase,
    Spelling,
    Terms,
    Who,
    read,
    sha256,
    shared_case,
    to_bytes,
)
from divert.models import Access, Role, State
from divert.people.staff import Actor
from divert.records.ledger import entries_of
from tests.golden import golden
from tests.office import AUDITOR, ENTRY, INSPECTOR, KEYWORKER, OFFICER, PROBATION_LEAD, Office
from tests.service import service

ROOT = Path(__file__).parent.parent
DAY = date(2019, 5, 6)
HOUSING = "Harbour Housing"
ALL = tuple(Part)


def agrees(office: Office, ref: str, *parts: Part, to: str = HOUSING, until: str | None = None) -> None:
    """The person says yes, today."""
    said = {"answer": "given", "said_on": office.today, "how": "signed", "recipients": [{"name": to}]}
    office.does(KEYWORKER, RecordConsent.model_validate({**said, "parts": list(parts), "until_on": until}), ref)


def withdraws(office: Office, ref: str, **said: Any) -> None:
    """The person takes it back, today."""
    whole = {"answer": "withdrawn", "said_on": office.today, "how": "spoken", **said}
    office.does(KEYWORKER, RecordConsent.model_validate(whole), ref)


def shares(
    office: Office, ref: str, *parts: Part, to: str = HOUSING, who: Actor = KEYWORKER, spelling: Spelling = "json"
) -> bytes:
    """What left the house."""
    office.minutes += 1
    with office.database.writing() as session:
        return share(session, ref, to, parts, spelling, who, office.now)[0]


def refused(office: Office, ref: str, *parts: Part, to: str = HOUSING, who: Actor = KEYWORKER) -> dict[str, str]:
    """Why nothing left."""
    with pytest.raises(Refused) as refusal:
        shares(office, ref, *parts, to=to, who=who)
    assert disclosures(office) == []
    return dict(refusal.value.reasons)


def disclosures(office: Office) -> list[tuple[str, str | None, str, str | None]]:
    with office.database.reading() as session:
        logged = session.scalars(select(Access).where(Access.kind == "disclosure").order_by(Access.id))
        return [(one.by, one.case_ref, one.what, one.recipient) for one in logged]


def an_active_case(office: Office) -> str:
    """Dale's, with a meeting booked."""
    ref = office.on(DAY).case_in(State.active)
    meeting = {"starts_at": "2019-05-13T10:00", "purpose": "=First meeting", "place": "Safety Hub"}
    office.does(KEYWORKER, BookAppointment.model_validate(meeting), ref)
    return ref


# Consent


def test_without_consent_nothing_leaves(office: Office) -> None:
    ref = an_active_case(office)
    reasons = refused(office, ref, Part.who)
    assert reasons.keys() == {"some_consent_stands", "consent_covers_it"}
    assert reasons["consent_covers_it"] == f"No consent is in force to share this with {HOUSING}: who."
    with office.open(ref) as case, pytest.raises(LookupError, match="no consent in force for: who, needs"):
        shared_case(case, HOUSING, [Part.needs, Part.who], DAY)


def test_only_the_parts_agreed_to_are_in_the_file_and_no_other_can_be_added(office: Office) -> None:
    ref = an_active_case(office)
    agrees(office, ref, Part.who, Part.appointments)
    said = refused(office, ref, Part.who, Part.contract, Part.where_it_stands)
    assert said == {
        "consent_covers_it": f"No consent is in force to share this with {HOUSING}: where it stands, contract."
    }
    file = json.loads(shares(office, ref))
    assert file["parts"] == ["who", "appointments"]
    assert (file["contract"], file["where_it_stands"], file["needs"]) == (None, None, [])
    assert file["who"]["surname"] == "Ashworth"
    assert len(file["appointments"]) == 1


def test_consent_is_for_the_organisation_named_and_its_name_is_read_as_people_write_it(desk: Office) -> None:
    ref = an_active_case(desk)
    agrees(desk, ref, Part.who)
    assert refused(desk, ref, Part.who, to="Quayside Loans").keys() == {"consent_covers_it"}
    assert shares(desk, ref, Part.who, to="harbour  housing")


def test_a_consent_holds_to_the_end_of_its_last_day(office: Office) -> None:
    ref = an_active_case(office)
    agrees(office, ref, Part.who, until="2019-05-20")
    assert refused(office.on("2019-05-21"), ref, Part.who).keys() == {"some_consent_stands", "consent_covers_it"}
    assert shares(office.on("2019-05-20"), ref)


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ({}, set()),
        ({"recipients": [{"name": HOUSING}]}, set()),
        ({"recipients": [{"name": "Quayside Loans"}]}, {Part.who, Part.contract}),
        ({"parts": ["who"]}, {Part.contract}),
    ],
    ids=["all of it", "from this one", "from another", "of one part"],
)
def test_what_is_withdrawn_stops(desk: Office, said: dict[str, Any], left: set[Part]) -> None:
    ref = an_active_case(desk)
    agrees(desk, ref, Part.who, Part.contract)
    withdraws(desk, ref, **said)
    if left:
        assert set(json.loads(shares(desk, ref))["parts"]) == left
    else:
        assert refused(desk, ref, Part.who).keys() == {"some_consent_stands", "consent_covers_it"}


def test_what_was_withdrawn_can_be_given_again(desk: Office) -> None:
    ref = an_active_case(desk)
    agrees(desk, ref, Part.who)
    withdraws(desk, ref)
    agrees(desk, ref, Part.who)
    assert json.loads(shares(desk, ref))["consent"] == [
        {"entry": 13, "said_on": "2019-05-06", "how": "signed", "until_on": None, "parts": ["who"]}
    ]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"recipients": []}, "recipients: name each organisation"),
        ({"parts": []}, "parts: say which parts"),
        ({"answer": "withdrawn"}, "until_on: leave this out"),
        ({"until_on": "2019-05-05"}, "until_on: this is before the day"),
        ({"recipients": [{"name": "  "}]}, "at least 1 character"),
        ({"parts": ["victim"]}, "Input should be 'who', 'where_it_stands'"),
    ],
)
def test_a_consent_that_says_too_little_or_cannot_be_meant_is_refused(changed: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        RecordConsent.model_validate({**RecordConsent.model_json_schema()["examples"][0], **changed})


def test_a_consent_is_not_recorded_before_it_is_said(desk: Office) -> None:
    ref = an_active_case(desk)
    early = RecordConsent.model_validate({"answer": "withdrawn", "said_on": "2019-05-07", "how": "spoken"})
    with pytest.raises(Refused) as refusal:
        desk.does(KEYWORKER, early, ref)
    assert [name for name, _ in refusal.value.reasons] == ["not_in_the_future"]


# Who may, and what never leaves


def test_each_export_leaves_a_disclosure_with_its_recipient_and_the_hash_of_the_bytes(office: Office) -> None:
    ref = an_active_case(office)
    agrees(office, ref, Part.who, Part.contract)
    agrees(office, ref, Part.who, to="Quayside Loans")
    first, second = shares(office, ref), shares(office, ref, to="Quayside Loans", spelling="csv")
    assert disclosures(office) == [
        ("keyworker", ref, "shared: who, contract", HOUSING),
        ("keyworker", ref, "shared: who", "Quayside Loans"),
    ]
    with office.database.reading() as session:
        entries = entries_of(session, office.find(session, ref))
        said = [json.loads(one.body or "") for one in entries if one.command == "share-case"]
        assert [one["sha256"] for one in said] == [sha256(first), sha256(second)]
        assert [one["recipient"] for one in said] == [HOUSING, "Quayside Loans"]
        assert [str(fault) for fault in check(session)] == []


def test_the_restricted_need_is_never_in_a_file(desk: Office) -> None:
    specialist = Actor("keyworker", Role.complex_needs_specialist)
    ref = desk.on(DAY).case_in(State.active)
    abuse = {"need": "abuse_exploitation", "score": 9, "linked": "yes"}
    review = {**ENTRY, "stage": "review", "scores": [*ENTRY["scores"], abuse]}
    desk.does(specialist, AssessNeeds.model_validate(review), ref)
    agrees(desk, ref, *ALL)
    for spelling in ("json", "csv"):
        file = shares(desk, ref, spelling="csv" if spelling == "csv" else "json")
        assert b"abuse" not in file
        assert b"alcohol" in file


def test_a_restricted_case_is_shared_by_the_leads_alone(desk: Office) -> None:
    ref = an_active_case(desk)
    agrees(desk, ref, Part.who)
    desk.does(INSPECTOR, SetSensitivity.model_validate({"level": "restricted", "reason": "Known to staff."}), ref)
    assert refused(desk, ref, Part.who).keys() == {"restricted_shared_by_leads"}
    assert shares(desk, ref, who=PROBATION_LEAD)


@pytest.mark.parametrize("who", [OFFICER, AUDITOR], ids=lambda who: who.username)
def test_whoever_is_not_of_the_team_shares_nothing(desk: Office, who: Actor) -> None:
    ref = an_active_case(desk)
    agrees(desk, ref, Part.who)
    with pytest.raises(NotAllowed):
        shares(desk, ref, Part.who, who=who)
    assert disclosures(desk) == []


def test_a_hash_of_anything_else_is_not_recorded_as_shared(desk: Office) -> None:
    ref = an_active_case(desk)
    agrees(desk, ref, Part.who)
    with pytest.raises(Refused) as refusal:
        desk.does(KEYWORKER, ShareCase(recipient=HOUSING, parts=[Part.who], format="json", sha256="0" * 64), ref)
    assert [name for name, _ in refusal.value.reasons] == ["is_what_would_be_shared"]


# The format


@pytest.mark.parametrize("spelling", ["json", "csv"])
def test_a_file_is_the_one_that_was_agreed_and_is_read_back_whole(desk: Office, spelling: Spelling) -> None:
    ref = an_active_case(desk)
    agrees(desk, ref, *ALL, until="2019-08-05")
    file = shares(desk, ref, spelling=spelling)
    with desk.open(ref) as case:
        assert read(file, spelling) == shared_case(case, HOUSING, ALL, DAY)
    golden(ROOT / "tests" / "golden" / "exchange" / f"shared.{spelling}", file.decode().replace("\r\n", "\n"))


def test_no_cell_of_the_table_is_a_formula(desk: Office) -> None:
    ref = an_active_case(desk)
    agrees(desk, ref, Part.appointments)
    rows = list(csv.reader(io.StringIO(shares(desk, ref, spelling="csv").decode(), newline="")))
    assert ["appointments", "0.purpose", "'=First meeting"] in rows
    assert all(not cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row)


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
TELLING = st.one_of(TEXT, st.sampled_from(["'", "'=1", "=1+1", "", "true", "0", "''-", 'a,"b"\r\nc', "\t"]))


@settings(max_examples=150)
@given(
    words=TELLING, maybe=st.none() | TELLING, yes=st.none() | st.booleans(), spelling=st.sampled_from(["json", "csv"])
)
def test_whatever_the_words_are_nothing_is_lost_on_the_way(
    words: str, maybe: str | None, yes: bool | None, spelling: Spelling
) -> None:
    at = datetime(2019, 5, 13, 9, tzinfo=UTC)
    promise = Promise(number=1, text=words, provider=maybe, status="open")
    case = SharedCase(
        case="D-19-0001",
        recipient=words,
        shared_on=DAY,
        parts=[Part.who],
        consent=[Allowed(entry=2, said_on=DAY, how="spoken", parts=[Part.who])],
        who=Who(surname=words, forenames=maybe),
        contract=Terms(version=1, signed_on=DAY, ends_on=DAY, conditions=[promise] * 11),
        appointments=[Meeting(number=3, at=at, purpose=words, place=words, status="booked", attended=yes)],
    )
    assert read(to_bytes(case, spelling), spelling) == case


@pytest.mark.parametrize(
    "file",
    [
        "",
        "part,field\n",
        "part,field,value\nfile,case\n",
        'part,field,value\n"',
        "part,field,value\nwho,a,1\nwho,a.b,2\n",
    ],
)
def test_a_table_of_another_shape_is_not_read(file: str) -> None:
    with pytest.raises(ValueError, match=r"first line|cells|not CSV|lies within"):
        read(file.encode(), "csv")


def test_the_published_schema_is_the_model_s() -> None:
    schema = json.dumps(SharedCase.model_json_schema(), indent=2, ensure_ascii=False) + "\n"
    golden(ROOT / "docs" / "shared-case.schema.json", schema)


# Over HTTP


def test_the_file_is_looked_at_first_and_shared_by_its_etag(desk: Office) -> None:
    ref = an_active_case(desk)
    with service(desk) as counter:
        at = f"/api/cases/{ref}/shared?to=Harbour%20Housing&format=csv"
        assert counter.ask(KEYWORKER, "GET", at).status_code == 409
        agrees(desk, ref, Part.who, Part.contract)
        looked_at = counter.ask(KEYWORKER, "GET", f"{at}&part=who")
        assert looked_at.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert looked_at.headers["ETag"] == f'"{sha256(looked_at.content)}"'
        assert disclosures(desk) == []
        said = {"recipient": HOUSING, "parts": ["who"], "format": "csv", "sha256": sha256(looked_at.content)}
        assert counter.does(KEYWORKER, "share-case", ref, said).status_code == 200
        assert disclosures(desk) == [("keyworker", ref, "shared: who", HOUSING)]
        assert counter.ask(KEYWORKER, "GET", f"{at}&part=victim").status_code == 422
        assert counter.ask(OFFICER, "GET", at).status_code == 403
        assert counter.ask(KEYWORKER, "GET", at.replace(ref, "D-19-0099")).status_code == 404
