"""What the panel found over all its meetings: from one to the next, and by who decided and whom it was about.

A group is a part of each stratum of each frame, and of the cases drawn from it those in the group are a random sample
of that part; so it is estimated like a frame, weighted by strata. A stratum drawn whole counts as known. Thematic picks
were not drawn and are in nothing here. The groups are as recorded today.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, select
from sqlalchemy import Row as ResultRow
from sqlalchemy.orm import Session

from divert.models import Case, Decision, Frame, Person
from divert.people.identifiers import DISTRICTS, ELSEWHERE, ETHNICITIES, SEXES
from divert.records.meetings import Meeting, MeetingPack
from divert.scrutiny import pseudonyms
from divert.scrutiny.frame import drawn_cases, get_draw
from divert.scrutiny.meeting import inappropriate_by_pack
from divert.scrutiny.proof import Estimate, Sample, estimate
from divert.scrutiny.withholding import Group, suppress

AT_ONCE = 10_000
NOT_KNOWN = "Not known"

DIMENSIONS: dict[str, Callable[[ResultRow[*tuple[Any, ...]]], str]] = {
    "Last decided for the police": lambda row: row.police or "Nobody",
    "Last decided for probation": lambda row: row.probation or "Nobody",
    "Sex": lambda row: SEXES.get(row.sex or "", NOT_KNOWN),
    "Ethnicity": lambda row: ETHNICITIES.get(row.ethnicity or "", NOT_KNOWN).partition(":")[0],
    "District": lambda row: DISTRICTS.get(row.district or "", ELSEWHERE.capitalize()),
}
"""What outcomes are compared by, and how a case's group is read off it. Each case is in one group of each."""


class Outcomes(NamedTuple):
    """All meetings together, and each dimension's groups, small numbers withheld."""

    altogether: Estimate
    by: dict[str, list[Group]]


def outcomes(session: Session, meetings: Sequence[Meeting]) -> Outcomes:
    """What was found at all these meetings."""
    altogether: list[Sample] = []
    groups: dict[str, dict[str, list[Sample]]] = {name: defaultdict(list) for name in DIMENSIONS}
    for digest in dict.fromkeys(meeting.frame for meeting in meetings):
        inappropriate = _inappropriate_by_id(session, digest, meetings)
        for ids in session.get_one(Frame, digest).strata.values():
            altogether.append(_sample(ids, inappropriate))
            for name, label, part in _parts(session, ids):
                groups[name][label].append(_sample(part, inappropriate))
    by = {name: suppress(dict(sorted(of_dimension.items()))) for name, of_dimension in groups.items()}
    return Outcomes(estimate(altogether), by)


def _inappropriate_by_id(session: Session, digest: str, meetings: Sequence[Meeting]) -> dict[str, bool]:
    """Whether each case of a draw that has a finding was found inappropriate, by its random id."""
    by_pack = inappropriate_by_pack(digest, meetings)
    by_id = {}
    for stratum, cases in drawn_cases(get_draw(session, digest)).items():
        for number, case in enumerate(cases, start=1):
            pack = MeetingPack(digest, f"{stratum}-{number}")
            if pack in by_pack:
                by_id[case.id] = by_pack[pack]
    return by_id


def _sample(ids: Sequence[str], inappropriate: dict[str, bool]) -> Sample:
    findings = [inappropriate[id] for id in ids if id in inappropriate]
    return Sample(cases=len(ids), drawn=len(findings), found=sum(findings))


def _parts(session: Session, ids: Sequence[str]) -> Iterator[tuple[str, str, list[str]]]:
    """The ids of a stratum by group: dimension, group, and those in it. Whose record is gone is of no known group."""
    parts: dict[tuple[str, str], list[str]] = defaultdict(list)
    remaining = iter(ids)
    while batch := list(islice(remaining, AT_ONCE)):
        refs = pseudonyms.reidentify(session, batch)
        rows = {row.ref: row for row in session.execute(_compared.where(Case.ref.in_(refs.values())))}
        for id in batch:
            row = rows.get(refs[id])
            for name, group in DIMENSIONS.items():
                parts[name, NOT_KNOWN if row is None else group(row)].append(id)
    for (name, label), part in parts.items():
        yield name, label, part


def _last_by(side: str) -> ColumnElement[str]:
    last = select(Decision.by).where(Decision.case_id == Case.id, Decision.side == side)
    return last.order_by(Decision.seq.desc()).limit(1).scalar_subquery()


_compared = select(
    Case.ref,
    Case.district,
    Person.sex,
    Person.ethnicity,
    _last_by("police").label("police"),
    _last_by("probation").label("probation"),
).join(Person, Person.id == Case.person_id)
