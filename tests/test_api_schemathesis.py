"""Whatever is sent to any address, valid or not, by anyone: no failure, and no answer that was not documented.

The service runs as it would for a force, on a socket; the database holds a case in every state.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from api.app import create_app
from divert.casework.commands.record import CASE_REF
from divert.db import Database
from divert.models import State
from divert.people.staff import issue_token
from tests.databases import drop_postgres, fresh_postgres
from tests.office import AUDITOR, BOARD, COORDINATOR, INSPECTOR, KEYWORKER, MANAGER, OFFICER, PROBATION_LEAD, Office
from tests.service import SETTINGS, serving

CALLERS = (OFFICER, INSPECTOR, PROBATION_LEAD, KEYWORKER, MANAGER, COORDINATOR, BOARD, AUDITOR)

document = create_app(Database("sqlite://"), settings=SETTINGS).openapi()
schema = schemathesis.openapi.from_dict(document)


@dataclass
class Served:
    address: str
    tokens: list[str]
    refs: list[str]
    session: requests.Session


@pytest.fixture(scope="module")
def served(postgres_admin_url: str, postgres_template: Database) -> Iterator[Served]:
    """On PostgreSQL, which keeps to lengths and characters more strictly than SQLite."""
    url = fresh_postgres(postgres_admin_url, postgres_template.url)
    database = Database(url)
    office = Office(database)
    refs = [office.on("2019-05-06").case_in(state, crime_ref=f"CVP-19-{n}") for n, state in enumerate(State)]
    office.on("2019-08-30")
    with database.writing() as session:
        tokens = [issue_token(session, one.username, office.now) for one in CALLERS]
    app = create_app(database, lambda: office.now, SETTINGS)
    with serving(app) as address, requests.Session() as session:
        yield Served(address, tokens, refs, session)
    drop_postgres(postgres_admin_url, url)


@schema.parametrize()
@settings(max_examples=5, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_nothing_sent_makes_it_fail_or_answer_what_it_did_not_document(
    case: schemathesis.Case[Any], served: Served
) -> None:
    place = sum(map(ord, repr((case.path_parameters, case.query, case.body))))
    ref = (case.path_parameters or {}).get("ref")
    if isinstance(ref, str) and re.fullmatch(CASE_REF, ref):
        case.path_parameters["ref"] = served.refs[place % len(served.refs)]
    token = served.tokens[place % len(served.tokens)]
    case.call_and_validate(
        base_url=served.address,
        session=served.session,
        headers={"Authorization": f"Bearer {token}"},
        excluded_checks=[positive_data_acceptance],
    )
