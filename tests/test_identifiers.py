"""What is typed for a person or a case becomes one stored form, or a sentence that helps."""

import string
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from divert.people import identifiers as known
from divert.people.identifiers import asn, check_letter, cro, pnc_id

DIGITS_AND_LETTERS = string.digits + string.ascii_uppercase
TWO_DIGITS = st.integers(0, 99).map("{:02}".format)
TWO_CHARACTERS = st.text(DIGITS_AND_LETTERS, min_size=2, max_size=2)


def pnc_in_2019(text: str) -> str:
    return pnc_id(text, 2019)


@st.composite
def pnc_ids(draw: st.DrawFn) -> str:
    year, serial = draw(st.integers(1900, 2099)), draw(st.integers(0, 9_999_999))
    return f"{year}/{serial:07}{check_letter(year % 100 * 10**7 + serial)}"


@st.composite
def cro_numbers(draw: st.DrawFn) -> str:
    year, serial = draw(TWO_DIGITS), draw(st.integers(0, 999_999))
    if serial and draw(st.booleans()):
        return f"SF{year}/{serial}{check_letter(int(f'{year}{serial}'))}"
    return f"{serial:06}/{year}{check_letter(int(f'{year}{serial:06}'))}"


@st.composite
def asns(draw: st.DrawFn) -> str:
    year, force, unit, system = draw(TWO_DIGITS), draw(TWO_CHARACTERS), draw(TWO_CHARACTERS), draw(TWO_CHARACTERS)
    serial, top = draw(st.integers(0, 10**11 - 1)), draw(st.sampled_from(["", "B"]))
    counted = "".join(part for part in (force, system) if part.isdigit())
    return f"{year}{top}{force}{unit}{system}{serial:011}{check_letter(int(f'{counted}{year}{serial:011}'))}"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("1979/0163001B", "1979/0163001B"),
        ("79/163001B", "1979/0163001B"),
        (" 1979 / 163001 b ", "1979/0163001B"),
        ("02/73319z", "2002/0073319Z"),
    ],
)
def test_a_pnc_id_is_stored_with_its_full_year_and_seven_digits(typed: str, stored: str) -> None:
    assert pnc_in_2019(typed) == stored


@pytest.mark.parametrize(
    ("reference_year", "typed", "year"),
    [(2019, "19", "2019"), (2019, "20", "1920"), (2020, "20", "2020"), (1999, "99", "1999"), (2000, "99", "1999")],
)
def test_a_two_digit_year_is_never_after_the_referral(reference_year: int, typed: str, year: str) -> None:
    letter = check_letter(int(f"{typed}0000123"))
    assert pnc_id(f"{typed}/123{letter}", reference_year) == f"{year}/0000123{letter}"


def test_a_two_digit_year_is_refused_where_no_year_can_settle_it() -> None:
    with pytest.raises(ValueError, match="four digits"):
        pnc_id("79/163001B", None)
    assert pnc_id("1979/163001B", None) == "1979/0163001B"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("065656/91H", "065656/91H"), ("65656/91h", "065656/91H"), ("sf05/482703J", "SF05/482703J")],
)
def test_a_cro_number_is_padded_unless_it_is_of_a_file_only(typed: str, stored: str) -> None:
    assert cro(typed) == stored


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("1101ZD0100000448754K", "1101ZD0100000448754K"),
        ("11/01ZD/01/448754k", "1101ZD0100000448754K"),
        ("11 01ZD 01 00000448754 K", "1101ZD0100000448754K"),
        ("11B01ZD0100000448754K", "11B01ZD0100000448754K"),
        ("11/B01ZD/01/448754K", "11B01ZD0100000448754K"),
    ],
)
def test_an_asn_is_stored_in_its_long_form(typed: str, stored: str) -> None:
    assert asn(typed) == stored


