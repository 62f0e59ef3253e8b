"""What an endpoint is given: one request, its instant, and the sessions in which it may read or write.

An endpoint is a plain function and opens its own session: who asks is looked up in the same transaction, and the
commit is done before the endpoint returns, so a commit that fails is never answered with success. A session held by a
`yield` dependency would promise the same with scope="function", but it is opened on one worker thread and the endpoint
called on another: with one writer lock and four threads, four requests that wait for the lock leave no thread to the
one that holds it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.orm import Session

from api.web.problems import STRANGE_FORM, NotSignedIn, ProblemError
from api.web.sessions import PreservedForm, WebSession, web_session_of
from api.web.state import AppState, app_state
from divert.acts.refusals import NotAllowed
from divert.models import Role
from divert.people import sessions, staff
from divert.people.rights import Subject, listed, readers
from divert.people.staff import Actor

BEARER = HTTPBearer(
    auto_error=False,
    scheme_name="token",
    description="A staff member's token: `divert staff token USERNAME` makes one, `divert demo` prints one a role.",
)


Allowed = Subject | tuple[Role, ...] | None
"""Who may: whoever may read a subject (`divert.people.rights`), or those whom an act names; None: whoever is here."""


@dataclass(frozen=True)
class RequestContext:
    """One request: when it came, how who asks is found out, and how that they were here is noted, if it is to be."""

    request: Request
    at: datetime
    find_actor: Callable[[Session], Actor | None]
    touch: Callable[[Session], None] | None = None

    @property
    def app_state(self) -> AppState:
        """Where it is served."""
        return app_state(self.request)

    @contextmanager
    def reading(self, allowed: Allowed = None) -> Iterator[tuple[Session, Actor]]:
        """A session that writes nothing, and who asks, who must be able."""
        with self.app_state.database.reading() as session:
            yield session, self._actor(session, allowed)
        if self._touch_due():
            with self.app_state.database.writing() as session:
                self._touch_once(session)

    @contextmanager
    def writing(self, allowed: Allowed = None) -> Iterator[tuple[Session, Actor]]:
        """A session committed when the block ends, and who asks, who must be able."""
        with self.app_state.database.writing() as session:
            actor = self._actor(session, allowed)
            self._touch_once(session)
            yield session, actor

    def _touch_due(self) -> bool:
        return self.touch is not None and getattr(self.request.state, "touch_due", False)

    def _touch_once(self, session: Session) -> None:
        if self.touch is not None and self._touch_due():
            self.touch(session)
            self.request.state.touch_due = False

    def _actor(self, session: Session, allowed: Allowed) -> Actor:
        actor = self.find_actor(session)
        if actor is None:
            raise NotSignedIn
        self.request.state.signed_in = True
        form: PreservedForm | None = getattr(self.request.state, "preserved_form", None)
        if form is not None and form.username != actor.username:  # a form that was given out to somebody else
            raise ProblemError("not-allowed", STRANGE_FORM)
        roles = readers(allowed) if isinstance(allowed, Subject) else allowed
        if roles is not None and actor.role not in roles:
            raise NotAllowed(f"This is for: {listed(roles)}.")
        return actor


async def by_token(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]
) -> RequestContext:
    """A program's request: it carries a bearer token."""
    if credentials is None:
        raise NotSignedIn
    at, token = app_state(request).clock(), credentials.credentials
    return RequestContext(request, at, lambda session: staff.by_token(session, token, at))


def _finding_holder(request: Request, web_session: WebSession, at: datetime) -> Callable[[Session], Actor | None]:
    def find_actor(session: Session) -> Actor | None:
        holder = sessions.holder(session, web_session.token, at)
        request.state.touch_due = holder is not None and holder.touch_due
        return holder.actor if holder else None

    return find_actor


async def by_session(request: Request) -> RequestContext:
    """A page's request: it carries a visit's cookie."""
    web_session, at = web_session_of(request), app_state(request).clock()
    if web_session is None:
        raise NotSignedIn
    return RequestContext(
        request,
        at,
        _finding_holder(request, web_session, at),
        lambda session: sessions.touch(session, web_session.token, at),
    )


async def by_polling(request: Request) -> RequestContext:
    """The same of a page that asks again by itself: nobody need be there, so it keeps no visit going."""
    web_session, at = web_session_of(request), app_state(request).clock()
    if web_session is None:
        raise NotSignedIn
    return RequestContext(request, at, _finding_holder(request, web_session, at))


def signed_in(request: Request) -> Actor | None:
    """Who is signed in at a page that is open to all."""
    web_session = web_session_of(request)
    if web_session is None:
        return None
    with app_state(request).database.reading() as session:
        holder = sessions.holder(session, web_session.token, app_state(request).clock())
        return holder.actor if holder else None


ByToken = Annotated[RequestContext, Depends(by_token)]
BySession = Annotated[RequestContext, Depends(by_session)]
ByPolling = Annotated[RequestContext, Depends(by_polling)]
