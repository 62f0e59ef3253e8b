"""The list of cases: filtered, in one query, by what the caller may know; page by page from a cursor."""

import base64
import binascii
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from api.problems import FieldFault, invalid
from divert.answers import IsoDate
from divert.casework.visibility import may_see
from divert.models import OPEN, Case, Deadline, Person, State
from divert.people.staff import Actor

Plain = Annotated[str, Field(max_length=80, pattern=r"^[^\x00-\x1f\x7f]*$")]
AT_MOST = 100


class Filters(BaseModel):
    """Which cases. Everything given must hold."""

    model_config = ConfigDict(extra="forbid")

    state: State | None = Field(default=None, description="Where they stand.")
    open_only: bool = Field(default=False, description="Leave out those that have ended.")
    keyworker: Plain | None = Field(default=None, description="Whose they are: a username.", examples=["keyworker"])
    district: Plain | None = Field(default=None, description="District of residence.", examples=["E06000001"])
    offence: Plain | None = Field(default=None, description="The offence's CJS code.", examples=["TH68010"])
    q: Plain | None = Field(
        default=None, description="A name or its beginnings, a case's or a crime's reference, or a PNC identifier."
    )
    due_before: IsoDate | None = Field(
        default=None, description="With an open deadline before this day.", examples=["2019-06-01"]
    )
    order: Literal["latest", "due"] = Field(
        default="latest", description="The latest case first, or that with the nearest deadline first."
    )
    cursor: Annotated[str, Field(max_length=60, pattern="^[A-Za-z0-9_-]*$")] | None = Field(
        default=None, description="Where to go on: `next` of the page before."
    )
    limit: int = Field(default=25, ge=1, le=AT_MOST, description="Cases a page.")


class ItemView(BaseModel):
    """One case of the list."""

    ref: str
    state: State
    version: int
    name: str
    crime_ref: str
    offence_code: str
    district: str | None
    keyworker: str | None
    referred_on: date
    next_due: date | None = Field(description="The next of its open deadlines.")


class PageView(BaseModel):
    """One page of the list."""

    cases: list[ItemView]
    next: str | None = Field(description="The cursor of the page that follows; null: this is the last.")


_next_due = (
    select(func.min(Deadline.due_on))
    .where(Deadline.case_id == Case.id, Deadline.status == "open")
    .correlate(Case)
    .scalar_subquery()
)
NEVER = date(9999, 12, 31)
_due: ColumnElement[date] = func.coalesce(_next_due, NEVER)


def cases(session: Session, actor: Actor, wanted: Filters) -> PageView:
    """The cases that `actor` may see and that pass the filters. A case opened while one pages through moves nothing."""
    query = (
        select(
            Case.id,
            Case.ref,
            Case.state,
            Case.version,
            Person.forenames,
            Person.surname,
            Case.crime_ref,
            Case.offence_code,
            Case.district,
            Case.keyworker,
            Case.referred_on,
            _next_due.label("next_due"),
        )
        .join(Person, Person.id == Case.person_id)
        .where(may_see(actor), *_conditions(wanted))
        .order_by(*((_due, Case.id) if wanted.order == "due" else (Case.id.desc(),)))
        .limit(wanted.limit + 1)
    )
    rows = session.execute(query).all()
    shown = rows[: wanted.limit]
    return PageView(
        cases=[
            ItemView(**{**row._mapping, "name": " ".join(part for part in (row.forenames, row.surname) if part)})
            for row in shown
        ],
        next=_cursor(shown[-1].id, shown[-1].next_due) if len(rows) > wanted.limit else None,
    )


def _conditions(wanted: Filters) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for column, value in (
        (Case.state, wanted.state),
        (Case.keyworker, wanted.keyworker),
        (Case.district, wanted.district),
        (Case.offence_code, wanted.offence),
    ):
        if value is not None:
            found.append(column == value)
    if wanted.open_only:
        found.append(Case.state.in_(OPEN))
    if wanted.q is not None:
        found += [_matches(word) for word in wanted.q.split()]
    if wanted.due_before is not None:
        found.append(_next_due < wanted.due_before)
    if wanted.cursor is not None:
        due, after = _place(wanted.cursor)
        found.append(or_(_due > due, and_(_due == due, Case.id > after)) if wanted.order == "due" else Case.id < after)
    return found


def _matches(word: str) -> ColumnElement[bool]:
    """A word of a name, from its beginning; or a reference, whole."""
    return or_(
        Person.surname.istartswith(word, autoescape=True),
        Person.forenames.istartswith(word, autoescape=True),
        Person.forenames.icontains(f" {word}", autoescape=True),
        Case.ref == word.upper(),
        Case.crime_ref == word,
        Person.pnc_id == word.upper(),
    )


def _cursor(case_id: int, due: date | None) -> str:
    return base64.urlsafe_b64encode(f"{due or NEVER} {case_id}".encode()).decode().rstrip("=")


def _place(cursor: str) -> tuple[date, int]:
    """The deadline and the id of the last case on the page before."""
    try:
        due, _, number = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition(" ")
        if 0 < int(number) < 2**31:
            return date.fromisoformat(due), int(number)
    except (binascii.Error, ValueError):
        pass
    raise invalid([FieldFault(parameter="cursor", detail="This is not a cursor. Take `next` from a page, unchanged.")])
