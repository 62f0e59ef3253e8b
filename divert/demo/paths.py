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
    accepted,
    allocated,
    charged_or_not,
    completed,
    decided,
    kept,
    met,
    referred,
    signed,
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
    accepted(story)
    signed(story)
    kept(story)
    completed(story)


def is_barred(story: Story) -> None:
    """A rule bars entry; both agree, and the offence goes back."""
    referred(story, **story.random.choice(BARRED))
    decided(story, police=False, probation=False)
    back = ReturnToForce(reason_code="ineligible", reasons="The policy does not take it, and both sides agree.")
    story.does(story.inspector, back)
    charged_or_not(story)


def is_taken_against_the_rule(story: Story) -> None:
    """A rule bars entry; both override it, and say why."""
    referred(story, current_order="conditional discharge")
    decided(story)
    allocated(story)
    signed(story)
    kept(story)
    completed(story)


def is_disagreed_on(story: Story) -> None:
    """Police and probation differ. Sometimes talking it through settles it."""
    police = story.chance(0.5)
    referred(story)
    decided(story, police=police, probation=not police)
    if story.chance(0.5):
        who = story.inspector if not police else PROBATION
        again = Reconsider(accept=True, reasons="Talked through: the other side's plan answers the concern.")
        story.does(who, again, after=1)
        allocated(story)
        signed(story)
        kept(story)
        completed(story)
    else:
        back = ReturnToForce(reason_code="not_agreed", reasons="One side said no, and stands by it.")
        story.does(story.inspector, back, after=1)
        charged_or_not(story)


def is_not_known(story: Story) -> None:
    """Something was left blank at the desk; it is asked for, supplied, and the path goes on."""
    blank = story.random.choice(NOT_KNOWN)
    answer = story.said[blank]
    referred(story, **{blank: None})
    supplied = CorrectFacts.model_validate({blank: answer, "reason": "Asked for after the check; record seen."})
    story.does(story.officer, supplied, after=story.random.randrange(1, 4))
    story.does(story.inspector, CheckEligibility())
    decided(story)
    allocated(story)
    signed(story)
    kept(story)
    completed(story)


def declines(story: Story) -> None:
    """Accepted, and then would rather not."""
    accepted(story)
    story.does(story.keyworker, DeclineContract(reasons="Would rather have it heard in court."), after=3)
    charged_or_not(story)


def breaches(story: Story) -> None:
    """Meetings are missed. What follows is decided by somebody else, and need not be the end."""
    accepted(story)
    signed(story)
    met(story, after=5)
    met(story, after=7, came=False)
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
        charged_or_not(story)
    else:
        kept(story)
        completed(story)


def offends_again(story: Story) -> None:
    """A new offence in the term ends it."""
    accepted(story)
    signed(story)
    met(story, after=6)
    again = RecordNewOffence(
        occurred_on=story.today, crime_ref=f"{story.said['crime_ref']}-N", what="Arrested for another theft."
    )
    story.does(story.inspector, again, after=2)
    end = DecideBreach(decision="end", probation_view="Cannot go on.", reasons="A second victim within weeks.")
    story.does(INSPECTORS[story.inspector is INSPECTORS[0]], end, after=2)
    charged_or_not(story)


def withdraws(story: Story) -> None:
    """Agreed at the desk, and thought better of it before signing anything."""
    referred(story)
    gone = CloseCase(
        reason_code="withdrew_before_start", explanation="Rang to say that they no longer wish to take part."
    )
    story.does(story.inspector, gone, after=1)


def is_lost_sight_of(reason: str) -> Path:
    """In the middle of a contract, life ends or moves on."""

    def path(story: Story) -> None:
        accepted(story)
        signed(story)
        met(story, after=6)
        story.does(MANAGER, CloseCase(reason_code=reason, explanation="Told by the family; checked."), after=6)

    return path


def is_closed_by_mistake(story: Story) -> None:
    """Somebody picks the wrong row; the manager takes it back and the case goes on."""
    accepted(story)
    story.does(story.inspector, CloseCase(reason_code="opened_in_error", explanation="Wrong person picked."), after=1)
    story.does(MANAGER, Reinstate(reason="The closing was meant for another case."), after=1)
    story.does(MANAGER, AddNote(text="Apologised to the keyworker: no time was lost."))
    signed(story)
    kept(story)
    completed(story)


def is_known_to_staff(story: Story) -> None:
    """The usual path, behind a closed door."""
    accepted(story)
    raised = SetSensitivity.model_validate({"level": "restricted", "reason": "Related to a member of staff."})
    story.does(PROBATION, raised)
    signed(story)
    kept(story)
    completed(story)


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


def dealt(random: Random, count: int) -> Sequence[Path]:
    """So many paths, in the proportions of `PATHS`, shuffled."""
    deck = [path for weight, path in PATHS for _ in range(weight)]
    dealt: list[Path] = []
    while len(dealt) < count:
        dealt += random.sample(deck, len(deck))
    return dealt[:count]
