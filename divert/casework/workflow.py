"""The only writer: one command, one case, one transaction.

perform() locks the case, asks whether the caller saw its present version, whether their role may, whether every guard
holds; then applies the command, moves the case, sets its deadlines, writes the ledger and what is to be told of it.
The caller commits.
"""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

from sqlalchemy import Select, bindparam, select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from divert.acts.chain import BEGINNING, canonical
from divert.acts.refusals import NotAllowed, NotFound, Reason, Refused, Stale
from divert.casework import deadlines, messages
from divert.casework.command import CaseCommand, Context
from divert.casework.lifecycle import Row, move, row_for, rows_of
from divert.casework.visibility import may_see
from divert.db import Turn, take_turn
from divert.models import Case, Counter, Role, State
from divert.people.staff import Actor
from divert.records import access, ledger


@dataclass(frozen=True)
class Receipt:
    """What was done: the case as it now stands, and the hash of the entry that says so."""

    ref: str
    state: State
    version: int
    receipt: str


class NoSuchCase(NotFound):
    """There is no such case, or the caller may not know of it."""


def perform(
    session: Session,
    ref: str | None,
    command: CaseCommand,
    by: Actor,
    at: datetime,
    seen: int | None = None,
    salt: bytes | None = None,
) -> Receipt:
    """Carry out a command on a case (`ref` None: the command opens one), as `by`, at the instant `at` (UTC).

    `seen` is the version the caller decided on. Raises NoSuchCase, Stale, NotAllowed, Refused; then nothing is changed.
    """
    case = locked(session, ref, by) if ref is not None else _new_case(session)
    if seen is not None and seen != case.version:
        raise Stale(case.version)
    context = Context(session, by, at.astimezone(UTC), case.version + 1)
    why_not = objections(case, type(command), context, command)
    if why_not.role:
        raise NotAllowed(why_not.role)
    if why_not.reasons:
        raise Refused(why_not.reasons)
    if ref is None:
        case.ref = _next_ref(session, context)
    before = case.state if ref is not None else None
    carry_out(case, command, context)
    entry = ledger.next_entry(
        case,
        at=context.at,
        by=by.username,
        role=by.role,
        command=command.slug(),
        from_state=before,
        body=canonical(command.body()),
        salt=salt or secrets.token_bytes(ledger.SALT_BYTES),
    )
    case.head, case.version = entry["hash"], context.seq
    session.add(case)
    session.flush()
    ledger.append(session, case, entry)
    messages.send(case, command, before, context)
    kind: access.Kind = "alteration" if before else "collection"
    access.record(session, by, kind, context.at, case_ref=case.ref, what=command.slug())
    return Receipt(case.ref, case.state, case.version, case.head)


def carry_out(case: Case, command: CaseCommand, context: Context) -> None:
    """Apply a command that may be applied: its changes, the move, the deadlines. Replay does the same again."""
    before: State | None = case.state
    command.apply(case, context)
    if before is None:
        case.state, case.opened_at = State.referred, context.at
    else:
        move(case, type(command), context)
    if case.state != before:
        case.state_since = context.at
    if not command.words_only:
        deadlines.follow(case, context)


@dataclass(frozen=True)
class Objections:
    """Why a command cannot be done: because of who asks (`role`), or of how things stand (`reasons`)."""

    role: str | None = None
    reasons: list[Reason] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.role or self.reasons)


def objections(
    case: Case, command: type[CaseCommand], context: Context, given: CaseCommand | None = None
) -> Objections:
    """Everything that stands against a command: with `given`, the whole answer; without, what is known beforehand."""
    state = case.state
    row: Row | None = row_for(command, state)
    allowed = set(row.by) if row else {role for any_row in rows_of(command) for role in any_row.by}
    if context.by.role not in allowed:
        able = " or ".join(role.label.lower() for role in Role if role in allowed)
        return Objections(role=f"'{command.title()}' is for the {able}.")
    if row is None:
        return Objections(
            reasons=[("state", f"'{command.title()}' is not done while a case is {state.label.lower()}.")]
        )
    if case.disposed_at is not None:
        return Objections(reasons=[("disposed_of", "This case was disposed of: nothing can be done to it any more.")])
    failing = [guard for guard in row.provided if not guard.holds(case, context, given)]
    return Objections(reasons=[(guard.name, guard.sentence(case, context, given)) for guard in failing])


def locked(session: Session, ref: str, by: Actor) -> Case:
    """The case, held until the transaction ends. NoSuchCase also where `by` may not know of it."""
    case = session.scalar(_locking(by), {"ref": ref})
    if case is None:
        raise NoSuchCase(f"There is no case {ref} that you may open.")
    return case


@lru_cache
def _locking(by: Actor) -> Select[Case]:
    """The query for one case that `by` may open: composed once, since composing costs more than running it.

    It reads the case's own row and no other. Whoever waits for the lock is given the locked row anew, and every other
    row of the same statement as it stood before the wait.
    """
    return select(Case).where(Case.ref == bindparam("ref"), may_see(by)).with_for_update(of=Case)


def _new_case(session: Session) -> Case:
    """A case not yet opened."""
    take_turn(session, Turn.opening_cases)
    return Case(state=None, version=0, head=BEGINNING)


def _next_ref(session: Session, context: Context) -> str:
    """D-19-0001: the year of the referral's recording, then a number within it."""
    year = f"{context.today:%y}"
    number = session.connection().scalar(_counting(session.get_bind().dialect.name), {"name": f"case-{year}"})
    return f"D-{year}-{number:04d}"


@lru_cache
def _counting(dialect: str) -> ReturningInsert[int]:
    """The statement that gives out the next number under a name."""
    insert = pg_insert if dialect == "postgresql" else sqlite_insert
    first = insert(Counter).values(name=bindparam("name"), value=1)
    onward = first.on_conflict_do_update(index_elements=[Counter.name], set_={"value": Counter.value + 1})
    return onward.returning(Counter.value)
