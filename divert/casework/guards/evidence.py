"""What must hold of a file that a command names."""

from typing import Any

from divert.casework.command import Context
from divert.casework.guard import guard
from divert.models import Case, File


@guard("A file that is named here was not given to this case. Give it first, then name it as the answer says.")
def files_were_given(case: Case, context: Context, command: Any) -> bool:
    kept = [(context.session.get(File, (case.id, one.file.sha256)), one.file) for one in command.files]
    return all(held is not None and (held.media_type, held.size) == (said.media_type, said.size) for held, said in kept)
