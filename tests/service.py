"""The service as tests see it: the application on an office's database and calendar, and a token for everyone."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import uvicorn
from fastapi import FastAPI
from httpx2 import Response
from pydantic import SecretStr
from starlette.testclient import TestClient

from api.app import create_app
from api.web.sessions import cookie_name
from api.web.state import AppState
from divert.config import Settings
from divert.people.sessions import begin
from divert.people.staff import Actor, issue_token
from tests.office import CAST, Office

EVIDENCE = TemporaryDirectory(prefix="divert-evidence-")
"""Removed with the process that ran the tests."""

SETTINGS = Settings(
    secret=SecretStr("a secret of the tests"),
    requests_per_minute=1_000_000,
    https=False,
    evidence_folder=Path(EVIDENCE.name),
)


@dataclass
class Service:
    """A caller's view: ask as somebody, get an answer."""

    office: Office
    client: TestClient
    tokens: dict[str, str] = field(default_factory=dict)

    def ask(
        self,
        who: Actor | None,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> Response:
        """One request, by one of the cast (None: without a token)."""
        sent = dict(headers or {})
        if who is not None:
            sent["Authorization"] = f"Bearer {self.tokens[who.username]}"
        if body is not None:
            more["json"] = body
        return self.client.request(method, path, headers=sent, **more)

    def does(self, who: Actor, slug: str, ref: str, body: Any = None, **headers: str) -> Response:
        """One command."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask(who, "POST", f"/api/cases/{ref}/commands/{slug}", body or {}, headers=named)


@contextmanager
def service(office: Office, settings: Settings = SETTINGS) -> Iterator[Service]:
    """The application in this process, on the office's own database and calendar."""
    app = create_app(office.database, lambda: office.now, settings)
    with office.database.writing() as session:
        tokens = {one.username: issue_token(session, one.username, office.now) for one in CAST}
    with TestClient(app, raise_server_exceptions=True) as client:
        yield Service(office, client, tokens)


def cookie(app_state: AppState, who: Actor) -> tuple[str, str]:
    """A visit, begun: its cookie's name and value."""
    with app_state.database.writing() as session:
        return cookie_name(app_state.settings), begin(session, who.username, app_state.clock())


def visiting(client: TestClient, who: Actor) -> TestClient:
    """The same client, signed in at the pages."""
    client.cookies.set(*cookie(client.app.state.divert, who))  # type: ignore[attr-defined]  # it is the FastAPI that it was given
    return client


SERVED: dict[str, AppState] = {}
"""What is served on this machine now, by its address."""


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """The application on a socket of this machine; yields its address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", access_log=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        thread.join(0.01)
    address = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    SERVED[address] = app.state.divert
    try:
        yield address
    finally:
        del SERVED[address]
        server.should_exit = True
        thread.join()
