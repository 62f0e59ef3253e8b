"""Packs: a case as it was known when it left the scheme's hands, the same whenever it is made, and nobody's."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from divert.casework.commands.breach import DecideBreach, ReportBreach
from divert.casework.commands.conditions import CorrectCondition
from divert.casework.commands.decisions import DecideForPolice, DecideForProbation
from divert.casework.commands.ending import CloseCase, Reinstate
from divert.casework.commands.referral import CorrectFacts
from divert.casework.commands.retention import ReviewRetention
from divert.casework.commands.support import Allocate, AssessNeeds
from divert.casework.upkeep.replay import scratch
from divert.models import Access
from divert.scrutiny.frame import NoSuchFrame
from divert.scrutiny.opening import NoSuchPack, OpenedPack, open_pack, open_packs, pack_of
from divert.scrutiny.pack import Pack
from divert.scrutiny.population import exit_seq
from tests import endings
from tests.office import COORDINATOR, ENTRY, INSPECTOR, KEYWORKER, MANAGER, MEMBER, PROBATION_LEAD, SPECIALIST, Office
from tests.quarter import MAY_AND_JUNE, MEETING, drawn, everyone, frozen, one_of_each


def packs(office: Office, opener: Any = MEMBER, **themes: Any) -> dict[str, OpenedPack]:
    """Every case of the population, drawn and opened."""
    frame = frozen(office)
    drawn(office, frame.digest, one_of_each(frame))
    return opened(office, frame.digest, opener, **themes)


def opened(office: Office, digest: str, opener: Any = MEMBER, **themes: Any) -> dict[str, OpenedPack]:
    with office.database.writing() as session:
        return {one.pack: one for one in open_packs(session, digest, opener, MEETING, **themes)}


def made(office: Office, ref: str) -> Pack:
    """A case's pack, made now, for a frame that was cut off at the end of June 2019."""
    with office.database.reading() as session, scratch(session) as other:
        case = office.find(session, ref)
        seq = exit_seq(session, case, MAY_AND_JUNE.decided_to)
        assert seq is not None
        return pack_of(session, other, case, seq)


def known(pack: OpenedPack) -> dict[str, Any]:
    assert pack.known is not None
    return pack.known


def test_a_pack_tells_what_was_decided_and_why(office: Office) -> None:
    everyone(office)
    by_name = packs(office)
    assert list(by_name) == [f"{one.stratum}-1" for one in sorted(by_name.values(), key=lambda one: one.stratum)]

    told = known(by_name["completed-1"])
    assert (told["offence_code"], told["age_band"]) == ("TH68010", "25 to 34")
    assert (told["eligibility"]["verdict"], told["eligibility"]["because"]) == ("eligible", [])
    assert [(one["side"], one["by"], one["accept"], one["override"]) for one in told["decisions"]] == [
        ("police", "police_team_lead", True, False),
        ("probation", "probation_team_lead", True, False),
    ]
    assert told["decisions"][1]["reasons"] == "Alcohol need; will engage."
    assert (told["victim"]["views"], told["victim"]["wishes"]) == ("obtained", ["Wants the goods paid for."])
    assert [one["standing"] for one in told["contract"]["conditions"]] == ["kept"] * 5
    assert told["contract"]["conditions"][4]["text"].endswith("In particular: six hours at the community garden.")
    seen = {"says": "kept", "words": "Seen by the [withheld]."}  # keyworker is a username of this cast
    assert told["contract"]["conditions"][3]["evidence"] == [seen]
    assert told["contract"]["appointments"] == {"held": 1, "attended": 1}
    assert {"need": "alcohol", "entry": 4, "exit": 4, "linked": True} in told["needs"]
    assert (told["ended"]["state"], told["ended"]["outcome_code"]) == ("completed", 22)

    refused = known(by_name["ineligible-1"])
    assert refused["eligibility"]["because"] == ["admission"]
    [admission] = [one for one in refused["eligibility"]["rules"] if one["id"] == "admission"]
    assert (admission["finding"], admission["facts"]["admission"]) == ("not met", "no")
    assert admission["cites"]
    assert refused["contract"] is None
    assert refused["ended"]["return_reason"] == "ineligible"

    assert known(by_name["override-1"])["decisions"][0]["override_reason"] == "A vulnerable shopkeeper."
    assert [one["accept"] for one in known(by_name["disagreement-1"])["decisions"]] == [True, False, False]
    [breach] = known(by_name["breached-1"])["breaches"]
    assert (breach["what"], breach["excuse"], breach["decision"]) == ("Two meetings missed.", "None given.", "end")
    assert (breach["by"], breach["probation_view"]) == ("police_team_lead", "No contact since.")


