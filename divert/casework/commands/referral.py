"""A person is referred, and what was said about them is put right."""

from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator
from sqlalchemy import Select, bindparam, or_, select, true

from divert.acts.answers import OffenceCode, PastDate, YesNo
from divert.acts.command import Reasons, Short, Words
from divert.casework.command import CaseCommand, Context
from divert.eligibility.facts import ReferralFacts
from divert.law.offences import Basis
from divert.law.rulebook import rulebook
from divert.law.time_limits import Limit, earliest, limit_for
from divert.models import Case, Person, Victim
from divert.people.identifiers import (
    Asn,
    Cro,
    Email,
    EthnicityCode,
    Phone,
    PncId,
    Postcode,
    SexCode,
    Urn,
)

COLUMNS_OF_CASE = ("referred_on", "district", "offence_code", "agreement_signed_on")
"""Facts that are columns of a case, since lists and figures ask for them; the date of birth is the person's."""

NEVER_UNKNOWN = frozenset(("referred_on", "offence_code", "offence_on", "surname"))
"""A case cannot be without these."""

SurnameText = Annotated[str, Field(title="Surname", min_length=1, max_length=80)]


class Refer(
    ReferralFacts,
    CaseCommand,
    title="Refer a person",
    json_schema_extra={
        "examples": [
            {
                "crime_ref": "CVP-19-100001",
                "referred_on": "2019-05-02",
                "officer": "PC 1795",
                "officer_unit": "Hartlepool Response",
                "surname": "Ashworth",
                "forenames": "Dale",
                "date_of_birth": "1994-03-11",
                "sex": "M",
                "ethnicity": "W1",
                "district": "E06000001",
                "offence_code": "TH68010",
                "offence_on": "2019-04-30",
                "offence_force": "17",
                "value_gbp": "24.50",
                "admission": "yes",
                "remorse": "yes",
                "sufficient_evidence": "yes",
                "previous_convictions": 0,
                "previous_divert": "no",
                "current_order": "none",
                "on_bail": "no",
                "detained": "none",
                "co_accused": "no",
                "hate_crime": "no",
                "domestic_abuse": "no",
                "custody_likely": "no",
                "victim_kind": "business",
                "victim_name": "Harbour Stores",
                "victim_contact": "07700 900312",
            }
        ]
    },
):
    """Refer a person to Divert. What is not known is left blank: it will be asked for, never guessed."""

    crime_ref: str = Field(title="Crime reference", min_length=1, max_length=40)
    custody_ref: str | None = Field(default=None, title="Custody reference", max_length=40)
    officer: str | None = Field(default=None, title="Officer", description="Rank and collar number.", max_length=80)
    officer_unit: str | None = Field(default=None, title="Officer's unit", max_length=80)
    surname: SurnameText
    forenames: str | None = Field(default=None, title="Forenames", max_length=120)
    offence_code: OffenceCode = Field(title="Offence", description="The CJS offence code, like TH68010.")
    offence_on: PastDate = Field(title="Date of the offence", description="It starts the clock for any charge.")
    sex: SexCode | None = Field(default=None, title="Sex")
    ethnicity: EthnicityCode | None = Field(default=None, title="Ethnicity, as the person describes it")
    pnc_id: PncId | None = Field(default=None, title="PNC identifier")
    cro_no: Cro | None = Field(default=None, title="CRO number")
    asn: Asn | None = Field(default=None, title="Arrest or summons number")
    urn: Urn | None = Field(default=None, title="Unique reference number of the case file")
    postcode: Postcode | None = Field(default=None, title="Postcode")
    phone: Phone | None = Field(default=None, title="Telephone")
    email: Email | None = Field(default=None, title="E-mail")
    offence_place: Short | None = Field(default=None, title="Place of the offence")
    victim_kind: Literal["person", "business", "none"] | None = Field(default=None, title="Kind of victim")
    victim_name: Short | None = Field(default=None, title="Victim's name")
    victim_contact: Short | None = Field(default=None, title="How to reach the victim")
    victim_views: Literal["sought", "obtained", "declined", "unreachable"] | None = Field(
        default=None, title="Victim's views so far"
    )
    victim_enhanced: YesNo | None = Field(
        default=None, title="Enhanced rights", description="Vulnerable, intimidated or persistently targeted victims."
    )
    complex_needs: YesNo | None = Field(default=None, title="Complex needs")
    interpreter: str | None = Field(default=None, title="Interpreter needed: language", max_length=40)
    notes: Words | None = Field(default=None, title="Notes")

    def apply(self, case: Case, context: Context) -> None:
        """Open the case: who, which crime, what is known, and the clock for a charge."""
        case.person = self.known_person(context) or Person(
            surname=self.surname,
            forenames=self.forenames,
            date_of_birth=self.date_of_birth,
            sex=self.sex,
            ethnicity=self.ethnicity,
            pnc_id=self.pnc_id,
            cro_no=self.cro_no,
            postcode=self.postcode,
            phone=self.phone,
            email=self.email,
            interpreter=self.interpreter,
        )
        case.victim = Victim(
            kind=self.victim_kind,
            name=self.victim_name,
            contact=self.victim_contact,
            enhanced=self.victim_enhanced,
            views=self.victim_views,
            attempts=1 if self.victim_views else 0,
        )
        case.crime_ref, case.custody_ref, case.asn, case.urn = self.crime_ref, self.custody_ref, self.asn, self.urn
        case.officer, case.officer_unit, case.referred_by = self.officer, self.officer_unit, context.by.username
        case.complex_needs = self.complex_needs
        keep_facts(case, self, context)

    def known_person(self, context: Context) -> Person | None:
        """The person already on record with this PNC identifier and date of birth: never on a name alone."""
        if self.pnc_id is None or self.date_of_birth is None:
            return None
        return context.session.scalar(
            select(Person)
            .where(Person.pnc_id == self.pnc_id, Person.date_of_birth == self.date_of_birth)
            .order_by(Person.id)
            .limit(1)
        )

    def same_crime_and_person(self, context: Context) -> list[Case]:
        """Cases of this crime for this person, by PNC identifier or by name and date of birth, newest first."""
        identity = {
            name: getattr(self, name) for name in ("crime_ref", "surname", "forenames", "date_of_birth", "pnc_id")
        }
        return list(context.session.scalars(_same(self.date_of_birth is not None), identity))


