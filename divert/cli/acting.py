"""Carrying a case by one command at a time, by a named person: whatever stands in the table of transitions."""

from enum import StrEnum
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from divert.acts.refusals import Refused, Stale
from divert.casework.commands.referral import Refer
from divert.casework.lifecycle import FOR_PEOPLE
from divert.casework.workflow import NoSuchCase, perform
from divert.cli.cases import AsJson, By, in_lines, json_object
from divert.cli.terminal import NOT_SO, WrongCall, actor, answer, answer_json, database, say
from divert.clock import system_clock

Act = StrEnum("Act", {slug.replace("-", "_"): slug for slug in FOR_PEOPLE})  # type: ignore[misc]  # from the table


def act(
    command: Annotated[Act, typer.Argument(metavar="COMMAND", help=", ".join(FOR_PEOPLE))],
    case: Annotated[
        str | None, typer.Argument(metavar="CASE", help="The case; none where a person is referred.")
    ] = None,
    body: Annotated[
        str | None, typer.Option(metavar="FILE.json", help="The command's fields; - reads the input.")
    ] = None,
    by: By = None,
    seen: Annotated[
        int | None, typer.Option(min=1, help="The version decided on; refused where it has changed.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Do one thing to a case, by the same rules as the pages and the JSON service, and print the receipt.

    Exit 1 where the procedure says no (every reason is told), 2 where the fields or the call are wrong.
    """
    command_type = FOR_PEOPLE[command.value]
    if (case is None) != (command_type is Refer):
        raise WrongCall("CASE: name the case, like D-19-0001." if case is None else "CASE: a referral opens its own.")
    fields: dict[str, Any] = {} if body is None else json_object(body, "the fields")
    try:
        with database() as opened, opened.writing() as session:
            given = command_type.model_validate(fields)
            receipt = perform(session, case, given, actor(session, by), system_clock(), seen)
    except ValidationError as invalid:
        raise WrongCall(in_lines(invalid)) from None
    except (NoSuchCase, Stale) as wrong:
        say(f"divert: {wrong}")
        raise typer.Exit(NOT_SO) from None
    except Refused as refusal:
        for _, sentence in refusal.reasons:
            say(f"divert: {sentence}")
        raise typer.Exit(NOT_SO) from None
    if as_json:
        answer_json(
            {"ref": receipt.ref, "state": receipt.state, "version": receipt.version, "receipt": receipt.receipt}
        )
    else:
        answer(f"{receipt.ref} is {receipt.state.label.lower()}, version {receipt.version}. Receipt: {receipt.receipt}")
