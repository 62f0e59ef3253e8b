"""A Chromium for the tests of pages: found, or installed where that is allowed.

In this order: the one at DIVERT_TEST_CHROMIUM; the system's; the one Playwright keeps; Debian's package, where we are
root; the one Playwright downloads. Where none can be had the tests fail and say so: a check of pages is never left out.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser  # a third of a second to import: only where pages are tested

SYSTEM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
APT = (
    ("apt-get", "update"),
    ("apt-get", "install", "--yes", "--no-install-recommends", "chromium"),
)
PLAYWRIGHT = ((sys.executable, "-m", "playwright", "install", "chromium", "--no-shell"),)
# Its sandbox is refused to root, and what it asks of the network by itself is refused on a closed one.
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync")


def chromium_path() -> str:
    """The program to drive, installed first where there is none. Raises LookupError with what to do instead."""
    if given := os.environ.get("DIVERT_TEST_CHROMIUM"):
        return given
    with (Path(sys.prefix) / "chromium.lock").open("w") as lock:  # one test worker installs, the others wait
        fcntl.flock(lock, fcntl.LOCK_EX)
        if found := _found():
            return found
        ways = (APT, PLAYWRIGHT) if os.geteuid() == 0 and shutil.which("apt-get") else (PLAYWRIGHT,)
        said = [_install(commands) for commands in ways if not _found()]
        if found := _found():
            return found
    tried = "\n".join(said)
    raise LookupError(f"no Chromium for the tests of pages: install one or name it in DIVERT_TEST_CHROMIUM\n{tried}")


def _found() -> str | None:
    for name in SYSTEM:
        if path := shutil.which(name):
            return path
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


def _install(commands: tuple[tuple[str, ...], ...]) -> str:
    """Run commands until one fails; return what the last one said at its end."""
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    last = ""
    for command in commands:
        done = subprocess.run(command, env=quiet, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        last = f"{' '.join(command)}: {(done.stderr or done.stdout).strip()[-500:]}"
        if done.returncode:
            break
    return last


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """A headless Chromium, one a worker; each test opens a context of its own in it."""
    from playwright.sync_api import sync_playwright

    path = chromium_path()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chromium
        chromium.close()
