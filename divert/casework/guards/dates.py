"""What must hold of the dates that a command tells."""

from typing import Any

from divert.casework.command import Context
from divert.casework.guard import guard
from divert.models import Case

NOT_AHEAD = (
    "referred_on", "signed_on", "kept_on", "told_on", "occurred_on", "decided_on", "checked_on", "said_on",
    "effective_on",
)  # fmt: skip


@guard("A date in the future cannot be recorded as done.")
def not_in_the_future(_case: Case, context: Context, command: Any) -> bool:
    said = (getattr(command, name, None) for name in NOT_AHEAD)
    return all(on is None or on <= context.today for on in said)
