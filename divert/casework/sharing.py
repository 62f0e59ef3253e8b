"""Sharing a case: the file as it would leave; and in one step made, and on record as disclosed."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from divert.acts.refusals import NotAllowed, Refused
from divert.casework.command import Context
from divert.casework.commands.sharing import ShareCase
from divert.casework.workflow import Receipt, locked, objections, perform
from divert.exchange.consent import Part, consents_in_force, in_order
from divert.exchange.format import Spelling, sha256, shared_case, to_bytes
from divert.models import Case
from divert.people.staff import Actor


def share(
    session: Session, ref: str, recipient: str, parts: Sequence[Part], spelling: Spelling, by: Actor, at: datetime
) -> tuple[bytes, Receipt]:
    """The file for `recipient`, with those parts (none named: all that consent covers), and the receipt.

    Commit before handing the file on: what is not on record must not leave. Raises what perform does.
    """
    case = locked(session, ref, by)
    context = Context(session, by, at, case.version + 1)
    file, command = _file_and_command(case, context, recipient, parts, spelling)
    return file, perform(session, ref, command, by, at)


def preview(case: Case, context: Context, recipient: str, parts: Sequence[Part], spelling: Spelling) -> bytes:
    """That file as it would leave today. Raises NotAllowed, and Refused with every reason why it would not."""
    file, command = _file_and_command(case, context, recipient, parts, spelling)
    against = objections(case, ShareCase, context, command)
    if against.role:
        raise NotAllowed(against.role)
    if against.reasons:
        raise Refused(against.reasons)
    return file


def _file_and_command(
    case: Case, context: Context, recipient: str, parts: Sequence[Part], spelling: Spelling
) -> tuple[bytes, ShareCase]:
    """The file (empty where consent does not cover it) and the command that would put it on record."""
    allowed = consents_in_force(case, recipient, context.today)
    wanted = in_order(parts) or in_order(list(allowed)) or list(Part)
    covered = allowed.keys() >= set(wanted)
    file = to_bytes(shared_case(case, recipient, wanted, context.today), spelling) if covered else b""
    return file, ShareCase(recipient=recipient, parts=wanted, format=spelling, sha256=sha256(file))
