"""The form of each command: opened, filled in, sent, and shown again with all that was typed until it is right.

One page for every command of the table but the one that opens a case (`api.desk.referrals`). What is asked and in which
words is the command's affair (`api.web.forms`); what may be chosen, the case's (`api.procedure.choices`).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from pydantic import ValidationError
from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from api.case.documents import draft_response
from api.case.evidence import store_files
from api.case.history_text import answers, entries_in_words
from api.case.routes import find
from api.case.view import EntryView, history
from api.procedure.choices import choices_for
from api.procedure.commands import Overtaken, Ref, carry_out
from api.procedure.lifecycle import purpose
from api.procedure.suggestions import Data, changed_answers, forgettable_fields, on_record, suggest
from api.web import forms
from api.web.context import BySession, RequestContext
from api.web.forms import Form
from api.web.pages import in_words, write
from api.web.problems import ProblemError
from api.web.sign_in import posted_form_with
from divert.acts.refusals import NotAllowed, Refused, Stale
from divert.casework import files
from divert.casework.briefs.by_command import BEFORE
from divert.casework.command import CaseCommand, Context
from divert.casework.commands.contract import Terms
from divert.casework.commands.referral import Refer
from divert.casework.giving import NAMES_FILES
from divert.casework.lifecycle import FOR_PEOPLE
from divert.casework.workflow import objections
from divert.models import Case
from divert.people.staff import Actor
from divert.records import access
from divert.records.ledger import entries_of

router = APIRouter(include_in_schema=False)

Slug = Annotated[str, Path(max_length=60)]
AS_IT_STANDS = "This is what stands. Add, change or take out: what is not here when you send it stands no longer."
PostedWithFiles = Annotated[FormData, Depends(posted_form_with(files=5 * files.MOST))]


@router.get("/cases/{ref}/{slug}")
def command_form(request: Request, ref: Ref, slug: Slug, context: BySession) -> Response:
    """The form of one command."""
    return _open_form(request, context, _command(slug), ref)


@router.post("/cases/{ref}/{slug}")
def act(request: Request, ref: Ref, slug: Slug, form: PostedWithFiles, context: BySession) -> Response:
    """Carry out one command."""
    command = _command(slug)
    return _submit(request, context, command, ref, store_files(context, command, ref, form))


def _command(slug: str) -> type[CaseCommand]:
    if slug not in FOR_PEOPLE or FOR_PEOPLE[slug] is Refer:
        raise ProblemError("not-found")
    return FOR_PEOPLE[slug]


def _open_form(request: Request, context: RequestContext, command: type[CaseCommand], ref: str) -> Response:
    with context.writing() as (session, actor):
        sheet = _sheet(session, actor, context, command, ref)
        access.record(session, actor, "consultation", context.at, case_ref=ref, what=f"form {command.slug()}")
        against = objections(sheet.case, command, sheet.case_context)
        if against.role:
            raise NotAllowed(against.role)
        if against.reasons:
            return sheet.write(request, {}, status=409, reasons=[reason for _, reason in against.reasons], closed=True)
        return sheet.write(request, suggest(command, sheet.case, sheet.case_context))


def _submit(
    request: Request, context: RequestContext, command: type[CaseCommand], ref: str, form: FormData
) -> Response:
    """Carry out what was posted; or show the form again, with what is wrong and all that was typed."""
    data = Form(command).read(form)
    if forms.redraws(form):
        return _again(request, context, command, ref, data)
    version = form.get("version")
    seen_version = int(version) if isinstance(version, str) and re.fullmatch(r"[0-9]{1,9}", version) else None
    try:
        if errors := forms.contradictions(data, form):
            return _again(request, context, command, ref, data, status=422, errors=errors)
        has_whole_lists = any(name.endswith("-whole") for name in form)
        submission = command.model_validate(_changed(context, command, ref, data) if has_whole_lists else data)
        if isinstance(submission, Terms) and form.get("draft"):
            return draft_response(context, ref, submission, large_print=form.get("draft") == "large")
        if not command.ends_a_case or form.get("checked"):
            receipt, _ = carry_out(context, ref, submission, seen_version)
            return RedirectResponse(f"/cases/{receipt.ref}?done={receipt.version}", 303)
        _raise_refusal(context, ref, submission)
        check = submission.model_dump(mode="json", exclude_none=True)
        return _again(request, context, command, ref, data, check=check)
    except ValidationError as error:
        return _again(request, context, command, ref, data, status=422, errors=forms.faults(error))
    except Refused as refusal:
        return _again(
            request, context, command, ref, data, status=409, reasons=[reason for _, reason in refusal.reasons]
        )
    except (Stale, Overtaken) as moved:
        reasons = [f"{moved} What you typed is below; nothing of it is recorded yet."]
        return _again(request, context, command, ref, data, status=409, reasons=reasons, seen_version=seen_version)


def _raise_refusal(context: RequestContext, ref: str, submission: CaseCommand) -> None:
    """Raises Refused where it would not: nobody is asked to check answers that are not taken."""
    with context.reading() as (session, actor):
        sheet = _sheet(session, actor, context, type(submission), ref)
        if against := objections(sheet.case, type(submission), sheet.case_context, submission).reasons:
            raise Refused(against)


def _changed(context: RequestContext, command: type[CaseCommand], ref: str, data: Data) -> Data:
    with context.reading() as (session, actor):
        sheet = _sheet(session, actor, context, command, ref)
        return changed_answers(command, sheet.case, sheet.case_context, data)


def _again(
    request: Request, context: RequestContext, command: type[CaseCommand], ref: str, data: Data, **options: Any
) -> Response:
    """The form with what was typed, and what is to be said of it (`Sheet.write`)."""
    with context.reading() as (session, actor):
        return _sheet(session, actor, context, command, ref).write(request, data, **options)


@dataclass(frozen=True)
class Sheet:
    """The form of a command, on a case, before one person."""

    command: type[CaseCommand]
    case: Case
    case_context: Context

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
        seen_version: int | None = None,
    ) -> Response:
        """The page: the questions with what was answered so far, what is wrong, or the answers to check once more.

        `seen_version`: the version of the case that was before whoever typed; what has happened since is told.
        """
        record = on_record(self.command, self.case)
        form = Form(
            self.command,
            choices_for(self.command, self.case, self.case_context),
            {
                name: AS_IT_STANDS if isinstance(value, list) else f"On record: {in_words(value, name)}."
                for name, value in record.items()
            },
            forgettable_fields(record),
        )
        questions = [] if closed else form.questions(data, errors)
        return write(
            request,
            "form.html",
            actor=self.case_context.by,
            status=status,
            title=self.command.title(),
            purpose=purpose(self.command),
            ref=self.case.ref,
            person=self.case.person.full_name,
            version=self.case.version,
            questions=questions,
            errors=[*forms.summary(questions, errors or {}), *(("", reason) for reason in reasons)],
            closed=closed,
            check=answers(self.command, check) if check else None,
            typed=forms.flat(data) if check else [],
            meanwhile=self._since(seen_version) if seen_version is not None else [],
            takes_files=self.command in NAMES_FILES,
            has_draft=issubclass(self.command, Terms),
            beside=BEFORE[self.command](self.case, self.case_context) if self.command in BEFORE else [],
        )

    def _since(self, version: int) -> Sequence[tuple[EntryView, list[tuple[str, str]]]]:
        return entries_in_words(
            history(entries_of(self.case_context.session, self.case)[version:], self.case_context.by)
        )


def _sheet(session: Session, actor: Actor, context: RequestContext, command: type[CaseCommand], ref: str) -> Sheet:
    case = find(session, ref, actor)
    return Sheet(command, case, Context(session, actor, context.at, case.version + 1))
