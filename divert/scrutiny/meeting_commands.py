"""What is done at a meeting of the panel: by whom, when it is refused, and how it is put on record.

Each is a class, as the commands on a case are: its fields are the form, the JSON body and what is kept. None of
them can touch a case: they write entries of meetings and nothing else.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from divert.acts.answers import IsoDate, YesNo, fault
from divert.acts.chain import canonical
from divert.acts.command import Command, Reasons, Short, Words
from divert.db import Turn, take_turn
from divert.eligibility.policy import Rule
from divert.models import Draw, PanelEntry, Role, Staff
from divert.people.staff import Actor
from divert.policies.adopted import policies_of
from divert.scrutiny.actions import ANSWERS
from divert.scrutiny.meeting import Case, Meeting, comes_back, meeting, meetings
from divert.scrutiny.opening import is_missing, packs_of, policy_of

COORDINATOR = (Role.panel_coordinator,)
MEMBER = (Role.panel_member,)

PackName = Annotated[str, Field(title="Pack", min_length=1, max_length=60, json_schema_extra={"choices": "packs"})]
Member = Annotated[str, Field(max_length=60, json_schema_extra={"choices": "members"})]
ScoreCode = Annotated[int, Field(ge=1, le=99, json_schema_extra={"choices": "scores"})]


class NoSuchMeeting(LookupError):
    """There is no such meeting."""


class NotYours(PermissionError):
    """The role may never do this."""


class CannotBeDone(Exception):
    """It may not be done now, for every reason that is given."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


class MeetingCommand(Command):
    """Something done at a meeting. `refusals` yields a sentence for everything that stands against it."""

    by: ClassVar[tuple[Role, ...]] = COORDINATOR
    while_open: ClassVar[bool] = True

    def refusals(self, session: Session, told: Meeting, by: Actor) -> Iterator[str]:
        """Why it cannot be done now, beside what goes for all."""
        yield from ()


class OpenMeeting(
    Command,
    title="Open a meeting",
    json_schema_extra={
        "examples": [{"held_on": "2019-07-10", "frame": "0" * 64, "attending": ["panel.member"]}],
    },
):
    """Open a meeting on a draw. What the last meetings left without a conclusion comes back by itself."""

    held_on: IsoDate = Field(title="Date of the meeting")
    frame: str = Field(
        title="The frame that was drawn", pattern=r"^[0-9a-f]{64}$", json_schema_extra={"choices": "frames"}
    )
    theme: Literal["sex", "ethnicity"] | None = Field(
        default=None, title="Theme", description="Packs show sex or ethnicity only to a meeting about it."
    )
    attending: list[Member] = Field(title="Members attending", min_length=1, max_length=40)


class Attend(
    MeetingCommand, title="Record that a member attends", json_schema_extra={"examples": [{"member": "panel.two"}]}
):
    """A member attends who was not expected."""

    member: Member = Field(title="Member")

    def refusals(self, session: Session, told: Meeting, by: Actor) -> Iterator[str]:
        """Members alone attend."""
        yield from _strangers(session, [self.member])


class DeclareConflict(
    MeetingCommand,
    title="Declare a conflict",
    json_schema_extra={"examples": [{"pack": "completed-1", "why": "I sat on the bench in this matter."}]},
):
    """A member knows of a case. They cannot open its pack from then on, and what they scored does not count."""

    by = (*MEMBER, *COORDINATOR)
    pack: PackName
    why: Reasons = Field(title="Why, without naming anybody")
    member: Member | None = Field(default=None, title="Member", description="Only the coordinator says whose.")

    def refusals(self, session: Session, told: Meeting, by: Actor) -> Iterator[str]:
        """One's own, or by the coordinator somebody's."""
        whose = self.member or by.username
        if by.role is Role.panel_member and whose != by.username:
            yield "A member declares their own conflict, and nobody else's. Leave the member blank."
        elif whose not in told.attending:
            yield "Say whose conflict it is: a member who attends this meeting."


class ScorePack(
    MeetingCommand,
    title="Score a pack",
    json_schema_extra={"examples": [{"pack": "completed-1", "score": 1, "reason": "Well reasoned."}]},
):
    """A member's own score, before anything is discussed. Nobody sees it until all have scored."""

    by = MEMBER
    pack: PackName
    score: ScoreCode = Field(title="Score")
    reason: Reasons = Field(title="Reason")

    def refusals(self, session: Session, told: Meeting, by: Actor) -> Iterator[str]:
        """By those who attend without conflict, until the scores are seen."""
        yield from _off_the_scale(told, self.score)
        if by.username not in told.may_score(self.pack):
            yield "Only a member who attends, and has no conflict in this pack, scores it."
        elif told.revealed(self.pack):
            yield "The scores of this pack have been seen, and an independent score comes before that."


