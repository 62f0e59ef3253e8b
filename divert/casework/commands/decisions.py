"""Eligibility is checked, then police and probation each decide, by name and with reasons."""

from typing import ClassVar, Literal

from pydantic import Field, field_validator

from divert.acts.answers import YesNo
from divert.acts.command import Reasons, Words
from divert.casework.command import CaseCommand, Context
from divert.casework.commands.referral import referral_facts
from divert.eligibility.derivation import derive
from divert.eligibility.judge import Judgement, judge
from divert.law.rulebook import rulebook
from divert.models import Case, Check, Decision
from divert.people.rights import SIDES

Side = Literal["police", "probation"]
AGAINST = {"ineligible": True, "eligible": False}
"""The answer that goes against each verdict. Review leaves both open."""


class CheckEligibility(CaseCommand, title="Check eligibility", json_schema_extra={"examples": [{}]}):
    """Judge the facts by the policy in force on the referral date. The verdict is advice: people decide."""

    def apply(self, case: Case, context: Context) -> None:
        """Keep the facts and the pack's digest beside the verdict, so that this check re-runs byte for byte."""
        judgement = judged(case, context)
        case.checks.append(
            Check(
                seq=context.seq,
                pack_id=judgement.policy.id,
                pack_digest=judgement.policy.digest,
                facts=judgement.facts.as_json(),
                verdict=judgement.verdict.value,
                because=" ".join(judgement.because),
                at=context.at,
            )
        )
        case.verdict, case.verdict_out_of_date = judgement.verdict.value, False


def judged(case: Case, context: Context) -> Judgement:
    """What the policy says of a case on the facts of today."""
    policy = context.policy(case)
    return judge(policy, derive(referral_facts(case), policy, context.rules.offences))


class Decide(CaseCommand):
    """Yes or no for one side, with reasons."""

    side: ClassVar[Side]

    accept: YesNo = Field(title="Take this case")
    reasons: Reasons = Field(title="Reasons")
    override_reason: Words | None = Field(
        default=None,
        title="If this goes against the verdict: why",
        description="Yes to a case found ineligible, or no to one found eligible, is an override and is counted.",
    )

    def deciding_side(self, context: Context) -> Side:
        """Whose decision this is."""
        return self.side

    def is_override(self, case: Case) -> bool:
        """True where the answer goes against the verdict."""
        return case.verdict is not None and AGAINST.get(case.verdict) is self.accept

    def apply(self, case: Case, context: Context) -> None:
        """Add the decision; an earlier one by the same side stays on record."""
        case.decisions.append(
            Decision(
                seq=context.seq,
                side=self.deciding_side(context),
                accept=self.accept,
                override=self.is_override(case),
                by=context.by.username,
                at=context.at,
            )
        )


YES = {
    "examples": [{"accept": "yes", "reasons": "First offence, full admission, in work; nothing to add by charging."}]
}


class DecideForPolice(Decide, title="Decide for the police", json_schema_extra=YES):
    """The police team lead's own decision whether to take the case."""

    side = "police"


class DecideForProbation(Decide, title="Decide for probation", json_schema_extra=YES):
    """The probation team lead's own decision whether to take the case."""

    side = "probation"


class Reconsider(Decide, title="Reconsider your decision", json_schema_extra=YES):
    """Decide again, for the side you decided for, where the two sides differ or something new is known."""

    def deciding_side(self, context: Context) -> Side:
        """The side of whoever acts."""
        return SIDES[context.by.role]


class ReturnToForce(
    CaseCommand,
    title="Return to the force",
    json_schema_extra={
        "examples": [{"reason_code": "not_agreed", "reasons": "Probation said no; police accept that."}]
    },
):
    """Send the original offence back for a charging decision. The time limit runs on."""

    ends_a_case = True
    reason_code: str = Field(title="Reason", json_schema_extra={"choices": "return_reasons"})
    reasons: Reasons = Field(title="In words")

    @field_validator("reason_code")
    @classmethod
    def _in_the_list(cls, value: str) -> str:
        if value not in rulebook().return_reasons:
            raise ValueError(f"There is no reason {value!r}. Use one of: {', '.join(rulebook().return_reasons)}.")
        return value

    def apply(self, case: Case, context: Context) -> None:
        """Why it went back."""
        case.return_reason = self.reason_code
