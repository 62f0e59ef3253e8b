"""The scrutiny panel's side: frames frozen before any seed, one draw on each, the packs drawn."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.deps import ByToken, ByVisit
from api.page import write
from api.problems import FieldFault, ProblemError, invalid, may_answer
from divert.models import Draw, Frame
from divert.scrutiny import frame as frames_of
from divert.scrutiny.draw import Publication
from divert.scrutiny.frame import COORDINATES, OPENS, READS, AlreadyDrawn, FrameChanged, FrameRule, NoSuchFrame
from divert.scrutiny.opening import NoSuchPack, OpenedPack, open_pack, open_packs

router = APIRouter(tags=["panel"])

Digest = Annotated[
    str,
    Path(pattern=r"^[0-9a-f]{64}$", description="The frame's SHA-256.", examples=["0" * 64]),
]


class FrameView(BaseModel):
    """A frozen frame. Publish `digest` before the seed is made: then neither can be moved to suit the other."""

    digest: str
    rule: str
    cut_off: date
    strata: dict[str, list[str]] = Field(description="Case references by stratum, sorted.")
    frozen_at: datetime
    frozen_by: str
    drawn: bool


class DrawOrder(BaseModel):
    """A draw to be made."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"frame": "0" * 64, "seed": "57721566490153286060", "sizes": {"completed": 3, "refused": 2}}]
        },
    )

    frame: str = Field(pattern=r"^[0-9a-f]{64}$", title="The frame's SHA-256")
    seed: str = Field(title="Seed", max_length=200, description="At least 20 digits, made by dice in the meeting.")
    sizes: dict[str, Annotated[int, Field(ge=0, le=10_000)]] = Field(
        title="How many of each stratum", description="Every stratum of the frame has a size; 0 is one."
    )


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
    return FrameView(
        digest=frozen.digest,
        rule=frozen.rule,
        cut_off=frozen.cut_off,
        strata=frozen.strata,
        frozen_at=frozen.frozen_at,
        frozen_by=frozen.frozen_by,
        drawn=drawn,
    )


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


BODY = ("malformed", "not-signed-in", "not-allowed", "too-large", "media-type", "invalid")
READ = ("not-signed-in", "not-allowed")


@router.post("/api/panel/frames", status_code=201, summary="Freeze a frame", responses=may_answer(*BODY))
def freeze(rule: FrameRule, asking: ByToken) -> FrameView:
    """Freeze the cases that a rule chooses. Frozen again, it is the same frame."""
    with asking.writing(*COORDINATES) as (session, actor):
        try:
            return frame_view(frames_of.freeze(session, rule, actor, asking.at), drawn=False)
        except ValueError as fault:
            raise invalid([FieldFault(pointer="#", detail=str(fault))]) from None


@router.get("/api/panel/frames", summary="List frames", responses=may_answer(*READ))
def list_frames(asking: ByToken) -> list[FrameView]:
    """Every frame, the latest first."""
    with asking.reading(*READS) as (session, _):
        return [frame_view(frozen, made is not None) for frozen, made in frames_of.frames(session)]


@router.post(
    "/api/panel/draws",
    status_code=201,
    summary="Draw from a frame",
    responses=may_answer(*BODY, "not-found", "refused"),
)
def draw(order: DrawOrder, asking: ByToken) -> Publication:
    """Draw, once. The answer holds all that a stranger needs to draw again with docs/redraw.py."""
    with asking.writing(*COORDINATES) as (session, actor):
        try:
            made = frames_of.draw_sample(session, order.frame, order.seed, order.sizes, actor, asking.at)
        except NoSuchFrame as none:
            raise ProblemError("not-found", str(none)) from None
        except (AlreadyDrawn, FrameChanged) as refusal:
            raise ProblemError("refused", str(refusal)) from None
        except ValueError as fault:
            raise invalid([FieldFault(pointer="#", detail=str(fault))]) from None
        return frames_of.publication_of(frames_of.frame(session, order.frame), made)


@router.get("/api/panel/draws", summary="List draws", responses=may_answer(*READ))
def list_draws(asking: ByToken) -> list[DrawnView]:
    """Every draw, that of the latest frame first."""
    with asking.reading(*READS) as (session, _):
        return [drawn_view(frozen, made) for frozen, made in frames_of.frames(session) if made is not None]


@router.get("/api/panel/draws/{frame}", summary="Read a draw", responses=may_answer(*READ, "not-found"))
def read_draw(frame: Digest, asking: ByToken) -> Publication:
    """What was published: docs/redraw.py confirms it."""
    with asking.reading(*READS) as (session, _):
        for frozen, made in frames_of.frames(session):
            if frozen.digest == frame and made is not None:
                return frames_of.publication_of(frozen, made)
        raise ProblemError("not-found", "That frame has not been drawn here.")


@router.get("/panel/draws", include_in_schema=False)
def draws_page(request: Request, asking: ByVisit) -> Response:
    """Frames and draws, to be read."""
    with asking.reading(*READS) as (session, actor):
        found = [(frame_view(frozen, made is not None), made) for frozen, made in frames_of.frames(session)]
        return write(request, "draws.html", actor=actor, found=found, opens=actor.role in OPENS)


@router.get("/panel/draws/{frame}", include_in_schema=False)
def packs_page(request: Request, frame: Digest, asking: ByVisit) -> Response:
    """The packs of one draw, to be read."""
    with asking.writing(*OPENS) as (session, actor):
        try:
            packs = open_packs(session, frame, actor, asking.at)
        except LookupError as none:
            raise ProblemError("not-found", str(none)) from None
        cut_off = frames_of.frame(session, frame).cut_off
        return write(request, "packs.html", actor=actor, frame=frame, packs=packs, on=cut_off)


@router.get("/api/panel/draws/{frame}/packs", summary="Read packs", responses=may_answer(*READ, "not-found"))
def read_packs(frame: Digest, asking: ByToken) -> list[OpenedPack]:
    """Every case drawn, as it was known when it left the scheme's hands, and nobody's name."""
    with asking.writing(*OPENS) as (session, actor):
        try:
            return open_packs(session, frame, actor, asking.at)
        except LookupError as none:
            raise ProblemError("not-found", str(none)) from None


@router.get("/api/panel/draws/{frame}/packs/{pack}", summary="Read one pack", responses=may_answer(*READ, "not-found"))
def read_pack(
    frame: Digest, pack: Annotated[str, Path(max_length=40, examples=["completed-1"])], asking: ByToken
) -> OpenedPack:
    """One case drawn, by its number in the sample."""
    with asking.writing(*OPENS) as (session, actor):
        try:
            return open_pack(session, frame, pack, actor, asking.at)
        except (NoSuchFrame, NoSuchPack) as none:
            raise ProblemError("not-found", str(none)) from None
