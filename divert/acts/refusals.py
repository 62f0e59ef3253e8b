"""Why something was not done: one set of exceptions, whatever was asked for and at whichever face."""

from collections.abc import Mapping
from dataclasses import dataclass, field

Reason = tuple[str, str]
"""What must hold and does not: its name, for programs, and the sentence that a person reads."""


class NotFound(LookupError):
    """There is no such thing, or the caller may not know of it: the two read alike."""


class NotAllowed(PermissionError):
    """The caller's role may never do this."""


@dataclass
class Refused(Exception):
    """It may not be done now. `reasons` holds every reason, not only the first."""

    reasons: list[Reason] = field(default_factory=list)

    def __str__(self) -> str:
        return " ".join(sentence for _, sentence in self.reasons)


class Unusable(ValueError):
    """Answers that cannot be used as things stand: for each, by its place in the body (none: all together), why."""

    def __init__(self, faults: Mapping[tuple[str | int, ...], str]) -> None:
        self.faults = dict(faults)
        super().__init__(" ".join(self.faults.values()))


@dataclass
class Stale(Exception):
    """The case has changed since the caller saw it. `version` is the present one."""

    version: int

    def __str__(self) -> str:
        return (
            f"The case has changed since you opened it: it is now at version {self.version}. Look again, then decide."
        )
