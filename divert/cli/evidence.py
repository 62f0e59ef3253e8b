"""A file of evidence given to a case, to be named in a command afterwards."""

from pathlib import Path
from typing import Annotated

import typer

from divert.acts.refusals import Refused
from divert.casework.command import Context
from divert.casework.giving import give
from divert.casework.workflow import NoSuchCase, locked
from divert.cli.cases import AsJson, By
from divert.cli.terminal import NOT_SO, WrongCall, actor, answer, answer_json, database, say
from divert.clock import system_clock
from divert.config import settings
from divert.records.evidence import FileRefused


def give_file(
    ref: Annotated[str, typer.Argument(metavar="CASE", help="The case's reference, like D-19-0001.")],
    file: Annotated[Path, typer.Argument(help="PDF, JPEG, PNG, Word (docx) or plain text.", exists=True)],
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Give a file to a case. What is printed names it in the `files` of a command (`divert act`), within a day.

    Exit 1 where the case takes none, 2 where the file is not one that is kept.
    """
    at = system_clock()
    try:
        with database() as opened, opened.writing() as session:
            who = actor(session, by)
            case = locked(session, ref, who)
            context = Context(session, who, at, case.version + 1)
            stored_file = give(case, context, settings().evidence_folder, file.read_bytes(), settings().max_file_bytes)
    except FileRefused as fault:
        raise WrongCall(f"FILE: {fault}") from None
    except (NoSuchCase, Refused) as refusal:
        say(f"divert: {refusal}")
        raise typer.Exit(NOT_SO) from None
    if as_json:
        answer_json(stored_file.model_dump())
    else:
        answer(f'{{"files": [{{"title": "...", "file": {stored_file.model_dump_json()}}}]}}')
