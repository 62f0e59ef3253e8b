"""What a condition asks decides how it is kept, and stands in one place."""

import ast

import pytest

from divert.casework.commands.ending import CompleteCase
from divert.casework.obligations import to_be_shown
from divert.law.rulebook import ConditionKind, rulebook
from divert.models import Case, Condition, State
from tests.office import PROBATION_LEAD, Office
from tests.test_layering import modules


def test_only_what_is_refrained_from_is_kept_with_nothing_to_show_for_it() -> None:
    assert [kind for kind in ConditionKind if not kind.must_be_shown] == [ConditionKind.refrain]
    assert {condition.kind for condition in rulebook().conditions.values()} == set(ConditionKind)


@pytest.mark.parametrize("kind", ConditionKind)
@pytest.mark.parametrize("status", ["open", "kept", "waived", "withdrawn"])
def test_a_condition_waits_to_be_shown_where_it_is_open_and_its_kind_asks_for_it(
    kind: ConditionKind, status: str
) -> None:
    case = Case(conditions=[Condition(number=1, kind=kind.value, status=status)])
    assert bool(to_be_shown(case)) == (status == "open" and kind.must_be_shown)


def test_at_the_end_the_rest_is_kept_of_itself(desk: Office) -> None:
    ref = desk.keeps(desk.case_in(State.active))
    with desk.open(ref) as case:
        assert {ConditionKind(one.kind).must_be_shown for one in case.conditions if one.status == "open"} == {False}
    desk.does(PROBATION_LEAD, CompleteCase(outcome_code=22), ref)
    with desk.open(ref) as case:
        assert {one.status for one in case.conditions} == {"kept"}


def test_no_other_file_asks_for_it_by_name() -> None:
    for name, file in modules():
        tree = ast.parse(file.read_text(encoding="utf-8"))
        words = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
        assert name == "divert.law.rulebook" or ConditionKind.refrain.value not in words, name
