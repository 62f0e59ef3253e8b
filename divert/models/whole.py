"""A case with all its rows, for what shows the whole of it.

Each kind of row is read by a statement that was composed once. A lazy load composes its statement anew every time,
which takes ten times as long as the database does.
"""

from functools import lru_cache
from typing import Any

from sqlalchemy import Select, bindparam, inspect, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from divert.models.case import Case


def read_whole(session: Session, case: Case) -> None:
    """Read every list of the case's rows, as its relationships would."""
    for name, rows in _lists().items():
        set_committed_value(case, name, session.scalars(rows, {"case_id": case.id}).all())


@lru_cache(maxsize=1)
def _lists() -> dict[str, Select[Any]]:
    """The statement behind each of a case's lists."""
    lists = [one for one in inspect(Case).relationships if one.uselist]
    return {
        one.key: select(one.mapper.class_)
        .where(one.mapper.local_table.c.case_id == bindparam("case_id"))
        .order_by(*(one.order_by or ()))
        for one in lists
    }
