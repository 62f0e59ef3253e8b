"""Rehearsals, which read every case there is: one at a time, in the background, with how far it has come.

What was counted is kept for a while, so that turning a page does not count it again.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import polars as pl
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from divert.db import Database
from divert.eligibility.policy import Policy
from divert.eligibility.rehearsal import Rehearsal
from divert.eligibility.rehearsal import rehearse as rehearsed
from divert.law.rulebook import rulebook
from divert.models import Case
from divert.policies.adopted import policies_of, proposals
from divert.policies.past_cases import AT_ONCE, past_referrals

Begin = Callable[[Callable[[], None]], object]
"""Has something done in the background."""

KEPT = timedelta(minutes=10)
AT_MOST = 8
"""Rehearsals kept at a time: of a million cases, each takes some 30 MB."""


@dataclass
class Run:
    """One rehearsal: how many of its cases have been read, and what came of it."""

    begun_at: datetime
    cases: int
    read: int = 0
    found: Rehearsal | None = None
    failed: bool = False


@dataclass
class Runs:
    """Those of one service, by the digests of the policy and of what it is compared with."""

    known: dict[tuple[str, str | None], Run] = field(default_factory=dict)

    def run(self, database: Database, begin: Begin, at: datetime, digest: str, against: str | None) -> Run:
        """The rehearsal asked for: done, under way, or begun now. One of few cases is done at once, without `begin`."""
        key = (digest, against)
        one = self.known.get(key)
        if one is not None and not one.failed and (one.found is None or one.begun_at > at - KEPT):
            return one
        with database.reading() as session:
            one = Run(at, session.scalar(select(func.count()).select_from(Case)) or 0)
        self.known.pop(key, None)
        self.known[key] = one
        for oldest in list(self.known)[:-AT_MOST]:
            del self.known[oldest]
        if one.cases <= AT_ONCE:
            _carry_out(database, one, digest, against)
        else:
            begin(partial(_carry_out, database, one, digest, against))
        return one


def rehearse(session: Session, digest: str, against: str | None, run: Run | None = None) -> Rehearsal:
    """Judge every past case by a policy, proposed or adopted. `run` is told how many have been read."""

    def told(parts: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        for part in parts:
            if run:
                run.read += part.height
            yield part

    policies = policies_of(session)
    known: dict[str, Policy] = {one.digest: one for one in policies}
    known |= {name: one.policy for name, one in proposals(session).items()}
    other = known[against] if against else None
    return rehearsed(known[digest], past_referrals(session, told), policies, rulebook().offences, other)


def _carry_out(database: Database, one: Run, digest: str, against: str | None) -> None:
    try:
        with database.reading() as session:
            one.found = rehearse(session, digest, against, one)
    except Exception:
        one.failed = True
        raise
