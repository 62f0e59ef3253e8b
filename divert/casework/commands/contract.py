"""The contract of conditions: signed, varied, paused, or declined."""

from datetime import date, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic.json_schema import SkipJsonSchema

from divert.acts.answers import IsoDate, PastDate
from divert.acts.command import Reasons, Short, Words
from divert.casework.command import CaseCommand, Context
from divert.law.rulebook import rulebook
from divert.models import Case, Condition, Contract, Pause

ContractClock = Literal["contract_end", "condition_dates"]


class Promise(BaseModel):
    """One condition of a contract."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    code: str = Field(title="Condition", json_schema_extra={"choices": "conditions"})
    detail: Short | None = Field(default=None, title="In particular", description="The place, the amount, the course.")
    provider: Short | None = Field(default=None, title="Provider")
    due_on: IsoDate | None = Field(default=None, title="By when", description="Blank: by the end of the contract.")
    text: SkipJsonSchema[Words | None] = None
    """What is signed, copied from the catalogue with the signature: the catalogue may change, the promise does not."""

    @field_validator("code")
    @classmethod
    def _in_the_catalogue(cls, value: str) -> str:
        if value not in rulebook().conditions:
            raise ValueError(f"There is no condition {value!r}. Use one of: {', '.join(rulebook().conditions)}.")
        return value

    def words(self) -> str:
        """The condition as the person reads and signs it, from the catalogue."""
        text = rulebook().conditions[self.code].text
        return f"{text} In particular: {self.detail}." if self.detail else text

    @model_validator(mode="after")
    def _copy(self) -> "Promise":
        self.text = self.text or self.words()
        return self


class Terms(CaseCommand):
    """What is signed: an end, and conditions."""

    signed_on: PastDate = Field(title="Date signed")
    ends_on: IsoDate = Field(title="Last day of the contract")
    conditions: list[Promise] = Field(
        title="Conditions", min_length=1, max_length=12, json_schema_extra={"one": "condition"}
    )

    @field_validator("conditions")
    @classmethod
    def _each_once(cls, value: list[Promise]) -> list[Promise]:
        codes = [promise.code for promise in value]
        if twice := sorted({code for code in codes if codes.count(code) > 1}):
            raise ValueError(f"Name each condition once. Given twice: {', '.join(twice)}.")
        return value

    def apply(self, case: Case, context: Context) -> None:
        """A new version. Conditions that go on keep their number and standing; those dropped are withdrawn."""
        case.contracts.append(Contract(seq=context.seq, signed_on=self.signed_on, ends_on=self.ends_on))
        standing = {condition.code: condition for condition in case.conditions if condition.status != "withdrawn"}
        for number, promise in enumerate(self.conditions, start=len(case.conditions) + 1):
            if promise.code in standing:
                condition = standing.pop(promise.code)
                condition.text, condition.provider, condition.seq = promise.text or "", promise.provider, context.seq
                condition.due_on = promise.due_on
                continue
            case.conditions.append(
                Condition(
                    number=number,
                    seq=context.seq,
                    code=promise.code,
                    kind=rulebook().conditions[promise.code].kind.value,
                    text=promise.text or "",
                    provider=promise.provider,
                    due_on=promise.due_on,
                    status="open",
                )
            )
        for dropped in standing.values():
            if dropped.status == "open":
                dropped.status, dropped.settled_on = "withdrawn", self.signed_on


FIVE = [
    {"code": "NO_REOFFEND"},
    {"code": "VICTIM_AWARENESS"},
    {"code": "ATTEND_APPOINTMENTS"},
    {"code": "ALCOHOL_SUPPORT", "provider": "Local alcohol service"},
    {"code": "GIVING_BACK", "detail": "six hours at the community garden"},
]


class SignContract(
    Terms,
    title="Sign the contract",
    json_schema_extra={"examples": [{"signed_on": "2019-05-10", "ends_on": "2019-08-09", "conditions": FIVE}]},
):
    """Record the contract that the person has signed."""


class DeclineContract(
    CaseCommand,
    title="Record that the contract was declined",
    json_schema_extra={"examples": [{"reasons": "Would rather go to court."}]},
):
    """The person will not sign. The offence goes back for a charging decision."""

    ends_a_case = True
    reasons: Reasons = Field(title="What the person said")

    def apply(self, case: Case, context: Context) -> None:
        """Why it went back."""
        case.return_reason = "declined"


class VaryContract(
    Terms,
    title="Vary the contract",
    json_schema_extra={
        "examples": [
            {
                "signed_on": "2019-06-10",
                "ends_on": "2019-08-09",
                "conditions": FIVE[:4],
                "why": "The garden closed.",
                "agreed_by": "probation.lead",
            }
        ]
    },
):
    """Record a new version of the contract, signed again, to which the probation team lead has agreed."""

    why: Reasons = Field(title="Why it changes")
    agreed_by: str = Field(title="Probation team lead who agreed", max_length=60)


class PauseContract(
    CaseCommand,
    title="Pause the contract",
    json_schema_extra={
        "examples": [
            {
                "from_on": "2019-06-01",
                "until_on": "2019-06-14",
                "stops": ["contract_end", "condition_dates"],
                "why": "In hospital. The limit runs on.",
            }
        ]
    },
):
    """Stop clocks of the contract for an interval: they run on by as many days later. The time limit never stops."""

    from_on: IsoDate = Field(title="First day of the pause")
    until_on: IsoDate = Field(title="Last day of the pause")
    stops: list[ContractClock] = Field(
        default=["contract_end"],
        title="Clocks that stop",
        description="The time limit for a charge never stops, and appointments stay booked unless they are moved.",
        min_length=1,
    )
    why: Reasons = Field(title="Why")

    @field_validator("until_on")
    @classmethod
    def _after_it_begins(cls, value: date, info: object) -> date:
        begins = getattr(info, "data", {}).get("from_on")
        if begins and value < begins:
            raise ValueError("The pause must end on or after the day it begins.")
        return value

    def new_end(self, case: Case) -> date | None:
        """The contract's last day after the pause."""
        if case.contract is None or "contract_end" not in self.stops:
            return case.contract.ends_on if case.contract else None
        return case.contract.ends_on + timedelta(days=days_in(self.from_on, self.until_on))

    def apply(self, case: Case, context: Context) -> None:
        """What stops moves out."""
        pause = Pause(seq=context.seq, from_on=self.from_on, until_on=self.until_on, stops=sorted(set(self.stops)))
        case.pauses.append(pause)
        _move_clocks(case, pause, days_in(self.from_on, self.until_on))


