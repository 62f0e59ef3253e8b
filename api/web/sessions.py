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

COOKIE_NAME = "divert_visit"
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
PRESERVED_S = 24 * 3600
"""How long after a form was opened what is typed in it may outlast the visit."""


def cookie_name(settings: Settings) -> str:
    """The prefix makes browsers refuse the cookie from a neighbouring host, or without HTTPS."""
    return f"__Host-{COOKIE_NAME}" if settings.https else COOKIE_NAME


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

    def set_cookie(self, response: Response, settings: Settings) -> None:
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


def clear_cookie(response: Response, settings: Settings) -> None:
    """Take the cookie away."""
    response.delete_cookie(cookie_name(settings), path="/", secure=settings.https, httponly=True, samesite="lax")


def web_session_of(request: HTTPConnection) -> WebSession | None:
    """The visit that this request's cookie names; None for no cookie or one that is none of ours."""
    token = request.cookies.get(cookie_name(app_state(request).settings), "")
    return WebSession(token) if TOKEN.fullmatch(token) else None


def origin_token(username: str, path: str, settings: Settings) -> str:
    """What a form carries to prove, when its visit has ended, to whom it was given out and where."""
    return str(_serializer(settings, "keepsake").dumps([username, path]))


def origin_owner(token: object, path: str, settings: Settings) -> str | None:
    """To whom the form with this token was given out, if it was at this address and within a day."""
    origin = _load(token, "keepsake", settings)
    return origin[0] if origin is not None and origin[1] == path else None


@dataclass(frozen=True)
class PreservedForm:
    """What somebody has typed, in case their visit has ended. It lies in the page before them, and nowhere else."""

    username: str
    path: str
    fields: list[tuple[str, str]] = field(repr=False)

    def sealed(self, settings: Settings) -> str:
        """As the page holds it: nobody but this service could have made it."""
        return str(_serializer(settings, "kept").dumps([self.username, self.path, self.fields]))


def unseal(token: object, settings: Settings) -> PreservedForm | None:
    """What a page had held."""
    form = _load(token, "kept", settings)
    if form is None:
        return None
    username, path, fields = form
    return PreservedForm(username, path, [(name, value) for name, value in fields])


def _load(token: object, salt: str, settings: Settings) -> list[Any] | None:
    if not isinstance(token, str) or not token:
        return None
    try:
        payload: list[Any] = _serializer(settings, salt).loads(token, max_age=PRESERVED_S)
    except BadSignature:
        return None
    return payload


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
    user_agent = request.headers.get("user-agent", "")
    browser = next((name for sign, name in BROWSERS if sign in user_agent), "A browser")
    system = next((name for sign, name in SYSTEMS if sign in user_agent), "")
    return f"{browser} on {system}" if system else browser
