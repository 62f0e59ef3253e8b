"""The list of cases: filtered, in one query, by what the caller may know; page by page from a cursor.

What a list is ordered and cut by stands on the case and in an index, so a page costs the same however many cases there
are. Pages ask for names and PNC identifiers in a body, never in an address.
"""

import base64
import binascii
from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnExpressionArgument, Select, and_, func, select, text, tuple_, union
from sqlalchemy.orm import Session

from api.web.problems import FieldFault, invalid
from divert.acts.answers import IsoDate
from divert.casework.deadlines import ABOUT_THE_LIMIT, owner
from divert.casework.visibility import may_see
from divert.law.rulebook import rulebook
from divert.models import FINAL, OPEN, TAKEN, Case, Deadline, NameWord, Person, State
from divert.models.case import OUTSTANDING, in_states
from divert.models.names import words_of
from divert.people.staff import Actor

Plain = Annotated[str, Field(max_length=80, pattern=r"^[^\x00-\x1f\x7f]*$")]
AT_MOST = 100
NEXT_KIND = (
    select(Deadline.kind)
    .where(Deadline.case_id == Case.id, text(f"deadlines.{OUTSTANDING}"), Deadline.kind.not_in(ABOUT_THE_LIMIT))
    .order_by(Deadline.due_on, Deadline.kind)
    .limit(1)
    .scalar_subquery()
)
"""What a case's next deadline is for. Its condition is written as the index of open deadlines has it."""

LAST = "\U0010ffff"
"""No word goes on with this."""


