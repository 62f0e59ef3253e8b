"""The service: every route, in one application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from importlib.metadata import version
from typing import Any

import anyio
import anyio.to_thread
from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from api.board import costs, figures
from api.case import command_forms, documents, eligibility, evidence, exchange, page, routes, sharing
from api.desk import imports, pre_check, referrals, worklist
from api.office import failed_work, staff
from api.panel import actions, draw_pages, draws, meetings, outcomes, papers, report
from api.policy import policies, proposal_pages, proposals
from api.procedure import commands, lifecycle
from api.web import assets, health, logs, problems, sign_in
from api.web.middleware import RequestMiddleware
from api.web.problems import Problem
from api.web.state import AppState
from divert.clock import Clock, system_clock
from divert.config import Settings
from divert.config import settings as default_settings
from divert.db import Database

THREADS = 4
"""Endpoints at work at once: more of them only fight for the interpreter."""

ROUTERS = (
    worklist,
    page,
    routes,
    commands,
    documents,
    evidence,
    exchange,
    pre_check,
    proposals,
    proposal_pages,
    policies,
    eligibility,
    lifecycle,
    draws,
    actions,
    draw_pages,
    papers,
    report,
    meetings,
    outcomes,
    figures,
    costs,
    health,
    sign_in,
    referrals,
    imports,
    sharing,
    failed_work,
    staff,
    command_forms,
)
"""In this order: what people wait for first; pages of a case or meeting before the form that any command has."""

TAGS = [
    {"name": "cases", "description": "Reading cases. Each reading is in the access log."},
    {"name": "commands", "description": "Everything that may be done to a case. Each answers with a receipt."},
    {"name": "documents", "description": "Letters, contracts and bundles: looked at, issued, read again."},
    {"name": "evidence", "description": "Files: given to a case first, then named in a command."},
    {"name": "exchange", "description": "What another agency may have of a case: looked at, then shared."},
    {"name": "eligibility", "description": "What a policy would say, and the policies."},
    {"name": "lifecycle", "description": "The procedure itself, as data."},
    {"name": "panel", "description": "Frames, draws, packs and meetings of the scrutiny panel."},
    {"name": "staff", "description": "Who works here, in which post; and messages that could not be delivered."},
    {"name": "board", "description": "Figures for the board: never a person."},
    {"name": "health", "description": "For machines that look after this one."},
]

DESCRIPTION = """
Deferred prosecution for first-time and low-level offenders. A case moves only by a command; everything anyone may do,
when, who and on what authority stands in one table: `GET /api/lifecycle`.

**To begin**: send a staff member's token as `Authorization: Bearer divert_...`. Refer a person with `POST /api/cases`;
ask `GET /api/cases/{ref}/commands` what may be done next, with the JSON Schema of each body; do it. Each answer is a
receipt: the case's state and version, and the hash of the ledger entry that records it.

**Not twice, and not blindly**: `Idempotency-Key` makes a request safe to send again. `If-Match` with the ETag of the
case as you read it refuses to act on one that has since changed.

**When it goes wrong** the answer is problem details (RFC 9457): 422 names every answer that cannot be used, 409 every
reason why it may not be done. Dates are Europe/London, year-month-day; instants are UTC.
"""


def create_app(
    database: Database | None = None, clock: Clock = system_clock, settings: Settings | None = None
) -> FastAPI:
    """The application on a database (default: the settings' own), with a clock."""
    settings = settings or default_settings()
    app = FastAPI(
        title="Cleveland Divert",
        summary="Referral, decisions, contract, completion, scrutiny.",
        description=DESCRIPTION,
        version=version("cleveland-divert"),
        license_info={"name": "MIT", "identifier": "MIT"},
        servers=[{"url": "/", "description": "This server"}],
        openapi_tags=TAGS,
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        routes=_routes(),
    )
    app_state = AppState(database or Database(settings.database_url), clock, settings)
    app.state.divert = app_state
    app.mount(assets.root(), assets.Assets(), name="assets")
    problems.install(app)
    app.add_middleware(RequestMiddleware, app_state=app_state)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]  # as FastAPI documents it
    return app


@cache
def _routes() -> list[BaseRoute]:
    """The routes of every module, worked out once: they know no database, and tests make an application each."""
    router = APIRouter()
    for module in ROUTERS:
        router.include_router(module.router)
    return router.routes


def _drop_the_frameworks_own(document: dict[str, Any]) -> None:
    """FastAPI says 422 in a form of its own wherever an address has a part that varies. Here that is a plain 404."""
    for path_item in document["paths"].values():
        for operation in path_item.values():
            if "HTTPValidationError" in str(operation["responses"].get("422")):
                del operation["responses"]["422"]
    for name in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(name, None)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    logs.configure()
    anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
    yield
    await anyio.to_thread.run_sync(app.state.divert.close)


def _openapi(app: FastAPI) -> dict[str, Any]:
    """OpenAPI 3.1, with the one schema of problem details that every operation points at."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            description=app.description,
            routes=app.routes,
            tags=app.openapi_tags,
            servers=app.servers,
            license_info=app.license_info,
        )
        problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas = document["components"]["schemas"]
        schemas |= problem.pop("$defs") | {"Problem": problem}
        _drop_the_frameworks_own(document)
        app.openapi_schema = document
    return app.openapi_schema
