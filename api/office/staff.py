"""Staff: who may act, in which post, with how many open cases; taken on, moved, let go."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.procedure.acts import NAME, Data, Errors, Offer, make_routes
from api.web import forms
from api.web.context import BySession, ByToken, RequestContext
from api.web.forms import Choice, Form
from api.web.pages import write
from api.web.problems import may_answer
from divert.acts.act import Act, ActContext
from divert.acts.refusals import Refused
from divert.models import OPEN, Case, Role, Staff
from divert.models.case import in_states
from divert.office.staff import AddStaff, ChangePost, EndPost, TakeBack
from divert.people.rights import KEYWORKERS, POSTS, Subject
from divert.people.staff import Actor

router = APIRouter(tags=["staff"])

DONE: dict[type[Act], str] = {
    AddStaff: "was taken on",
    ChangePost: "has another post",
    EndPost: "has left",
    TakeBack: "is back",
}
CHOICES: dict[str, Sequence[Choice]] = {"posts": [(role.value, role.label) for role in POSTS]}


class StaffView(BaseModel):
    """A member of staff."""

    username: str
    name: str
    role: Role
    active: bool


def staff_view(person: Staff) -> StaffView:
    """As JSON shows it."""
    return StaffView(username=person.username, name=person.name, role=person.role, active=person.active)


@router.get("/api/staff", summary="List staff", responses=may_answer("not-signed-in", "not-allowed"))
def list_staff(context: ByToken) -> list[StaffView]:
    """Everyone who works here, or did."""
    with context.reading(Subject.staff) as (session, _):
        return [staff_view(person) for person in _all_staff(session)]


def _shown(_session: Session, person: Staff, _context: RequestContext, _actor: Actor) -> StaffView:
    return staff_view(person)


def _choices(*_: Any) -> dict[str, Sequence[Choice]]:
    return CHOICES


def _page(
    request: Request,
    context: RequestContext,
    _offer: Offer | None,
    _on: str | None,
    data: Data,
    errors: Errors | None = None,
    reasons: Sequence[str] = (),
    status: int = 422,
) -> Response:
    """Everyone, the cases of those who can no longer see to them, and where somebody is taken on."""
    with context.reading(Subject.staff) as (session, actor):
        staff = _all_staff(session)
        case_counts = _open_case_counts(session)
        stranded = [
            person
            for person in staff
            if person.username in case_counts and not (person.active and person.role in KEYWORKERS)
        ]
        faults = {str(place[0]) if place else "": sentence for place, sentence in (errors or {}).items()}
        return write(
            request,
            "staff.html",
            actor=actor,
            status=status if errors or reasons else 200,
            done=_done(request, staff),
            here=[person for person in staff if person.active],
            left=[person for person in staff if not person.active],
            case_counts=case_counts,
            stranded=[(person, _open_cases(session, person.username)) for person in stranded],
            posts=POSTS,
            keyworkers=KEYWORKERS,
            offers=[offer for offer in OFFERS if offer.own_page],
            typed={name: data.get(name, "") for name in AddStaff.model_fields},
            faults=faults,
            errors=[
                *forms.summary(Form(AddStaff, CHOICES).questions({}, errors), errors or {}),
                *(("", reason) for reason in reasons),
            ],
        )


def _done(request: Request, staff: Sequence[Staff]) -> str | None:
    """What was done, as the address says: to somebody who is known here."""
    slug, username = request.query_params.get("done"), request.query_params.get("who")
    done = next((words for act, words in DONE.items() if act.slug() == slug), None)
    return f"{username} {done}." if done and username in {person.username for person in staff} else None


def _leave_page(
    request: Request, context: RequestContext, offer: Offer, on: str | None, _data: Data, *_: Any, **__: Any
) -> Response:
    """What letting somebody go leaves behind, before it is done."""
    with context.reading(offer.act.by) as (session, actor):
        act_context = ActContext(session, actor, context.at)
        person = EndPost.find(on, act_context)
        if reasons := list(EndPost().refusals(person, act_context)):
            raise Refused(reasons)
        return write(request, "leave.html", actor=actor, person=person, cases=_open_cases(session, person.username))


def _after(act: type[Act]) -> Any:
    def after(_on: str | None, person: Staff | None) -> str:
        return f"/staff?done={act.slug()}&who={person.username}" if person else "/staff"

    return after


def _offer(act: type[Act], path: str, **options: Any) -> Offer:
    """Something done to one of the staff: its form stands on the page of all."""
    return Offer(
        act,
        f"/api/staff/{{username}}/{path}",
        f"/staff/{{username}}/{path}",
        response_model=StaffView,
        view=_shown,
        next_page=_after(act),
        parameter=NAME,
        choices=_choices,
        **options,
    )


OFFERS = (
    _offer(ChangePost, "post", own_page=False),
    _offer(EndPost, "leave", form_page=_leave_page),
    _offer(TakeBack, "return", own_page=False),
)
"""What is done to one of them. What has a page of its own is offered beside everyone who is here."""

make_routes(
    router,
    Offer(
        AddStaff,
        "/api/staff",
        "/staff",
        response_model=StaffView,
        view=_shown,
        next_page=_after(AddStaff),
        status=201,
        choices=_choices,
        read=lambda act, posted, _on: Form(act, CHOICES).read(posted),
        form_page=_page,
        own_page=False,
    ),
    *OFFERS,
)


@router.get("/staff", include_in_schema=False)
def staff_page(request: Request, context: BySession) -> Response:
    """Everyone, and the cases of those who can no longer see to them."""
    return _page(request, context, None, None, {})


def _all_staff(session: Session) -> Sequence[Staff]:
    return session.scalars(select(Staff).where(Staff.role.in_(POSTS)).order_by(Staff.name, Staff.username)).all()


def _open_case_counts(session: Session) -> dict[str, int]:
    """How many open cases each keyworker holds."""
    query = select(Case.keyworker, func.count()).where(text(in_states(OPEN)), Case.keyworker.is_not(None))
    return {str(username): count for username, count in session.execute(query.group_by(Case.keyworker))}


def _open_cases(session: Session, username: str) -> list[Any]:
    """The open cases that somebody holds, the nearest deadline first."""
    query = select(Case.ref, Case.state, Case.due_on).where(text(in_states(OPEN)), Case.keyworker == username)
    return list(session.execute(query.order_by(Case.due_on, Case.id)).all())
