"""A sample drawn for the scrutiny panel."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from sqlalchemy.orm import Session

from divert.acts.refusals import NotAllowed
from divert.cli.cases import AsJson, By, in_lines
from divert.cli.terminal import NOT_SO, WrongCall, actor, answer, answer_json, answer_table, database, say
from divert.clock import london_text, system_clock
from divert.models import Draw, Frame, Role
from divert.people.staff import Actor
from divert.records import access
from divert.scrutiny import additions
from divert.scrutiny import frame as frames
from divert.scrutiny.draw import Picked
from divert.scrutiny.opening import packs_of
from divert.scrutiny.population import FrameRule, Kind
from divert.scrutiny.proof import if_clean


def draw(
    decided_from: Annotated[str | None, typer.Option("--from", metavar="DATE", help="First day of the frame.")] = None,
    decided_to: Annotated[str | None, typer.Option("--to", metavar="DATE", help="Its last day.")] = None,
    dated_by: Annotated[
        str | None, typer.Option(metavar="ending|decision", help="Whose day lies within: the case's end, or decision.")
    ] = None,
    cut_off: Annotated[
        str | None, typer.Option(metavar="DATE", help="By when a case had ended, a day that is over; else --to.")
    ] = None,
    offence: Annotated[str | None, typer.Option(metavar="CODE", help="Only this offence.")] = None,
    district: Annotated[str | None, typer.Option(metavar="CODE", help="Only this district.")] = None,
    decided_by: Annotated[str | None, typer.Option(metavar="USERNAME", help="Only what this person decided.")] = None,
    kind: Annotated[list[Kind] | None, typer.Option(help="Only this kind of decision; may be repeated.")] = None,
    frame: Annotated[
        str | None, typer.Option(metavar="DIGEST", help="The frozen frame to draw from, or to show.")
    ] = None,
    seed: Annotated[str | None, typer.Option(metavar="DIGITS", help="20 digits or more, made after the frame.")] = None,
    total: Annotated[int | None, typer.Option(metavar="N", help="How many cases, allotted to the strata.")] = None,
    size: Annotated[
        list[str] | None, typer.Option(metavar="STRATUM=N", help="How many of a stratum; repeated.")
    ] = None,
    top_up: Annotated[
        str | None, typer.Option(metavar="REASON", help="Draw so many more (--size) by the same tickets, and why.")
    ] = None,
    pick: Annotated[str | None, typer.Option(metavar="CASE", help="Put a case beside the draw, in no rate.")] = None,
    theme: Annotated[str | None, typer.Option(metavar="WORDS", help="Why that case.")] = None,
    which: Annotated[
        str | None, typer.Option(metavar="PACK", help="Say which case a pack is of, for the manager; it is logged.")
    ] = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Draw a sample for the panel, in steps, so that nobody can choose it.

    First freeze: divert draw --from 2019-04-01 --to 2019-06-30. Publish the digest that it prints. Then agree on sizes:
    divert draw --frame DIGEST --total 20 says what a clean result of each would prove. Then, with a seed made in the
    meeting: divert draw --frame DIGEST --seed DIGITS --total 20, or --size completed=5 --size breached=2. Later more:
    --frame DIGEST --top-up REASON --size breached=2. With --json it prints the publication that docs/redraw.py draws
    again. With no option: every frame so far.
    """
    rule = {
        "decided_from": decided_from,
        "decided_to": decided_to,
        "dated_by": dated_by,
        "cut_off": cut_off,
        "offence_code": offence,
        "district": district,
        "decided_by": decided_by,
        "kinds": kind or None,
    }
    asked = {name: value for name, value in rule.items() if value is not None}
    of_a_frame = (seed, total, size, top_up, pick, which)
    if (frame and asked) or (frame is None and any(one is not None for one in of_a_frame)):
        raise WrongCall("first freeze a frame (--from, --to ...); then draw from it (--frame, --seed, --size).")
    if sum(one is not None for one in (seed, top_up, pick)) > 1 or (pick is None) != (theme is None):
        raise WrongCall("draw (--seed), top up (--top-up, --size) or pick (--pick, --theme): one at a time.")
    if frame is not None and which is not None:
        _tell_case_behind(frame, which, by)
        return
    with database() as opened, opened.writing() as session:
        by_whom = actor(session, by)
        if by_whom.role not in frames.COORDINATES:
            raise NotAllowed("A sample is drawn by the panel coordinator or the project manager.")
        if frame is None:
            found = [(_frozen(session, asked, by_whom), None)] if asked else frames.frames(session)
        else:
            with _told_plainly():
                sizes = _sizes(size or [])
                frozen = frames.frame(session, frame)
                if seed is None and top_up is None and pick is None and (total is not None or size):
                    _tell_plan(frozen, _all_sizes(frozen, total, sizes), as_json)
                    return
                _do(session, frozen, (seed, top_up, pick, theme), (total, sizes), by_whom)
                found = [(frozen, session.get(Draw, frame))]
        published = [_published(*one) for one in found]
    if as_json:
        answer_json(published[0] if frame or asked else published)
        return
    for one in published:
        _tell_frame(one)
    if not published:
        answer("No frame has been frozen.")


