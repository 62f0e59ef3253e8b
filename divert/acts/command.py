"""What a command is: one class that is the JSON body, the form, the file row and what is kept of it."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from divert.acts.answers import FIRST_YEAR, LAST_YEAR, fault, is_on_record, past_dates
from divert.clock import LONDON
from divert.people.text import clean_all

UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""Control characters and halves of characters: PostgreSQL refuses some, UTF-8 others, and no page shows any."""


class Command(BaseModel):
    """Something that a person does. Subclasses carry a `title`, their fields, and what they change."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    @model_validator(mode="before")
    @classmethod
    def _without_what_nobody_sees(cls, data: Any, info: ValidationInfo) -> Any:
        """What is typed or pasted comes clean. What is on record already stays as it was written."""
        return data if is_on_record(info) else clean_all(data)

    @field_validator("*", mode="before")
    @classmethod
    def _can_be_written(cls, answer: Any) -> Any:
        """Refuse, in every field and whatever lies in it, text that cannot be kept."""
        unchecked = [answer]
        while unchecked:
            value = unchecked.pop()
            if isinstance(value, str) and UNWRITABLE.search(value):
                raise fault("This holds a character that cannot be kept, such as a null. Use plain text.")
            if isinstance(value, dict):
                unchecked += [*value, *value.values()]
            elif isinstance(value, list):
                unchecked += value
        return answer

    def body(self) -> dict[str, Any]:
        """What is kept of it: every field, JSON-ready."""
        return self.model_dump(mode="json")

    def fields_in_the_future(self, today: date) -> list[str]:
        """The fields that tell of something as having happened on a day that is still to come."""
        return list(dict.fromkeys(name for name, on in past_dates(self) if on > today))

    @classmethod
    def title(cls) -> str:
        """As a button shows it."""
        return str(cls.model_config.get("title") or cls.__name__)

    @classmethod
    def slug(cls) -> str:
        """As an address and a chain show it: ReportBreach is report-breach."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", cls.__name__).lower()


WITH_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}")


def _as_london(value: object) -> object:
    """Read a wall-clock time that names no zone as Cleveland's: one that is there, and there once."""
    if isinstance(value, str):
        text = value.strip()
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise fault("This has no time. Write the date and time, like 2019-05-01T14:30.")
        try:
            value = datetime.fromisoformat(text) if WITH_TIME.match(text) else None
        except ValueError as error:
            raise fault("This is not a date and time. Write it like 2019-05-01T14:30.") from error
    if not isinstance(value, datetime):
        raise fault("This is not a date and time. Write it like 2019-05-01T14:30.")
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise fault(f"This is outside {FIRST_YEAR} to {LAST_YEAR}. Write the date and time like 2019-05-01T14:30.")
    return _on_the_clock(value) if value.tzinfo is None else value


def _on_the_clock(wall: datetime) -> datetime:
    """Cleveland's wall clock as an instant. On two nights a year an hour is left out, or comes twice."""
    first, second = wall.replace(tzinfo=LONDON), wall.replace(tzinfo=LONDON, fold=1)
    if first.utcoffset() == second.utcoffset():
        return first
    if first.astimezone(UTC).astimezone(LONDON).replace(tzinfo=None) != wall:
        before, after = (f"{wall:%Y-%m-%d}T{hour}" for hour in ("00:59", "02:00"))
        raise fault(f"The clocks go forward that night and leave this hour out. The nearest are {before} and {after}.")
    summer, winter = (f"{wall:%Y-%m-%dT%H:%M}{offset}" for offset in ("+01:00", "+00:00"))
    which = f"Write {summer} or, an hour later, {winter}; on a form, BST or GMT behind the time"
    raise fault(f"The clocks go back that night: this hour comes twice. {which}.")


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
