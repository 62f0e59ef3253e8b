"""Two workers, woken and waited for; whichever dies is replaced at once by one with another name."""

import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from tests.year.clock import SharedClock
from tests.year.worker import Outage

ROOT = Path(__file__).parents[2]


@dataclass
class Running:
    """One process, how often it has been told to go without having answered, and whether it is to be killed."""

    name: str
    process: subprocess.Popen[str]
    unanswered: int = 0
    doomed: bool = False


@dataclass
class Crew:
    """The workers of one database. `killed` names those that are dead, in that order."""

    url: str
    clock: SharedClock
    log: Path
    outages: Sequence[Outage] = ()
    size: int = 2
    killed: list[str] = field(default_factory=list)
    at_work: list[Running] = field(default_factory=list)
    hired: int = 0

    def __enter__(self) -> "Crew":
        self.at_work = [self._hire() for _ in range(self.size)]
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        for one in self.at_work:
            one.process.kill()
            self._bury(one)

    def wake(self) -> None:
        """Tell everyone to go round; do not wait."""
        for one in self.at_work:
            self._tell(one, "go")
            one.unanswered += 1

    @property
    def not_doomed(self) -> list[Running]:
        """Whoever is not to be killed."""
        return [one for one in self.at_work if not one.doomed]

    def dooms(self, one: Running, moments: int) -> None:
        """One of them will be killed, so many moments of its work from now."""
        one.doomed = True
        self._tell(one, f"die {moments}")

    def quiet(self) -> None:
        """Wake everyone and wait until each has found nothing left to do."""
        self.wake()
        while waited_for := [place for place, one in enumerate(self.at_work) if one.unanswered]:
            for place in waited_for:
                self._hear(place)

    def _hear(self, place: int) -> None:
        one = self.at_work[place]
        assert one.process.stdout is not None
        if heard := one.process.stdout.readline():
            assert heard == "quiet\n"
            one.unanswered -= 1
            return
        assert self._bury(one) == -signal.SIGKILL, f"{one.name} ended by itself"
        self.killed.append(one.name)
        self.at_work[place] = self._hire()
        self._tell(self.at_work[place], "go")
        self.at_work[place].unanswered = 1

    def _hire(self) -> Running:
        self.hired += 1
        name = f"worker-{self.hired}"
        down = [instant.isoformat() for outage in self.outages for instant in outage]
        words = [sys.executable, "-m", "tests.year.worker", self.url, str(self.clock.file), str(self.log), name, *down]
        pipe = subprocess.PIPE
        return Running(name, subprocess.Popen(words, cwd=ROOT, stdin=pipe, stdout=pipe, text=True, bufsize=1))

    @staticmethod
    def _bury(one: Running) -> int:
        with suppress(BrokenPipeError), one.process as process:
            process.wait()
        return one.process.wait()

    @staticmethod
    def _tell(one: Running, words: str) -> None:
        assert one.process.stdin is not None
        try:
            one.process.stdin.write(f"{words}\n")
        except BrokenPipeError:
            return  # it is dead: whoever waits for it will find out
