"""A case as it leaves the house, over JSON and onto pages alike: every field that leaves is named here, by choice.

What a reader may not know is absent: an officer learns what became of a referral, not what the scheme works on with the
person; a score of the restricted need is for the specialist and the auditor.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from api.case.support_view import StoredView, SupportView, is_restricted, support_view, with_words
from divert.casework import deadlines
from divert.casework.commands.referral import clock_of, referral_facts
from divert.casework.lifecycle import COMMANDS
from divert.eligibility.facts import ReferralFacts
from divert.eligibility.judge import Change, Judgement
from divert.eligibility.policies import NoPolicy
from divert.eligibility.policy import Effect, Verdict
from divert.law.rulebook import rulebook
from divert.models import Case, Check, LedgerEntry, Role, Sensitivity, State
from divert.people.rights import Subject, may_read
from divert.people.staff import Actor
from divert.policies.adopted import judge_again, judgement_stands


class PersonView(StoredView):
    """Who it is about."""

    surname: str
    forenames: str | None
    date_of_birth: date | None
    sex: str | None
    ethnicity: str | None
    pnc_id: str | None
    cro_no: str | None
    postcode: str | None
    phone: str | None
    email: str | None
    interpreter: str | None


class VictimView(StoredView):
    """Who was harmed, whether they were asked, and what they said."""

    kind: str | None
    name: str | None
    contact: str | None
    contact_name: str | None
    enhanced: bool | None
    views: str | None
    attempts: int
    told_on: date | None
    words: str | None = Field(default=None, description="What they said last, in their own words.")


class FindingView(BaseModel):
    """How one rule of the policy came out."""

    id: str
    says: str
    cites: str = Field(description="The rule's authority.")
    effect: Effect
    met: bool | None = Field(description="null: a fact it turns on is not known.")
    ask: str | None = Field(description="What to ask, where it is not known.")
    facts: dict[str, Any] = Field(description="The facts it turned on.")


class ChangeView(BaseModel):
    """The least that would change a verdict: these rules met, and nothing less."""

    says: str = Field(description="What the verdict would then be; the rules' sentences follow.")
    rules: list[str]
    sentences: list[str]
    answers: list[str] = Field(description="What of a referral they turn on: one, where a single answer would do it.")
    verdict: Verdict
    because: list[str] = Field(description="The rules that would then decide.")


class JudgementView(BaseModel):
    """What a policy says, with every rule. It is advice: police and probation each decide."""

    verdict: Verdict
    policy: str
    policy_title: str
    policy_digest: str
    because: list[str] = Field(description="The rules that decide it.")
    asks: list[str] = Field(description="Questions to answer first, where it is not yet known.")
    warnings: list[str]
    nearest: ChangeView | None = Field(description="What would change it; null where it is eligible.")
    trace: list[FindingView]


class CheckView(StoredView):
    """The eligibility check made last, and whether the facts have changed since."""

    seq: int
    at: datetime
    verdict: Verdict
    policy: str
    out_of_date: bool
    judgement: JudgementView | None = Field(description="null: that policy is no longer held here.")
    same_again: bool | None = Field(
        description="Judged again from the stored facts by the policy of its digest, it comes to what is stored."
    )


class DecisionView(StoredView):
    """One side's decision. The last of a side stands."""

    seq: int
    side: Literal["police", "probation"]
    accept: bool
    override: bool = Field(description="Against the verdict.")
    by: str
    at: datetime
    reasons: str | None = None
    override_reason: str | None = None


class DeadlineView(StoredView):
    """What must have happened by when, whose it is, and why."""

    seq: int
    kind: str
    due_on: date
    owner_role: Role
    basis: str
    authority: str
    status: str
    escalated_on: date | None


class GivenView(BaseModel):
    """A file of evidence, as an entry names it."""

    seq: int = Field(description="The ledger entry.")
    at: datetime
    by: str
    title: str
    sha256: str
    media_type: str
    size: int = Field(description="Bytes.")
    href: str = Field(description="Where to read it.")


class CaseView(BaseModel):
    """A case as the caller may know it."""

    ref: str
    state: State
    state_since: datetime
    opened_at: datetime
    version: int
    sensitivity: Sensitivity
    owner: str | None = Field(description="Who holds it now: a username, or the role it waits for; null: it has ended.")
    keyworker: str | None
    person: PersonView
    crime_ref: str
    custody_ref: str | None
    asn: str | None
    urn: str | None
    referred_by: str
    officer: str | None
    officer_unit: str | None
    complex_needs: bool | None
    offence: str = Field(description="The main offence in words.")
    facts: ReferralFacts = Field(description="What was said at referral, as since corrected.")
    limit_on: date | None = Field(description="The last day on which a charge could be issued; null: no time limit.")
    limit_basis: Literal["statutory", "precautionary", "none"]
    limit_reasoning: str | None = Field(description="How that day follows from the offence, and on whose authority.")
    eligibility: CheckView | None
    decisions: list[DecisionView]
    victim: VictimView | None
    deadlines: list[DeadlineView]
    linked: list[str] = Field(description="Cases that belong with it.")
    return_reason: str | None
    close_reason: str | None
    outcome_code: int | None
    keep_until: date | None = Field(description="Kept until then, where somebody has said so.")
    evidence: list[GivenView] = Field(description="The files that entries name, as far as the caller may read them.")
    disposed_at: datetime | None = Field(description="When what says who it was about was erased; null: it was not.")
    support: SupportView | None = Field(description="null: the caller may not know it.")


