import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError

from divert.acts.answers import IsoDate, OffenceCode
from divert.eligibility.derivation import derive
from divert.eligibility.facts import Facts, FurtherOffence, ReferralFacts
from divert.eligibility.policies import released_policies
from divert.law.offences import UnknownOffence, known_offences
from divert.law.time_limits import add_months

ORDINARY: dict[str, Any] = {
    "referred_on": "2019-04-20",
    "date_of_birth": "1994-07-08",
    "district": "E06000001",
    "offence_code": "TH68010",
    "offence_on": "2019-04-12",
    "offence_force": "17",
    "value_gbp": "44.14",
    "admission": "yes",
    "remorse": "yes",
    "sufficient_evidence": "yes",
    "agreement_signed_on": "2019-04-20",
    "previous_convictions": "0",
    "previous_divert": "no",
    "current_order": "none",
    "on_bail": "no",
    "detained": "none",
    "co_accused": "no",
    "hate_crime": "no",
    "domestic_abuse": "no",
    "custody_likely": "no",
}


def facts_of(**changed: Any) -> Facts:
    referral = ReferralFacts.model_validate(ORDINARY | changed)
    return derive(referral, released_policies().in_force(referral.referred_on), known_offences())


def refusals(model: type[ReferralFacts] = ReferralFacts, **changed: Any) -> dict[tuple[int | str, ...], str]:
    with pytest.raises(ValidationError) as refused:
        model.model_validate(ORDINARY | changed)
    return {fault["loc"]: fault["msg"] for fault in refused.value.errors()}


@pytest.mark.parametrize(
    ("field", "typed", "says"),
    [
        ("referred_on", "20/04/2019", "Write year-month-day, like 2019-04-30"),
        ("referred_on", "2019-02-29", "not a date that exists"),
        ("referred_on", "2018-12-31", "before the scheme started. Write a day from 2019-01-01 on."),
        ("referred_on", 1555718400, "not written as a date"),
        ("referred_on", "9999-12-31", "outside 1880 to 2100"),
        ("date_of_birth", "2031-02-03", "120 years before the referral"),
        ("date_of_birth", "1899-04-19", "120 years before the referral"),
        ("date_of_birth", "8 July 1994", "not written as a date"),
        ("district", "Hartlepool", "E06000001 Hartlepool"),
        ("offence_code", "THEFT", "two letters and five digits, like TH68010"),
        ("offence_code", "TH99999", "No offence this scheme knows has the code 'TH99999'"),
        ("offence_on", "2019-04-21", "after the referral. Write a day up to 2019-04-20"),
        ("offence_on", "2019-04-31", "not a date that exists"),
        ("offence_on", "1994-07-07", "before the date of birth"),
        ("offence_force", "Cleveland", "17"),
        ("value_gbp", "-12.50", "below zero"),
        ("value_gbp", "12,50", "pounds and pence in figures"),
        ("value_gbp", "12.505", "pounds and pence in figures"),
        ("value_gbp", "NaN", "pounds and pence in figures"),
        ("value_gbp", "99999999", "up to 9999999.99"),
        ("value_gbp", True, "not an amount"),
        ("admission", "maybe", "'yes', 'no' or 'no reply'"),
        ("remorse", "perhaps", "Write yes or no"),
        ("remorse", 1, "Write yes or no"),
        ("previous_convictions", "-1", "whole number from 0 to 999"),
        ("previous_convictions", "two", "whole number from 0 to 999"),
        ("previous_convictions", 1.5, "whole number from 0 to 999"),
        ("previous_convictions", True, "whole number from 0 to 999"),
        ("current_order", "asbo", "'community order'"),
        ("detained", "yes", "'mental health'"),
        ("agreement_signed_on", "yesterday", "not written as a date"),
        ("further_offences", "TH68010", "valid list"),
        ("shoe_size", "9", "Extra inputs are not permitted"),
    ],
)
def test_a_wrong_answer_names_its_field_and_shows_a_right_one(field: str, typed: Any, says: str) -> None:
    found = refusals(**{field: typed})
    assert list(found) == [(field,)]
    assert says in found[(field,)]


def test_a_refusal_never_repeats_a_birthday() -> None:
    assert "2031" not in refusals(date_of_birth="2031-02-03")[("date_of_birth",)]


def test_a_gravity_score_needs_the_matrix_it_came_from() -> None:
    assert "NPCC adult 2019" in refusals(gravity="2")[("gravity_matrix",)]
    assert facts_of(gravity="2", gravity_matrix="NPCC adult 2019").gravity == 2


