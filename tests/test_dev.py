"""What makes a fresh clone work: the lock, dev.py, .ci/run, and a tree that names no one's machine."""

import ast
import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
# Package registries and their mirrors, and folders of one machine. Split, so that this file does not name them itself.
ELSEWHERE = [
    "py" + r"pi\.org", "python" + "hosted", r"registry\.npm" + "js", r"registry\.yarn" + "pkg", r"deb\." + "debian",
    r"files\." + "python", r"index-" + "url=", "/wo" + "rk/", "/ro" + "ot/", r"/ho" + r"me/\w", "/Us" + r"ers/\w",
]  # fmt: skip


def tracked(*patterns: str) -> list[Path]:
    """The files that git holds."""
    listed = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


@pytest.fixture(scope="module")
def dev() -> ModuleType:
    spec = importlib.util.spec_from_file_location("dev", ROOT / "dev.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_package_in_the_lock_is_pinned_and_hashed_and_none_has_an_address() -> None:
    packages = re.split(r"^(?=[a-z0-9])", LOCK, flags=re.MULTILINE)[1:]
    assert len(packages) > 50
    for package in packages:
        assert re.match(r"[a-z0-9-]+(\[[a-z,]+\])?==\S+", package), package
        assert "--hash=sha256:" in package, package
    assert not re.search(
        r"https?:|file:|@ |--find-links|--(extra-)?index|^-e|/", re.sub(r"#.*", "", LOCK), re.MULTILINE
    )


def test_the_lock_holds_all_that_pyproject_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = {re.split(r"[\[<>=~! ;]", wanted)[0] for wanted in [*asked, *project["build-system"]["requires"]]}
    held = set(re.findall(r"^([a-z0-9-]+)(?:\[|==)", LOCK, re.MULTILINE))
    assert names <= held, f"run `python3 dev.py lock`: {sorted(names - held)}"


def test_dev_py_takes_its_installer_from_the_lock_with_its_hashes_alone(dev: ModuleType) -> None:
    assert re.fullmatch(r"uv==[\d.]+ \\\n(    --hash=sha256:[0-9a-f]{64} ?\\?\n)+(    #.*\n?)*", dev.locked("uv"))
    with pytest.raises(dev.Missing, match="does not hold nothing-of-the-kind"):
        dev.locked("nothing-of-the-kind")


@pytest.mark.parametrize(
    ("version", "platform", "said"),
    [
        ((3, 6), "linux", r"Python 3\.11 or later is needed and this is 3\.6: .+"),
        ((3, 10), "darwin", r"Python 3\.11 or later is needed and this is 3\.10: .+"),
        ((3, 12), "win32", r"Linux or macOS is needed: .+"),
    ],
)
def test_dev_py_says_in_one_line_what_this_machine_lacks(
    dev: ModuleType, version: tuple[int, int], platform: str, said: str
) -> None:
    assert re.fullmatch(said, dev.lacking(version, platform))


def test_an_old_python_can_read_dev_py_far_enough_to_be_told() -> None:
    ast.parse((ROOT / "dev.py").read_text(encoding="utf-8"), feature_version=(3, 6))


@pytest.mark.parametrize("version", [(3, 11), (3, 14), (4, 0)])
def test_dev_py_goes_on_with_a_python_that_is_new_enough(dev: ModuleType, version: tuple[int, int]) -> None:
    assert dev.lacking(version, "linux") is None


def test_a_step_of_the_set_up_that_fails_is_told_in_one_line_with_a_hint(dev: ModuleType) -> None:
    program = "print('reading'); print('error: no route to host'); print('  and more'); raise SystemExit(2)"
    with pytest.raises(dev.Missing) as failed:
        dev.quietly("installing uv", sys.executable, "-c", program, hint="is there a network?")
    assert str(failed.value) == "installing uv failed: is there a network? (it said: error: no route to host)"


def test_ci_runs_what_a_person_runs() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text(encoding="utf-8").splitlines()[-1] == "exec python3 dev.py test"


def test_an_unknown_command_shows_those_there_are() -> None:
    shown = subprocess.run([sys.executable, "dev.py", "tset"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert shown.returncode == 2
    assert "dev.py test" in shown.stdout


def test_no_file_names_a_package_registry_or_a_place_on_someone_s_machine() -> None:
    named = re.compile("|".join(ELSEWHERE))
    files = tracked()
    assert files
    found = [
        f"{path.relative_to(ROOT)}: {hit[0]}"
        for path in files
        if (hit := named.search(path.read_text(encoding="utf-8", errors="replace")))
    ]
    assert not found


def test_no_file_holds_more_than_one_idea_can_need() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in tracked("*.py")
    }
    assert "dev.py" in lengths
    assert not {name: length for name, length in lengths.items() if length > 400 and "migrations/versions" not in name}
