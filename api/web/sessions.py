"""A person's visit to the pages: a cookie with a random token, and the token every form carries.

Whose visit it is, and whether it still holds, the database says (`divert.people.sessions`). The cookie is HttpOnly and
SameSite=Lax, and over HTTPS Secure and bound to this very host. A form's token is signed over the visit's own, so that
another site, which cannot read the cookie, cannot make one. What is typed outlasts the visit: a form says, signed, to
whom and where it was given out; sent too late, it leads to sign-in, and that page holds what was typed, signed, until
the same person goes on with it.
"""

import hmac
import re
import secrets
from dataclasses import dataclass, field
from typing import Any

from itsdangerous import BadSignature, Signer, URLSafeTimedSerializer
from starlette.requests import HTTPConnection
from starlette.responses import Response

from api.web.state import app_state
from divert.config import Settings
from divert.people.sessions import MAX_AGE

NAME = "divert_visit"
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
KEPT_S = 24 * 3600
"""How long after a form was opened what is typed in it may outlast the visit."""


def cookie_name(settings: Settings) -> str:
    """The prefix makes browsers refuse the cookie from a neighbouring host, or without HTTPS."""
    return f"__Host-{NAME}" if settings.https else NAME


@dataclass(frozen=True)
class WebSession:
    """One visit. Before sign-in its token is known to nobody but the browser."""

    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    def form_token(self, settings: Settings) -> str:
        """What every form of this visit carries."""
        return Signer(settings.signing_secret(), salt="form").get_signature(self.token).decode()

    def owns(self, token: object, settings: Settings) -> bool:
        """Whether a form with this token was given out to this visit."""
        return isinstance(token, str) and hmac.compare_digest(token.encode(), self.form_token(settings).encode())

    def keep(self, response: Response, settings: Settings) -> None:
        """Send the cookie along."""
        response.set_cookie(
            cookie_name(settings),
            self.token,
            max_age=int(MAX_AGE.total_seconds()),
            httponly=True,
            samesite="lax",
            secure=settings.https,
            path="/",
        )


def forget(response: Response, settings: Settings) -> None:
    """Take the cookie away."""
    response.delete_cookie(cookie_name(settings), path="/", secure=settings.https, httponly=True, samesite="lax")


def visit_of(request: HTTPConnection) -> WebSession | None:
    """The visit that this request's cookie names; None for no cookie or one that is none of ours."""
    token = request.cookies.get(cookie_name(app_state(request).settings), "")
    return WebSession(token) if TOKEN.fullmatch(token) else None


def keepsake(username: str, path: str, settings: Settings) -> str:
    """What a form carries to prove, when its visit has ended, to whom it was given out and where."""
    return str(_serializer(settings, "keepsake").dumps([username, path]))


def given_out(token: object, path: str, settings: Settings) -> str | None:
    """To whom the form with this keepsake was given out, if it was at this address and within a day."""
    held = _opened(token, "keepsake", settings)
    return held[0] if held is not None and held[1] == path else None


@dataclass(frozen=True)
class PreservedForm:
    """What somebody has typed, in case their visit has ended. It lies in the page before them, and nowhere else."""

    username: str
    path: str
    typed: list[tuple[str, str]] = field(repr=False)

    def sealed(self, settings: Settings) -> str:
        """As the page holds it: nobody but this service could have made it."""
        return str(_serializer(settings, "kept").dumps([self.username, self.path, self.typed]))


def kept(token: object, settings: Settings) -> PreservedForm | None:
    """What a page had held."""
    held = _opened(token, "kept", settings)
    return PreservedForm(held[0], held[1], [(name, value) for name, value in held[2]]) if held is not None else None


def _opened(token: object, salt: str, settings: Settings) -> list[Any] | None:
    if not isinstance(token, str) or not token:
        return None
    try:
        held: list[Any] = _serializer(settings, salt).loads(token, max_age=KEPT_S)
    except BadSignature:
        return None
    return held


def _serializer(settings: Settings, salt: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings.signing_secret(), salt=salt)


SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))


def browser_of(request: HTTPConnection) -> str:
    """Which browser on what, as its owner would say it: no more is kept of what a browser tells."""
    said = request.headers.get("user-agent", "")
    browser = next((name for sign, name in BROWSERS if sign in said), "A browser")
    system = next((name for sign, name in SYSTEMS if sign in said), "")
    return f"{browser} on {system}" if system else browser
