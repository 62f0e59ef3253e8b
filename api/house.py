"""What one running service holds, and where a request finds it."""

from dataclasses import dataclass, field

from anyio import CapacityLimiter
from prometheus_client import CollectorRegistry
from starlette.requests import HTTPConnection

from divert.clock import Clock
from divert.config import Settings
from divert.db import Database


@dataclass(frozen=True)
class House:
    """A database, a clock, the settings, and the counts of what passed through."""

    database: Database
    clock: Clock
    settings: Settings
    metrics: CollectorRegistry = field(default_factory=CollectorRegistry)
    passwords: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(1))
    """Checking a password takes a tenth of a second and 64 MB: one at once, and never in the endpoints' own threads."""


def house(request: HTTPConnection) -> House:
    """The house that serves this request."""
    held: House = request.app.state.house
    return held
