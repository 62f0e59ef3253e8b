"""What is done to draw a sample: a frame frozen, drawn from once, topped up by the same tickets, a case picked.

A top-up continues the tickets with the same seed, so that it can be drawn again like the draw itself. A thematic pick
was not drawn, is named so wherever it stands, and counts in no rate. Both are dated, with a reason, and published. They
come before the meeting that is open, or else the next.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar

from pydantic import Field, model_validator
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from divert.acts.act import Act, ActContext
from divert.acts.answers import fault
from divert.acts.refusals import Reason, Unusable
from divert.clock import london_date, written_date
from divert.models import Case, Draw, Frame, Role, ThematicPick, TopUp
from divert.people.rights import COORDINATOR, MANAGER
from divert.scrutiny import draw as sampling
from divert.scrutiny.frame import drawn_cases, get_draw, get_frame, lock_frame, sizes_for
from divert.scrutiny.meeting_commands import take_additions
from divert.scrutiny.population import FrameRule, exit_seq, strata_of
from divert.scrutiny.pseudonyms import pseudonymise

COORDINATES = (*COORDINATOR, *MANAGER)
"""The manager stands for the operator at the server's own command line."""

Sizes = dict[str, Annotated[int, Field(ge=0, le=10_000)]]
Total = Annotated[int, Field(ge=1, le=10_000)]
Words = Annotated[str, Field(min_length=1, max_length=300)]


class FreezeFrame(FrameRule, Act, title="Freeze a frame"):
    """Freeze the cases that a rule chooses. Frozen again, it is the same frame, with its first time and name."""

    by = COORDINATES

    def apply(self, subject: None, context: ActContext) -> Frame:
        """The frame, under its SHA-256."""
        session = context.session
        if self.counts_until >= context.today:
            cut_off = written_date(self.counts_until)
            sentence = f"The cut-off, {cut_off}, is not over."
            raise Unusable({(): f"{sentence} It lies before today, so that nothing can still be decided within it."})
        refs = strata_of(session, self)
        if not refs:
            sentence = "No case fits this rule: nothing can be drawn. Widen the dates, or ask for more kinds."
            raise Unusable({(): sentence})
        ids = pseudonymise(session, [ref for of_stratum in refs.values() for ref in of_stratum])
        strata = {stratum: sorted(ids[ref] for ref in of_stratum) for stratum, of_stratum in refs.items()}
        decider = pseudonymise(session, [self.decided_by])[self.decided_by] if self.decided_by else None
        rule = self.rule_text(decider)
        digest = sampling.frame_digest(rule, self.counts_until, strata)
        insert = pg_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
        frame = insert(Frame).values(
            digest=digest,
            rule=rule,
            cut_off=self.counts_until,
            strata=strata,
            frozen_at=context.at,
            frozen_by=context.by.username,
        )
        session.execute(frame.on_conflict_do_nothing())
        return get_frame(session, digest)


class DrawCommand(Act):
    """Something done to a frame that was frozen, and is still what it was."""

    by: ClassVar[tuple[Role, ...]] = COORDINATES

    @classmethod
    def find(cls, on: str | None, context: ActContext) -> Frame:
        """The frame, held for as long as something is drawn from it. Raises NoSuchFrame, FrameChanged."""
        return lock_frame(context.session, on or "")


class DrawSample(
    DrawCommand,
    title="Draw from a frame",
    json_schema_extra={
        "examples": [{"frame": "0" * 64, "seed": "57721566490153286060", "sizes": {"completed": 3, "refused": 2}}]
    },
):
    """Draw, once: so many cases of each stratum. The seed is made after the frame, in the meeting."""

    frame: str = Field(pattern=r"^[0-9a-f]{64}$", title="The frame's SHA-256")
    seed: str = Field(title="Seed", max_length=200, description="At least 20 digits, made by dice in the meeting.")
    sizes: Sizes | None = Field(
        default=None, title="How many of each stratum", description="Every stratum of the frame has a size; 0 is one."
    )
    total: Total | None = Field(
        default=None, title="Or how many in all", description="Allotted to the strata; then sizes are those stated."
    )

    @model_validator(mode="after")
    def _sized(self) -> "DrawSample":
        if self.sizes is None and self.total is None:
            raise fault("Give sizes, one for each stratum, or a total to allot to them.")
        return self

    def refusals(self, subject: Frame, context: ActContext) -> Iterator[Reason]:
        """Whoever could draw again could draw until the sample pleased."""
        earlier = context.session.get(Draw, subject.digest)
        if earlier is not None:
            yield (
                "not_drawn_yet",
                f"This frame was drawn on {written_date(london_date(earlier.at))}, and a frame is drawn once. Top the"
                " draw up with the same seed, or freeze a new frame for another meeting.",
            )

    def apply(self, subject: Frame, context: ActContext) -> Draw:
        """The draw, as it is published."""
        if context.at < subject.frozen_at:
            raise Unusable(
                {("seed",): "The draw is dated before the frame was frozen. The frame comes first, then the seed."}
            )
        sizes = self.sizes or {}
        seed = ""
        faults = _too_many(subject, sizes, {})
        try:
            seed = sampling.validate_seed(self.seed)
        except ValueError as error:
            faults["seed",] = str(error)
        if faults:
            raise Unusable(faults)
        try:
            if self.total is not None:
                sizes = sizes_for(subject, self.total, stated=sizes)
            drawn = sampling.draw_strata(subject.strata, seed, sizes)
        except ValueError as error:
            raise Unusable({("sizes" if self.total is None else "total",): str(error)}) from None
        draw = Draw(
            frame_digest=subject.digest,
            seed=seed,
            sizes=dict(sizes),
            drawn=drawn,
            at=context.at,
            by=context.by.username,
        )
        context.session.add(draw)
        context.session.flush()
        return draw


