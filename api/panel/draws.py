"""The scrutiny panel's side: frames frozen before any seed, the draw on each and what is added to it, the packs."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from sqlalchemy.orm import Session

from api.web.context import ByToken
from api.web.problems import FieldFault, ProblemError, invalid, may_answer
from divert.acts.answers import fault
from divert.models import Draw, Frame
from divert.people.rights import Subject
from divert.scrutiny import additions
from divert.scrutiny import frame as frames_of
from divert.scrutiny.draw import Publication
from divert.scrutiny.frame import COORDINATES, AlreadyDrawn, FrameChanged, NoSuchFrame
from divert.scrutiny.opening import NoSuchPack, OpenedPack, open_pack, open_packs
from divert.scrutiny.population import FrameRule
from divert.scrutiny.proof import if_clean, least_sample

router = APIRouter(tags=["panel"])

Digest = Annotated[
    str,
    Path(pattern=r"^[0-9a-f]{64}$", description="The frame's SHA-256.", examples=["0" * 64]),
]


RATES = (1, 2, 5, 10, 20)
"""So many inappropriate in a hundred, for which the smallest sample is worked out."""

Sizes = dict[str, Annotated[int, Field(ge=0, le=10_000)]]
Total = Annotated[int, Field(ge=1, le=10_000)]
Why = Annotated[str, Field(min_length=1, max_length=300)]


class FrameView(BaseModel):
    """A frozen frame. Publish `digest` before the seed is made: then neither can be moved to suit the other."""

    digest: str
    rule: str
    cut_off: date
    strata: dict[str, list[str]] = Field(description="Random case ids by stratum, sorted.")
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
    sizes: Sizes | None = Field(
        default=None, title="How many of each stratum", description="Every stratum of the frame has a size; 0 is one."
    )
    total: Total | None = Field(
        default=None, title="Or how many in all", description="Allotted to the strata; then sizes are those stated."
    )

    @model_validator(mode="after")
    def _sized(self) -> "DrawOrder":
        if self.sizes is None and self.total is None:
            raise fault("Give sizes, one for each stratum, or a total to allot to them.")
        return self


class TopUpOrder(BaseModel):
    """More of some strata, by the same tickets."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"sizes": {"refused": 2}, "reason": "One was inappropriate."}]}
    )

    sizes: Sizes = Field(title="How many more of each stratum", description="Those left out have none.")
    reason: Why = Field(title="Reason")


class Pick(BaseModel):
    """A case to be read beside a draw: chosen, so it counts in no rate."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"case": "D-19-0001", "theme": "A complaint was made."}]}
    )

    case: str = Field(title="Case reference", max_length=16, description="It had ended by the frame's cut-off.")
    theme: Why = Field(title="Theme", description="Why this case, without naming anybody.")


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
    kept = {name: getattr(frozen, name) for name in FrameView.model_fields if name != "drawn"}
    return FrameView(**kept, drawn=drawn)


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
def freeze(rule: FrameRule, context: ByToken) -> FrameView:
    """Freeze the cases that a rule chooses. Frozen again, it is the same frame."""
    with context.writing(COORDINATES) as (session, actor), told_plainly():
        return frame_view(frames_of.freeze(session, rule, actor, context.at), drawn=False)


@router.get("/api/panel/frames", summary="List frames", responses=may_answer(*READ))
def list_frames(context: ByToken) -> list[FrameView]:
    """Every frame, the latest first."""
    with context.reading(Subject.draws) as (session, _):
        return [frame_view(frozen, made is not None) for frozen, made in frames_of.frames(session)]


def published(session: Session, frame: str) -> Publication:
    """What was published of a draw. Raises a problem where there is none."""
    with told_plainly():
        return frames_of.publication_of(frames_of.frame(session, frame), frames_of.drawn_from(session, frame))


@contextmanager
def told_plainly() -> Iterator[None]:
    """What stands against a draw, as the problem that it makes."""
    try:
        yield
    except NoSuchFrame as none:
        raise ProblemError("not-found", str(none)) from None
    except (AlreadyDrawn, FrameChanged) as refusal:
        raise ProblemError("refused", str(refusal)) from None
    except ValueError as wrong:
        raise invalid([FieldFault(pointer="#", detail=str(wrong))]) from None


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
    with context.reading(Subject.draws) as (session, _), told_plainly():
        frozen = frames_of.frame(session, frame)
        sizes = frames_of.sizes_for(frozen, total)
        found = if_clean(frames_of.cases_in(frozen), sizes)
        return Plan(sizes=sizes, if_clean={stratum: one.says for stratum, one in found.items()})


@router.post(
    "/api/panel/draws",
    status_code=201,
    summary="Draw from a frame",
    responses=may_answer(*BODY, "not-found", "refused"),
)
def draw(order: DrawOrder, context: ByToken) -> Publication:
    """Draw, once. The answer holds all that a stranger needs to draw again with docs/redraw.py."""
    with context.writing(COORDINATES) as (session, actor), told_plainly():
        frozen, sizes = frames_of.frame(session, order.frame), order.sizes or {}
        if order.total is not None:
            sizes = frames_of.sizes_for(frozen, order.total, stated=sizes)
        made = frames_of.draw_sample(session, order.frame, order.seed, sizes, actor, context.at)
        return frames_of.publication_of(frozen, made)


@router.post(
    "/api/panel/draws/{frame}/top-ups",
    status_code=201,
    summary="Top a draw up",
    responses=may_answer(*BODY, "not-found", "refused"),
)
def top_up(frame: Digest, order: TopUpOrder, context: ByToken) -> Publication:
    """Draw more by the same seed, from where it stopped; for the meeting that is open, or else the next."""
    with context.writing(COORDINATES) as (session, actor), told_plainly():
        additions.top_up(session, frame, order.sizes, order.reason, actor, context.at)
        return published(session, frame)


@router.post(
    "/api/panel/draws/{frame}/picks",
    status_code=201,
    summary="Pick a case",
    responses=may_answer(*BODY, "not-found", "refused"),
)
def pick(frame: Digest, order: Pick, context: ByToken) -> Publication:
    """Put a case beside a draw, in no rate; for the meeting that is open, or else the next."""
    with context.writing(COORDINATES) as (session, actor), told_plainly():
        additions.pick(session, frame, order.case, order.theme, actor, context.at)
        return published(session, frame)


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
        try:
            return open_packs(session, frame, actor, context.at)
        except LookupError as none:
            raise ProblemError("not-found", str(none)) from None


@router.get("/api/panel/draws/{frame}/packs/{pack}", summary="Read one pack", responses=may_answer(*READ, "not-found"))
def read_policy(
    frame: Digest, pack: Annotated[str, Path(max_length=40, examples=["completed-1"])], context: ByToken
) -> OpenedPack:
    """One case drawn, by its number in the sample."""
    with context.writing(Subject.drawn_packs) as (session, actor):
        try:
            return open_pack(session, frame, pack, actor, context.at)
        except (NoSuchFrame, NoSuchPack) as none:
            raise ProblemError("not-found", str(none)) from None
