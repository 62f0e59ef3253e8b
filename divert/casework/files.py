"""Files that a command names: given to the case first (`divert.casework.giving`), then named, each with a title."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from divert.acts.answers import fault
from divert.casework.command import Context
from divert.models import Case, Evidence

MOST = 10


class StoredFile(BaseModel):
    """A file as it is kept: what the service answered when it was given."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"given": "file"})

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="Of its bytes, in hexadecimal.")
    media_type: str = Field(max_length=80, description="What its bytes are.")
    size: int = Field(ge=1, description="Bytes.")


class Attachment(BaseModel):
    """A file, and what it is."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    title: str = Field(title="What it is", min_length=1, max_length=120, description="Like: certificate of the course.")
    file: StoredFile = Field(title="File")


def _require_each_once(attachments: list[Attachment]) -> list[Attachment]:
    if len({attachment.file.sha256 for attachment in attachments}) < len(attachments):
        raise fault("The same file is given twice. Take one of them out.")
    return attachments


Files = Annotated[
    list[Attachment],
    AfterValidator(_require_each_once),
    Field(
        title="Files",
        max_length=MOST,
        description="Evidence that can be opened again: a certificate, a letter, a photograph.",
        json_schema_extra={"one": "file", "shown": 1},
    ),
]


def attach(case: Case, files: list[Attachment], context: Context) -> None:
    """From now on an entry of the case names these files."""
    for attachment in files:
        case.evidence.append(Evidence(seq=context.seq, sha256=attachment.file.sha256))
