"""Sharing a case with another organisation: chosen, looked at beside the consent, shared as it was looked at."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from pydantic import ValidationError
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.case import words
from api.case.exchange import MEDIA_TYPES, SharedFileQuery
from api.case.routes import find
from api.procedure.commands import Ref
from api.web import forms
from api.web.context import BySession, RequestContext
from api.web.pages import in_words, write
from api.web.sign_in import Posted
from divert.acts.refusals import NotAllowed, Refused
from divert.casework.command import Context
from divert.casework.commands.sharing import ShareCase
from divert.casework.sharing import preview
from divert.casework.workflow import locked, objections, perform
from divert.exchange.consent import Part, consents_in_force, in_order
from divert.exchange.format import read, sha256
from divert.models import Case
from divert.people.staff import Actor
from divert.records import access

router = APIRouter(include_in_schema=False)

Section = tuple[str, list[tuple[str, str]]]


@router.get("/cases/{ref}/share-case")
def choose(request: Request, ref: Ref, context: BySession) -> Response:
    """With whom, and what: only what the person has agreed to is offered."""
    with context.writing() as (session, actor):
        access.record(session, actor, "consultation", context.at, case_ref=ref, what="form share-case")
        return _choice_page(request, session, actor, context, ref)


@router.post("/cases/{ref}/share-case")
def look_or_share(request: Request, ref: Ref, form: Posted, context: BySession) -> Response:
    """The file, to be looked at; or, sent with the hash of what was looked at, shared and handed over."""
    choices = {"parts": form.getlist("part"), "format": form.get("format") or "json"}
    try:
        if form.get("sha256"):
            share_case = ShareCase.model_validate(
                {**choices, "recipient": form.get("to"), "sha256": form.get("sha256")}
            )
            return _share(context, ref, share_case)
        query = SharedFileQuery.model_validate(
            {"to": form.get("to"), "part": choices["parts"], "format": choices["format"]}
        )
        return _look(request, context, ref, query)
    except ValidationError as error:
        faults = list(forms.faults(error).values())
    except Refused as refusal:
        faults = [sentence for _, sentence in refusal.reasons]
    with context.reading() as (session, actor):
        return _choice_page(request, session, actor, context, ref, faults)


def _look(request: Request, context: RequestContext, ref: str, query: SharedFileQuery) -> Response:
    """The file as it would leave, to be read; and that it was looked at, on record."""
    with context.writing() as (session, actor):
        case = find(session, ref, actor)
        case_context = Context(session, actor, context.at, case.version + 1)
        file = preview(case, case_context, query.to, query.part, query.format)
        access.record(session, actor, "consultation", context.at, case_ref=ref, what="file to be shared")
        shared_case = read(file, query.format)
        return write(
            request,
            "share.html",
            actor=actor,
            ref=ref,
            person=case.person.full_name,
            recipient=query.to,
            shared=shared_case.parts,
            spelling=query.format,
            sections=[
                (part.label.capitalize(), _section(getattr(shared_case, part.value))) for part in shared_case.parts
            ],
            statements=_statements(case, query.to, shared_case.parts, case_context),
            file=file.decode(),
            sha256=sha256(file),
        )


def _share(context: RequestContext, ref: str, share_case: ShareCase) -> Response:
    """The file, handed over once its sharing is on record: the commit comes before the answer."""
    with context.writing() as (session, actor):
        case = locked(session, ref, actor)
        case_context = Context(session, actor, context.at, case.version + 1)
        file = preview(case, case_context, share_case.recipient, share_case.parts, share_case.format)
        perform(session, ref, share_case, actor, context.at)
    name = f"{ref}-shared.{share_case.format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(file, media_type=MEDIA_TYPES[share_case.format], headers=headers)


def _choice_page(
    request: Request, session: Session, actor: Actor, context: RequestContext, ref: str, faults: Sequence[str] = ()
) -> Response:
    case = find(session, ref, actor)
    case_context = Context(session, actor, context.at, case.version + 1)
    against = objections(case, ShareCase, case_context)
    if against.role:
        raise NotAllowed(against.role)
    reasons = faults or [sentence for _, sentence in against.reasons]
    return write(
        request,
        "share_choose.html",
        status=409 if reasons else 200,
        actor=actor,
        ref=ref,
        person=case.person.full_name,
        errors=[("", sentence) for sentence in reasons],
        may_share=words.may_share(case, case_context.today),
        names={part.label: part.value for part in Part},
        spellings=tuple(MEDIA_TYPES),
    )


def _statements(case: Case, recipient: str, parts: Sequence[Part], case_context: Context) -> list[tuple[str, str]]:
    """Of each part, what the person said that allows it."""
    allowed = consents_in_force(case, recipient, case_context.today)
    statements = []
    for part in in_order(parts):
        consent = allowed[part]
        until = f"until {in_words(consent.until_on)}" if consent.until_on else "until withdrawn"
        sentence = f"Agreed on {in_words(consent.said_on)} ({consent.how}), {until}."
        statements.append((part.label.capitalize(), sentence))
    return statements


def _section(value: Any) -> list[tuple[str, str]]:
    """A part of the file, read back: what is said once under its name, each item of a list under its number."""
    if isinstance(value, list):
        return _items("Item", value) or [("Nothing", "There is none of it on record.")]
    answers = value.model_dump() if value is not None else {}
    lists = [name for name, answer in answers.items() if isinstance(answer, list)]
    lines = [
        (_title(name), in_words(answer)) for name, answer in answers.items() if answer is not None and name not in lists
    ]
    for name in lists:
        lines += _items(_title(name).removesuffix("s"), getattr(value, name))
    return lines or [("Nothing", "There is none of it on record.")]


def _items(title: str, items: Sequence[Any]) -> list[tuple[str, str]]:
    """Each item in lines of its own."""
    rows = []
    for number, item in enumerate(items, start=1):
        answers = item.model_dump().items()
        lines = [f"{_title(name)}: {in_words(answer)}" for name, answer in answers if answer is not None]
        rows.append((f"{title} {number}", "\n".join(lines)))
    return rows


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()
