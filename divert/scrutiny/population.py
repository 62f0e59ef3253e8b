"""Which decided cases a frame holds, and in which stratum each stands.

A case ends, for the panel, on the day it left the scheme's hands: completed, returned to the force, or closed. That
day, and all that puts a case in a stratum, is read as it stood at the end of the cut-off day, so a frame frozen later
is the same frame. Refused and ineligible cases are in unless left out by name, for wrongful exclusion is never seen
otherwise; so are restricted ones, for a frame with gaps proves nothing.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select
from sqlalchemy import Row as ResultRow
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from divert.acts.answers import IsoDate, OffenceCode, fault
from divert.clock import midnight
from divert.law.rulebook import rulebook
from divert.models import Breach, Case, Check, Decision, LedgerEntry, State
from divert.people.identifiers import DistrictCode

IN_HAND = (State.referred, State.under_decision, State.accepted, State.active, State.breach_review)


class Kind(StrEnum):
    """How a case was decided. More than one may fit; a case's stratum is the first of those asked for."""

    override = "override"
    domestic_abuse = "domestic_abuse"
    hate = "hate"
    weapon = "weapon"
    repeat_entry = "repeat_entry"
    disagreement = "disagreement"
    completed = "completed"
    breached = "breached"
    declined = "declined"
    ineligible = "ineligible"
    refused = "refused"
    closed = "closed"
    prosecuted = "prosecuted"


CERTAINTY = (Kind.override, Kind.domestic_abuse, Kind.hate, Kind.weapon, Kind.repeat_entry)
"""Strata that are drawn whole unless a size is stated: few, and the gravest to get wrong."""

WITHOUT_CHARGES = tuple(kind for kind in Kind if kind is not Kind.prosecuted)
"""Every decided case is one of these; each charge follows a return that one of them names already."""

Username = Annotated[str, Field(max_length=60, json_schema_extra={"choices": "deciders"})]


class FrameRule(BaseModel):
    """Which decided cases a frame holds. The cut-off is the last day on which what was recorded counts."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [{"decided_from": "2019-04-01", "decided_to": "2019-06-30"}]},
    )

    decided_from: IsoDate = Field(title="From")
    decided_to: IsoDate = Field(title="To")
    dated_by: Literal["ending", "decision"] = Field(
        default="ending",
        title="Whose day falls within these dates",
        description="The case's end (completed, returned to the force or closed), or the last decision on its entry.",
    )
    cut_off: IsoDate | None = Field(
        default=None,
        title="Cut-off",
        description="By when the case had ended, and a day that is over. Otherwise the last of the dates above.",
    )
    offence_code: OffenceCode | None = Field(default=None, title="Offence")
    district: DistrictCode | None = Field(default=None, title="District", json_schema_extra={"choices": "districts"})
    decided_by: Username | None = Field(
        default=None,
        title="Decision maker",
        description="Cases on whose entry or breach this person decided. They are published under a random id.",
    )
    kinds: tuple[Kind, ...] = Field(
        default=WITHOUT_CHARGES,
        title="Kinds of decision",
        description="A case stands under the first of these that fits.",
        min_length=1,
    )

    @model_validator(mode="after")
    def _in_order(self) -> "FrameRule":
        if self.decided_to < self.decided_from:
            raise fault("The last day comes before the first: give decided_from on or before decided_to.")
        if self.cut_off is not None and self.cut_off < self.decided_to:
            raise fault("The cut-off comes before the last day: give cut_off on or after decided_to.")
        return self

    @property
    def counts_until(self) -> date:
        """The cut-off."""
        return self.cut_off or self.decided_to

    @property
    def ordered_kinds(self) -> tuple[Kind, ...]:
        """The kinds asked for, in the order in which they claim a case."""
        return tuple(kind for kind in Kind if kind in self.kinds)

    def rule_text(self, decider_id: str | None = None) -> str:
        """The rule as it is published beside the frame: `decider_id` stands for the decision maker's name."""
        period = f"{self.decided_from} to {self.decided_to}"
        parts = [f"Cases that left the scheme {period}"]
        if self.dated_by == "decision":
            parts = [f"Cases decided {period} that left the scheme by the cut-off"]
        if self.offence_code:
            parts.append(f"offence {self.offence_code}")
        if self.district:
            parts.append(f"district {self.district}")
        if self.decided_by:
            parts.append(f"decided by {decider_id}")
        return f"{', '.join(parts)}; first fit of {', '.join(self.ordered_kinds)}."


def strata_of(session: Session, rule: FrameRule) -> dict[str, list[str]]:
    """The references of the cases that the rule chooses, by stratum."""
    weapons = frozenset(offence.code for offence in rulebook().offences.all if offence.weapon)
    strata: dict[str, list[str]] = defaultdict(list)
    for row in session.execute(_decided_cases(rule)):
        stratum = next((kind for kind in _kinds(row, weapons) if kind in rule.kinds), None)
        if stratum is not None:
            strata[stratum.value].append(row.ref)
    return dict(sorted(strata.items()))


