"""Outcomes over all meetings, by decision maker and group: estimated by strata, and no small number told."""

from collections.abc import Iterator
from itertools import product

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser

from api.app import create_app
from divert.board.counting.panel_events import tallies
from divert.casework.commands.decisions import DecideForPolice, ReturnToForce
from divert.records.meetings import all_meetings
from divert.scrutiny.opening import packs_of
from divert.scrutiny.outcomes import Outcomes, outcomes
from divert.scrutiny.proof import Sample
from divert.scrutiny.pseudonyms import reidentify
from divert.scrutiny.withholding import FEWEST, Group, suppress
from tests import endings
from tests.office import BOARD, COORDINATOR, MANAGER, MEMBER, OTHER_INSPECTOR, SECOND_MEMBER, Office
from tests.quarter import drawn, frozen, picks, tops_up
from tests.service import SETTINGS, service, serving
from tests.test_meeting import agrees, does, opened
from tests.test_pages_seen import come_in, faults


def of(found: list[Group]) -> dict[str, tuple[int | None, int | None, int | None]]:
    return {one.label: (one.cases, one.drawn, one.found) for one in found}


# What may be shown


def test_large_groups_are_told_and_a_small_one_is_not_withheld_alone() -> None:
    groups = {"a": [Sample(90, 30, 12)], "b": [Sample(60, 20, 6)], "c": [Sample(9, 3, 1)], "d": [Sample(8, 0, 0)]}
    withheld = (None, None, None)
    assert of(suppress(groups)) == {"a": (90, 30, 12), "b": withheld, "c": withheld, "d": (8, 0, 0)}


def test_where_none_was_found_in_any_group_each_says_what_that_proves() -> None:
    women, men = suppress({"Female": [Sample(20, 6, 0)], "Male": [Sample(100, 12, 0), Sample(40, 8, 0)]})
    assert women.says == "None of 6 found; up to 30 in 100 could still be."
    assert men.says.startswith("None of 20 found")


def test_a_few_found_are_not_told() -> None:
    women, men = suppress({"Female": [Sample(20, 6, 1)], "Male": [Sample(100, 30, 8)]})
    assert (women.found, men.found) == (None, None)
    assert "Not shown" in women.says


GROUPS = st.lists(
    st.integers(0, 7).flatmap(lambda drawn: st.tuples(st.just(drawn), st.integers(0, drawn))), min_size=1, max_size=3
)


def worlds(told: list[Group], totals: tuple[int, int]) -> Iterator[list[tuple[int, int]]]:
    """Everything that a reader of the table, who knows what the groups come to together, cannot rule out."""
    each = []
    for one in told:
        drawns = range(totals[0] + 1) if one.drawn is None else [one.drawn]
        each.append(
            [(n, x) for n in drawns for x in (range(n + 1) if one.found is None else [one.found]) if x <= totals[1]]
        )
    for world in product(*each):
        if (sum(n for n, _ in world), sum(x for _, x in world)) == totals:
            yield list(world)


@settings(deadline=None, max_examples=300)
@given(GROUPS)
def test_no_number_that_is_withheld_can_be_worked_out(counts: list[tuple[int, int]]) -> None:
    told = suppress({str(place): [Sample(50, drawn, found)] for place, (drawn, found) in enumerate(counts)})
    totals = (sum(drawn for drawn, _ in counts), sum(found for _, found in counts))
    assume(sum(drawn > 0 for drawn, _ in counts) > 1)
    assume(0 < totals[1] < totals[0])  # else everyone was found, or nobody, and the meeting's page says so
    possible = list(worlds(told, totals))
    for place, one in enumerate(told):
        if one.drawn is None:
            assert len({world[place][0] for world in possible}) > 1
        if one.found is None:
            assert len({world[place][1] for world in possible}) > 1


@given(GROUPS)
def test_nothing_small_is_ever_told(counts: list[tuple[int, int]]) -> None:
    for one in suppress({str(place): [Sample(50, n, found)] for place, (n, found) in enumerate(counts)}):
        assert one.drawn in (None, 0) or one.drawn >= FEWEST
        if one.found:
            assert one.found >= FEWEST
            assert one.drawn is not None
            assert one.drawn - one.found >= FEWEST


