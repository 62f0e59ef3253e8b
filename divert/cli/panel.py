"""A sample for the scrutiny panel, in steps: a frame is frozen, sizes are weighed, a seed draws; later cases are added.

Publish the digest that freezing prints before there is a seed. The seed is made in the meeting, once the sizes are read
out. What is published then, in JSON, docs/redraw.py draws again.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from sqlalchemy.orm import Session

from divert.acts.act import perform
from divert.acts.refusals import NotAllowed, NotFound, Refused, Unusable
from divert.cli.cases import AsJson, By, in_lines
from divert.cli.terminal import NOT_SO, WrongCall, actor, answer, answer_json, answer_table, database, say
from divert.clock import london_text, system_clock
from divert.models import Draw, Frame
from divert.people.rights import Subject, listed, may_read, readers
from divert.people.staff import Actor
from divert.records import access
from divert.scrutiny import frame as frames
from divert.scrutiny.draw import DrawnCase
from divert.scrutiny.draw_commands import DrawSample, FreezeFrame, PickCase, TopUpDraw
from divert.scrutiny.opening import packs_of
from divert.scrutiny.population import Kind
from divert.scrutiny.proof import if_clean

FrameDigest = Annotated[
    str, typer.Option("--frame", metavar="DIGEST", help="The frozen frame, as `divert draw list` shows it.")
]
Total = Annotated[int | None, typer.Option(metavar="N", help="How many cases, allotted to the strata.")]
Sizes = Annotated[
    list[str] | None, typer.Option("--size", metavar="STRATUM=N", help="How many of a stratum; may be repeated.")
]


def freeze(
    decided_from: Annotated[str, typer.Option("--from", metavar="DATE", help="First day of the frame.")],
    decided_to: Annotated[str, typer.Option("--to", metavar="DATE", help="Its last day.")],
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
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Freeze the cases that a rule chooses, and print the digest to publish. Frozen again, it is the same frame."""
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
    with _writing(by) as (session, coordinator):
        act = FreezeFrame.model_validate({name: value for name, value in rule.items() if value is not None})
        frame: Frame = perform(session, act, coordinator, system_clock())
        publication = _published(session, frame.digest)
    _answer(publication, as_json)


def list_frames(by: By = None, as_json: AsJson = False) -> None:
    """Every frame, the latest first, with what was drawn from it."""
    with _reading(by) as session:
        publications = [_publication(frame, draw) for frame, draw in frames.frames(session)]
    if as_json:
        answer_json(publications)
        return
    for publication in publications:
        _answer_in_lines(publication)
    if not publications:
        answer("No frame has been frozen.")


def show(digest: FrameDigest, by: By = None, as_json: AsJson = False) -> None:
    """What was published of a frame and its draw; with --json as docs/redraw.py reads it, to draw it again."""
    with _reading(by) as session:
        publication = _published(session, digest)
    _answer(publication, as_json)


def weigh(digest: FrameDigest, total: Total = None, size: Sizes = None, by: By = None, as_json: AsJson = False) -> None:
    """What a clean result of these sizes would prove; with neither --total nor --size, of as few as may be."""
    stated = _sizes(size or [])
    with _reading(by) as session:
        frame = frames.get_frame(session, digest)
        sizes = _allotted(frame, total, stated)
        plan = if_clean(frames.case_counts(frame), sizes)
    if as_json:
        answer_json({"sizes": sizes, "if_clean": {stratum: estimate.says for stratum, estimate in plan.items()}})
        return
    rows = [(stratum, estimate.cases, estimate.drawn, estimate.says) for stratum, estimate in plan.items()]
    answer_table(("Stratum", "Cases", "Drawn", "What a clean result would prove"), rows)


