"""The table of transitions: what it promises, walked; and the golden grid of who may do what, when."""

import ast
from pathlib import Path

from divert.casework.command import Context
from divert.casework.lifecycle import COMMANDS, MACHINE, TRANSITIONS, mermaid, row_for
from divert.casework.obligations import OBLIGATIONS
from divert.casework.workflow import objections
from divert.law.rulebook import rulebook
from divert.models import FINAL, OPEN, Case, Role, State
from divert.people.staff import Actor
from tests.golden import golden
from tests.office import Office
from tests.test_layering import modules

GRID = Path(__file__).parent / "golden" / "grid.txt"
SHORT = {
    Role.referring_officer: "officer",
    Role.police_team_lead: "police",
    Role.probation_team_lead: "probation",
    Role.probation_service_officer: "keyworker",
    Role.complex_needs_specialist: "specialist",
    Role.project_manager: "manager",
    Role.panel_coordinator: "coordinator",
    Role.panel_member: "member",
    Role.board_member: "board",
    Role.auditor: "auditor",
    Role.system: "system",
}


def test_what_ends_a_case_asks_to_check_the_answers_first() -> None:
    open_before = [row for row in TRANSITIONS if set(row.sources) & set(OPEN)]
    ends = {row.command for row in open_before if {State.returned, *FINAL} & set(row.targets)}
    assert [one.slug() for one in ends if not one.ends_a_case] == []


def test_from_every_open_state_a_final_one_can_be_reached() -> None:
    leads_to: dict[State, set[State]] = {state: set() for state in State}
    for row in TRANSITIONS:
        for source in row.sources:
            leads_to[source] |= set(row.targets)
    for start in OPEN:
        seen, waiting = {start}, [start]
        while waiting:
            new = leads_to[waiting.pop()] - seen
            seen |= new
            waiting += new
        assert seen & set(FINAL), f"from {start} no end can be reached"


def test_nothing_leaves_a_completed_or_prosecuted_case_and_a_closed_one_only_by_reinstatement() -> None:
    moving = [
        (row.command.slug(), source) for row in TRANSITIONS for source in row.sources if source in FINAL and row.targets
    ]
    assert moving == [("reinstate", State.closed)]


def test_every_open_state_has_a_deadline_with_an_owner_and_someone_to_escalate_to() -> None:
    assert set(rulebook().deadlines) == set(OBLIGATIONS)
    acts = {role for row in TRANSITIONS for role in row.by}
    for rule in rulebook().deadlines.values():
        assert {Role(rule.owner), Role(rule.escalate_to)} <= acts


def test_each_row_says_its_authority_its_roles_and_its_words() -> None:
    for row in TRANSITIONS:
        assert row.under
        assert row.by
        assert row.command.title() != row.command.__name__
        assert row.command.__doc__
        assert row.command.model_json_schema()["examples"]
        for name in row.command.model_json_schema()["properties"] if row.command.model_fields else ():
            assert row.command.model_fields[name].title, f"{row.command.__name__}.{name} has no words for its form"


def test_every_example_is_one_that_its_command_accepts() -> None:
    for command in COMMANDS.values():
        for example in command.model_json_schema()["examples"]:
            command.model_validate(example)


def test_no_two_rows_let_the_same_command_start_from_the_same_state() -> None:
    pairs = [(row.command, source) for row in TRANSITIONS for source in row.sources]
    assert len(pairs) == len(set(pairs))


def test_the_machine_has_the_table_s_moves_and_no_others() -> None:
    for slug, command in COMMANDS.items():
        for state in State:
            row = row_for(command, state)
            event = MACHINE.events.get(slug)
            moves = event.transitions.get(state.name, []) if event else []
            assert {one.dest for one in moves if one.dest} == set(row.targets if row else ()), (slug, state)
    assert not [name for name in MACHINE.events if name.startswith("to_")]


def test_the_diagram_shows_every_state() -> None:
    for state in State:
        assert f"{state}" in mermaid()


def test_the_grid_of_who_may_do_what_when_is_the_one_that_was_agreed(desk: Office) -> None:
    """Allowed, or the guards that say no before a form is even filled in, for a case brought to each state."""
    lines = [
        "Who may do what, when. Under each command: ALLOWED, or the guards that say no before any form is filled in.",
        "A role that is not named may never do it there.",
    ]
    opens = next(row for row in TRANSITIONS if row.source is None)
    lines += ["", "No case yet", "-" * 40, f"{opens.command.title()} -> {State.referred}"]
    lines += [f"    ALLOWED: {', '.join(SHORT[role] for role in Role if role in opens.by)}"]
    for state in State:
        ref = desk.on("2019-05-06").case_in(state, crime_ref=f"CVP-19-{state}", surname=state.label)
        with desk.open(ref) as case:
            lines += ["", f"A case that is {state.label.upper()}", "-" * 40, *grid_of(desk, case)]
    golden(GRID, "\n".join(lines).strip() + "\n")


def grid_of(desk: Office, case: Case) -> list[str]:
    """One line a command, one a group of roles with the same answer."""
    lines = []
    with desk.database.reading() as session:
        for command in COMMANDS.values():
            row = row_for(command, case.state)
            if row is None:
                continue
            lines.append(f"{command.title()} -> {', '.join(row.targets) or 'stays'}")
            answers: dict[str, list[str]] = {}
            for role in Role:
                usual = {Role.referring_officer: "officer", Role.probation_service_officer: "keyworker"}
                who = Actor(usual.get(role, role.value), role)
                why_not = objections(case, command, Context(session, who, desk.now, case.version + 1))
                answer = "role" if why_not.role else ", ".join(name for name, _ in why_not.reasons) or "ALLOWED"
                answers.setdefault(answer, []).append(SHORT[role])
            for answer, roles in answers.items():
                if answer != "role":
                    lines.append(f"    {answer}: {', '.join(roles)}")
    return lines


def test_where_commands_can_be_named_by_their_class_no_slug_is_written_out() -> None:
    """A command that is renamed takes those who ask for it along, or they no longer import."""
    rooms = ("divert.casework", "divert.scrutiny", "divert.worker", "api.case", "api.desk", "api.procedure")
    several_words = {slug for slug in COMMANDS if "-" in slug}
    for name, file in modules():
        if name.startswith(rooms):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            written = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
            assert not written & several_words, name
