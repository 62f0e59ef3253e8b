"""The outbox at the command line: what waits, what is dead, and giving it another try."""

from typing import Annotated

import typer

from divert.acts.act import perform
from divert.cli.cases import AsJson
from divert.cli.terminal import WrongCall, answer_json, answer_table, database, say
from divert.clock import system_clock
from divert.office.messages import NoSuchMessage, RetryMessage
from divert.people.staff import OPERATOR
from divert.worker import outbox

COLUMNS = ("id", "seq", "channel", "kind", "recipient", "made_at", "due_at", "attempts", "fault")
SHOWN = ("channel", "kind", "recipient", "attempts")
"""What a person is shown of a message, beside its number and how it stands."""


def list_messages(
    dead: Annotated[bool, typer.Option("--dead", help="Only those that are not tried any more.")] = False,
    as_json: AsJson = False,
) -> None:
    """What was not delivered yet, or never will be unless it is retried. No words and no addresses are shown."""
    with database() as opened, opened.reading() as session:
        messages = outbox.undelivered_messages(session, dead=True)
        messages += [] if dead else outbox.undelivered_messages(session, dead=False)
        rows = [(ref, message, outbox.status_in_words(message)) for ref, message in messages]
    if as_json:
        answer_json(
            [
                {"case": ref, "standing": standing} | {column: getattr(message, column) for column in COLUMNS}
                for ref, message, standing in rows
            ]
        )
        return
    answer_table(
        ("Id", "Case", "By", "What", "To", "Tries", "Stands", "Last fault"),
        [
            (message.id, ref, *(getattr(message, column) for column in SHOWN), standing, message.fault)
            for ref, message, standing in rows
        ],
    )


def retry(message: Annotated[int, typer.Argument(metavar="ID", help="As `divert outbox list` shows it.")]) -> None:
    """Try a dead message again, with all its tries, from the next round on."""
    try:
        with database() as opened, opened.writing() as session:
            perform(session, RetryMessage(), OPERATOR, system_clock(), str(message))
    except NoSuchMessage:
        raise WrongCall(f"there is no dead message {message}: see `divert outbox list --dead`.") from None
    say(f"Message {message} will be tried again in the worker's next round.")
