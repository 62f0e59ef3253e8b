"""The lifecycle as a stranger reads it: every row of the table, and its diagram."""

import inspect
from collections.abc import Mapping
from functools import lru_cache

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from api.procedure.diagram import diagram
from api.web.context import signed_in
from api.web.pages import write
from api.web.problems import KINDS, may_answer
from divert.acts.command import Command
from divert.casework.command import CaseCommand
from divert.casework.commands.breach import ReportBreach
from divert.casework.guard import Guard
from divert.casework.lifecycle import TRANSITIONS, Row, mermaid, rows_of
from divert.eligibility.judge import HEADLINES
from divert.law.rulebook import rulebook
from divert.models import Role, State
from divert.people.rights import RIGHTS
from divert.procedure import ACTS

router = APIRouter(tags=["lifecycle"])


class GuardView(BaseModel):
    """Something that must hold."""

    name: str
    sentence: str | None = Field(description="What is said when it does not hold; null where that depends on the case.")


class Target(BaseModel):
    """Where a command leads, and when (null: always)."""

    state: State
    when: str | None


class RowView(BaseModel):
    """One row: a command, from these states to those, by these roles, provided that these guards hold."""

    command: str = Field(examples=[ReportBreach.slug()])
    title: str
    says: str = Field(description="What it is for.")
    sources: list[State] = Field(alias="from", description="None: it opens a case.")
    targets: list[Target] = Field(
        alias="to", description="None, or none whose `when` holds: the case stays where it is."
    )
    by: list[Role]
    provided: list[GuardView] = Field(alias="provided that", description="Every one must hold.")
    under: str = Field(description="The authority.")


class ActView(BaseModel):
    """An act on what is no case."""

    act: str = Field(examples=["score-pack"])
    title: str
    says: str = Field(description="What it is for.")
    on: str = Field(description="What it is done to.", examples=["Meetings of the panel"])
    by: list[Role]


class RightView(BaseModel):
    """Who may read what."""

    subject: str = Field(examples=["cases"])
    rows: str = Field(description="Which of them.", examples=["their own"])
    roles: list[Role]


class LifecycleView(BaseModel):
    """Everything anyone may do, when, who, and on what authority; and everything anyone may read."""

    rows: list[RowView]
    acts: list[ActView] = Field(description="What is done to meetings, draws, policies, costs and staff.")
    rights: list[RightView] = Field(description="Who may read what. What is not here, nobody reads.")
    mermaid: str = Field(description="The same as a Mermaid state diagram: what moves a case.")


def purpose(command: type[Command]) -> str:
    """What a command is for, in its own words."""
    return inspect.getdoc(command) or command.title()


def row_view(row: Row) -> RowView:
    """One row, to be shown."""
    if isinstance(row.to, Mapping):
        targets = [Target(state=state, when=guard.name) for guard, state in row.to.items()]
    else:
        targets = [Target(state=state, when=None) for state in row.targets]
    return RowView.model_validate(
        {
            "command": row.command.slug(),
            "title": row.command.title(),
            "says": purpose(row.command),
            "from": row.sources,
            "to": targets,
            "by": row.by,
            "provided that": [_guard_view(guard) for guard in row.provided],
            "under": row.under,
        }
    )


def _guard_view(guard: Guard) -> GuardView:
    return GuardView(name=guard.name, sentence=guard.says if isinstance(guard.says, str) else None)


def describe(command: type[CaseCommand]) -> str:
    """A command's rows in Markdown, for OpenAPI."""
    lines = [purpose(command)]
    for row in map(row_view, rows_of(command)):
        sources = ", ".join(row.sources) or "nothing"
        leads = [f"{target.state} (when `{target.when}`)" if target.when else target.state for target in row.targets]
        targets = " or ".join(leads) or "the same state"
        guards = ", ".join(f"`{guard.name}`" for guard in row.provided) or "nothing more"
        lines.append(
            f"From {sources} to {targets}, by {', '.join(row.by)}. Provided that: {guards}. Under: {row.under}."
        )
    return "\n\n".join(lines)


@lru_cache
def _lifecycle_view() -> LifecycleView:
    return LifecycleView(
        rows=[row_view(row) for row in TRANSITIONS],
        acts=[
            ActView(act=act.slug(), title=act.title(), says=purpose(act), on=on, by=list(act.by))
            for on, acts in ACTS.items()
            for act in acts
        ],
        rights=[RightView(subject=right.subject, rows=right.rows, roles=list(right.roles)) for right in RIGHTS],
        mermaid=mermaid(),
    )


@router.get("/api/lifecycle", summary="The lifecycle of a case", responses=may_answer())
def lifecycle() -> LifecycleView:
    """Every command on a case: from which states to which, by whom, provided that what, under which authority.

    Beside it every other act and who may do it, and who may read what. Open to all.
    """
    return _lifecycle_view()


@router.get("/help", include_in_schema=False)
def help_page(request: Request) -> Response:
    """How it works: a picture, who may do what, every row of the table, what words mean, what each problem means."""
    return write(
        request,
        "help.html",
        actor=signed_in(request),
        diagram=diagram(),
        posts=posts(),
        terms=terms(),
        rows=_lifecycle_view().rows,
        acts=ACTS,
        rights=RIGHTS,
        kinds=KINDS,
    )


@lru_cache
def posts() -> list[tuple[Role, list[tuple[str, list[str]]]]]:
    """For each post, the commands it may carry out and from where."""
    of_posts = []
    for role in Role:
        commands: dict[str, list[str]] = {}
        for row in TRANSITIONS:
            if role in row.by:
                begins = [state.label.lower() for state in row.sources] or ["nothing: it opens a case"]
                commands.setdefault(row.command.title(), []).extend(begins)
        if commands:
            of_posts.append((role, list(commands.items())))
    return of_posts


@lru_cache
def terms() -> list[tuple[str, list[tuple[str, str]]]]:
    """What words mean, by the rules and the code that use them."""
    book = rulebook()
    return [
        ("What a policy may say", [(headline.value.replace("_", " "), words) for headline, words in HEADLINES.items()]),
        ("Needs that are scored", [(need.title, need.hint) for need in book.needs.values()]),
        ("How a crime may end", [(f"Outcome {outcome.code}", outcome.title) for outcome in book.outcomes.values()]),
        (
            "Why a case may be closed",
            [(reason.code.replace("_", " "), reason.title) for reason in book.close_reasons.values()],
        ),
        (
            "Why a case may go back",
            [(reason.code.replace("_", " "), reason.title) for reason in book.return_reasons.values()],
        ),
    ]
