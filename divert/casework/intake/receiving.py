"""Taking what another system sent: each note becomes a note of the case, once. Facts are never overwritten."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from pydantic import ValidationError
from sqlalchemy.orm import Session

from divert.acts.chain import canonical
from divert.acts.refusals import Refused
from divert.casework.commands.record import AddNote
from divert.casework.workflow import NoSuchCase, locked, perform
from divert.exchange.consent import same_organisation
from divert.exchange.received import Line, LineFault, ReceivedNote, UnusableFile
from divert.models import Case, ReceivedItem
from divert.people.staff import Actor
from divert.records import access


class Taken(NamedTuple):
    """How many notes were added, and how many were here already."""

    added: int
    known: int


def receive(session: Session, lines: Sequence[Line], organisation: str, by: Actor, at: datetime) -> Taken:
    """Add every note of a file that `organisation` sent. UnusableFile names each line at fault: then roll back.

    Raises NotAllowed where `by` may not add notes. Cases are locked in the order of their references, so that two
    files taken at once never wait for each other in a circle.
    """
    added = known = 0
    faults: list[LineFault] = []
    for number, note in sorted(lines, key=lambda line: (line.note.case_ref, line.number)):
        wrong = [LineFault(number, field, why) for field, why in _wrong(note, organisation, at)]
        if wrong:
            faults += wrong
            continue
        try:
            case = locked(session, note.case_ref, by)
            if _is_known(session, note):
                known += 1
                continue
            _add(session, case, note, by, at)
        except NoSuchCase as unknown:
            faults.append(LineFault(number, "case_ref", str(unknown)))
        except Refused as refused:
            faults.append(LineFault(number, "case_ref", str(refused)))
        except _OtherWords:
            faults.append(LineFault(number, "external_id", "this one was received before, for another note."))
        except ValidationError as invalid:
            faults += [LineFault(number, "text", error["msg"]) for error in invalid.errors(include_input=False)]
        else:
            added += 1
    if faults:
        raise UnusableFile(sorted(faults))
    return Taken(added, known)


class _OtherWords(Exception):
    """The identifier is known, and stood for something else."""


def _wrong(note: ReceivedNote, organisation: str, at: datetime) -> Iterator[tuple[str, str]]:
    """What can be said against a note without looking at its case."""
    if not same_organisation(note.from_organisation, organisation):
        yield "from_organisation", "this is not the organisation that the file is from."
    if note.at > at:
        yield "at", "this is in the future."


def _is_known(session: Session, note: ReceivedNote) -> bool:
    earlier = session.get(ReceivedItem, _key(note))
    if earlier is not None and earlier.digest != _digest(note):
        raise _OtherWords
    return earlier is not None


def _add(session: Session, case: Case, note: ReceivedNote, by: Actor, at: datetime) -> None:
    receipt = perform(session, case.ref, AddNote(text=note.words()), by, at)
    organisation, external_id = _key(note)
    session.add(
        ReceivedItem(
            organisation=organisation,
            external_id=external_id,
            digest=_digest(note),
            case_ref=case.ref,
            seq=receipt.version,
        )
    )
    session.flush()
    access.record(session, by, "collection", at, case_ref=case.ref, what="received from another agency's system")


def _key(note: ReceivedNote) -> tuple[str, str]:
    """One organisation however its name is typed: two files of its own must not meet as strangers."""
    return " ".join(note.from_organisation.split()).casefold(), note.external_id


def _digest(note: ReceivedNote) -> str:
    return hashlib.sha256(canonical(note.model_dump(mode="json")).encode()).hexdigest()
