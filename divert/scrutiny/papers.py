"""Packs on paper: one by itself, and one file for a whole meeting.

A pack's pages are a function of what the pack says, of its number and of the meeting: the same to the byte whenever
they are made. What came later, and what is not in the file, stands on a sheet before them.
"""

from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from typing import Any, NamedTuple

from divert.clock import written_date
from divert.documents.letterhead import letterhead
from divert.documents.render import render
from divert.records.meetings import Meeting
from divert.scrutiny.opening import OpenedPack
from divert.scrutiny.wording import later_notes, lines, rules


class NumberedPack(NamedTuple):
    """A pack of a meeting: its number and name there, as it was opened, and the cut-off of its frame."""

    number: int
    name: str
    opened: OpenedPack
    cut_off: date


def pack_paper(meeting: Meeting, pack: NumberedPack, *, alone: bool = False) -> bytes:
    """One pack as a PDF. Where there is something to say beside it, a sheet before it does, unless it is to be alone:
    then it is to the byte what it would have been on the day the case left the scheme's hands, but for stretches that
    only a later record shows to name somebody. The sheet gives the SHA-256 of that.
    """
    by_itself = _paper(meeting, [pack])
    if alone or not _notes(meeting, pack):
        return by_itself
    note = f"Without this sheet the file has the SHA-256 {sha256(by_itself).hexdigest()}."
    return _paper(meeting, [pack], _sheet(meeting, [pack], [note]))


def meeting_paper(meeting: Meeting, packs: Sequence[NumberedPack], conflicts: int = 0) -> bytes:
    """Packs of a meeting as one PDF, with a sheet before them. `conflicts`: how many were left out for one."""
    notes = []
    if conflicts:
        left_out = "1 pack is" if conflicts == 1 else f"{conflicts} packs are"
        notes.append(f"{left_out} not in this file: whoever it was made for has declared a conflict.")
    return _paper(meeting, packs, _sheet(meeting, packs, notes))


def _paper(meeting: Meeting, packs: Sequence[NumberedPack], sheet: dict[str, Any] | None = None) -> bytes:
    data = {
        "office": letterhead(),
        "ref": f"meeting {meeting.number}",
        "title": f"Packs for meeting {meeting.number}" if sheet else _title(meeting, packs[0]),
        "sheet": sheet,
        "packs": [
            {
                "title": _title(meeting, pack),
                "missing": pack.opened.missing,
                "lines": lines(pack.opened.known, pack.cut_off) if pack.opened.known else [],
                "rules": [rule._asdict() for rule in rules(pack.opened.known)] if pack.opened.known else [],
                "sha256": pack.opened.sha256,
            }
            for pack in packs
        ],
    }
    return render("packs", data)


def _title(meeting: Meeting, pack: NumberedPack) -> str:
    return f"Pack {pack.number} of meeting {meeting.number}: {pack.name}"


def _sheet(meeting: Meeting, packs: Sequence[NumberedPack], notes: Sequence[str]) -> dict[str, Any]:
    return {
        "held_on": written_date(meeting.held_on),
        "frame": meeting.frame,
        "theme": meeting.theme or "none",
        "of": len(meeting.packs),
        "notes": list(notes),
        "packs": [
            {"number": pack.number, "name": pack.name, "beside": _notes(meeting, pack), "sha256": pack.opened.sha256}
            for pack in packs
        ],
    }


def _notes(meeting: Meeting, pack: NumberedPack) -> list[str]:
    """What is said of a pack and is no part of it."""
    asked_for = meeting.packs[pack.name].asked_for
    came_back = [f"It came back. Asked for last time: {asked_for}"] if asked_for else []
    return [*came_back, *later_notes(pack.opened)]
