"""Identifiers and codes as they are typed, turned into the one form that is stored.

Each function takes text and returns the stored form, or raises ValueError with a sentence that says what is wrong and
what a right one looks like. The sentence never repeats what was typed, so it may stand in a report or a log. Spaces and
lower case are forgiven. The types at the end are the same functions as fields of a Pydantic model.

PNC, CRO and ASN end in a check letter, chosen by a number modulo 23: a prime that divides neither a power of 10, nor
the difference of two digits, nor 10^k - 1 below k = 22. So one wrong digit among those counted, or any two swapped,
always shows. Not counted are the century of a PNC ID (only 19 and 20 are taken, so one wrong digit shows there too) and
the unit and the letters of an ASN. Sources: Ministry of Justice, hmpps-person-record (PNC, CRO, ethnicity) and
bichard7-next-core (ASN, URN).
"""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, JsonValue, ValidationInfo

from divert.people.text import clean

CHECK_LETTERS = "ZABCDEFGHJKLMNPQRTUVWXY"  # no I, O or S: they look like digits

ETHNICITIES = {  # self-defined, 18+1
    "W1": "White: British",
    "W2": "White: Irish",
    "W3": "White: Gypsy or Irish Traveller",
    "W9": "White: any other background",
    "M1": "Mixed: White and Black Caribbean",
    "M2": "Mixed: White and Black African",
    "M3": "Mixed: White and Asian",
    "M9": "Mixed: any other background",
    "A1": "Asian: Indian",
    "A2": "Asian: Pakistani",
    "A3": "Asian: Bangladeshi",
    "A4": "Asian: Chinese",
    "A9": "Asian: any other background",
    "B1": "Black: Caribbean",
    "B2": "Black: African",
    "B9": "Black: any other background",
    "O1": "Chinese (older code, now A4)",
    "O2": "Other: Arab",
    "O9": "Other: any other background",
    "NS": "Not stated",
}
ETHNIC_GROUPS = {code[0]: title.partition(":")[0] for code, title in ETHNICITIES.items() if ":" in title}
SEXES = {"M": "Male", "F": "Female", "X": "Other", "U": "Not known"}
DISTRICTS = {  # the scheme's own; any local authority code is a fact that can be recorded
    "E06000001": "Hartlepool",
    "E06000002": "Middlesbrough",
    "E06000003": "Redcar and Cleveland",
    "E06000004": "Stockton-on-Tees",
}
ELSEWHERE = "elsewhere or not known"
FORCES = {"17": "Cleveland Police"}


def check_letter(number: int) -> str:
    """The letter that a PNC ID, CRO number or ASN made of this number ends in."""
    return CHECK_LETTERS[number % len(CHECK_LETTERS)]


def pnc_id(text: str, reference_year: int | None) -> str:
    """A Police National Computer ID as YYYY/NNNNNNNL.

    A two-digit year is read as the latest such year that is not after `reference_year` (the year of the referral);
    where that is None, only the four-digit form is taken.
    """
    example = "A PNC ID looks like 2019/0012345G"
    typed = _compact(text)
    match = re.fullmatch(r"((?:19|20)?[0-9]{2})/([0-9]{1,7})([A-Z])", typed)
    match = match or re.fullmatch(r"((?:19|20)[0-9]{2})([0-9]{7})([A-Z])", typed)  # without its stroke, in full
    if not match:
        raise ValueError(f"This is not a year, a stroke, up to seven digits and a letter. {example}.")
    year, serial, letter = match[1], match[2].zfill(7), match[3]
    if len(year) == 2:
        if reference_year is None:
            raise ValueError(f"Give the year in four digits: two can mean either century. {example}.")
        year = f"{reference_year - (reference_year - int(year)) % 100:04}"
    _require_check_letter(letter, year[2:] + serial, example)
    if reference_year is not None and int(year) > reference_year:
        raise ValueError(f"Its year is after the referral. {example}.")
    return f"{year}/{serial}{letter}"