@pytest.mark.parametrize("field", sorted(set(ORDINARY) - {"referred_on"}))
@pytest.mark.parametrize("blank", ["", "  \t", None])
def test_a_blank_is_unknown(field: str, blank: str | None) -> None:
    assert getattr(ReferralFacts.model_validate(ORDINARY | {field: blank}), field) is None


def test_a_blank_day_of_referral_is_missing() -> None:
    assert refusals(referred_on=" ") == {("referred_on",): "Field required"}


@pytest.mark.parametrize(("typed", "meant"), [("yes", True), (" NO ", False), ("True", True), (False, False)])
def test_yes_and_no_are_read_however_they_are_typed(typed: Any, meant: bool) -> None:
    assert ReferralFacts.model_validate(ORDINARY | {"remorse": typed}).remorse is meant


def test_choices_and_codes_are_read_in_any_case() -> None:
    read = ReferralFacts.model_validate(
        ORDINARY | {"admission": "No  Reply", "offence_code": " th68010a ", "value_gbp": 7}
    )
    assert (read.admission, read.offence_code, read.value_gbp) == ("no reply", "TH68010A", Decimal(7))


class Fuller(ReferralFacts):
    crime_ref: str
    offence_code: OffenceCode = Field(title="Offence")
    offence_on: IsoDate = Field(title="Date")


def test_a_fuller_form_built_on_this_one_checks_as_it_does_and_may_require_more() -> None:
    assert refusals(Fuller, crime_ref=" ", offence_code="") == {
        ("crime_ref",): "Field required",
        ("offence_code",): "Field required",
    }
    assert "after the referral" in refusals(Fuller, crime_ref="A1", offence_on="2019-05-01")[("offence_on",)]
    assert "TH99999" in refusals(Fuller, crime_ref="A1", offence_code="TH99999")[("offence_code",)]
    fuller = Fuller.model_validate(ORDINARY | {"crime_ref": "A1"})
    assert derive(fuller, released_policies().get("2019-04-01-full"), known_offences()) == facts_of()


def test_every_field_has_a_title_a_hint_and_an_example_that_is_accepted() -> None:
    for model in (ReferralFacts, FurtherOffence):
        for name, field in model.model_fields.items():
            assert field.title, name
            assert field.description, name
            assert field.examples, name
            model.model_validate(
                (ORDINARY if model is ReferralFacts else {"offence_code": "TH68010"})
                | ({"gravity_matrix": "NPCC adult 2019"} if name == "gravity" else {})
                | {name: field.examples[0]}
            )


def test_the_fields_are_columns_of_the_referral_file_in_its_order() -> None:
    header = (Path(__file__).parent / "data" / "referrals-2019.csv").read_text("utf-8-sig").splitlines()[0].split(",")
    fields = [name for name in ReferralFacts.model_fields if name != "further_offences"]
    assert [name for name in header if name in fields] == fields


@pytest.mark.parametrize(
    ("born", "referred", "age"),
    [
        ("2001-04-20", "2019-04-20", 18),
        ("2001-04-21", "2019-04-20", 17),
        ("2004-02-29", "2022-02-28", 17),
        ("2004-02-29", "2022-03-01", 18),
        ("2019-04-20", "2019-04-20", 0),
    ],
)
def test_age_is_in_whole_years_on_the_day_of_referral(born: str, referred: str, age: int) -> None:
    assert facts_of(date_of_birth=born, referred_on=referred, offence_on=referred).age == age


@pytest.mark.parametrize(
    ("offence_on", "months"),
    [("2019-04-20", 0), ("2019-03-21", 0), ("2019-03-20", 1), ("2019-01-21", 2), ("2019-01-20", 3)],
)
def test_an_offences_age_is_in_whole_months(offence_on: str, months: int) -> None:
    assert facts_of(offence_on=offence_on).offence_age_months == months


@given(st.dates(date(2010, 1, 1), date(2019, 4, 20)))
def test_an_offence_is_so_many_months_old_when_that_many_have_passed_and_no_more(offence_on: date) -> None:
    months = facts_of(offence_on=offence_on.isoformat()).offence_age_months
    assert months is not None
    assert add_months(offence_on, months) <= date(2019, 4, 20) < add_months(offence_on, months + 1)


def test_a_summary_offence_fits_up_to_the_latest_start_and_not_a_day_longer() -> None:
    drunk = {"offence_code": "CJ67002", "offence_on": "2019-04-01", "agreement_signed_on": ""}
    in_time = facts_of(**drunk, referred_on="2019-05-17")
    too_late = facts_of(**drunk, referred_on="2019-05-18")
    assert (in_time.fits_time_limit, too_late.fits_time_limit) == (True, False)
    assert (in_time.time_limit_on, in_time.latest_start) == (date(2019, 10, 1), date(2019, 5, 17))


