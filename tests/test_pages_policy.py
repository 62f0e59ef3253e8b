"""Would Divert take this, why, and by which rules: the pre-check, a case's eligibility, the policies."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, select

from api.desk.pre_check import PreCheck, advice, open_questions
from divert.casework.commands.referral import CorrectFacts
from divert.eligibility.changes import changes
from divert.eligibility.policies import released_policies
from divert.eligibility.policy import Verdict
from divert.law.rulebook import rulebook
from divert.models import Access, Case
from tests.browsing import Page, Person, Visit, refers, visits
from tests.office import DALE, INSPECTOR, Office

KNOWN: dict[str, Any] = {
    name: value for name, value in DALE.items() if name in PreCheck.model_fields and name != "referred_on"
} | {"agrees": "yes"}


@pytest.fixture
def visit(desk: Office) -> Iterator[Visit]:
    with visits(desk) as opened:
        yield opened


def questions_so_far(page: Page) -> int:
    """How many the pre-check has asked."""
    return len(page.form.values["asked"][0].split())


def says(officer: Person, page: Page, **known: Any) -> Page:
    """Answer whatever is asked now, as far as it is known."""
    names = {name.removesuffix("-day") for name in (*page.form.values, *page.form.offers)}
    return officer.fills(page, **{name: value for name, value in known.items() if name in names})


# The pre-check


def test_dale_s_pre_check_is_three_short_pages_and_stores_nothing(visit: Visit, desk: Office) -> None:
    officer = visit("pc.moss")
    page, pages = officer.reads("/pre-check"), 0
    assert "surname" not in page.form.values
    while page.form.buttons.count("Go on") == 2 and pages < 9:
        assert questions_so_far(page) <= 6 * (pages + 1)
        page, pages = says(officer, page, **KNOWN), pages + 1
        assert page.status == 200
    assert pages == 3
    assert "Eligible by the policy" in page.text
    with desk.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Case)) == 0
        assert session.scalars(select(Access.what)).all() == ["worklist"]  # where signing in led


def test_the_first_bar_ends_the_questions_and_says_what_would_change_it(visit: Visit) -> None:
    officer = visit("pc.moss")
    page = says(officer, officer.reads("/pre-check"), **{**KNOWN, "admission": "no reply"})
    assert page.form.buttons.count("Go on") == 1
    assert "Ineligible by the policy" in page.text
    assert "It would no longer be ruled out, with questions left to answer, if this were so:" in page.text
    assert "The person admits the offence; no reply is not an admission." in page.text
    assert officer.fills(page, admission="yes").form.buttons.count("Go on") == 2


def test_an_order_that_had_ended_would_make_it_eligible(visit: Visit) -> None:
    officer = visit("pc.moss")
    known = {**KNOWN, "current_order": "conditional discharge"}
    page = says(officer, says(officer, officer.reads("/pre-check"), **known), **known)
    assert "Ineligible" in page.text
    everything = page.form.values | {"every": ["yes"]}
    page = officer.sends(page.form, everything, str(page.response.url))
    page = says(officer, page, **known)
    assert "It would be eligible if this were so: The person is not subject to a community order" in page.text


def test_what_stays_blank_is_asked_once_and_told_at_the_end(visit: Visit) -> None:
    officer = visit("pc.moss")
    page = officer.reads("/pre-check")
    known = {name: value for name, value in KNOWN.items() if name != "remorse"}
    for _ in range(3):
        page = says(officer, page, **known)
    assert "Not yet known by the policy" in page.text
    assert "Does the person show remorse?" in page.text
    assert "Eligible by the policy" in officer.fills(page, remorse="yes").text


def test_a_wrong_answer_is_pointed_at_and_asked_again(visit: Visit) -> None:
    officer = visit("pc.moss")
    page = says(officer, officer.reads("/pre-check"), **{**KNOWN, "date_of_birth": "31 June 1994"})
    assert page.status == 422
    assert "Date of birth: This is not" in page.text
    assert page.form.values["admission"] == ["yes"]
    assert "Nothing rules it out yet" in officer.fills(page, date_of_birth="1994-06-30").text


def test_only_questions_that_could_change_the_verdict_are_asked() -> None:
    nothing = advice(PreCheck.model_validate({"referred_on": "2019-05-06", "agrees": None}), released_policies())
    questions = open_questions(nothing)
    assert nothing.verdict is Verdict.not_yet_known
    assert "agrees" in questions
    assert not {"gravity", "value_gbp", "agreement_signed_on"} & set(questions)
    barred = advice(
        PreCheck.model_validate({"referred_on": "2019-05-06", "remorse": "no", "agrees": None}), released_policies()
    )
    assert open_questions(barred) == []
    assert open_questions(barred, every=True) == [name for name in questions if name != "remorse"]


# A case


def test_eligibility_tells_every_rule_the_policy_and_its_digest(visit: Visit, desk: Office) -> None:
    ref = desk.checks(desk.refers())
    page = visit("insp.reed").reads(f"/cases/{ref}/eligibility")
    policy = released_policies().get("2019-04-01-full")
    assert policy.digest in page.text
    for rule in policy.rules:
        assert rule.says in page.text, rule.id
        assert " ".join(rule.cites.split()) in page.text, rule.id
    assert "Nothing that a rule turns on has changed since" in page.text
    with desk.database.reading() as session:
        what = session.scalars(select(Access.what).where(Access.by == "insp.reed", Access.case_ref == ref)).all()
    assert what == ["eligibility"]


def test_facts_that_changed_since_the_check_stand_beside_it(visit: Visit, desk: Office) -> None:
    ref = desk.checks(desk.refers())
    desk.does(INSPECTOR, CorrectFacts.model_validate({"reason": "Custody record.", "on_bail": "yes"}), ref)
    page = visit("insp.reed").reads(f"/cases/{ref}/eligibility")
    assert "Eligible by the policy" in page.text
    assert "Ineligible by the policy" in page.text
    assert "The person is not on bail for another matter. yes no on bail: yes" in page.text


def test_before_the_check_it_says_what_is_to_be_asked(visit: Visit, desk: Office) -> None:
    ref = desk.refers(remorse="")
    page = visit("insp.reed").reads(f"/cases/{ref}/eligibility")
    assert "Not checked yet: by what is known now" in page.text
    assert "Does the person show remorse?" in page.text


def test_another_officer_does_not_learn_of_it(visit: Visit) -> None:
    case = refers(visit)
    assert visit("pc.hale").reads(f"{case}/eligibility").status == 404


# The policies


def test_the_full_scheme_s_page_says_what_it_changed_of_the_pilot(visit: Visit) -> None:
    reader = visit("b.field")
    page = reader.reads(reader.reads("/policies").links["Full scheme"])
    assert "What changed from “Shop theft pilot”" in page.text
    assert "Every offence is theft from a shop, or an attempt at it. Every offence is on the list" in page.text
    assert "Outcome 22 may be recorded no yes" in page.text
    assert "What changed" not in reader.reads("/policies/2019-01-01-pilot").text
    assert reader.reads("/policies/nothing").status == 404


def test_changes_find_what_was_added_taken_out_changed_and_nothing_else() -> None:
    policy = released_policies().get("2019-04-01-full")
    first, *rest = policy.rules
    other = policy.model_copy(update={"rules": (*rest[:-1], rest[-1].model_copy(update={"ask": "Well?"}))})
    assert not changes(policy, policy)
    found = changes(policy, other)
    assert [rule.id for rule in found.removed] == [first.id]
    assert [(was.id, now.ask) for was, now in found.changed] == [(rest[-1].id, "Well?")]
    assert changes(other, policy).added == (first,)
    assert found.terms == ()


def test_offences_conditions_and_periods_are_listed_whole(visit: Visit) -> None:
    officer, book = visit("pc.moss"), rulebook()
    offences = officer.reads("/policies/offences").text
    assert all(one.code in offences for one in book.offences.all)
    assert "Robbery TH68023 no indictable" in offences
    conditions = officer.reads("/policies/conditions").text
    assert all(one.text in conditions for one in book.conditions.values())
    periods = officer.reads("/policies/deadlines").text
    assert all(one.title in periods for one in book.deadlines.values())
    assert "Have the referral agreement signed 2 working days" in periods
