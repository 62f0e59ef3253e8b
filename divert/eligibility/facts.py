"""What bears on eligibility: as an officer states it at referral, and as a policy reads it."""

import json
from dataclasses import dataclass, fields
from datetime import date
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from divert.acts.answers import AnyCase, BlankIsUnknown, Count, Money, OffenceCode, PastDate, YesNo, fault
from divert.law.offences import UnknownOffence, known_offences
from divert.law.time_limits import add_months
from divert.people.identifiers import DistrictCode, ForceCode

Admission = Literal["yes", "no", "no reply"]
CurrentOrder = Literal["none", "community order", "suspended sentence", "conditional discharge", "other"]
Detained = Literal["none", "court", "mental health"]

OffenceOn = Annotated[
    PastDate | None,
    Field(
        title="Date of the offence",
        description="The day it was committed; the last day, where it ran over several.",
        examples=["2019-04-12"],
    ),
]
OffenceForce = Annotated[
    ForceCode | None,
    Field(
        title="Force area of the offence",
        description="The two-character code of the force where it was committed; Cleveland is 17.",
        examples=["17"],
    ),
]
Value = Annotated[
    Money | None,
    Field(
        title="Value of the property",
        description="In pounds and pence. It decides whether a shop theft counts as low-value.",
        examples=["44.14"],
    ),
]


def _as_the_law_says(value: Any) -> Any:
    """`mental health act`, the law's own name, is what `mental health` says."""
    return "mental health" if value == "mental health act" else value


class FurtherOffence(BlankIsUnknown):
    """Another offence of the same referral."""

    offence_code: OffenceCode = Field(title="Offence code", description="The CJS code.", examples=["CJ67002"])
    offence_on: OffenceOn = None
    offence_force: OffenceForce = None
    value_gbp: Value = None


class ReferralFacts(BlankIsUnknown):
    """What an officer says at referral that bears on eligibility. All but the day may be unknown: left out or blank."""

    referred_on: PastDate = Field(
        title="Date of referral",
        description="The policy in force on this day decides the case.",
        examples=["2019-04-20"],
    )
    date_of_birth: PastDate | None = Field(
        default=None,
        title="Date of birth",
        description="The person must be 18 on the day of referral.",
        examples=["1994-07-08"],
    )
    district: DistrictCode | None = Field(
        default=None,
        title="District of residence",
        description="The code of the council area where the person lives.",
        examples=["E06000001"],
    )
    offence_code: OffenceCode | None = Field(
        default=None,
        title="Offence code",
        description="The CJS code of the main offence.",
        examples=["TH68010"],
    )
    offence_on: OffenceOn = None
    offence_force: OffenceForce = None
    value_gbp: Value = None
    admission: Annotated[Admission, AnyCase] | None = Field(
        default=None,
        title="Admits the offence",
        description="What the person said in interview: yes, no, or no reply.",
        examples=["yes"],
    )
    remorse: YesNo | None = Field(
        default=None,
        title="Shows remorse",
        description="Whether the officer saw remorse.",
        examples=[True],
    )
    sufficient_evidence: YesNo | None = Field(
        default=None,
        title="Enough evidence to charge",
        description="Whether the evidence would support a charge, apart from the admission.",
        examples=[True],
    )
    agreement_signed_on: PastDate | None = Field(
        default=None,
        title="Referral agreement signed on",
        description="The day the person signed the agreement to be referred; blank if not signed.",
        examples=["2019-04-20"],
    )
    previous_convictions: Count | None = Field(
        default=None,
        title="Previous convictions",
        description="How many, as the national computer shows them; 0 for none.",
        examples=[0],
    )
    previous_divert: YesNo | None = Field(
        default=None,
        title="Has been on Divert before",
        description="Whether an earlier contract was ever signed.",
        examples=[False],
    )
    current_order: Annotated[CurrentOrder, AnyCase] | None = Field(
        default=None,
        title="Current court order",
        description="Any order the person is serving or subject to now.",
        examples=["none"],
    )
    on_bail: YesNo | None = Field(
        default=None,
        title="On bail for another matter",
        description="From the police or a court, for anything other than this.",
        examples=[False],
    )
    detained: Annotated[Detained, BeforeValidator(_as_the_law_says), AnyCase] | None = Field(
        default=None,
        title="Detained",
        description="For court, or under the Mental Health Act.",
        examples=["none"],
    )
    co_accused: YesNo | None = Field(
        default=None,
        title="Has a co-accused",
        description="Whether anyone else is accused of the same offence.",
        examples=[False],
    )
    hate_crime: YesNo | None = Field(
        default=None,
        title="Hate crime",
        description="Whether the crime is recorded as motivated by hostility.",
        examples=[False],
    )
    domestic_abuse: YesNo | None = Field(
        default=None,
        title="Domestic abuse",
        description="Whether the crime is flagged as domestic abuse.",
        examples=[False],
    )
    custody_likely: YesNo | None = Field(
        default=None,
        title="Prison likely if convicted",
        description="The officer's view of the likely sentence.",
        examples=[False],
    )
    gravity: Count | None = Field(
        default=None,
        title="Gravity score",
        description="From the matrix named below. No policy sets a ceiling; it is kept for review.",
        examples=[2],
    )
    gravity_matrix: Annotated[str, Field(max_length=80)] | None = Field(
        default=None,
        title="Gravity matrix",
        description="Which matrix, and its year.",
        examples=["NPCC adult 2019"],
        validate_default=True,
    )
    further_offences: Annotated[list[FurtherOffence], Field(max_length=50)] = Field(
        default=[],
        title="Further offences",
        description="Any others dealt with by the same referral.",
        examples=[[]],
        json_schema_extra={"one": "further offence"},
    )

    @field_validator("referred_on")
    @classmethod
    def _scheme_had_started(cls, on: date) -> date:
        starts = known_offences().starts
        if on < starts:
            raise fault(f"This is before the scheme started. Write a day from {starts} on.")
        return on

    @field_validator("date_of_birth")
    @classmethod
    def _born_before_referral(cls, born: date | None, info: ValidationInfo) -> date | None:
        referred = info.data.get("referred_on")
        if born and referred and not add_months(referred, -120 * 12) <= born <= referred:
            raise fault("This is not within the 120 years before the referral. Write year-month-day, like 1994-07-08.")
        return born

    @field_validator("offence_code")
    @classmethod
    def _known_offence(cls, code: str | None, info: ValidationInfo) -> str | None:
        _require_known(code, info)
        return code

    @field_validator("offence_on")
    @classmethod
    def _offence_before_referral(cls, on: date | None, info: ValidationInfo) -> date | None:
        _require_possible(on, info)
        return on

    @field_validator("gravity_matrix")
    @classmethod
    def _score_names_its_matrix(cls, matrix: str | None, info: ValidationInfo) -> str | None:
        if matrix is None and info.data.get("gravity") is not None:
            raise fault("A gravity score needs the matrix it came from. Write its name and year, like NPCC adult 2019.")
        return matrix

    @field_validator("further_offences")
    @classmethod
    def _further_offences_possible(cls, offences: list[FurtherOffence], info: ValidationInfo) -> list[FurtherOffence]:
        for number, offence in enumerate(offences, start=1):
            _require_known(offence.offence_code, info, f"Further offence {number}: ")
            _require_possible(offence.offence_on, info, f"Further offence {number}: ")
        return offences