def exit_seq(session: Session, case: Case, cut_off: date) -> int | None:
    """The entry by which a case left the scheme's hands within a frame: the moment that the panel looks at."""
    ends = midnight(cut_off + timedelta(days=1))
    last = select(func.max(LedgerEntry.seq)).where(
        LedgerEntry.case_id == case.id, LedgerEntry.at < ends, or_(_leaves(LedgerEntry), _comes_back(LedgerEntry))
    )
    return session.scalar(last)


def _kinds(row: ResultRow[*tuple[object, ...]], weapons: frozenset[str]) -> Iterator[Kind]:
    """Every kind that fits a decided case, in the order of Kind."""
    facts = json.loads(row.facts or "{}")
    if row.overrides:
        yield Kind.override
    if facts.get("domestic_abuse"):
        yield Kind.domestic_abuse
    if facts.get("hate_crime"):
        yield Kind.hate
    if weapons.intersection(facts.get("offence_codes", ())):
        yield Kind.weapon
    if facts.get("previous_divert"):
        yield Kind.repeat_entry
    if row.police_yes != row.probation_yes and None not in (row.police_yes, row.probation_yes):
        yield Kind.disagreement
    if row.to_state is State.completed:
        yield Kind.completed
    elif row.to_state is State.closed:
        yield Kind.closed
    elif row.from_state is State.breach_review:
        yield Kind.breached
    elif row.from_state is State.accepted:
        yield Kind.declined
    else:
        yield Kind.ineligible if row.verdict == "ineligible" else Kind.refused
    if row.charged:
        yield Kind.prosecuted


def _decided_cases(rule: FrameRule) -> Select[*tuple[object, ...]]:
    """One row a case that left the scheme's hands in time and had not come back by the cut-off.

    It goes from the entries of the period to their cases, so that its cost follows the period and not the database.
    """
    begins, ends = midnight(rule.decided_from), midnight(rule.counts_until + timedelta(days=1))
    later, charge = aliased(LedgerEntry), aliased(LedgerEntry)
    crossed_later = exists().where(
        later.case_id == LedgerEntry.case_id,
        later.seq > LedgerEntry.seq,
        later.at < ends,
        or_(_leaves(later), _comes_back(later)),
    )
    query = (
        select(
            Case.ref,
            LedgerEntry.from_state,
            LedgerEntry.to_state,
            _decisions(func.sum(case((Decision.override, 1), else_=0)), ends).label("overrides"),
            _first_decision("police", ends).label("police_yes"),
            _first_decision("probation", ends).label("probation_yes"),
            _last_check(Check.verdict, ends).label("verdict"),
            _last_check(Check.facts, ends).label("facts"),
            exists()
            .where(charge.case_id == Case.id, charge.to_state == State.prosecuted, charge.at < ends)
            .label("charged"),
        )
        .join(LedgerEntry, LedgerEntry.case_id == Case.id)
        .where(LedgerEntry.at >= begins, LedgerEntry.at < ends, _leaves(LedgerEntry), ~crossed_later)
    )
    if rule.dated_by == "decision":
        decided = func.coalesce(_decisions(func.max(Decision.at), ends), LedgerEntry.at)
        query = query.where(decided >= begins, decided < midnight(rule.decided_to + timedelta(days=1)))
    else:
        query = query.where(LedgerEntry.at < midnight(rule.decided_to + timedelta(days=1)))
    if rule.offence_code is not None:
        query = query.where(Case.offence_code == rule.offence_code)
    if rule.district is not None:
        query = query.where(Case.district == rule.district)
    if rule.decided_by is not None:
        query = query.where(
            or_(
                exists().where(Decision.case_id == Case.id, Decision.by == rule.decided_by, Decision.at < ends),
                exists().where(
                    Breach.case_id == Case.id,
                    Breach.decided_by == rule.decided_by,
                    Breach.decided_on <= rule.counts_until,
                ),
            )
        )
    return query


def _leaves(entry: type[LedgerEntry]) -> ColumnElement[bool]:
    return and_(entry.from_state.in_(IN_HAND), entry.to_state.not_in(IN_HAND))


def _comes_back(entry: type[LedgerEntry]) -> ColumnElement[bool]:
    return and_(entry.from_state.not_in(IN_HAND), entry.to_state.in_(IN_HAND))


def _decisions(aggregate: ColumnElement[Any], ends: datetime) -> ColumnElement[Any]:
    return select(aggregate).where(Decision.case_id == Case.id, Decision.at < ends).scalar_subquery()


def _first_decision(side: str, ends: datetime) -> ColumnElement[bool]:
    """What a side decided first: a disagreement that was talked through remains one."""
    return (
        select(Decision.accept)
        .where(Decision.case_id == Case.id, Decision.side == side, Decision.at < ends)
        .order_by(Decision.seq)
        .limit(1)
        .scalar_subquery()
    )


def _last_check(column: InstrumentedAttribute[str], ends: datetime) -> ColumnElement[str]:
    return (
        select(column)
        .where(Check.case_id == Case.id, Check.at < ends)
        .order_by(Check.seq.desc())
        .limit(1)
        .scalar_subquery()
    )
