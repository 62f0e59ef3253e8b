"""For every command a case in which its own example can be carried out, and who would do it."""

from collections.abc import Callable
from typing import Any

from divert.acts.command import Command
from divert.casework.command import Context
from divert.casework.commands.breach import DecideBreach
from divert.casework.commands.conditions import CorrectCondition
from divert.casework.commands.decisions import DecideForPolice, DecideForProbation
from divert.casework.commands.documents import IssueDocument, sha256
from divert.casework.commands.sharing import ShareCase
from divert.casework.commands.support import Allocate, AssessNeeds
from divert.casework.lifecycle import COMMANDS
from divert.documents.kinds import DocumentKind
from divert.models import State
from divert.people.staff import Actor
from tests.office import ENTRY, INSPECTOR, KEYWORKER, MANAGER, OFFICER, PROBATION_LEAD, Office
from tests.papers import previewed

Ready = tuple[Actor, Callable[[Office], str]]


def example(command: type[Command]) -> dict[str, Any]:
    """The example that a command's schema shows."""
    found: dict[str, Any] = command.model_json_schema()["examples"][0]
    return found


def said_in(office: Office, ref: str, who: Actor, command: type[Command]) -> dict[str, Any]:
    """That example, with what only this case can tell: the hash of a document as previewed, of a file as made."""
    said = example(command)
    if command is IssueDocument:
        said["sha256"] = sha256(previewed(office, ref, who, DocumentKind(said["kind"])))
    if command is ShareCase:
        with office.database.reading() as session:
            case = office.find(session, ref)
            made = ShareCase.model_validate(said).write_file(case, Context(session, who, office.now, case.version + 1))
            said["sha256"] = sha256(made)
    return said


def _in(state: State, day: str | None = None) -> Callable[[Office], str]:
    def made(office: Office) -> str:
        ref = office.case_in(state)
        if day is not None:
            office.on(day)
        return ref

    return made


def _after(who: Actor, slug: str, before: Callable[[Office], str], day: str | None = None) -> Callable[[Office], str]:
    """The example of another command carried out first."""

    def made(office: Office) -> str:
        ref = before(office)
        office.does(who, COMMANDS[slug].model_validate(example(COMMANDS[slug])), ref)
        if day is not None:
            office.on(day)
        return ref

    return made


def _one_has_said_yes(office: Office) -> str:
    ref = office.case_in(State.under_decision)
    office.does(INSPECTOR, DecideForPolice(accept=True, reasons="First offence."), ref)
    return ref


def _probation_has_said_no(office: Office) -> str:
    ref = office.case_in(State.under_decision)
    no = DecideForProbation(accept=False, reasons="Will not engage.", override_reason="Said so, twice.")
    office.does(PROBATION_LEAD, no, ref)
    return ref


def _allocated(office: Office) -> str:
    ref = office.case_in(State.accepted)
    office.does(PROBATION_LEAD, Allocate(keyworker=KEYWORKER.username), ref)
    return ref


def _assessed(office: Office) -> str:
    ref = _allocated(office)
    office.does(KEYWORKER, AssessNeeds.model_validate(ENTRY), ref)
    return ref


def _signable(office: Office) -> str:
    ref = _assessed(office)
    office.on("2019-05-10")
    return ref


def _kept(office: Office) -> str:
    return office.keeps(office.case_in(State.active))


def _beside_another(office: Office) -> str:
    ref = office.case_in(State.referred)
    office.refers(crime_ref="CVP-19-100002", surname="Brook", forenames="Sam")
    return ref


def _evidence_came_late(office: Office) -> str:
    ref = office.case_in(State.breach_review)
    ended = DecideBreach(decision="end", probation_view="Agrees.", reasons="Nothing was kept.")
    office.does(INSPECTOR, ended, ref)
    office.does(KEYWORKER, CorrectCondition.model_validate(example(CorrectCondition)), ref)
    return ref


_booked = _after(KEYWORKER, "book-appointment", _in(State.active))
_met = _after(KEYWORKER, "record-attendance", _after(KEYWORKER, "book-appointment", _in(State.active), "2019-05-16"))

READY: dict[str, Ready] = {
    "correct-facts": (OFFICER, _in(State.referred)),
    "record-referral-agreement": (OFFICER, _in(State.referred)),
    "record-victim-views": (OFFICER, _in(State.referred)),
    "record-victim-update": (INSPECTOR, _in(State.accepted, "2019-05-08")),
    "check-eligibility": (INSPECTOR, _after(OFFICER, "record-referral-agreement", _in(State.referred))),
    "decide-for-police": (INSPECTOR, _in(State.under_decision)),
    "decide-for-probation": (PROBATION_LEAD, _in(State.under_decision)),
    "reconsider": (INSPECTOR, _one_has_said_yes),
    "return-to-force": (INSPECTOR, _probation_has_said_no),
    "allocate": (PROBATION_LEAD, _in(State.accepted)),
    "assess-needs": (KEYWORKER, _allocated),
    "sign-contract": (KEYWORKER, _signable),
    "decline-contract": (KEYWORKER, _assessed),
    "book-appointment": (KEYWORKER, _in(State.active)),
    "reschedule-appointment": (KEYWORKER, _booked),
    "cancel-appointment": (KEYWORKER, _booked),
    "record-attendance": (
        KEYWORKER,
        _after(KEYWORKER, "book-appointment", _in(State.active), "2019-05-16"),
    ),
    "correct-attendance": (KEYWORKER, _met),
    "record-progress": (KEYWORKER, _in(State.active)),
    "mark-condition-kept": (KEYWORKER, _in(State.active, "2019-07-21")),
    "waive-condition": (PROBATION_LEAD, _in(State.active)),
    "vary-contract": (KEYWORKER, _in(State.active, "2019-06-10")),
    "pause-contract": (PROBATION_LEAD, _in(State.active, "2019-06-01")),
    "resume-contract": (
        PROBATION_LEAD,
        _after(PROBATION_LEAD, "pause-contract", _in(State.active, "2019-06-01"), "2019-06-08"),
    ),
    "report-breach": (KEYWORKER, _in(State.active, "2019-06-04")),
    "record-new-offence": (INSPECTOR, _in(State.active, "2019-06-13")),
    "decide-breach": (INSPECTOR, _in(State.breach_review)),
    "correct-condition": (KEYWORKER, _in(State.breach_review)),
    "review-breach": (INSPECTOR, _evidence_came_late),
    "complete-case": (PROBATION_LEAD, _kept),
    "record-charging-decision": (INSPECTOR, _in(State.returned, "2019-07-02")),
    "close-case": (MANAGER, _in(State.referred)),
    "move-deadline": (MANAGER, _in(State.referred)),
    "reinstate": (MANAGER, _in(State.closed)),
    "add-note": (KEYWORKER, _in(State.active)),
    "issue-document": (KEYWORKER, _in(State.active)),
    "record-consent": (KEYWORKER, _in(State.active)),
    "share-case": (KEYWORKER, _after(KEYWORKER, "record-consent", _in(State.active))),
    "correct-note": (KEYWORKER, _after(INSPECTOR, "add-note", _one_has_said_yes)),
    "set-sensitivity": (INSPECTOR, _in(State.referred)),
    "lift-sensitivity": (MANAGER, _after(INSPECTOR, "set-sensitivity", _in(State.referred))),
    "link-cases": (INSPECTOR, _beside_another),
    "merge-person": (MANAGER, _beside_another),
    "record-follow-up": (INSPECTOR, _in(State.completed, "2023-08-10")),
    "review-retention": (MANAGER, _in(State.completed)),
}
"""Every command but the one that opens a case and the worker's own."""
