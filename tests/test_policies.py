"""The scheme's policy is changed in the open: proposed, rehearsed, signed by three posts, then in force."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from starlette.testclient import TestClient

from api.app import create_app
from divert.acts.act import perform, prepare
from divert.acts.refusals import NotAllowed, Refused, Unusable
from divert.casework.commands.decisions import CheckEligibility
from divert.casework.upkeep.check import check
from divert.eligibility.policies import released_policies
from divert.eligibility.policy import Verdict
from divert.eligibility.rehearsal import more_a_month
from divert.models import Check
from divert.people.staff import Actor
from divert.policies.adopted import Proposal, policies_of, proposals, verify
from divert.policies.commands import ProposePolicy, SignPolicy, WithdrawPolicy
from divert.records.seal import seal, verify_seal
from tests.browsing import Person
from tests.office import AUDITOR, BOARD, INSPECTOR, KEYWORKER, MANAGER, OFFICER, PROBATION_LEAD, Office
from tests.past import STRICTER
from tests.service import SETTINGS, Service, service, visiting

SIGNERS = (INSPECTOR, PROBATION_LEAD, MANAGER)
BECAUSE = "Gravity was looked at in every breach of the last quarter."


@pytest.fixture
def counter(desk: Office) -> Iterator[Service]:
    with service(desk) as opened:
        yield opened


def proposed(office: Office, words: str = STRICTER, by: Actor = MANAGER) -> str:
    with office.database.writing() as session:
        proposal: Proposal = perform(session, ProposePolicy(text=words), by, office.now)
        return proposal.policy.digest


def signs(office: Office, digest: str, by: Actor) -> None:
    with office.database.writing() as session:
        signing = SignPolicy(reasons=BECAUSE)
        perform(session, signing, by, office.now, digest, prepare(session, signing, by, office.now, digest))


def adopted(office: Office) -> str:
    digest = proposed(office)
    for one in SIGNERS:
        signs(office, digest, one)
    return digest


def titles(office: Office) -> list[str]:
    with office.database.reading() as session:
        return [policy.id for policy in policies_of(session)]


def test_a_policy_signed_by_three_posts_decides_referrals_from_its_first_day(office: Office) -> None:
    early = office.on("2019-06-20").refers(agreement_signed_on="2019-06-20", gravity=3, gravity_matrix="NPCC 2019")
    digest = adopted(office)
    assert titles(office)[-1] == "2019-07-01-stricter"
    office.does(INSPECTOR, CheckEligibility(), early)
    late = office.on("2019-07-02").refers(
        crime_ref="CVP-19-2", surname="Marr", referred_on="2019-07-02", offence_on="2019-06-28",
        agreement_signed_on="2019-07-02", gravity=3, gravity_matrix="NPCC 2019",
    )  # fmt: skip
    office.does(INSPECTOR, CheckEligibility(), late)
    with office.database.reading() as session:
        first, second = session.query(Check).order_by(Check.case_id)
        assert (first.pack_id, first.verdict) == ("2019-04-01-full", Verdict.eligible.value)
        assert (second.pack_id, second.verdict, second.because) == ("2019-07-01-stricter", "review", "gravity_max")
        assert second.pack_digest == digest
        assert list(check(session)) == []


def test_two_signatures_are_not_enough_and_nobody_signs_twice(office: Office) -> None:
    digest = proposed(office)
    signs(office, digest, INSPECTOR)
    signs(office, digest, PROBATION_LEAD)
    assert "2019-07-01-stricter" not in titles(office)
    with pytest.raises(Refused, match="has signed it already"):
        signs(office, digest, INSPECTOR)
    for stranger in (KEYWORKER, BOARD, AUDITOR, OFFICER):
        with pytest.raises(NotAllowed):
            signs(office, digest, stranger)


def test_what_the_rehearsal_came_to_stands_with_the_signature(office: Office) -> None:
    office.refers(agreement_signed_on="2019-05-06")
    digest = proposed(office)
    signs(office, digest, INSPECTOR)
    with office.database.reading() as session:
        body = proposals(session)[digest].signed[INSPECTOR.role].body
    assert '"rehearsed":{"cases":1,"flips":1,"rules":{"gravity_max":1}}' in body


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("id = ", "is not TOML"),
        (STRICTER.replace("cites = ", "# "), "rule gravity_max, cites: is missing"),
        (STRICTER.replace('verdict = "review"', 'verdict = "eligible"'), "example grave: should come to eligible"),
        (STRICTER.replace("[[example]]", "[[sample]]"), "sample"),
        (STRICTER.replace('fact = "gravity"', 'fact = "height"'), "'height' is not a fact"),
        (STRICTER.replace("max_months = 3", 'max_months = 3\nmandatory = ["BE_GOOD"]'), "no condition 'BE_GOOD'"),
        (STRICTER.replace('extends = "2019-04-01-full"', 'extends = "2018"'), "no earlier policy called '2018'"),
    ],
)  # fmt: skip
def test_a_policy_that_may_not_be_used_is_refused_where_it_is_wrong(office: Office, words: str, why: str) -> None:
    with pytest.raises(Unusable, match=why):
        proposed(office, words)
    with office.database.reading() as session:
        assert not proposals(session)


def test_nobody_is_judged_by_a_policy_signed_after_the_day(office: Office) -> None:
    office.on("2019-07-01")
    with pytest.raises(Refused, match="can start after today"):
        proposed(office)
    digest = proposed(office.on("2019-06-30"))
    with pytest.raises(Refused, match="can start after today"):
        signs(office.on("2019-07-01"), digest, MANAGER)


def test_a_second_policy_for_the_same_days_cannot_be_adopted(office: Office) -> None:
    other = proposed(office, STRICTER.replace("-stricter", "-other").replace("Gravity counts", "Gravity matters"))
    adopted(office)
    with pytest.raises(Refused, match="or later is there"):
        signs(office, other, MANAGER)


def test_a_policy_is_withdrawn_before_its_first_day_and_never_after(office: Office) -> None:
    digest = adopted(office)
    with office.on("2019-07-01").database.writing() as session, pytest.raises(Refused, match="has been in force"):
        perform(session, WithdrawPolicy(reasons=BECAUSE), MANAGER, office.now, digest)
    with office.on("2019-06-30").database.writing() as session:
        perform(session, WithdrawPolicy(reasons=BECAUSE), MANAGER, office.now, digest)
    assert titles(office) == [policy.id for policy in released_policies()]
    with pytest.raises(Refused, match="withdrawn"):
        signs(office, digest, MANAGER)


def test_the_chain_of_policy_cannot_be_changed_and_shows_it_where_it_was(office: Office) -> None:
    adopted(office)
    with office.database.writing() as session:
        sealed = seal(session, office.now).digest
        session.flush()
        assert [*verify(session), *verify_seal(session, sealed)] == []
    for change in ("UPDATE policy_entries SET body = '{}'", "DELETE FROM policy_entries WHERE seq = 4"):
        with pytest.raises(DBAPIError, match="append-only"), office.database.writing() as session:
            session.execute(text(change))
    with office.database.writing() as session:
        if office.database.is_sqlite:
            session.execute(text("DROP TRIGGER policy_entries_no_delete"))
            session.execute(text("DROP TRIGGER policy_entries_no_update"))
        else:
            session.execute(text("ALTER TABLE policy_entries DISABLE TRIGGER USER"))
        session.execute(text("DELETE FROM policy_entries WHERE seq = 4"))
        (fault,) = verify_seal(session, sealed)
        assert str(fault) == "policies entry 4: the chain was cut since the seal"
        session.execute(text("UPDATE policy_entries SET role = 'board_member' WHERE seq = 3"))
        assert [fault.seq for fault in verify(session)] == [3]
        session.rollback()


# By JSON and by page


def test_a_program_proposes_rehearses_and_signs(counter: Service) -> None:
    counter.office.refers(agreement_signed_on="2019-05-06")
    made = counter.ask(MANAGER, "POST", "/api/policies/proposed", {"text": STRICTER})
    assert made.status_code == 201
    digest = made.json()["policy"]["digest"]
    where = f"/api/policies/proposed/{digest}"
    found = counter.ask(INSPECTOR, "GET", f"{where}/rehearsal?against=2019-04-01-full").json()
    assert (found["cases"], found["flips"], found["not_yet_known"]) == (1, 1, 1)
    assert [one["rules"] for one in found["each"]] == [["gravity_max"]]
    signed = [counter.ask(one, "POST", f"{where}/sign", {"reasons": BECAUSE}).json() for one in SIGNERS]
    assert [one["adopted"] for one in signed] == [False, False, True]
    assert counter.ask(None, "GET", "/api/policies/2019-07-01-stricter").json()["digest"] == digest
    assert counter.ask(MANAGER, "POST", f"{where}/sign", {"reasons": BECAUSE}).status_code == 409
    assert counter.ask(MANAGER, "POST", "/api/policies/proposed", {"text": "id ="}).status_code == 422
    assert counter.ask(KEYWORKER, "GET", "/api/policies/proposed").status_code == 403
    assert counter.ask(INSPECTOR, "GET", f"{where}/rehearsal?against=nothing").status_code == 422


def test_the_board_sees_what_a_policy_would_do_and_never_a_case(counter: Service) -> None:
    for number in range(12):
        counter.office.refers(agreement_signed_on="2019-05-06", crime_ref=f"CVP-19-{number}", surname=f"Marr {number}")
    counter.office.refers(crime_ref="CVP-19-f", sex="F", ethnicity="B1", agreement_signed_on="2019-05-06")
    digest = proposed(counter.office)
    found = counter.ask(BOARD, "GET", f"/api/policies/proposed/{digest}/rehearsal").json()
    counts = [found[name] for name in ("cases", "flips", "left_open", "not_yet_known")]
    tables = [*found["by_group"].values(), found["by_month"]]
    counts += [n for table in tables for row in table for n in row.values() if isinstance(n, int)]
    assert (found["rounded_to"], found["each"]) == (5, [])
    assert {n % 5 for n in counts if n is not None} == {0}
    assert set(counts[:4]) <= {10, 15}, "of the whole, nothing is withheld"
    assert list(found["by_rule"]) == ["gravity_max"]
    page = Person(visiting(counter.client, BOARD)).reads(f"/policies/proposed/{digest}")
    assert "multiples of 5" in page.text
    assert "D-19-" not in page.text
    assert "Sign the policy" not in page.text


def test_a_rehearsal_tells_the_board_no_more_of_anybody_than_its_figures_do(counter: Service) -> None:
    """Women are few: as one after another is referred, what is shown steps where the figures do, and not at a half."""
    shown: list[tuple[int | None, int | None]] = []
    for number in range(9):
        counter.office.on(counter.office.today + timedelta(days=1))
        counter.office.refers(crime_ref=f"CVP-19-{number}", sex="F", agreement_signed_on="2019-05-06")
        digest = proposed(counter.office, STRICTER.replace("counts", f"counts {number}"))
        found = counter.ask(BOARD, "GET", f"/api/policies/proposed/{digest}/rehearsal").json()
        (women,) = [row for row in found["by_group"]["sex"] if row["sex"] == "F"]
        fairness = {one["id"]: one for one in counter.ask(BOARD, "GET", "/api/board/fairness").json()}["sex-judged"]
        told = {row["group"]: row["of"] for row in fairness["rows"]}
        assert women["cases"] == told.get("Women", 0)
        shown.append((women["cases"], women["flips"]))
    both = [(cases, flips) for cases, flips in shown if None not in (cases, flips)]  # a cut can be withheld for a day
    assert all(cases == flips for cases, flips in both), "each of them is judged otherwise, and is rounded alike"
    assert {n for one in shown for n in one} <= {None, 0, 5, 10}


def test_how_many_more_could_enter_each_month_is_told_in_words() -> None:
    assert more_a_month(13, 3, 0, 5) == "on average 2.0 more a month, over 5 months"
    assert more_a_month(0, 1, 0, 1) == "on average 1.0 fewer a month, over 1 month"
    assert more_a_month(2, 2, 0, 4) == "as many a month as before, over 4 months"
    assert more_a_month(0, 0, 0, 0) == "no past month to tell by"


def test_what_was_never_asked_could_move_how_many_and_that_is_told() -> None:
    said = more_a_month(0, 0, 80, 4)
    assert said.startswith("as many a month as before, over 4 months, as far as is known")
    assert said.endswith("could make it up to 20.0 a month more or fewer")


def test_a_policy_is_written_checked_proposed_and_signed_by_what_the_pages_offer(desk: Office) -> None:
    desk.refers(agreement_signed_on="2019-05-06")
    with TestClient(create_app(desk.database, lambda: desk.now, SETTINGS)) as client:
        manager = Person(visiting(client, MANAGER))
        page = manager.reads("/policies/proposed?policy=2019-04-01-full&rule=first_time")
        assert 'id = "first_time"' in page.text
        assert 'extends = "2019-04-01-full"' in page.text
        (form,) = [one for one in page.sheets if one.action == "/policies/proposed"]

        def send(**more: str) -> str:
            values = {**form.values, "text": [more.pop("text")], **{name: [said] for name, said in more.items()}}
            return manager.sends(form, values, "http://testserver/").text

        assert "is not TOML" in send(text="id = ", check="yes")
        assert "It holds: 22 rules" in send(text=STRICTER, check="yes")
        with desk.database.reading() as session:
            assert not proposals(session)
        shown = send(text=STRICTER)
        assert "Of 1 past cases 1 would be judged otherwise: 0 let in, 0 kept out, 1 left open" in shown
        assert "Rules that are new" in shown
        with desk.database.reading() as session:
            (digest,) = proposals(session)
        for one in SIGNERS:
            person = Person(visiting(client, one))
            where = f"http://testserver/policies/proposed/{digest}/sign"
            sheet = person.reads(where).form
            assert person.sends(sheet, sheet.values, where).status == 422
            after = person.sends(sheet, {**sheet.values, "reasons": [BECAUSE]}, where)
            assert f"signed by {one.username}" in after.text
        assert "to come" in manager.reads("/policies").text


def test_a_rehearsal_of_many_cases_says_how_far_it_has_come(desk: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("divert.policies.rehearsals.AT_ONCE", 0)
    desk.refers()
    digest = proposed(desk)
    with TestClient(create_app(desk.database, lambda: desk.now, SETTINGS)) as client:
        waiting: list[object] = []
        app_state = client.app.state.divert  # type: ignore[attr-defined]  # it is the FastAPI that it was given
        run = app_state.rehearsals.run(desk.database, waiting.append, desk.now, digest, None)
        page = Person(visiting(client, MANAGER)).reads(f"/policies/proposed/{digest}")
        assert "Reading the cases: 0 of 1" in page.text
        assert page.response.headers["Refresh"]
        (begin,) = waiting
        begin()  # type: ignore[operator]  # as the background does
        assert run.rehearsal is not None
        assert "Of 1 past cases" in Person(visiting(client, MANAGER)).reads(f"/policies/proposed/{digest}").text
