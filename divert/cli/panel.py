"""For those who look back: a candidate policy rehearsed over past cases, and a sample drawn for the scrutiny panel."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from divert.casework.commands.referral import referral_facts
from divert.casework.workflow import NotAllowed
from divert.cli.cases import AsJson, By, in_lines
from divert.cli.terminal import NOT_SO, WrongCall, actor, answer, answer_json, answer_table, database, say, watched
from divert.clock import london_text, system_clock
from divert.eligibility.facts import ReferralFacts
from divert.eligibility.policy import load_pack
from divert.eligibility.rehearsal import Rehearsal
from divert.eligibility.rehearsal import rehearse as rehearsed
from divert.models import Case, Draw, Frame
from divert.people.staff import Actor
from divert.rulebook import rulebook
from divert.scrutiny import frame as frames

SHOWN = 50
"""How many flips are listed for a person; JSON lists all."""


def rehearse(
    pack: Annotated[Path, typer.Argument(metavar="PACK", help="The candidate policy, a TOML file.")],
    as_json: AsJson = False,
) -> None:
    """Judge every case by a candidate policy: who flips, by which rule, and how many by offence. Changes nothing."""
    rules = rulebook()
    candidate = load_pack(pack, rules.packs)
    with database() as opened, opened.reading() as session:
        count = session.scalar(select(func.count()).select_from(Case)) or 0
        found = rehearsed(candidate, watched(_referrals(session), "Cases", count), rules.packs, rules.offences)
    if as_json:
        answer_json(_as_json(found))
    else:
        _tell(found)


def _referrals(session: Session) -> Iterator[tuple[str, ReferralFacts]]:
    query = select(Case).options(joinedload(Case.person)).order_by(Case.id).execution_options(yield_per=500)
    for case in session.scalars(query):
        yield case.ref, referral_facts(case)


def _tell(found: Rehearsal) -> None:
    answer(
        f"By {found.pack.id}: {found.cases} cases, {len(found.flips)} judged otherwise, {found.unknown} not yet known."
    )
    if not found.flips:
        return
    answer_table(("Offence", "Flips"), found.by_offence.most_common())
    answer_table(("Rule that makes the difference", "Flips"), found.by_rule.most_common())
    flips = [
        (one.case_ref, one.offence_code, one.was.value, one.becomes.value, ", ".join(one.rules)) for one in found.flips
    ]
    answer_table(("Case", "Offence", "Was", "Becomes", "Rules"), flips[:SHOWN])
    if len(flips) > SHOWN:
        answer(f"... and {len(flips) - SHOWN} more: --json lists every one.")


def _as_json(found: Rehearsal) -> dict[str, object]:
    return {
        "pack": {"id": found.pack.id, "digest": found.pack.digest},
        "cases": found.cases,
        "verdicts": found.verdicts,
        "not_yet_known": found.unknown,
        "by_offence": found.by_offence,
        "by_rule": found.by_rule,
        "flips": [{**flip._asdict(), "rules": flip.rules} for flip in found.flips],
    }


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
