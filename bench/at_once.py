"""A service that does nothing: it takes a request and answers at once. What HTTP alone costs on this machine."""

import socket
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

ANSWER = b'{"ref":"D-19-0001","state":"referred","version":1,"receipt":"' + b"0" * 64 + b'"}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(ANSWER)).encode())]


async def app(scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
    """Read the body to its end, then answer."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": ANSWER})


def serve() -> None:
    """Serve it on a free port, and say which."""
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listening:
        print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
        uvicorn.Server(uvicorn.Config(app, lifespan="off", access_log=False, log_level="warning")).run([listening])
