"""Every guard at its edge: what it just lets through, and what it just refuses."""

from collections.abc import Mapping

import pytest

from divert.acts.refusals import Refused
from divert.casework.guards.dates import not_in_the_future
from divert.casework.lifecycle import TRANSITIONS
from tests.boundaries import compliance, ending, entry, leaving, term
from tests.boundaries.story import Boundary, Fork, Told
from tests.office import Office

BOUNDARIES: tuple[Boundary, ...] = (
    *entry.BOUNDARIES,
    *term.BOUNDARIES,
    *compliance.BOUNDARIES,
    *ending.BOUNDARIES,
    *leaving.BOUNDARIES,
)
FORKS: tuple[Fork, ...] = (*entry.FORKS, *compliance.FORKS, *ending.FORKS)
at_each_boundary = pytest.mark.parametrize(
    "boundary", BOUNDARIES, ids=[f"{boundary.guard}: {boundary.says}" for boundary in BOUNDARIES]
)
at_each_fork = pytest.mark.parametrize("fork", FORKS, ids=[f"{fork.guard}: {fork.says}" for fork in FORKS])


def happens(office: Office, *story: Told) -> None:
    for steps in story:
        for step in steps:
            step(office)


@at_each_boundary
def test_what_lies_just_within_is_let_through(desk: Office, boundary: Boundary) -> None:
    happens(desk, boundary.given, boundary.passes)


@at_each_boundary
def test_what_lies_just_without_is_refused_for_that_alone(desk: Office, boundary: Boundary) -> None:
    *before, tried = boundary.fails
    happens(desk, boundary.given, tuple(before))
    with pytest.raises(Refused) as refusal:
        tried(desk)
    reasons = dict(refusal.value.reasons)
    assert reasons.keys() == {boundary.guard, *boundary.besides}
    assert reasons[boundary.guard] == boundary.reads or boundary.reads is None


@at_each_fork
def test_where_a_guard_holds_the_case_goes_one_way(desk: Office, fork: Fork) -> None:
    happens(desk, fork.given, fork.holds)
    assert desk.state(desk.refs[-1]) is fork.leads_to


@at_each_fork
def test_where_it_does_not_hold_the_case_goes_another(desk: Office, fork: Fork) -> None:
    happens(desk, fork.given, fork.fails)
    assert desk.state(desk.refs[-1]) is fork.leads_else


def test_no_guard_of_the_table_lacks_both() -> None:
    assert {guard.name for row in TRANSITIONS for guard in row.provided} == {boundary.guard for boundary in BOUNDARIES}
    deciding = {guard.name for row in TRANSITIONS if isinstance(row.to, Mapping) for guard in row.to}
    assert deciding == {fork.guard for fork in FORKS}
    assert all(fork.leads_to != fork.leads_else for fork in FORKS)


def test_no_sentence_that_a_guard_composes_goes_unread() -> None:
    composing = {guard.name for row in TRANSITIONS for guard in row.provided if not isinstance(guard.says, str)}
    assert composing == {boundary.guard for boundary in BOUNDARIES if boundary.reads}


def test_no_command_that_is_refused_a_date_ahead_lacks_both() -> None:
    dated = {row.command.slug() for row in TRANSITIONS if not_in_the_future in row.provided}
    assert dated == {slug for _, _, slug, _, _ in entry.DATED}