class EntryView(StoredView):
    """One entry of a case's history."""

    seq: int
    at: datetime
    by: str
    role: Role
    command: str
    title: str
    from_state: State | None
    to_state: State
    commitment: str
    hash: str
    salt: str | None
    body: str | None = Field(
        description="The stored text, which salt and commitment prove. null: disposed of, or withheld."
    )
    withheld: bool


def judgement_view(judgement: Judgement) -> JudgementView:
    """A judgement with its trace."""
    return JudgementView(
        verdict=judgement.verdict,
        policy=judgement.policy.id,
        policy_title=judgement.policy.title,
        policy_digest=judgement.policy.digest,
        because=list(judgement.because),
        asks=list(judgement.asks),
        warnings=list(judgement.warnings),
        nearest=_change_view(judgement.nearest) if judgement.nearest else None,
        trace=[
            FindingView(
                id=finding.rule.id,
                says=finding.rule.says,
                cites=finding.rule.cites,
                effect=finding.rule.effect,
                met=finding.holds,
                ask=finding.rule.ask if finding.holds is None else None,
                facts=dict(finding.facts),
            )
            for finding in judgement.trace
        ],
    )


def _change_view(change: Change) -> ChangeView:
    return ChangeView(
        says=change.words(),
        rules=[rule.id for rule in change.rules],
        sentences=[rule.says for rule in change.rules],
        answers=list(change.answers),
        verdict=change.verdict,
        because=list(change.because),
    )


def case_view(case: Case, actor: Actor, entries: Sequence[LedgerEntry]) -> CaseView:
    """The case, as `actor` may know it. `entries`: all of its ledger, first to last."""
    bodies = {entry.seq: json.loads(entry.body) for entry in entries if entry.body is not None}
    victim = VictimView.model_validate(case.victim) if case.victim else None
    if victim:
        victim.words = next(
            (body["words"] for body in reversed(bodies.values()) if body.get("views") and body.get("words")), None
        )
    columns = {name: getattr(case, name) for name in CaseView.model_fields if name in Case.__table__.columns}
    facts = referral_facts(case)
    limit = clock_of(facts)
    return CaseView.model_validate(
        {
            **columns,
            "limit_reasoning": f"{limit.reasoning} {limit.authority}." if limit.last_day else None,
            "owner": deadlines.owner(case.held_by),
            "person": PersonView.model_validate(case.person),
            "offence": rulebook().offences.find(case.offence_code, case.referred_on).title,
            "facts": facts,
            "eligibility": _check_view(case, case.check) if case.check else None,
            "decisions": [with_words(DecisionView.model_validate(decision), bodies) for decision in case.decisions],
            "victim": victim,
            "deadlines": [DeadlineView.model_validate(deadline) for deadline in case.deadlines],
            "linked": [link.other_ref for link in case.links],
            "evidence": files_in(case.ref, history(entries, actor)),
            "support": support_view(case, entries, bodies, actor) if may_read(actor.role, Subject.support) else None,
        }
    )


def _check_view(case: Case, check: Check) -> CheckView:
    judgement: JudgementView | None = None
    same_again: bool | None = None
    with suppress(NoPolicy):
        judgement, same_again = judgement_view(judge_again(check)), judgement_stands(check)
    return CheckView(
        seq=check.seq,
        at=check.at,
        verdict=Verdict(check.verdict),
        policy=check.pack_id,
        out_of_date=case.verdict_out_of_date,
        judgement=judgement,
        same_again=same_again,
    )


def history(entries: Sequence[LedgerEntry], actor: Actor) -> list[EntryView]:
    """Entries of a case's ledger, without the words that `actor` may not read. Their own, everyone may."""
    return [_entry_view(entry, withheld=_withheld(entry, actor)) for entry in entries]


def files_in(ref: str, entries: Sequence[EntryView]) -> list[GivenView]:
    """The files that these entries of a case name, first to last."""
    return [
        GivenView(
            **file["file"],
            title=file["title"],
            seq=entry.seq,
            at=entry.at,
            by=entry.by,
            href=f"/api/cases/{ref}/evidence/{file['file']['sha256']}",
        )
        for entry in entries
        if entry.body is not None and '"files":[{' in entry.body
        for file in json.loads(entry.body)["files"]
    ]


def _withheld(entry: LedgerEntry, actor: Actor) -> bool:
    if entry.body is None or may_read(actor.role, Subject.restricted_need) or entry.by == actor.username:
        return False
    scores = json.loads(entry.body).get("scores", [])
    return not may_read(actor.role, Subject.support) or any(is_restricted(score["need"]) for score in scores)


def _entry_view(entry: LedgerEntry, *, withheld: bool) -> EntryView:
    command = COMMANDS.get(entry.command)
    fields = {name: getattr(entry, name) for name in EntryView.model_fields if name in LedgerEntry.__table__.columns}
    if withheld:
        fields |= {"salt": None, "body": None}
    return EntryView(**fields, title=command.title() if command else entry.command, withheld=withheld)
