"""What becomes of people: the paths through the scheme, how often each is taken, and what is waiting today."""

from collections.abc import Callable, Sequence
from random import Random

from divert.casework.command import CaseCommand
from divert.casework.commands.breach import DecideBreach, RecordNewOffence, ReportBreach
from divert.casework.commands.contract import DeclineContract
from divert.casework.commands.decisions import CheckEligibility, DecideForProbation, Reconsider, ReturnToForce
from divert.casework.commands.ending import CloseCase, Reinstate
from divert.casework.commands.record import AddNote, SetSensitivity
from divert.casework.commands.referral import CorrectFacts, RecordReferralAgreement
from divert.demo.people import BARRED, NOT_KNOWN, pick
from divert.demo.stages import (
    accept,
    allocate,
    charge_or_not,
    complete,
    decide,
    keep_conditions,
    meet,
    refer,
    sign,
)
from divert.demo.story import INSPECTORS, MANAGER, PROBATION, Later, Story

Path = Callable[[Story], None]


def tell(path: Path, story: Story) -> None:
    """One whole story, as far as today."""
    try:
        path(story)
    except Later:
        story.worker_before(story.until)


def goes_well(story: Story) -> None:
    """The usual path: referral to completion."""
    accept(story)
    sign(story)
    keep_conditions(story)
    complete(story)


def is_barred(story: Story) -> None:
    """A rule bars entry; both agree, and the offence goes back."""
    refer(story, **story.random.choice(BARRED))
    decide(story, police=False, probation=False)
    command = ReturnToForce(reason_code="ineligible", reasons="The policy does not take it, and both sides agree.")
    story.does(story.inspector, command)
    charge_or_not(story)


def is_taken_against_the_rule(story: Story) -> None:
    """A rule bars entry; both override it, and say why."""
    refer(story, current_order="conditional discharge")
    decide(story)
    allocate(story)
    sign(story)
    keep_conditions(story)
    complete(story)


def is_disagreed_on(story: Story) -> None:
    """Police and probation differ. Sometimes talking it through settles it."""
    police = story.chance(0.5)
    refer(story)
    decide(story, police=police, probation=not police)
    if story.chance(0.5):
        decider = story.inspector if not police else PROBATION
        reconsider = Reconsider(accept=True, reasons="Talked through: the other side's plan answers the concern.")
        story.does(decider, reconsider, after=1)
        allocate(story)
        sign(story)
        keep_conditions(story)
        complete(story)
    else:
        return_to_force = ReturnToForce(reason_code="not_agreed", reasons="One side said no, and stands by it.")
        story.does(story.inspector, return_to_force, after=1)
        charge_or_not(story)


def is_not_known(story: Story) -> None:
    """Something was left blank at the desk; it is asked for, supplied, and the path goes on."""
    unknown = story.random.choice(NOT_KNOWN)
    answer = story.referral[unknown]
    refer(story, **{unknown: None})
    command = CorrectFacts.model_validate({unknown: answer, "reason": "Asked for after the check; record seen."})
    story.does(story.officer, command, after=story.random.randrange(1, 4))
    story.does(story.inspector, CheckEligibility())
    decide(story)
    allocate(story)
    sign(story)
    keep_conditions(story)
    complete(story)


def declines(story: Story) -> None:
    """Accepted, and then would rather not."""
    accept(story)
    story.does(story.keyworker, DeclineContract(reasons="Would rather have it heard in court."), after=3)
    charge_or_not(story)


def breaches(story: Story) -> None:
    """Meetings are missed. What follows is decided by somebody else, and need not be the end."""
    accept(story)
    sign(story)
    meet(story, after=5)
    meet(story, after=7, attended=False)
    report = ReportBreach(
        conditions=[3],
        occurred_on=story.today,
        what="Two meetings running were missed; calls and a letter went unanswered.",
        excuse_asked=True,
        excuse="None was given.",
    )
    story.does(story.keyworker, report, after=1)
    decision = pick(story.random, {"end": 60, "warn": 30, "continue": 10})
    view = "Would end it: no contact for three weeks." if decision == "end" else "Has been in touch since; would go on."
    story.does(
        story.inspector,
        DecideBreach.model_validate({"decision": decision, "probation_view": view, "reasons": "As probation says."}),
        after=story.random.randrange(2, 5),
    )
    if decision == "end":
        charge_or_not(story)
    else:
        keep_conditions(story)
        complete(story)


