"""What the worker could not deliver, given another try."""

from sqlalchemy import select

from divert.acts.act import Act, ActContext
from divert.acts.refusals import NotFound
from divert.models import Case, OutboxMessage
from divert.people.rights import MANAGER
from divert.records import access
from divert.worker import outbox


class NoSuchMessage(NotFound):
    """There is no such dead message."""


class RetryMessage(Act, title="Try a message again", json_schema_extra={"examples": [{}]}):
    """Give a dead message all its tries again. It may reach a person."""

    by = MANAGER

    @classmethod
    def find(cls, on: str | None, context: ActContext) -> int:
        """The number of a message, which may be none's."""
        return int(on) if on is not None and on.isdecimal() and int(on) < 2**31 else 0

    def apply(self, subject: int, context: ActContext) -> str | None:
        """The case that it is about."""
        if not outbox.retry(context.session, subject, context.at):
            raise NoSuchMessage("There is no such dead message: it may have been retried already.")
        about = select(Case.ref).join(OutboxMessage, OutboxMessage.case_id == Case.id)
        ref = context.session.scalar(about.where(OutboxMessage.id == subject))
        access.record(context.session, context.by, "alteration", context.at, case_ref=ref, what="message retried")
        return ref
