"""Pages asked of the application as its server would, in this process: all that a request meets but the socket."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import structlog
from anyio.from_thread import start_blocking_portal
from fastapi import FastAPI

from api.web.sessions import WebSession
from divert.people.staff import Actor
from tests.service import SETTINGS, cookie

Ask = Callable[[Actor, str, Mapping[str, str]], Callable[[], bytes]]
"""Who asks, the address, and the form that is posted to it, if one is: gives what asks it once and answers the page."""


@contextmanager
def context(app: FastAPI) -> Iterator[Ask]:
    """The application, running."""
    with (
        start_blocking_portal(backend_options={"use_uvloop": True}) as portal,
        portal.wrap_async_context_manager(app.router.lifespan_context(app)),
    ):
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))

        def ask(who: Actor, path: str, form: Mapping[str, str]) -> Callable[[], bytes]:
            scope, body = _request(app, who, path, form)
            return lambda: portal.call(_answered, app, scope, body)

        yield ask


def _request(app: FastAPI, who: Actor, path: str, form: Mapping[str, str]) -> tuple[dict[str, Any], bytes]:
    """The request, by somebody signed in."""
    name, token = cookie(app.state.divert, who)
    headers = [(b"host", b"127.0.0.1"), (b"cookie", f"{name}={token}".encode())]
    body = b""
    if form:
        body = urlencode({**form, "form_token": WebSession(token).form_token(SETTINGS)}).encode()
        kind = b"application/x-www-form-urlencoded"
        headers += [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http", "root_path": "",
        "method": "POST" if form else "GET", "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": headers, "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 50_000),
    }  # fmt: skip
    return scope, body


async def _answered(app: FastAPI, scope: Mapping[str, Any], body: bytes) -> bytes:
    """Ask once. AssertionError where the answer is no page."""
    status, parts = 0, []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Mapping[str, Any]) -> None:
        nonlocal status
        status = message.get("status", status)
        parts.append(message.get("body", b""))

    await app({**scope, "state": {}}, receive, send)
    if status != 200:
        raise AssertionError(f"{scope['path']} was answered {status}")
    return b"".join(parts)
