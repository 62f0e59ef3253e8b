"""What is done at a meeting of the panel: by whom, when it is refused, and how it is put on record.

Each is a class, as the commands on a case are: its fields are the form, the JSON body and what is kept. None of
them can touch a case: they write entries of meetings, each in the meeting's own chain, and nothing else.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from divert.acts.act import Act, ActContext
from divert.acts.answers import IsoDate, YesNo, fault
from divert.acts.chain import BEGINNING, canonical, chain_hash
from divert.acts.command import Reasons, Short, Words
from divert.acts.refusals import NotFound, Reason
from divert.db import Turn, take_turn
from divert.eligibility.policy import Rule
from divert.models import Draw, PanelEntry, Role, Staff
from divert.people.rights import COORDINATOR, MEMBER, POLICE, Rows, Subject, may_read, rows_for
from divert.people.staff import Actor
from divert.policies.adopted import policies_of
from divert.records.meetings import EntryKind, Meeting, MeetingPack, all_meetings, entry_content, get_meeting
from divert.scrutiny.meeting import returning_packs
from divert.scrutiny.opening import is_missing, packs_of, policy_of

PackName = Annotated[str, Field(title="Pack", min_length=1, max_length=60, json_schema_extra={"choices": "packs"})]
Member = Annotated[str, Field(max_length=60, json_schema_extra={"choices": "members"})]
ScoreCode = Annotated[int, Field(ge=1, le=99, json_schema_extra={"choices": "scores"})]


class NoSuchMeeting(NotFound):
    """There is no such meeting, or the caller may not know of it."""


class OpenMeeting(
    Act,
    title="Open a meeting",
    json_schema_extra={
        "examples": [{"held_on": "2019-07-10", "frame": "0" * 64, "attending": ["panel.member"]}],
    },
):
    """Open a meeting on a draw. What the last meetings left without a conclusion comes back by itself."""

    by = COORDINATOR
    turn = Turn.meetings

    held_on: IsoDate = Field(title="Date of the meeting")
    frame: str = Field(
        title="The frame that was drawn", pattern=r"^[0-9a-f]{64}$", json_schema_extra={"choices": "frames"}
    )
    theme: Literal["sex", "ethnicity"] | None = Field(
        default=None, title="Theme", description="Packs show sex or ethnicity only to a meeting about it."
    )
    attending: list[Member] = Field(title="Members attending", min_length=1, max_length=40)

    @classmethod
    def find(cls, on: str | None, context: ActContext) -> list[Meeting]:
        """The meetings before it."""
        return all_meetings(context.session)

    def refusals(self, subject: Sequence[Meeting], context: ActContext) -> Iterator[Reason]:
        """One at a time, on a draw that no meeting had, by those who are members."""
        yield from _not_members(context.session, self.attending)
        for meeting in subject:
            if meeting.is_open:
                yield "no_meeting_open", f"Meeting {meeting.number} is still open. Close it first."
            if meeting.frame == self.frame:
                yield (
                    "draw_not_had",
                    "That draw was before an earlier meeting. Freeze a new frame and draw from it.",
                )
        if context.session.get(Draw, self.frame) is None:
            yield "frame_drawn", "That frame was not drawn. Draw from it first."

    def apply(self, subject: Sequence[Meeting], context: ActContext) -> Meeting:
        """The meeting as it begins."""
        session = context.session
        packs = {name: MeetingPack(self.frame, name) for name in packs_of(session, self.frame)}
        packs |= returning_packs(subject) | _additions(session, subject)
        number = 1 + (session.scalar(select(func.max(PanelEntry.meeting))) or 0)
        body = {**self.body(), "packs": [[name, *pack] for name, pack in packs.items()]}
        _append(session, number, None, self.slug(), body, context.by, context.at)
        return find_meeting(session, number, context.by)


class MeetingCommand(Act):
    """Something done at a meeting. `objections` yields what stands against it, beside what goes for all."""

    by: ClassVar[tuple[Role, ...]] = COORDINATOR
    turn: ClassVar[Turn | None] = Turn.meetings
    while_open: ClassVar[bool] = True

    @classmethod
    def find(cls, on: str | None, context: ActContext) -> Meeting:
        """The meeting of that number. Raises NoSuchMeeting."""
        number = int(on) if on is not None and on.isdecimal() and int(on) < 2**31 else 0
        return find_meeting(context.session, number, context.by)

    def refusals(self, subject: Meeting, context: ActContext) -> Iterator[Reason]:
        """Everything that stands against it now."""
        if self.while_open and not subject.is_open:
            yield "meeting_is_open", "The meeting is closed."
        pack = getattr(self, "pack", None)
        if pack is not None and pack not in subject.packs:
            yield (
                "pack_is_there",
                "This meeting has no such pack. A pack is named by stratum and pick, like completed-1.",
            )
            return
        yield from self.objections(subject, context)

    def objections(self, meeting: Meeting, context: ActContext) -> Iterator[Reason]:
        """Why it cannot be done now, beside what goes for all."""
        yield from ()

    def apply(self, subject: Meeting, context: ActContext) -> Meeting:
        """The meeting as it then stands."""
        _append(context.session, subject.number, subject, self.slug(), self.body(), context.by, context.at)
        return find_meeting(context.session, subject.number, context.by)


class Attend(
    MeetingCommand, title="Record that a member attends", json_schema_extra={"examples": [{"member": "panel.two"}]}
):
    """A member attends who was not expected."""

    member: Member = Field(title="Member")

    def objections(self, meeting: Meeting, context: ActContext) -> Iterator[Reason]:
        """Members alone attend."""
        yield from _not_members(context.session, [self.member])


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

    def objections(self, meeting: Meeting, context: ActContext) -> Iterator[Reason]:
        """One's own, or by the coordinator somebody's."""
        member = self.member or context.by.username
        if context.by.role in MEMBER and member != context.by.username:
            yield "own_conflict", "A member declares their own conflict, and nobody else's. Leave the member blank."
        elif member not in meeting.attending:
            yield "member_attends", "Say whose conflict it is: a member who attends this meeting."


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

    def objections(self, meeting: Meeting, context: ActContext) -> Iterator[Reason]:
        """By those who attend without conflict, until the scores are seen."""
        yield from _off_the_scale(meeting, self.score)
        if context.by.username not in meeting.may_score(self.pack):
            yield (
                "attends_without_conflict",
                "Only a member who attends, and has no conflict in this pack, scores it.",
            )
        elif meeting.revealed(self.pack):
            yield (
                "scores_unseen",
                "The scores of this pack have been seen, and an independent score comes before that.",
            )


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

    def objections(self, meeting: Meeting, context: ActContext) -> Iterator[Reason]:
        """After the independent scores, and whole."""
        session, pack = context.session, meeting.packs[self.pack]
        yield from _off_the_scale(meeting, self.score)
        if not meeting.revealed(self.pack):
            yield (
                "independent_scores_first",
                "The members score first, each alone. Wait for every score, or close scoring.",
            )
        score = meeting.scale.get(self.score)
        if score is not None and not score.found and is_missing(session, pack.frame, pack.pack):
            yield (
                "missing_is_the_worst_case",
                "The record of this case is missing, and a missing record counts as the worst case: score it so.",
            )
        if score is not None and score.comes_back and not (self.asked_for or "").strip():
            yield (
                "asks_for_something",
                "Without a conclusion, say what is asked for: the case comes back at the next meeting with it.",
            )
        rules = [rule.id for rule in rules_of(session, pack)] if self.doubts else []
        if self.doubts and self.doubts not in rules:
            known = ", ".join(rules) or "it has none"
            yield "rule_judged_the_case", f"No rule {self.doubts} judged this case. Use one of: {known}."


class RecordResponse(
    MeetingCommand,
    title="Record the response",
    json_schema_extra={"examples": [{"pack": "completed-1", "response": "The team was briefed.", "closed": "yes"}]},
):
    """What the force answers to a finding, and whether that closes it. It changes nothing in the case."""

    by = POLICE
    while_open = False
    pack: PackName
    response: Reasons = Field(title="Response")
    closed: YesNo = Field(title="Does this close the finding")

    def objections(self, meeting: Meeting, context: ActContext) -> Iterator[Reason]:
        """To what was found."""
        if self.pack not in meeting.findings:
            yield "finding_is_there", "There is no finding on this pack to respond to."


class CloseMeeting(MeetingCommand, title="Close the meeting", json_schema_extra={"examples": [{}]}):
    """End the meeting: from then on no member opens its packs."""

    def objections(self, meeting: Meeting, context: ActContext) -> Iterator[Reason]:
        """When every pack has a finding, if only that there is no conclusion."""
        if without_finding := [name for name in meeting.packs if name not in meeting.findings]:
            yield (
                "every_pack_has_a_finding",
                f"These packs have no finding yet: {', '.join(without_finding)}. Record one for each, if only no"
                " conclusion.",
            )


MEETING_COMMANDS: Mapping[str, type[MeetingCommand]] = MeetingCommand.among(
    (Attend, DeclareConflict, ScorePack, CloseScoring, AgreeFinding, RecordResponse, CloseMeeting)
)
"""What is done at a meeting that was opened, by its slug."""


def rules_of(session: Session, pack: MeetingPack) -> tuple[Rule, ...]:
    """The rules of the policy by which a pack's case was judged: those that a finding may doubt."""
    policy = policy_of(session, pack.frame, pack.pack)
    return policies_of(session).get(policy).rules if policy else ()


