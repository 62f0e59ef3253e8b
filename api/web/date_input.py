"""A date as people type it into three boxes, with a time in a fourth: what it comes to, or what is wrong with it.

Where the boxes make a date that exists they come to one text, as JSON has it. Where not, they stay what they are: a
form is drawn from what was typed.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from divert.clock import LONDON

DATE, TIME = ("day", "month", "year"), "time"
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
Boxes = Mapping[str, str]


def joined(boxes: Boxes) -> str | Boxes:
    """Year-month-day, with the time where one is asked; the boxes themselves where they make no date."""
    on, at = _date(boxes), _time(boxes.get(TIME, ""))
    if on is None or wrong(boxes):
        return boxes
    return f"{on.isoformat()}T{at:%H:%M}" if at else on.isoformat()


def apart(value: Any) -> dict[str, str]:
    """The boxes of a value, whether typed, stored or suggested."""
    if isinstance(value, Mapping):
        return {name: str(one) for name, one in value.items()}
    try:
        known = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:  # one text, and not a date: it stays in sight
        return {"day": str(value)}
    if not isinstance(known, date):
        return {}
    clock = known.astimezone(LONDON) if isinstance(known, datetime) and known.tzinfo else known
    boxes = {"day": str(clock.day), "month": str(clock.month), "year": str(clock.year)}
    return boxes | ({TIME: f"{clock:%H:%M}"} if isinstance(clock, datetime) else {})


def wrong(boxes: Boxes) -> tuple[str, str] | None:
    """What is wrong, and the box to look at first; None where nothing is."""
    empty = [name for name in (*DATE, TIME) if name in boxes and not boxes[name]]
    if empty:
        said = " and ".join(f"a {name}" for name in empty) if len(empty) < 3 else "a day, a month and a year"
        return f"This must include {said}.", empty[0]
    if not re.fullmatch(r"[0-9]{4}", boxes["year"]):
        return "The year must have four figures, like 2019.", "year"
    if _date(boxes) is None:
        return "This is not a date that exists. Write it like 27 3 2019.", "day"
    if TIME in boxes and _time(boxes[TIME]) is None:
        return "Write the time by the 24-hour clock, like 14:30.", TIME
    return None


def _date(boxes: Boxes) -> date | None:
    month = boxes["month"].strip().lower()
    number = (
        MONTHS.index(month[:3]) + 1 if month[:3] in MONTHS else int(month) if re.fullmatch("[0-9]{1,2}", month) else 0
    )
    try:
        return date(int(boxes["year"]), number, int(boxes["day"]))
    except ValueError:
        return None


def _time(said: str) -> time | None:
    found = re.fullmatch(r"([0-9]{1,2})[:.]([0-9]{2})", said.strip())
    return time(int(found[1]), int(found[2])) if found and int(found[1]) < 24 and int(found[2]) < 60 else None
