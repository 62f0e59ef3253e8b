"""Staff at the command line: taken on, listed, given a token."""

import sys
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

import typer
from pydantic import ValidationError
from sqlalchemy import select

from divert.acts.act import perform
from divert.acts.refusals import Unusable
from divert.cli.cases import AsJson, in_lines
from divert.cli.terminal import WrongCall, answer, answer_json, answer_table, database, say
from divert.clock import system_clock
from divert.models import Role, Staff
from divert.office.staff import AddStaff
from divert.people import staff
from divert.people.rights import POSTS
from divert.people.staff import OPERATOR

Post = StrEnum("Post", [(role.name, role.value) for role in POSTS])  # type: ignore[misc]  # from the posts


def add(
    username: Annotated[str, typer.Argument(metavar="USERNAME", help="Small letters, digits, dots, hyphens: j.smith.")],
    name: Annotated[str, typer.Option(help="The person's name, as pages show it.")],
    role: Annotated[Post, typer.Option(help="Their post.")],
    password: Annotated[bool, typer.Option("--password", help="Ask for a password for the pages.")] = False,
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from the input.")] = False,
) -> None:
    """Take a person on. Without a password they work with a token only: see `divert staff token`."""
    secret: str | None = None
    if password_stdin:
        secret = sys.stdin.readline().rstrip("\r\n")
    elif password:
        secret = typer.prompt("Password (12 characters or more)", hide_input=True, confirmation_prompt=True, err=True)
    answers = {"username": username, "name": name, "role": role.value, "password": secret}
    try:
        with database() as opened, opened.writing() as session:
            perform(session, AddStaff.model_validate(answers), OPERATOR, system_clock())
    except ValidationError as invalid:
        raise WrongCall(in_lines(invalid)) from None
    except Unusable as unusable:
        raise WrongCall("\n".join(f"{place[0]}: {sentence}" for place, sentence in unusable.faults.items())) from None
    say(f"{username} is taken on as {Role(role.value).label.lower()}.")


def list_staff(as_json: AsJson = False) -> None:
    """Everyone who may act, or could once."""
    with database() as opened, opened.reading() as session:
        everyone = session.scalars(select(Staff).order_by(Staff.role, Staff.username)).all()
        rows = [(member.username, member.name, member.role, member.active) for member in everyone]
    if as_json:
        names = ("username", "name", "role", "active")
        answer_json([dict(zip(names, row, strict=True)) for row in rows])
    else:
        shown = [(username, name, role.label, "" if active else "left") for username, name, role, active in rows]
        answer_table(("Username", "Name", "Post", ""), shown)


def token(
    username: Annotated[str, typer.Argument(metavar="USERNAME")],
    days: Annotated[int, typer.Option(min=1, max=3650, help="How long it is good for.")] = staff.TOKEN_LIFE.days,
    as_json: AsJson = False,
) -> None:
    """A new bearer token, shown this once: only its hash is kept."""
    at = system_clock()
    with database() as opened, opened.writing() as session:
        try:
            bearer_token = staff.issue_token(session, username, at, timedelta(days=days))
        except KeyError:
            raise WrongCall(f"there is nobody active with the username {username}: see `divert staff list`.") from None
    if as_json:
        answer_json(
            {"username": username, "token": bearer_token, "expires_at": (at + timedelta(days=days)).isoformat()}
        )
    else:
        answer(bearer_token)
        say(f"Good for {days} days, as {username}. It is not shown again.")
