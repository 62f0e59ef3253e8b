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

from api.web.problems import STRANGE, NotSignedIn, ProblemError
from api.web.sessions import PreservedForm, WebSession, visit_of
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


Able = Subject | tuple[Role, ...] | None
"""Who may: whoever may read a subject (`divert.people.rights`), or those whom an act names; None: whoever is here."""


@dataclass(frozen=True)
class RequestContext:
    """One request: when it came, how who asks is found out, and how that they were here is noted, if it is to be."""

    request: Request
    at: datetime
    who: Callable[[Session], Actor | None]
    seen: Callable[[Session], None] | None = None

    @property
    def app_state(self) -> AppState:
        """Where it is served."""
        return app_state(self.request)

    @contextmanager
    def reading(self, able: Able = None) -> Iterator[tuple[Session, Actor]]:
        """A session that writes nothing, and who asks, who must be able."""
        with self.app_state.database.reading() as session:
            yield session, self._actor(session, able)
        if self._unnoted():
            with self.app_state.database.writing() as session:
                self._note(session)

    @contextmanager
    def writing(self, able: Able = None) -> Iterator[tuple[Session, Actor]]:
        """A session committed when the block ends, and who asks, who must be able."""
        with self.app_state.database.writing() as session:
            actor = self._actor(session, able)
            self._note(session)
            yield session, actor

    def _unnoted(self) -> bool:
        return self.seen is not None and getattr(self.request.state, "unnoted", False)

    def _note(self, session: Session) -> None:
        if self.seen is not None and self._unnoted():
            self.seen(session)
            self.request.state.unnoted = False

    def _actor(self, session: Session, able: Able) -> Actor:
        actor = self.who(session)
        if actor is None:
            raise NotSignedIn
        self.request.state.signed_in = True
        typed: PreservedForm | None = getattr(self.request.state, "kept", None)
        if typed is not None and typed.username != actor.username:  # a form that was given out to somebody else
            raise ProblemError("not-allowed", STRANGE)
        roles = readers(able) if isinstance(able, Subject) else able
        if roles is not None and actor.role not in roles:
            raise NotAllowed(f"This is for: {listed(roles)}.")
        return actor


async def by_token(
    request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]
) -> RequestContext:
    """A program's request: it carries a bearer token."""
    if given is None:
        raise NotSignedIn
    at, token = app_state(request).clock(), given.credentials
    return RequestContext(request, at, lambda session: staff.by_token(session, token, at))


def _holder(request: Request, visit: WebSession, at: datetime) -> Callable[[Session], Actor | None]:
    def who(session: Session) -> Actor | None:
        held = sessions.holder(session, visit.token, at)
        request.state.unnoted = held is not None and held.touch_due
        return held.actor if held else None

    return who


async def by_visit(request: Request) -> RequestContext:
    """A page's request: it carries a visit's cookie."""
    visit, at = visit_of(request), app_state(request).clock()
    if visit is None:
        raise NotSignedIn
    return RequestContext(
        request, at, _holder(request, visit, at), lambda session: sessions.touch(session, visit.token, at)
    )


async def by_itself(request: Request) -> RequestContext:
    """The same of a page that asks again by itself: nobody need be there, so it keeps no visit going."""
    visit, at = visit_of(request), app_state(request).clock()
    if visit is None:
        raise NotSignedIn
    return RequestContext(request, at, _holder(request, visit, at))


def signed_in(request: Request) -> Actor | None:
    """Who is signed in at a page that is open to all."""
    visit = visit_of(request)
    if visit is None:
        return None
    with app_state(request).database.reading() as session:
        held = sessions.holder(session, visit.token, app_state(request).clock())
        return held.actor if held else None


ByToken = Annotated[RequestContext, Depends(by_token)]
BySession = Annotated[RequestContext, Depends(by_visit)]
ByItself = Annotated[RequestContext, Depends(by_itself)]
