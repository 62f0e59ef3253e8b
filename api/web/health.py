"""What machines ask: is it alive, may it be sent requests, and how much passes. No personal data."""

from typing import Literal

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import Response

from api.web.problems import ProblemError, may_answer
from api.web.state import app_state
from divert.migrate import is_current

router = APIRouter(tags=["health"])


class HealthView(BaseModel):
    """It is."""

    status: Literal["ok"] = "ok"


@router.get("/healthz", summary="Is it alive?", responses=may_answer())
def healthz() -> HealthView:
    """The process answers."""
    return HealthView()


@router.get("/readyz", summary="Is it ready?", responses=may_answer("not-ready"))
def readyz(request: Request) -> HealthView:
    """The database is there, at the newest schema."""
    try:
        ready = is_current(app_state(request).database)
    except SQLAlchemyError:
        ready = False
    if not ready:
        raise ProblemError("not-ready")
    return HealthView()


@router.get(
    "/metrics",
    summary="Counts for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **may_answer()},
)
def metrics(request: Request) -> Response:
    """Requests by route and status, and how long they took. No address, name or reference is in it."""
    return Response(generate_latest(app_state(request).metrics), media_type=CONTENT_TYPE_LATEST)