class ResumeContract(
    CaseCommand, title="Resume the contract", json_schema_extra={"examples": [{"resumed_on": "2019-06-08"}]}
):
    """End a pause early; the contract's end comes back by the days not used."""

    resumed_on: IsoDate = Field(title="First day on which the contract runs again")
    note: Words | None = Field(default=None, title="Note")

    def apply(self, case: Case, context: Context) -> None:
        """Give back the unused days."""
        pause = running_pause(case, context.today)
        if pause is not None:
            pause.resumed_on = self.resumed_on
            _move_clocks(case, pause, -days_in(self.resumed_on, pause.until_on))


def running_pause(case: Case, on: date) -> Pause | None:
    """The pause that a day lies in or before, and that nobody has ended."""
    return next((pause for pause in reversed(case.pauses) if pause.resumed_on is None and pause.until_on >= on), None)


def _move_clocks(case: Case, pause: Pause, days: int) -> None:
    """Move what a pause stops: the contract's end, and each open condition's own date from its first day on."""
    if "contract_end" in pause.stops and case.contract is not None:
        case.contract.ends_on += timedelta(days=days)
    for condition in case.conditions if "condition_dates" in pause.stops else ():
        if condition.status == "open" and condition.due_on is not None and condition.due_on >= pause.from_on:
            condition.due_on += timedelta(days=days)


def days_in(first: date, last: date) -> int:
    """Days from first to last, both included."""
    return (last - first).days + 1
