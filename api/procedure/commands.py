"""One route for each command of the lifecycle, made by a loop: its class is the body, its row the description."""

# No `from __future__ import annotations` here: FastAPI reads each command's class from the route's signature.

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Header, Path, Response
from pydantic import BaseModel, Field, ValidationError
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError
from starlette.responses import JSONResponse

from api.procedure import idempotency
from api.procedure.lifecycle import describe
from api.web.context import ByToken, RequestContext
from api.web.problems import ProblemError, may_answer, unusable
from divert.casework.command import CaseCommand
from divert.casework.commands.record import CASE_REF
from divert.casework.commands.referral import Refer
from divert.casework.lifecycle import FOR_PEOPLE
from divert.casework.workflow import Receipt, perform
from divert.models import Case, LedgerEntry, State
from divert.worker.purge import KEYS_KEPT

router = APIRouter(tags=["commands"])

Ref = Annotated[str, Path(pattern=CASE_REF, max_length=16, description="The case.", examples=["D-19-0001"])]
IfMatch = Annotated[
    str | None,
    Header(
        pattern=r'^(\*|"\d{1,9}")$',
        description="The version of the case you decided on, as its ETag gives it. Where the case has moved on: 412. "
        "Left out, the command is carried out on the case as it is.",
        examples=['"3"'],
    ),
]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,120}$",
        description="Any text of your own, new for each thing to be done. Sent again with the same request, the first "
        "answer comes back, with `Idempotent-Replay: true`, and nothing is done twice. "
        f"A key is kept for {KEYS_KEPT.days} days.",
        examples=["0b9e4a5e-6a1e-4c8e-9d64-0a6a1d6d5f11"],
    ),
]


class Done(BaseModel):
    """What was done: the case as it now stands, and the hash of the ledger entry that says so."""

    ref: str = Field(examples=["D-19-0001"])
    state: State
    version: int = Field(ge=1, description="The number of the case's ledger entries. Its ETag.")
    receipt: str = Field(description="The hash of the new ledger entry. Keep it: it proves what was recorded.")


def carry_out(
    context: RequestContext, ref: str | None, command: CaseCommand, expected: int | None = None, key: str | None = None
) -> tuple[Receipt, bool]:
    """Perform and commit. Answers the receipt, and whether it is that of an earlier request with the same key.

    Raises what perform does; and Overtaken where another was quicker than any lock could tell.
    """
    try:
        with context.writing() as (session, actor):
            if key is None:
                return perform(session, ref, command, actor, context.at, expected), False
            earlier = idempotency.claim(
                session, actor, key, f"{context.request.url.path} {command.slug()}", command, context.at
            )
            if earlier is not None:
                return earlier, True
            receipt = perform(session, ref, command, actor, context.at, expected)
            idempotency.keep(session, actor, key, receipt)
            return receipt, False
    except (StaleDataError, IntegrityError) as race:
        if isinstance(race, IntegrityError) and LedgerEntry.__tablename__ not in str(race.orig):
            raise
        with context.reading() as (session, _):
            raise Overtaken(session.scalar(select(Case.version).where(Case.ref == ref))) from race


class Overtaken(ProblemError):
    """Somebody else was quicker, by less than the time it takes to do it."""

    def __init__(self, version: int | None) -> None:
        detail = "Somebody else changed this case in the same moment. Look at it again, then decide."
        super().__init__("overtaken", detail, version=version)

    def __str__(self) -> str:
        return self.problem.detail


def expected_version(if_match: str | None) -> int | None:
    """The version that an If-Match names; None for any."""
    return None if if_match in (None, "*") else int(str(if_match).strip('"'))


def _respond(
    context: RequestContext, ref: str | None, command: CaseCommand, if_match: str | None, key: str | None, status: int
) -> Response:
    try:
        receipt, replayed = carry_out(context, ref, command, expected_version(if_match), key)
    except ValidationError as error:
        raise unusable(error) from None
    headers = {"ETag": f'"{receipt.version}"'}
    if status == 201:
        headers["Location"] = f"/api/cases/{receipt.ref}"
    if replayed:
        headers["Idempotent-Replay"] = "true"
    return JSONResponse(
        {"ref": receipt.ref, "state": receipt.state, "version": receipt.version, "receipt": receipt.receipt},
        status,
        headers,
    )


def _route(command: type[CaseCommand]) -> Callable[..., Response]:
    def act(
        ref: Ref, body: CaseCommand, context: ByToken, if_match: IfMatch = None, key: IdempotencyKey = None
    ) -> Response:
        return _respond(context, ref, body, if_match, key, status=200)

    act.__annotations__["body"] = command
    return act


COMMON_PROBLEMS = (
    "malformed",
    "not-signed-in",
    "not-allowed",
    "refused",
    "overtaken",
    "too-large",
    "media-type",
    "invalid",
    "key-reused",
)
HEADERS = {
    "ETag": {"description": "The case's new version.", "schema": {"type": "string"}},
    "Idempotent-Replay": {"description": "true: done before, under this key.", "schema": {"type": "string"}},
}


@router.post(
    "/api/cases",
    status_code=201,
    summary=Refer.title(),
    description=describe(Refer),
    operation_id=Refer.slug(),
    response_model=Done,
    responses={
        201: {"headers": {**HEADERS, "Location": {"description": "The new case.", "schema": {"type": "string"}}}},
        **may_answer(*COMMON_PROBLEMS),
    },
)
def refer(body: Refer, context: ByToken, key: IdempotencyKey = None) -> Response:
    """Open a case."""
    return _respond(context, None, body, None, key, status=201)


for slug, command in FOR_PEOPLE.items():
    if command is not Refer:
        router.post(
            f"/api/cases/{{ref}}/commands/{slug}",
            summary=command.title(),
            description=describe(command),
            operation_id=slug,
            response_model=Done,
            responses={200: {"headers": HEADERS}, **may_answer(*COMMON_PROBLEMS, "not-found", "stale")},
        )(_route(command))
