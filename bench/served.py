"""A server in a process of its own, on this machine alone and a free port; and clients that keep their connections.

The clients are the standard library's: a request costs them a quarter of what it costs httpx, which on two processors
would be a good part of what is measured.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
CLIENTS = 8
START_LIMIT_S = 60
DIVERT = "from divert.cli import app; app()"
AT_ONCE = "from bench.at_once import serve; serve()"


@contextmanager
def served(program: str, *words: str, env: Mapping[str, str] | None = None) -> Iterator[int]:
    """The port of a program that says its address, http://127.0.0.1:PORT, while it serves; stopped with the block."""
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", program, *words],
            cwd=ROOT, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip
        try:
            yield _port(process, output)
        finally:
            process.terminate()
            process.wait(timeout=START_LIMIT_S)


def _port(process: "subprocess.Popen[bytes]", output: Any) -> int:
    limit = time.monotonic() + START_LIMIT_S
    while time.monotonic() < limit and process.poll() is None:
        output.seek(0)
        if address := re.search(r"http://127\.0\.0\.1:(\d+)", output.read()):
            _await_answer(int(address[1]), limit)
            return int(address[1])
        time.sleep(0.05)
    output.seek(0)
    raise RuntimeError(f"the server did not start:\n{output.read()[-2000:]}")


def _await_answer(port: int, limit: float) -> None:
    """Wait until the first request is answered, whatever the answer."""
    while time.monotonic() < limit:
        try:
            with closing(Client(port)) as client:
                client.ask("GET", "/healthz")
                return
        except OSError:
            time.sleep(0.05)


class Client:
    """One caller with one connection."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Send a request; answer the status and what the JSON says. OSError where nobody listens."""
        text = None if body is None else json.dumps(body)
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request(method, path, text, {"Content-Type": "application/json", **fields})
        answer = self._connection.getresponse()
        return answer.status, json.loads(answer.read() or "null")

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


def together(work: Callable[[Client], Iterable[float]], port: int) -> tuple[list[float], float]:
    """Let all clients work at once: every duration they report, and the seconds from first to last."""

    def reported(_: int) -> list[float]:
        with closing(Client(port)) as client:
            return list(work(client))

    with ThreadPoolExecutor(CLIENTS) as pool:
        begun = time.perf_counter()
        reports = list(pool.map(reported, range(CLIENTS)))
        return [seconds for report in reports for seconds in report], time.perf_counter() - begun