class Filters(BaseModel):
    """Which cases. Everything given must hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: State | None = Field(default=None, description="Where they stand.")
    open_only: bool = Field(default=False, description="Leave out those that have ended.")
    keyworker: Plain | None = Field(default=None, description="Whose they are: a username.", examples=["keyworker"])
    held_by: Plain | None = Field(
        default=None,
        description="Who must meet the next deadline: a username, or a role.",
        examples=["police_team_lead"],
    )
    unallocated: bool = Field(default=False, description="Accepted, and without a keyworker.")
    still_due: bool = Field(default=False, description="Ended, with something still due.")
    district: Plain | None = Field(default=None, description="District of residence.", examples=["E06000001"])
    offence: Plain | None = Field(default=None, description="The offence's CJS code.", examples=["TH68010"])
    due_before: IsoDate | None = Field(
        default=None, description="With an open deadline before this day.", examples=["2019-06-01"]
    )
    limit_before: IsoDate | None = Field(
        default=None, description="Open, with a last day to charge before this one.", examples=["2019-06-01"]
    )
    order: Literal["latest", "due", "limit"] = Field(
        default="latest",
        description="`latest`: the latest case first. `due`, `limit`: those with the nearest deadline, or the nearest"
        " last day to charge, first; open ones only, but for `due` with `still_due` or the state of an ended case.",
    )
    cursor: Annotated[str, Field(max_length=60, pattern="^[A-Za-z0-9_-]*$")] | None = Field(
        default=None, description="Where to go on: `next` of the page before."
    )
    limit: int = Field(default=25, ge=1, le=AT_MOST, description="Cases a page.")


class Search(Filters):
    """The same, for words. Pages post them: no name stands in an address that a browser keeps."""

    q: Plain | None = Field(
        default=None,
        description="A name or the beginnings of its words, a case's or a crime's reference, or a PNC identifier.",
        examples=["ashw"],
    )


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
    next_what: str | None = Field(description="What must have happened by then.")
    owner: str | None = Field(description="Who must see to that: a username, or the role it waits for.")
    limit_on: date | None = Field(description="The last day on which a charge could be issued; null: no time limit.")
    limit_basis: Literal["statutory", "precautionary", "none"]


class PageView(BaseModel):
    """One page of the list."""

    cases: list[ItemView]
    next: str | None = Field(description="The cursor of the page that follows; null: this is the last.")


def cases(session: Session, actor: Actor, filters: Filters) -> PageView:
    """The cases that `actor` may see and that pass the filters. A case opened while one pages through moves nothing."""
    compose = (
        _page_query.__wrapped__ if isinstance(filters, Search) else _page_query
    )  # what somebody searched for is not kept
    rows: Sequence[Any] = session.connection().execute(compose(actor, filters)).all()
    page_rows = rows[: filters.limit]
    return PageView(
        cases=[_item(row) for row in page_rows],
        next=_cursor(page_rows[-1], filters.order) if len(rows) > filters.limit else None,
    )


@lru_cache(maxsize=256)
def _page_query(actor: Actor, filters: Filters) -> Select[*tuple[Any, ...]]:
    """The query for a page of a list. Kept: the same are asked for all day, and composing costs more than asking."""
    return (
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
            Case.due_on.label("next_due"),
            NEXT_KIND.label("next_kind"),
            Case.held_by,
            Case.limit_on,
            Case.limit_basis,
        )
        .join(Person, Person.id == Case.person_id)
        .where(may_see(actor), *conditions(filters), *_after_cursor(filters))
        .order_by(*_order(filters))
        .limit(filters.limit + 1)
    )


def count_cases(session: Session, actor: Actor, filter_sets: Sequence[Filters], at_most: int) -> list[int]:
    """How many cases each of these comes to, counting no further than `at_most`: one query, and a short one."""
    return (
        list(session.connection().execute(_count_query(actor, tuple(filter_sets), at_most)).one())
        if filter_sets
        else []
    )


@lru_cache(maxsize=256)
def _count_query(actor: Actor, filter_sets: tuple[Filters, ...], at_most: int) -> Select[Any]:
    counts = []
    for filters in filter_sets:
        ids = select(Case.id).where(may_see(actor), *conditions(filters)).order_by(*_order(filters)).limit(at_most)
        counts.append(select(func.count()).select_from(ids.subquery()).scalar_subquery())
    return select(*counts)


def _order(filters: Filters) -> list[Any]:
    """As an index has it: also what is only counted is counted in order, so that PostgreSQL reads no table for it."""
    if filters.order == "latest":
        return [Case.id.desc()]
    return [Case.due_on if filters.order == "due" else Case.limit_on, Case.id]


def conditions(filters: Filters) -> list[ColumnExpressionArgument[bool]]:
    """What a case must be to pass. The states are written as the indices of `Case` have them."""
    clauses: list[ColumnExpressionArgument[bool]] = []
    if filters.unallocated:
        clauses += [text(in_states(TAKEN)), Case.keyworker.is_(None)]
    elif filters.still_due or (filters.order == "due" and filters.state in FINAL):
        clauses += [text(in_states(FINAL)), Case.due_on.is_not(None)]
    elif filters.open_only or filters.limit_before is not None or filters.order != "latest":
        clauses.append(text(in_states(OPEN)))
    for column, value in (
        (Case.state, filters.state),
        (Case.keyworker, filters.keyworker),
        (Case.held_by, filters.held_by),
        (Case.district, filters.district),
        (Case.offence_code, filters.offence),
    ):
        if value is not None:
            clauses.append(column == value)
    if filters.due_before is not None:
        clauses.append(Case.due_on < filters.due_before)
    if filters.limit_before is not None:
        clauses.append(Case.limit_on < filters.limit_before)
    if filters.order == "limit":
        clauses.append(Case.limit_on.is_not(None))
    if isinstance(filters, Search) and filters.q:
        clauses += [_matches(word) for word in filters.q.split()]
    return clauses


def near_limit(today: date) -> date:
    """The day before which a time limit is near: 28 days ahead, as the first reminder of it comes."""
    return today + timedelta(days=1 - rulebook().deadlines["limit_in_28_days"].days)


def _matches(word: str) -> ColumnExpressionArgument[bool]:
    """A reference, whole; or words of a name, each from its beginning. One look into an index for each of them."""
    queries = [
        select(Case.id).where(Case.ref == word.upper()),
        select(Case.id).where(Case.crime_ref.in_({word, word.upper()})),
        select(Case.id).join(Person, Person.id == Case.person_id).where(Person.pnc_id == word.upper()),
    ]
    names = words_of(word)
    if names and not any(character.isdigit() for character in word):
        queries.append(select(Case.id).where(*(Case.person_id.in_(_people_named(name)) for name in names)))
    return Case.id.in_(union(*queries))


def _people_named(beginning: str) -> Any:
    return select(NameWord.person_id).where(NameWord.word >= beginning, NameWord.word < beginning + LAST)


def _item(row: Any) -> ItemView:
    return ItemView(
        **row._mapping,
        name=" ".join(part for part in (row.forenames, row.surname) if part),
        next_what=rulebook().deadlines[row.next_kind].title if row.next_kind else None,
        owner=owner(row.held_by),
    )


def _after_cursor(filters: Filters) -> list[ColumnExpressionArgument[bool]]:
    """What comes after the cursor."""
    if filters.cursor is None:
        return []
    day, case_id = _read_cursor(filters.cursor)
    if filters.order == "latest":
        return [Case.id < case_id]
    columns = _order(filters)
    return [and_(columns[0] >= day, tuple_(*columns) > tuple_(day, case_id))]  # the first is for SQLite's index


def _cursor(last: Any, order: str) -> str:
    day = {"latest": date.min, "due": last.next_due, "limit": last.limit_on}[order]
    return base64.urlsafe_b64encode(f"{day} {last.id}".encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[date, int]:
    """The day and the id of the last case on the page before."""
    try:
        day, _, number = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition(" ")
        if 0 < int(number) < 2**31:
            return date.fromisoformat(day), int(number)
    except (binascii.Error, ValueError):
        pass
    raise invalid([FieldFault(parameter="cursor", detail="This is not a cursor. Take `next` from a page, unchanged.")])