def _require_known(code: str | None, info: ValidationInfo, prefix: str = "") -> None:
    referred = info.data.get("referred_on")
    if code is None or referred is None:
        return
    try:
        known_offences().find(code, referred)
    except UnknownOffence as unknown:
        raise fault(f"{prefix}{unknown}") from None


def _require_possible(on: date | None, info: ValidationInfo, prefix: str = "") -> None:
    referred, born = info.data.get("referred_on"), info.data.get("date_of_birth")
    if on and referred and on > referred:
        raise fault(f"{prefix}The offence is after the referral. Write a day up to {referred}.")
    if on and born and on < born:
        raise fault(f"{prefix}The offence is before the date of birth. Write the day of the offence, like 2019-04-12.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a policy may ask about, derived once. None is *unknown*. Nothing here names the person.

    Ages are whole years and offence ages whole months (of the oldest), both on the day of referral. Dates are shown
    in a trace, never tested: `latest_start` is the last day a full-length contract may start before a statutory
    limit.
    """

    age: int | None = None
    district: str | None = None
    offence_codes: tuple[str, ...] | None = None
    offence_modes: tuple[str, ...] | None = None
    offence_forces: tuple[str, ...] | None = None
    offence_age_months: int | None = None
    admission: Admission | None = None
    remorse: bool | None = None
    sufficient_evidence: bool | None = None
    agreement_signed: bool | None = None
    previous_convictions: int | None = None
    previous_divert: bool | None = None
    current_order: CurrentOrder | None = None
    on_bail: bool | None = None
    detained: Detained | None = None
    co_accused: bool | None = None
    hate_crime: bool | None = None
    domestic_abuse: bool | None = None
    custody_likely: bool | None = None
    gravity: int | None = None
    gravity_matrix: str | None = None
    fits_time_limit: bool | None = None
    time_limit_on: date | None = None
    latest_start: date | None = None
    fits_precautionary_limit: bool | None = None
    precautionary_limit_on: date | None = None

    def as_json(self) -> str:
        """The one text of these facts: keys in order; unknown ones absent, so a fact added later changes nothing."""
        known = {name: value for name in FACT_NAMES if (value := getattr(self, name)) is not None}
        return json.dumps(known, default=date.isoformat, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Facts":
        """The facts of a stored text. Raises ValueError naming a fact that is not one."""
        known: dict[str, Any] = json.loads(text)
        for name, value in known.items():
            if name not in FACT_NAMES:
                raise ValueError(f"{name} is not a fact; the facts are {', '.join(FACT_NAMES)}")
            if name in _DATES:
                known[name] = date.fromisoformat(value)
            elif isinstance(value, list):
                known[name] = tuple(value)
        return cls(**known)


_REFERRAL_FIELDS = {
    "age": "date_of_birth",
    "offence_codes": "offence_code",
    "offence_modes": "offence_code",
    "offence_forces": "offence_force",
    "offence_age_months": "offence_on",
    "fits_time_limit": "offence_on",
    "fits_precautionary_limit": "offence_on",
    "agreement_signed": "agreement_signed_on",
}


def referral_field(fact: str) -> str:
    """The answer of a referral that a fact turns on, before any other."""
    return _REFERRAL_FIELDS.get(fact, fact)


FACT_NAMES = tuple(field.name for field in fields(Facts))
FACT_TYPES: dict[str, Any] = get_type_hints(Facts)
_DATES = frozenset(name for name, hint in FACT_TYPES.items() if hint == date | None)
