"""The exchange with another agency's system: a case out, with consent; notes in, once each."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from divert.acts.refusals import Refused
from divert.casework.intake.receiving import receive
from divert.casework.sharing import share
from divert.casework.workflow import NoSuchCase
from divert.cli.cases import AsJson, By, destination, in_lines
from divert.cli.terminal import NOT_SO, WrongCall, actor, answer, answer_json, database, say
from divert.clock import system_clock
from divert.exchange.consent import Part
from divert.exchange.format import Spelling, sha256
from divert.exchange.received import MAX_BYTES, UnusableFile, read_notes


class Written(StrEnum):
    """How a shared case is written."""

    json = "json"
    csv = "csv"


SPELLINGS: dict[Written, Spelling] = {Written.json: "json", Written.csv: "csv"}


def export(
    ref: Annotated[str, typer.Argument(metavar="CASE", help="The case's reference, like D-19-0001.")],
    to: Annotated[str, typer.Option(help="The organisation, as the person's consent names it.")],
    out: Annotated[Path, typer.Option(help="Write here, readable by you alone.")],
    written_as: Annotated[Written, typer.Option("--format")] = Written.json,
    part: Annotated[list[Part] | None, typer.Option(help="Only this part; may be repeated.")] = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Share a case with an organisation, as far as the person's consent goes. It is on record as disclosed.

    Exit 1 where it may not be shared, with each reason; then nothing is written.
    """
    try:
        with database() as opened, opened.writing() as session:
            who = actor(session, by)
            file, receipt = share(session, ref, to, part or [], SPELLINGS[written_as], who, system_clock())
    except NoSuchCase as unknown:
        raise WrongCall(str(unknown)) from None
    except ValidationError as invalid:
        raise WrongCall(in_lines(invalid)) from None
    except Refused as refused:
        for _, sentence in refused.reasons:
            say(sentence)
        raise typer.Exit(NOT_SO) from None
    with destination(out) as handle:
        handle.write(file.decode())
    if as_json:
        answer_json({"case": ref, "file": str(out), "sha256": sha256(file), "receipt": receipt.receipt})
    else:
        answer(f"{ref} for {to}: {out}\nSHA-256 {sha256(file)}")


def import_notes(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, or JSON with one object a line; UTF-8.")],
    sender: Annotated[str, typer.Option("--from", help="The organisation that sent it.")],
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Take notes that another system sent: each becomes a note of its case, once. Safe to run twice.

    Exit 1 where a line cannot be used, with each line and field; then nothing of the file is kept.
    """
    with file.open("rb") as handle:
        content = handle.read(MAX_BYTES + 1)
    try:
        lines = read_notes(content)
        with database() as opened, opened.writing() as session:
            taken = receive(session, lines, sender, actor(session, by), system_clock())
    except UnusableFile as unusable:
        say(f"{unusable}\nNothing was kept.")
        raise typer.Exit(NOT_SO) from None
    if as_json:
        answer_json({"added": taken.added, "known": taken.known})
    else:
        answer(f"{taken.added} notes added, {taken.known} here already.")