def take_additions(session: Session, by: Actor, at: datetime) -> None:
    """Put what was added to draws before the meeting that is open, if one is."""
    take_turn(session, Turn.meetings)
    meetings = all_meetings(session)
    current = next((meeting for meeting in meetings if meeting.is_open), None)
    if current is not None and (packs := _additions(session, meetings)):
        body = {"packs": [[name, *pack] for name, pack in packs.items()]}
        _append(session, current.number, current, EntryKind.take_additions, body, by, at)


def find_meeting(session: Session, number: int, by: Actor) -> Meeting:
    """The meeting, if whoever asks may know of it: a member does of those they attend. Raises NoSuchMeeting."""
    meeting = get_meeting(session, number)
    if meeting is None or not may_know(meeting, by):
        raise NoSuchMeeting(f"There is no meeting {number} that you may open.")
    return meeting


def may_know(meeting: Meeting, by: Actor) -> bool:
    """Whether somebody may know of a meeting: by the table of rights: those who read findings answer them."""
    rows = rows_for(by.role, Subject.meetings)
    if rows is Rows.attended:
        return by.username in meeting.attending
    return rows is not None or may_read(by.role, Subject.findings)


def _additions(session: Session, meetings: Sequence[Meeting]) -> dict[str, MeetingPack]:
    """The packs of draws that meetings have had, which no meeting has: top-ups and thematic picks."""
    known = {(pack.frame, pack.pack) for meeting in meetings for pack in meeting.packs.values()}
    additions = {}
    for meeting in meetings:
        for pack in packs_of(session, meeting.frame):
            if (meeting.frame, pack) not in known:
                name = pack if meeting.is_open else f"{meeting.number}-{pack}"
                additions[name] = MeetingPack(meeting.frame, pack)
    return additions


def _not_members(session: Session, usernames: list[str]) -> Iterator[Reason]:
    query = select(Staff.username).where(
        Staff.username.in_(usernames), Staff.role.in_(ScorePack.by), Staff.active.is_(True)
    )
    if strangers := sorted(set(usernames) - set(session.scalars(query))):
        yield "members_of_the_panel", f"These are no members of the panel: {', '.join(strangers)}."


def _off_the_scale(meeting: Meeting, score: int) -> Iterator[Reason]:
    if score not in meeting.scale:
        scale = ", ".join(map(str, meeting.scale))
        yield "score_on_the_scale", f"The scale has no score {score}. Use one of: {scale}."


def _append(
    session: Session, number: int, meeting: Meeting | None, command: str, body: dict[str, Any], by: Actor, at: datetime
) -> None:
    """Write the next entry of a meeting as it stands, or its first where there is none yet."""
    entry = PanelEntry(
        meeting=number,
        seq=meeting.entries + 1 if meeting else 1,
        at=at,
        by=by.username,
        role=by.role,
        command=command,
        body=canonical(body),
    )
    entry.hash = chain_hash(meeting.head if meeting else BEGINNING, entry_content(entry))
    session.add(entry)
    session.flush()
