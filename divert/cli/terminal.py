"""What every command of the command line shares: its database, its words, and what it says when it cannot go on.

Exit codes: 0 done; 1 the thing asked about is not so; 2 the call is wrong; 70 a fault of our own.
"""

import functools
import json
import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import structlog
import typer
from pydantic import ValidationError
from rich import box
from rich.console import Console
from rich.progress import track
from rich.table import Table
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from divert.acts.refusals import NotAllowed
from divert.config import settings
from divert.db import Database
from divert.law.rule_files import RulesError
from divert.migrate import is_current
from divert.people import staff
from divert.people.staff import OPERATOR, Actor

NOT_SO = 1
WRONG_CALL = 2
OUR_FAULT = 70

P = ParamSpec("P")
R = TypeVar("R")
Item = TypeVar("Item")


class WrongCall(Exception):
    """What was asked cannot be done as it was asked; the text says why, in one plain line."""


def plainly(command: Callable[P, R]) -> Callable[P, R]:
    """The command with every failure told in a line on stderr: never a traceback, which can hold personal data."""

    @functools.wraps(command)
    def told(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except (typer.Exit, typer.Abort):
            raise
        except KeyboardInterrupt:
            say("Stopped.")
            raise typer.Exit(130) from None
        except BrokenPipeError:  # whoever read our output has left
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(NOT_SO) from None
        except (WrongCall, RulesError, NotAllowed) as wrong:
            say(f"divert: {wrong}")
        except SQLAlchemyError as broken:
            if isinstance(broken, DatabaseError) and type(broken) in (OperationalError, DatabaseError):
                say(f"divert: the database cannot be used: {str(broken.orig).strip().splitlines()[0]}")
            else:  # its text would hold the values
                say(f"divert: the database refused ({type(broken).__name__}); nothing of this step was kept.")
        except OSError as unusable:
            where = f"{unusable.filename}: " if unusable.filename else ""
            say(f"divert: {where}{unusable.strerror or type(unusable).__name__}")
        except Exception as fault:
            place = traceback.extract_tb(fault.__traceback__)[-1]
            where = f"{Path(place.filename).name}, line {place.lineno}"
            say(f"divert: a fault of our own: {type(fault).__name__} in {where}.")
            raise typer.Exit(OUR_FAULT) from None
        raise typer.Exit(WRONG_CALL)

    return told


def log_to_stderr(level: int = logging.WARNING) -> None:
    """Logs are for machines: JSON lines on stderr, from `level` up. stdout is for answers."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )


@contextmanager
def database(*, migrated: bool = True) -> Iterator[Database]:
    """The installation's database, at the newest schema unless said otherwise. Raises WrongCall with what to do."""
    try:
        url = settings().database_url
        opened = Database(url) if _may_open(url, migrated) else None
    except ValidationError as invalid:
        raise WrongCall(f"settings: {_settings_faults(invalid)}") from None
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError):
        raise WrongCall("DIVERT_DATABASE_URL: write sqlite:///FILE or postgresql://USER@HOST/NAME.") from None
    try:
        if opened is None or (migrated and not is_current(opened)):
            raise WrongCall("the database is not at the newest schema: run `divert migrate` first.")
        yield opened
    finally:
        if opened is not None:
            opened.dispose()


def _may_open(url: str, migrated: bool) -> bool:
    """False for a SQLite file that is not there yet: only `migrate` makes one, by opening it."""
    file = url.removeprefix("sqlite:///")
    return not migrated or file == url or Path(file).exists()


def _settings_faults(invalid: ValidationError) -> str:
    errors = [(error["loc"], error["msg"].removeprefix("Value error, ")) for error in invalid.errors()]
    return "; ".join(f"DIVERT_{str(loc[0]).upper()}: {what}" if loc else what for loc, what in errors)


def actor(session: Session, username: str | None) -> Actor:
    """Who acts: the member of staff named, else whoever stands at the server. Raises WrongCall for an unknown name."""
    if username is None:
        return OPERATOR
    member = staff.active(session, username)
    if member is None:
        raise WrongCall(f"--by: there is nobody active with the username {username}: see `divert staff list`.")
    return member


def say(text: str) -> None:
    """A line for a person, on stderr."""
    typer.echo(text, err=True)


def answer(text: str) -> None:
    """A line of the answer, on stdout."""
    typer.echo(text)


def answer_json(value: Any) -> None:
    """The answer for a program, on stdout."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def answer_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """The answer as a table for a person, on stdout; nothing is cut to fit the screen."""
    table = Table(*columns, box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    # Wide enough for any row: a terminal may wrap a line, but a token is never folded into two.
    Console(markup=False, highlight=False, width=200).print(table)


def watched(items: Iterable[Item], what: str, total: int | None = None) -> Iterable[Item]:
    """The same items, with a progress bar on stderr where a person watches."""
    if not sys.stderr.isatty():
        return items
    return track(items, description=what, total=total, console=Console(stderr=True), transient=True)
