"""Sharing a case in one step: the file is made, and on record as disclosed, in the same transaction."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from divert.casework.commands.sharing import ShareCase
from divert.casework.workflow import Receipt, locked, perform
from divert.clock import london_date
from divert.exchange.consent import Part, in_order, standing
from divert.exchange.format import Spelling, sha256, shared, written
from divert.people.staff import Actor


def share(
    session: Session, ref: str, recipient: str, parts: Sequence[Part], spelling: Spelling, by: Actor, at: datetime
) -> tuple[bytes, Receipt]:
    """The file for `recipient`, with those parts (none named: all that consent covers), and the receipt.

    Commit before handing the file on: what is not on record must not leave. Raises what perform does.
    """
    case, on = locked(session, ref, by), london_date(at)
    allowed = standing(case, recipient, on)
    wanted = in_order(parts) or in_order(list(allowed)) or list(Part)
    file = written(shared(case, recipient, wanted, on), spelling) if allowed.keys() >= set(wanted) else b""
    command = ShareCase(recipient=recipient, parts=wanted, format=spelling, sha256=sha256(file))
    return file, perform(session, ref, command, by, at)
