"""The pages of frames and draws: freeze, weigh sizes, draw with the seed of the meeting, top up, pick, publish."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.responses import JSONResponse, RedirectResponse, Response

from api.panel.draws import Digest, Pick, Sizing, frame_view, told_plainly, worked_out
from api.web import forms
from api.web.context import BySession, RequestContext
from api.web.forms import Choice, Field, Form
from api.web.pages import write
from api.web.problems import ProblemError
from api.web.sign_in import Posted
from divert.clock import london_date
from divert.law.rulebook import rulebook
from divert.models import Draw, Frame, Staff
from divert.people.identifiers import DISTRICTS
from divert.people.rights import Subject, may_read
from divert.people.staff import Actor
from divert.scrutiny import additions
from divert.scrutiny import draw as sampling
from divert.scrutiny import frame as frames_of
from divert.scrutiny.frame import COORDINATES, AlreadyDrawn, FrameChanged, NoSuchFrame
from divert.scrutiny.opening import open_packs
from divert.scrutiny.population import CERTAINTY, DECIDES, FrameRule
from divert.scrutiny.proof import ALTOGETHER, Estimate, if_clean

router = APIRouter(include_in_schema=False)

Errors = dict[forms.Path, str]


class Order(NamedTuple):
    """What is typed beside the sizes: of a draw the seed, of a top-up the reason."""

    title: str
    purpose: str
    name: str
    asks: str
    hint: str


DRAW = Order(
    "Draw",
    "Agree on the sizes and read them out, then throw the dice: whoever knew the seed could choose sizes to suit it. A"
    " frame is drawn once.",
    "seed",
    "Seed",
    "At least 20 digits from several people, like ten-sided dice, entered as they were thrown.",
)
TOP_UP = Order(
    "Top up",
    "More cases by the same tickets, from where the draw stopped. They come before the meeting that is open, or else"
    " the next. A top-up decided by what was found makes what the sample proves look surer than it is: say why.",
    "reason",
    "Reason",
    "It is published with the top-up. Name nobody.",
)


@router.get("/panel/draws")
def draws_page(request: Request, context: BySession) -> Response:
    """Frames and draws, to be read."""
    with context.reading(Subject.draws) as (session, actor):
        found = [(frame_view(frozen, made is not None), made) for frozen, made in frames_of.frames(session)]
        return write(
            request,
            "draws.html",
            actor=actor,
            found=found,
            opens=may_read(actor.role, Subject.drawn_packs),
            coordinates=actor.role in COORDINATES,
        )


@router.get("/panel/sizes")
def sizes_page(request: Request, context: BySession) -> Response:
    """How large a sample must be, and what a clean one would prove."""
    with context.reading(Subject.draws) as (_, actor):
        form, asked = Form(Sizing), FormData([*request.query_params.multi_items()])
        data = form.read(asked)
        errors: Errors = {}
        worked = None
        try:
            worked = worked_out(Sizing.model_validate(data)) if data else None
        except ValidationError as error:
            errors = forms.faults(error)
        questions = form.questions(data, errors)
        return write(
            request,
            "sizes.html",
            actor=actor,
            status=422 if errors else 200,
            questions=questions,
            worked=worked,
            errors=forms.summary(questions, errors),
        )


@router.get("/panel/draws/freeze")
def freeze_form(request: Request, context: BySession) -> Response:
    """The form of a frame's rule."""
    with context.reading(COORDINATES) as (session, actor):
        return _rule_form(request, session, actor, context, {})


@router.post("/panel/draws/freeze")
def freeze(request: Request, form: Posted, context: BySession) -> Response:
    """Freeze it."""
    with context.writing(COORDINATES) as (session, actor):
        data = Form(FrameRule).read(form)
        if forms.redraws(form):
            return _rule_form(request, session, actor, context, data)
        try:
            frames_of.freeze(session, FrameRule.model_validate(data), actor, context.at)
        except ValidationError as error:
            return _rule_form(request, session, actor, context, data, forms.faults(error))
        except ValueError as wrong:
            return _rule_form(request, session, actor, context, data, {(): str(wrong)})
    return RedirectResponse("/panel/draws", 303)


@router.get("/panel/draws/{frame}")
def packs_page(request: Request, frame: Digest, context: BySession) -> Response:
    """The packs of one draw, to be read."""
    with context.writing(Subject.drawn_packs) as (session, actor), told_plainly():
        packs = open_packs(session, frame, actor, context.at)
        cut_off = frames_of.frame(session, frame).cut_off
        return write(request, "packs.html", actor=actor, frame=frame, packs=packs, on=cut_off)


