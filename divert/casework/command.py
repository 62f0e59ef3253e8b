"""What a command is: one class that is the JSON body, the form, the file row and the ledger's payload."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator
from sqlalchemy import select
from sqlalchemy.orm import Session

from divert.answers import FIRST_YEAR, LAST_YEAR, fault
from divert.clock import LONDON, london_date
from divert.eligibility.policies import Policies
from divert.eligibility.policy import Policy
from divert.law.rulebook import Rulebook, rulebook
from divert.models import Case, LedgerEntry
from divert.people.staff import Actor
from divert.policies.adopted import policies_of

UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""Control characters and halves of characters: PostgreSQL refuses some, UTF-8 others, and no page shows any."""


@dataclass(frozen=True)
class Context:
    """Everything a command or guard may know besides the case: who, when, as which entry, under which rules."""

    session: Session
    by: Actor
    at: datetime
    seq: int

    @cached_property
    def today(self) -> date:
        """The date in Cleveland."""
        return london_date(self.at)

    @property
    def rules(self) -> Rulebook:
        """Law and policy, as data."""
        return rulebook()

    @cached_property
    def policies(self) -> Policies:
        """The policies, each in force in its time."""
        return policies_of(self.session)

    def policy(self, case: Case) -> Policy:
        """The eligibility policy this case is judged by: the one in force on its referral date."""
        return self.policies.in_force(case.referred_on)

    def case(self, ref: str) -> Case | None:
        """Another case, by its reference."""
        return self.session.scalar(select(Case).where(Case.ref == ref))

    def entry(self, case: Case, seq: int) -> LedgerEntry | None:
        """An earlier entry of this case."""
        return self.session.get(LedgerEntry, (case.id, seq))


class Command(BaseModel):
    """Something a person does to a case. Subclasses carry a `title`, their fields, and what they change (`apply`)."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    words_only: ClassVar[bool] = False
    """True where nothing changes that a deadline could follow from: only the history grows."""

    ends_a_case: ClassVar[bool] = False
    """True where the page asks to check the answers first."""

    @field_validator("*", mode="before")
    @classmethod
    def _can_be_written(cls, given: Any) -> Any:
        """Refuse, in every field and whatever lies in it, text that cannot be kept."""
        waiting = [given]
        while waiting:
            one = waiting.pop()
            if isinstance(one, str) and UNWRITABLE.search(one):
                raise fault("This holds a character that cannot be kept, such as a null. Use plain text.")
            waiting += [*one, *one.values()] if isinstance(one, dict) else one if isinstance(one, list) else ()
        return given

    def apply(self, case: Case, context: Context) -> None:
        """Change the case's live rows. Its state is the table's affair, its history the ledger's."""

    def body(self) -> dict[str, Any]:
        """What the ledger keeps: every field, JSON-ready."""
        return self.model_dump(mode="json")

    @classmethod
    def title(cls) -> str:
        """As a button shows it."""
        return str(cls.model_config.get("title") or cls.__name__)

    @classmethod
    def slug(cls) -> str:
        """As an address and the ledger show it: ReportBreach is report-breach."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", cls.__name__).lower()


def _as_london(value: object) -> object:
    """Read a wall-clock time that names no zone as Cleveland's."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError as bad:
            raise fault("This is not a date and time. Write it like 2019-05-01T14:30.") from bad
    if not isinstance(value, datetime):
        raise fault("This is not a date and time. Write it like 2019-05-01T14:30.")
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise fault(f"This is outside {FIRST_YEAR} to {LAST_YEAR}. Write the date and time like 2019-05-01T14:30.")
    return value.replace(tzinfo=LONDON) if value.tzinfo is None else value


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("Say it in a few words: this cannot be left blank.")
    return value


LondonInstant = Annotated[datetime, BeforeValidator(_as_london), Field(examples=["2019-05-01T14:30"])]
"""A date and time; without a zone it is Cleveland's wall clock."""

Reasons = Annotated[str, AfterValidator(_not_blank), Field(min_length=1, max_length=4000)]
"""Words that must be there: reasons, evidence, what happened."""

Words = Annotated[str, Field(max_length=4000)]
Short = Annotated[str, Field(max_length=120)]
EntryNumber = Annotated[int, Field(ge=1, le=1_000_000)]
"""The number of the ledger entry that made a row: appointment 11 was booked by entry 11."""
