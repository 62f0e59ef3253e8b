"""Frames and draws, acted on and looked at: freeze, weigh sizes, draw with the seed of the meeting, top up, pick,
publish.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from fastapi import APIRouter, Request
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.responses import JSONResponse, Response

from api.panel.draws import Digest, FrameView, Sizing, answer_sizing, frame_view
from api.procedure.acts import DIGEST, Data, Errors, Offer, make_routes
from api.web import forms
from api.web.context import BySession, RequestContext
from api.web.forms import Choice, Field, Form
from api.web.pages import write
from divert.acts.act import Act
from divert.clock import london_date
from divert.law.rulebook import rulebook
from divert.models import Draw, Frame, Staff
from divert.people.identifiers import DISTRICTS
from divert.people.rights import LEADS, Subject, may_read
from divert.people.staff import Actor
from divert.scrutiny.draw import Publication
from divert.scrutiny.draw_commands import COORDINATES, DrawSample, FreezeFrame, PickCase, TopUpDraw
from divert.scrutiny.frame import (
    case_counts,
    drawn_cases,
    frame_publication,
    frames,
    get_draw,
    get_frame,
    publication_of,
    sizes_for,
)
from divert.scrutiny.opening import open_packs
from divert.scrutiny.population import CERTAINTY
from divert.scrutiny.proof import ALTOGETHER, Estimate, if_clean

router = APIRouter(tags=["panel"])


class OrderPage(NamedTuple):
    """How the page of a draw or a top-up is worded, and what it asks beside the sizes."""

    title: str
    purpose: str
    name: str
    asks: str
    hint: str


ORDER_PAGES: Mapping[type[Act], OrderPage] = {
    DrawSample: OrderPage(
        "Draw",
        "Agree on the sizes and read them out, then throw the dice: whoever knew the seed could choose sizes to suit"
        " it. A frame is drawn once.",
        "seed",
        "Seed",
        "At least 20 digits from several people, like ten-sided dice, entered as they were thrown.",
    ),
    TopUpDraw: OrderPage(
        "Top up",
        "More cases by the same tickets, from where the draw stopped. They come before the meeting that is open, or"
        " else the next. A top-up decided by what was found makes what the sample proves look surer than it is: say"
        " why.",
        "reason",
        "Reason",
        "It is published with the top-up. Name nobody.",
    ),
}


def _read_order(act: type[Act], posted: FormData, on: str | None) -> Data:
    """Sizes as they were typed, stratum by stratum, and what is asked beside them. Blank ones are none."""
    name = ORDER_PAGES[act].name
    sizes = {field.removeprefix("size-"): _text(posted, field) or "0" for field in posted if field.startswith("size-")}
    answer = _text(posted, name)
    data: Data = {"sizes": sizes, **({name: answer} if answer else {})}
    return {**data, "frame": on} if "frame" in act.model_fields else data


def _order_form(
    request: Request,
    context: RequestContext,
    offer: Offer,
    on: str | None,
    data: Data,
    errors: Errors | None = None,
    reasons: Sequence[str] = (),
    status: int = 422,
) -> Response:
    """Sizes, what a clean result of them would prove, and the seed or reason."""
    page, errors = ORDER_PAGES[offer.act], dict(errors or {})
    total = request.query_params.get("total", "")[:6]
    with context.reading(offer.act.by) as (session, actor):
        frame = get_frame(session, on or "")
        drawn = {} if offer.act is DrawSample else _drawn(session, frame.digest)
        typed = data.get("sizes")
        if typed is None:
            typed = dict.fromkeys(frame.strata, "0")
            if offer.act is DrawSample:
                typed = _first_sizes(frame, total, errors)
        fields = _size_fields(frame, typed, errors)
        clean = _clean_estimates(frame, drawn, typed)
        answer_field = Field(
            page.name,
            page.asks,
            page.hint,
            "text",
            True,
            value=data.get(page.name, ""),
            error=errors.get((page.name,)),
        )
        total_field = Field(
            "total",
            "Cases in all",
            "At least two of each stratum, and those marked whole; the rest in proportion.",
            "text",
            True,
            value=total,
            error=errors.get(("total",)),
            numeric=True,
        )
        field_names: dict[forms.Path, str] = {("sizes", stratum): field.name for stratum, field in fields.items()}
        return write(
            request,
            "draw.html",
            actor=actor,
            status=status if errors or reasons else 200,
            frame=frame,
            order=page,
            rows=[
                (stratum, count, drawn.get(stratum, 0), fields[stratum], clean.get(stratum))
                for stratum, count in case_counts(frame).items()
            ],
            whole=CERTAINTY,
            altogether=clean.get(ALTOGETHER),
            answer_field=answer_field,
            total_field=total_field if offer.act is DrawSample else None,
            errors=[
                *((field_names.get(place, str(place[0]) if place else ""), text) for place, text in errors.items()),
                *(("", reason) for reason in reasons),
            ],
        )


def _first_sizes(frame: Frame, total: str, errors: Errors) -> dict[str, str]:
    """The least that a draw may hold, or `total` cases allotted to the strata; what is wrong with that is added."""
    sizes = sizes_for(frame)
    if total:
        try:
            sizes = sizes_for(frame, _number(total))
        except ValueError as error:
            errors["total",] = str(error)
    return {stratum: str(size) for stratum, size in sizes.items()}


def _size_fields(frame: Frame, typed: Mapping[str, str], errors: Errors) -> dict[str, Field]:
    return {
        stratum: Field(
            name=f"size-{stratum}",
            title=f"{stratum.replace('_', ' ')}: to draw",
            hint="",
            kind="text",
            required=True,
            value=typed.get(stratum, "0"),
            error=errors.get(("sizes", stratum)),
            numeric=True,
        )
        for stratum in frame.strata
    }


def _clean_estimates(frame: Frame, drawn: Mapping[str, int], typed: Mapping[str, str]) -> dict[str, Estimate]:
    """What a clean result of sizes would prove, by stratum and altogether; nothing where a size will not do."""
    try:
        sizes = {stratum: drawn.get(stratum, 0) + _number(typed.get(stratum) or "0") for stratum in frame.strata}
        return if_clean(case_counts(frame), sizes)
    except ValueError:
        return {}


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise ValueError("Write a whole number, like 4.")
    return int(text)


def _text(posted: FormData, name: str) -> str:
    value = posted.get(name)
    return value.strip() if isinstance(value, str) else ""


def _drawn(session: Session, digest: str) -> dict[str, int]:
    """How many of each stratum were drawn already. Raises NoSuchFrame."""
    return {stratum: len(cases) for stratum, cases in drawn_cases(get_draw(session, digest)).items()}


def _rule_choices(
    session: Session, _subject: Any, _actor: Actor, _data: Data, context: RequestContext
) -> dict[str, Sequence[Choice]]:
    deciders = select(Staff).where(Staff.role.in_(LEADS)).order_by(Staff.name)
    offences = rulebook().offences.in_force(london_date(context.at)).values()
    return {
        "offences": [(offence.code, f"{offence.title} ({offence.code})") for offence in offences],
        "districts": list(DISTRICTS.items()),
        "deciders": [(lead.username, f"{lead.name}, {lead.role.label.lower()}") for lead in session.scalars(deciders)],
    }


def _publication(session: Session, draw: Draw, _context: RequestContext, _actor: Actor) -> Publication:
    return publication_of(get_frame(session, draw.frame_digest), draw)


def _after(_on: str | None, _result: Any) -> str:
    return "/panel/draws"


make_routes(
    router,
    Offer(
        FreezeFrame,
        "/api/panel/frames",
        "/panel/draws/freeze",
        response_model=FrameView,
        view=lambda _session, frame, _context, _actor: frame_view(frame, drawn=False),
        next_page=_after,
        status=201,
        choices=_rule_choices,
    ),
    Offer(
        DrawSample,
        "/api/panel/draws",
        "/panel/draws/{frame}/draw",
        response_model=Publication,
        view=_publication,
        next_page=_after,
        parameter=DIGEST,
        subject_of=lambda act: act.frame,
        status=201,
        read=_read_order,
        form_page=_order_form,
    ),
    Offer(
        TopUpDraw,
        "/api/panel/draws/{frame}/top-ups",
        "/panel/draws/{frame}/top-up",
        response_model=Publication,
        view=_publication,
        next_page=_after,
        parameter=DIGEST,
        status=201,
        read=_read_order,
        form_page=_order_form,
    ),
    Offer(
        PickCase,
        "/api/panel/draws/{frame}/picks",
        "/panel/draws/{frame}/pick",
        response_model=Publication,
        view=_publication,
        next_page=_after,
        parameter=DIGEST,
        status=201,
    ),
)


@router.get("/panel/draws", include_in_schema=False)
def draws_page(request: Request, context: BySession) -> Response:
    """Frames and draws, to be read."""
    with context.reading(Subject.draws) as (session, actor):
        return write(
            request,
            "draws.html",
            actor=actor,
            frames=[(frame_view(frame, draw is not None), draw) for frame, draw in frames(session)],
            opens=may_read(actor.role, Subject.drawn_packs),
            coordinates=actor.role in COORDINATES,
        )


@router.get("/panel/sizes", include_in_schema=False)
def sizes_page(request: Request, context: BySession) -> Response:
    """How large a sample must be, and what a clean one would prove."""
    with context.reading(Subject.draws) as (_, actor):
        form = Form(Sizing)
        data = form.read(FormData([*request.query_params.multi_items()]))
        errors: Errors = {}
        answer = None
        try:
            answer = answer_sizing(Sizing.model_validate(data)) if data else None
        except ValidationError as error:
            errors = forms.faults(error)
        questions = form.questions(data, errors)
        return write(
            request,
            "sizes.html",
            actor=actor,
            status=422 if errors else 200,
            questions=questions,
            answer=answer,
            errors=forms.summary(questions, errors),
        )


@router.get("/panel/draws/{digest}", include_in_schema=False)
def packs_page(request: Request, digest: Digest, context: BySession) -> Response:
    """The packs of one draw, to be read."""
    with context.writing(Subject.drawn_packs) as (session, actor):
        packs = open_packs(session, digest, actor, context.at)
        cut_off = get_frame(session, digest).cut_off
        return write(request, "packs.html", actor=actor, frame=digest, packs=packs, on=cut_off)


@router.get("/panel/draws/{digest}/published.json", include_in_schema=False)
def published_file(digest: Digest, context: BySession) -> Response:
    """The frame and, once it is drawn, what docs/redraw.py confirms, as a file to save and to publish."""
    with context.reading(Subject.draws) as (session, _):
        frame, draw = get_frame(session, digest), session.get(Draw, digest)
        publication = frame_publication(frame) if draw is None else publication_of(frame, draw)
        headers = {"Content-Disposition": f'attachment; filename="draw-{digest[:12]}.json"'}
        return JSONResponse(publication, headers=headers)