def sample(
    digest: FrameDigest,
    seed: Annotated[str, typer.Option(metavar="DIGITS", help="20 digits or more, made after the frame.")],
    total: Total = None,
    size: Sizes = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Draw from a frame, once. Exit 1 where it was drawn before."""
    stated = _sizes(size or [])
    if total is None and not stated:
        raise WrongCall("say how many: --total 20 in all, or --size completed=5 and so on for every stratum.")
    with _writing(by) as (session, coordinator):
        DrawSample.require_able(coordinator)
        frames.get_frame(session, digest)
        act = DrawSample(frame=digest, seed=seed, sizes=stated or None, total=total)
        perform(session, act, coordinator, system_clock(), digest)
        publication = _published(session, digest)
    _answer(publication, as_json)


def top_up(
    digest: FrameDigest,
    reason: Annotated[str, typer.Option(metavar="WORDS", help="Why there are more.")],
    size: Sizes = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Draw so many more by the same tickets, from where the draw stopped."""
    sizes = _sizes(size or [])
    with _writing(by) as (session, coordinator):
        perform(session, TopUpDraw(sizes=sizes, reason=reason), coordinator, system_clock(), digest)
        publication = _published(session, digest)
    _answer(publication, as_json)


def pick(
    case: Annotated[str, typer.Argument(metavar="CASE", help="The case's reference, like D-19-0001.")],
    digest: FrameDigest,
    theme: Annotated[str, typer.Option(metavar="WORDS", help="Why that case.")],
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Put a case beside the draw: it was chosen, and counts in no rate."""
    with _writing(by) as (session, coordinator):
        perform(session, PickCase(case=case, theme=theme), coordinator, system_clock(), digest)
        publication = _published(session, digest)
    _answer(publication, as_json)


def which(
    pack: Annotated[str, typer.Argument(metavar="PACK", help="As its draw names it, like completed-1.")],
    digest: FrameDigest,
    by: By = None,
) -> None:
    """Say which case a pack is of, for the project manager. It is logged: the force can only mend what it can find."""
    with _writing(by) as (session, manager):
        if not may_read(manager.role, Subject.pack_identities):
            whose = listed(readers(Subject.pack_identities))
            raise NotAllowed(f"Which case a pack is of is for the {whose}: the panel judges it without knowing.")
        ref = packs_of(session, digest).get(pack)
        if ref is None:
            raise WrongCall("this draw has no such pack. A pack is named by stratum and pick, like completed-1.")
        access.record(session, manager, "consultation", system_clock(), case_ref=ref, what="case behind a pack")
    answer(ref)


@contextmanager
def _reading(by: str | None) -> Iterator[Session]:
    """The database, to read frames and draws from. Raises NotAllowed, WrongCall."""
    with database() as opened, opened.reading() as session, _in_a_sentence():
        if not may_read(actor(session, by).role, Subject.draws):
            raise NotAllowed(f"Frames and draws are for: {listed(readers(Subject.draws))}.")
        yield session


@contextmanager
def _writing(by: str | None) -> Iterator[tuple[Session, Actor]]:
    """The database to write in, and who acts. Raises WrongCall, and Exit where the frame itself stands against it."""
    with database() as opened, opened.writing() as session, _in_a_sentence():
        yield session, actor(session, by)


@contextmanager
def _in_a_sentence() -> Iterator[None]:
    """What stands against it, as WrongCall or, where the frame itself does, as Exit."""
    try:
        yield
    except ValidationError as invalid:
        raise WrongCall(in_lines(invalid)) from None
    except (NotFound, Unusable, ValueError) as wrong:
        raise WrongCall(str(wrong)) from None
    except Refused as not_so:
        say(f"divert: {not_so}")
        raise typer.Exit(NOT_SO) from None


def _allotted(frame: Frame, total: int | None, stated: Mapping[str, int]) -> Mapping[str, int]:
    """The sizes as stated; or, where a total is given or none is stated, allotted: without a total as few as may be."""
    return stated if stated and total is None else frames.sizes_for(frame, total, stated=stated)


def _sizes(given: list[str]) -> dict[str, int]:
    """`completed=5` and so on, as a mapping. Raises WrongCall."""
    sizes = {}
    for size in given:
        stratum, _, number = size.partition("=")
        if not stratum or not number.isdecimal() or not number.isascii():
            raise WrongCall(f"--size {size}: write a stratum and a number, like completed=5.")
        sizes[stratum] = int(number)
    return sizes


def _published(session: Session, digest: str) -> Mapping[str, Any]:
    """What is published of the frame with that SHA-256. Raises NoSuchFrame."""
    return _publication(frames.get_frame(session, digest), session.get(Draw, digest))


def _publication(frame: Frame, draw: Draw | None) -> Mapping[str, Any]:
    return frames.frame_publication(frame) if draw is None else frames.publication_of(frame, draw)


def _answer(publication: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        answer_json(publication)
    else:
        _answer_in_lines(publication)


def _answer_in_lines(publication: Mapping[str, Any]) -> None:
    answer(f"{publication['frame_sha256']}  frozen {_time(publication['frozen_at'])}")
    answer(f"  {publication['rule']}")
    answer(f"  {', '.join(f'{stratum} {len(ids)}' for stratum, ids in publication['frame'].items())}")
    if "seed" not in publication:
        answer("  Not drawn yet.")
        return
    answer(f"  Drawn {_time(publication['at'])} with the seed {publication['seed']}:")
    _answer_cases(publication["drawn"])
    for addition in publication["top_ups"]:
        answer(f"  Topped up {_time(addition['at'])}: {addition['reason']}")
        _answer_cases(addition["drawn"])
    for choice in publication["thematic"]:
        answer(f"  Picked, not drawn, {_time(choice['at'])}: {choice['id']}. {choice['theme']}")


def _answer_cases(drawn: Mapping[str, list[DrawnCase]]) -> None:
    for stratum, cases in drawn.items():
        answer(f"  {stratum}: {', '.join(case.id for case in cases) or 'none'}")


def _time(iso: str) -> str:
    return london_text(datetime.fromisoformat(iso))
