"""pgbench writing the rows of whole cases: PostgreSQL's own client, in C, with nothing to decide.

The script holds what `perform` writes for the seventeen steps, a transaction each, as literal SQL. Statements go by the
simple protocol, planned each time; the bare driver beside it prepares them, and pays for being Python.
"""

import re
import subprocess
from pathlib import Path

import psycopg
from sqlalchemy.engine import URL

from bench.rows import CASE, CRIME, PERSON, Recorded, renamed
from bench.served import CLIENTS
from tests.databases import binaries

NUMBERED = "\\set n :n + 1\n\\set case :client_id * 1000000 + 1000000 + :n\n"


def cases_a_second(rows: Recorded, url: URL, folder: Path, cases_each: int) -> float:
    """How many cases a second all clients write, each so many. RuntimeError with what pgbench said."""
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    script = folder / "path.sql"
    script.write_text(_script(rows, plain), encoding="utf-8")
    done = subprocess.run(
        [
            binaries() / "pgbench", "--no-vacuum", f"--client={CLIENTS}", "--jobs=2", f"--transactions={cases_each}",
            "--define=n=0", f"--file={script}", plain,
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    rate = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
    if done.returncode or not rate or "failed transactions: 0" not in done.stdout:
        raise RuntimeError(f"pgbench failed:\n{done.stdout[-1000:]}{done.stderr[-1000:]}")
    return float(rate[1])


def _script(rows: Recorded, url: str) -> str:
    """The seventeen transactions, with a number in place of the recorded ids."""
    names = {CASE: CASE, PERSON: CASE, rows.ref: f"B-{CASE}", f"BENCH-{CRIME}": f"BENCH-{CASE}"}
    lines = []
    with psycopg.connect(url) as connection:
        cursor = psycopg.ClientCursor(connection)
        for writes in rows.steps:
            lines.append("BEGIN;")
            for statement, parameters, many in writes:
                for values in parameters if many else (parameters,):
                    lines.append(cursor.mogrify(statement, renamed(values, names)) + ";")
            lines.append("COMMIT;")
    return NUMBERED + "\n".join(lines).replace(str(CASE), ":case") + "\n"
