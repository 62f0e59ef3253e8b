"""Giving a file of evidence to a case, before a command names it: at a page, over JSON, at the command line alike."""

from pathlib import Path

from divert.acts.refusals import Refused
from divert.casework.command import CaseCommand, Context
from divert.casework.files import StoredFile
from divert.casework.lifecycle import COMMANDS
from divert.casework.workflow import objections
from divert.models import Case
from divert.records import access, evidence

NAMES_FILES: tuple[type[CaseCommand], ...] = tuple(
    command for command in COMMANDS.values() if "files" in command.model_fields
)
"""The commands that may name files."""


def give(case: Case, context: Context, folder: Path, content: bytes, most: int) -> StoredFile:
    """Keep a file for a case, on record. Raises FileRefused, or Refused if nothing open to the giver could name it."""
    if all(objections(case, command, context) for command in NAMES_FILES):
        raise Refused([("a_file_may_be_named", "As this case stands, there is nothing that you could give a file to.")])
    file = evidence.keep(context.session, folder, case, content, context.by.username, context.at, most)
    access.record(context.session, context.by, "collection", context.at, case_ref=case.ref, what="file of evidence")
    return StoredFile(sha256=file.sha256, media_type=file.media_type, size=file.size)
