"""A document of a case: looked at as a file; and, where that is asked for, issued just as it was looked at."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from divert.acts.refusals import Refused
from divert.casework.command import Context
from divert.casework.commands.documents import IssueDocument, sha256
from divert.casework.preview import preview
from divert.casework.workflow import NoSuchCase, locked, perform
from divert.cli.cases import AsJson, By, destination, in_lines
from divert.cli.terminal import NOT_SO, WrongCall, actor, answer, answer_json, database, say
from divert.clock import system_clock
from divert.documents.kinds import DocumentKind
from divert.records import access


def document(
    ref: Annotated[str, typer.Argument(metavar="CASE", help="The case's reference, like D-19-0001.")],
    kind: Annotated[DocumentKind, typer.Argument(metavar="KIND", help=", ".join(DocumentKind))],
    about: Annotated[
        int | None, typer.Option(min=1, help="The number of the appointment, or of the report of a breach.")
    ] = None,
    large_print: Annotated[bool, typer.Option("--large-print", help="In 18 point.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Write here, readable by you alone; otherwise to CASE-KIND.pdf in this folder.")
    ] = None,
    issue: Annotated[bool, typer.Option("--issue", help="Issue it as well: it goes out, and is on record.")] = False,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Write a document of a case as a PDF, to be looked at. Nothing is issued unless that is asked for.

    Exit 1 where it cannot be made, with every reason; then nothing is written. 2 where the call is wrong.
    """
    at = system_clock()
    try:
        with database() as opened, opened.writing() as session:
            who = actor(session, by)
            case = locked(session, ref, who)
            pdf = preview(case, Context(session, who, at, case.version + 1), kind, about, large_print=large_print)
            receipt = None
            if issue:
                command = IssueDocument(kind=kind, about=about, large_print=large_print, sha256=sha256(pdf))
                receipt = perform(session, ref, command, who, at).receipt
            else:
                access.record(session, who, "consultation", at, case_ref=ref, what=f"preview: {kind}")
    except ValidationError as invalid:
        raise WrongCall(in_lines(invalid)) from None
    except NoSuchCase as unknown:
        say(f"divert: {unknown}")
        raise typer.Exit(NOT_SO) from None
    except Refused as refusal:
        for _, sentence in refusal.reasons:
            say(f"divert: {sentence}")
        raise typer.Exit(NOT_SO) from None
    file = out or Path(f"{ref}-{kind}.pdf")
    with destination(file) as handle:
        handle.buffer.write(pdf)
    if as_json:
        answer_json({"ref": ref, "kind": kind, "file": str(file), "sha256": sha256(pdf), "receipt": receipt})
    else:
        answer(f"{file}\nSHA-256 {sha256(pdf)}")
        answer(f"Issued. Receipt: {receipt}" if receipt else "Not issued: read it first, then add --issue.")
