"""Staff taken on, moved to another post, let go and taken back. Each change is in the access log."""

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, SecretStr
from sqlalchemy import func, select

from divert.acts.act import Act, ActContext
from divert.acts.answers import fault
from divert.acts.refusals import NotFound, Reason, Unusable
from divert.db import Turn
from divert.models import Role, Staff
from divert.people import staff
from divert.people.rights import MANAGER, POSTS
from divert.records import access


def _is_a_post(role: Role) -> Role:
    if role not in POSTS:
        raise fault("This is the worker's own and cannot be given to a person. Choose a post.")
    return role


Post = Annotated[Role, AfterValidator(_is_a_post), Field(title="Post", json_schema_extra={"choices": "posts"})]


class NoSuchPerson(NotFound):
    """There is no such person here."""


class AddStaff(
    Act,
    title="Take somebody on",
    json_schema_extra={"examples": [{"username": "j.smith", "name": "Jo Smith", "role": "probation_service_officer"}]},
):
    """A person who may act from now on, in one post."""

    by = MANAGER
    turn = Turn.staff

    name: str = Field(title="Name", min_length=1, max_length=120)
    username: str = Field(
        title="Username", min_length=1, max_length=60, description="Small letters, digits, dots and hyphens."
    )
    role: Post
    password: SecretStr | None = Field(
        default=None, title="Password", description="At least 12 characters. Without one they only use a token."
    )

    def apply(self, subject: None, context: ActContext) -> Staff:
        """The person, as they are on record."""
        password = self.password.get_secret_value() if self.password else None
        try:
            person = staff.add(context.session, self.username, self.name, self.role, password)
        except ValueError as error:
            field, _, sentence = str(error).partition(": ")
            raise Unusable({(field,): f"{sentence.capitalize()}."}) from None
        access.record(context.session, context.by, "alteration", context.at, what="staff: added")
        return person


class StaffCommand(Act):
    """Something done to a member of staff, by another: nobody shuts themselves out."""

    by = MANAGER
    turn: ClassVar[Turn | None] = Turn.staff
    must_be_active: ClassVar[bool] = True
    """False where it may be done to somebody who has left."""

    @classmethod
    def find(cls, on: str | None, context: ActContext) -> Staff:
        """The person with that username. Raises NoSuchPerson."""
        person = context.session.get(Staff, on or "")
        if person is None or (cls.must_be_active and not person.active):
            raise NoSuchPerson("There is no such person here.")
        return person

    def refusals(self, subject: Staff, context: ActContext) -> Iterator[Reason]:
        """There is always somebody left who keeps staff."""
        if subject.username == context.by.username:
            yield "somebody_else", "Another project manager changes your own post or lets you go."
        others = select(func.count()).where(
            Staff.role.in_(self.by), Staff.active.is_(True), Staff.username != subject.username
        )
        if subject.active and not context.session.scalar(others):
            yield "somebody_keeps_staff", "Nobody who keeps staff would be left. Take another project manager on first."


class ChangePost(StaffCommand, title="Give another post", json_schema_extra={"examples": [{"role": "panel_member"}]}):
    """Another post, from now on. Which they had until then stays known."""

    role: Post

    def apply(self, subject: Staff, context: ActContext) -> Staff:
        """The person, in the new post."""
        staff.give_post(context.session, subject.username, self.role, context.at)
        access.record(context.session, context.by, "alteration", context.at, what="staff: another post")
        return subject


class EndPost(StaffCommand, title="Let somebody go", json_schema_extra={"examples": [{}]}):
    """End a person's access at once, on every device. What they did stays theirs."""

    def apply(self, subject: Staff, context: ActContext) -> Staff:
        """The person, who has left."""
        staff.let_go(context.session, subject.username, context.at)
        access.record(context.session, context.by, "alteration", context.at, what="staff: has left")
        return subject


class TakeBack(StaffCommand, title="Take somebody back", json_schema_extra={"examples": [{}]}):
    """Somebody who had left is here again, by their old password or a new token."""

    must_be_active = False

    def apply(self, subject: Staff, context: ActContext) -> Staff:
        """The person, who is back."""
        staff.take_back(context.session, subject.username)
        access.record(context.session, context.by, "alteration", context.at, what="staff: is back")
        return subject


STAFF_COMMANDS: Mapping[str, type[Act]] = Act.among((AddStaff, ChangePost, EndPost, TakeBack))
"""What is done about staff, by its slug."""