@pytest.mark.parametrize(
    ("function", "typed", "complaint"),
    [
        (pnc_in_2019, "2023/0583843N", "check letter does not fit"),
        (pnc_in_2019, "2979/0163001B", "looks like"),
        (pnc_in_2019, "1979-0163001B", "stroke"),
        (pnc_in_2019, "1979/01630011B", "up to seven digits"),
        (pnc_in_2019, "1979/\u0660163001B", "up to seven digits"),
        (cro, "065656/91J", "check letter does not fit"),
        (cro, "SF05/0482703J", "looks like"),
        (asn, "1101ZD0100000448754L", "check letter does not fit"),
        (asn, "11/01ZD/448754K", "system"),
        (known.urn, "17Z0123419X", "looks like"),
        (known.urn, "17ZD12", "three to seven digits"),
        (known.ethnicity_code, "W4", "W1 White: British"),
        (known.sex_code, "X?", "M Male, F Female, X Other, U Not known"),
        (known.district_code, "E0600001", "E06000001 Hartlepool"),
        (known.force_code, "Durham", "17"),
        (known.phone, "07700 9001234", "07700 900123"),
        (known.phone, "+353 1", "one from abroad begins"),
        (known.postcode, "TS1 1OA", "TS1 1AA"),
        (known.email, "sam.reed.example.com", "one @"),
        (known.email, "sam@reed@example.com", "one @"),
        (known.email, "sam@localhost", "domain"),
    ],
)
def test_a_wrong_one_is_refused_with_a_sentence_that_does_not_repeat_it(
    function: Callable[[str], str], typed: str, complaint: str
) -> None:
    with pytest.raises(ValueError, match=r"looks like|Choose one of") as refused:
        function(typed)
    assert complaint in str(refused.value)
    assert typed not in str(refused.value)


@pytest.mark.parametrize(
    ("function", "typed", "stored"),
    [
        (known.urn, "01 zd 03039 08", "01ZD0303908"),
        (known.ethnicity_code, " w1 ", "W1"),
        (known.ethnicity_code, "O1", "O1"),
        (known.sex_code, "f", "F"),
        (known.district_code, "e06000002", "E06000002"),
        (known.district_code, "S12000033", "S12000033"),
        (known.force_code, " 17", "17"),
        (known.phone, "07700 900123", "07700900123"),
        (known.phone, "+44 (0)7700 900-123", "07700900123"),
        (known.phone, "0044 7700 900123", "07700900123"),
        (known.postcode, "ts11aa", "TS1 1AA"),
        (known.postcode, "EC1A 1BB", "EC1A 1BB"),
        (known.email, " Sam.Reed@Example.COM", "Sam.Reed@example.com"),
    ],
)
def test_spaces_and_lower_case_are_forgiven(function: Callable[[str], str], typed: str, stored: str) -> None:
    assert function(typed) == stored
    assert function(stored) == stored


# --- what the check letter notices -----------------------------------------------------------------------------------


@st.composite
def with_a_wrong_digit_or_letter(draw: st.DrawFn, right: st.SearchStrategy[str]) -> tuple[str, str]:
    """A right identifier, and the same with one digit changed for another, or its check letter for another letter."""
    good = draw(right)
    place = draw(st.sampled_from([i for i, c in enumerate(good) if c.isdigit() or i == len(good) - 1]))
    others = string.digits if good[place].isdigit() else string.ascii_uppercase
    other = draw(st.sampled_from(others.replace(good[place], "")))
    return good, good[:place] + other + good[place + 1 :]


@given(with_a_wrong_digit_or_letter(pnc_ids()))
def test_any_one_wrong_digit_or_letter_of_a_pnc_id_is_noticed(pair: tuple[str, str]) -> None:
    good, bad = pair
    assert pnc_id(good, None) == good
    with pytest.raises(ValueError, match="A PNC ID looks like"):
        pnc_id(bad, None)


@given(with_a_wrong_digit_or_letter(cro_numbers()))
def test_any_one_wrong_digit_or_letter_of_a_cro_number_is_noticed(pair: tuple[str, str]) -> None:
    good, bad = pair
    assert cro(good) == good
    with pytest.raises(ValueError, match="A CRO number looks like"):
        cro(bad)


def counted_places(number: str) -> list[int]:
    """Where an ASN's check letter and the digits that it counts stand: year, serial, force and system if digits."""
    start = len(number) - 18  # of the force: 2, or 3 behind a top-level letter
    places = [0, 1, *range(len(number) - 12, len(number))]
    for part in (start, start + 4):
        if number[part : part + 2].isdigit():
            places += [part, part + 1]
    return places


