"""Every request passes here: counted, held to a rate, logged without personal data, and given its safe headers.

A log line holds the method, the route's pattern (never the address asked for), the status and the time taken. The one
failure that nobody foresaw is answered here, and logged by its kind and place alone: an exception's text may hold what
somebody typed.
"""

import hashlib
import re
import secrets
import time
import traceback
from pathlib import Path

import structlog
from prometheus_client import Counter, Histogram
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.web.problems import ProblemError, error_response
from api.web.sessions import cookie_name
from api.web.state import AppState
from api.web.throttle import Throttle

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'nonce-{nonce}'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""No script but the one that the page itself names, by a number that no other page has."""

SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
TAKES_FILES = re.compile(r"/cases/[^/]+/[^/]+$|/api/cases/[^/]+/evidence$")
"""The forms of commands, and where a program gives a file."""

METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
log = structlog.get_logger("divert.access")


class RequestMiddleware:
    """The outermost layer of the service."""

    def __init__(self, app: ASGIApp, app_state: AppState) -> None:
        self.app, self.app_state = app, app_state
        self.throttle = Throttle(app_state.settings.requests_per_minute)
        self.safe_headers = dict(SAFE_HEADERS)
        if app_state.settings.https:
            self.safe_headers["Strict-Transport-Security"] = "max-age=31536000"
        self.requests = Counter(
            "divert_requests", "Requests answered.", ("method", "route", "status"), registry=app_state.metrics
        )
        self.seconds = Histogram(
            "divert_request_seconds", "Time to answer.", ("method", "route"), registry=app_state.metrics
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status, fault = time.perf_counter(), 0, None
        nonce = secrets.token_urlsafe(16)

        async def send_safely(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._make_safe(MutableHeaders(scope=message), nonce)
            await send(message)

        request = Request(scope, receive)
        request.state.nonce = nonce
        try:
            if wait := self._wait(request):
                refusal = ProblemError("too-many", headers={"Retry-After": str(wait)})
                await error_response(request, refusal)(scope, receive, send_safely)
            else:
                await self.app(scope, self._limited(request, receive), send_safely)
        except Exception as error:  # the last line: whatever it was, somebody is waiting for an answer
            fault = {"error": type(error).__name__, "where": _where(error)}
            if not status:
                await error_response(request, error)(scope, receive, send_safely)
        finally:
            if getattr(request.state, "signed_in", False) and (credential := self._credential(request)):
                self.throttle.trust(credential)
            self._note(scope, status, time.perf_counter() - began, fault)

    def _wait(self, request: Request) -> int:
        """Seconds to wait. A credential has its own allowance once it has proved good; until then its address pays."""
        now, credential = time.monotonic(), self._credential(request)
        address = f"address {request.client.host if request.client else 'unknown'}"
        return self.throttle.wait(credential if credential and self.throttle.trusts(credential) else address, now)

    def _limited(self, request: Request, receive: Receive) -> Receive:
        """The body, as long as it stays within its limit. The framework's own limit would answer in plain text."""
        settings, read = self.app_state.settings, 0
        limit = settings.max_body_bytes + (settings.max_file_bytes if TAKES_FILES.match(request.url.path) else 0)
        declared = request.headers.get("content-length", "")[:18]

        async def limited() -> Message:
            nonlocal read
            if declared.isdecimal() and int(declared) > limit:
                raise HTTPException(413)
            message = await receive()
            read += len(message.get("body", b""))
            if read > limit:
                raise HTTPException(413)
            return message

        return limited

    def _make_safe(self, headers: MutableHeaders, nonce: str) -> None:
        policy = ("Content-Security-Policy", POLICY.format(nonce=nonce))
        for name, value in (policy, *self.safe_headers.items(), ("Cache-Control", "no-store")):
            headers.setdefault(name, value)

    def _note(self, scope: Scope, status: int, seconds: float, fault: dict[str, str] | None) -> None:
        route = getattr(scope.get("route"), "path", "none")
        method = scope["method"] if scope["method"] in METHODS else "other"
        self.requests.labels(method, route, status).inc()
        self.seconds.labels(method, route).observe(seconds)
        line = log.error if fault else log.info
        line("request", method=method, route=route, status=status, ms=round(seconds * 1000, 1), **(fault or {}))

    def _credential(self, request: Request) -> str | None:
        credential = request.headers.get("authorization") or request.cookies.get(cookie_name(self.app_state.settings))
        return hashlib.sha256(credential.encode()).hexdigest() if credential else None


def _where(error: Exception) -> str:
    """The last places in the code that it came through; the lines themselves, never the values in them."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    return " > ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames)
