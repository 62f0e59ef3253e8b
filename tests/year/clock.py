"""The simulated instant, in a file: one process sets it, all read it."""

from datetime import UTC, date, datetime, time
from pathlib import Path

from divert.clock import LONDON


class SharedClock:
    """A clock that stands still until it is set."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __call__(self) -> datetime:
        """The instant that was set last."""
        return datetime.fromisoformat(self.file.read_text(encoding="ascii"))

    def set(self, at: datetime) -> None:
        """From now on it is that instant, for everyone at once."""
        unfinished = self.file.with_suffix(".unfinished")
        unfinished.write_text(at.astimezone(UTC).isoformat(), encoding="ascii")
        unfinished.replace(self.file)


def in_cleveland(on: date, at: time) -> datetime:
    """The instant of a wall-clock time there."""
    return datetime.combine(on, at, LONDON).astimezone(UTC)
