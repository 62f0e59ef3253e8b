"""What had been recorded by the end of a day. The history never changes, so neither does the answer."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from sqlalchemy import ColumnElement, Subquery, and_, case, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from divert.clock import london_date, midnight
from divert.models import Case, Check, LedgerEntry, State

STAGES = {
    "referred": "Referred",
    "judged": "Judged",
    "eligible": "Found eligible",
    "accepted": "Accepted",
    "signed": "Contract signed",
    "breached": "Breach reported",
    "ended_by_breach": "Ended by a breach",
    "completed": "Completed",
    "returned": "Returned to the force",
    "charged": "Charged",
    "contract_over": "Contract over",
}
"""How far a case has come. Each is counted once a case, however often it happened."""


@dataclass(frozen=True)
class Month:
    """The cases whose referral was recorded in one month: how many have come to each stage since."""

    label: str
    counts: dict[str, int]


@dataclass(frozen=True)
class AsAt:
    """A database as it stood at the end of a day in Cleveland."""

    session: Session
    day: date

    @property
    def ends(self) -> datetime:
        """The first instant that no longer counts."""
        return midnight(self.day + timedelta(days=1))

    @cached_property
    def months(self) -> tuple[Month, ...]:
        """Every month from the first referral to this day, also those without any."""
        first = self.session.scalar(select(func.min(Case.opened_at)))
        if first is None or first >= self.ends:
            return ()
        starts = list(_month_starts(london_date(first), self.day))
        journeys = _journeys(self.ends)
        label = case(*((Case.opened_at < midnight(_next_month(start)), f"{start:%Y-%m}") for start in starts)).label(
            "month"
        )
        query = (
            select(label, *(func.sum(journeys.c[stage]).label(stage) for stage in STAGES))
            .join(journeys, journeys.c.case_id == Case.id)
            .group_by(label)
        )
        found = {
            row.month: {stage: int(getattr(row, stage)) for stage in STAGES} for row in self.session.execute(query)
        }
        return tuple(Month(name, found.get(name, dict.fromkeys(STAGES, 0))) for name in map("{:%Y-%m}".format, starts))

    def total(self, stage: str) -> int:
        """How many cases have come to a stage."""
        return sum(month.counts[stage] for month in self.months)


def moves(ends: datetime) -> Subquery:
    """The last move of each case from state to state before an instant."""
    last = (
        select(LedgerEntry.case_id, func.max(LedgerEntry.seq).label("seq"))
        .where(LedgerEntry.at < ends, _moved())
        .group_by(LedgerEntry.case_id)
        .subquery()
    )
    return (
        select(LedgerEntry)
        .join(last, and_(last.c.case_id == LedgerEntry.case_id, last.c.seq == LedgerEntry.seq))
        .subquery()
    )


def _moved() -> ColumnElement[bool]:
    return or_(LedgerEntry.from_state.is_(None), LedgerEntry.from_state != LedgerEntry.to_state)


def _journeys(ends: datetime) -> Subquery:
    """One row a case: 1 for each stage it has come to, else 0."""
    before, after = LedgerEntry.from_state, LedgerEntry.to_state
    been = (
        select(
            LedgerEntry.case_id,
            func.max(LedgerEntry.seq).label("last"),
            literal(1).label("referred"),
            _ever(after == State.accepted).label("accepted"),
            _ever(before == State.accepted, after == State.active).label("signed"),
            _ever(before == State.active, after == State.breach_review).label("breached"),
            _ever(before == State.breach_review, after == State.returned).label("ended_by_breach"),
            _ever(after == State.completed).label("completed"),
            _ever(after == State.returned).label("returned"),
            _ever(after == State.prosecuted).label("charged"),
        )
        .where(LedgerEntry.at < ends, _moved())
        .group_by(LedgerEntry.case_id)
        .subquery()
    )
    checked = (
        select(Check.case_id, func.max(Check.seq).label("seq"))
        .where(Check.at < ends)
        .group_by(Check.case_id)
        .subquery()
    )
    stands = aliased(LedgerEntry)
    over = and_(been.c.signed == 1, stands.to_state.not_in((State.active, State.breach_review)))
    return (
        select(
            *been.c,
            case((Check.verdict != "not_yet_known", 1), else_=0).label("judged"),
            case((Check.verdict == "eligible", 1), else_=0).label("eligible"),
            case((over, 1), else_=0).label("contract_over"),
        )
        .join(stands, and_(stands.case_id == been.c.case_id, stands.seq == been.c.last))
        .outerjoin(checked, checked.c.case_id == been.c.case_id)
        .outerjoin(Check, and_(Check.case_id == checked.c.case_id, Check.seq == checked.c.seq))
        .subquery()
    )


def _ever(*happened: ColumnElement[bool]) -> ColumnElement[int]:
    return func.max(case((and_(*happened), 1), else_=0))


def _month_starts(first: date, last: date) -> Iterator[date]:
    start = first.replace(day=1)
    while start <= last:
        yield start
        start = _next_month(start)


def _next_month(start: date) -> date:
    return (start + timedelta(days=31)).replace(day=1)
