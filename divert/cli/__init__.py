"""The command line: `divert`. Each command is a function; this table names them."""

from collections.abc import Callable

import typer

from divert.cli import acting, cases, documents, evidence, exchange, outbox, panel, policies, proof, running, team
from divert.cli.terminal import log_to_stderr, plainly

COMMANDS: dict[str, Callable[..., None]] = {
    "serve": running.serve,
    "migrate": running.migrate,
    "demo": running.demo,
    "import": cases.import_file,
    "export": cases.export,
    "judge": cases.judge_facts,
    "act": acting.act,
    "document": documents.document,
    "evidence": evidence.give_file,
    "verify": proof.verify,
    "seal": proof.seal,
    "check": proof.check,
    "diagram": proof.diagram,
    "work": running.work,
    "sweep": running.sweep,
    "rehearse": policies.rehearse,
    "draw": panel.draw,
}
STAFF: dict[str, Callable[..., None]] = {"add": team.add, "list": team.list_staff, "token": team.token}
OUTBOX: dict[str, Callable[..., None]] = {"list": outbox.list_messages, "retry": outbox.retry}
EXCHANGE: dict[str, Callable[..., None]] = {"export": exchange.export, "import": exchange.import_notes}


def _plain(about: str) -> typer.Typer:
    """A group of commands that answers in plain lines."""
    return typer.Typer(
        help=about,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        no_args_is_help=True,
    )


app = _plain("Cleveland Divert: deferred prosecution, from referral to completion.")
team_app = _plain("Who may act: staff and their bearer tokens.")
outbox_app = _plain("What is to be told: what waits, what could not be delivered, and trying it again.")
app.add_typer(team_app, name="staff")
app.add_typer(outbox_app, name="outbox")
exchange_app = _plain("Another agency's system: a case out, with consent; notes in, once each.")
app.add_typer(exchange_app, name="exchange")

for name, function in COMMANDS.items():
    app.command(name)(plainly(function))
for name, function in STAFF.items():
    team_app.command(name)(plainly(function))
for name, function in OUTBOX.items():
    outbox_app.command(name)(plainly(function))
for name, function in EXCHANGE.items():
    exchange_app.command(name)(plainly(function))


@app.callback()
def start() -> None:
    """Cleveland Divert: deferred prosecution, from referral to completion."""
    log_to_stderr()
