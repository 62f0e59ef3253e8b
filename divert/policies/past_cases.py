"""Every referral ever made, in columns, as a rehearsal reads it."""

from collections.abc import Callable, Iterable
from typing import Any

import polars as pl
from sqlalchemy import String, Text, cast, select, type_coerce
from sqlalchemy.orm import Session

from divert.models import Case, Person

AT_ONCE = 20_000
"""Rows read at a time."""

_DAYS = {"referred_on": Case.referred_on, "date_of_birth": Person.date_of_birth,
         "agreement_signed_on": Case.agreement_signed_on}  # fmt: skip
_TEXTS = {"ref": Case.ref, "offence_code": Case.offence_code, "district": Case.district, "sex": Person.sex,
          "ethnicity": Person.ethnicity}  # fmt: skip

Progress = Callable[[Iterable[pl.DataFrame]], Iterable[pl.DataFrame]]


def past_referrals(session: Session, progress: Progress = iter) -> pl.DataFrame:
    """A row a case, in the order in which they were opened: what `rehearse` asks for. Facts are those of today.

    Nobody's name is read. `progress` sees each part of AT_ONCE rows as it comes.
    """
    # As text: SQLite keeps days so, and a driver's own dates would each be made twice.
    days = [cast(column, String).label(name) for name, column in _DAYS.items()]
    facts = cast(type_coerce(Case.facts, Text), Text).label("facts")
    query = select(*days, *(column.label(name) for name, column in _TEXTS.items()), facts)
    result = session.connection().execute(query.join(Person, Person.id == Case.person_id).order_by(Case.id))
    # The driver's own rows: every column is a text, and none needs SQLAlchemy's care, which is half of the time.
    cursor: Any = result.cursor
    schema = dict.fromkeys([*_DAYS, *_TEXTS, "facts"], pl.String)
    parts = (pl.DataFrame(part, schema, orient="row") for part in iter(lambda: cursor.fetchmany(AT_ONCE), []))
    referrals = pl.concat([pl.DataFrame(schema=schema), *progress(parts)])
    return referrals.with_columns(pl.col(*_DAYS).str.to_date("%Y-%m-%d"))
