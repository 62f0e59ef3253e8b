"""Who may import whom, as one table; and who alone may write."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

MAY_IMPORT = {
    # the ground
    "divert.answers": {"divert.law.offences", "divert.law.rule_files"},
    "divert.clock": set(),
    "divert.config": set(),
    "divert.db": set(),
    "divert.models": set(),
    "divert.migrate": {"divert", "divert.db"},
    # law and policy: pure, but for loading files
    "divert.law.rule_files": set(),
    "divert.law.offences": {"divert.law.rule_files"},
    "divert.law.message_rules": {"divert.law.offences", "divert.law.rule_files"},
    "divert.law.time_limits": {"divert.clock", "divert.law.offences"},
    "divert.law.working_days": {"divert.law.rule_files"},
    "divert.law.rulebook": {"divert.eligibility", "divert.law"},
    "divert.eligibility": {
        "divert.answers",
        "divert.clock",
        "divert.law.offences",
        "divert.people.identifiers",
        "divert.law.rule_files",
        "divert.law.time_limits",
    },
    # the rooms
    "divert.people": {"divert.models"},
    "divert.records": {"divert.models", "divert.people"},
    "divert.casework": {
        "divert.answers",
        "divert.clock",
        "divert.db",
        "divert.documents",
        "divert.eligibility",
        "divert.law.message_rules",
        "divert.exchange",
        "divert.models",
        "divert.law.offences",
        "divert.people",
        "divert.policies.adopted",
        "divert.records",
        "divert.law.rulebook",
        "divert.law.time_limits",
        "divert.law.working_days",
    },
    "divert.documents": {"divert.clock", "divert.models", "divert.people", "divert.records", "divert.law.rule_files",
                         "divert.law.rulebook"},
    "divert.exchange": {"divert.clock", "divert.models", "divert.records", "divert.law.rulebook"},
    "divert.scrutiny": {"divert.answers", "divert.casework.command", "divert.casework.compliance",
                        "divert.casework.upkeep.replay", "divert.clock", "divert.documents",
                        "divert.eligibility", "divert.models", "divert.people", "divert.policies.adopted",
                        "divert.records", "divert.law.rulebook"},
    "divert.policies": {"divert.casework.command", "divert.casework.workflow", "divert.clock", "divert.eligibility",
                        "divert.models", "divert.people", "divert.records", "divert.law"},
    "divert.board": {"divert.answers", "divert.clock", "divert.db", "divert.documents", "divert.eligibility",
                     "divert.models", "divert.law.rulebook"},
    "divert.board.spending": {"divert.answers", "divert.board", "divert.casework.command", "divert.casework.workflow",
                              "divert.clock", "divert.models", "divert.people", "divert.law.rulebook"},
    "divert.worker": {"divert.board.counting.tallies", "divert.casework", "divert.clock", "divert.config", "divert.db",
                      "divert.law", "divert.models", "divert.people", "divert.records"},
    # the faces: they may use everything, and nothing may use them
    "divert.demo": {"divert"},
    "divert.cli": {"divert", "api"},
    "api": {"divert", "api"},
}  # fmt: skip
FACES = ("divert.demo", "divert.cli", "api")
PURE = (
    "divert/board/figures/afterwards.py",
    "divert/board/figures/costs.py",
    "divert/board/figures/disparity.py",
    "divert/board/figures/estimates.py",
    "divert/board/figures/definition.py",
    "divert/board/figures/flow.py",
    "divert/board/reading/glance.py",
    "divert/board/figures/outcomes.py",
    "divert/board/counting/suppression.py",
    "divert/eligibility/columns.py",
    "divert/eligibility/judge.py",
    "divert/eligibility/rehearsal.py",
    "divert/scrutiny/allotment.py",
    "divert/scrutiny/draw.py",
    "divert/scrutiny/fuzzy.py",
    "divert/scrutiny/proof.py",
    "divert/scrutiny/withholding.py",
    "divert/law/time_limits.py",
    "divert/law/working_days.py",
)


def modules() -> Iterator[tuple[str, Path]]:
    for room in ("divert", "api"):
        for file in sorted((ROOT / room).rglob("*.py")):
            name = ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            yield name, file


def imported(file: Path) -> set[str]:
    """What a file imports of this project."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" if node.module == "divert" else node.module for alias in node.names}
    return {name for name in found if name.split(".")[0] in ("divert", "api")}


def within(name: str, room: str) -> bool:
    return name == room or name.startswith(room + ".")


@pytest.mark.parametrize(("name", "file"), list(modules()), ids=lambda value: value if isinstance(value, str) else "")
def test_a_module_imports_only_what_its_room_may(name: str, file: Path) -> None:
    if name == "divert":
        assert not imported(file)
        return
    room = max((room for room in MAY_IMPORT if within(name, room)), key=len, default=None)
    assert room, f"{name} stands in no room of the table"
    strangers = [
        other
        for other in imported(file)
        if not within(other, room) and not any(within(other, allowed) for allowed in MAY_IMPORT[room])
    ]
    assert not strangers, f"{name} imports {strangers}"
    if not any(within(name, face) for face in FACES):
        assert not [other for other in imported(file) if any(within(other, face) for face in FACES)]


def test_the_domain_knows_no_web_framework() -> None:
    for name, file in modules():
        if within(name, "divert") and not within(name, "divert.cli"):
            text = file.read_text(encoding="utf-8")
            assert "fastapi" not in text, name
            assert "starlette" not in text, name


@pytest.mark.parametrize("file", PURE)
def test_judgement_dates_and_draws_know_no_database_no_clock_and_no_chance(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    for impure in ("sqlalchemy", "datetime.now", ".today()", "import random", "import secrets", "import time\n"):
        assert impure not in text, impure


def assigned(tree: ast.AST) -> Iterator[ast.Attribute]:
    """Every attribute that a file assigns."""
    for node in ast.walk(tree):
        targets = node.targets if isinstance(node, ast.Assign) else []
        for target in targets:
            parts = target.elts if isinstance(target, ast.Tuple) else [target]
            yield from (part for part in parts if isinstance(part, ast.Attribute))


def test_only_the_workflow_assigns_a_case_s_state_version_or_head_or_writes_its_ledger() -> None:
    writers: dict[str, set[str]] = {}
    for name, file in modules():
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for target in assigned(tree):
            if target.attr in ("state", "version", "head") and ast.unparse(target.value) in ("case", "again"):
                writers.setdefault(target.attr, set()).add(name)
        if any(isinstance(node, ast.Call) and ast.unparse(node.func) == "ledger.append" for node in ast.walk(tree)):
            writers.setdefault("ledger", set()).add(name)
    replay = {"divert.casework.upkeep.replay"}  # of the case that it builds again
    assert writers == {
        "state": {"divert.casework.workflow"},
        "version": {"divert.casework.workflow"} | replay,
        "head": {"divert.casework.workflow"},
        "ledger": {"divert.casework.workflow"},
    }


def test_domain_code_never_commits() -> None:
    for name, file in modules():
        if name in ("divert.db",) or not within(name, "divert"):
            continue
        calls = [node for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
        assert not [one for one in calls if ast.unparse(one.func).endswith(".commit")], name
