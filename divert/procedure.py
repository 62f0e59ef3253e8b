"""Every act on what is no case, beside the table of a case's commands: for `/help` and `GET /api/lifecycle`."""

from divert.acts.act import Act
from divert.board.spending import EnterCosts
from divert.office.messages import RetryMessage
from divert.office.staff import STAFF_COMMANDS
from divert.policies.commands import POLICY_COMMANDS
from divert.scrutiny.draw_commands import DRAW_COMMANDS
from divert.scrutiny.meeting_commands import MEETING_COMMANDS, OpenMeeting

ACTS: dict[str, tuple[type[Act], ...]] = {
    "Frames and draws": tuple(DRAW_COMMANDS.values()),
    "Meetings of the panel": (OpenMeeting, *MEETING_COMMANDS.values()),
    "Policies": tuple(POLICY_COMMANDS.values()),
    "Costs": (EnterCosts,),
    "Staff": tuple(STAFF_COMMANDS.values()),
    "Messages": (RetryMessage,),
}
"""By what they are done to, in the order in which they come up."""
