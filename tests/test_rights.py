"""Who may read what, and who may do what beside cases: one table each, as agreed; and no role is named elsewhere."""

import ast
from html import unescape
from pathlib import Path

import pytest

from divert.acts.act import Act
from divert.models import Role
from divert.people.rights import RIGHTS, SIDES, TEAM, Rows, Subject, may_read, readers, rows_for
from divert.policies.adopted import EntryKind as PolicyEntryKind
from divert.policies.commands import POLICY_COMMANDS, RehearsePolicy
from divert.procedure import ACTS
from divert.records.meetings import EntryKind as MeetingEntryKind
from divert.scrutiny.meeting_commands import MEETING_COMMANDS, OpenMeeting
from tests.golden import golden
from tests.office import Office
from tests.service import service
from tests.test_layering import ROOT, modules
from tests.test_table import SHORT

RIGHTS_TEXT = Path(__file__).parent / "golden" / "rights.txt"
MAY_NAME_ROLES = ("divert.models.states", "divert.people.rights", "divert.people.staff", "divert.demo")
"""Where roles are defined, put together in groups, and given to invented people and to the service itself."""


def written(roles: tuple[Role, ...]) -> str:
    return ", ".join(SHORT[role] for role in Role if role in roles)


def test_who_may_read_and_do_what_beside_cases_is_as_it_was_agreed() -> None:
    lines = ["Who may read what. A role that is not named may not.", ""]
    for subject in Subject:
        lines.append(subject.value.capitalize())
        lines += [f"    {right.rows.value}: {written(right.roles)}" for right in RIGHTS if right.subject is subject]
    lines += ["", "Who may do what, beside the commands on a case (grid.txt). A role that is not named may not."]
    for on, acts in ACTS.items():
        lines += ["", on, "-" * 40]
        lines += [f"{act.title()} ({act.slug()}): {written(act.by)}" for act in acts]
    golden(RIGHTS_TEXT, "\n".join(lines) + "\n")


def test_every_subject_has_readers_and_no_role_two_kinds_of_rows_of_one() -> None:
    for subject in Subject:
        assert readers(subject)
        roles = [role for right in RIGHTS if right.subject is subject for role in right.roles]
        assert len(roles) == len(set(roles)), subject
    assert rows_for(Role.board_member, Subject.cases) is None
    assert rows_for(Role.referring_officer, Subject.cases) is Rows.own
    assert [role for role in TEAM if not may_read(role, Subject.cases)] == []


def test_every_act_is_in_the_procedure_with_words_roles_and_an_example_that_it_takes() -> None:
    listed = [act for acts in ACTS.values() for act in acts]
    concrete = {act for act in every_act(Act) if act.by and act.model_config.get("title")}
    assert set(listed) == concrete
    assert len({act.slug() for act in listed}) == len(listed)
    for act in listed:
        assert act.__doc__
        assert act.title() != act.__name__
        for example in act.model_json_schema().get("examples", []):
            act.model_validate(example)


def every_act(act: type[Act]) -> list[type[Act]]:
    """An act's subclasses, and theirs."""
    return [inner for each in act.__subclasses__() for inner in (each, *every_act(each))]


def test_what_a_chain_can_say_is_what_can_be_done() -> None:
    at_meetings = {OpenMeeting.slug(), *MEETING_COMMANDS} | {MeetingEntryKind.take_additions}
    assert set(MeetingEntryKind) == at_meetings
    assert set(PolicyEntryKind) == set(POLICY_COMMANDS) - {RehearsePolicy.slug()}


@pytest.mark.parametrize(("name", "file"), list(modules()), ids=lambda value: value if isinstance(value, str) else "")
def test_a_role_is_named_in_the_table_of_rights_and_nowhere_else(name: str, file: Path) -> None:
    if name.startswith(MAY_NAME_ROLES):
        return
    roles = {role.name for role in Role}
    named = [
        node.attr
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in roles and ast.unparse(node.value).endswith("Role")
    ]
    assert named == [], f"{file.relative_to(ROOT)} names {named}: take a group of divert.people.rights, or ask a right"


def test_the_two_sides_are_two_people_s() -> None:
    assert sorted(SIDES.values()) == ["police", "probation"]


def test_the_service_shows_every_act_and_every_right(desk: Office) -> None:
    with service(desk) as counter:
        lifecycle = counter.client.get("/api/lifecycle").json()
        page = unescape(counter.client.get("/help").text)
    assert {act["act"] for act in lifecycle["acts"]} == {act.slug() for acts in ACTS.values() for act in acts}
    assert {right["subject"] for right in lifecycle["rights"]} == {subject.value for subject in Subject}
    for acts in ACTS.values():
        for act in acts:
            assert act.title() in page
    for subject in Subject:
        assert subject.value.capitalize() in page
