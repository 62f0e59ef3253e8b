"""The same request sent twice is done once: a key is bound to its caller and to everything that was asked."""

import hashlib
import json
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from api.web.problems import ProblemError
from divert.acts.chain import canonical
from divert.casework.command import CaseCommand
from divert.casework.workflow import Receipt
from divert.models import IdempotencyKey, State
from divert.people.staff import Actor


def claim(session: Session, actor: Actor, key: str, path: str, command: CaseCommand, at: datetime) -> Receipt | None:
    """Take the key for this request, in its transaction; or the receipt that an earlier one with it was given.

    The row is written before the work: of two at once, the second waits for the first and then finds its answer. Raises
    a problem where the key came with another request.
    """
    request_text = f"POST {path} {canonical(command.body())}"
    digest = hashlib.sha256(request_text.encode()).hexdigest()
    insert = pg_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    claimed = session.scalar(
        insert(IdempotencyKey)
        .values(by=actor.username, key=key, request_digest=digest, status=0, answer="", at=at)
        .on_conflict_do_nothing()
        .returning(IdempotencyKey.key)
    )
    if claimed is not None:
        return None
    earlier = session.get_one(IdempotencyKey, (actor.username, key))
    if earlier.request_digest != digest:
        raise ProblemError("key-reused")
    answer = json.loads(earlier.answer)
    return Receipt(answer["ref"], State(answer["state"]), answer["version"], answer["receipt"])


def keep(session: Session, actor: Actor, key: str, receipt: Receipt) -> None:
    """Keep the answer with the key."""
    session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.by == actor.username, IdempotencyKey.key == key)
        .values(status=200, answer=json.dumps(asdict(receipt)))
    )
