"""A drawn case as the panel reads it: what was decided and why, and nobody's name.

There is no name, birth date, address, officer, victim or shop in it; sex and ethnicity are left out, and so are the
particulars of conditions, which may name a place. Reasons are redacted by rule. What is not on record is shown as not
on record. It shows the case as it stands today.
"""

import json
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from divert.eligibility.judge import trace_from
from divert.models import Case, Check, Draw, LedgerEntry, Role, Staff
from divert.people.staff import Actor
from divert.records import access
from divert.rulebook import rulebook
from divert.scrutiny.frame import NoSuchFrame
from divert.scrutiny.redaction import redact

PANEL = "Out of Court Disposal Scrutiny Panel"
NOT_ON_RECORD = "not on record"
AGE_BANDS = ((18, "under 18"), (25, "18 to 24"), (35, "25 to 34"), (45, "35 to 44"), (55, "45 to 54"))
OLDEST = "55 and over"

NAMES = frozenset({
    "surname", "forenames", "officer", "officer_unit", "explained_by", "offence_place",
    "victim_name", "victim_contact", "contact_name",
})  # fmt: skip
REFERENCES = frozenset({
    "crime_ref", "custody_ref", "pnc_id", "cro_no", "asn", "urn", "other_ref",
    "postcode", "phone", "email", "victim_contact", "keyworker", "agreed_by",
})  # fmt: skip
"""Answers in the bodies of the ledger that say who or where someone is: names, part by part, and references, whole."""


class Deciding(BaseModel):
    """A rule that decided the verdict: not met, or for want of an answer."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(title="Rule")
    says: str = Field(title="What it asks")
    cites: str = Field(title="Authority")


class SideDecision(BaseModel):
    """One decision, with its reasons as they were given, redacted."""

    model_config = ConfigDict(frozen=True)

    side: str = Field(title="Side")
    accept: bool = Field(title="Take the case")
    override: bool = Field(title="Against the verdict")
    reasons: str = Field(title="Reasons")
    override_reason: str | None = Field(title="Why against the verdict")


class ConditionSaid(BaseModel):
    """One condition of the contract, without its particulars."""

    model_config = ConfigDict(frozen=True)

    title: str = Field(title="Condition")
    kind: str = Field(title="Kind")
    status: str = Field(title="What became of it")


class BlindSummary(BaseModel):
    """One pack of a draw."""

    model_config = ConfigDict(frozen=True, title="Blind summary")

    pack: str = Field(title="Pack", description="Stratum and pick, never the case reference.", examples=["completed-1"])
    stratum: str = Field(title="Stratum")
    offence_code: str = Field(title="Offence code")
    offence: str = Field(title="Offence")
    age_band: str = Field(title="Age at referral")
    policy: str = Field(title="Policy")
    verdict: str = Field(title="Verdict")
    deciding: tuple[Deciding, ...] = Field(title="Rules that decided it")
    decisions: tuple[SideDecision, ...] = Field(title="Decisions, first to last")
    victim_asked: bool | None = Field(title="Victim asked", description="Nothing where there is no victim.")
    victim_views: str | None = Field(title="Where the victim's views stand")
    conditions: tuple[ConditionSaid, ...] = Field(title="Conditions")
    state: str = Field(title="Where the case stands")
    outcome: str | None = Field(title="Crime outcome")
    why_it_ended: str | None = Field(title="Why it was returned or closed")


class NoSuchPack(LookupError):
    """The draw has no such pack."""


def open_summaries(session: Session, frame_digest: str, by: Actor, at: datetime) -> list[BlindSummary]:
    """Every pack of a frame's draw, in the order drawn; each opening is logged. Raises NoSuchFrame where none was."""
    return [_opened(session, pack, ref, by, at) for pack, ref in _packs(session, frame_digest).items()]


def open_summary(session: Session, frame_digest: str, pack: str, by: Actor, at: datetime) -> BlindSummary:
    """One pack, like completed-1; its opening is logged. Raises NoSuchFrame, NoSuchPack."""
    ref = _packs(session, frame_digest).get(pack)
    if ref is None:
        raise NoSuchPack("This draw has no such pack. A pack is named by stratum and pick, like completed-1.")
    return _opened(session, pack, ref, by, at)


