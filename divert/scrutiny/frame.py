"""The frozen frame of decided cases, and the one draw on it.

A case is decided, for the panel, on the day it left the scheme's hands: completed, returned to the force, or closed.
That day is read from the ledger as it stood at the end of the cut-off day, so a frame frozen later is the same frame.
Refused and ineligible cases are in unless left out by name, for wrongful exclusion is never seen otherwise; so are
restricted ones, for a frame with gaps proves nothing.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import ColumnElement, Select, Subquery, and_, case, exists, func, or_, select
from sqlalchemy import Row as ResultRow
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session, aliased

from divert.answers import IsoDate, OffenceCode, fault
from divert.clock import london_date, midnight, written_date
from divert.models import Case, Check, Decision, Draw, Frame, LedgerEntry, Role, State
from divert.people.identifiers import DistrictCode
from divert.people.staff import Actor
from divert.scrutiny import draw as sampling
from divert.scrutiny.draw import Picked, Publication

COORDINATES = (Role.panel_coordinator, Role.project_manager)
"""Who may freeze and draw. The manager stands for the operator at the server's own command line."""

READS = (*COORDINATES, Role.panel_member, Role.auditor)
"""Who may see frames and draws."""

OPENS = (*COORDINATES, Role.auditor)
"""Who may open any pack of a draw. A member opens those of a meeting: see divert.scrutiny.business."""

IN_HAND = (State.referred, State.under_decision, State.accepted, State.active, State.breach_review)


class Kind(StrEnum):
    """How a case was decided. More than one may fit; a case's stratum is the first of those asked for."""

    override = "override"
    disagreement = "disagreement"
    completed = "completed"
    breached = "breached"
    declined = "declined"
    ineligible = "ineligible"
    refused = "refused"
    closed = "closed"
    prosecuted = "prosecuted"


WITHOUT_CHARGES = tuple(kind for kind in Kind if kind is not Kind.prosecuted)
"""Every decided case is one of these; each charge follows a return that one of them names already."""


class FrameRule(BaseModel):
    """Which decided cases a frame holds. The cut-off is its last day, and must be over."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [{"decided_from": "2019-04-01", "decided_to": "2019-06-30"}]},
    )

    decided_from: IsoDate = Field(title="Decided from")
    decided_to: IsoDate = Field(title="Decided to: the cut-off")
    offence_code: OffenceCode | None = Field(default=None, title="Offence")
    district: DistrictCode | None = Field(default=None, title="District")
    kinds: tuple[Kind, ...] = Field(default=WITHOUT_CHARGES, title="Kinds of decision", min_length=1)

    @model_validator(mode="after")
    def _in_order(self) -> "FrameRule":
        if self.decided_to < self.decided_from:
            raise fault("The last day comes before the first: give decided_from on or before decided_to.")
        return self

    @property
    def chosen(self) -> tuple[Kind, ...]:
        """The kinds asked for, in the order in which they claim a case."""
        return tuple(kind for kind in Kind if kind in self.kinds)

    def says(self) -> str:
        """The rule as it is published beside the frame."""
        only = [f"offence {self.offence_code}"] if self.offence_code else []
        only += [f"district {self.district}"] if self.district else []
        return (
            f"Cases completed, returned to the force or closed from {self.decided_from} to {self.decided_to}"
            f"{''.join(f', {one}' for one in only)}; each under the first of these that fits: {', '.join(self.chosen)}."
        )


class NoSuchFrame(LookupError):
    """No frame with that digest was frozen."""


class AlreadyDrawn(Exception):
    """A frame is drawn once: whoever could draw again could draw until the sample pleased."""


class FrameChanged(Exception):
    """The frame that is kept is not the one that was frozen."""


def freeze(session: Session, rule: FrameRule, by: Actor, at: datetime) -> Frame:
    """Freeze the cases that the rule chooses. Frozen again, it is the same row, with its first time and name.

    Raises ValueError, in a sentence, where the cut-off day is not over or no case fits the rule.
    """
    if rule.decided_to >= london_date(at):
        raise ValueError(
            f"decided_to: {written_date(rule.decided_to)} is not over. A cut-off lies before today, so that nothing"
            " can still be decided within it."
        )
    strata = _strata(session, rule)
    if not strata:
        raise ValueError("No case fits this rule: nothing can be drawn. Widen the dates, or ask for more kinds.")
    digest = sampling.frame_digest(rule.says(), rule.decided_to, strata)
    insert = pg_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    session.execute(
        insert(Frame)
        .values(
            digest=digest,
            rule=rule.says(),
            cut_off=rule.decided_to,
            strata=strata,
            frozen_at=at,
            frozen_by=by.username,
        )
        .on_conflict_do_nothing()
    )
    return frame(session, digest)


def frame(session: Session, digest: str) -> Frame:
    """The frame with that SHA-256. Raises NoSuchFrame."""
    found = session.get(Frame, digest)
    if found is None:
        raise NoSuchFrame("No frame with that SHA-256 was frozen here.")
    return found


def frames(session: Session) -> list[tuple[Frame, Draw | None]]:
    """Every frame, the latest first, with its draw once there is one."""
    query = select(Frame, Draw).outerjoin(Draw).order_by(Frame.frozen_at.desc(), Frame.digest)
    return [(row[0], row[1]) for row in session.execute(query)]


def draw_sample(
    session: Session, frame_digest: str, seed: str, sizes: Mapping[str, int], by: Actor, at: datetime
) -> Draw:
    """Draw from a frozen frame, once: so many cases of each stratum. The seed is made after the frame, in the meeting.

    Raises NoSuchFrame, AlreadyDrawn, FrameChanged, and ValueError for a seed or sizes that will not do.
    """
    frozen = session.scalar(select(Frame).where(Frame.digest == frame_digest).with_for_update())
    if frozen is None:
        raise NoSuchFrame("No frame with that SHA-256 was frozen here. Freeze one first.")
    if (earlier := session.get(Draw, frame_digest)) is not None:
        raise AlreadyDrawn(
            f"This frame was drawn on {written_date(london_date(earlier.at))}, and a frame is drawn once."
            " Freeze a new frame for another meeting."
        )
    if sampling.frame_digest(frozen.rule, frozen.cut_off, frozen.strata) != frozen.digest:
        raise FrameChanged("The frame that is kept no longer gives its SHA-256: it was changed after it was frozen.")
    if at < frozen.frozen_at:
        raise ValueError("The draw is dated before the frame was frozen. The frame comes first, then the seed.")
    digits = sampling.validate_seed(seed)
    drawn = sampling.draw_strata(frozen.strata, digits, sizes)
    made = Draw(
        frame_digest=frame_digest,
        seed=digits,
        sizes=dict(sizes),
        drawn={stratum: [list(picked) for picked in each] for stratum, each in drawn.items()},
        at=at,
        by=by.username,
    )
    session.add(made)
    session.flush()
    return made


def publication_of(frozen: Frame, made: Draw) -> Publication:
    """All that a stranger needs to draw again with docs/redraw.py: as it is stored, so that any change shows."""
    return {
        "rule": frozen.rule,
        "cut_off": frozen.cut_off.isoformat(),
        "frame": frozen.strata,
        "frame_sha256": frozen.digest,
        "seed": made.seed,
        "sizes": made.sizes,
        "drawn": {stratum: [Picked(*each) for each in picked] for stratum, picked in made.drawn.items()},
    }


def left_by(session: Session, case: Case, cut_off: date) -> int | None:
    """The entry by which a case left the scheme's hands within a frame: the moment that the panel looks at."""
    last = _last_crossing(midnight(cut_off + timedelta(days=1)))
    return session.scalar(select(last.c.seq).where(last.c.case_id == case.id))


