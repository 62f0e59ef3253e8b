"""Who may import whom, as one table; and who alone may write."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

GROUND = {"divert.clock", "divert.models"}
CASES = GROUND | {
    "divert.acts",
    "divert.eligibility",
    "divert.law",
    "divert.people",
    "divert.policies",
    "divert.records",
}
DOMAIN = CASES | {
    "divert.board",
    "divert.casework",
    "divert.config",
    "divert.db",
    "divert.documents",
    "divert.exchange",
    "divert.migrate",
    "divert.office",
    "divert.procedure",
    "divert.scrutiny",
    "divert.worker",
}
MAY_IMPORT = {
    # the ground
    "divert.clock": set(),
    "divert.config": set(),
    "divert.db": set(),
    "divert.models": set(),
    "divert.migrate": {"divert", "divert.db"},
    # what every act and record stands on
    "divert.law": {"divert.clock"},
    "divert.people": {"divert.models"},
    "divert.acts": GROUND | {"divert.db", "divert.law", "divert.people"},
    "divert.records": GROUND | {"divert.acts", "divert.db", "divert.law", "divert.people"},
    # the rooms: each imports only what stands above it here
    "divert.eligibility": {"divert.acts", "divert.clock", "divert.law", "divert.people"},
    "divert.documents": GROUND | {"divert.law", "divert.people", "divert.records"},
    "divert.exchange": GROUND | {"divert.law", "divert.records"},
    "divert.policies": GROUND | {"divert.acts", "divert.db", "divert.eligibility", "divert.law", "divert.people",
                                 "divert.records"},
    "divert.casework": CASES | {"divert.db", "divert.documents", "divert.exchange"},
    "divert.scrutiny": CASES | {"divert.db", "divert.casework.commands", "divert.casework.compliance",
                                "divert.casework.upkeep.replay", "divert.documents"},
    "divert.board.counting": GROUND | {"divert.casework.commands", "divert.db", "divert.eligibility", "divert.law",
                                       "divert.people", "divert.records"},
    "divert.board.figures": GROUND | {"divert.board.counting", "divert.eligibility", "divert.law"},
    "divert.board.spending": GROUND | {"divert.acts", "divert.board.counting", "divert.board.figures", "divert.law",
                                       "divert.people"},
    "divert.board.reading": GROUND | {"divert.acts", "divert.board.counting", "divert.board.figures",
                                      "divert.documents", "divert.eligibility"},
    "divert.board": set(),
    "divert.worker": CASES | {"divert.board.counting", "divert.casework", "divert.config", "divert.db"},
    "divert.office": CASES | {"divert.db", "divert.worker"},
    "divert.procedure": {"divert.acts", "divert.board.spending", "divert.office", "divert.policies", "divert.scrutiny"},
    # the faces: they may use everything below, and nothing below may use them
    "api.web": DOMAIN,
    "api.procedure": DOMAIN | {"api.web"},
    "api.case": DOMAIN | {"api.procedure", "api.web"},
    "api.desk": DOMAIN | {"api.case", "api.procedure", "api.web"},
    "api.panel": DOMAIN | {"api.case", "api.procedure", "api.web"},
    "api.board": DOMAIN | {"api.procedure", "api.web"},
    "api.policy": DOMAIN | {"api.procedure", "api.web"},
    "api.office": DOMAIN | {"api.procedure", "api.web"},
    "api.app": {"api.board", "api.case", "api.desk", "api.office", "api.panel", "api.policy", "api.procedure",
                "api.web",
                "divert.clock", "divert.config", "divert.db"},
    "api": set(),
    "divert.demo": DOMAIN,
    "divert.cli": DOMAIN | {"divert.demo"},
}  # fmt: skip
"""For each room, the rooms that its files may import, beside its own."""

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


def imported(file: Path, *, type_checking: bool = True) -> set[str]:
    """What a file imports of this project; without `type_checking`, only what it imports when it runs."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    unread = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING" and not type_checking
        for inner in node.body
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if node in unread:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {part for alias in node.names for part in _module(node.module, alias.name)}
    return {name for name in found if name.split(".")[0] in ("divert", "api")}


def _module(package: str, name: str) -> set[str]:
    """The module that `from package import name` reads: a file of that name, or else the package's own."""
    inner = ROOT.joinpath(*package.split("."), name)
    return {f"{package}.{name}"} if inner.with_suffix(".py").exists() or inner.is_dir() else {package}


def within(name: str, room: str) -> bool:
    return name == room or name.startswith(room + ".")


def room_of(name: str) -> str | None:
    """The room of the table in which a module, or a name that it imports, stands."""
    return max((room for room in MAY_IMPORT if within(name, room)), key=len, default=None)


@pytest.mark.parametrize(("name", "file"), list(modules()), ids=lambda value: value if isinstance(value, str) else "")
def test_a_module_imports_only_what_its_room_may(name: str, file: Path) -> None:
    if name == "divert":
        assert not imported(file)
        return
    room = room_of(name)
    assert room, f"{name} stands in no room of the table"
    strangers = [
        other
        for other in imported(file)
        if not within(other, room) and not any(within(other, allowed) for allowed in MAY_IMPORT[room])
    ]
    assert not strangers, f"{name} imports {strangers}"


def test_no_room_can_come_back_to_itself() -> None:
    rooms = {room: {room_of(other) or other for other in allowed} - {room} for room, allowed in MAY_IMPORT.items()}
    assert set(TopologicalSorter(rooms).static_order()) >= set(MAY_IMPORT)


def test_no_file_can_come_back_to_itself() -> None:
    files = {name: file for name, file in modules() if name != "divert"}
    graph = {
        name: {other for other in imported(file, type_checking=False) if other in files and other != name}
        for name, file in files.items()
    }
    assert set(TopologicalSorter(graph).static_order()) >= set(files)


def test_what_a_file_keeps_to_itself_no_other_names() -> None:
    for name, file in modules():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.ImportFrom) else []
            assert not [one for one in names if one.startswith("_")], name


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
