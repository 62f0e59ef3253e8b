"""What one running service holds, and where a request finds it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event

from anyio import CapacityLimiter
from prometheus_client import CollectorRegistry
from starlette.requests import HTTPConnection

from divert.board.counting.count_store import CountStore
from divert.clock import Clock
from divert.config import Settings
from divert.db import Database
from divert.policies.rehearsals import Runs


@dataclass(frozen=True)
class AppState:
    """A database, a clock, the settings, and the counts of what passed through."""

    database: Database
    clock: Clock
    settings: Settings
    metrics: CollectorRegistry = field(default_factory=CollectorRegistry)
    passwords: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(1))
    """Checking a password takes a tenth of a second and 64 MB: one at once, and never in the endpoints' own threads."""

    background: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "background"))
    """Long work, one at a time, while endpoints go on answering."""

    rehearsals: Runs = field(default_factory=Runs)
    """What policies would have come to, counted in the background."""

    counts: CountStore = field(init=False)
    """The board's counts, kept ready."""

    closing: Event = field(default_factory=Event)
    """Set when the service is told to stop."""

    def __post_init__(self) -> None:
        """The counts are of the same database."""
        object.__setattr__(self, "counts", CountStore(self.database))

    def close(self) -> None:
        """Let long work come to its next halt, then leave the database."""
        self.closing.set()
        self.background.shutdown(cancel_futures=True)
        self.database.dispose()


def app_state(request: HTTPConnection) -> AppState:
    """The state of the service that answers this request."""
    state: AppState = request.app.state.divert
    return state
