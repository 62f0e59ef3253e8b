"""The scrutiny panel's side: frames frozen before any seed, the draw on each and what is added to it, the packs."""

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from api.procedure.acts import DIGEST
from api.web.context import ByToken
from api.web.problems import FieldFault, invalid, may_answer
from divert.acts.answers import fault
from divert.models import Draw, Frame
from divert.people.rights import Subject
from divert.scrutiny.draw import Publication
from divert.scrutiny.draw_commands import Total
from divert.scrutiny.frame import case_counts, frames, get_draw, get_frame, publication_of, sizes_for
from divert.scrutiny.opening import OpenedPack, open_pack, open_packs
from divert.scrutiny.proof import ALTOGETHER, if_clean, least_sample

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


def _number(value: object) -> object:
    """A number, as an address holds it."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


class Sizing(BaseModel):
    """A question about sizes, of one stratum or a whole frame."""

    model_config = ConfigDict(extra="forbid")

    cases: int = Field(title="Cases to draw from", ge=1, le=1_000_000, examples=[200])
    drawn: int | None = Field(
        default=None, title="Cases drawn", ge=0, le=1_000_000, description="To see what finding nothing would prove."
    )
    confidence: Annotated[Literal[90, 95, 99], BeforeValidator(_number)] = Field(
        default=95, title="How certain, in per cent"
    )

    @model_validator(mode="after")
    def _drawn_from_cases(self) -> "Sizing":
        if self.drawn is not None and self.drawn > self.cases:
            raise fault("More are drawn than there are: give at most the number of cases.")
        return self


class SizingAnswer(BaseModel):
    """The answer: the smallest samples, and what a clean one would prove."""

    smallest: dict[int, int] = Field(
        description="The smallest sample that shows at least one, by how many in 100 are inappropriate."
    )
    if_clean: str | None = Field(description="What finding nothing among those drawn would prove.")


def answer_sizing(sizing: Sizing) -> SizingAnswer:
    """The answer to a question about sizes."""
    confidence = sizing.confidence / 100
    clean = None
    if sizing.drawn is not None:
        clean = if_clean({"": sizing.cases}, {"": sizing.drawn}, confidence)[ALTOGETHER].says
    return SizingAnswer(
        smallest={rate: least_sample(sizing.cases, -(-sizing.cases * rate // 100), confidence) for rate in RATES},
        if_clean=clean,
    )


class Plan(BaseModel):
    """Sizes, and what a clean result of them would prove, with 95% confidence."""

    sizes: dict[str, int]
    if_clean: dict[str, str] = Field(description="By stratum, and altogether: the sentence that it would allow.")


class DrawView(BaseModel):
    """A draw that was made."""

    frame: str = Field(description="The frame's SHA-256.")
    rule: str
    cut_off: date
    seed: str
    sizes: dict[str, int]
    at: datetime
    by: str


def frame_view(frame: Frame, drawn: bool) -> FrameView:
    """A frame, to be shown."""
    return FrameView(
        digest=frame.digest,
        rule=frame.rule,
        cut_off=frame.cut_off,
        strata=frame.strata,
        frozen_at=frame.frozen_at,
        frozen_by=frame.frozen_by,
        drawn=drawn,
    )


def draw_view(frame: Frame, draw: Draw) -> DrawView:
    """A draw, to be shown."""
    return DrawView(
        frame=frame.digest,
        rule=frame.rule,
        cut_off=frame.cut_off,
        seed=draw.seed,
        sizes=draw.sizes,
        at=draw.at,
        by=draw.by,
    )


READ = ("not-signed-in", "not-allowed")


@router.get("/api/panel/frames", summary="List frames", responses=may_answer(*READ))
def list_frames(context: ByToken) -> list[FrameView]:
    """Every frame, the latest first."""
    with context.reading(Subject.draws) as (session, _):
        return [frame_view(frame, draw is not None) for frame, draw in frames(session)]


@router.get("/api/panel/sizes", summary="Work out sizes", responses=may_answer(*READ, "invalid"))
def work_out_sizes(sizing: Annotated[Sizing, Query()], context: ByToken) -> SizingAnswer:
    """How large a sample must be to show what there is, and what a clean one would prove; of any number of cases."""
    with context.reading(Subject.draws):
        return answer_sizing(sizing)


@router.get(
    "/api/panel/frames/{frame}/sizes", summary="Weigh sizes", responses=may_answer(*READ, "not-found", "invalid")
)
def weigh_sizes(frame: Digest, total: Annotated[Total, Query()], context: ByToken) -> Plan:
    """Before the draw: how a total is allotted to the strata, and what finding nothing would prove."""
    with context.reading(Subject.draws) as (session, _):
        frozen = get_frame(session, frame)
        try:
            sizes = sizes_for(frozen, total)
        except ValueError as error:
            raise invalid([FieldFault(parameter="total", detail=str(error))]) from None
        estimates = if_clean(case_counts(frozen), sizes)
        return Plan(sizes=sizes, if_clean={stratum: estimate.says for stratum, estimate in estimates.items()})


@router.get("/api/panel/draws", summary="List draws", responses=may_answer(*READ))
def list_draws(context: ByToken) -> list[DrawView]:
    """Every draw, that of the latest frame first."""
    with context.reading(Subject.draws) as (session, _):
        return [draw_view(frame, draw) for frame, draw in frames(session) if draw is not None]


@router.get("/api/panel/draws/{frame}", summary="Read a draw", responses=may_answer(*READ, "not-found"))
def read_draw(frame: Digest, context: ByToken) -> Publication:
    """What was published: docs/redraw.py confirms it."""
    with context.reading(Subject.draws) as (session, _):
        return publication_of(get_frame(session, frame), get_draw(session, frame))


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
