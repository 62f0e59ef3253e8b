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


def cases(session: Session, actor: Actor, wanted: Filters) -> PageView:
    """The cases that `actor` may see and that pass the filters. A case opened while one pages through moves nothing."""
    compose = _listed.__wrapped__ if isinstance(wanted, Search) else _listed  # what somebody sought is not kept
    rows: Sequence[Any] = session.connection().execute(compose(actor, wanted)).all()
    shown = rows[: wanted.limit]
    return PageView(
        cases=[_item(row) for row in shown],
        next=_cursor(shown[-1], wanted.order) if len(rows) > wanted.limit else None,
    )


@lru_cache(maxsize=256)
def _listed(actor: Actor, wanted: Filters) -> Select[*tuple[Any, ...]]:
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
        .where(may_see(actor), *conditions(wanted), *_onward(wanted))
        .order_by(*_order(wanted))
        .limit(wanted.limit + 1)
    )


def counted(session: Session, actor: Actor, several: Sequence[Filters], at_most: int) -> list[int]:
    """How many cases each of these comes to, counting no further than `at_most`: one query, and a short one."""
    return list(session.connection().execute(_counting(actor, tuple(several), at_most)).one()) if several else []


@lru_cache(maxsize=256)
def _counting(actor: Actor, several: tuple[Filters, ...], at_most: int) -> Select[Any]:
    found = []
    for wanted in several:
        some = select(Case.id).where(may_see(actor), *conditions(wanted)).order_by(*_order(wanted)).limit(at_most)
        found.append(select(func.count()).select_from(some.subquery()).scalar_subquery())
    return select(*found)


def _order(wanted: Filters) -> list[Any]:
    """As an index has it: also what is only counted is counted in order, so that PostgreSQL reads no table for it."""
    if wanted.order == "latest":
        return [Case.id.desc()]
    return [Case.due_on if wanted.order == "due" else Case.limit_on, Case.id]


def conditions(wanted: Filters) -> list[ColumnExpressionArgument[bool]]:
    """What a case must be to pass. The states are written as the indices of `Case` have them."""
    found: list[ColumnExpressionArgument[bool]] = []
    if wanted.unallocated:
        found += [text(in_states(TAKEN)), Case.keyworker.is_(None)]
    elif wanted.still_due or (wanted.order == "due" and wanted.state in FINAL):
        found += [text(in_states(FINAL)), Case.due_on.is_not(None)]
    elif wanted.open_only or wanted.limit_before is not None or wanted.order != "latest":
        found.append(text(in_states(OPEN)))
    for column, value in (
        (Case.state, wanted.state),
        (Case.keyworker, wanted.keyworker),
        (Case.held_by, wanted.held_by),
        (Case.district, wanted.district),
        (Case.offence_code, wanted.offence),
    ):
        if value is not None:
            found.append(column == value)
    if wanted.due_before is not None:
        found.append(Case.due_on < wanted.due_before)
    if wanted.limit_before is not None:
        found.append(Case.limit_on < wanted.limit_before)
    if wanted.order == "limit":
        found.append(Case.limit_on.is_not(None))
    if isinstance(wanted, Search) and wanted.q:
        found += [_matches(word) for word in wanted.q.split()]
    return found


def risky(today: date) -> date:
    """The day before which a time limit is near: 28 days ahead, as the first reminder of it comes."""
    return today + timedelta(days=1 - rulebook().deadlines["limit_in_28_days"].days)


def _matches(word: str) -> ColumnExpressionArgument[bool]:
    """A reference, whole; or words of a name, each from its beginning. One look into an index for each of them."""
    ways = [
        select(Case.id).where(Case.ref == word.upper()),
        select(Case.id).where(Case.crime_ref.in_({word, word.upper()})),
        select(Case.id).join(Person, Person.id == Case.person_id).where(Person.pnc_id == word.upper()),
    ]
    names = words_of(word)
    if names and not any(one.isdigit() for one in word):
        ways.append(select(Case.id).where(*(Case.person_id.in_(_named(one)) for one in names)))
    return Case.id.in_(union(*ways))


def _named(beginning: str) -> Any:
    return select(NameWord.person_id).where(NameWord.word >= beginning, NameWord.word < beginning + LAST)


def _item(row: Any) -> ItemView:
    return ItemView(
        **row._mapping,
        name=" ".join(part for part in (row.forenames, row.surname) if part),
        next_what=rulebook().deadlines[row.next_kind].title if row.next_kind else None,
        owner=owner(row.held_by),
    )


def _onward(wanted: Filters) -> list[ColumnExpressionArgument[bool]]:
    """What comes after the cursor."""
    if wanted.cursor is None:
        return []
    on, after = _place(wanted.cursor)
    if wanted.order == "latest":
        return [Case.id < after]
    by = _order(wanted)
    return [and_(by[0] >= on, tuple_(*by) > tuple_(on, after))]  # the first is for SQLite's index


def _cursor(last: Any, order: str) -> str:
    on = {"latest": date.min, "due": last.next_due, "limit": last.limit_on}[order]
    return base64.urlsafe_b64encode(f"{on} {last.id}".encode()).decode().rstrip("=")


def _place(cursor: str) -> tuple[date, int]:
    """The day and the id of the last case on the page before."""
    try:
        on, _, number = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition(" ")
        if 0 < int(number) < 2**31:
            return date.fromisoformat(on), int(number)
    except (binascii.Error, ValueError):
        pass
    raise invalid([FieldFault(parameter="cursor", detail="This is not a cursor. Take `next` from a page, unchanged.")])