@lru_cache
def _same(born: bool) -> Select[Case]:
    """Cases of a crime for a person: composed once, since a file asks for every row."""
    named = (Person.surname == bindparam("surname")) & (Person.forenames.is_not_distinct_from(bindparam("forenames")))
    named &= (Person.date_of_birth == bindparam("date_of_birth")) if born else true()
    same = or_(named, Person.pnc_id == bindparam("pnc_id"))
    return select(Case).join(Person).where(Case.crime_ref == bindparam("crime_ref"), same).order_by(Case.id.desc())


class CorrectFacts(
    ReferralFacts,
    CaseCommand,
    title="Correct the facts",
    json_schema_extra={"examples": [{"reason": "Custody record checked.", "remorse": "yes"}]},
):
    """Put right what was said at referral. Only what is answered changes; a fact may become unknown again."""

    reason: Reasons = Field(title="Why, and on what evidence")
    referred_on: PastDate | None = Field(default=None, title="Date of referral")  # type: ignore[assignment]  # left out: as it was
    surname: SurnameText | None = Field(default=None, title="Surname")
    forenames: str | None = Field(default=None, title="Forenames", max_length=120)
    sex: SexCode | None = Field(default=None, title="Sex")
    ethnicity: EthnicityCode | None = Field(default=None, title="Ethnicity, as the person describes it")
    pnc_id: PncId | None = Field(default=None, title="PNC identifier")
    cro_no: Cro | None = Field(default=None, title="CRO number")
    postcode: Postcode | None = Field(default=None, title="Postcode")
    phone: Phone | None = Field(default=None, title="Telephone")
    email: Email | None = Field(default=None, title="E-mail")

    @field_validator(*sorted(NEVER_UNKNOWN), mode="before")
    @classmethod
    def _never_unknown(cls, value: object) -> object:
        if value is None:
            raise ValueError("A case cannot be without this. Leave it out to keep what stands, or write what is right.")
        return value

    def apply(self, case: Case, context: Context) -> None:
        """Change what was given. A verdict reached on other facts is out of date."""
        about_eligibility = self.model_fields_set & set(ReferralFacts.model_fields)
        if about_eligibility:
            changes = self.model_dump(mode="json", include=about_eligibility)
            standing = referral_facts(case).model_dump(mode="json")
            keep_facts(case, ReferralFacts.model_validate({**standing, **changes}), context)
            case.verdict_out_of_date = case.verdict is not None
        for field in self.model_fields_set & PERSON_FIELDS:
            setattr(case.person, field, getattr(self, field))

    def body(self) -> dict[str, Any]:
        """Only what was given: the rest did not change."""
        return self.model_dump(mode="json", exclude_unset=True)


PERSON_FIELDS = frozenset(CorrectFacts.model_fields) - frozenset(ReferralFacts.model_fields) - {"reason"}


class RecordReferralAgreement(
    CaseCommand,
    title="Record the referral agreement",
    json_schema_extra={"examples": [{"signed_on": "2019-05-02", "explained_by": "PC 1795"}]},
):
    """Record that the person has agreed, in writing, to be considered: not to reoffend, and to victim awareness."""

    signed_on: PastDate = Field(title="Date the person signed")
    explained_by: Short | None = Field(default=None, title="Who explained it")

    def apply(self, case: Case, context: Context) -> None:
        """The agreement stands from the day it was signed."""
        case.agreement_signed_on = self.signed_on


def referral_facts(case: Case) -> ReferralFacts:
    """What is known of a case today, as eligibility reads it."""
    columns = {name: getattr(case, name) for name in COLUMNS_OF_CASE}
    return ReferralFacts.model_validate({**case.facts, **columns, "date_of_birth": case.person.date_of_birth})


def keep_facts(case: Case, facts: ReferralFacts, context: Context) -> None:
    """Store what was said, each fact in one place, and the clock that follows from it."""
    in_facts = set(ReferralFacts.model_fields) - set(COLUMNS_OF_CASE) - {"date_of_birth"}
    case.facts = facts.model_dump(mode="json", include=in_facts, exclude_none=True)
    case.person.date_of_birth = facts.date_of_birth
    for name in COLUMNS_OF_CASE:
        setattr(case, name, getattr(facts, name))
    limit = clock_of(facts)
    case.limit_on, case.limit_basis = limit.last_day, limit.basis.value


def clock_of(facts: ReferralFacts) -> Limit:
    """The time limit of a case: the earliest that binds in law, else the earliest kept as a precaution."""
    offences = [(facts.offence_code, facts.offence_on, facts.value_gbp)]
    offences += [(further.offence_code, further.offence_on, further.value_gbp) for further in facts.further_offences]
    limits = [
        limit_for(rulebook().offences.find(code, facts.referred_on), on, value)
        for code, on, value in offences
        if code and on
    ]
    binding = earliest(limits, Basis.statutory)
    return binding if binding.last_day is not None else earliest(limits)
