"""A keyworker is named, and needs are assessed at entry, on review, and at exit."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from divert.acts.answers import YesNo
from divert.acts.command import Words
from divert.casework.command import CaseCommand, Context
from divert.law.rulebook import rulebook
from divert.models import Allocation, Case, NeedScore

Stage = Literal["entry", "review", "exit"]


class Allocate(
    CaseCommand, title="Allocate to a keyworker", json_schema_extra={"examples": [{"keyworker": "keyworker"}]}
):
    """Name the keyworker. A woman, or a person with complex needs, is usually for the specialist."""

    keyworker: str = Field(title="Keyworker", max_length=60, json_schema_extra={"choices": "keyworkers"})
    why: Words | None = Field(default=None, title="Why this keyworker")

    def apply(self, case: Case, context: Context) -> None:
        """One keyworker at a time; who held the case before stays on record."""
        for earlier in case.allocations:
            earlier.to_at = earlier.to_at or context.at
        case.allocations.append(Allocation(seq=context.seq, keyworker=self.keyworker, from_at=context.at))
        case.keyworker = self.keyworker


class Score(BaseModel):
    """One need."""

    model_config = ConfigDict(extra="forbid")

    need: str = Field(title="Need", json_schema_extra={"choices": "needs"})
    score: int = Field(ge=0, le=10, title="Score, 0 (none) to 10 (severe)")
    linked: YesNo = Field(default=False, title="Linked to the offending")

    @field_validator("need")
    @classmethod
    def _in_the_catalogue(cls, value: str) -> str:
        if value not in rulebook().needs:
            raise ValueError(f"There is no need {value!r}. Use one of: {', '.join(rulebook().needs)}.")
        return value


class AssessNeeds(
    CaseCommand,
    title="Assess needs",
    json_schema_extra={
        "examples": [
            {
                "stage": "entry",
                "scores": [
                    {
                        "need": code,
                        "score": 4 if code == "alcohol" else 1,
                        "linked": "yes" if code == "alcohol" else "no",
                    }
                    for code, need in rulebook().needs.items()
                    if not need.restricted
                ],
            }
        ]
    },
):
    """Score every need with the person, and say which are linked to the offending."""

    stage: Stage = Field(title="When", json_schema_extra={"choices": "stages"})
    scores: list[Score] = Field(
        title="Needs", min_length=1, max_length=20, json_schema_extra={"rows": "every", "one": "need"}
    )
    summary: Words | None = Field(default=None, title="Summary")

    @field_validator("scores")
    @classmethod
    def _all_needs_once(cls, value: list[Score]) -> list[Score]:
        codes = [score.need for score in value]
        twice = sorted({need for need in codes if codes.count(need) > 1})
        missing = [need.title for need in rulebook().needs.values() if not need.restricted and need.code not in codes]
        if twice:
            raise ValueError(f"Score each need once. Given twice: {', '.join(twice)}.")
        if missing:
            raise ValueError(f"Score every need, 0 where there is none. Missing: {', '.join(missing)}.")
        return value

    def apply(self, case: Case, context: Context) -> None:
        """One row a need."""
        case.need_scores.extend(
            NeedScore(seq=context.seq, need=score.need, stage=self.stage, score=score.score, linked=score.linked)
            for score in self.scores
        )
