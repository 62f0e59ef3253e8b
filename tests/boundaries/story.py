"""A story in steps, of which the last is somebody trying something: just within what a guard allows, or just not."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from divert.acts.refusals import Refused
from divert.casework.command import Context
from divert.casework.lifecycle import COMMANDS
from divert.models import Staff, State
from divert.people.staff import Actor
from tests.endings import judged
from tests.office import ENTRY, INSPECTOR, KEYWORKER, PROBATION_LEAD, SIGNED_CONDITIONS, Office
from tests.ready import example

Step = Callable[[Office], object]
"""Something that happens, always to the person last referred."""

Told = tuple[Step, ...]


@dataclass(frozen=True)
class Boundary:
    """After what is given a guard lets the one story through and refuses the other, with no guard but those `besides`.

    `says` names the two sides: this, not that. `reads` is the sentence of a refusal, where a guard composes it.
    """

    guard: str
    says: str
    given: Told
    passes: Told
    fails: Told
    besides: frozenset[str] = frozenset()
    reads: str | None = None


@dataclass(frozen=True)
class Fork:
    """After what is given a guard sends the one story to a state, and leaves the other in, or sends it to, another."""

    guard: str
    says: str
    given: Told
    holds: Told
    leads_to: State
    fails: Told
    leads_else: State


# What happens


def on(day: str) -> Step:
    """Days go by."""
    return lambda office: office.on(day)


def referred(**facts: Any) -> Step:
    """Dale is referred, or somebody like him."""
    return lambda office: office.refers(**facts)


def case_in(state: State, **facts: Any) -> Step:
    """Somebody is referred, and all goes well until then."""
    return lambda office: office.case_in(state, **facts)


def checked(**facts: Any) -> Step:
    """Somebody is referred who harmed nobody, agrees and is judged."""
    return lambda office: judged(office, office.refers(**{**HARMED_NOBODY, **facts}))


def did(who: Actor, slug: str, **said: Any) -> Step:
    """Somebody does what the command's own example says, but for what is said here."""

    def step(office: Office) -> None:
        command = COMMANDS[slug].model_validate({**example(COMMANDS[slug]), **said})
        office.does(who, command, office.refs[-1] if slug != "refer" else None)

    return step


def left(who: Actor) -> Step:
    """Somebody leaves the scheme's employment."""

    def step(office: Office) -> None:
        with office.database.writing() as session:
            session.get_one(Staff, who.username).active = False

    return step


def looked_at(who: Actor, slug: str, *meanwhile: Step, **said: Any) -> Step:
    """Somebody looks at the file that a command would make, things happen, and they send what they looked at."""

    def step(office: Office) -> None:
        given = {**example(COMMANDS[slug]), **said}
        with office.database.reading() as session, suppress(Refused, LookupError):
            case = office.find(session, office.refs[-1])
            command: Any = COMMANDS[slug].model_validate(given)
            context = Context(session, who, office.now, case.version + 1)
            content = (
                command.render_pdf(case, context) if slug == "issue-document" else command.write_file(case, context)
            )
            given["sha256"] = sha256(content).hexdigest()
        for happens in meanwhile:
            happens(office)
        office.does(who, COMMANDS[slug].model_validate(given), office.refs[-1])

    return step


# What many stories begin with, or turn on

HARMED_NOBODY: dict[str, Any] = {"offence_code": "CJ67002", "victim_kind": "none", "value_gbp": None}
"""Drunk and disorderly: nobody is harmed, and it has to be charged within six months."""

YES: dict[str, Any] = {"accept": "yes", "reasons": "First offence."}
NO: dict[str, Any] = {"accept": "no", "reasons": "Too grave.", "override_reason": "A vulnerable shopkeeper."}
POLICE_SAY_YES = did(INSPECTOR, "decide-for-police", **YES)
POLICE_SAY_NO = did(INSPECTOR, "decide-for-police", **NO)
PROBATION_SAYS_YES = did(PROBATION_LEAD, "decide-for-probation", **YES)
PROBATION_SAYS_NO = did(PROBATION_LEAD, "decide-for-probation", **NO)
SENT_BACK = did(INSPECTOR, "return-to-force", reason_code="not_agreed")
ALLOCATED = did(PROBATION_LEAD, "allocate", keyworker=KEYWORKER.username)
ASSESSED = did(KEYWORKER, "assess-needs", **ENTRY)
ASSESSED_AT_EXIT = did(KEYWORKER, "assess-needs", **{**ENTRY, "stage": "exit"})
READY_TO_SIGN = (ALLOCATED, ASSESSED)


def signs(**terms: Any) -> Step:
    """The person signs, on 6 May and for three months unless said otherwise."""
    said = {"signed_on": "2019-05-06", "ends_on": "2019-08-04", "conditions": SIGNED_CONDITIONS, **terms}
    return did(KEYWORKER, "sign-contract", **said)


def varies(**terms: Any) -> Step:
    """The person signs other terms, on 6 May unless said otherwise; the garden is dropped."""
    said = {"signed_on": "2019-05-06", "ends_on": "2019-08-04", **terms}
    return did(KEYWORKER, "vary-contract", **said)


def pauses(first: str, last: str, stops: str = "contract_end") -> Step:
    """The contract is paused from one day to another."""
    return did(PROBATION_LEAD, "pause-contract", from_on=first, until_on=last, stops=[stops])


def resumes(day: str) -> Step:
    """The contract runs again."""
    return did(PROBATION_LEAD, "resume-contract", resumed_on=day)


def corrects(condition: int, kept: str, day: str, who: Actor = KEYWORKER) -> Step:
    """Somebody takes in what came late."""
    return did(who, "correct-condition", condition=condition, kept=kept, effective_on=day)


def reports(who: Actor = KEYWORKER, **said: Any) -> Step:
    """Somebody reports that two appointments were missed."""
    return did(who, "report-breach", **{"occurred_on": "2019-05-06", **said})


def decides(decision: str, who: Actor = INSPECTOR) -> Step:
    """What follows from the breach."""
    return did(who, "decide-breach", decision=decision)
