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
from divert.eligibility.rehearsal import rehearse as rehearse_policy
from divert.law.rulebook import rulebook
from divert.models import Case
from divert.policies.adopted import policies_of, proposals
from divert.policies.past_cases import AT_ONCE, past_referrals

Start = Callable[[Callable[[], None]], object]
"""Has something done in the background."""

KEEP_FOR = timedelta(minutes=10)
AT_MOST = 8
"""Rehearsals kept at a time: of a million cases, each takes some 30 MB."""


@dataclass
class Run:
    """One rehearsal: how many of its cases have been read, and what came of it."""

    started_at: datetime
    cases: int
    read: int = 0
    rehearsal: Rehearsal | None = None
    failed: bool = False

    def is_usable(self, at: datetime) -> bool:
        """Whether it need not be begun again: under way, or done a short while ago."""
        return not self.failed and (self.rehearsal is None or self.started_at > at - KEEP_FOR)


@dataclass
class Runs:
    """Those of one service, by the digests of the policy and of what it is compared with."""

    runs: dict[tuple[str, str | None], Run] = field(default_factory=dict)

    def run(self, database: Database, start: Start, at: datetime, digest: str, against: str | None) -> Run:
        """The rehearsal asked for: done, under way, or begun now. One of few cases is done at once, without `start`."""
        key = (digest, against)
        earlier = self.runs.get(key)
        if earlier is not None and earlier.is_usable(at):
            return earlier
        with database.reading() as session:
            run = Run(at, session.scalar(select(func.count()).select_from(Case)) or 0)
        self.runs.pop(key, None)
        self.runs[key] = run
        for oldest in list(self.runs)[:-AT_MOST]:
            del self.runs[oldest]
        if run.cases <= AT_ONCE:
            _carry_out(database, run, digest, against)
        else:
            start(partial(_carry_out, database, run, digest, against))
        return run


def rehearse(session: Session, digest: str, against: str | None, run: Run | None = None) -> Rehearsal:
    """Judge every past case by a policy, proposed or adopted. `run` is told how many have been read."""

    def count_read(parts: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        for part in parts:
            if run:
                run.read += part.height
            yield part

    policies = policies_of(session)
    by_digest: dict[str, Policy] = {policy.digest: policy for policy in policies}
    by_digest |= {proposed: proposal.policy for proposed, proposal in proposals(session).items()}
    return rehearse_policy(
        by_digest[digest],
        past_referrals(session, count_read),
        policies,
        rulebook().offences,
        by_digest[against] if against else None,
    )


def _carry_out(database: Database, run: Run, digest: str, against: str | None) -> None:
    try:
        with database.reading() as session:
            run.rehearsal = rehearse(session, digest, against, run)
    except Exception:
        run.failed = True
        raise
