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
from divert.scrutiny.wording import lines, rules, since


class Numbered(NamedTuple):
    """A pack of a meeting: its number and name there, as it was opened, and the cut-off of its frame."""

    number: int
    name: str
    opened: OpenedPack
    cut_off: date


def pack_paper(told: Meeting, one: Numbered, *, alone: bool = False) -> bytes:
    """One pack as a PDF. Where there is something to say beside it, a sheet before it does, unless it is to be alone:
    then it is to the byte what it would have been on the day the case left the scheme's hands, but for stretches that
    only a later record shows to name somebody. The sheet gives the SHA-256 of that.
    """
    only = _paper(told, [one])
    beside = _beside(told, one)
    if alone or not beside:
        return only
    by_itself = f"Without this sheet the file has the SHA-256 {sha256(only).hexdigest()}."
    return _paper(told, [one], _sheet(told, [one], [by_itself]))


def meeting_paper(told: Meeting, packs: Sequence[Numbered], conflicts: int = 0) -> bytes:
    """Packs of a meeting as one PDF, with a sheet before them. `conflicts`: how many were left out for one."""
    notes = []
    if conflicts:
        left_out = "1 pack is" if conflicts == 1 else f"{conflicts} packs are"
        notes.append(f"{left_out} not in this file: whoever it was made for has declared a conflict.")
    return _paper(told, packs, _sheet(told, packs, notes))


def _paper(told: Meeting, packs: Sequence[Numbered], sheet: dict[str, Any] | None = None) -> bytes:
    said = {
        "office": letterhead(),
        "ref": f"meeting {told.number}",
        "title": f"Packs for meeting {told.number}" if sheet else _title(told, packs[0]),
        "sheet": sheet,
        "packs": [
            {
                "title": _title(told, one),
                "missing": one.opened.missing,
                "lines": lines(one.opened.known, one.cut_off) if one.opened.known else [],
                "rules": [rule._asdict() for rule in rules(one.opened.known)] if one.opened.known else [],
                "sha256": one.opened.sha256,
            }
            for one in packs
        ],
    }
    return render("packs", said)


def _title(told: Meeting, one: Numbered) -> str:
    return f"Pack {one.number} of meeting {told.number}: {one.name}"


def _sheet(told: Meeting, packs: Sequence[Numbered], notes: Sequence[str]) -> dict[str, Any]:
    return {
        "held_on": written_date(told.held_on),
        "frame": told.frame,
        "theme": told.theme or "none",
        "of": len(told.packs),
        "notes": list(notes),
        "packs": [
            {"number": one.number, "name": one.name, "beside": _beside(told, one), "sha256": one.opened.sha256}
            for one in packs
        ],
    }


def _beside(told: Meeting, one: Numbered) -> list[str]:
    """What is said of a pack and is no part of it."""
    asked_for = told.packs[one.name].asked_for
    came_back = [f"It came back. Asked for last time: {asked_for}"] if asked_for else []
    return [*came_back, *since(one.opened)]
