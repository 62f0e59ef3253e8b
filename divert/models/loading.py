"""A case with all its rows, for what shows the whole of it.

One statement asks which lists of it have rows, and one each reads those. They are composed once: a lazy load composes
its statement anew every time, which takes ten times as long as the database does.
"""

from functools import lru_cache
from typing import Any

from sqlalchemy import Select, bindparam, inspect, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from divert.models.case import Case


def load_all(session: Session, case: Case) -> None:
    """Read every list of the case's rows, as its relationships would."""
    query, lists = _statements()
    parameters = {"case_id": case.id}
    has_rows = session.connection().execute(query, parameters).one()._mapping
    for name, rows in lists.items():
        set_committed_value(case, name, session.scalars(rows, parameters).all() if has_rows[name] else [])


@lru_cache(maxsize=1)
def _statements() -> tuple[Select[*tuple[Any, ...]], dict[str, Select[*tuple[Any, ...]]]]:
    """Which lists have rows; and the rows of each."""
    lists = {
        relationship.key: select(relationship.mapper.class_)
        .where(relationship.mapper.local_table.c.case_id == bindparam("case_id"))
        .order_by(*(relationship.order_by or ()))
        for relationship in inspect(Case).relationships
        if relationship.uselist
    }
    return select(*(rows.order_by(None).exists().label(name) for name, rows in lists.items())), lists
