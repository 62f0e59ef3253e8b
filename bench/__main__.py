"""`python -m bench`: run the measurements, all or those named, and print each beside its limit."""

import json
import logging
import os
import platform
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from time import perf_counter
from typing import Annotated

import structlog
import typer
from rich.console import Console
from rich.table import Table

from bench.board import board
from bench.figure import Figure
from bench.importing import importing
from bench.judgement import judgement
from bench.pages import pages
from bench.path import path
from bench.perform import perform
from bench.place import Place, place
from bench.proofs import proofs
from bench.rehearsing import rehearsing
from divert.clock import system_clock
from tests.databases import binaries

BENCHES: Mapping[str, Callable[[Place], Iterator[Figure]]] = {
    "judgement": judgement,
    "perform": perform,
    "path": path,
    "pages": pages,
    "board": board,
    "import": importing,
    "proofs": proofs,
    "rehearsal": rehearsing,
}

QUICK = 0.1
HEADINGS = ("", "measured", "its limit", "limit", "times the limit")
NOTE = "How many times longer than its limit each takes; 1 is the limit itself."

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    names: Annotated[list[str] | None, typer.Argument(help=f"Which: {', '.join(BENCHES)}. Otherwise all.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A tenth of the work: whether, not how fast.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON, for a program.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write the tables to this file too, as Markdown.")] = None,
) -> None:
    """Measure Divert beside the limits of this machine, in one run: a few minutes, or with --quick some seconds."""
    wanted = names or list(BENCHES)
    if unknown := [name for name in wanted if name not in BENCHES]:
        raise typer.BadParameter(f"there is no bench {unknown[0]!r}; there are {', '.join(BENCHES)}")
    try:
        machine = _machine()
    except LookupError as missing:
        typer.echo(f"bench: {missing}", err=True)
        raise typer.Exit(1) from None
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    results: dict[str, list[Figure]] = {}
    screen = Console(width=None if sys.stdout.isatty() else 120)
    with place(QUICK if quick else 1) as here:
        for name in wanted:
            begun = perf_counter()
            with Console(stderr=True).status(f"{name} ..."):
                results[name] = list(BENCHES[name](here))
            if not as_json:
                screen.print(_table(f"{name} ({perf_counter() - begun:.0f} s)", results[name]))
    if as_json:
        typer.echo(json.dumps({"machine": machine, "quick": quick, "figures": _plain(results)}, indent=1))
    else:
        screen.print(f"[dim]{', '.join(machine.values())}. {NOTE}[/dim]")
    if out:
        out.write_text(_markdown(results, machine, quick), encoding="utf-8")


def _table(title: str, figures: list[Figure]) -> Table:
    table = Table(*HEADINGS, title=title, title_justify="left", box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    table.columns[2].justify = "left"
    for figure in figures:
        table.add_row(*_cells(figure))
    return table


def _cells(figure: Figure) -> tuple[str, ...]:
    measured = f"{_written(figure.value)} {figure.unit}"
    if figure.limit is None or figure.times is None:
        return figure.what, measured, "", "", ""
    limit = f"{_written(figure.limit.value)} {figure.unit}"
    return figure.what, measured, figure.limit.name, limit, f"{_written(figure.times)} ×"


def _written(value: float) -> str:
    """Three digits that matter, and no more behind the point than that."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _markdown(results: Mapping[str, list[Figure]], machine: Mapping[str, str], quick: bool) -> str:
    lines = [
        f"Measured {system_clock():%Y-%m-%d}{' (quick)' if quick else ''}: {', '.join(_machine().values())}.",
        NOTE,
    ]
    for name, figures in results.items():
        lines += ["", f"## {name}", "", f"| {' | '.join(HEADINGS)} |", "|---|--:|---|--:|--:|"]
        lines += [f"| {' | '.join(_cells(figure))} |" for figure in figures]
    return "\n".join(lines) + "\n"


def _plain(results: Mapping[str, list[Figure]]) -> list[dict[str, object]]:
    return [
        {
            "bench": name,
            "what": figure.what,
            "value": figure.value,
            "unit": figure.unit,
            "limit": figure.limit and figure.limit.name,
            "limit_value": figure.limit and figure.limit.value,
            "times": figure.times,
        }
        for name, figures in results.items()
        for figure in figures
    ]


def _machine() -> dict[str, str]:
    """What was measured on. LookupError where there is no PostgreSQL, saying what to install."""
    server = subprocess.run([binaries() / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    return {
        "processors": f"{os.cpu_count()} processors",
        "python": f"Python {platform.python_version()}",
        "sqlite": f"SQLite {sqlite3.sqlite_version}",
        "postgresql": f"PostgreSQL {server.split()[2]}",
    }


if __name__ == "__main__":
    app()
