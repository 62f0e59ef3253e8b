"""Taking a referral file at a page: tried first, then taken, in the background, with a report of every row."""

import csv
from io import StringIO
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.datastructures import UploadFile
from starlette.responses import RedirectResponse, Response

from api.web.context import ByPolling, BySession, RequestContext
from api.web.pages import REFRESH_S, write
from api.web.problems import ProblemError
from api.web.sign_in import PostedWithFile
from api.web.state import app_state
from divert.casework.intake import importing
from divert.casework.intake.referral_file import COLUMNS, OPTIONAL, REPORT_COLUMNS, FileRefused, Outcome
from divert.models import Import
from divert.people.rights import Subject

router = APIRouter(include_in_schema=False)

MAX_REJECTED = 20
"""How many rejected rows are told in words; the report holds them all."""

Ref = Annotated[str, Path(max_length=43)]


@router.get("/import")
def import_page(request: Request, context: BySession) -> Response:
    """Where a file is chosen, and what was lately taken."""
    return _page(request, context)


@router.post("/import")
def try_file(request: Request, form: PostedWithFile, context: BySession) -> Response:
    """Try a file: everything is said that would become of it, and nothing is written."""
    upload = form.get("file")
    if not isinstance(upload, UploadFile) or not upload.filename:
        return _page(request, context, "Choose the file to be read.")
    try:
        with context.writing(Subject.referral_files) as (session, actor):
            ref = importing.begin(session, actor.username, upload.file.read(), context.at, dry_run=True)
    except FileRefused as refused:
        return _page(request, context, str(refused))
    return _run_in_background(request, ref)


@router.get("/import/{ref}")
def run_page(request: Request, ref: Ref, context: ByPolling) -> Response:
    """How far it has come, and what each row came to. It asks again by itself while there is more to come."""
    with context.reading(Subject.referral_files) as (session, actor):
        run = _required(importing.find(session, ref, actor.username))
        counts = importing.results(session, run)
        cut_short = importing.was_cut_short(run, context.at)
        again = run.ended_at is None and not cut_short and "still" not in request.query_params
        return write(
            request,
            "import_run.html",
            actor=actor,
            headers={"Refresh": str(REFRESH_S)} if again else {},
            run=run,
            counts=counts,
            done=None,
            taken=sum(counts.values()),
            cut_short=cut_short,
            again=again,
            rejected=importing.outcomes(session, run, "rejected")[:MAX_REJECTED],
            shown=MAX_REJECTED,
        )


@router.post("/import/{ref}")
def take_file(request: Request, ref: Ref, form: PostedWithFile, context: BySession) -> Response:
    """After trying it: take the file. After it was cut short: go on."""
    with context.writing(Subject.referral_files) as (session, actor):
        run = _required(importing.find(session, ref, actor.username))
        if run.ended_at is not None and run.dry_run:
            ref = importing.begin(session, actor.username, run.file, context.at, dry_run=False)
        elif not importing.was_cut_short(run, context.at):
            return RedirectResponse(f"/import/{ref}", 303)  # sent twice: it is done, or on its way
        run.beat_at = context.at
    return _run_in_background(request, ref)


@router.get("/import/{ref}/report.csv")
def report(ref: Ref, context: BySession) -> Response:
    """What each row came to, with the columns of the command line's report."""
    with context.reading(Subject.referral_files) as (session, actor):
        run = _required(importing.find(session, ref, actor.username))
        text = StringIO()
        writer = csv.writer(text)
        writer.writerow(REPORT_COLUMNS)
        for row in importing.outcomes(session, run):
            writer.writerow(Outcome(row.row, row.crime_ref, row.result, tuple(row.because.split())).report())
    headers = {"Content-Disposition": 'attachment; filename="report.csv"'}
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _run_in_background(request: Request, ref: str) -> Response:
    state = app_state(request)
    state.background.submit(importing.run, state.database, ref, state.clock, state.closing.is_set)
    return RedirectResponse(f"/import/{ref}", 303)


def _required(run: Import | None) -> Import:
    if run is None:
        days = importing.KEPT.days
        raise ProblemError("not-found", f"There is no such file of yours, or it is older than {days} days.")
    return run


def _page(request: Request, context: RequestContext, fault: str = "") -> Response:
    with context.reading(Subject.referral_files) as (session, actor):
        return write(
            request,
            "import.html",
            actor=actor,
            status=422 if fault else 200,
            errors=[("file", fault)] if fault else [],
            runs=[(run, importing.results(session, run)) for run in importing.begun_by(session, actor.username)],
            columns=[(name, name in OPTIONAL) for name in COLUMNS],
            most=app_state(request).settings.max_body_bytes // 1000,
            kept=importing.KEPT,
        )