def _frozen(session: Session, asked: Mapping[str, object], by: Actor) -> Frame:
    """The frame that the options ask for. Raises WrongCall."""
    try:
        return frames.freeze(session, FrameRule.model_validate(asked), by, system_clock())
    except ValidationError as invalid:
        raise WrongCall(in_lines(invalid)) from None
    except ValueError as wrong:
        raise WrongCall(str(wrong)) from None


@contextmanager
def _told_plainly() -> Iterator[None]:
    """What stands against it, as WrongCall or, where the frame itself does, as Exit."""
    try:
        yield
    except (frames.NoSuchFrame, ValueError) as wrong:
        raise WrongCall(str(wrong)) from None
    except (frames.AlreadyDrawn, frames.FrameChanged) as not_so:
        say(f"divert: {not_so}")
        raise typer.Exit(NOT_SO) from None


def _do(
    session: Session,
    frozen: Frame,
    what: tuple[str | None, str | None, str | None, str | None],
    sizes: tuple[int | None, Mapping[str, int]],
    by: Actor,
) -> None:
    """Draw, top up or pick, as the options say; or nothing, where they only ask to see."""
    seed, reason, case, theme = what
    if seed is not None:
        frames.draw_sample(session, frozen.digest, seed, _all_sizes(frozen, *sizes), by, system_clock())
    elif reason is not None:
        additions.top_up(session, frozen.digest, sizes[1], reason, by, system_clock())
    elif case is not None:
        additions.pick(session, frozen.digest, case, theme or "", by, system_clock())


def _tell_case_behind(frame: str, pack: str, by: str | None) -> None:
    """Say which case a pack is of, once it is logged: the force can only mend what it can find."""
    with database() as opened, opened.writing() as session, _told_plainly():
        by_whom = actor(session, by)
        if by_whom.role is not Role.project_manager:
            raise NotAllowed("Which case a pack is of is for the project manager: the panel judges it without knowing.")
        ref = packs_of(session, frame).get(pack)
        if ref is None:
            raise WrongCall("this draw has no such pack. A pack is named by stratum and pick, like completed-1.")
        access.record(session, by_whom, "consultation", system_clock(), case_ref=ref, what="case behind a pack")
    answer(ref)


def _all_sizes(frozen: Frame, total: int | None, stated: Mapping[str, int]) -> Mapping[str, int]:
    """The size of every stratum: as stated, or allotted where a total is given."""
    return stated if total is None else frames.sizes_for(frozen, total, stated=stated)


def _tell_plan(frozen: Frame, sizes: Mapping[str, int], as_json: bool) -> None:
    """What a clean result of these sizes would prove."""
    plan = if_clean(frames.cases_in(frozen), sizes)
    if as_json:
        answer_json({"sizes": sizes, "if_clean": {stratum: one.says for stratum, one in plan.items()}})
        return
    rows = [(stratum, one.cases, one.drawn, one.says) for stratum, one in plan.items()]
    answer_table(("Stratum", "Cases", "Drawn", "What a clean result would prove"), rows)


def _sizes(given: list[str]) -> dict[str, int]:
    """`completed=5` and so on, as a mapping. Raises WrongCall."""
    parted = [one.partition("=") for one in given]
    for (stratum, _, number), one in zip(parted, given, strict=True):
        if not stratum or not number.isdecimal() or not number.isascii():
            raise WrongCall(f"--size {one}: write a stratum and a number, like completed=5.")
    return {stratum: int(number) for stratum, _, number in parted}


def _published(frozen: Frame, made: Draw | None) -> Mapping[str, Any]:
    return frames.frame_publication(frozen) if made is None else frames.publication_of(frozen, made)


def _tell_frame(said: Mapping[str, Any]) -> None:
    answer(f"{said['frame_sha256']}  frozen {_time(said['frozen_at'])}")
    answer(f"  {said['rule']}")
    answer(f"  {', '.join(f'{stratum} {len(ids)}' for stratum, ids in said['frame'].items())}")
    if "seed" not in said:
        answer("  Not drawn yet.")
        return
    answer(f"  Drawn {_time(said['at'])} with the seed {said['seed']}:")
    _tell_cases(said["drawn"])
    for more in said["top_ups"]:
        answer(f"  Topped up {_time(more['at'])}: {more['reason']}")
        _tell_cases(more["drawn"])
    for one in said["thematic"]:
        answer(f"  Picked, not drawn, {_time(one['at'])}: {one['id']}. {one['theme']}")


def _tell_cases(drawn: Mapping[str, list[Picked]]) -> None:
    for stratum, picked in drawn.items():
        answer(f"  {stratum}: {', '.join(one.id for one in picked) or 'none'}")


def _time(iso: str) -> str:
    return london_text(datetime.fromisoformat(iso))