class CloseScoring(MeetingCommand, title="Close scoring", json_schema_extra={"examples": [{"pack": "completed-1"}]}):
    """Scoring of a pack is over, though somebody has not scored: what was scored is seen."""

    pack: PackName


class AgreeFinding(
    MeetingCommand,
    title="Record what was agreed",
    json_schema_extra={
        "examples": [
            {
                "pack": "completed-1",
                "score": 2,
                "reason": "Right to divert; the victim could have been told sooner.",
                "learning": "Tell the victim within two days.",
                "learning_for": "team",
                "owner": "Police team lead",
                "due_on": "2019-09-30",
            }
        ]
    },
):
    """The panel's score, its reason, and what is to be learnt. Recorded again, the last counts and all stay."""

    pack: PackName
    score: ScoreCode = Field(title="Agreed score")
    reason: Reasons = Field(title="Reason")
    asked_for: Words | None = Field(default=None, title="Where there is no conclusion: what is asked for")
    good_practice: Words | None = Field(default=None, title="Good practice")
    learning: Words | None = Field(default=None, title="What is to be learnt")
    learning_for: Literal["person", "team", "organisation"] | None = Field(default=None, title="By whom")
    owner: Short | None = Field(default=None, title="Who sees to it", description="A post, not a name.")
    due_on: IsoDate | None = Field(default=None, title="By when")
    doubts: Short | None = Field(
        default=None,
        title="Rule that is doubted",
        description="Of the policy that judged the case: it is then looked at in rehearsal. The case stays as it is.",
        json_schema_extra={"choices": "rules"},
    )

    @model_validator(mode="after")
    def _whole(self) -> "AgreeFinding":
        if self.learning and not (self.learning_for and self.owner and self.due_on):
            raise fault("Learning needs a person, team or organisation, an owner and a date: give all three.")
        return self

    def refusals(self, session: Session, told: Meeting, by: Actor) -> Iterator[str]:
        """After the independent scores, and whole."""
        yield from _off_the_scale(told, self.score)
        if not told.revealed(self.pack):
            yield "The members score first, each alone. Wait for every score, or close scoring."
        said = told.scale.get(self.score)
        if said is not None and not said.found and is_missing(session, *told.packs[self.pack][:2]):
            yield "The record of this case is missing, and a missing record counts as the worst case: score it so."
        if said is not None and said.comes_back and not (self.asked_for or "").strip():
            yield "Without a conclusion, say what is asked for: the case comes back at the next meeting with it."
        rules = [rule.id for rule in rules_of(session, told.packs[self.pack])] if self.doubts else []
        if self.doubts and self.doubts not in rules:
            yield f"No rule {self.doubts} judged this case. Use one of: {', '.join(rules) or 'it has none'}."


class RecordResponse(
    MeetingCommand,
    title="Record the response",
    json_schema_extra={"examples": [{"pack": "completed-1", "response": "The team was briefed.", "closed": "yes"}]},
):
    """What the force answers to a finding, and whether that closes it. It changes nothing in the case."""

    by = ANSWERS
    while_open = False
    pack: PackName
    response: Reasons = Field(title="Response")
    closed: YesNo = Field(title="Does this close the finding")

    def refusals(self, session: Session, told: Meeting, by: Actor) -> Iterator[str]:
        """To what was found."""
        if self.pack not in told.findings:
            yield "There is no finding on this pack to respond to."


class CloseMeeting(MeetingCommand, title="Close the meeting", json_schema_extra={"examples": [{}]}):
    """End the meeting: from then on no member opens its packs."""

    def refusals(self, session: Session, told: Meeting, by: Actor) -> Iterator[str]:
        """When every pack has a finding, if only that there is no conclusion."""
        if left := [name for name in told.packs if name not in told.findings]:
            yield f"These packs have no finding yet: {', '.join(left)}. Record one for each, if only no conclusion."


MEETING_COMMANDS: dict[str, type[MeetingCommand]] = {
    one.slug(): one
    for one in (Attend, DeclareConflict, ScorePack, CloseScoring, AgreeFinding, RecordResponse, CloseMeeting)
}


def rules_of(session: Session, one: Case) -> tuple[Rule, ...]:
    """The rules of the policy by which a pack's case was judged: those that a finding may doubt."""
    policy = policy_of(session, one.frame, one.pack)
    return policies_of(session).get(policy).rules if policy else ()