@router.get("/panel/draws/{frame}/published.json")
def published_file(frame: Digest, context: BySession) -> Response:
    """The frame and, once it is drawn, what docs/redraw.py confirms, as a file to save and to publish."""
    with context.reading(Subject.draws) as (session, _), told_plainly():
        frozen, made = frames_of.frame(session, frame), session.get(Draw, frame)
        said = frames_of.frame_publication(frozen) if made is None else frames_of.publication_of(frozen, made)
        named = {"Content-Disposition": f'attachment; filename="draw-{frame[:12]}.json"'}
        return JSONResponse(said, headers=named)


@router.get("/panel/draws/{frame}/draw")
def draw_form(
    request: Request, frame: Digest, context: BySession, total: Annotated[str, Query(max_length=6)] = ""
) -> Response:
    """What sizes would prove, and the seed."""
    with context.reading(COORDINATES) as (session, actor), told_plainly():
        frozen = frames_of.frame(session, frame)
        errors: Errors = {}
        sizes = frames_of.sizes_for(frozen)
        try:
            sizes = frames_of.sizes_for(frozen, _number(total)) if total else sizes
        except ValueError as wrong:
            errors["total",] = str(wrong)
        return _order_form(request, actor, frozen, {}, DRAW, _as_typed(sizes), "", errors, total)


@router.post("/panel/draws/{frame}/draw")
def draw(request: Request, frame: Digest, form: Posted, context: BySession) -> Response:
    """Draw; or say what the sizes would prove, and draw nothing."""
    return _ordered(request, frame, form, context, DRAW)


@router.get("/panel/draws/{frame}/top-up")
def top_up_form(request: Request, frame: Digest, context: BySession) -> Response:
    """How many more."""
    with context.reading(COORDINATES) as (session, actor), told_plainly():
        frozen, had = frames_of.frame(session, frame), _had(session, frame)
        return _order_form(request, actor, frozen, had, TOP_UP, dict.fromkeys(frozen.strata, "0"), "")


@router.post("/panel/draws/{frame}/top-up")
def top_up(request: Request, frame: Digest, form: Posted, context: BySession) -> Response:
    """Top up; or say what it would prove, and draw nothing."""
    return _ordered(request, frame, form, context, TOP_UP)


@router.get("/panel/draws/{frame}/pick")
def pick_form(request: Request, frame: Digest, context: BySession) -> Response:
    """Which case, and why."""
    with context.reading(COORDINATES) as (session, actor), told_plainly():
        frames_of.drawn_from(session, frame)
        return _form(request, actor, "Pick a case", Pick, {})


@router.post("/panel/draws/{frame}/pick")
def pick(request: Request, frame: Digest, form: Posted, context: BySession) -> Response:
    """Put it beside the draw."""
    with context.writing(COORDINATES) as (session, actor):
        data = Form(Pick).read(form)
        if forms.redraws(form):
            return _form(request, actor, "Pick a case", Pick, data)
        try:
            chosen = Pick.model_validate(data)
            additions.pick(session, frame, chosen.case, chosen.theme, actor, context.at)
        except NoSuchFrame as none:
            raise ProblemError("not-found", str(none)) from None
        except ValidationError as error:
            return _form(request, actor, "Pick a case", Pick, data, forms.faults(error))
        except ValueError as wrong:
            return _form(request, actor, "Pick a case", Pick, data, {("case",): str(wrong)})
    return RedirectResponse("/panel/draws", 303)


def _ordered(request: Request, frame: str, form: FormData, context: RequestContext, order: Order) -> Response:
    with context.writing(COORDINATES) as (session, actor):
        with told_plainly():
            frozen = frames_of.frame(session, frame)
            had = {} if order is DRAW else _had(session, frame)
        typed = {stratum: str(form.get(f"size-{stratum}") or "").strip() for stratum in frozen.strata}
        said = str(form.get(order.name) or "").strip()
        sizes, errors = _sizes(frozen, had, typed)
        if form.get("weigh") or forms.redraws(form):
            return _order_form(request, actor, frozen, had, order, typed, said, errors)
        if order is DRAW:
            try:
                sampling.validate_seed(said)
            except ValueError as wrong:
                errors["seed",] = str(wrong)
        elif not 0 < len(said) <= 300:
            errors["reason",] = "Say why, in at most 300 characters."
        if not errors:
            try:
                if order is DRAW:
                    frames_of.draw_sample(session, frame, said, sizes, actor, context.at)
                else:
                    additions.top_up(session, frame, sizes, said, actor, context.at)
                return RedirectResponse("/panel/draws", 303)
            except (AlreadyDrawn, FrameChanged) as refusal:
                raise ProblemError("refused", str(refusal)) from None
            except ValueError as wrong:
                errors[()] = str(wrong)
        return _order_form(request, actor, frozen, had, order, typed, said, errors)


