"""The JSON route and the form of every act on what is no case, made by one loop from its class.

A wing says of each act where it is done (`Offer`): the addresses, what the answer shows, where a person goes on. What
is asked, who may, what refuses it and what it does is the act's own affair.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from pydantic import ValidationError
from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from api.web import forms
from api.web.context import BySession, ByToken, RequestContext
from api.web.forms import Choice, Form
from api.web.pages import write
from api.web.problems import may_answer
from api.web.sign_in import posted_form_with
from divert.acts.act import Act, ActContext, perform, prepare
from divert.acts.refusals import Refused, Unusable
from divert.people.staff import Actor

Errors = dict[forms.Path, str]
Data = dict[str, Any]

DIGEST = Path(pattern=r"^[0-9a-f]{64}$", description="The SHA-256 that names it.", examples=["0" * 64])
NUMBER = Path(pattern=r"^[1-9][0-9]{0,9}$", description="Its number.", examples=["1"])
NAME = Path(max_length=60, description="The username.", examples=["keyworker"])


Choices = Callable[[Session, Any, Actor, Data, RequestContext], Mapping[str, Sequence[Choice]]]
"""What may be chosen in a form: of what the act is done to, by whom, with what is answered already."""


def no_choices(*_: Any) -> dict[str, Sequence[Choice]]:
    """Nothing of it is chosen from what is on record."""
    return {}


def read_answers(act: type[Act], posted: FormData, _on: str | None) -> Data:
    """The answers of a posted form, as its questions are named."""
    return Form(act).read(posted)


@dataclass(frozen=True)
class Offer:
    """Where an act is done over HTTP. Both addresses may hold one parameter, the public id of what it is done to."""

    act: type[Act]
    api: str
    page: str
    response_model: Any
    """The model of the JSON answer."""

    view: Callable[[Session, Any, RequestContext, Actor], Any]
    """That answer, of what the act came to."""

    next_page: Callable[[str | None, Any], str]
    """Where a person goes on: of what it was done to, and what it came to (None: nothing was done)."""

    parameter: Any = None
    """What the parameter must look like."""

    subject_of: Callable[[Any], str | None] | None = None
    """Where the body itself names what it is done to."""

    status: int = 200
    choices: Choices = no_choices
    read: Callable[[type[Act], FormData, str | None], Data] = read_answers
    form_page: Callable[..., Response] | None = None
    """The page that holds the form, where it has more to show than the form: as `act_form`."""

    prefills: tuple[str, ...] = ()
    """Questions whose answer a link to the form may bring."""

    about: Callable[[Any], str] | None = None
    """What it is done to, in words, after what it is for."""

    own_page: bool = True
    """False where the form stands on a page that is read, which its wing makes."""

    files: int = 0


def carry_out(
    context: RequestContext,
    act: Act,
    on: str | None,
    shown: Callable[[Session, Any, RequestContext, Actor], Any] | None = None,
) -> Any:
    """Perform and commit; what the act came to, or what `shown` makes of it. What takes long is prepared before."""
    prepared = None
    if act.prepares:
        with context.reading() as (session, actor):
            prepared = prepare(session, act, actor, context.at, on)
    with context.writing() as (session, actor):
        result = perform(session, act, actor, context.at, on, prepared)
        return shown(session, result, context, actor) if shown else result


def make_routes(router: APIRouter, *offers: Offer) -> None:
    """For each offer a JSON route, its form, and what takes the form."""
    for offer in offers:
        answers = ["malformed", "not-signed-in", "not-allowed", "refused", "too-large", "media-type", "invalid"]
        if offer.parameter is not None or offer.subject_of is not None:
            answers.append("not-found")
        router.post(
            offer.api,
            status_code=offer.status,
            summary=offer.act.title(),
            description=offer.act.__doc__,
            operation_id=offer.act.slug(),
            response_model=offer.response_model,
            responses=may_answer(*answers),
        )(_route(offer))
        if offer.own_page:
            router.get(offer.page, include_in_schema=False)(_form_page(offer))
        router.post(offer.page, include_in_schema=False)(_form_route(offer))


def _route(offer: Offer) -> Callable[..., Any]:
    def act(body: Act, context: RequestContext, **path: str) -> Any:
        on = offer.subject_of(body) if offer.subject_of else _on(path)
        return carry_out(context, body, on, offer.view)

    return _with_signature(act, offer, offer.api, body=offer.act, context=ByToken)


def _form_page(offer: Offer) -> Callable[..., Response]:
    def page(request: Request, context: RequestContext, **path: str) -> Response:
        data = {name: request.query_params[name][:60] for name in offer.prefills if name in request.query_params}
        return (offer.form_page or act_form)(request, context, offer, _on(path), data)

    return _with_signature(page, offer, offer.page, request=Request, context=BySession)


def _form_route(offer: Offer) -> Callable[..., Response]:
    def submit(request: Request, context: RequestContext, form: FormData, **path: str) -> Response:
        return submit_form(request, context, offer, form, _on(path))

    form = Annotated[FormData, Depends(posted_form_with(offer.files))]
    return _with_signature(submit, offer, offer.page, request=Request, form=form, context=BySession)


def _on(path: Mapping[str, str]) -> str | None:
    """The one parameter of an address; None where it has none."""
    return next(iter(path.values()), None)


def _with_signature(endpoint: Callable[..., Any], offer: Offer, address: str, **annotations: Any) -> Callable[..., Any]:
    """The endpoint with the parameters of this offer, and that of its address, for FastAPI to read."""
    if parameter := address.partition("{")[2].partition("}")[0]:
        annotations[parameter] = Annotated[str, offer.parameter]
    stated = inspect.signature(endpoint).parameters
    endpoint.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # as FastAPI reads it
        [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=stated[name].default if name in stated else inspect.Parameter.empty,
                annotation=annotation,
            )
            for name, annotation in annotations.items()
        ]
    )
    endpoint.__name__ = offer.act.slug().replace("-", "_")
    return endpoint


def submit_form(request: Request, context: RequestContext, offer: Offer, form: FormData, on: str | None) -> Response:
    """Take a posted form: done, and on to where one goes from there; or shown again with what stands against it."""
    again = offer.form_page or act_form
    data = offer.read(offer.act, form, on)
    if forms.redraws(form):
        return again(request, context, offer, on, data)
    if errors := forms.contradictions(data, form):
        return again(request, context, offer, on, data, errors)
    try:
        result = carry_out(context, offer.act.model_validate(data), on)
    except ValidationError as error:
        return again(request, context, offer, on, data, forms.faults(error))
    except Unusable as unusable:
        return again(request, context, offer, on, data, {**unusable.faults})
    except Refused as refused:
        reasons = [sentence for _, sentence in refused.reasons]
        return again(request, context, offer, on, data, reasons=reasons, status=409)
    return RedirectResponse(offer.next_page(on, result), 303)


def act_form(
    request: Request,
    context: RequestContext,
    offer: Offer,
    on: str | None,
    data: Data,
    errors: Errors | None = None,
    reasons: Sequence[str] = (),
    status: int = 422,
) -> Response:
    """The form of an act by itself, with what was typed and what stands against it."""
    act = offer.act
    with context.reading(act.by) as (session, actor):
        subject = act.find(on, ActContext(session, actor, context.at))
        questions = Form(act, offer.choices(session, subject, actor, data, context)).questions(data, errors)
        return write(
            request,
            "act.html",
            actor=actor,
            status=status if errors or reasons else 200,
            title=act.title(),
            purpose=f"{act.__doc__} {offer.about(subject)}" if offer.about else act.__doc__,
            back=offer.next_page(on, None),
            questions=questions,
            errors=[*forms.summary(questions, errors or {}), *(("", reason) for reason in reasons)],
        )
