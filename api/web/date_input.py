"""A date as people type it into three boxes, with a time in a fourth: what it comes to, or what is wrong with it.

Where the boxes make a date that exists they come to one text, as JSON has it. Where not, they stay what they are: a
form is drawn from what was typed.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from divert.clock import LONDON

DATE, TIME = ("day", "month", "year"), "time"
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
NAMED = {"midday": "12:00", "noon": "12:00", "midnight": "00:00"}
OFFSETS = {"bst": "+01:00", "gmt": "+00:00"}
Boxes = Mapping[str, str]


def join(boxes: Boxes) -> str | Boxes:
    """Year-month-day, with the time where one is asked; the boxes themselves where they make no date."""
    on, at = _date(boxes), _time(boxes.get(TIME, ""))
    if on is None or fault(boxes):
        return boxes
    return f"{on.isoformat()}T{at}" if at else on.isoformat()


def split(value: Any) -> dict[str, str]:
    """The boxes of a value, whether typed, stored or suggested."""
    if isinstance(value, Mapping):
        return {name: str(text) for name, text in value.items()}
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:  # one text, and not a date: it stays in sight
        return {"day": str(value)}
    if not isinstance(moment, date):
        return {}
    local = moment.astimezone(LONDON) if isinstance(moment, datetime) and moment.tzinfo else moment
    boxes = {"day": str(local.day), "month": str(local.month), "year": str(local.year)}
    return boxes | ({TIME: f"{local:%H:%M}"} if isinstance(local, datetime) else {})


def fault(boxes: Boxes) -> tuple[str, str] | None:
    """What is wrong, and the box to look at first; None where nothing is."""
    empty = [name for name in (*DATE, TIME) if name in boxes and not boxes[name]]
    if empty:
        missing = " and ".join(f"a {name}" for name in empty) if len(empty) < 3 else "a day, a month and a year"
        return f"This must include {missing}.", empty[0]
    if not re.fullmatch(r"[0-9]{4}", boxes["year"]):
        return "The year must have four figures, like 2019.", "year"
    if _date(boxes) is None:
        return "This is not a date that exists. Write it like 27 3 2019.", "day"
    if TIME in boxes and _time(boxes[TIME]) is None:
        return "Write the time like 2:30pm or 14:30.", TIME
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


def _time(text: str) -> str | None:
    """The time of day as JSON has it, from 2pm, 2.30 pm, 14:30, midday; with 1:30 BST or GMT where that comes twice."""
    text = text.strip().lower()
    if text in NAMED:
        return NAMED[text]
    match = re.fullmatch(r"([0-9]{1,2})(?:[:.]([0-9]{2}))? ?([ap]m)? ?(bst|gmt)?", text)
    if match is None or not (match[2] or match[3]):  # a bare 2 could be either half of the day
        return None
    hour, minute = int(match[1]), int(match[2] or 0)
    if match[3]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match[3] == "pm" else 0)
    if hour > 23 or minute > 59:
        return None
    return f"{hour:02}:{minute:02}{OFFSETS.get(match[4], '')}"
