"""Giving a file of evidence to a case, before a command names it: at a page, over JSON, at the command line alike."""

from pathlib import Path

from divert.acts.refusals import Refused
from divert.casework.command import CaseCommand, Context
from divert.casework.files import StoredFile
from divert.casework.lifecycle import COMMANDS
from divert.casework.workflow import objections
from divert.models import Case
from divert.records import access, evidence

NAMES_FILES: tuple[type[CaseCommand], ...] = tuple(one for one in COMMANDS.values() if "files" in one.model_fields)
"""The commands that may name files."""


def give(case: Case, context: Context, folder: Path, given: bytes, most: int) -> StoredFile:
    """Keep a file for a case, on record. Raises FileRefused, or Refused if nothing open to the giver could name it."""
    if all(objections(case, one, context) for one in NAMES_FILES):
        raise Refused([("a_file_may_be_named", "As this case stands, there is nothing that you could give a file to.")])
    kept = evidence.keep(context.session, folder, case, given, context.by.username, context.at, most)
    access.record(context.session, context.by, "collection", context.at, case_ref=case.ref, what="file of evidence")
    return StoredFile(sha256=kept.sha256, media_type=kept.media_type, size=kept.size)
