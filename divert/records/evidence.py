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
TAKEN = {"application/pdf": "PDF", "image/jpeg": "JPEG", "image/png": "PNG", DOCX: "Word (docx)", PLAIN: "plain text"}
"""The media types that are taken, in words."""

ENDINGS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png", DOCX: "docx", PLAIN: "txt"}
KEPT = timedelta(days=1)
"""How long a file waits to be named by an entry."""


class NotTaken(ValueError):
    """A file that is not kept, and why, in a sentence."""


def media_type(given: bytes) -> str:
    """What the bytes are. Raises NotTaken for anything that is not in TAKEN."""
    known = filetype.guess_mime(given)
    if known is None and _is_plain(given):
        return PLAIN
    if known not in TAKEN or (known == DOCX and b"vbaProject" in given):
        *most, last = TAKEN.values()
        raise NotTaken(f"This file is not taken. Give {', '.join(most)} or {last}, without macros or a password.")
    return str(known)


def _is_plain(given: bytes) -> bool:
    try:
        text = given.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return all(letter.isprintable() or letter in "\r\n\t\f" for letter in text)


def keep(session: Session, folder: Path, case: Case, given: bytes, by: str, at: datetime, most: int) -> File:
    """Keep a file for a case. Raises NotTaken where it is empty, larger than `most` bytes, or of another type."""
    if not given:
        raise NotTaken("This file is empty. Choose another.")
    if len(given) > most:
        raise NotTaken(f"This file has {words(len(given))}. The most is {words(most)}.")
    kind = media_type(given)
    take_turn(session, Turn.evidence)
    digest = hashlib.sha256(given).hexdigest()
    if not (folder / digest).exists():
        _write(folder, digest, given)
    return session.merge(File(case_id=case.id, sha256=digest, media_type=kind, size=len(given), by=by, at=at))


def _write(folder: Path, digest: str, given: bytes) -> None:
    """All of it or nothing, readable by the owner alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=folder)
    with os.fdopen(handle, "wb") as file:
        file.write(given)
        file.flush()
        os.fsync(handle)
    Path(part).replace(folder / digest)


def read(folder: Path, digest: str) -> bytes:
    """The bytes. Raises LookupError where they are missing, or are no longer what was given."""
    try:
        held = (folder / digest).read_bytes()
    except OSError as gone:
        raise LookupError(f"file {digest} is missing") from gone
    if hashlib.sha256(held).hexdigest() != digest:
        raise LookupError(f"file {digest} is not what was given")
    return held


def purge(session: Session, folder: Path, at: datetime) -> int:
    """Forget every file that no entry names and that is a day old, and remove what is then nobody's; how many."""
    named = exists().where(Evidence.case_id == File.case_id, Evidence.sha256 == File.sha256)
    old = (File.at <= at - KEPT, ~named)
    if session.scalar(select(File.sha256).where(*old).limit(1)) is None:
        return 0
    take_turn(session, Turn.evidence)
    gone = session.scalars(delete(File).where(*old).returning(File.sha256)).all()
    for digest in set(gone):
        if session.scalar(select(File.sha256).where(File.sha256 == digest).limit(1)) is None:
            (folder / digest).unlink(missing_ok=True)
    return len(gone)


def faults(session: Session, folder: Path) -> Iterator[Fault]:
    """Every file that an entry names and that is missing, or is not what was given."""
    query = select(Case.ref, Evidence.seq, Evidence.sha256).join(Case, Case.id == Evidence.case_id)
    for ref, seq, digest in session.execute(query.order_by(Evidence.case_id, Evidence.seq, Evidence.sha256)):
        try:
            read(folder, digest)
        except LookupError as fault:
            yield Fault(ref, seq, str(fault))


def words(size: int) -> str:
    """A number of bytes as people say it."""
    return f"{size / 1e6:.1f} MB".replace(".0 ", " ") if size >= 1_000_000 else f"{max(round(size / 1000), 1)} KB"