def test_the_restricted_need_is_never_in_a_pack(desk: Office) -> None:
    ref = desk.signs(desk.accepts(desk.checks(endings.somebody(desk.on("2019-05-06")))))
    scores = [*ENTRY["scores"], {"need": "abuse_exploitation", "score": 9, "linked": "yes"}]
    desk.does(PROBATION_LEAD, Allocate(keyworker=SPECIALIST.username), ref)
    told = {"stage": "review", "scores": scores, "summary": "Is afraid at home."}
    desk.does(SPECIALIST, AssessNeeds.model_validate(told), ref)
    desk.does(SPECIALIST, AssessNeeds.model_validate({**ENTRY, "stage": "review", "summary": "Sleeps badly."}), ref)
    desk.does(PROBATION_LEAD, Allocate(keyworker=KEYWORKER.username), ref)
    desk.completes(desk.keeps(ref))
    [pack] = packs(desk).values()
    assert "abuse_exploitation" not in pack.model_dump_json()
    assert len(known(pack)["needs"]) == len(ENTRY["scores"])
    assert known(pack)["summaries"] == ["Sleeps badly."]


def test_sex_and_ethnicity_are_for_a_meeting_about_them_alone(desk: Office) -> None:
    endings.is_refused(desk.on("2019-05-06"))
    frame = frozen(desk)
    drawn(desk, frame.digest, one_of_each(frame))
    assert not {"sex", "ethnicity"} & known(opened(desk, frame.digest)["refused-1"]).keys()
    thematic = known(opened(desk, frame.digest, themes=["ethnicity"])["refused-1"])
    assert (thematic["ethnicity"], "sex" in thematic) == ("W1", False)


# The same to the byte


def test_a_pack_made_a_year_later_is_the_pack_made_that_day_even_after_corrections(office: Office) -> None:
    refs = everyone(office)
    before = {kind: made(office, ref) for kind, ref in refs.items()}
    office.on("2020-06-15")
    correction = CorrectFacts.model_validate({
        "reason": "Custody record checked.", "remorse": "no", "admission": "no", "surname": "Ashworth-Price",
        "date_of_birth": "1969-03-11", "value_gbp": "240.50",
    })  # fmt: skip
    office.does(MANAGER, Reinstate(reason="Has changed their mind again."), refs["closed"])
    office.does(INSPECTOR, correction, refs["closed"])
    endings.charged(office, refs["refused"])
    late = CorrectCondition(condition=3, kept=True, effective_on=office.today, evidence="The sheet came in.")
    office.does(KEYWORKER, late, refs["breached"])
    assert {kind: made(office, ref) for kind, ref in refs.items()} == before
    assert all(one.digest != other.digest for one in before.values() for other in before.values() if one is not other)

    by_name = packs(office)
    closed = by_name["closed-1"]
    assert closed.sha256 == before["closed"].digest
    assert closed.corrected_since == ("admission", "date_of_birth", "remorse", "surname", "value_gbp")
    assert by_name["breached-1"].corrected_since == ("condition 3",)
    assert by_name["completed-1"].corrected_since == ()
    assert known(closed)["age_band"] == "25 to 34"
    assert (known(closed)["ended"]["state"], known(closed)["eligibility"]["verdict"]) == ("closed", "eligible")
    assert "1969" not in closed.model_dump_json()


def test_a_pack_shows_a_case_as_it_left_and_not_what_became_of_it(desk: Office) -> None:
    ref = endings.is_refused(desk.on("2019-05-06"))
    endings.charged(desk.on("2019-05-20"), ref)
    [pack] = packs(desk).values()
    assert (known(pack)["ended"]["state"], known(pack)["ended"]["outcome_code"]) == ("returned", None)


def test_a_name_that_only_a_later_record_gives_is_withheld_from_the_reader_and_counted(desk: Office) -> None:
    ref = desk.checks(endings.somebody(desk.on("2019-05-06")))
    said = "Withdrew; known to us as Quillfeather."
    desk.does(MANAGER, CloseCase(reason_code="withdrew_before_start", explanation=said), ref)
    before = made(desk, ref)
    desk.on("2019-07-02").does(MANAGER, Reinstate(reason="Has changed their mind again."), ref)
    desk.does(INSPECTOR, CorrectFacts(reason="Deed poll seen.", surname="Quillfeather"), ref)
    [pack] = packs(desk).values()
    assert pack.sha256 == before.digest
    assert known(pack)["ended"]["in_words"] == "Withdrew; known to us as [withheld]."
    assert pack.withheld_since == 1


def test_a_disposed_record_is_shown_as_missing_and_not_swapped(desk: Office) -> None:
    ref = endings.completes(desk.on("2019-05-06"))
    frame = frozen(desk)
    drawn(desk, frame.digest, one_of_each(frame))
    gone = ReviewRetention(decision="dispose", reason="Six years have passed; nothing is pending.")
    desk.on("2025-06-10").does(MANAGER, gone, ref)
    pack = opened(desk, frame.digest)["completed-1"]
    assert (pack.known, pack.sha256, pack.disposed_of) == (None, None, True)
    assert pack.missing is not None
    assert "counts as the worst case" in pack.missing