def test_a_precautionary_limit_is_kept_apart_from_the_statutory_one() -> None:
    old_theft = facts_of(offence_on="2018-09-01")
    assert (old_theft.fits_time_limit, old_theft.fits_precautionary_limit) == (True, False)
    assert (old_theft.time_limit_on, old_theft.precautionary_limit_on) == (None, date(2019, 3, 1))
    assert facts_of(offence_on="2018-09-01", value_gbp="200.01").fits_precautionary_limit is True


def test_without_its_date_only_an_offence_that_has_no_limit_is_known_to_fit() -> None:
    assert facts_of(offence_code="CJ67002", offence_on="").fits_time_limit is None
    assert facts_of(offence_code="MD71530", offence_on="").fits_time_limit is True
    assert facts_of(offence_code="").fits_time_limit is None
    assert facts_of(offence_code="TH68010", offence_on="").fits_precautionary_limit is None


def test_every_offence_counts() -> None:
    facts = facts_of(further_offences=[{"offence_code": "CJ67002", "offence_on": "2018-11-02", "offence_force": "17"}])
    assert facts.offence_codes == ("TH68010", "CJ67002")
    assert facts.offence_modes == ("either_way", "summary")
    assert facts.offence_forces == ("17", "17")
    assert (facts.offence_age_months, facts.fits_time_limit, facts.time_limit_on) == (5, False, date(2019, 5, 2))


def test_a_further_offence_half_known_leaves_unknown_only_what_hangs_on_it() -> None:
    facts = facts_of(further_offences=[{"offence_code": "CJ67002"}])
    assert facts.offence_codes == ("TH68010", "CJ67002")
    assert (facts.offence_forces, facts.offence_age_months, facts.fits_time_limit) == (None, None, None)


def test_one_offence_out_of_time_settles_it_though_another_is_undated() -> None:
    further = [{"offence_code": "CJ67002"}, {"offence_code": "CJ67002", "offence_on": "2018-11-02"}]
    assert facts_of(further_offences=further).fits_time_limit is False


def test_a_wrong_further_offence_is_named() -> None:
    unknown = refusals(further_offences=[{"offence_code": "CJ67002"}, {"offence_code": "ZZ00000"}])
    assert unknown[("further_offences",)].startswith("Further offence 2: No offence")
    late = refusals(further_offences=[{"offence_code": "CJ67002", "offence_on": "2019-06-01"}])
    assert late[("further_offences",)].startswith("Further offence 1: The offence is after the referral")
    assert ("further_offences", 0, "offence_code") in refusals(further_offences=[{"offence_code": ""}])


def test_facts_hold_neither_name_nor_birthday() -> None:
    text = facts_of().as_json()
    assert "1994" not in text
    assert {"surname", "forenames", "date_of_birth"}.isdisjoint(json.loads(text))


def test_the_text_of_facts_is_canonical() -> None:
    assert Facts(remorse=True, age=27, offence_codes=("TH68010",), latest_start=date(2019, 5, 17)).as_json() == (
        '{"age":27,"latest_start":"2019-05-17","offence_codes":["TH68010"],"remorse":true}'
    )
    assert Facts().as_json() == "{}"


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"offence_code": "CJ67002"},
        dict.fromkeys(set(ORDINARY) - {"referred_on"}, ""),
        {"further_offences": [{"offence_code": "PU86149", "offence_on": "2019-04-11"}]},
    ],
)
def test_facts_come_back_from_their_text_as_they_were(changed: dict[str, Any]) -> None:
    facts = facts_of(**changed)
    assert Facts.from_json(facts.as_json()) == facts
    assert Facts.from_json(facts.as_json()).as_json() == facts.as_json()


def test_a_text_with_something_that_is_no_fact_is_refused() -> None:
    with pytest.raises(ValueError, match="shoe_size is not a fact; the facts are age, district"):
        Facts.from_json('{"shoe_size":9}')


def test_an_offence_is_looked_up_in_the_list_of_its_day() -> None:
    with pytest.raises(UnknownOffence, match="starts on 2019-01-01; 2018-12-31 is before it"):
        known_offences().find("TH68010", date(2018, 12, 31))


def test_the_schema_says_what_is_taken() -> None:
    taken = ReferralFacts.model_json_schema()["properties"]
    assert {"type": "string", "enum": ["yes", "no"]} in taken["remorse"]["anyOf"]
    assert {"type": "integer", "minimum": 0, "maximum": 999} in taken["previous_convictions"]["anyOf"]
    for name in set(ORDINARY) - {"referred_on"}:
        assert any(way.get("pattern") == r"^\s*$" for way in taken[name]["anyOf"]), name
    assert "anyOf" not in taken["referred_on"]