def open_meeting(session: Session, given: OpenMeeting, by: Actor, at: datetime) -> int:
    """Open a meeting; its number. Raises NotYours, CannotBeDone."""
    _require_role(OpenMeeting.title(), COORDINATOR, by)
    take_turn(session, Turn.meetings)
    earlier = meetings(session)
    against = [*_strangers(session, given.attending)]
    if open_one := next((one for one in earlier if one.is_open), None):
        against.append(f"Meeting {open_one.number} is still open. Close it first.")
    if any(one.frame == given.frame for one in earlier):
        against.append("That draw was before an earlier meeting. Freeze a new frame and draw from it.")
    if session.get(Draw, given.frame) is None:
        against.append("That frame was not drawn. Draw from it first.")
    if against:
        raise CannotBeDone(against)
    packs = {name: Case(given.frame, name) for name in packs_of(session, given.frame)}
    packs |= comes_back(earlier) | _added(session, earlier)
    number = 1 + (session.scalar(select(func.max(PanelEntry.meeting))) or 0)
    body = {**given.body(), "packs": [[name, *case] for name, case in packs.items()]}
    _append(session, number, 1, given.slug(), canonical(body), by, at)
    return number


def take_additions(session: Session, by: Actor, at: datetime) -> None:
    """Put what was added to draws before the meeting that is open, if one is."""
    take_turn(session, Turn.meetings)
    everyone = meetings(session)
    if (told := next((one for one in everyone if one.is_open), None)) and (packs := _added(session, everyone)):
        body = canonical({"packs": [[name, *case] for name, case in packs.items()]})
        _append(session, told.number, told.entries + 1, "take-additions", body, by, at)


def perform(session: Session, number: int, given: MeetingCommand, by: Actor, at: datetime) -> Meeting:
    """Do something at a meeting; the meeting as it then stands. Raises NoSuchMeeting, NotYours, CannotBeDone."""
    _require_role(given.title(), given.by, by)
    take_turn(session, Turn.meetings)
    told = known_to(session, number, by)
    against = list(objections(session, told, given, by))
    if against:
        raise CannotBeDone(against)
    _append(session, number, told.entries + 1, given.slug(), canonical(given.body()), by, at)
    return known_to(session, number, by)


def known_to(session: Session, number: int, by: Actor) -> Meeting:
    """The meeting, if whoever asks may know of it: a member does of those they attend. Raises NoSuchMeeting."""
    told = meeting(session, number)
    if told is None or (by.role is Role.panel_member and by.username not in told.attending):
        raise NoSuchMeeting(f"There is no meeting {number} that you may open.")
    return told


def objections(session: Session, told: Meeting, given: MeetingCommand, by: Actor) -> Iterator[str]:
    """Everything that stands against it now."""
    if given.while_open and not told.is_open:
        yield "The meeting is closed."
    pack = getattr(given, "pack", None)
    if pack is not None and pack not in told.packs:
        yield "This meeting has no such pack. A pack is named by stratum and pick, like completed-1."
        return
    yield from given.refusals(session, told, by)


def _added(session: Session, earlier: Sequence[Meeting]) -> dict[str, Case]:
    """The packs of draws that meetings have had, which no meeting has: top-ups and thematic picks."""
    had = {(case.frame, case.pack) for one in earlier for case in one.packs.values()}
    return {
        pack if one.is_open else f"{one.number}-{pack}": Case(one.frame, pack)
        for one in earlier
        for pack in packs_of(session, one.frame)
        if (one.frame, pack) not in had
    }


def _require_role(title: str, roles: tuple[Role, ...], by: Actor) -> None:
    if by.role not in roles:
        raise NotYours(f"'{title}' is for the {' or '.join(role.label.lower() for role in roles)}.")


def _strangers(session: Session, usernames: list[str]) -> Iterator[str]:
    known = select(Staff.username).where(
        Staff.username.in_(usernames), Staff.role == Role.panel_member, Staff.active.is_(True)
    )
    if strangers := sorted(set(usernames) - set(session.scalars(known))):
        yield f"These are no members of the panel: {', '.join(strangers)}."


def _off_the_scale(told: Meeting, score: int) -> Iterator[str]:
    if score not in told.scale:
        yield f"The scale has no score {score}. Use one of: {', '.join(map(str, told.scale))}."


def _append(session: Session, number: int, seq: int, command: str, body: str, by: Actor, at: datetime) -> None:
    session.add(PanelEntry(meeting=number, seq=seq, at=at, by=by.username, role=by.role, command=command, body=body))
    session.flush()
