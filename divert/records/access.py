"""Who collected, changed, consulted, disclosed, combined or erased what (Data Protection Act 2018 s.62).

It serves lawfulness, self-monitoring, security and criminal proceedings only; no figure may be computed from it.
"""

from datetime import datetime
from typing import Literal

from sqlalchemy import insert
from sqlalchemy.orm import Session

from divert.models import Access
from divert.people.staff import Actor

Kind = Literal["collection", "alteration", "consultation", "disclosure", "combination", "erasure"]


RECORD = insert(Access)


def record(
    session: Session,
    actor: Actor,
    kind: Kind,
    at: datetime,
    *,
    case_ref: str | None = None,
    what: str,
    recipient: str | None = None,
) -> None:
    """Log one access. `what` names the page or command, never a person's data."""
    entry = {"at": at, "by": actor.username, "role": actor.role, "kind": kind}
    session.connection().execute(RECORD, {**entry, "case_ref": case_ref, "what": what, "recipient": recipient})