def cro(text: str) -> str:
    """A Criminal Records Office number as NNNNNN/YYL; or as SFYY/NL, unpadded, for a record kept only in files."""
    example = "A CRO number looks like 012345/19R or SF19/12345K"
    typed = _compact(text)
    if match := re.fullmatch(r"([0-9]{1,6})/([0-9]{2})([A-Z])", typed):
        serial, year, letter = match[1].zfill(6), match[2], match[3]
        stored = f"{serial}/{year}{letter}"
    elif match := re.fullmatch(r"SF([0-9]{2})/([1-9][0-9]{0,5})([A-Z])", typed):
        stored, (year, serial, letter) = typed, match.groups()
    else:
        raise ValueError(f"This is not up to six digits, a stroke, a two-digit year and a letter. {example}.")
    _require_check_letter(letter, year + serial, example)
    return stored


def asn(text: str) -> str:
    """An arrest/summons number in its long form: year, force, unit, system, eleven digits, letter; 20 characters.

    Takes the form with strokes too, whose serial is not padded. A top-level letter before the force, where one is
    given, is kept (21 characters). The check letter counts force and system only where they are digits.
    """
    example = "An ASN looks like 1917ZD0100000012345F or 19/17ZD/01/12345F"
    typed = _compact(text)
    if match := re.fullmatch(r"([0-9]{2})/([A-Z]?[A-Z0-9]{4})/([A-Z0-9]{2})/([0-9]{1,11})([A-Z])", typed):
        typed = f"{match[1]}{match[2]}{match[3]}{match[4].zfill(11)}{match[5]}"
    pattern = r"([0-9]{2})([A-Z]?)([A-Z0-9]{2})([A-Z0-9]{2})([A-Z0-9]{2})([0-9]{11})([A-Z])"
    match = re.fullmatch(pattern, typed)
    if not match:
        raise ValueError(f"This is not a year, force, unit, system, serial number and letter. {example}.")
    year, _, force, _, system, serial, letter = match.groups()
    force_digits = "".join(part for part in (force, system) if part.isdigit())
    _require_check_letter(letter, force_digits + year + serial, example)
    return typed


def urn(text: str) -> str:
    """A case file's unique reference number: force and unit in four characters, then three to seven digits."""
    typed = _compact(text).replace("/", "")
    if not re.fullmatch(r"[A-Z0-9]{4}[0-9]{3,7}", typed):
        raise ValueError(
            "This is not four letters or digits and then three to seven digits. A URN looks like 17ZD0123419."
        )
    return typed


def ethnicity_code(text: str) -> str:
    """A self-defined ethnicity code, one of ETHNICITIES; the older O1 for Chinese is kept as it was recorded."""
    return _code_of(ETHNICITIES, text, "an 18+1 ethnicity code")


def sex_code(text: str) -> str:
    """A sex code, one of SEXES."""
    return _code_of(SEXES, text, "a sex code")


def district_code(text: str) -> str:
    """An Office for National Statistics local authority code, anywhere in the United Kingdom."""
    typed = _compact(text)
    if not re.fullmatch(r"[ENSW][0-9]{8}", typed):
        examples = ", ".join(f"{code} {name}" for code, name in DISTRICTS.items())
        raise ValueError(f"This is not E, N, S or W and eight digits. A district code looks like one of: {examples}.")
    return typed


def force_code(text: str) -> str:
    """A police force code: two digits."""
    typed = _compact(text)
    if not re.fullmatch(r"[0-9]{2}", typed):
        raise ValueError("This is not two digits. A force code looks like 17, which is Cleveland Police.")
    return typed


def phone(text: str) -> str:
    """A telephone number: of this country as it is dialled here, digits only; from abroad with + and its country."""
    typed = re.sub(r"[().\u2010-\u2015\u2212-]", "", _compact(text))
    typed = re.sub(r"^(?:\+|00)440?", "0", typed)
    if re.fullmatch(r"[1237][0-9]{9}", typed):  # a spreadsheet took it for a number and left its zero out
        typed = f"0{typed}"
    if re.fullmatch(r"0(?:[18][0-9]{8,9}|[23579][0-9]{9})", typed):
        return typed
    if re.fullmatch(r"(?:\+|00)(?!44)[1-9][0-9]{7,14}", typed):
        return re.sub(r"^00", "+", typed)
    raise ValueError(
        "This is not a telephone number. One looks like 07700 900123; one from abroad begins with + and its country."
    )