class TopUpDraw(
    DrawCommand,
    title="Top a draw up",
    json_schema_extra={"examples": [{"sizes": {"refused": 2}, "reason": "One was inappropriate."}]},
):
    """Draw more by the same seed, from where it stopped; for the meeting that is open, or else the next."""

    sizes: Sizes = Field(title="How many more of each stratum", description="Those left out have none.")
    reason: Words = Field(title="Reason")

    def apply(self, subject: Frame, context: ActContext) -> Draw:
        """The draw, with what was added to it."""
        draw = get_draw(context.session, subject.digest)
        sizes = dict.fromkeys(subject.strata, 0) | dict(self.sizes)
        drawn_before = {stratum: len(cases) for stratum, cases in drawn_cases(draw).items()}
        if faults := _too_many(subject, sizes, drawn_before):
            raise Unusable(faults)
        try:
            drawn = sampling.draw_strata(subject.strata, draw.seed, sizes, skip=drawn_before)
        except ValueError as error:
            raise Unusable({("sizes",): str(error)}) from None
        top_up = TopUp(
            frame_digest=subject.digest,
            number=1 + len(draw.top_ups),
            reason=self.reason,
            sizes=sizes,
            drawn=drawn,
            at=context.at,
            by=context.by.username,
        )
        return _add(top_up, context)


class PickCase(
    DrawCommand,
    title="Pick a case",
    json_schema_extra={"examples": [{"case": "D-19-0001", "theme": "A complaint was made."}]},
):
    """A case to be read beside a draw: chosen, so it counts in no rate. For the meeting that is open, or the next."""

    case: str = Field(title="Case reference", max_length=16, description="It had ended by the frame's cut-off.")
    theme: Words = Field(title="Theme", description="Why this case, without naming anybody.")

    def apply(self, subject: Frame, context: ActContext) -> Draw:
        """The draw, with what was added to it."""
        session = context.session
        draw = get_draw(session, subject.digest)
        case = session.scalar(select(Case).where(Case.ref == self.case))
        if case is None or exit_seq(session, case, subject.cut_off) is None:
            cut_off = written_date(subject.cut_off)
            raise Unusable({("case",): f"No case of that reference had left the scheme by {cut_off}."})
        case_id = pseudonymise(session, [self.case])[self.case]
        drawn = {case.id for cases in drawn_cases(draw).values() for case in cases}
        picked = {pick.id for pick in draw.picks}
        if (drawn | picked) & {case_id, self.case}:
            raise Unusable({("case",): "This case is before the panel already, drawn or picked."})
        pick = ThematicPick(
            frame_digest=subject.digest,
            number=1 + len(draw.picks),
            id=case_id,
            theme=self.theme,
            at=context.at,
            by=context.by.username,
        )
        return _add(pick, context)


def _too_many(frame: Frame, sizes: Mapping[str, int], drawn: Mapping[str, int]) -> dict[tuple[str | int, ...], str]:
    """The sizes that are more than what is left of their stratum, each with a sentence. `drawn`: how many were."""
    left = {stratum: len(ids) - drawn.get(stratum, 0) for stratum, ids in frame.strata.items()}
    return {
        ("sizes", stratum): f"{stratum.replace('_', ' ').capitalize()}: at most {left[stratum]} can be drawn."
        for stratum, size in sizes.items()
        if stratum in left and size > left[stratum]
    }


def _add(addition: TopUp | ThematicPick, context: ActContext) -> Draw:
    """Put it to its draw, and before the meeting that is open, if one is."""
    session = context.session
    session.add(addition)
    session.flush()
    draw = get_draw(session, addition.frame_digest)
    session.expire(draw)  # what it was added to is read again
    take_additions(session, context.by, context.at)
    return draw


DRAW_COMMANDS: Mapping[str, type[Act]] = Act.among((FreezeFrame, DrawSample, TopUpDraw, PickCase))
"""What is done to draw, by its slug."""