# From the meetings


def refused_by_another(office: Office) -> str:
    ref = office.checks(endings.somebody(office, previous_convictions=1, sex="M"))
    office.does(OTHER_INSPECTOR, DecideForPolice(accept=False, reasons="Third theft."), ref)
    office.does(OTHER_INSPECTOR, ReturnToForce(reason_code="not_agreed", reasons="No."), ref)
    return ref


def met(office: Office) -> Outcomes:
    """Twenty-four refused, half by each inspector; twenty-two seen, five of the second's found, and one picked."""
    theirs = [refused_by_another(office.on("2019-05-06")) for _ in range(12)]
    for _ in range(12):
        endings.is_refused(office)
    frame = frozen(office)
    drawn(office, frame.digest, {"refused": 20})
    opened(office, frame.digest, MEMBER, SECOND_MEMBER)
    with office.database.writing() as session:
        tops_up(session, frame.digest, {"refused": 2}, "Time was left.")
    with office.database.reading() as session:
        [told] = all_meetings(session)
        ids = reidentify(session, frame.strata["refused"])
        packs = packs_of(session, frame.digest)
    left = next(ref for ref in ids.values() if ref not in packs.values())
    with office.database.writing() as session:
        picks(session, frame.digest, left)
    wrong = [pack for pack, ref in packs.items() if ref in theirs][:5]
    for pack in [*told.packs, "thematic-1"]:
        does(office, COORDINATOR, "close-scoring", pack=pack)
        agrees(office, pack, 3 if pack in wrong or pack == "thematic-1" else 1)
    with office.database.reading() as session:
        return outcomes(session, all_meetings(session))


@pytest.fixture
def known(desk: Office) -> Outcomes:
    return met(desk)


def test_outcomes_are_of_the_cases_drawn_and_weighted_and_a_pick_is_in_none(known: Outcomes) -> None:
    assert (known.altogether.cases, known.altogether.drawn, known.altogether.found) == (24, 22, 5)
    assert known.altogether.says == "5 of 22 found; between 20 and 30 in 100 of all of them could be."
    police = [one.label for one in known.by["Last decided for the police"]]
    assert police == ["police.lead", "police.lead.two"]


def test_the_board_counts_a_finding_on_what_was_added_to_a_draw_and_none_on_a_pick(desk: Office) -> None:
    met(desk)
    with desk.database.reading() as session:
        counted = tallies(session).filter(dim="all").group_by("name").agg(pl.col("n").sum())
    assert dict(counted.iter_rows()) == {"findings": 22, "inappropriate": 5}


def test_a_decision_maker_s_number_is_withheld_with_the_others_where_one_is_small(known: Outcomes) -> None:
    groups = known.by["Last decided for the police"]
    assert [(one.cases, one.found) for one in groups] == [(12, None), (12, None)]
    [probation, nobody] = sorted(known.by["Last decided for probation"], key=lambda one: one.label, reverse=True)
    assert (probation.label, nobody.label) == ("probation.lead", "Nobody")


def test_the_page_and_its_json_are_for_who_coordinates_and_the_auditor(desk: Office, known: Outcomes) -> None:
    with service(desk.on("2019-07-11")) as counter:
        answer = counter.ask(COORDINATOR, "GET", "/api/panel/outcomes").json()
        assert [one["meeting"] for one in answer["trend"]] == [1]
        assert answer["altogether"]["says"] == known.altogether.says
        for who in (MEMBER, MANAGER, BOARD):
            assert counter.ask(who, "GET", "/api/panel/outcomes").status_code == 403


def test_the_page_tells_it_and_has_no_fault_that_axe_finds(browser: Browser, desk: Office, known: Outcomes) -> None:
    desk.on("2019-07-11")
    with serving(create_app(desk.database, lambda: desk.now, SETTINGS)) as address:
        context = come_in(browser, address, COORDINATOR, bypass_csp=True)
        page = context.new_page()
        page.goto(f"{address}/panel/meetings")
        page.click("text=Outcomes, by decision maker and group")
        assert known.altogether.says in page.locator("main").inner_text()
        assert faults(page) == []
        context.close()
