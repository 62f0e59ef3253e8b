"""The pages of a case: the worklist, the case itself, and one form for each command, all from the same table."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Request
from pydantic import ValidationError
from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from api import forms
from api.cases import find, standing
from api.choices import offered
from api.commands import FOR_PEOPLE, Overtaken, Ref, carry_out
from api.deps import Asking, ByVisit
from api.documents import drafted
from api.forms import Form
from api.lifecycle import purpose
from api.page import in_words, write
from api.problems import ProblemError, unusable
from api.sign_in import Posted
from api.suggestions import Data, on_record, suggested
from api.view import EntryView, case_view, history
from api.worklist import Filters, cases
from divert.casework.briefs import BEFORE
from divert.casework.command import Command, Context
from divert.casework.commands.contract import Terms
from divert.casework.commands.referral import Refer
from divert.casework.lifecycle import COMMANDS
from divert.casework.workflow import NotAllowed, Refused, Stale, objections
from divert.clock import london_date
from divert.models import Case, Role, State
from divert.people.staff import KEYWORKERS, Actor
from divert.records import access
from divert.rulebook import rulebook

router = APIRouter(include_in_schema=False)

Slug = Annotated[str, Path(max_length=60)]
ELSEWHERE = {
    Role.board_member: "/board/figures",
    Role.panel_coordinator: "/panel/draws",
    Role.panel_member: "/panel/draws",
}
"""Where those begin who have no cases."""


def searched(request: Request) -> Filters:
    """What a search form asked for; what was left blank was not asked."""
    try:
        return Filters.model_validate({name: said for name, said in request.query_params.items() if said.strip()})
    except ValidationError as error:
        raise unusable(error) from None


@router.get("/")
def worklist(request: Request, wanted: Annotated[Filters, Depends(searched)], asking: ByVisit) -> Response:
    """What is due: to a keyworker their own cases, to an officer their own referrals, to others all that are open."""
    with asking.writing() as (session, actor):
        if actor.role in ELSEWHERE:
            return RedirectResponse(ELSEWHERE[actor.role], 303)
        if not request.query_params:
            own = actor.username if actor.role in KEYWORKERS else None
            wanted = Filters(open_only=True, keyworker=own, order="due")
        access.record(session, actor, "consultation", asking.at, what="worklist")
        return write(
            request,
            "worklist.html",
            actor=actor,
            page=cases(session, actor, wanted),
            wanted=wanted,
            states=State,
            today=london_date(asking.at),
            following=urlencode(wanted.model_dump(mode="json", exclude_none=True, exclude={"cursor"})),
        )


@router.get("/cases/{ref}")
def case_page(request: Request, ref: Ref, asking: ByVisit) -> Response:
    """Everything the reader may know of a case, and what they may do next."""
    with asking.writing() as (session, actor):
        case = find(session, ref, actor)
        access.record(session, actor, "consultation", asking.at, case_ref=ref, what="case page")
        now = standing(case, Context(session, actor, asking.at, case.version + 1))
        entries = history(session, case, actor)
        return write(
            request,
            "case.html",
            actor=actor,
            case=case_view(session, case, actor),
            open_now=[command for command, against in now if not against],
            closed=[(command, [why for _, why in against.reasons]) for command, against in now if against.reasons],
            history=[
                (entry, answers(COMMANDS.get(entry.command), json.loads(entry.body) if entry.body else {}))
                for entry in reversed(entries)
            ],
            done=done(entries, request.query_params.get("done"), actor),
            rules=rulebook(),
        )


def done(entries: Sequence[EntryView], seq: str | None, actor: Actor) -> str | None:
    """What the reader has just done, as long as it is the last that was done."""
    last = entries[-1]
    return f"{last.title}: recorded." if str(last.seq) == seq and last.by == actor.username else None


def answers(command: type[Command] | None, body: Data) -> list[tuple[str, str]]:
    """Answers in words, each under its question."""
    asked = command.model_fields if command else {}
    given = {name: in_words(answer) for name, answer in body.items() if answer not in (None, [], "")}
    titles = {name: asked[name].title if name in asked else None for name in given}
    return [(titles[name] or name.replace("_", " ").capitalize(), words) for name, words in given.items()]


@router.get("/refer")
def refer_form(request: Request, asking: ByVisit) -> Response:
    """The form that opens a case."""
    return _open_form(request, asking, Refer, None)


@router.post("/refer")
def refer(request: Request, form: Posted, asking: ByVisit) -> Response:
    """Open a case."""
    return _submit(request, asking, Refer, None, form)


@router.get("/cases/{ref}/{slug}")
def command_form(request: Request, ref: Ref, slug: Slug, asking: ByVisit) -> Response:
    """The form of one command."""
    return _open_form(request, asking, _command(slug), ref)


@router.post("/cases/{ref}/{slug}")
def act(request: Request, ref: Ref, slug: Slug, form: Posted, asking: ByVisit) -> Response:
    """Carry out one command."""
    return _submit(request, asking, _command(slug), ref, form)


def _command(slug: str) -> type[Command]:
    if slug not in FOR_PEOPLE or FOR_PEOPLE[slug] is Refer:
        raise ProblemError("not-found")
    return FOR_PEOPLE[slug]


def _open_form(request: Request, asking: Asking, command: type[Command], ref: str | None) -> Response:
    with asking.writing() as (session, actor):
        sheet = _sheet(session, actor, asking, command, ref)
        if ref is not None:
            access.record(session, actor, "consultation", asking.at, case_ref=ref, what=f"form {command.slug()}")
        against = objections(sheet.case or Case(state=None, version=0), command, sheet.context)
        if against.role:
            raise NotAllowed(against.role)
        if against.reasons:
            return sheet.write(request, {}, status=409, reasons=[why for _, why in against.reasons], closed=True)
        return sheet.write(request, suggested(command, sheet.case, sheet.context))


def _submit(request: Request, asking: Asking, command: type[Command], ref: str | None, form: FormData) -> Response:
    """Carry out what was posted; or show the form again, with what is wrong and all that was typed."""
    data = Form(command, {}).read(form)
    version = form.get("version")
    seen = int(version) if isinstance(version, str) and re.fullmatch(r"[0-9]{1,9}", version) else None
    try:
        given = command.model_validate(data)
        if isinstance(given, Terms) and ref is not None and form.get("draft"):
            return drafted(asking, ref, given, large_print=form.get("draft") == "large")
        if not command.ends_a_case or form.get("checked"):
            receipt, _ = carry_out(asking, ref, given, seen)
            return RedirectResponse(f"/cases/{receipt.ref}?done={receipt.version}", 303)
        wrong: dict[str, Any] = {"check": given.model_dump(mode="json", exclude_none=True)}
    except ValidationError as error:
        wrong = {"status": 422, "errors": forms.faults(error)}
    except Refused as refusal:
        wrong = {"status": 409, "reasons": [why for _, why in refusal.reasons]}
    except (Stale, Overtaken) as moved:
        wrong = {"status": 409, "reasons": [f"{moved} What you typed is below; nothing of it is recorded yet."]}
    with asking.reading() as (session, actor):
        return _sheet(session, actor, asking, command, ref).write(request, data, **wrong)


@dataclass(frozen=True)
class Sheet:
    """The form of a command, on a case (None: it opens one), before one person."""

    command: type[Command]
    case: Case | None
    context: Context

    def write(
        self,
        request: Request,
        data: Data,
        *,
        status: int = 200,
        errors: Mapping[forms.Path, str] | None = None,
        reasons: Sequence[str] = (),
        closed: bool = False,
        check: Data | None = None,
    ) -> Response:
        """The page: the questions with what was answered so far, what is wrong, or the answers to check once more."""
        form = Form(
            self.command,
            offered(self.command, self.case, self.context),
            on_record(self.command, self.case) if self.case else {},
        )
        questions = [] if closed else form.questions(data, errors)
        return write(
            request,
            "form.html",
            actor=self.context.by,
            status=status,
            title=self.command.title(),
            purpose=purpose(self.command),
            ref=self.case.ref if self.case else None,
            person=self.case.person.full_name if self.case else None,
            version=self.case.version if self.case else 0,
            questions=questions,
            errors=[*forms.summary(questions, errors or {}), *(("", why) for why in reasons)],
            closed=closed,
            check=answers(self.command, check) if check else None,
            typed=forms.flat(data) if check else [],
            has_draft=issubclass(self.command, Terms),
            beside=BEFORE[self.command](self.case, self.context) if self.case and self.command in BEFORE else [],
        )


def _sheet(session: Session, actor: Actor, asking: Asking, command: type[Command], ref: str | None) -> Sheet:
    case = find(session, ref, actor) if ref is not None else None
    return Sheet(command, case, Context(session, actor, asking.at, case.version + 1 if case else 1))