@given(st.data(), asns())
def test_any_one_wrong_digit_or_letter_of_an_asn_is_noticed_outside_its_unit_and_letters(
    data: st.DataObject, good: str
) -> None:
    place = data.draw(st.sampled_from(counted_places(good)))
    others = string.digits if good[place].isdigit() else string.ascii_uppercase
    other = data.draw(st.sampled_from(others.replace(good[place], "")))
    assert asn(good) == good
    with pytest.raises(ValueError, match="An ASN looks like"):
        asn(good[:place] + other + good[place + 1 :])


def test_a_wrong_unit_in_an_asn_is_not_noticed() -> None:
    assert asn("1101ZE0100000448754K") != asn("1101ZD0100000448754K")


@given(st.data(), asns())
def test_any_two_swapped_digits_of_an_asn_are_noticed_outside_its_unit_and_letters(
    data: st.DataObject, good: str
) -> None:
    digits = st.sampled_from(counted_places(good)[:-1])
    one, two = data.draw(digits), data.draw(digits)
    characters = list(good)
    characters[one], characters[two] = good[two], good[one]
    bad = "".join(characters)
    if bad != good:
        with pytest.raises(ValueError, match=r"check letter|serial number and letter"):
            asn(bad)


# --- what must hold of any text --------------------------------------------------------------------------------------

FUNCTIONS: list[Callable[[str], str]] = [
    pnc_in_2019,
    cro,
    asn,
    known.urn,
    known.ethnicity_code,
    known.sex_code,
    known.district_code,
    known.force_code,
    known.phone,
    known.postcode,
    known.email,
]
NEARLY_RIGHT = st.one_of(
    pnc_ids(),
    cro_numbers(),
    asns(),
    st.from_regex(r"[0-9]{2}/[0-9]{1,7}[A-Z]", fullmatch=True),
    st.from_regex(r"(\+44 ?|0044|0)\(?0?\)?7[0-9]{3} ?[0-9]{6}", fullmatch=True),
    st.from_regex(r"[a-z]{1,2}[0-9][a-z0-9]? ?[0-9][a-z]{2}", fullmatch=True),
    st.emails(),
    st.text(),
)


@pytest.mark.parametrize("function", FUNCTIONS)
@given(text=NEARLY_RIGHT)
@example(text="")
@example(text="9" * 10_000)
@example(text="\ud800/\x00")
def test_any_text_is_refused_or_becomes_a_form_that_stays_as_it_is(function: Callable[[str], str], text: str) -> None:
    try:
        stored = function(text)
    except ValueError:
        return
    assert function(stored) == stored
    assert function(f" {stored} ") == stored


# --- as fields of a model --------------------------------------------------------------------------------------------


class Referral(BaseModel):
    """The least model that shows how the types are used."""

    referred_on: date
    pnc_id: known.PncId | None = None
    sex: known.SexCode


class WithoutDate(BaseModel):
    """A model in which nothing settles a two-digit year."""

    pnc_id: known.PncId


def test_in_a_model_the_year_of_the_referral_settles_a_short_pnc_id() -> None:
    referral = Referral.model_validate({"referred_on": "2019-01-07", "pnc_id": "79/163001b", "sex": "f"})
    assert referral.pnc_id == "1979/0163001B"
    assert referral.sex == "F"


def test_in_a_model_without_that_date_four_digits_are_asked_for() -> None:
    assert WithoutDate(pnc_id="1979/163001B").pnc_id == "1979/0163001B"
    with pytest.raises(ValidationError, match="four digits"):
        WithoutDate(pnc_id="79/163001B")


@pytest.mark.parametrize(
    "field",
    [
        known.PncId,
        known.Cro,
        known.Asn,
        known.Urn,
        known.EthnicityCode,
        known.SexCode,
        known.DistrictCode,
        known.ForceCode,
        known.Phone,
        known.Postcode,
        known.Email,
    ],
)
def test_every_type_has_a_title_and_examples_that_are_taken(field: type[str]) -> None:
    schema = TypeAdapter(field).json_schema()
    assert schema["title"]
    for text in schema["examples"]:
        assert TypeAdapter(field).validate_python(text)
    for choice in schema.get("oneOf", []):
        assert TypeAdapter(field).validate_python(choice["const"]) == choice["const"]
        assert choice["title"]


def test_there_are_eighteen_ethnicities_one_not_stated_and_one_older_code() -> None:
    assert len(known.ETHNICITIES) == 18 + 1 + 1
