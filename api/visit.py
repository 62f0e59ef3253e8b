"""A person's visit to the pages: a cookie with a random token, and the token every form carries.

Whose visit it is, and whether it still holds, the database says (`divert.people.visits`). The cookie is HttpOnly and
SameSite=Lax, and over HTTPS Secure and bound to this very host. A form's token is signed over the visit's own, so that
another site, which cannot read the cookie, cannot make one.
"""

import hmac
import re
import secrets
from dataclasses import dataclass, field

from itsdangerous import Signer
from starlette.requests import HTTPConnection
from starlette.responses import Response

from api.house import house
from divert.config import Settings
from divert.people.visits import LASTS

NAME = "divert_visit"
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def cookie_name(settings: Settings) -> str:
    """The prefix makes browsers refuse the cookie from a neighbouring host, or without HTTPS."""
    return f"__Host-{NAME}" if settings.https else NAME


@dataclass(frozen=True)
class Visit:
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
            max_age=int(LASTS.total_seconds()),
            httponly=True,
            samesite="lax",
            secure=settings.https,
            path="/",
        )


def forget(response: Response, settings: Settings) -> None:
    """Take the cookie away."""
    response.delete_cookie(cookie_name(settings), path="/", secure=settings.https, httponly=True, samesite="lax")


def visit_of(request: HTTPConnection) -> Visit | None:
    """The visit that this request's cookie names; None for no cookie or one that is none of ours."""
    token = request.cookies.get(cookie_name(house(request).settings), "")
    return Visit(token) if TOKEN.fullmatch(token) else None


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