def _strata(session: Session, rule: FrameRule) -> dict[str, list[str]]:
    """Case references by stratum, sorted."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in session.execute(_decided(rule)):
        stratum = next((kind for kind in _kinds(row) if kind in rule.kinds), None)
        if stratum is not None:
            found[stratum.value].append(row.ref)
    return {stratum: sorted(refs) for stratum, refs in sorted(found.items())}


def _kinds(row: ResultRow[*tuple[object, ...]]) -> Iterator[Kind]:
    """Every kind that fits a decided case, in the order of Kind."""
    if row.overrides:
        yield Kind.override
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


def _decided(rule: FrameRule) -> Select[*tuple[object, ...]]:
    """One row a case that left the scheme's hands in the period and had not come back by the cut-off."""
    begins, ends = midnight(rule.decided_from), midnight(rule.decided_to + timedelta(days=1))
    last_crossing = _last_crossing(ends)
    charge = aliased(LedgerEntry)
    query = (
        select(
            Case.ref,
            LedgerEntry.from_state,
            LedgerEntry.to_state,
            _overrides(ends).label("overrides"),
            _first_said("police", ends).label("police_yes"),
            _first_said("probation", ends).label("probation_yes"),
            _last_verdict(ends).label("verdict"),
            exists()
            .where(charge.case_id == Case.id, charge.to_state == State.prosecuted, charge.at < ends)
            .label("charged"),
        )
        .join(last_crossing, last_crossing.c.case_id == Case.id)
        .join(LedgerEntry, and_(LedgerEntry.case_id == last_crossing.c.case_id, LedgerEntry.seq == last_crossing.c.seq))
        .where(LedgerEntry.at >= begins, LedgerEntry.to_state.not_in(IN_HAND))
    )
    if rule.offence_code is not None:
        query = query.where(Case.offence_code == rule.offence_code)
    if rule.district is not None:
        query = query.where(Case.district == rule.district)
    return query


def _last_crossing(ends: datetime) -> Subquery:
    """The entry by which each case last left the scheme's hands, or came back into them, before an instant."""
    left, came_back = LedgerEntry.from_state.in_(IN_HAND), LedgerEntry.to_state.in_(IN_HAND)
    return (
        select(LedgerEntry.case_id, func.max(LedgerEntry.seq).label("seq"))
        .where(LedgerEntry.at < ends, or_(and_(left, ~came_back), and_(~left, came_back)))
        .group_by(LedgerEntry.case_id)
        .subquery()
    )


def _overrides(ends: datetime) -> ColumnElement[int]:
    counted = func.sum(case((Decision.override, 1), else_=0))
    return select(counted).where(Decision.case_id == Case.id, Decision.at < ends).scalar_subquery()


def _first_said(side: str, ends: datetime) -> ColumnElement[bool]:
    """What a side decided first: a disagreement that was talked through remains one."""
    return (
        select(Decision.accept)
        .where(Decision.case_id == Case.id, Decision.side == side, Decision.at < ends)
        .order_by(Decision.seq)
        .limit(1)
        .scalar_subquery()
    )


def _last_verdict(ends: datetime) -> ColumnElement[str]:
    return (
        select(Check.verdict)
        .where(Check.case_id == Case.id, Check.at < ends)
        .order_by(Check.seq.desc())
        .limit(1)
        .scalar_subquery()
    )
