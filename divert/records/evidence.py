"""The folder of evidence: files as they were given, each named by the SHA-256 of its bytes and by nothing else.

What a file is, its bytes say, never its name. A file is given to a case first and named by an entry afterwards; one
that no entry names within a day goes, and so does one whose case was disposed of, with the worker's next round.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import filetype
from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from divert.acts.chain import Fault
from divert.db import Turn, take_turn
from divert.models import Case, Evidence, File

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PLAIN = "text/plain"
MEDIA_TYPES = {
    "application/pdf": "PDF",
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    DOCX: "Word (docx)",
    PLAIN: "plain text",
}
"""The media types that are taken, in words."""

EXTENSIONS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png", DOCX: "docx", PLAIN: "txt"}
GRACE_PERIOD = timedelta(days=1)
"""How long a file waits to be named by an entry."""


class FileRefused(ValueError):
    """A file that is not kept, and why, in a sentence."""


def media_type(content: bytes) -> str:
    """What the bytes are. Raises FileRefused for anything that is not in MEDIA_TYPES."""
    guessed = filetype.guess_mime(content)
    if guessed is None and _is_plain(content):
        return PLAIN
    if guessed not in MEDIA_TYPES or (guessed == DOCX and b"vbaProject" in content):
        *others, last = MEDIA_TYPES.values()
        raise FileRefused(f"This file is not taken. Give {', '.join(others)} or {last}, without macros or a password.")
    return str(guessed)


def _is_plain(content: bytes) -> bool:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character in "\r\n\t\f" for character in text)


def keep(session: Session, folder: Path, case: Case, content: bytes, by: str, at: datetime, max_bytes: int) -> File:
    """Keep a file for a case. Raises FileRefused where it is empty, larger than `max_bytes`, or of another type."""
    if not content:
        raise FileRefused("This file is empty. Choose another.")
    if len(content) > max_bytes:
        raise FileRefused(f"This file has {size_in_words(len(content))}. The most is {size_in_words(max_bytes)}.")
    kind = media_type(content)
    take_turn(session, Turn.evidence)  # so that no file goes while it is given again
    digest = hashlib.sha256(content).hexdigest()
    if not (folder / digest).exists():
        _write(folder, digest, content)
    return session.merge(File(case_id=case.id, sha256=digest, media_type=kind, size=len(content), by=by, at=at))


def _write(folder: Path, digest: str, content: bytes) -> None:
    """All of it or nothing, readable by the owner alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=folder)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(handle)
    Path(temporary).replace(folder / digest)


def read(folder: Path, digest: str) -> bytes:
    """The bytes. Raises LookupError where they are missing, or are no longer what was given."""
    try:
        content = (folder / digest).read_bytes()
    except OSError as error:
        raise LookupError(f"file {digest} is missing") from error
    if hashlib.sha256(content).hexdigest() != digest:
        raise LookupError(f"file {digest} is not what was given")
    return content


def purge(session: Session, folder: Path, at: datetime) -> int:
    """Forget every file that no entry names and that is a day old, and remove what is then nobody's; how many."""
    named = exists().where(Evidence.case_id == File.case_id, Evidence.sha256 == File.sha256)
    expired = (File.at <= at - GRACE_PERIOD, ~named)
    if session.scalar(select(File.sha256).where(*expired).limit(1)) is None:
        return 0
    take_turn(session, Turn.evidence)
    deleted = session.scalars(delete(File).where(*expired).returning(File.sha256)).all()
    for digest in set(deleted):
        if session.scalar(select(File.sha256).where(File.sha256 == digest).limit(1)) is None:
            (folder / digest).unlink(missing_ok=True)
    return len(deleted)


def faults(session: Session, folder: Path) -> Iterator[Fault]:
    """Every file that an entry names and that is missing, or is not what was given."""
    query = select(Case.ref, Evidence.seq, Evidence.sha256).join(Case, Case.id == Evidence.case_id)
    for ref, seq, digest in session.execute(query.order_by(Evidence.case_id, Evidence.seq, Evidence.sha256)):
        try:
            read(folder, digest)
        except LookupError as fault:
            yield Fault(ref, seq, str(fault))


def size_in_words(size: int) -> str:
    """A number of bytes as people say it."""
    return f"{size / 1e6:.1f} MB".replace(".0 ", " ") if size >= 1_000_000 else f"{max(round(size / 1000), 1)} KB"
