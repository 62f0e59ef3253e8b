"""A sample drawn for the scrutiny panel."""

from collections.abc import Mapping
from typing import Annotated

import typer
from pydantic import ValidationError
from sqlalchemy.orm import Session

from divert.casework.workflow import NotAllowed
from divert.cli.cases import AsJson, By, in_lines
from divert.cli.terminal import NOT_SO, WrongCall, actor, answer, answer_json, database, say
from divert.clock import london_text, system_clock
from divert.models import Draw, Frame
from divert.people.staff import Actor
from divert.scrutiny import frame as frames


def draw(
    decided_from: Annotated[str | None, typer.Option("--from", metavar="DATE", help="First day of the frame.")] = None,
    decided_to: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="Its cut-off, a day that is over.")
    ] = None,
    offence: Annotated[str | None, typer.Option(metavar="CODE", help="Only this offence.")] = None,
    district: Annotated[str | None, typer.Option(metavar="CODE", help="Only this district.")] = None,
    kind: Annotated[list[frames.Kind] | None, typer.Option(help="Only this kind of decision; may be repeated.")] = None,
    frame: Annotated[
        str | None, typer.Option(metavar="DIGEST", help="The frozen frame to draw from, or to show.")
    ] = None,
    seed: Annotated[str | None, typer.Option(metavar="DIGITS", help="20 digits or more, made after the frame.")] = None,
    size: Annotated[
        list[str] | None, typer.Option(metavar="STRATUM=N", help="How many of a stratum; repeated.")
    ] = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Draw a sample for the panel, in two steps, so that nobody can choose it.

    First freeze: divert draw --from 2019-04-01 --to 2019-06-30. Publish the digest that it prints. Then, with a seed
    made in the meeting: divert draw --frame DIGEST --seed DIGITS --size completed=5 --size breached=2. With --json it
    prints the publication that docs/redraw.py draws again. With no option: every frame so far.
    """
    rule = {
        "decided_from": decided_from,
        "decided_to": decided_to,
        "offence_code": offence,
        "district": district,
        "kinds": kind or None,
    }
    asked = {name: value for name, value in rule.items() if value is not None}
    if (frame and asked) or (frame is None and (seed or size)):
        raise WrongCall("first freeze a frame (--from, --to ...); then draw from it (--frame, --seed, --size).")
    with database() as opened, opened.writing() as session:
        by_whom = actor(session, by)
        if by_whom.role not in frames.COORDINATES:
            raise NotAllowed("A sample is drawn by the panel coordinator or the project manager.")
        if frame is not None:
            found = [_drawn(session, frame, seed, size or [], by_whom)]
        else:
            found = [(_frozen(session, asked, by_whom), None)] if asked else frames.frames(session)
    if as_json:
        published = [_published(*one) for one in found]
        answer_json(published[0] if frame or asked else published)
        return
    for one in found:
        _tell_frame(*one)
    if not found:
        answer("No frame has been frozen.")


def _frozen(session: Session, asked: Mapping[str, object], by: Actor) -> Frame:
    """The frame that the options ask for. Raises WrongCall."""
    try:
        return frames.freeze(session, frames.FrameRule.model_validate(asked), by, system_clock())
    except ValidationError as invalid:
        raise WrongCall(in_lines(invalid)) from None
    except ValueError as wrong:
        raise WrongCall(str(wrong)) from None


def _drawn(session: Session, digest: str, seed: str | None, sizes: list[str], by: Actor) -> tuple[Frame, Draw | None]:
    """The frame with its draw: made now where a seed is given, else as it stands. Raises WrongCall, Exit."""
    try:
        if seed is None:
            return frames.frame(session, digest), session.get(Draw, digest)
        made = frames.draw_sample(session, digest, seed, _sizes(sizes), by, system_clock())
        return frames.frame(session, digest), made
    except (frames.NoSuchFrame, ValueError) as wrong:
        raise WrongCall(str(wrong)) from None
    except (frames.AlreadyDrawn, frames.FrameChanged) as not_so:
        say(f"divert: {not_so}")
        raise typer.Exit(NOT_SO) from None


def _sizes(given: list[str]) -> dict[str, int]:
    """`completed=5` and so on, as a mapping. Raises WrongCall."""
    parted = [one.partition("=") for one in given]
    for (stratum, _, number), one in zip(parted, given, strict=True):
        if not stratum or not number.isdecimal() or not number.isascii():
            raise WrongCall(f"--size {one}: write a stratum and a number, like completed=5.")
    return {stratum: int(number) for stratum, _, number in parted}


def _published(frozen: Frame, made: Draw | None) -> dict[str, object]:
    if made is not None:
        return dict(frames.publication_of(frozen, made))
    return {
        "rule": frozen.rule,
        "cut_off": frozen.cut_off.isoformat(),
        "frame": frozen.strata,
        "frame_sha256": frozen.digest,
    }


def _tell_frame(frozen: Frame, made: Draw | None) -> None:
    answer(f"{frozen.digest}  frozen {london_text(frozen.frozen_at)}")
    answer(f"  {frozen.rule}")
    answer(f"  {', '.join(f'{stratum} {len(refs)}' for stratum, refs in frozen.strata.items())}")
    if made is None:
        answer("  Not drawn yet.")
        return
    answer(f"  Drawn {london_text(made.at)} with the seed {made.seed}:")
    for stratum, picked in made.drawn.items():
        answer(f"  {stratum}: {', '.join(ref for ref, _ in picked) or 'none'}")
