"""Sharing a case with another organisation: chosen, looked at beside the consent, shared as it was looked at."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from pydantic import ValidationError
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.case import words
from api.case.exchange import MEDIA_TYPES, Wanted
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
        return _choice(request, session, actor, context, ref)


@router.post("/cases/{ref}/share-case")
def look_or_share(request: Request, ref: Ref, form: Posted, context: BySession) -> Response:
    """The file, to be looked at; or, sent with the hash of what was looked at, shared and handed over."""
    said = {"parts": form.getlist("part"), "format": form.get("format") or "json"}
    try:
        if form.get("sha256"):
            given = ShareCase.model_validate({**said, "recipient": form.get("to"), "sha256": form.get("sha256")})
            return _share(context, ref, given)
        wanted = Wanted.model_validate({"to": form.get("to"), "part": said["parts"], "format": said["format"]})
        return _look(request, context, ref, wanted)
    except ValidationError as error:
        wrong = list(forms.faults(error).values())
    except Refused as refusal:
        wrong = [sentence for _, sentence in refusal.reasons]
    with context.reading() as (session, actor):
        return _choice(request, session, actor, context, ref, wrong)


def _look(request: Request, context: RequestContext, ref: str, wanted: Wanted) -> Response:
    """The file as it would leave, to be read; and that it was looked at, on record."""
    with context.writing() as (session, actor):
        case = find(session, ref, actor)
        case_context = Context(session, actor, context.at, case.version + 1)
        file = preview(case, case_context, wanted.to, wanted.part, wanted.format)
        access.record(session, actor, "consultation", context.at, case_ref=ref, what="file to be shared")
        held = read(file, wanted.format)
        return write(
            request,
            "share.html",
            actor=actor,
            ref=ref,
            person=case.person.full_name,
            recipient=wanted.to,
            shared=held.parts,
            spelling=wanted.format,
            sections=[(part.label.capitalize(), _section(getattr(held, part.value))) for part in held.parts],
            statements=_statements(case, wanted.to, held.parts, case_context),
            file=file.decode(),
            sha256=sha256(file),
        )


def _share(context: RequestContext, ref: str, given: ShareCase) -> Response:
    """The file, handed over once its sharing is on record: the commit comes before the answer."""
    with context.writing() as (session, actor):
        case = locked(session, ref, actor)
        case_context = Context(session, actor, context.at, case.version + 1)
        file = preview(case, case_context, given.recipient, given.parts, given.format)
        perform(session, ref, given, actor, context.at)
    name = f"{ref}-shared.{given.format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(file, media_type=MEDIA_TYPES[given.format], headers=headers)


def _choice(
    request: Request, session: Session, actor: Actor, context: RequestContext, ref: str, wrong: Sequence[str] = ()
) -> Response:
    case = find(session, ref, actor)
    case_context = Context(session, actor, context.at, case.version + 1)
    against = objections(case, ShareCase, case_context)
    if against.role:
        raise NotAllowed(against.role)
    why_not = wrong or [sentence for _, sentence in against.reasons]
    return write(
        request,
        "share_choose.html",
        status=409 if why_not else 200,
        actor=actor,
        ref=ref,
        person=case.person.full_name,
        errors=[("", sentence) for sentence in why_not],
        may_share=words.may_share(case, case_context.today),
        names={part.label: part.value for part in Part},
        spellings=tuple(MEDIA_TYPES),
    )


def _statements(case: Case, recipient: str, parts: Sequence[Part], case_context: Context) -> list[tuple[str, str]]:
    """Of each part, what the person said that allows it."""
    allowed = consents_in_force(case, recipient, case_context.today)
    until = {one: f"until {in_words(one.until_on)}" if one.until_on else "until withdrawn" for one in allowed.values()}
    return [
        (part.label.capitalize(), f"Agreed on {in_words(one.said_on)} ({one.how}), {until[one]}.")
        for part in in_order(parts)
        for one in (allowed[part],)
    ]


def _section(value: Any) -> list[tuple[str, str]]:
    """A part of the file, read back: what is said once under its name, each item of a list under its number."""
    if isinstance(value, list):
        return _items("Item", value) or [("Nothing", "There is none of it on record.")]
    said = value.model_dump() if value is not None else {}
    lists = {name: items for name, items in said.items() if isinstance(items, list)}
    once = [(_title(name), in_words(one)) for name, one in said.items() if one is not None and name not in lists]
    many = [row for name in lists for row in _items(_title(name).removesuffix("s"), getattr(value, name))]
    return once + many or [("Nothing", "There is none of it on record.")]


def _items(title: str, items: Sequence[Any]) -> list[tuple[str, str]]:
    """Each item in lines of its own."""
    return [
        (
            f"{title} {place}",
            "\n".join(f"{_title(name)}: {in_words(one)}" for name, one in item.model_dump().items() if one is not None),
        )
        for place, item in enumerate(items, start=1)
    ]


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()