def _order_form(
    request: Request,
    actor: Actor,
    frozen: Frame,
    had: Mapping[str, int],
    order: Order,
    typed: Mapping[str, str],
    said: str,
    errors: Errors | None = None,
    total: str = "",
) -> Response:
    """Sizes, what a clean result of them would prove, and the seed or reason."""
    errors = errors or {}
    cases, unusable = frames_of.cases_in(frozen), any(str(path[0]).startswith("size-") for path in errors if path)
    proves: dict[str, Estimate] = {}
    if not unusable:
        proves = if_clean(cases, {one: had.get(one, 0) + _number(typed[one] or "0") for one in cases})
    fields = {
        stratum: Field(
            name=f"size-{stratum}",
            title=f"{stratum.replace('_', ' ')}: to draw",
            hint="",
            kind="text",
            required=True,
            value=typed[stratum],
            error=errors.get((f"size-{stratum}",)),
            figures=True,
        )
        for stratum in cases
    }
    asked = Field(order.name, order.asks, order.hint, "text", True, value=said, error=errors.get((order.name,)))
    many = Field(
        "total",
        "Cases in all",
        "At least two of each stratum, and those marked whole; the rest in proportion.",
        "text",
        True,
        value=total,
        error=errors.get(("total",)),
        figures=True,
    )
    return write(
        request,
        "draw.html",
        actor=actor,
        status=422 if errors else 200,
        frame=frozen,
        order=order,
        rows=[(one, count, had.get(one, 0), fields[one], proves.get(one)) for one, count in cases.items()],
        whole=CERTAINTY,
        altogether=proves.get(ALTOGETHER),
        asked=asked,
        many=many if order is DRAW else None,
        errors=[(str(path[0]) if path else "", text) for path, text in errors.items()],
    )


def _sizes(frozen: Frame, had: Mapping[str, int], typed: Mapping[str, str]) -> tuple[dict[str, int], Errors]:
    """The sizes as numbers, and what is wrong with them."""
    sizes: dict[str, int] = {}
    errors: Errors = {}
    for stratum, count in frames_of.cases_in(frozen).items():
        left = count - had.get(stratum, 0)
        try:
            sizes[stratum] = _number(typed[stratum] or "0")
        except ValueError as wrong:
            errors[f"size-{stratum}",] = str(wrong)
            continue
        if sizes[stratum] > left:
            errors[f"size-{stratum}",] = f"{stratum.replace('_', ' ').capitalize()}: at most {left} can be drawn."
    return sizes, errors


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise ValueError("Write a whole number, like 4.")
    return int(text)


def _as_typed(sizes: Mapping[str, int]) -> dict[str, str]:
    return {stratum: str(size) for stratum, size in sizes.items()}


def _had(session: Session, frame: str) -> dict[str, int]:
    """How many of each stratum were drawn already. Raises NoSuchFrame."""
    return {one: len(each) for one, each in frames_of.drawn_in_all(frames_of.drawn_from(session, frame)).items()}


def _rule_form(
    request: Request,
    session: Session,
    actor: Actor,
    context: RequestContext,
    data: Mapping[str, Any],
    errors: Errors | None = None,
) -> Response:
    deciders = select(Staff).where(Staff.role.in_(DECIDES)).order_by(Staff.name)
    offences = rulebook().offences.in_force(london_date(context.at)).values()
    choices: dict[str, Sequence[Choice]] = {
        "offences": [(one.code, f"{one.title} ({one.code})") for one in offences],
        "districts": list(DISTRICTS.items()),
        "deciders": [(one.username, f"{one.name}, {one.role.label.lower()}") for one in session.scalars(deciders)],
    }
    return _form(request, actor, "Freeze a frame", FrameRule, data, errors, choices)


def _form(
    request: Request,
    actor: Actor,
    title: str,
    model: type[BaseModel],
    data: Mapping[str, Any],
    errors: Errors | None = None,
    choices: Mapping[str, Sequence[Choice]] | None = None,
) -> Response:
    """The form of a model, with what was typed and what is wrong with it."""
    questions = Form(model, choices or {}).questions(data, errors)
    return write(
        request,
        "business.html",
        actor=actor,
        status=422 if errors else 200,
        title=title,
        purpose=model.__doc__,
        back="/panel/draws",
        questions=questions,
        errors=forms.summary(questions, errors or {}),
    )