def blind_summary(session: Session, pack: str, case_ref: str) -> BlindSummary:
    """The summary of one case under a pack's name. It opens nothing by itself: `open_summary` does, and logs it."""
    case = session.scalars(select(Case).where(Case.ref == case_ref)).one()
    rules = rulebook()
    bodies = _bodies(session, case)
    names, references = _identifiers(session, case, bodies)
    offence = rules.offences.find(case.offence_code, case.referred_on)

    def said(seq: int, field: str) -> str | None:
        text = bodies.get(seq, {}).get(field)
        return redact(text, names, references) if text else None

    return BlindSummary(
        pack=pack,
        stratum=pack.rpartition("-")[0],
        offence_code=offence.code,
        offence=offence.title,
        **_judged(case.check),
        decisions=tuple(
            SideDecision(
                side=one.side,
                accept=one.accept,
                override=one.override,
                reasons=said(one.seq, "reasons") or NOT_ON_RECORD,
                override_reason=said(one.seq, "override_reason") or (NOT_ON_RECORD if one.override else None),
            )
            for one in case.decisions
        ),
        victim_asked=None if case.victim is None or case.victim.kind == "none" else case.victim.views is not None,
        victim_views=case.victim.views if case.victim else None,
        conditions=tuple(
            ConditionSaid(title=rules.conditions[one.code].title, kind=one.kind, status=one.status)
            for one in case.conditions
        ),
        state=case.state.label,
        outcome=None if case.outcome_code is None else rules.outcomes[case.outcome_code].title,
        why_it_ended=_why_it_ended(case),
    )


def _packs(session: Session, frame_digest: str) -> dict[str, str]:
    made = session.get(Draw, frame_digest)
    if made is None:
        raise NoSuchFrame("No frame with that SHA-256 was drawn here.")
    return {
        f"{stratum}-{number}": picked[0]
        for stratum, each in sorted(made.drawn.items())
        for number, picked in enumerate(each, start=1)
    }


def _opened(session: Session, pack: str, ref: str, by: Actor, at: datetime) -> BlindSummary:
    """Members come from outside the scheme, so what they open is disclosed to the panel."""
    outside = by.role is Role.panel_member
    kind: access.Kind = "disclosure" if outside else "consultation"
    access.record(session, by, kind, at, case_ref=ref, what="blind summary", recipient=PANEL if outside else None)
    return blind_summary(session, pack, ref)


def _judged(check: Check | None) -> dict[str, Any]:
    """What the policy said at the last check, and the age that it was told."""
    if check is None:
        return {"age_band": NOT_ON_RECORD, "policy": NOT_ON_RECORD, "verdict": NOT_ON_RECORD, "deciding": ()}
    judgement = trace_from(rulebook().packs.by_digest(check.pack_digest), check.facts)
    return {
        "age_band": _age_band(judgement.facts.age),
        "policy": f"{judgement.pack.title} ({judgement.pack.id})",
        "verdict": judgement.verdict.value,
        "deciding": tuple(
            Deciding(id=one.rule.id, says=one.rule.says, cites=one.rule.cites)
            for one in judgement.trace
            if one.rule.id in judgement.because
        ),
    }


def _age_band(age: int | None) -> str:
    if age is None:
        return NOT_ON_RECORD
    return next((band for below, band in AGE_BANDS if age < below), OLDEST)


def _why_it_ended(case: Case) -> str | None:
    if case.close_reason is not None:
        return rulebook().close_reasons[case.close_reason].title
    if case.return_reason is not None:
        return rulebook().return_reasons[case.return_reason].title
    return None


def _bodies(session: Session, case: Case) -> dict[int, dict[str, Any]]:
    """What was said at each entry of the case, but for what was lawfully disposed of."""
    entries = select(LedgerEntry.seq, LedgerEntry.body).where(LedgerEntry.case_id == case.id)
    return {seq: json.loads(body) for seq, body in session.execute(entries) if body is not None}


def _identifiers(session: Session, case: Case, bodies: dict[int, dict[str, Any]]) -> tuple[list[str], list[str]]:
    """Names and references that may not be read: today's, and every earlier one in the history."""
    victim, person = case.victim, case.person
    names = [person.surname, person.forenames, case.officer, case.officer_unit]
    references = [case.ref, case.crime_ref, case.custody_ref, case.asn, case.urn, case.keyworker, case.referred_by]
    references += [person.pnc_id, person.cro_no, person.postcode, person.phone, person.email]
    if victim is not None:
        names += [victim.name, victim.contact_name, victim.contact]
        references += [victim.contact]
    acted = select(LedgerEntry.by).where(LedgerEntry.case_id == case.id)
    for one in session.scalars(select(Staff).where(or_(Staff.username.in_(acted), Staff.username == case.keyworker))):
        names.append(one.name)
        references.append(one.username)
    for field, text in (answer for body in bodies.values() for answer in body.items()):
        if isinstance(text, str):
            names += [text] if field in NAMES else []
            references += [text] if field in REFERENCES else []
    return [one for one in names if one], [one for one in references if one]
