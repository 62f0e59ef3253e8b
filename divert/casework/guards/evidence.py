"""What must hold of a file that a command names."""

from typing import Any

from divert.casework.command import Context
from divert.casework.guard import guard
from divert.models import Case, File


@guard("A file that is named here was not given to this case. Give it first, then name it as the answer says.")
def files_were_given(case: Case, context: Context, command: Any) -> bool:
    for attachment in command.files:
        named = attachment.file
        stored = context.session.get(File, (case.id, named.sha256))
        if stored is None or (stored.media_type, stored.size) != (named.media_type, named.size):
            return False
    return True