def test_what_was_not_asked_is_not_in_the_pack(desk: Office) -> None:
    ref = desk.on("2019-05-06").refers(notes="Says that he was hungry.")
    desk.does(MANAGER, CloseCase(reason_code="opened_in_error", explanation="Wrong person picked."), ref)
    told = known(next(iter(packs(desk).values())))
    assert (told["eligibility"], told["age_band"], told["decisions"], told["contract"]) == (None, None, [], None)
    assert told["account"] == "Says that he was hungry."
    assert told["ended"] == {
        "state": "closed", "by": "project_manager", "outcome_code": None, "return_reason": None,
        "close_reason": "opened_in_error", "in_words": "Wrong person picked.",
    }  # fmt: skip


REPORT = ReportBreach(
    conditions=[4], occurred_on=date(2019, 5, 21), what="Left the course.", excuse_asked=True, excuse="None."
)


def test_a_breach_that_was_decided_afresh_shows_the_last_decision(desk: Office) -> None:
    ref = endings.breaches(desk.on("2019-05-06"), decision="warn")
    desk.on("2019-05-22").does(KEYWORKER, REPORT, ref)
    end = {"decision": "end", "probation_view": "Nothing more to try.", "reasons": "The second in a week."}
    desk.does(INSPECTOR, DecideBreach.model_validate(end), ref)
    [pack] = packs(desk).values()
    assert [(one["decision"], one["reasons"]) for one in known(pack)["breaches"]] == [
        ("warn", "No word from them."),
        ("end", "The second in a week."),
    ]


# Nobody's name


REASONS = (
    "Dale ASHWORTH-PRICE (formerly Ashworth; PNC 2019/0012345G, born 11/03/1994, or 11 March 1994) of TS24 7XY, "
    "07700 900123, dale.price@example.com, stole from Harbour Stores; Ms Farrow rang from 07700 900312. PC 1795 of "
    "Hartlepool Response and Keyworker agree. Crime CVP-19-100001. First offence, full admission."
)
SECRETS = (
    "dale", "ashworth", "price", "0012345", "11/03/1994", "11 march", "1994", "ts24", "7xy", "900123", "900 123", "@",
    "example.com", "harbour", "stores", "farrow", "900312", "1795", "hartlepool", "keyworker", "cvp", "100001", "d-19",
    "police.lead", "officer", "w1",
)  # fmt: skip


def test_no_identifier_of_the_case_is_in_its_pack(office: Office) -> None:
    """Not even the name and the number it had before they were corrected."""
    ref = office.on("2019-05-06").refers(
        pnc_id="2019/0012345G", postcode="TS24 7XY", phone="07700 900123", email="dale.price@example.com"
    )
    office.does(INSPECTOR, CorrectFacts(reason="Deed poll seen.", surname="Ashworth-Price"), ref)
    office.checks(ref)
    office.does(INSPECTOR, DecideForPolice(accept=True, reasons=REASONS), ref)
    office.does(PROBATION_LEAD, DecideForProbation(accept=True, reasons=REASONS.upper()), ref)
    office.completes(office.keeps(office.signs(ref)))
    [pack] = packs(office).values()
    page = str([one["reasons"] for one in known(pack)["decisions"]]).lower()
    assert [secret for secret in SECRETS if secret in page] == []
    assert known(pack)["decisions"][0]["reasons"].endswith("First offence, full admission.")
    assert [
        secret for secret in ("ashworth", "harbour", "farrow", "d-19", "ts24", "1994") if secret in str(pack).lower()
    ] == []


def test_every_opening_is_logged_and_only_a_drawn_case_can_be_opened(office: Office) -> None:
    refs = everyone(office)
    frame = frozen(office)
    drawn(office, frame.digest, {**one_of_each(frame), "refused": 0})
    with office.database.writing() as session:
        open_pack(session, frame.digest, "completed-1", MEMBER, MEETING)
        open_pack(session, frame.digest, "completed-1", COORDINATOR, MEETING)
        for guess in ("refused-1", "completed-2", refs["completed"], ""):
            with pytest.raises(NoSuchPack):
                open_pack(session, frame.digest, guess, MEMBER, MEETING)
        with pytest.raises(NoSuchFrame):
            open_packs(session, "0" * 64, MEMBER, MEETING)
    with office.database.reading() as session:
        logged = session.scalars(select(Access).where(Access.what == "pack").order_by(Access.id)).all()
        assert [(one.by, one.kind, one.case_ref, one.recipient) for one in logged] == [
            ("panel.member", "disclosure", refs["completed"], "Out of Court Disposal Scrutiny Panel"),
            ("panel.coordinator", "consultation", refs["completed"], None),
        ]
