#!/usr/bin/env python3
"""Install, run and check Cleveland Divert. It needs Python 3.11 or later and nothing else.

python3 dev.py run [options of divert serve]   a served, filled demo
python3 dev.py test [options of pytest]        every check: ruff, mypy, and pytest on SQLite and PostgreSQL
python3 dev.py lint                            ruff and mypy alone
python3 dev.py bench [options of bench]        the measurements
python3 dev.py year [options of tests.year]    a simulated year on PostgreSQL, its workers killed, and its proof
python3 dev.py lives [how many]                as many random lives of cases on each database (80)
python3 dev.py packs [how many [from round]]   as many whole packs with hostile words (2000); writes docs/redaction.md
python3 dev.py lock [options of uv]            renew requirements.lock (--upgrade: newer releases)

This file keeps to a syntax that old Pythons can read, so that they can be told what they lack.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed"
UV = (VENV / "bin" / "uv", "--system-certs", "pip")  # trust what this machine trusts: some networks sign for others
LOCK = ROOT / "requirements.lock"
PYPROJECT = ROOT / "pyproject.toml"
HOOK = ROOT / "hatch_build.py"
LOOK = ROOT / "api" / "vendor" / "made-from"  # left by the hook when the project is installed
OLDEST = (3, 11)
TYPED = ("divert", "api", "migrations", "tests", "bench", "dev.py", "hatch_build.py")


class Missing(Exception):
    """Something that this machine lacks, as one plain line for the person at the keyboard."""


def lacking(version: "tuple[int, ...]", platform: str) -> "str | None":
    """Say what about this Python or system rules the project out; None when nothing does."""
    if version[:2] < OLDEST:
        found = "{}.{}".format(*version[:2])
        return f"Python 3.11 or later is needed and this is {found}: try `python3.11 dev.py`, or install a newer one"
    if platform == "win32":
        return "Linux or macOS is needed: on Windows, run this inside WSL"
    return None


def run(*command: "str | Path") -> int:
    """Run a command in the tree, its output on this terminal, and return its exit code."""
    print("dev.py:", *(str(word).replace(f"{VENV}/bin/", "") for word in command), flush=True)
    return subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode


def quietly(what: str, *command: "str | Path", hint: str) -> None:
    """Run one step of the set-up without its output.

    Raises Missing with the step, the last line it printed and the hint, when it fails.
    """
    print(f"dev.py: {what}", flush=True)
    null, pipe, out = subprocess.DEVNULL, subprocess.PIPE, subprocess.STDOUT
    done = subprocess.run(command, cwd=ROOT, text=True, check=False, stdin=null, stdout=pipe, stderr=out)
    if done.returncode:
        said = [line.strip() for line in done.stdout.splitlines() if line.strip()] or ["nothing"]
        errors = [line for line in said if line.lower().startswith("error")] or said
        raise Missing(f"{what} failed: {hint} (it said: {errors[-1]})")


def stamp() -> str:
    """Identify what is to be installed: the lock, the settings, how it is built, this Python, where the tree lies."""
    parts = (LOCK.read_bytes(), PYPROJECT.read_bytes(), HOOK.read_bytes(), sys.version.encode(), str(ROOT).encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def locked(package: str) -> str:
    """Cut one package, with its hashes, out of the lock."""
    found = re.search(rf"^{package}==.*?(?=^\S|\Z)", LOCK.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    if not found:
        raise Missing(f"requirements.lock does not hold {package}: take the file from the repository again")
    return found.group()


def install() -> None:
    """Make .venv hold exactly what the lock says, and the project itself. A second call finds it done."""
    if PYTHON.exists() and LOOK.exists() and STAMP.exists() and STAMP.read_text(encoding="utf-8") == stamp():
        return
    try:
        import ensurepip  # noqa: F401  Debian packs it apart from Python
        import venv  # noqa: F401  as above
    except ImportError:
        major, minor = sys.version_info[:2]
        raise Missing(
            f"this Python has no venv module: on Debian or Ubuntu, `apt install python{major}.{minor}-venv`"
        ) from None
    network = "is the network up? pip and uv each follow their own settings where another registry serves you"
    quietly("making .venv", sys.executable, "-m", "venv", "--clear", VENV, hint="may this folder be written to?")
    wanted = VENV / "uv.txt"
    wanted.write_text(locked("uv"), encoding="utf-8")
    pip = (PYTHON, "-m", "pip", "install", "--no-input", "--no-deps", "--require-hashes", "--quiet")
    quietly("installing uv", *pip, "-r", wanted, hint=network)
    into = ("--python", PYTHON)
    quietly("installing requirements.lock", *UV, "sync", *into, "--require-hashes", LOCK, hint=network)
    # Where npm is absent, a build of its own may bring one (hatch_build.py); ours has all else from the lock.
    alone = ("--no-build-isolation",) if shutil.which("npm") else ()
    editable = ("--no-deps", *alone, "--editable", ROOT)
    quietly("installing the project", *UV, "install", *into, *editable, hint="is the tree whole, and the network up?")
    STAMP.write_text(stamp(), encoding="utf-8")


def serve(options: "list[str]") -> int:
    """Bring the database up to date, fill an empty one with the demo, and serve until stopped."""
    divert = VENV / "bin" / "divert"
    os.environ.setdefault("DIVERT_HTTPS", "false")  # the demo is served in plain HTTP, to this machine alone
    for step in ("migrate", "demo"):
        failed = run(divert, step)
        if failed:
            return failed
    sys.stdout.flush()
    os.chdir(ROOT)
    os.execv(divert, [str(divert), "serve", *options])  # noqa: S606  no shell is meant


def lint() -> "list[str]":
    """Run ruff and mypy; return the names of those that found something."""
    typed = (name for name in TYPED if (ROOT / name).exists())
    checks = {
        "ruff check": ("ruff", "check", "."),
        "ruff format": ("ruff", "format", "--check", "."),
        "mypy": ("mypy", "--strict", *typed),
    }
    return [name for name, command in checks.items() if run(PYTHON, "-m", *command)]


def test(options: "list[str]") -> int:
    """Run every check, all of them even when one fails, so that one run tells everything."""
    failed = lint()
    # Three on two cores, for they wait for browsers; and whoever is done takes from whoever is not.
    code = run(PYTHON, "-m", "pytest", "-n", "3", "--dist", "worksteal", *options)
    if code:
        failed.append("pytest")
    return verdict(failed)


def verdict(failed: "list[str]") -> int:
    """Name what failed, if anything did, and turn it into an exit code."""
    if failed:
        print(f"dev.py: failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def lives(options: "list[str]") -> int:
    """Drive the lifecycle at random for some thousands of steps on each database."""
    os.environ["DIVERT_LIVES"] = options[0] if options else "80"
    return run(PYTHON, "-m", "pytest", "-n", "2", "-rP", "tests/test_lifecycle_machine.py")


def lock(options: "list[str]") -> int:
    """Write requirements.lock: every package for every platform with its hashes, and no address."""
    whole = ("--group", "dev", "--universal", "--generate-hashes")
    nameless = ("--no-emit-index-url", "--no-emit-find-links", "--custom-compile-command", "python3 dev.py lock")
    return run(*UV, "compile", PYPROJECT.name, "--output-file", LOCK.name, "--quiet", *whole, *nameless, *options)


def main(words: "list[str]") -> int:
    """Carry out one command; return the exit code."""
    command, options = (words[0], words[1:]) if words else ("help", [])
    does = {
        "run": serve,
        "test": test,
        "lint": lambda _: verdict(lint()),
        "bench": lambda options: run(PYTHON, "-m", "bench", *options),
        "year": lambda options: run(PYTHON, "-m", "tests.year", *options),
        "lives": lives,
        "packs": lambda options: run(PYTHON, "-m", "tests.hostile_packs", *options),
        "lock": lock,
    }
    if command not in does:
        print(__doc__)
        return 0 if command in ("help", "--help", "-h") else 2
    problem = lacking(sys.version_info[:2], sys.platform)
    try:
        if problem:
            raise Missing(problem)
        install()
    except Missing as missing:
        print(f"dev.py: {missing}", file=sys.stderr)
        return 1
    # Much of what follows starts Python: what one has compiled the next must find, even where the machine says not to.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(VENV / "pycache")
    return does[command](options)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
