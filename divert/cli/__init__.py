"""The command line: `divert`. Each command is a function; these tables name them."""

from collections.abc import Callable, Mapping

import typer

from divert.cli import acting, cases, documents, evidence, exchange, outbox, panel, policies, proof, running, team
from divert.cli.terminal import log_to_stderr, plainly

Commands = Mapping[str, Callable[..., None]]

ABOUT = "Cleveland Divert: deferred prosecution, from referral to completion."

COMMANDS: Commands = {
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
}
GROUPS: Mapping[str, tuple[str, Commands]] = {
    "staff": (
        "Who may act: staff and their bearer tokens.",
        {"add": team.add, "list": team.list_staff, "token": team.token},
    ),
    "outbox": (
        "What is to be told: what waits, what could not be delivered, and trying it again.",
        {"list": outbox.list_messages, "retry": outbox.retry},
    ),
    "exchange": (
        "Another agency's system: a case out, with consent; notes in, once each.",
        {"export": exchange.export, "import": exchange.import_notes},
    ),
    "draw": (
        "A sample for the scrutiny panel, in steps, so that nobody can choose it: freeze a frame and publish its"
        " digest; weigh sizes; draw the sample with a seed made in the meeting; later top it up, or pick a case"
        " beside it.",
        {
            "freeze": panel.freeze,
            "list": panel.list_frames,
            "weigh": panel.weigh,
            "sample": panel.sample,
            "top-up": panel.top_up,
            "pick": panel.pick,
            "show": panel.show,
            "which": panel.which,
        },
    ),
}


def _group(about: str, commands: Commands) -> typer.Typer:
    """A group of commands that answers in plain lines."""
    group = typer.Typer(
        help=about,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        no_args_is_help=True,
    )
    for name, function in commands.items():
        group.command(name)(plainly(function))
    return group


app = _group(ABOUT, COMMANDS)
for name, (about, commands) in GROUPS.items():
    app.add_typer(_group(about, commands), name=name)


@app.callback(help=ABOUT)
def start() -> None:
    """Whatever the command, logs go to stderr."""
    log_to_stderr()
