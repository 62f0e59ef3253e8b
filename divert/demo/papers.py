"""What left the house in the demo: now and then a contract or a letter on paper, and what was shared with consent."""

from divert.casework.command import Context
from divert.casework.commands.documents import IssueDocument, sha256
from divert.casework.commands.sharing import Recipient, RecordConsent, ShareCase
from divert.casework.preview import preview
from divert.demo.story import Story
from divert.documents.kinds import DocumentKind
from divert.exchange import format as file
from divert.exchange.consent import Part

ONE_IN = 12
"""A handful in a year: each document takes as long to make as a dozen other steps."""

HOUSING = "Harbour Housing"
AGREED = [Part.who, Part.contract, Part.appointments]


def issue(story: Story, kind: DocumentKind) -> None:
    """The keyworker looks at a document about the case as a whole, and issues it."""
    if _is_chosen(story):
        context = Context(story.session, story.keyworker, story.now, story.case.version + 1)
        pdf = preview(story.case, context, kind, None, large_print=False)
        story.does(story.keyworker, IssueDocument(kind=kind, sha256=sha256(pdf)))


def share_case(story: Story) -> None:
    """The person agrees to have some of it shared, and it is."""
    if _is_chosen(story):
        consent = RecordConsent(
            answer="given", said_on=story.today, how="signed", recipients=[Recipient(name=HOUSING)], parts=AGREED
        )
        story.does(story.keyworker, consent)
        content = file.to_bytes(file.shared_case(story.case, HOUSING, AGREED, story.today), "json")
        share = ShareCase(recipient=HOUSING, parts=AGREED, format="json", sha256=file.sha256(content))
        story.does(story.keyworker, share)


def _is_chosen(story: Story) -> bool:
    """Not by chance: the rest of the year stays as it was."""
    return int(story.case.ref.rpartition("-")[2]) % ONE_IN == 0
