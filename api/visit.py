"""A person's visit to the pages: a signed cookie that says who signed in and when, and the token every form carries.

Nothing is kept on the server. The cookie is HttpOnly and SameSite=Lax; a form's token is signed over the visit's own
random number, so that another site, which cannot read the cookie, cannot make one.
"""

import hmac
import secrets
from dataclasses import dataclass, field

from itsdangerous import BadSignature, Signer, URLSafeTimedSerializer
from starlette.requests import HTTPConnection
from starlette.responses import Response

from api.house import house
from divert.config import Settings

COOKIE = "divert_visit"
LASTS_S = 12 * 3600


@dataclass(frozen=True)
class Visit:
    """One visit; `username` None before sign-in."""

    username: str | None = None
    number: str = field(default_factory=lambda: secrets.token_urlsafe(16))

    def form_token(self, settings: Settings) -> str:
        """What every form of this visit carries."""
        return Signer(settings.signing_secret(), salt="form").get_signature(self.number).decode()

    def owns(self, token: object, settings: Settings) -> bool:
        """Whether a form with this token was given out to this visit."""
        return isinstance(token, str) and hmac.compare_digest(token.encode(), self.form_token(settings).encode())

    def keep(self, response: Response, settings: Settings) -> None:
        """Send the cookie along."""
        value = _serializer(settings).dumps([self.username, self.number])
        response.set_cookie(
            COOKIE, str(value), max_age=LASTS_S, httponly=True, samesite="lax", secure=settings.https, path="/"
        )


def visit_of(request: HTTPConnection) -> Visit | None:
    """The visit that this request's cookie proves; None for no cookie, a forged one or one too old."""
    try:
        username, number = _serializer(house(request).settings).loads(request.cookies.get(COOKIE, ""), max_age=LASTS_S)
    except BadSignature:
        return None
    return Visit(username, number)


def _serializer(settings: Settings) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings.signing_secret(), salt="visit")
