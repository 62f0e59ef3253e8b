"""Whether somebody referred is on record already: by PNC identifier and date of birth, never by either alone."""

from typing import Any

import pytest
from sqlalchemy import func, select

from divert.models import Person
from tests.office import Office

KNOWN: dict[str, Any] = {"pnc_id": "2019/0012345G", "date_of_birth": "1994-03-11"}


@pytest.mark.parametrize(
    ("again", "people"),
    [
        ({}, 1),
        ({"surname": "Ashwerth", "forenames": "Dayle"}, 1),
        ({"date_of_birth": "1994-03-12"}, 2),
        ({"date_of_birth": None}, 2),
        ({"pnc_id": "1979/0163001B"}, 2),
        ({"pnc_id": None}, 2),
    ],
    ids=["the same", "misspelt", "born a day later", "born nobody knows when", "of another number", "of no number"],
)
def test_somebody_referred_a_second_time_is_the_person_known(
    office: Office, again: dict[str, Any], people: int
) -> None:
    office.refers(**KNOWN)
    office.refers(**{**KNOWN, "crime_ref": "CVP-19-100002", **again})
    with office.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == people


@pytest.mark.parametrize("unknown", [("date_of_birth",), ("pnc_id",), ("pnc_id", "date_of_birth")])
def test_what_is_known_of_neither_makes_no_two_one(desk: Office, unknown: tuple[str, ...]) -> None:
    for crime in ("CVP-19-100001", "CVP-19-100002"):
        desk.refers(**{**KNOWN, "crime_ref": crime, **dict.fromkeys(unknown)})
    with desk.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 2