def offends_again(story: Story) -> None:
    """A new offence in the term ends it."""
    accept(story)
    sign(story)
    meet(story, after=6)
    report = RecordNewOffence(
        occurred_on=story.today, crime_ref=f"{story.referral['crime_ref']}-N", what="Arrested for another theft."
    )
    story.does(story.inspector, report, after=2)
    decision = DecideBreach(decision="end", probation_view="Cannot go on.", reasons="A second victim within weeks.")
    story.does(INSPECTORS[story.inspector is INSPECTORS[0]], decision, after=2)
    charge_or_not(story)


def withdraws(story: Story) -> None:
    """Agreed at the desk, and thought better of it before signing anything."""
    refer(story)
    command = CloseCase(
        reason_code="withdrew_before_start", explanation="Rang to say that they no longer wish to take part."
    )
    story.does(story.inspector, command, after=1)


def is_lost_sight_of(reason: str) -> Path:
    """In the middle of a contract, life ends or moves on."""

    def path(story: Story) -> None:
        accept(story)
        sign(story)
        meet(story, after=6)
        story.does(MANAGER, CloseCase(reason_code=reason, explanation="Told by the family; checked."), after=6)

    return path


def is_closed_by_mistake(story: Story) -> None:
    """Somebody picks the wrong row; the manager takes it back and the case goes on."""
    accept(story)
    story.does(story.inspector, CloseCase(reason_code="opened_in_error", explanation="Wrong person picked."), after=1)
    story.does(MANAGER, Reinstate(reason="The closing was meant for another case."), after=1)
    story.does(MANAGER, AddNote(text="Apologised to the keyworker: no time was lost."))
    sign(story)
    keep_conditions(story)
    complete(story)


def is_known_to_staff(story: Story) -> None:
    """The usual path, behind a closed door."""
    accept(story)
    command = SetSensitivity.model_validate({"level": "restricted", "reason": "Related to a member of staff."})
    story.does(PROBATION, command)
    sign(story)
    keep_conditions(story)
    complete(story)


PATHS: tuple[tuple[int, Path], ...] = (
    (114, goes_well),
    (14, is_barred),
    (3, is_taken_against_the_rule),
    (9, is_disagreed_on),
    (6, is_not_known),
    (6, declines),
    (13, breaches),
    (4, offends_again),
    (4, withdraws),
    (1, is_lost_sight_of("died")),
    (1, is_lost_sight_of("moved_away")),
    (1, is_lost_sight_of("withdrew_after_start")),
    (2, is_closed_by_mistake),
    (2, is_known_to_staff),
)
"""Each path, and of how many in 180 it is the story."""

WAITING: tuple[tuple[int, Path, type[CaseCommand]], ...] = (
    (44, breaches, ReportBreach),
    (36, breaches, ReportBreach),
    (9, is_barred, ReturnToForce),
    (12, is_disagreed_on, DecideForProbation),
    (10, goes_well, CheckEligibility),
    (4, is_not_known, CheckEligibility),
    (1, goes_well, RecordReferralAgreement),
)
"""What lies on the desks today: referred so many working days ago, along a path, and no further than a command."""


def deal_paths(random: Random, count: int) -> Sequence[Path]:
    """So many paths, in the proportions of `PATHS`, shuffled."""
    deck = [path for weight, path in PATHS for _ in range(weight)]
    paths: list[Path] = []
    while len(paths) < count:
        paths += random.sample(deck, len(deck))
    return paths[:count]
