"""The scrutiny panel's side: frames frozen before any seed, the draw on each and what is added to it, the packs."""

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from sqlalchemy.orm import Session

from api.procedure.acts import DIGEST
from api.web.context import ByToken
from api.web.problems import FieldFault, invalid, may_answer
from divert.acts.answers import fault
from divert.models import Draw, Frame
from divert.people.rights import Subject
from divert.scrutiny import frame as frames_of
from divert.scrutiny.draw import Publication
from divert.scrutiny.draw_commands import Total
from divert.scrutiny.opening import OpenedPack, open_pack, open_packs
from divert.scrutiny.proof import if_clean, least_sample

router = APIRouter(tags=["panel"])

Digest = Annotated[str, DIGEST]

RATES = (1, 2, 5, 10, 20)
"""So many inappropriate in a hundred, for which the smallest sample is worked out."""


class FrameView(BaseModel):
    """A frozen frame. Publish `digest` before the seed is made: then neither can be moved to suit the other."""

    digest: str
    rule: str
    cut_off: date
    strata: dict[str, list[str]] = Field(description="Random case ids by stratum, sorted.")
    frozen_at: datetime
    frozen_by: str
    drawn: bool


def _whole(given: object) -> object:
    """A number, as an address holds it."""
    return int(given) if isinstance(given, str) and given.isdecimal() else given


class Sizing(BaseModel):
    """A question about sizes, of one stratum or a whole frame."""

    model_config = ConfigDict(extra="forbid")

    cases: int = Field(title="Cases to draw from", ge=1, le=1_000_000, examples=[200])
    drawn: int | None = Field(
        default=None, title="Cases drawn", ge=0, le=1_000_000, description="To see what finding nothing would prove."
    )
    confidence: Annotated[Literal[90, 95, 99], BeforeValidator(_whole)] = Field(
        default=95, title="How certain, in per cent"
    )

    @model_validator(mode="after")
    def _within(self) -> "Sizing":
        if self.drawn is not None and self.drawn > self.cases:
            raise fault("More are drawn than there are: give at most the number of cases.")
        return self


class Worked(BaseModel):
    """The answer: the smallest samples, and what a clean one would prove."""

    smallest: dict[int, int] = Field(
        description="The smallest sample that shows at least one, by how many in 100 are inappropriate."
    )
    if_clean: str | None = Field(description="What finding nothing among those drawn would prove.")


def worked_out(sizing: Sizing) -> Worked:
    """The answer to a question about sizes."""
    confidence = sizing.confidence / 100
    return Worked(
        smallest={rate: least_sample(sizing.cases, -(-sizing.cases * rate // 100), confidence) for rate in RATES},
        if_clean=None
        if sizing.drawn is None
        else if_clean({"": sizing.cases}, {"": sizing.drawn}, confidence)[""].says,
    )


class Plan(BaseModel):
    """Sizes, and what a clean result of them would prove, with 95% confidence."""

    sizes: dict[str, int]
    if_clean: dict[str, str] = Field(description="By stratum, and altogether: the sentence that it would allow.")


class DrawnView(BaseModel):
    """A draw that was made."""

    frame: str = Field(description="The frame's SHA-256.")
    rule: str
    cut_off: date
    seed: str
    sizes: dict[str, int]
    at: datetime
    by: str


def frame_view(frozen: Frame, drawn: bool) -> FrameView:
    """A frame, to be shown."""
    columns = {name: getattr(frozen, name) for name in FrameView.model_fields if name != "drawn"}
    return FrameView(**columns, drawn=drawn)


def drawn_view(frozen: Frame, made: Draw) -> DrawnView:
    """A draw, to be shown."""
    return DrawnView(
        frame=frozen.digest,
        rule=frozen.rule,
        cut_off=frozen.cut_off,
        seed=made.seed,
        sizes=made.sizes,
        at=made.at,
        by=made.by,
    )


READ = ("not-signed-in", "not-allowed")


@router.get("/api/panel/frames", summary="List frames", responses=may_answer(*READ))
def list_frames(context: ByToken) -> list[FrameView]:
    """Every frame, the latest first."""
    with context.reading(Subject.draws) as (session, _):
        return [frame_view(frozen, made is not None) for frozen, made in frames_of.frames(session)]


def published(session: Session, frame: str) -> Publication:
    """What was published of a draw. Raises NoSuchFrame where there is none."""
    return frames_of.publication_of(frames_of.frame(session, frame), frames_of.drawn_from(session, frame))


@router.get("/api/panel/sizes", summary="Work out sizes", responses=may_answer(*READ, "invalid"))
def work_out_sizes(sizing: Annotated[Sizing, Query()], context: ByToken) -> Worked:
    """How large a sample must be to show what there is, and what a clean one would prove; of any number of cases."""
    with context.reading(Subject.draws):
        return worked_out(sizing)


@router.get(
    "/api/panel/frames/{frame}/sizes", summary="Weigh sizes", responses=may_answer(*READ, "not-found", "invalid")
)
def weigh_sizes(frame: Digest, total: Annotated[Total, Query()], context: ByToken) -> Plan:
    """Before the draw: how a total is allotted to the strata, and what finding nothing would prove."""
    with context.reading(Subject.draws) as (session, _):
        frozen = frames_of.frame(session, frame)
        try:
            sizes = frames_of.sizes_for(frozen, total)
        except ValueError as wrong:
            raise invalid([FieldFault(parameter="total", detail=str(wrong))]) from None
        found = if_clean(frames_of.cases_in(frozen), sizes)
        return Plan(sizes=sizes, if_clean={stratum: one.says for stratum, one in found.items()})


@router.get("/api/panel/draws", summary="List draws", responses=may_answer(*READ))
def list_draws(context: ByToken) -> list[DrawnView]:
    """Every draw, that of the latest frame first."""
    with context.reading(Subject.draws) as (session, _):
        return [drawn_view(frozen, made) for frozen, made in frames_of.frames(session) if made is not None]


@router.get("/api/panel/draws/{frame}", summary="Read a draw", responses=may_answer(*READ, "not-found"))
def read_draw(frame: Digest, context: ByToken) -> Publication:
    """What was published: docs/redraw.py confirms it."""
    with context.reading(Subject.draws) as (session, _):
        return published(session, frame)


@router.get("/api/panel/draws/{frame}/packs", summary="Read packs", responses=may_answer(*READ, "not-found"))
def read_packs(frame: Digest, context: ByToken) -> list[OpenedPack]:
    """Every case drawn, as it was known when it left the scheme's hands, and nobody's name."""
    with context.writing(Subject.drawn_packs) as (session, actor):
        return open_packs(session, frame, actor, context.at)


@router.get("/api/panel/draws/{frame}/packs/{pack}", summary="Read one pack", responses=may_answer(*READ, "not-found"))
def read_pack(
    frame: Digest, pack: Annotated[str, Path(max_length=40, examples=["completed-1"])], context: ByToken
) -> OpenedPack:
    """One case drawn, by its number in the sample."""
    with context.writing(Subject.drawn_packs) as (session, actor):
        return open_pack(session, frame, pack, actor, context.at)