def postcode(text: str) -> str:
    """A United Kingdom postcode in capitals with its one space."""
    match = re.fullmatch(r"([A-Z]{1,2}[0-9][A-Z0-9]?)([0-9][ABD-HJLNP-UW-Z]{2})", _compact(text))
    if not match:
        raise ValueError("This is not a postcode: its second half is a digit and two letters. One looks like TS1 1AA.")
    return f"{match[1]} {match[2]}"


def email(text: str) -> str:
    """An e-mail address, looked at lightly: only a message that arrives proves one. The domain is put in lower case."""
    text = clean(text).strip()
    name, _, domain = text.rpartition("@")
    name_is_valid = re.fullmatch(r"[^\s@<>()\[\],;:\"\\]+", name) and name.isprintable()
    if not name_is_valid or not re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", domain) or len(text) > 254:
        raise ValueError(
            "This is not an e-mail address: a name, one @ and a domain. One looks like sam.reed@example.com."
        )
    return f"{name}@{domain.lower()}"


def _compact(text: str) -> str:
    return "".join(clean(text).split()).upper()


def _require_check_letter(letter: str, digits: str, example: str) -> None:
    # The fitting letter is not told: it would be copied in, and the slip in the digits would stay.
    if letter != check_letter(int(digits)):
        raise ValueError(f"The check letter does not fit the digits: something was copied wrongly. {example}.")


def _code_of(titles: dict[str, str], text: str, what: str) -> str:
    code = _compact(text)
    if code not in titles:
        choices = ", ".join(f"{code} {title}" for code, title in titles.items())
        raise ValueError(f"This is not {what}. Choose one of: {choices}.")
    return code


def _pnc_id_in_model(text: str, info: ValidationInfo) -> str:
    if info.context and info.context.get("on_record"):
        return text
    referred_on = (info.data or {}).get("referred_on")  # no data at all outside a model
    return pnc_id(text, referred_on.year if referred_on else None)


def _choices(titles: dict[str, str]) -> dict[str, JsonValue]:
    return {"oneOf": [{"const": code, "title": title} for code, title in titles.items()]}


PncId = Annotated[
    str,
    AfterValidator(_pnc_id_in_model),  # stands after `referred_on` in its model, whose year settles a two-digit year
    Field(title="PNC ID", description="Year, stroke, seven digits, check letter.", examples=["2019/0012345G"]),
]
Cro = Annotated[
    str,
    AfterValidator(cro),
    Field(
        title="CRO number",
        description="Six digits, stroke, two-digit year, check letter; or SF, year, stroke, digits, check letter.",
        examples=["012345/19R", "SF19/12345K"],
    ),
]
Asn = Annotated[
    str,
    AfterValidator(asn),
    Field(
        title="Arrest/summons number",
        description="Year, force, unit, system, eleven digits, check letter; or the form with strokes.",
        examples=["1917ZD0100000012345F", "19/17ZD/01/12345F"],
    ),
]
Urn = Annotated[
    str,
    AfterValidator(urn),
    Field(
        title="Unique reference number",
        description="Four letters or digits for force and unit, then three to seven digits.",
        examples=["17ZD0123419"],
    ),
]
EthnicityCode = Annotated[
    str,
    AfterValidator(ethnicity_code),
    Field(
        title="Ethnicity",
        description="Self-defined, 18+1.",
        examples=["W1", "NS"],
        json_schema_extra=_choices(ETHNICITIES),
    ),
]
SexCode = Annotated[
    str, AfterValidator(sex_code), Field(title="Sex", examples=["F"], json_schema_extra=_choices(SEXES))
]
DistrictCode = Annotated[
    str,
    AfterValidator(district_code),
    Field(
        title="District of residence",
        description="Office for National Statistics local authority code.",
        examples=list(DISTRICTS),
    ),
]
ForceCode = Annotated[
    str, AfterValidator(force_code), Field(title="Police force", description="Two digits.", examples=list(FORCES))
]
Phone = Annotated[
    str,
    AfterValidator(phone),
    Field(title="Telephone", description="One from abroad begins with + and its country.", examples=["07700 900123"]),
]
Postcode = Annotated[
    str,
    AfterValidator(postcode),
    Field(title="Postcode", description="A United Kingdom postcode.", examples=["TS1 1AA"]),
]
Email = Annotated[str, AfterValidator(email), Field(title="E-mail", examples=["sam.reed@example.com"])]
